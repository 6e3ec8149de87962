// Heatmap: how many values lie where, over time. Rows are buckets that a query gave, or counted here.
import { type Heat, heatOf, heatOptionsOf, type HeatRow } from "../data/buckets.ts";
import { namedColor, schemeColor, textOn, type Theme, withAlpha } from "../data/colors.ts";
import { formatDate, roundSpan } from "../data/time.ts";
import { at, bool, type Json, num, obj, str } from "../model/json.ts";
import { h } from "../ui/dom.ts";
import { timeLabels } from "./chart/scales.ts";
import { hideTooltip, showLines } from "./chart/tooltip.ts";
import type { PanelContext, PanelData, PanelKind, PanelView } from "./kind.ts";
import { axisText, type Box, sizeOf, textWidth, ticksOf } from "./plot.ts";

const MIN_LABEL_PX = 15;

/** Which counts the colours span, and the colour of a count. */
function scaleOf(heat: Heat, options: Json, theme: Theme) {
  const color = obj(options.color);
  const least = num(at(options, "filterValues.le")) ?? 1e-9;
  const most = num(at(options, "filterValues.ge")) ?? Infinity;
  const drawn = (v: number | null): v is number => v !== null && v > least && v < most;
  let [low, high] = [Infinity, -Infinity];
  for (const row of heat.cells)
    for (const v of row) if (drawn(v)) [low, high] = [Math.min(low, v), Math.max(high, v)];
  const min = num(color.min) ?? (Number.isFinite(low) ? low : 0);
  const max = num(color.max) ?? (Number.isFinite(high) ? high : 1);
  const steps = Math.min(128, Math.max(2, num(color.steps) ?? 64));
  const power = color.scale === "linear" ? 1 : (num(color.exponent) ?? 0.5);
  const of = (v: number): string => {
    const share = max > min ? Math.min(1, Math.max(0, (v - min) / (max - min))) : 1;
    const step = Math.min(steps - 1, Math.floor(share * steps)) / (steps - 1);
    if (color.mode === "opacity")
      return withAlpha(
        namedColor(str(color.fill, "dark-orange"), theme, true),
        0.08 + 0.92 * step ** power,
      );
    return schemeColor(str(color.scheme, "Oranges"), step, theme, bool(color.reverse));
  };
  return { min, max, drawn, of };
}

class HeatmapView implements PanelView {
  private readonly canvas = h("canvas");
  private readonly plot = h("div", { class: "plot", tabindex: "0", role: "img" }, this.canvas);
  private readonly scale = h("div", { class: "heat-scale" });
  private readonly options: Json;
  private heat: Heat | null = null;
  private data: PanelData | null = null;
  private box: Box = { left: 0, top: 0, width: 1, height: 1 };
  private unit: string | undefined;

  constructor(
    host: HTMLElement,
    private readonly context: PanelContext,
  ) {
    this.options = context.panel.options;
    host.classList.add("chart-host");
    host.append(this.plot);
    if (bool(at(this.options, "legend.show"), true)) host.append(this.scale);
    this.plot.addEventListener("pointermove", (e) => this.hover(e));
    this.plot.addEventListener("pointerleave", hideTooltip);
  }

  update(data: PanelData): void {
    this.data = data;
    this.heat = heatOf(data.frames, {
      ...heatOptionsOf(obj(this.options.calculation)),
      calculate: bool(this.options.calculate),
      leastX: data.stepMs,
    });
    const config = data.frames.flatMap((f) => f.fields).find((f) => f.type === "number")?.config;
    this.unit = str(at(this.options, "yAxis.unit")) || config?.unit;
    this.draw();
  }

  resize(): void {
    this.draw();
  }

  destroy(): void {
    hideTooltip();
  }

  /** What a row is called: its name, or the bound below it. */
  private rowText(row: HeatRow, bound: number): string {
    if (Number.isNaN(row.min)) return row.label;
    return Number.isFinite(bound) ? axisText(bound, this.unit, this.decimals()) : "∞";
  }

  private decimals(): number | undefined {
    return num(at(this.options, "yAxis.decimals"));
  }

  private words(row: HeatRow): string {
    if (Number.isNaN(row.min)) return row.label;
    if (!Number.isFinite(row.min)) return `up to ${this.rowText(row, row.max)}`;
    if (!Number.isFinite(row.max)) return `above ${this.rowText(row, row.min)}`;
    return `${this.rowText(row, row.min)} to ${this.rowText(row, row.max)}`;
  }

  private rows(): HeatRow[] {
    const rows = this.heat?.rows ?? [];
    return bool(at(this.options, "yAxis.reverse")) ? [...rows].reverse() : rows;
  }

  /** The row number in the data for a place from the bottom up. */
  private rowAt(place: number): number {
    const n = this.heat!.rows.length;
    return bool(at(this.options, "yAxis.reverse")) ? n - 1 - place : place;
  }

  private draw(): void {
    const { heat, data } = this;
    if (!heat || !data) return;
    const { width, height } = sizeOf(this.plot);
    const ratio = devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    const pen = this.canvas.getContext("2d");
    if (!pen) return;
    pen.scale(ratio, ratio);
    const style = getComputedStyle(this.plot);
    pen.font = `11px ${style.fontFamily}`;
    pen.fillStyle = style.getPropertyValue("--text-dim").trim() || "#888";
    const labels = this.rows().map((r) => this.rowText(r, r.min));
    const left = Math.min(width * 0.4, Math.max(30, ...labels.map(textWidth)) + 10);
    this.box = { left, top: 4, width: width - left - 8, height: height - 28 };
    this.axes(pen, labels);
    this.cells(pen);
    const kept = heat.cells.flat().filter((v) => v !== null && v > 0).length;
    this.plot.setAttribute(
      "aria-label",
      `${this.context.panel.title || "Heatmap"}: ${heat.rows.length} rows, ${kept} filled cells`,
    );
  }

  private axes(pen: CanvasRenderingContext2D, labels: string[]): void {
    const { left, top, width, height } = this.box;
    const { from, to } = this.data!.range;
    const each = height / labels.length;
    const every = Math.max(1, Math.ceil(MIN_LABEL_PX / each));
    const named = this.rows().every((r) => Number.isNaN(r.min));
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    labels.forEach((text, i) => {
      const y = top + height - each * (named ? i + 0.5 : i);
      if (i % every === 0 && text !== "∞" && (named || Number.isFinite(this.rows()[i]!.min)))
        pen.fillText(text, left - 6, Math.min(y, top + height - 5), left - 8);
    });
    pen.textAlign = "center";
    const step = roundSpan((to - from) / Math.max(2, width / 90));
    const times = ticksOf(from / step, to / step, (to - from) / step).map((t) => t * step);
    timeLabels(times, step, this.context.timezone).forEach((text, i) => {
      const x = left + ((times[i]! - from) / (to - from)) * width;
      if (x > left + 16 && x < left + width - 16) pen.fillText(text, x, top + height + 14);
    });
  }

  private cells(pen: CanvasRenderingContext2D): void {
    const heat = this.heat!;
    const { left, top, width, height } = this.box;
    const { from, to } = this.data!.range;
    const colors = scaleOf(heat, this.options, this.context.theme);
    const gap = Math.min(num(this.options.cellGap) ?? 1, 10);
    const each = height / heat.rows.length;
    const write =
      str(this.options.showValue) === "always" ||
      (str(this.options.showValue) === "auto" && each > 18);
    pen.save();
    pen.beginPath();
    pen.rect(left, top, width, height);
    pen.clip();
    for (let place = 0; place < heat.rows.length; place++)
      heat.cells[this.rowAt(place)]!.forEach((v, i) => {
        if (!colors.drawn(v)) return;
        const at = (t: number): number => Math.round(left + ((t - from) / (to - from)) * width);
        const x = at(heat.times[i]!);
        const wide = at(heat.times[i]! + heat.stepMs) - x;
        const inner = Math.max(0.5, wide - (wide > 3 ? gap : 0));
        const y = top + height - each * (place + 1);
        pen.fillStyle = colors.of(v);
        pen.fillRect(x, y, inner, Math.max(0.5, each - (each > 3 ? gap : 0)));
        const text = write ? this.count(v) : "";
        if (!text || textWidth(text) > inner) return;
        pen.fillStyle = textOn(colors.of(v));
        pen.fillText(text, x + inner / 2, top + height - each * (place + 0.5));
      });
    pen.restore();
    this.drawScale(colors);
  }

  private count(v: number): string {
    const cell = obj(this.options.cellValues);
    return axisText(v, str(cell.unit) || "short", num(cell.decimals));
  }

  private drawScale(colors: ReturnType<typeof scaleOf>): void {
    const { min, max } = colors;
    const bar = h("span");
    const stops = Array.from({ length: 9 }, (_, i) => colors.of(min + ((max - min) * i) / 8));
    bar.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
    this.scale.replaceChildren(
      h("span", { text: this.count(min) }),
      bar,
      h("span", { text: this.count(max) }),
    );
  }

  private hover(e: PointerEvent): void {
    const { heat, box } = this;
    if (!heat || !this.data) return;
    const rect = this.plot.getBoundingClientRect();
    const { from, to } = this.data.range;
    const time = from + ((e.clientX - rect.left - box.left) / box.width) * (to - from);
    const place = Math.floor(
      (box.top + box.height - (e.clientY - rect.top)) / (box.height / heat.rows.length),
    );
    const row = place >= 0 && place < heat.rows.length ? this.rowAt(place) : -1;
    let i = heat.times.length - 1;
    while (i >= 0 && heat.times[i]! > time) i--;
    const v = i >= 0 && time < heat.times[i]! + heat.stepMs ? heat.cells[row]?.[i] : null;
    if (v === null || v === undefined) {
      hideTooltip();
      return;
    }
    const colors = scaleOf(heat, this.options, this.context.theme);
    const when = formatDate(heat.times[i]!, "ddd MMM DD, HH:mm:ss", this.context.timezone);
    const line = { color: colors.of(v), name: this.words(heat.rows[row]!), text: this.count(v) };
    showLines(when, [line], { x: e.clientX, y: e.clientY });
  }
}

export const heatmap: PanelKind = {
  needsData: true,
  wantsSeries: true,
  create: (host, context) => new HeatmapView(host, context),
};
