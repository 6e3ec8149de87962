// The legend of a chart: a list, or a table with values; entries hide and single out what they name.
import { at, bool, str, strings } from "../../model/json.ts";
import { calcOf } from "../../data/calcs.ts";
import { display } from "../../data/display.ts";
import { reducerName } from "../../data/transform/shape.ts";
import { sortedRows } from "../../data/transform/types.ts";
import type { Value } from "../../data/frame.ts";
import { h } from "../../ui/dom.ts";
import type { PanelContext } from "../kind.ts";
import { dataLimits, valueText } from "../values.ts";
import type { ChartSeries } from "./model.ts";

const MAX_ENTRIES = 200;
const LEAST_BESIDE_PX = 440; // in narrower panels a legend that wants the right side goes below

export interface LegendEntry {
  name: string;
  color: string;
  values: Value[]; // one per column, to sort by
  texts: string[];
}

/** A column beside the names: how it is headed, and what else files call it. */
export interface LegendColumn {
  label: string;
  aliases: string[];
}

/** The calculations that a panel's legend shows. */
export function calcColumns(context: PanelContext): string[] {
  return strings(at(context.panel.options, "legend.calcs"));
}

export function columnsOfCalcs(calcs: string[]): LegendColumn[] {
  return calcs.map((id) => ({ label: calcOf(id).label, aliases: [reducerName(id), id] }));
}

/** What the legend says of a series: its name, and its values reduced by `calcs`. */
export function seriesEntry(series: ChartSeries, calcs: string[], c: PanelContext): LegendEntry {
  const raw = series.raw.map((v) => v ?? null);
  const values = calcs.map((id) => calcOf(id).of(raw));
  const texts = values.map((v, i) => {
    const config = calcOf(calcs[i]!).counts ? { ...series.config, unit: "none" } : series.config;
    const shown = display({ ...config, mappings: undefined }, v, {
      theme: c.theme,
      timezone: c.timezone,
      seriesIndex: 0,
      name: series.name,
      limits: dataLimits([series.field]),
    });
    return valueText(shown);
  });
  return { name: series.name, color: series.color, values, texts };
}

export class Legend {
  readonly root = h("div", { class: "legend" });
  private readonly asTable: boolean;
  private readonly wantsRight: boolean;
  private sort: { column: string; desc: boolean } | null;
  private all: LegendEntry[] = [];

  constructor(
    context: PanelContext,
    private readonly columns: LegendColumn[],
    private readonly isHidden: (name: string) => boolean,
    private readonly click: (name: string, add: boolean) => void,
    private readonly hover: (name: string | null) => void = () => undefined,
  ) {
    const legend = at(context.panel.options, "legend");
    this.asTable = str(at(legend, "displayMode")) === "table";
    const by = str(at(legend, "sortBy"));
    const column = columns.find((c) => c.label === by || c.aliases.includes(by));
    this.sort = column ? { column: column.label, desc: bool(at(legend, "sortDesc")) } : null;
    this.wantsRight = str(at(legend, "placement"), "bottom") === "right";
    if (this.asTable) this.root.classList.add("as-table");
  }

  static shown(context: PanelContext): boolean {
    const legend = at(context.panel.options, "legend");
    return bool(at(legend, "showLegend"), true) && str(at(legend, "displayMode")) !== "hidden";
  }

  /** Beside the drawing or below it, as the file wishes and the room allows. */
  fit(host: HTMLElement): void {
    const right = this.wantsRight && host.clientWidth >= LEAST_BESIDE_PX;
    host.classList.toggle("legend-right", right);
    this.root.classList.toggle("right", right);
    this.root.classList.toggle("bottom", !right);
  }

  /** As wide as its longest name and values need, so that no name is cut where there is room. */
  private measure(entries: LegendEntry[]): void {
    const longest = (texts: string[]): number => Math.max(0, ...texts.map((t) => t.length));
    const names = longest(entries.map((e) => e.name));
    const values = this.columns.map((c, i) =>
      longest([c.label, ...entries.map((e) => e.texts[i] ?? "")]),
    );
    this.root.style.setProperty("--names", String(Math.min(names, 60)));
    this.root.style.setProperty("--values", String(values.reduce((a, b) => a + b + 3, 0)));
  }

  update(all: LegendEntry[]): void {
    this.all = all;
    let entries = all.slice(0, MAX_ENTRIES);
    const column = this.sort ? this.columns.findIndex((c) => c.label === this.sort!.column) : -1;
    if (column >= 0 && this.asTable)
      entries = sortedRows(
        entries.map((e) => e.values[column] ?? null),
        this.sort!.desc,
      ).map((i) => entries[i]!);
    this.measure(entries);
    const left = all.length - entries.length;
    const focus = (document.activeElement as HTMLElement | null)?.dataset?.series;
    const here = this.root.contains(document.activeElement);
    if (this.asTable) this.root.replaceChildren(this.table(entries));
    else this.root.replaceChildren(...entries.map((e) => this.item(e)));
    if (left > 0) this.root.append(h("span", { class: "legend-more", text: `and ${left} more` }));
    if (here && focus)
      this.root.querySelector<HTMLElement>(`[data-series="${CSS.escape(focus)}"]`)?.focus();
  }

  private button(e: LegendEntry): HTMLElement {
    const { name, color } = e;
    const mark = h("span", { class: "legend-mark" });
    mark.style.background = color;
    const off = this.isHidden(name);
    return h(
      "button",
      {
        type: "button",
        class: off ? "legend-entry off" : "legend-entry",
        title: name,
        "data-series": name,
        "aria-pressed": String(!off),
        onclick: (ev) => {
          const m = ev as MouseEvent;
          this.click(name, m.ctrlKey || m.metaKey || m.shiftKey);
        },
        onmouseenter: () => this.hover(name),
        onmouseleave: () => this.hover(null),
      },
      mark,
      h("span", { class: "legend-name", text: name }),
    );
  }

  private item(e: LegendEntry): HTMLElement {
    const values = this.columns.map((c, i) =>
      h("span", { class: "legend-value" }, `${c.label} `, h("b", { text: e.texts[i] ?? "" })),
    );
    return h("span", { class: "legend-item" }, this.button(e), ...values);
  }

  private heading(c: LegendColumn): HTMLElement {
    const on = this.sort?.column === c.label;
    const button = h("button", {
      type: "button",
      class: "th-sort",
      text: c.label,
      onclick: () => {
        this.sort = { column: c.label, desc: on ? !this.sort!.desc : true };
        this.update(this.all);
      },
    });
    const sorted = on ? (this.sort!.desc ? "descending" : "ascending") : "none";
    return h("th", { scope: "col", class: "to-right", "aria-sort": sorted }, button);
  }

  private table(entries: LegendEntry[]): HTMLElement {
    const name = h("th", { text: "Name", scope: "col" });
    const head = h("tr", {}, name, ...this.columns.map((c) => this.heading(c)));
    const body = h("tbody");
    for (const e of entries)
      body.append(
        h(
          "tr",
          {},
          h("td", {}, this.button(e)),
          ...e.texts.map((text) => h("td", { class: "to-right", text })),
        ),
      );
    return h("table", { class: "legend-table" }, h("thead", {}, head), body);
  }
}

/** What is hidden by clicks on a legend: one name alone, or names added and taken away. */
export class Hidden {
  private readonly names = new Set<string>();
  readonly has = (name: string): boolean => this.names.has(name);

  toggle(name: string, add: boolean, all: string[]): void {
    if (add) {
      if (!this.names.delete(name)) this.names.add(name);
      return;
    }
    const alone = !this.names.has(name) && all.every((n) => n === name || this.names.has(n));
    this.names.clear();
    if (!alone) for (const n of all) if (n !== name) this.names.add(n);
  }
}
