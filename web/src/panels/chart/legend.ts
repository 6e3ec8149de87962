// The legend of a chart: a list, or a table with calculations; entries hide and single out series.
import { arr, at, bool, str, strings } from "../../model/json.ts";
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

interface Entry {
  series: ChartSeries;
  values: Value[];
  texts: string[];
}

export class Legend {
  readonly root = h("div", { class: "legend" });
  private readonly calcs: string[];
  private readonly asTable: boolean;
  private sort: { calc: string; desc: boolean } | null;

  constructor(
    private readonly context: PanelContext,
    private readonly isHidden: (name: string) => boolean,
    private readonly click: (name: string, add: boolean) => void,
    private readonly hover: (name: string | null) => void,
  ) {
    const legend = at(context.panel.options, "legend");
    this.calcs = strings(at(legend, "calcs"));
    this.asTable = str(at(legend, "displayMode")) === "table";
    const by = str(at(legend, "sortBy"));
    this.sort = by ? { calc: by, desc: bool(at(legend, "sortDesc")) } : null;
    this.root.classList.add(
      str(at(legend, "placement"), "bottom") === "right" ? "right" : "bottom",
    );
    if (this.asTable) this.root.classList.add("as-table");
  }

  static shown(context: PanelContext): boolean {
    const legend = at(context.panel.options, "legend");
    return bool(at(legend, "showLegend"), true) && str(at(legend, "displayMode")) !== "hidden";
  }

  private entry(series: ChartSeries): Entry {
    const values = this.calcs.map((id) => calcOf(id).of(series.raw.map((v) => v ?? null)));
    const texts = values.map((v, i) => {
      const calc = calcOf(this.calcs[i]!);
      const config = calc.counts ? { ...series.config, unit: "none" } : series.config;
      const shown = display({ ...config, mappings: undefined }, v, {
        theme: this.context.theme,
        timezone: this.context.timezone,
        seriesIndex: 0,
        name: series.name,
        limits: dataLimits([series.field]),
      });
      return valueText(shown);
    });
    return { series, values, texts };
  }

  update(series: ChartSeries[]): void {
    const all = series.filter((s) => s.inLegend);
    let entries = all.slice(0, MAX_ENTRIES).map((s) => this.entry(s));
    const column = this.sort ? this.calcs.findIndex((c) => this.named(c) === this.sort!.calc) : -1;
    if (column >= 0 && this.asTable)
      entries = sortedRows(
        entries.map((e) => e.values[column] ?? null),
        this.sort!.desc,
      ).map((i) => entries[i]!);
    const left = all.length - entries.length;
    const focus = (document.activeElement as HTMLElement | null)?.dataset?.series;
    const here = this.root.contains(document.activeElement);
    if (this.asTable) this.root.replaceChildren(this.table(entries));
    else this.root.replaceChildren(...entries.map((e) => this.item(e)));
    if (left > 0) this.root.append(h("span", { class: "legend-more", text: `and ${left} more` }));
    if (here && focus)
      this.root.querySelector<HTMLElement>(`[data-series="${CSS.escape(focus)}"]`)?.focus();
  }

  /** Columns are named in files by label ("Last *") or id. */
  private named(calc: string): string {
    return this.sort && (this.sort.calc === calc || this.sort.calc === calcOf(calc).label)
      ? this.sort.calc
      : reducerName(calc);
  }

  private button(e: Entry): HTMLElement {
    const { name, color } = e.series;
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

  private item(e: Entry): HTMLElement {
    const values = this.calcs.map((c, i) =>
      h(
        "span",
        { class: "legend-value" },
        `${calcOf(c).label} `,
        h("b", { text: e.texts[i] ?? "" }),
      ),
    );
    return h("span", { class: "legend-item" }, this.button(e), ...values);
  }

  private table(entries: Entry[]): HTMLElement {
    const head = h("tr", {}, h("th", { text: "Name", scope: "col" }));
    for (const c of this.calcs) {
      const on = this.sort?.calc === this.named(c);
      head.append(
        h(
          "th",
          {
            scope: "col",
            class: "to-right",
            "aria-sort": on ? (this.sort!.desc ? "descending" : "ascending") : "none",
          },
          h("button", {
            type: "button",
            class: "th-sort",
            text: calcOf(c).label,
            onclick: () => {
              this.sort = { calc: reducerName(c), desc: on ? !this.sort!.desc : true };
              this.update(this.last);
            },
          }),
        ),
      );
    }
    const body = h("tbody");
    for (const e of entries)
      body.append(
        h(
          "tr",
          {},
          h("td", {}, this.button(e)),
          ...arr(e.texts).map((t) => h("td", { class: "to-right", text: String(t) })),
        ),
      );
    this.last = entries.map((e) => e.series);
    return h("table", { class: "legend-table" }, h("thead", {}, head), body);
  }

  private last: ChartSeries[] = [];
}
