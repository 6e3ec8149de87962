// Table: rows of one frame; sortable, with units, colours and gauges in cells, links and a footer.
import { calcOf } from "../data/calcs.ts";
import { textOn, withAlpha } from "../data/colors.ts";
import { display, type DisplayValue } from "../data/display.ts";
import type { Field, Frame } from "../data/frame.ts";
import { shownNames } from "../data/matchers.ts";
import { sortedRows } from "../data/transform/types.ts";
import { arr, at, bool, num, obj, str, strings } from "../model/json.ts";
import { h, icon, iconButton } from "../ui/dom.ts";
import { course } from "./course.ts";
import type { PanelContext, PanelData, PanelKind, PanelView } from "./kind.ts";
import { dataLimits, valueText } from "./values.ts";

const PAGE_ROWS = 200;

interface Column {
  field: Field;
  name: string;
  cell: string; // auto, color-text, color-background, gauge ...
  gaugeMode: string;
  hidesValue: boolean; // beside its small chart
  solid: boolean;
  wholeRow: boolean; // its colour is that of all cells of the row
  align: string;
  limits: { min: number; max: number };
  index: number;
}

interface Sort {
  name: string;
  desc: boolean;
}

function columnOf(field: Field, name: string, index: number): Column {
  const c = field.config.custom;
  const cell = obj(c.cellOptions);
  let type = str(cell.type) || str(c.displayMode) || "auto";
  if (type.endsWith("-gauge") || type === "basic") type = "gauge"; // names of older files
  let align = str(c.align, "auto");
  if (align === "auto" || align === "") align = field.type === "number" ? "right" : "left";
  return {
    field,
    name,
    cell: type,
    gaugeMode: str(cell.mode, "gradient"),
    hidesValue: bool(cell.hideValue),
    solid: str(cell.mode, "gradient") === "basic" || type === "color-background-solid",
    wholeRow: bool(cell.applyToRow),
    align,
    limits: dataLimits([field]),
    index,
  };
}

/** The columns that are not hidden. */
function columnsOf(frame: Frame, names: Map<Field, string>): Column[] {
  return frame.fields
    .map((f, i) => columnOf(f, names.get(f) ?? f.name, i))
    .filter((c) => !bool(c.field.config.custom.hidden) && !bool(at(c.field.config.custom, "hideFrom.viz")));
}

function shown(column: Column, row: number, context: PanelContext): DisplayValue {
  return display(column.field.config, column.field.values[row] ?? null, {
    theme: context.theme,
    timezone: context.timezone,
    seriesIndex: column.index,
    name: column.name,
    limits: column.limits,
    isTime: column.field.type === "time",
  });
}

function paintCell(td: HTMLElement, column: Column, value: DisplayValue): void {
  const filled = column.field.values.length && (value.text !== "" || value.mapped);
  if (!filled) return;
  if (column.cell === "color-text") td.style.color = value.color;
  if (!column.cell.startsWith("color-background")) return;
  if (column.solid) {
    td.style.background = value.fill;
    td.style.color = textOn(value.fill);
  } else {
    td.style.background = withAlpha(value.fill, 0.24);
  }
}

function gaugeCell(value: DisplayValue): HTMLElement {
  const fill = h("span", { class: "cell-gauge-fill" });
  const share = Number.isFinite(value.share) ? Math.min(1, Math.max(0, value.share)) : 0;
  fill.style.width = `${(share * 100).toFixed(1)}%`;
  fill.style.background = value.fill;
  return h("span", { class: "cell-gauge", "aria-hidden": "true" }, fill);
}

class TableView implements PanelView {
  private sort: Sort | null;
  private limit = PAGE_ROWS;
  private chosen = 0;
  private readonly turned = new Set<string>(); // rows whose nested table is not as at the start
  private readonly filters = new Map<string, Set<string>>(); // by column: the texts that are shown
  private data: PanelData | null = null;

  constructor(
    private readonly host: HTMLElement,
    private readonly context: PanelContext,
  ) {
    const wish = obj(arr(context.panel.options.sortBy)[0]);
    const name = str(wish.displayName);
    this.sort = name ? { name, desc: bool(wish.desc) } : null;
  }

  update(data: PanelData): void {
    this.data = data;
    this.draw();
  }

  private draw(): void {
    const { frames } = this.data!;
    const frame = frames[Math.min(this.chosen, frames.length - 1)];
    if (!frame) {
      this.host.replaceChildren();
      return;
    }
    const names = shownNames(frames);
    const columns = columnsOf(frame, names);
    const place = this.sort && !columns.some((c) => c.name === this.sort!.name) ? Number(this.sort.name) : NaN;
    if (columns[place]) this.sort = { ...this.sort!, name: columns[place].name }; // older files name it by number
    const rows = this.order(frame, columns);
    const focus = this.focusKey();
    const scroller = this.host.querySelector<HTMLElement>(".table-scroll");
    const kept = { top: scroller?.scrollTop ?? 0, left: scroller?.scrollLeft ?? 0 };
    const table = h("table", {
      class: `data-table cell-${str(at(this.context.panel.options, "cellHeight"), "sm")}`,
    });
    if (bool(this.context.panel.options.showHeader, true)) table.append(this.head(columns));
    table.append(this.body(frame, columns, rows));
    const foot = this.foot(columns);
    if (foot) table.append(foot);
    const scroll = h(
      "div",
      {
        class: "table-scroll",
        tabindex: "0",
        role: "region",
        "aria-label": this.context.panel.title || "Table",
      },
      table,
    );
    const more = rows.length > this.limit ? this.more(rows.length) : null;
    this.host.replaceChildren(
      ...[this.frames(frames), scroll, more].filter((x): x is HTMLElement => !!x),
    );
    scroll.scrollTop = kept.top;
    scroll.scrollLeft = kept.left;
    if (focus) this.host.querySelector<HTMLElement>(`[data-focus="${CSS.escape(focus)}"]`)?.focus();
  }

  /** Where the keyboard stands, so that a refresh does not lose it. */
  private focusKey(): string {
    const here = document.activeElement as HTMLElement | null;
    return here && this.host.contains(here) ? (here.dataset.focus ?? "") : "";
  }

  private order(frame: Frame, columns: Column[]): number[] {
    const by = this.sort && columns.find((c) => c.name === this.sort!.name);
    const all = by ? sortedRows(by.field.values, this.sort!.desc) : Array.from({ length: frame.length }, (_, i) => i);
    const filters = columns.filter((c) => this.filters.has(c.name));
    if (!filters.length) return all;
    return all.filter((row) => filters.every((c) => this.filters.get(c.name)!.has(this.textOf(c, row))));
  }

  private textOf(column: Column, row: number): string {
    const { prefix, text, suffix } = shown(column, row, this.context);
    return prefix + text + suffix;
  }

  /** The button that narrows the rows by the values of a column. */
  private filterButton(column: Column): HTMLElement {
    const on = this.filters.has(column.name);
    const button: HTMLButtonElement = iconButton("filter", `Filter by ${column.name}`, () => {
      const texts = column.field.values.map((_, row) => this.textOf(column, row));
      void import("./tablefilter.ts").then((part) =>
        part.openFilter(button, column.name, texts, this.filters.get(column.name) ?? null, {
          filter: (wanted) => {
            if (wanted) this.filters.set(column.name, wanted);
            else this.filters.delete(column.name);
            this.draw();
          },
          closed: () => this.host.querySelector<HTMLElement>(`[data-focus="${CSS.escape(`filter-${column.name}`)}"]`)?.focus(),
        }),
      );
    });
    button.classList.add("th-filter");
    button.setAttribute("aria-pressed", String(on));
    button.setAttribute("aria-haspopup", "dialog");
    button.dataset.focus = `filter-${column.name}`;
    return button;
  }

  private head(columns: Column[]): HTMLElement {
    const cells = columns.map((c) => {
      const on = this.sort?.name === c.name;
      const state = on ? (this.sort!.desc ? "descending" : "ascending") : "none";
      const button = h("button", {
        type: "button",
        class: "th-sort",
        text: c.name,
        "data-focus": `sort-${c.name}`,
        onclick: () => {
          this.sort = on
            ? this.sort!.desc
              ? null
              : { name: c.name, desc: true }
            : { name: c.name, desc: false };
          this.draw();
        },
      });
      const filter = bool(c.field.config.custom.filterable) ? this.filterButton(c) : null;
      const th = h("th", { scope: "col", class: `to-${c.align}`, "aria-sort": state }, button, filter);
      const width = num(c.field.config.custom.width);
      const least = num(c.field.config.custom.minWidth);
      if (width) th.style.width = th.style.maxWidth = `${width}px`;
      if (least) th.style.minWidth = `${least}px`;
      return th;
    });
    return h("thead", {}, h("tr", {}, ...cells));
  }

  private body(frame: Frame, columns: Column[], rows: number[]): HTMLElement {
    const body = h("tbody");
    const forRow = columns.find((c) => c.wholeRow);
    for (const row of rows.slice(0, this.limit)) {
      const tr = h("tr");
      for (const c of columns) tr.append(this.cell(frame, c, row));
      if (forRow) {
        const value = shown(forRow, row, this.context);
        for (const td of tr.cells) paintCell(td, forRow, value);
      }
      body.append(tr);
      const inner = frame.nested?.[row];
      if (inner) this.nest(tr, frame, inner, columns.map((c) => this.textOf(c, row)).join("\n"));
    }
    return body;
  }

  /** The button that unfolds a row's own table, and the table below it. */
  private nest(tr: HTMLTableRowElement, frame: Frame, inner: Frame, key: string): void {
    const open = this.turned.has(key) !== !!frame.unfolded;
    const button = h(
      "button",
      {
        type: "button",
        class: "unfold",
        "aria-expanded": String(open),
        "aria-label": `Rows of ${key.replace(/\n/g, ", ")}`,
        "data-focus": `nested-${key}`,
        onclick: () => {
          if (!this.turned.delete(key)) this.turned.add(key);
          this.draw();
        },
      },
      icon("right"),
    );
    tr.cells[0]?.prepend(button);
    if (!open) return;
    const columns = columnsOf(inner, shownNames([inner]));
    const rows = Array.from({ length: inner.length }, (_, i) => i);
    const heads = columns.map((c) => h("th", { scope: "col", class: `to-${c.align}`, text: c.name }));
    const table = h("table", { class: "data-table" }, h("thead", {}, h("tr", {}, ...heads)), this.body(inner, columns, rows));
    tr.after(h("tr", { class: "nested" }, h("td", { colspan: String(tr.cells.length) }, table)));
  }

  private cell(frame: Frame, column: Column, row: number): HTMLElement {
    const value = shown(column, row, this.context);
    const td = h("td", { class: `to-${column.align}` });
    const text = value.prefix + value.text + value.suffix;
    let link = null;
    for (const l of column.field.config.links ?? [])
      link ??= this.context.link(l, { frame, field: column.field, row, text, name: column.name });
    if (column.cell === "gauge" && value.text !== "") {
      td.classList.add("with-gauge");
      td.append(gaugeCell(value));
    }
    const courses = column.field.courses?.[row];
    if (courses) {
      td.classList.add("with-course");
      td.append(course(courses, value.color, column.field.config));
    }
    if (courses && column.hidesValue) return td;
    if (link && text)
      td.append(
        h("a", {
          href: link.href,
          text,
          title: link.title || null,
          "data-focus": `link-${row}-${column.name}`,
          target: link.blank ? "_blank" : null,
          rel: link.blank ? "noopener noreferrer" : null,
        }),
      );
    else td.append(h("span", { class: "cell-text", text }));
    if (text.length > 24) td.title = text;
    paintCell(td, column, value);
    return td;
  }

  private foot(columns: Column[]): HTMLElement | null {
    const footer = obj(this.context.panel.options.footer);
    if (!bool(footer.show)) return null;
    const reducer = strings(footer.reducer)[0] ?? "sum";
    const only = strings(footer.fields);
    const cells = columns.map((c) => {
      const wanted = c.field.type === "number" && (!only.length || only.includes(c.name));
      let text = "";
      if (wanted) {
        const v = calcOf(reducer).of(c.field.values);
        const field = { ...c, field: { ...c.field, values: [v] } };
        text = valueText(shown(field, 0, this.context));
      } else if (c === columns[0]) {
        text = bool(footer.countRows) ? `${c.field.values.length} rows` : calcOf(reducer).label;
      }
      return h("td", { class: `to-${c.align}`, text });
    });
    return h("tfoot", {}, h("tr", {}, ...cells));
  }

  private more(total: number): HTMLElement {
    return h("button", {
      type: "button",
      class: "table-more",
      "data-focus": "more",
      text: `Show more (${this.limit} of ${total} rows)`,
      onclick: () => {
        this.limit += PAGE_ROWS * 5;
        this.draw();
      },
    });
  }

  /** A choice between frames where a query gave several. */
  private frames(frames: Frame[]): HTMLElement | null {
    if (frames.length < 2) return null;
    const names = shownNames(frames);
    const select = h("select", {
      class: "table-frame",
      "aria-label": "Series",
      "data-focus": "frame",
    });
    frames.slice(0, 500).forEach((f, i) => {
      const field = f.fields.find((x) => x.type !== "time");
      const name = (field && names.get(field)) || f.name || `Series ${i + 1}`;
      select.append(h("option", { value: String(i), text: name }));
    });
    select.value = String(Math.min(this.chosen, frames.length - 1));
    select.addEventListener("change", () => {
      this.chosen = Number(select.value);
      this.draw();
    });
    return select;
  }
}

export const table: PanelKind = {
  needsData: true,
  wantsSeries: false,
  create: (host, context) => {
    host.classList.add("table-host");
    return new TableView(host, context);
  },
};
