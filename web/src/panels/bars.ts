// Bars in slots, beside or on one another, lying or standing: the drawing of bar charts and histograms.
import { withAlpha } from "../data/colors.ts";
import { svg } from "../ui/dom.ts";
import { axisText, type Box, type Size, textWidth, ticksOf } from "./plot.ts";

export interface BarSeries {
  name: string;
  values: (number | null)[]; // one per slot
  texts: string[];
  colors: string[]; // one per slot
  fillOpacity: number; // 0 to 100
  lineWidth: number;
}

export interface Bars {
  slots: { from: number; to: number }[]; // along the axis, as shares of it
  ticks: { at: number; text: string }[];
  turn: number; // degrees that the ticks' texts are turned by
  series: BarSeries[];
  stacking: string; // none, normal, percent
  lying: boolean;
  groupWidth: number; // share of a slot
  barWidth: number; // share of a bar's place in its slot
  showValue: string; // auto, always, never
  unit: string | undefined;
  decimals: number | undefined;
  min: number | undefined;
  max: number | undefined;
}

interface Piece {
  series: number;
  slot: number;
  from: number; // of the value axis
  to: number;
  place: number; // among the bars of the slot
}

/** Where every bar begins and ends, and into how many places a slot is divided. */
export function pieces(bars: Bars): { all: Piece[]; places: number } {
  const all: Piece[] = [];
  const stacked = bars.stacking === "normal" || bars.stacking === "percent";
  bars.slots.forEach((_, slot) => {
    const total = bars.series.reduce((sum, s) => sum + Math.abs(s.values[slot] ?? 0), 0);
    let [up, down] = [0, 0];
    bars.series.forEach((s, series) => {
      const raw = s.values[slot];
      if (raw === null || raw === undefined || !Number.isFinite(raw)) return;
      if (!stacked) {
        all.push({ series, slot, from: 0, to: raw, place: series });
        return;
      }
      const v = bars.stacking === "percent" ? (total ? raw / total : 0) : raw;
      const from = v < 0 ? down : up;
      if (v < 0) down += v;
      else up += v;
      all.push({ series, slot, from, to: from + v, place: 0 });
    });
  });
  return { all, places: stacked ? 1 : Math.max(1, bars.series.length) };
}

function limits(bars: Bars, all: Piece[]): [number, number] {
  const ends = all.flatMap((p) => [p.from, p.to]);
  const low = bars.min ?? Math.min(0, ...ends);
  const high = bars.max ?? Math.max(0, ...ends) * (bars.stacking === "percent" ? 1 : 1.04);
  return [low, high > low ? high : low + 1];
}

function axes(
  bars: Bars,
  box: Box,
  span: [number, number],
  ticks: number[],
  texts: string[],
): SVGElement[] {
  const { left, top, width, height } = box;
  const out: SVGElement[] = [];
  ticks.forEach((v, i) => {
    const share = (v - span[0]) / (span[1] - span[0]);
    const x = left + share * width;
    const y = top + height - share * height;
    out.push(
      bars.lying
        ? svg("line", { x1: x, x2: x, y1: top, y2: top + height })
        : svg("line", { x1: left, x2: left + width, y1: y, y2: y }),
      bars.lying
        ? svg("text", { x, y: top + height + 15, "text-anchor": "middle", text: texts[i]! })
        : svg("text", { x: left - 6, y: y + 4, "text-anchor": "end", text: texts[i]! }),
    );
  });
  const room = (bars.lying ? height : width) / Math.max(1, bars.ticks.length);
  const long = Math.max(0, ...bars.ticks.map((t) => textWidth(t.text)));
  const needed = bars.lying || bars.turn ? 15 : long + 8;
  const every = Math.max(1, Math.ceil(needed / room));
  bars.ticks.forEach((t, i) => {
    if (i % every) return;
    const x = bars.lying ? left - 6 : left + t.at * width;
    const y = bars.lying ? top + t.at * height + 4 : top + height + 15;
    const turned = !bars.lying && bars.turn ? `rotate(${bars.turn} ${x} ${y})` : null;
    const anchor = bars.lying || turned ? "end" : "middle";
    out.push(svg("text", { x, y, "text-anchor": anchor, transform: turned, text: t.text }));
  });
  return out;
}

/** How much room the texts around the bars take. */
function boxOf(bars: Bars, size: Size, valueTexts: string[]): Box {
  const names = Math.max(0, ...bars.ticks.map((t) => textWidth(t.text)));
  const values = Math.max(0, ...valueTexts.map(textWidth));
  const left = Math.min(size.width * 0.4, (bars.lying ? names : values) + 12);
  const lean = Math.abs(Math.sin((bars.turn * Math.PI) / 180));
  const foot = bars.lying ? 22 : Math.min(size.height * 0.4, 22 + names * lean);
  const lengths = bars.series.flatMap((s) => s.texts.map(textWidth));
  const right = bars.lying && bars.showValue !== "never" ? Math.max(12, ...lengths) + 8 : 20;
  const width = Math.max(40, size.width - left - right);
  return { left, top: 12, width, height: size.height - 12 - foot };
}

function barOf(
  bars: Bars,
  p: Piece,
  places: number,
  box: Box,
  span: [number, number],
): SVGElement[] {
  const s = bars.series[p.series]!;
  const slot = bars.slots[p.slot]!;
  const long = bars.lying ? box.height : box.width;
  const group = (slot.to - slot.from) * bars.groupWidth * long;
  const each = group / places;
  const thick = Math.max(1, each * bars.barWidth);
  const start =
    ((slot.from + slot.to) / 2) * long - group / 2 + each * p.place + (each - thick) / 2;
  const share = (v: number): number =>
    Math.min(1, Math.max(0, (v - span[0]) / (span[1] - span[0])));
  const [a, b] = [share(Math.min(p.from, p.to)), share(Math.max(p.from, p.to))];
  const reach = (b - a) * (bars.lying ? box.width : box.height);
  const place = bars.lying
    ? { x: box.left + a * box.width, y: box.top + start, width: reach, height: thick }
    : { x: box.left + start, y: box.top + (1 - b) * box.height, width: thick, height: reach };
  const color = s.colors[p.slot]!;
  const rect = svg("rect", {
    ...place,
    fill: withAlpha(color, s.fillOpacity / 100),
    stroke: s.lineWidth > 0 ? color : "none",
    "stroke-width": s.lineWidth,
    "data-bar": `${p.series}/${p.slot}`,
  });
  const text = s.texts[p.slot]!;
  const fits = bars.lying ? thick >= 11 : textWidth(text) <= group / (places > 1 ? places : 1) + 4;
  if (bars.showValue === "never" || (bars.showValue === "auto" && !fits) || places > 24)
    return [rect];
  const label = bars.lying
    ? {
        x: place.x + reach + 4,
        y: place.y + thick / 2 + 4,
      }
    : { x: place.x + thick / 2, y: Math.max(10, place.y - 4), "text-anchor": "middle" };
  return [rect, svg("text", { ...label, class: "plot-value", text })];
}

/** Draws all of it into `canvas`, which is as large as `size`. */
export function drawBars(canvas: SVGSVGElement, size: Size, bars: Bars): void {
  const { all, places } = pieces(bars);
  const span = limits(bars, all);
  const unit = bars.stacking === "percent" ? "percentunit" : bars.unit;
  const across = bars.lying ? size.width / 90 : size.height / 40;
  const ticks = ticksOf(span[0], span[1], Math.max(2, Math.floor(across)));
  const texts = ticks.map((v) =>
    axisText(v, unit, bars.stacking === "percent" ? 0 : bars.decimals),
  );
  const box = boxOf(bars, size, texts);
  canvas.setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
  canvas.replaceChildren(
    ...axes(bars, box, span, ticks, texts),
    ...all.flatMap((p) => barOf(bars, p, places, box, span)),
  );
}
