// Scales and axes of a chart: one y scale per unit and limits, the time axis, labels that stay
// distinct and short.
import uPlot from "uplot";
import { bool, num, obj, str } from "../../model/json.ts";
import { formattedText, formatValue, isBinaryUnit } from "../../data/units.ts";
import type { Theme } from "../../data/colors.ts";
import { formatDate } from "../../data/time.ts";
import type { ChartSeries } from "./model.ts";

export interface ScaleInfo {
  key: string;
  unit: string;
  decimals: number | undefined;
  min: number | undefined;
  max: number | undefined;
  softMin: number | undefined;
  softMax: number | undefined;
  log: 0 | 2 | 10;
  centeredZero: boolean;
  percent: boolean; // percent stacking: shares of one
  side: "left" | "right" | "hidden";
  label: string;
  width: number | undefined;
  fromZero: boolean; // bars and stacks stand on zero
  grid: boolean;
}

function infoOf(s: ChartSeries): ScaleInfo {
  const c = s.config.custom;
  const distribution = obj(c.scaleDistribution);
  const log = distribution.type === "log" ? (num(distribution.log) === 2 ? 2 : 10) : 0;
  const percent = s.stackMode === "percent";
  const placement = str(c.axisPlacement, "auto");
  const info = {
    unit: percent ? "percentunit" : (s.config.unit ?? ""),
    decimals: s.config.decimals,
    min: percent ? 0 : s.config.min,
    max: percent ? 1 : s.config.max,
    softMin: num(c.axisSoftMin),
    softMax: num(c.axisSoftMax),
    log: log as 0 | 2 | 10,
    centeredZero: bool(c.axisCenteredZero),
    percent,
    label: str(c.axisLabel),
    width: num(c.axisWidth),
    grid: c.axisGridShow !== false,
  };
  const key = JSON.stringify([
    info.unit,
    info.min,
    info.max,
    info.softMin,
    info.softMax,
    log,
    info.centeredZero,
    placement === "auto" ? "" : placement,
  ]);
  const side = placement === "right" ? "right" : placement === "hidden" ? "hidden" : "left";
  const fromZero = (s.draw === "bars" || s.stackMode === "normal") && !log;
  return { ...info, key: `y${key}`, side, fromZero };
}

/** The y scales in order of first use; unplaced second ones go to the right. */
export function scalesOf(series: ChartSeries[]): { scales: ScaleInfo[]; keyOf: string[] } {
  const scales: ScaleInfo[] = [];
  const keyOf = series.map((s) => {
    const info = infoOf(s);
    const known = scales.find((x) => x.key === info.key);
    if (known) {
      known.fromZero ||= info.fromZero;
      known.label ||= info.label;
      return known.key;
    }
    const placed = str(s.config.custom.axisPlacement, "auto") !== "auto";
    if (!placed && scales.some((x) => x.side === "left")) info.side = "right";
    scales.push(info);
    return info.key;
  });
  return { scales, keyOf };
}

function softRange(info: ScaleInfo, low: number, high: number): uPlot.Range.MinMax {
  if (low === 0 && high === 0) high = 1; // nothing but zeros: not a scale up to a hundred
  if (info.centeredZero) {
    const reach = Math.max(Math.abs(low), Math.abs(high), 1e-9);
    [low, high] = [-reach, reach];
  }
  if (info.fromZero) {
    low = Math.min(0, low);
    high = Math.max(0, high);
  }
  const cfg: uPlot.Range.Config = {
    min: { pad: 0.1, mode: info.softMin === undefined ? 3 : 1, soft: info.softMin ?? 0 },
    max: { pad: 0.1, mode: info.softMax === undefined ? 0 : 1, soft: info.softMax ?? 0 },
  };
  let [a, b] = uPlot.rangeNum(low, high, cfg);
  if (info.softMin !== undefined) a = Math.min(a ?? info.softMin, info.softMin);
  if (info.softMax !== undefined) b = Math.max(b ?? info.softMax, info.softMax);
  return [a, b];
}

/** The range function of a scale: hard limits win, soft ones widen, the rest fits the data. */
export function rangeOf(info: ScaleInfo): uPlot.Range.Function {
  return (_u, dataMin, dataMax) => {
    const empty = dataMin === null || dataMax === null || !Number.isFinite(dataMin);
    const low = empty ? (info.min ?? 0) : dataMin;
    const high = empty ? (info.max ?? Math.max(1, low + 1)) : dataMax;
    if (info.log) {
      const least = low > 0 ? low : Math.max(high / 1000, 1e-6);
      const [a, b] = uPlot.rangeLog(least, Math.max(high, least * 10), info.log, true);
      return [info.min && info.min > 0 ? info.min : a, info.max ?? b];
    }
    const [a, b] = softRange(info, low, high);
    const min = info.min ?? a!;
    let max = info.max ?? b!;
    if (max <= min) max = min + 1;
    return [min, max];
  };
}

const BINARY_INCREMENTS = (() => {
  const out: number[] = [];
  for (let power = 0; power < 7; power++)
    for (const m of [1, 2, 4, 5, 8, 10, 16, 20, 32, 50, 64, 100, 128, 200, 256, 500, 512])
      out.push(m * 1024 ** power);
  return out.sort((a, b) => a - b);
})();

function decimalsIn(text: string): number {
  const part = text.split(".")[1] ?? "";
  return part.replace(/0+$/, "").length;
}

/** Labels with as few decimals as keep neighbours apart, equally many within one unit. */
export function axisLabels(splits: number[], unit: string, decimals?: number): string[] {
  const print = (of: (i: number) => number | undefined): string[] =>
    splits.map((v, i) => formattedText(formatValue(v, unit, of(i))));
  const apart = (labels: string[]): boolean => new Set(labels).size === labels.length;
  if (decimals !== undefined) {
    const given = print(() => decimals);
    if (apart(given)) return given;
  }
  const automatic = splits.map((v) => formatValue(v, unit));
  const most = new Map<string, number>();
  for (const f of automatic)
    most.set(f.suffix, Math.max(most.get(f.suffix) ?? 0, decimalsIn(f.text)));
  const labels = print((i) => most.get(automatic[i]!.suffix));
  if (apart(labels)) return labels;
  for (let d = 1; d <= 8; d++) {
    const finer = print(() => d);
    if (apart(finer)) return finer;
  }
  return labels;
}

const measured = new Map<string, number>();
let pen: CanvasRenderingContext2D | null = null;

function textWidth(text: string, font: string): number {
  const key = font + text;
  const known = measured.get(key);
  if (known !== undefined) return known;
  pen ??= document.createElement("canvas").getContext("2d");
  if (!pen) return text.length * 6.5;
  pen.font = font;
  const width = pen.measureText(text).width;
  if (measured.size > 2000) measured.clear();
  measured.set(key, width);
  return width;
}

/** Time labels that say as much as the distance between them needs; midnight shows its day. */
export function timeLabels(splits: number[], stepMs: number, timezone: string): string[] {
  const clock = stepMs < 1000 ? "HH:mm:ss.SSS" : stepMs < 60_000 ? "HH:mm:ss" : "HH:mm";
  return splits.map((t) => {
    if (stepMs >= 28 * 86_400_000) return formatDate(t, "YYYY-MM", timezone);
    const midnight = formatDate(t, "HH:mm:ss.SSS", timezone) === "00:00:00.000";
    return formatDate(t, stepMs >= 86_400_000 || midnight ? "MMM DD" : clock, timezone);
  });
}

export interface AxisLook {
  text: string;
  grid: string;
  font: string;
}

const looks = new Map<Theme, AxisLook>();

/** Colours and font of axes: the page's, asked for once a theme. */
export function axisLook(host: HTMLElement, theme: Theme): AxisLook {
  const known = looks.get(theme);
  if (known) return known;
  const style = getComputedStyle(host);
  const look = {
    text: style.getPropertyValue("--text-dim").trim() || "#888",
    grid: style.getPropertyValue("--grid").trim() || "rgba(128,128,128,0.2)",
    font: `11px ${style.fontFamily}`,
  };
  looks.set(theme, look);
  return look;
}

export function xAxis(look: AxisLook, timezone: string): uPlot.Axis {
  return {
    stroke: look.text,
    font: look.font,
    size: 24,
    gap: 4,
    space: 70,
    grid: { stroke: look.grid, width: 1 },
    ticks: { stroke: look.grid, width: 1, size: 3 },
    values: (_u, splits, _i, _space, incr) => timeLabels(splits, incr, timezone),
  };
}

export function yAxis(info: ScaleInfo, look: AxisLook, first: boolean): uPlot.Axis {
  const axis: uPlot.Axis = {
    scale: info.key,
    show: info.side !== "hidden",
    side: info.side === "right" ? 1 : 3,
    stroke: look.text,
    font: look.font,
    gap: 6,
    space: (_u, _i, _min, _max, size) => (size > 360 ? 52 : 32),
    grid: { show: first && info.grid, stroke: look.grid, width: 1 },
    ticks: { show: false },
    values: (_u, splits) => axisLabels(splits, info.unit, info.decimals),
    size: (_u, values) => {
      const wide = (values ?? []).reduce((w, v) => Math.max(w, textWidth(String(v), look.font)), 0);
      return info.width ?? Math.max(36, Math.ceil(wide) + 14);
    },
  };
  if (isBinaryUnit(info.unit)) axis.incrs = BINARY_INCREMENTS;
  if (info.label) Object.assign(axis, { label: info.label, labelSize: 20, labelFont: look.font });
  return axis;
}
