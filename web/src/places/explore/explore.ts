// Explore: ask anything. Queries with completion, a graph and a table of what they give, errors at
// their place; the address holds all of it.
import { clock } from "../../data/clock.ts";
import { ApiError } from "../../data/prometheus.ts";
import { interpolate, type MacroContext, rateInterval } from "../../data/macros.ts";
import { parseDuration, resolveRange, stepFor } from "../../data/time.ts";
import { str } from "../../model/json.ts";
import { h, iconButton, put } from "../../ui/dom.ts";
import { Page, type PageHooks } from "../../ui/page.ts";
import { arrowKeys, popover } from "../../ui/popover.ts";
import { SCRAPE_MS } from "../../ui/panelframe.ts";
import { setParam } from "../../ui/state.ts";
import { timezoneOf } from "../../ui/timezone.ts";
import type { View } from "../../ui/view.ts";
import { boardOf, letterOf, type Shows } from "./board.ts";
import { Completion } from "./complete.ts";
import { examples } from "./examples.ts";
import { faultOf } from "./fault.ts";
import { pastQueries, remember } from "./history.ts";
import { QueryField } from "./queryfield.ts";

const MOST_QUERIES = 8;
const LEAST_STEP_MS = 5000;
const VIEWS: [Shows, string][] = [
  ["both", "Both"],
  ["graph", "Graph"],
  ["table", "Table"],
];

interface Line {
  root: HTMLElement;
  letter: HTMLElement;
  field: QueryField;
}

/** The queries of an address: ours, or those of Prometheus's own page. */
export function queriesOf(query: URLSearchParams): { exprs: string[]; from: string; shows: Shows } {
  const theirs = [...query.keys()].map((k) => /^g(\d+)\.expr$/.exec(k)?.[1] ?? "").filter(Boolean);
  const exprs = [...query.getAll("expr"), ...theirs.map((n) => query.get(`g${n}.expr`)!)];
  const span = query.get("g0.range_input") ?? "";
  const from = parseDuration(span) > 0 ? `now-${span}` : "";
  const tab = query.get("g0.tab");
  const view = query.get("view") ?? (tab === "1" || tab === "table" ? "table" : "");
  const shows = view === "graph" || view === "table" ? view : "both";
  return { exprs: exprs.filter((e) => e.trim()).slice(0, MOST_QUERIES), from, shows };
}

export class ExplorePage implements View {
  readonly title = "Explore";
  readonly timezone: string;
  readonly quickRanges = [];
  readonly refreshIntervals = [];
  readonly refresh = "off";
  board: Page | null = null;
  private from: string;
  private to: string;
  private shows: Shows;
  private readonly root = h("section", { class: "explore", "aria-label": "Queries" });
  private readonly list = h("div", { class: "query-list" });
  private readonly beginning = h("div", { class: "explore-start" });
  private readonly views = h("div", { class: "states", role: "group", "aria-label": "Show" });
  private readonly add: HTMLButtonElement;
  private readonly completion: Completion;
  private lines: Line[] = [];
  private runs = 0;
  private controller = new AbortController();

  constructor(
    private readonly hooks: PageHooks,
    query: URLSearchParams,
  ) {
    const given = queriesOf(query);
    this.from = query.get("from") || given.from || "now-1h";
    this.to = query.get("to") || "now";
    this.shows = given.shows;
    this.timezone = timezoneOf(query);
    this.completion = new Completion(hooks.api, () => this.range());
    const run = h("button", { type: "button", class: "primary", text: "Run", onclick: () => void this.run(true) });
    this.add = h("button", { type: "button", class: "state-choice", text: "Add a query", onclick: () => this.addLine("", true) });
    const past: HTMLButtonElement = h(
      "button",
      {
        type: "button",
        class: "state-choice",
        "aria-haspopup": "dialog",
        "aria-expanded": "false",
        onclick: () => this.openHistory(past),
      },
      "History",
    );
    this.root.append(this.list, h("div", { class: "query-tools" }, run, this.add, past, this.views), this.beginning);
    for (const expr of given.exprs.length ? given.exprs : [""]) this.addLine(expr, false);
    this.drawViews();
  }

  get time(): { from: string; to: string } {
    return { from: this.from, to: this.to };
  }

  private range(): { from: number; to: number } {
    return resolveRange(this.from, this.to, clock.now(), this.timezone);
  }

  private exprs(): string[] {
    return this.lines.map((l) => l.field.value.trim()).filter(Boolean);
  }

  async start(): Promise<void> {
    this.hooks.notices.clearPage();
    document.getElementById("bar")!.hidden = true;
    document.getElementById("grid")!.before(this.root);
    if (this.exprs().length) await this.run(false);
    else {
      this.lines[0]!.field.focus();
      await this.offer();
    }
  }

  /** What to ask, for those who have not asked yet. */
  private async offer(): Promise<void> {
    const names = new Set((await this.completion.metrics()).map((m) => m.text));
    if (this.exprs().length || this.controller.signal.aborted) return;
    put(
      this.beginning,
      ...examples(names, (exprs) => {
        this.fill(exprs);
        void this.run(true);
      }),
    );
  }

  private fill(exprs: string[]): void {
    for (const l of this.lines) l.root.remove();
    this.lines = [];
    for (const expr of exprs) this.addLine(expr, false);
  }

  private addLine(expr: string, focus: boolean): void {
    if (this.lines.length >= MOST_QUERIES) return;
    const letter = h("span", { class: "query-letter", "aria-hidden": "true" });
    const field = new QueryField("", expr, this.completion, () => void this.run(true));
    const remove = iconButton("close", "Remove this query", () => this.removeLine(line));
    const line: Line = { letter, field, root: h("div", { class: "query-line" }, letter, field.root, remove) };
    this.lines.push(line);
    this.list.append(line.root);
    this.number();
    if (focus) field.focus();
  }

  private removeLine(line: Line): void {
    const at = this.lines.indexOf(line);
    this.lines.splice(at, 1);
    line.root.remove();
    this.number();
    this.lines[Math.min(at, this.lines.length - 1)]?.field.focus();
    if (line.field.value.trim()) void this.run(true);
  }

  /** Letters stand before queries where there are several. */
  private number(): void {
    this.lines.forEach((l, i) => {
      l.letter.textContent = letterOf(i);
      l.field.setLetter(letterOf(i));
    });
    this.list.classList.toggle("alone", this.lines.length < 2);
    this.add.disabled = this.lines.length >= MOST_QUERIES;
  }

  private drawViews(): void {
    put(
      this.views,
      ...VIEWS.map(([shows, text]) =>
        h("button", {
          type: "button",
          class: "state-choice",
          text,
          "aria-pressed": String(shows === this.shows),
          onclick: () => {
            this.shows = shows;
            this.drawViews();
            this.views.querySelector<HTMLElement>('[aria-pressed="true"]')?.focus();
            void this.run(false);
            this.hooks.changed(false);
          },
        }),
      ),
    );
  }

  private macros(): MacroContext {
    const range = this.range();
    const step = stepFor(range.to - range.from, 1000, LEAST_STEP_MS);
    return {
      bindings: new Map(),
      ...range,
      intervalMs: step,
      rateIntervalMs: rateInterval(step, SCRAPE_MS),
      timezone: this.timezone,
      dashboard: this.title,
      urlRange: "",
    };
  }

  /** Asks whether a query can be read at all; marks where not. */
  private async check(line: Line, signal: AbortSignal): Promise<boolean> {
    const written = line.field.value;
    const macros = this.macros();
    const body = new URLSearchParams({ query: interpolate(written, macros, "promql") });
    try {
      await this.hooks.api.json("/api/v1/format_query", { method: "POST", body, signal });
      line.field.setFault(null);
      return true;
    } catch (e) {
      if (signal.aborted) return false;
      if (!(e instanceof ApiError)) throw e;
      if (e.kind !== "bad_data") return true; // the query itself will say what is wrong
      line.field.setFault(faultOf(e.message, written, macros));
      return false;
    }
  }

  /** Runs what is written; `step`: the browser's "back" leads to what was asked before. */
  private async run(step: boolean): Promise<void> {
    const number = ++this.runs;
    const exprs = this.exprs();
    if (step) this.hooks.changed(true);
    put(this.beginning);
    if (!exprs.length) {
      this.leave();
      await this.offer();
      return;
    }
    const written = this.lines.filter((l) => l.field.value.trim());
    const sound = await Promise.all(written.map((l) => this.check(l, this.controller.signal)));
    if (number !== this.runs || this.controller.signal.aborted) return;
    if (sound.every(Boolean)) remember(exprs);
    const queries = written
      .filter((_, i) => sound[i])
      .map((l) => ({ letter: letterOf(this.lines.indexOf(l)), expr: l.field.value.trim() }));
    this.leave();
    if (!queries.length) return;
    const query = new URLSearchParams({ from: this.from, to: this.to, timezone: this.timezone });
    this.board = new Page(boardOf(queries, this.shows), query, this.hooks);
    await this.board.start();
  }

  private leave(): void {
    this.board?.close();
    this.board = null;
  }

  async round(force: boolean): Promise<void> {
    if (!this.board && force) await this.run(false);
    else await this.board?.round(force);
  }

  setTime(from: string, to: string): void {
    this.from = from;
    this.to = to;
    this.board?.setTime(from, to);
  }

  private openHistory(button: HTMLElement): void {
    const past = pastQueries();
    const list = h("div", { class: "dash-entries" });
    for (const exprs of past)
      list.append(
        h(
          "button",
          {
            type: "button",
            class: "history-entry mono",
            onclick: () => {
              box.close();
              this.fill(exprs);
              this.lines[0]!.field.focus();
              void this.run(true);
            },
          },
          exprs.join("\n"),
        ),
      );
    if (!past.length)
      list.append(h("p", { class: "options-note", text: "What you run in this tab will stand here." }));
    arrowKeys(list, ".history-entry");
    const box = popover(button, h("div", { class: "picker history" }, list), "Queries of this tab");
  }

  redraw(): void {
    this.board?.redraw();
  }

  toUrl(query: URLSearchParams): void {
    for (const name of [...query.keys()])
      if (name === "expr" || /^g\d+\./.test(str(name))) query.delete(name);
    for (const expr of this.exprs()) query.append("expr", expr);
    query.set("from", this.from);
    query.set("to", this.to);
    setParam(query, "view", this.shows === "both" ? "" : this.shows);
    setParam(query, "viewPanel", this.board?.alone ?? "");
  }

  close(): void {
    this.controller.abort();
    this.leave();
    this.root.remove();
  }
}
