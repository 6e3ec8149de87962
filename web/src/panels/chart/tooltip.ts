// The tooltip of charts: the time, and the values of one or all series at the cursor.
import { clock } from "../../data/clock.ts";
import { at, bool, str } from "../../model/json.ts";
import { display } from "../../data/display.ts";
import { formatDate } from "../../data/time.ts";
import { h } from "../../ui/dom.ts";
import type { PanelContext } from "../kind.ts";
import { dataLimits, valueText } from "../values.ts";
import type { ChartSeries } from "./model.ts";

const MAX_ROWS = 18;

let box: HTMLElement | null = null;

function element(): HTMLElement {
  if (!box) {
    box = h("div", { class: "tooltip", role: "status", hidden: true });
    document.body.append(box);
  }
  return box;
}

export function hideTooltip(): void {
  clock.pointed = null;
  if (box) box.hidden = true;
}

/** Puts the box beside the pointer, kept inside the window. */
function place(el: HTMLElement, x: number, y: number): void {
  const { width, height } = el.getBoundingClientRect();
  const gap = 14;
  const left = x + gap + width > innerWidth ? Math.max(4, x - gap - width) : x + gap;
  const top = Math.min(Math.max(4, y + gap), Math.max(4, innerHeight - height - 4));
  el.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
}

export interface TooltipRow {
  series: ChartSeries;
  value: number;
}

/** The values to list at one place of the x column. */
export function tooltipRows(
  series: ChartSeries[],
  at: number,
  hidden: (n: string) => boolean,
): TooltipRow[] {
  const rows: TooltipRow[] = [];
  for (const s of series) {
    const v = s.raw[at];
    if (s.inTooltip && s.inChart && !hidden(s.name) && typeof v === "number")
      rows.push({ series: s, value: v });
  }
  return rows;
}

export interface TooltipLine {
  color: string; // "" for none
  name: string;
  text: string;
  near?: boolean;
}

function lineOf(line: TooltipLine): HTMLElement {
  const mark = line.color ? h("span", { class: "legend-mark" }) : null;
  if (mark) mark.style.background = line.color;
  return h(
    "div",
    { class: line.near ? "tooltip-row near" : "tooltip-row" },
    mark,
    h("span", { class: "tooltip-name", text: line.name }),
    h("span", { class: "tooltip-value", text: line.text }),
  );
}

/** Shows a heading and lines of names and values beside the pointer. */
export function showLines(
  head: string,
  lines: TooltipLine[],
  pointer: { x: number; y: number },
  more = 0,
): void {
  const el = element();
  el.replaceChildren(h("div", { class: "tooltip-time", text: head }), ...lines.map(lineOf));
  if (more > 0) el.append(h("div", { class: "tooltip-more", text: `and ${more} more` }));
  el.hidden = false;
  place(el, pointer.x, pointer.y);
}

function valueLine(row: TooltipRow, context: PanelContext, near: boolean): TooltipLine {
  const shown = display(row.series.config, row.value, {
    theme: context.theme,
    timezone: context.timezone,
    seriesIndex: 0,
    name: row.series.name,
    limits: dataLimits([row.series.field]),
  });
  return { color: row.series.color, name: row.series.name, text: valueText(shown), near };
}

/** Shows the tooltip; `near` is the series closest to the pointer. */
export function showTooltip(
  context: PanelContext,
  rows: TooltipRow[],
  time: number,
  near: ChartSeries | null,
  pointer: { x: number; y: number },
  notes: TooltipLine[] = [],
): void {
  clock.pointed = time;
  const options = at(context.panel.options, "tooltip");
  const mode = str(at(options, "mode"), "single");
  let list = mode === "single" ? rows.filter((r) => r.series === near) : rows;
  if (bool(at(options, "hideZeros"))) list = list.filter((r) => r.value !== 0);
  if (mode === "none" || (!list.length && !notes.length)) {
    hideTooltip();
    return;
  }
  const sort = str(at(options, "sort"), "none");
  if (sort === "desc") list = [...list].sort((a, b) => b.value - a.value);
  if (sort === "asc") list = [...list].sort((a, b) => a.value - b.value);
  const nearAt = list.findIndex((r) => r.series === near);
  const from = Math.max(0, Math.min(nearAt - MAX_ROWS + 3, list.length - MAX_ROWS));
  const visible = list.slice(from, from + MAX_ROWS);
  showLines(
    formatDate(time, "ddd MMM DD, HH:mm:ss", context.timezone),
    [...notes, ...visible.map((r) => valueLine(r, context, list.length > 1 && r.series === near))],
    pointer,
    list.length - visible.length,
  );
}
