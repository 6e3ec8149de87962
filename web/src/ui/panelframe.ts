// The frame of one panel: title, buttons, and the state of its data (loading, shown, empty, error).
import { ApiError } from "../data/prometheus.ts";
import { clock } from "../data/clock.ts";
import { withFilters } from "../data/adhoc.ts";
import { isFor } from "../data/annotations.ts";
import { rateInterval } from "../data/macros.ts";
import type { Frame } from "../data/frame.ts";
import { interpolate } from "../data/macros.ts";
import { configured } from "../data/overrides.ts";
import { aligned } from "../data/queries.ts";
import { isRelative, parseDuration, parseTime, stepFor, type TimeRange } from "../data/time.ts";
import { framesOf, withGaps } from "../data/toframes.ts";
import { emptyReason, isAboutGpus, tellsOfGpus } from "../data/why.ts";
import type { Panel, Target } from "../model/dashboard.ts";
import type { PanelContext, PanelData, PanelKind, PanelView } from "../panels/kind.ts";
import { isPanelType, panelKind } from "../panels/registry.ts";
import { h, icon, iconButton, put } from "./dom.ts";
import type { Placed } from "./layout.ts";
import { resolveLink } from "./links.ts";
import type { Round, Services } from "./services.ts";

const LEAST_STEP_MS = 5000; // the default scrape interval: a finer step shows nothing more
const LEAST_PAST_STEP_MS = 1000; // in the time machine, where seconds are looked at one by one
export const SCRAPE_MS = 15_000; // what rate windows are made for: scrapes up to this apart
const INTERVAL_WINDOW = /\[\s*(\$__interval\b|\$\{__interval|\[\[__interval)/; // a window as wide as a step: it has to hold samples
const SLOW_MS = 500; // a refresh that takes longer shows that it is under way

interface Answer {
  frames: Frame[];
  errors: Error[];
  warnings: string[];
  stepMs: number;
}

let ids = 0;

/** What is said of a panel that has a time of its own, as it stands in the file. */
function timeWords({ timeFrom, timeShift, hidesTime }: Panel): string {
  if (hidesTime) return "";
  const last = timeFrom ? `last ${timeFrom.replace(/^now-/, "")}` : "";
  const before = timeShift ? `${timeShift.replace(/^now-/, "")} earlier` : "";
  return [last, before].filter((w) => w).join(", ");
}

export class PanelFrame {
  readonly root: HTMLElement;
  visible = false;
  private readonly body = h("div", { class: "panel-body" });
  private readonly notes = h("span", { class: "panel-notes" });
  private kind: PanelKind | null = null; // null: its part of the program is on the way
  private coming: Promise<PanelKind> | null = null;
  private view: PanelView | null = null;
  private viewHost: HTMLElement | null = null;
  private last: PanelData | null = null;
  private ranRound = -1;
  private said = "";
  private readonly titleEl = h("h2", { class: "panel-title" });

  constructor(
    private readonly services: Services,
    public placed: Placed,
  ) {
    void this.ready();
    const titleId = `panel-title-${++ids}`;
    this.titleEl.id = titleId;
    this.root = h("div", {
      class: `panel panel-${placed.panel.type.replace(/[^\w-]/g, "")}`,
      role: "group", // no landmark: a page has dozens
      "aria-labelledby": titleId,
    });
    if (placed.panel.transparent) this.root.classList.add("transparent");
    this.root.append(this.header(), this.body);
    this.body.append(h("div", { class: "skeleton", "aria-hidden": "true" }));
    this.place(placed);
  }

  /** Takes a new place on the grid (and, for repeats, new bindings). */
  place(placed: Placed): void {
    this.placed = placed;
    const { style } = this.root;
    style.setProperty("--x", String(placed.x + 1));
    style.setProperty("--y", String(placed.y + 1));
    style.setProperty("--w", String(placed.w));
    style.setProperty("--h", String(placed.h));
    this.root.classList.toggle("small", placed.w <= 6 && placed.h <= 6);
    this.setTitle();
  }

  get title(): string {
    return this.titleEl.textContent;
  }

  private fill(template: string): string {
    const { range } = this.services.round();
    return interpolate(template, this.services.macros(this.placed.scope, range, 60_000), "text");
  }

  private setTitle(): void {
    const text = this.fill(this.placed.panel.title);
    this.titleEl.textContent = text;
    this.root.classList.toggle("untitled", text === "");
  }

  private header(): HTMLElement {
    const { panel } = this.placed;
    const head = h("header", { class: "panel-head" }, this.titleEl);
    if (panel.description) head.append(this.description(panel.description));
    head.append(this.notes);
    const own = timeWords(panel);
    if (own) head.append(h("span", { class: "panel-time", text: own }));
    const macros = (): ReturnType<Services["macros"]> =>
      this.services.macros(this.placed.scope, this.services.round().range, 60_000);
    for (const link of panel.links) {
      const found = resolveLink(link, {}, macros());
      if (!found) continue;
      head.append(
        h(
          "a",
          {
            class: "icon-button",
            href: found.href,
            title: found.title,
            "aria-label": found.title || "Link",
          },
          icon("link"),
        ),
      );
    }
    const more: HTMLButtonElement = iconButton("more", "Menu of this panel", () => void this.openMenu(more));
    more.classList.add("panel-more");
    more.setAttribute("aria-haspopup", "dialog");
    more.setAttribute("aria-expanded", "false");
    head.append(more);
    const full = iconButton("full", "Show this panel alone (v)", () => {
      const alone = this.root.classList.contains("alone");
      this.services.viewAlone(alone ? null : this.placed.key);
    });
    full.classList.add("panel-full");
    full.append(icon("shrink"));
    head.append(full);
    return head;
  }

  private async openMenu(button: HTMLElement): Promise<void> {
    const part = await import("./panelmenu.ts").catch(() => null);
    if (!part) {
      this.note([], "The menu could not be loaded: load the page again.");
      return;
    }
    const { range } = this.services.round();
    const step = this.last?.stepMs || LEAST_STEP_MS;
    const macros = this.services.macros(this.placed.scope, range, step);
    part.openPanelMenu(button, {
      root: this.root,
      title: this.title || "Panel",
      frames: this.last?.frames ?? [],
      // Intervals stay words: Explore has its own.
      exprs: this.targets().map((t) =>
        t.expr
          .split(/(\$\{?__(?:rate_)?interval\}?)/)
          .map((part, i) => (i % 2 ? part : interpolate(part, macros, "promql")))
          .join(""),
      ),
      urlRange: macros.urlRange,
    });
  }

  private targets(): Target[] {
    return this.placed.panel.targets.filter((t) => !t.hide && !t.source && t.expr.trim());
  }

  /** Why nothing is asked: no query, or those of other data sources alone. */
  private withoutQuery(): string {
    const { type } = this.placed.panel;
    const [source] = this.foreign();
    if (!source) return isPanelType(type) ? "This panel has no query." : `Panels of type "${type}" are not drawn here.`;
    if (source === "__expr__") return "This panel computes with other queries (expressions): that is not done here.";
    return `This panel asks a data source of the kind "${source}", which is not here.`;
  }

  /** Kinds of data sources that queries of this panel are for, and that do not answer here. */
  private foreign(): string[] {
    return [...new Set(this.placed.panel.targets.filter((t) => !t.hide && t.source).map((t) => t.source))];
  }

  private description(text: string): HTMLElement {
    const shown = this.fill(text);
    return h(
      "span",
      { class: "panel-info", tabindex: "0", role: "note", "aria-label": shown },
      icon("info"),
      h("span", { class: "panel-info-text", "aria-hidden": "true", text: shown }),
    );
  }

  private context(): PanelContext {
    const s = this.services;
    return {
      panel: this.placed.panel,
      theme: s.theme(),
      timezone: s.timezone,
      fill: (t) => this.fill(t),
      link: (link, scope) =>
        resolveLink(link, scope, s.macros(this.placed.scope, s.round().range, 60_000)),
      zoom: s.zoom,
      zoomOut: s.zoomOut,
      dashboards: s.dashboards,
      api: s.api,
    };
  }

  private range(round: Round): TimeRange {
    const { timeFrom, timeShift } = this.placed.panel;
    let { from, to } = round.range;
    if (timeFrom) {
      const text = isRelative(timeFrom) ? timeFrom : `now-${timeFrom}`;
      const start = parseTime(text, to, false, this.services.timezone);
      if (!Number.isNaN(start) && start < to) from = start;
    }
    const shift = timeShift ? parseDuration(timeShift.replace(/^now-/, "")) : 0;
    if (shift > 0) [from, to] = [from - shift, to - shift];
    return { from, to };
  }

  /** The kind of the panel, asked for once; undefined when it does not come. */
  private async ready(): Promise<PanelKind | undefined> {
    if (this.kind) return this.kind;
    const kind = this.coming ?? panelKind(this.placed.panel.type);
    if (!(kind instanceof Promise)) return (this.kind = kind);
    this.coming = kind;
    try {
      this.kind = await kind;
    } catch {
      this.coming = null; // the next round asks again
    }
    return this.kind ?? undefined;
  }

  /** Asks and draws, unless this round has been drawn already. */
  async run(force = false): Promise<void> {
    const round = this.services.round();
    if (!force && this.ranRound === round.id) return;
    this.ranRound = round.id;
    const kind = this.kind ?? (await this.ready());
    if (!kind) {
      this.message("error", "A part of this page could not be loaded: load the page again.");
      return;
    }
    if (!kind.needsData) {
      this.show({ frames: [], range: round.range, stepMs: 0 });
      return;
    }
    const targets = this.targets();
    if (!targets.length) {
      this.message("empty", this.withoutQuery());
      return;
    }
    const slow = setTimeout(() => this.root.classList.add("slow"), SLOW_MS);
    this.root.setAttribute("aria-busy", "true");
    try {
      const range = this.range(round);
      const answer = await this.ask(targets, range, round.signal);
      if (!round.signal.aborted && this.services.round().id === round.id)
        await this.take(answer, targets, range);
    } finally {
      clearTimeout(slow);
      this.root.classList.remove("slow");
      this.root.removeAttribute("aria-busy");
    }
  }

  private async ask(targets: Target[], range: TimeRange, signal: AbortSignal): Promise<Answer> {
    const { panel, scope } = this.placed;
    const width = Math.max(300, Math.round((this.body.clientWidth || 600) / 100) * 100);
    const points = Math.min(panel.maxDataPoints ?? width, 5000);
    const several = targets.filter((t) => t.format === "table").length > 1;
    const out: Answer = { frames: [], errors: [], warnings: [], stepMs: LEAST_PAST_STEP_MS };
    const one = async (t: Target): Promise<Frame[]> => {
      const least =
        parseDuration(this.fill(t.interval || panel.interval).replace(/^>/, "")) ||
        (INTERVAL_WINDOW.test(t.expr) ? SCRAPE_MS : clock.moment === null ? LEAST_STEP_MS : LEAST_PAST_STEP_MS);
      const step = stepFor(range.to - range.from, points, least) * Math.max(1, t.intervalFactor);
      out.stepMs = Math.max(out.stepMs, step);
      const macros = this.services.macros(scope, range, step);
      macros.rateIntervalMs = rateInterval(step, Math.max(least, SCRAPE_MS));
      const plain = interpolate(t.expr, macros, "promql");
      const expr = withFilters(plain, this.services.variables.filters());
      const { queries } = this.services;
      const wantsRange = t.range && (!t.instant || this.kind!.wantsSeries);
      const result = wantsRange
        ? await queries.range({ expr, step, ...aligned(range.from, range.to, step) }, signal)
        : await queries.instant(expr, range.to, signal);
      out.warnings.push(...result.warnings);
      const frames = framesOf(t, result, several);
      return wantsRange && t.format !== "table" ? frames.map((f) => withGaps(f, step)) : frames;
    };
    const answers = await Promise.all(
      targets.map((t) =>
        one(t).catch((e: unknown) => (e instanceof Error ? e : new Error(String(e)))),
      ),
    );
    for (const a of answers) {
      if (a instanceof Error) out.errors.push(a);
      else out.frames.push(...a);
    }
    return out;
  }

  /** The answer after the panel's transformations, which come when a panel has some. */
  private async shaped(frames: Frame[]): Promise<{ frames: Frame[]; leftOut: string[] }> {
    const { transformations } = this.placed.panel;
    if (!transformations.length) return { frames, leftOut: [] };
    const part = await import("../data/transform/index.ts");
    const done = part.transform(frames, transformations, (t) => this.fill(t));
    return { frames: done.frames, leftOut: done.unknown.map(part.whyLeftOut) };
  }

  private async take(answer: Answer, targets: Target[], range: TimeRange): Promise<void> {
    const { panel } = this.placed;
    const shaped = await this.shaped(answer.frames);
    const frames = configured(
      shaped.frames,
      panel.fieldConfig.defaults,
      panel.fieldConfig.overrides,
    );
    const notes = [
      ...shaped.leftOut,
      ...this.foreign().map((source) => `Its queries of "${source}" are left out: that is not asked here.`),
    ];
    const error = answer.errors[0];
    this.note([...notes, ...answer.warnings], error && frames.length ? error.message : "");
    if (error && !frames.some((f) => f.length)) {
      const unreachable = error instanceof ApiError && error.kind === "unreachable";
      if (unreachable && this.last) return; // the banner says it; what was drawn stays
      this.message("error", unreachable ? "The server cannot be reached." : error.message);
      return;
    }
    if (!frames.some((f) => f.length && f.fields.length)) {
      await this.explain(targets);
      return;
    }
    const marks = this.kind!.wantsMarks ? await this.services.marks() : { marks: [], failed: [] };
    if (marks.failed.length) this.note([...notes, ...answer.warnings, ...marks.failed], "");
    const own = marks.marks.filter((m) => isFor(m.of, panel.id));
    this.show({ frames, range, stepMs: answer.stepMs, marks: own });
  }

  private async explain(targets: Target[]): Promise<void> {
    const { services } = this;
    const exprs = targets.map((t) => t.expr);
    const round = services.round().id;
    const known = await services.metricNames();
    // A machine without GPUs is a reason only where no other machine's GPUs are known either.
    const others = [...(known ?? [])].some(tellsOfGpus);
    const doctor = !others && exprs.some(isAboutGpus) ? await services.doctor() : null;
    if (doctor && doctor.accelerators === 0) {
      this.message("empty", "No GPU was found.");
      services.noGpu(doctor);
      return;
    }
    const { range } = services.round();
    const { bindings } = services.macros(this.placed.scope, range, 60_000);
    if (services.round().id !== round) return; // a newer round has its own answer
    const { noValue } = this.placed.panel.fieldConfig.defaults;
    const { short, more } = emptyReason(exprs, bindings, services.variables.states, known, noValue);
    this.message("empty", short, more);
  }

  /** Small marks in the head: warnings of the API, an error of one query among several; remarks show
   *  themselves with the panel's buttons. */
  private note(all: string[], error: string): void {
    const isRemark = (text: string): boolean => /^PromQL info:/.test(text);
    const warnings = all.filter((w) => !isRemark(w));
    const remarks = all.filter(isRemark);
    const marks: HTMLElement[] = [];
    const mark = (cls: string, text: string): HTMLElement =>
      h(
        "span",
        { class: `panel-note ${cls}`, title: text, role: "img", "aria-label": text },
        icon(cls === "remark" ? "info" : "warn"),
      );
    if (error) marks.push(mark("bad", error));
    if (warnings.length) marks.push(mark("", [...new Set(warnings)].join("\n")));
    if (remarks.length) marks.push(mark("remark", [...new Set(remarks)].join("\n")));
    put(this.notes, ...marks);
  }

  private show(data: PanelData): void {
    this.last = data;
    if (!this.view) this.mount();
    this.root.dataset.state = "shown";
    try {
      this.view!.update(data);
    } catch (e) {
      this.message(
        "error",
        `This panel could not be drawn: ${e instanceof Error ? e.message : String(e)}`,
      );
    }
  }

  private mount(): void {
    this.viewHost = h("div", { class: "panel-view" });
    put(this.body, this.viewHost);
    this.view = this.kind!.create(this.viewHost, this.context());
  }

  private unmount(): void {
    this.view?.destroy?.();
    this.view = null;
    this.viewHost = null;
  }

  /** Replaces the drawing by words; `more` stands behind them where there is room. */
  private message(state: "empty" | "error", short: string, more = ""): void {
    const text = `${short} ${more}`.trim();
    if (this.root.dataset.state === state && this.said === text) return; // said once is enough
    this.unmount();
    this.last = null;
    this.said = text;
    this.root.dataset.state = state;
    const rest = more ? h("span", { class: "panel-message-more", text: ` ${more}` }) : null;
    const words = h("p", { class: "panel-message-text", title: text }, short, rest);
    const box = h(
      "div",
      { class: `panel-message ${state}`, role: state === "error" ? "alert" : null, tabindex: "0" }, // it scrolls where it is long
      icon(state === "error" ? "warn" : "info"),
      words,
    );
    put(this.body, box);
  }

  resize(): void {
    this.view?.resize?.();
  }

  /** Draws again from what is here: after a change of theme. */
  redraw(): void {
    if (!this.last) return;
    const data = this.last;
    this.unmount();
    this.show(data);
  }

  destroy(): void {
    this.unmount();
    this.root.remove();
  }
}
