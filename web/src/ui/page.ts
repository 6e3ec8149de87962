// One dashboard on the page: its variables, its grid of panels, and the rounds of refreshing.
import { clock, momentText } from "../data/clock.ts";
import { askMarks } from "../data/annotations.ts";
import { ApiError, type Api } from "../data/prometheus.ts";
import { type Bindings, type MacroContext, rateInterval } from "../data/macros.ts";
import { Queries } from "../data/queries.ts";
import { isRelative, resolveRange, type TimeRange } from "../data/time.ts";
import { Variables } from "../data/variables.ts";
import type { Dashboard } from "../model/dashboard.ts";
import type { DashboardInfo } from "../panels/kind.ts";
import { dashboardLinks } from "./dashlinks.ts";
import { h, icon, put } from "./dom.ts";
import { layout, type Placed } from "./layout.ts";
import type { Notices } from "./notices.ts";
import { PanelFrame, SCRAPE_MS } from "./panelframe.ts";
import type { Doctor, Round, Services } from "./services.ts";
import { theme } from "./theme.ts";
import { timezoneOf } from "./timezone.ts";
import { variableBar } from "./variablepicker.ts";
import type { QuickRange, View } from "./view.ts";

const VARIABLES_AGAIN_MS = 60_000; // machines that appear show up in the pickers after this long
const NAMES_KEPT_MS = 60_000;
const VARIABLE_DELAY_MS = 200; // several clicks in a picker make one round

export interface PageHooks {
  api: Api;
  notices: Notices;
  dashboards(): DashboardInfo[];
  listed(): Promise<void>; // the list of dashboards has come
  dashboardsChanged(): Promise<void>; // one was saved or deleted: the list is asked for again
  doctor(): Promise<Doctor | null>;
  changed(step: boolean): void; // what the URL holds has changed
  zoom(from: number, to: number): void;
  zoomOut(): void;
}

export class Page implements View {
  from: string;
  to: string;
  readonly variables: Variables;
  readonly timezone: string;
  private readonly queries: Queries;
  private readonly grid = document.getElementById("grid")!;
  private readonly bar = document.getElementById("bar")!;
  private readonly frames = new Map<string, PanelFrame>();
  private readonly rows = new Map<string, HTMLElement>();
  private readonly folded = new Map<string, boolean>();
  private readonly watcher: IntersectionObserver;
  private readonly sizes: ResizeObserver;
  private controller = new AbortController();
  private current: Round;
  private variablesAt = 0;
  private names: { at: number; names: Promise<Set<string> | null> } | null = null;
  private toldNoGpu = false;
  private marked: { round: number; marks: ReturnType<Services["marks"]> } | null = null;
  private variableTimer = 0;
  private closed = false;
  alone: string | null = null;

  constructor(
    readonly dashboard: Dashboard,
    query: URLSearchParams,
    private readonly hooks: PageHooks,
  ) {
    this.from = query.get("from") || dashboard.from;
    this.to = query.get("to") || dashboard.to;
    this.alone = query.get("viewPanel");
    this.timezone = timezoneOf(query, dashboard.timezone);
    this.variables = new Variables(dashboard, query);
    this.queries = new Queries(hooks.api);
    this.current = { id: 0, range: this.range(), signal: this.controller.signal };
    this.watcher = new IntersectionObserver((entries) => this.seen(entries), {
      rootMargin: "240px 0px",
    });
    this.sizes = new ResizeObserver((entries) => {
      for (const e of entries) this.frameOf(e.target)?.resize();
    });
  }

  get title(): string {
    return this.dashboard.title;
  }

  get time(): { from: string; to: string } {
    return { from: this.from, to: this.to };
  }

  get quickRanges(): QuickRange[] {
    return this.dashboard.quickRanges;
  }

  get refreshIntervals(): string[] {
    return this.dashboard.refreshIntervals;
  }

  get refresh(): string {
    return this.dashboard.refresh;
  }

  get board(): Page {
    return this;
  }

  private frameOf(el: Element): PanelFrame | undefined {
    return this.frames.get((el as HTMLElement).dataset.key ?? "");
  }

  private range(): TimeRange {
    return resolveRange(this.from, this.to, clock.now(), this.timezone);
  }

  private services(): Services {
    return {
      api: this.hooks.api,
      queries: this.queries,
      variables: this.variables,
      timezone: this.timezone,
      theme,
      round: () => this.current,
      macros: (scope, range, interval) => this.macros(scope, range, interval),
      dashboards: this.hooks.dashboards,
      marks: () => this.marks(),
      metricNames: () => this.metricNames(),
      doctor: this.hooks.doctor,
      noGpu: (d) => {
        if (!this.toldNoGpu && !this.closed) this.hooks.notices.noGpu(d);
        this.toldNoGpu = true;
      },
      zoom: this.hooks.zoom,
      zoomOut: this.hooks.zoomOut,
      viewAlone: (key) => this.viewAlone(key, true),
    };
  }

  macros(scope: Bindings, range: TimeRange, intervalMs: number): MacroContext {
    const bindings = this.variables.bindings();
    for (const [name, b] of scope) bindings.set(name, b);
    return {
      bindings,
      from: range.from,
      to: range.to,
      intervalMs,
      rateIntervalMs: rateInterval(intervalMs, SCRAPE_MS),
      timezone: this.timezone,
      dashboard: this.dashboard.title,
      urlRange: urlRange(this.from, this.to),
    };
  }

  /** Annotations are asked once for all charts of a round. */
  private marks(): ReturnType<Services["marks"]> {
    const { annotations } = this.dashboard;
    if (!annotations.length) return Promise.resolve({ marks: [], failed: [] });
    const { id, range, signal } = this.current;
    if (this.marked?.round !== id) {
      const macros = (step: number): MacroContext => this.macros(new Map(), range, step);
      this.marked = {
        round: id,
        marks: askMarks(annotations, this.queries, range, macros, signal),
      };
    }
    return this.marked.marks;
  }

  private metricNames(): Promise<Set<string> | null> {
    const now = Date.now();
    if (!this.names || now - this.names.at > NAMES_KEPT_MS) {
      const names = this.hooks.api
        .labelValues("__name__", "", this.current.range)
        .then((all) => new Set(all))
        .catch(() => null);
      this.names = { at: now, names };
    }
    return this.names.names;
  }

  /** Loads variables, lays out, and draws the first round. */
  async start(): Promise<void> {
    this.hooks.notices.clearPage();
    for (const n of this.dashboard.notices) this.hooks.notices.add("note", n);
    this.drawBar();
    if (this.dashboard.links.some((l) => l.type === "dashboards"))
      void this.hooks.listed().then(() => this.closed || this.drawBar());
    const waits = this.variables.states.some((s) => s.variable.type === "query");
    if (waits) this.arrange(); // frames with their skeletons, while variables are asked for
    await this.loadVariables();
    if (this.closed) return;
    this.drawBar();
    this.arrange();
    await this.round(false);
  }

  private async loadVariables(changed?: string): Promise<void> {
    this.variablesAt = Date.now();
    const range = this.range();
    try {
      await this.variables.load(
        this.hooks.api,
        (bindings) => ({ ...this.macros(new Map(), range, 60_000), bindings }),
        range,
        this.controller.signal,
        changed,
      );
    } catch (e) {
      if (!this.controller.signal.aborted) throw e;
    }
  }

  private drawBar(): void {
    const bar = variableBar(this.variables, (name, values) => this.choose(name, values));
    const links = dashboardLinks(this.dashboard.links, {
      dashboards: this.hooks.dashboards,
      macros: () => this.macros(new Map(), this.range(), 60_000),
    });
    const focus = (document.activeElement as HTMLElement | null)?.dataset?.variable;
    const empty = !bar.childElementCount && !links;
    put(this.bar, bar, links);
    this.bar.hidden = empty;
    if (focus)
      this.bar.querySelector<HTMLElement>(`[data-variable="${CSS.escape(focus)}"]`)?.focus();
  }

  private choose(name: string, values: string[]): void {
    this.variables.set(name, values);
    clearTimeout(this.variableTimer);
    this.variableTimer = window.setTimeout(() => void this.afterChoice(name), VARIABLE_DELAY_MS);
  }

  private async afterChoice(name: string): Promise<void> {
    this.controller.abort();
    this.controller = new AbortController();
    await this.loadVariables(name);
    if (this.closed) return;
    this.hooks.changed(true);
    if (!document.querySelector(".popover")) this.drawBar();
    this.arrange();
    await this.round(false);
  }

  /** Puts frames where the layout wants them; frames that stay keep what they show. */
  arrange(): void {
    const placed = layout(this.dashboard.panels, this.variables, this.folded);
    const alone = this.alone
      ? placed.find((p) => p.key === this.alone || String(p.panel.id) === this.alone)
      : undefined;
    const wanted = alone ? [alone] : placed;
    const keys = new Set(wanted.map((p) => p.key));
    for (const [key, frame] of this.frames)
      if (!keys.has(key)) {
        this.watcher.unobserve(frame.root);
        this.sizes.unobserve(frame.root);
        frame.destroy();
        this.frames.delete(key);
      }
    const order: HTMLElement[] = [];
    this.rows.clear();
    for (const p of wanted) {
      if (p.isRow) {
        const row = this.row(p);
        this.rows.set(p.key, row);
        order.push(row);
      } else order.push(this.frame(p).root);
    }
    this.grid.classList.toggle("alone", !!alone);
    for (const frame of this.frames.values()) frame.root.classList.toggle("alone", !!alone);
    this.reorder(order);
  }

  /** Keeps elements in place where they are: moving one would restart its observers. */
  private reorder(order: HTMLElement[]): void {
    const keep = new Set<Element>(order);
    for (const el of [...this.grid.children]) if (!keep.has(el)) el.remove();
    order.forEach((el, i) => {
      if (this.grid.children[i] !== el) this.grid.insertBefore(el, this.grid.children[i] ?? null);
    });
  }

  private frame(p: Placed): PanelFrame {
    const known = this.frames.get(p.key);
    if (known) {
      known.place(p);
      return known;
    }
    const frame = new PanelFrame(this.services(), p);
    frame.root.dataset.key = p.key;
    this.frames.set(p.key, frame);
    this.watcher.observe(frame.root);
    this.sizes.observe(frame.root);
    return frame;
  }

  private row(p: Placed): HTMLElement {
    const title = this.rowTitle(p);
    const button = h(
      "button",
      {
        type: "button",
        class: "row-button",
        "aria-expanded": String(!p.folded),
        onclick: () => {
          this.folded.set(p.key, !p.folded);
          this.arrange();
          void this.drawRound();
          this.rows.get(p.key)?.querySelector("button")?.focus();
        },
      },
      icon("down"),
      h("span", { class: "row-title", text: title }),
      p.folded ? h("span", { class: "row-count", text: `${p.count} panels` }) : null,
    );
    const el = h(
      "div",
      { class: p.folded ? "row folded" : "row" },
      h("h2", { class: "row-head" }, button),
    );
    el.style.setProperty("--y", String(p.y + 1));
    return el;
  }

  private rowTitle(p: Placed): string {
    const m = this.macros(p.scope, this.current.range, 60_000);
    return p.panel.title.replace(
      /\$\{?(\w+)\}?/g,
      (whole, name: string) => m.bindings.get(name)?.texts.join(" + ") ?? whole,
    );
  }

  private seen(entries: IntersectionObserverEntry[]): void {
    for (const e of entries) {
      const frame = this.frameOf(e.target);
      if (!frame) continue;
      frame.visible = e.isIntersecting;
      if (e.isIntersecting && this.current.id > 0) void frame.run();
    }
  }

  /** A new round: a new moment for all panels that are in sight. */
  async round(force: boolean): Promise<void> {
    if (this.closed) return;
    if (force) this.queries.forget();
    if (
      isRelative(this.to) &&
      Date.now() - this.variablesAt > VARIABLES_AGAIN_MS &&
      !document.querySelector(".popover")
    ) {
      await this.loadVariables();
      if (this.closed) return;
      this.drawBar();
      this.arrange();
    }
    this.current = { id: this.current.id + 1, range: this.range(), signal: this.controller.signal };
    await this.drawRound();
  }

  private async drawRound(): Promise<void> {
    const all = [...this.frames.values()];
    const near = all.filter((f) => f.visible || inSight(f.root));
    await Promise.all(
      near.map((f) =>
        f.run().catch((e: unknown) => {
          if (!this.controller.signal.aborted && !(e instanceof ApiError)) throw e;
        }),
      ),
    );
  }

  setTime(from: string, to: string): void {
    this.from = from;
    this.to = to;
    this.controller.abort();
    this.controller = new AbortController();
    this.names = null;
    const reload = this.variables.states.some(
      (s) => s.variable.refresh === 2 || s.variable.type === "interval",
    );
    void (async () => {
      if (reload) {
        await this.loadVariables();
        if (this.closed) return;
        this.drawBar();
        this.arrange();
      }
      await this.round(false);
    })();
  }

  viewAlone(key: string | null, step: boolean): void {
    if (this.alone === key) return;
    this.alone = key;
    this.hooks.changed(step);
    this.arrange();
    void this.drawRound();
    if (key) this.frames.get(key)?.root.querySelector<HTMLElement>(".panel-full")?.focus();
  }

  /** The panels on the page, by the names that stand on them. */
  panels(): { key: string; title: string }[] {
    return [...this.frames].map(([key, f]) => ({ key, title: f.title })).filter((p) => p.title);
  }

  /** The panel that holds the focus or the pointer. */
  panelAt(): string | null {
    const el = document.activeElement?.closest(".panel") ?? document.querySelector(".panel:hover");
    return (el as HTMLElement | null)?.dataset.key ?? null;
  }

  redraw(): void {
    for (const f of this.frames.values()) f.redraw();
  }

  toUrl(query: URLSearchParams): void {
    query.set("from", this.from);
    query.set("to", this.to);
    this.variables.toUrl(query);
    if (this.alone) query.set("viewPanel", this.alone);
    else query.delete("viewPanel");
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.variableTimer);
    this.controller.abort();
    this.watcher.disconnect();
    this.sizes.disconnect();
    for (const f of this.frames.values()) f.destroy();
    this.grid.replaceChildren();
    this.hooks.notices.clearPage();
  }
}

/** The range as links carry it, with the moment of the time machine. */
function urlRange(from: string, to: string): string {
  const query = new URLSearchParams({ from, to });
  if (clock.moment !== null) query.set("at", momentText(clock.moment));
  return query.toString();
}

function inSight(el: HTMLElement): boolean {
  const r = el.getBoundingClientRect();
  return r.bottom > -240 && r.top < innerHeight + 240;
}
