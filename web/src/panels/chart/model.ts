// From frames to the series of a chart: one x column for all, how each is drawn, stacking.
import type { FieldConfig } from "../../model/dashboard.ts";
import { arr, bool, num, obj, str } from "../../model/json.ts";
import type { Theme } from "../../data/colors.ts";
import type { Field, Frame } from "../../data/frame.ts";
import { shownNames } from "../../data/matchers.ts";
import { fieldColor } from "../values.ts";

export type Y = (number | null | undefined)[];

export interface ChartSeries {
  name: string;
  field: Field;
  frame: Frame;
  config: FieldConfig;
  color: string;
  raw: Y; // as queried, on the common x
  y: Y; // as drawn: transformed and stacked
  draw: "line" | "bars" | "points";
  interpolation: string;
  width: number;
  fillOpacity: number;
  gradient: string;
  points: string; // auto, always, never
  pointSize: number;
  dash: number[] | undefined;
  barFactor: number;
  barAlign: -1 | 0 | 1;
  stack: string; // "" none, else group
  stackMode: "none" | "normal" | "percent";
  below: number; // index of the series it stands on, -1 none
  fillBelowTo: string;
  inLegend: boolean;
  inTooltip: boolean;
  inChart: boolean;
}

const MAX_SERIES = 500;

function dashOf(style: unknown, width: number): number[] | undefined {
  const s = obj(style);
  const given = arr(s.dash).map(Number).filter(Number.isFinite);
  if (s.fill === "dash") return given.length ? given : [10, 10];
  if (s.fill === "dot") return [Math.max(1, width), 3 * Math.max(1, width)];
  return undefined;
}

function seriesOf(
  field: Field,
  frame: Frame,
  name: string,
  index: number,
  theme: Theme,
): ChartSeries {
  const c = field.config.custom;
  const config = field.config.color
    ? field.config
    : { ...field.config, color: { mode: "palette-classic" } };
  const width = num(c.lineWidth) ?? 1;
  const stacking = obj(c.stacking);
  const mode = str(stacking.mode, "none");
  const hide = obj(c.hideFrom);
  const draw = str(c.drawStyle, "line");
  return {
    name,
    field,
    frame,
    config,
    color: fieldColor(field, name, index, theme),
    raw: [],
    y: [],
    draw: draw === "bars" || draw === "points" ? draw : "line",
    interpolation: str(c.lineInterpolation, "linear"),
    width,
    fillOpacity: num(c.fillOpacity) ?? 0,
    gradient: str(c.gradientMode, "none"),
    points: str(c.showPoints, "auto"),
    pointSize: num(c.pointSize) ?? 5,
    dash: dashOf(c.lineStyle, width),
    barFactor: num(c.barWidthFactor) ?? 0.6,
    barAlign: (num(c.barAlignment) ?? 0) as -1 | 0 | 1,
    stack: mode === "normal" || mode === "percent" ? str(stacking.group, "A") || "A" : "",
    stackMode: mode === "normal" || mode === "percent" ? mode : "none",
    below: -1,
    fillBelowTo: str(c.fillBelowTo),
    inLegend: !bool(hide.legend),
    inTooltip: !bool(hide.tooltip),
    inChart: !bool(hide.viz),
  };
}

/** All times of all frames, each once, ascending. */
function commonTimes(frames: Frame[]): number[] {
  const first = frames[0]?.fields.find((f) => f.type === "time")?.values as number[] | undefined;
  const all = new Set<number>(first ?? []);
  for (const frame of frames.slice(1)) {
    const time = frame.fields.find((f) => f.type === "time");
    for (const t of time?.values ?? []) if (typeof t === "number") all.add(t);
  }
  return [...all].sort((a, b) => a - b);
}

/** A column on the common times: null is a gap, undefined only says that others have a point here. */
function onTimes(times: number[], index: Map<number, number>, frame: Frame, field: Field): Y {
  const out: Y = new Array<number | null | undefined>(times.length).fill(undefined);
  const time = frame.fields.find((f) => f.type === "time")!;
  for (let i = 0; i < frame.length; i++) {
    const at = index.get(time.values[i] as number);
    const v = field.values[i];
    const n = typeof v === "boolean" ? Number(v) : v;
    if (at !== undefined) out[at] = typeof n === "number" && Number.isFinite(n) ? n : null;
  }
  return out;
}

/** Bridges gaps: all of them, or those up to so many ms. */
export function bridged(y: Y, times: number[], spanNulls: unknown): Y {
  if (spanNulls === true) return y.map((v) => v ?? undefined);
  if (typeof spanNulls !== "number") return y;
  const out = [...y];
  let last = -1;
  for (let i = 0; i < y.length; i++) {
    if (typeof y[i] !== "number") continue;
    if (last >= 0 && i - last > 1 && times[i]! - times[last]! <= spanNulls)
      for (let k = last + 1; k < i; k++) out[k] = undefined;
    last = i;
  }
  return out;
}

function transformed(y: Y, how: string): Y {
  if (how === "negative-Y") return y.map((v) => (typeof v === "number" ? -v : v));
  if (how === "constant") {
    const first = y.find((v) => typeof v === "number");
    return y.map((v) => (typeof v === "number" ? first : v));
  }
  return y;
}

function shown(v: number | null | undefined): boolean {
  return typeof v === "number";
}

/** Adds the members of a group onto each other, what is negative downwards; writes `y` and `below`. */
export function stackGroup(all: ChartSeries[], members: number[]): void {
  const length = all[members[0]!]!.y.length;
  const percent = all[members[0]!]!.stackMode === "percent";
  const up = new Array<number>(length).fill(0);
  const down = new Array<number>(length).fill(0);
  const total = new Array<number>(length).fill(0);
  const any = new Array<boolean>(length).fill(false);
  for (const m of members)
    all[m]!.y.forEach((v, i) => {
      if (shown(v)) {
        any[i] = true;
        total[i]! += Math.abs(v as number);
      }
    });
  let lastUp = -1;
  let lastDown = -1;
  for (const m of members) {
    const s = all[m]!;
    const negative = s.y.some((v) => shown(v) && (v as number) < 0);
    const base = negative ? down : up;
    s.y = s.y.map((v, i) => {
      if (!any[i]) return v === undefined ? undefined : null;
      const own = shown(v) ? (v as number) : 0; // a member that is absent adds nothing
      base[i]! += percent ? (total[i] ? own / total[i]! : 0) : own;
      return base[i]!;
    });
    s.below = negative ? lastDown : lastUp;
    if (negative) lastDown = m;
    else lastUp = m;
  }
}

const FILLS_AT_FULL = 3;

/** Many fills over one another make mud: the more there are, the fainter each. Stacks keep theirs. */
function thinFills(series: ChartSeries[]): void {
  const overlaid = series.filter((s) => !s.stack && s.draw === "line" && s.fillOpacity > 0);
  if (overlaid.length <= FILLS_AT_FULL) return;
  const share = (FILLS_AT_FULL / overlaid.length) ** 1.5;
  for (const s of overlaid) s.fillOpacity = s.fillOpacity * share < 1 ? 0 : s.fillOpacity * share;
}

const DENSE_POINTS = 10_000;

/** Browsers draw lines of one pixel ten times as fast as wider ones, and of many they show more. */
function thinLines(series: ChartSeries[], points: number): void {
  if (series.length * points > DENSE_POINTS) for (const s of series) s.width = Math.min(s.width, 1);
}

export interface ChartModel {
  times: number[];
  series: ChartSeries[];
  dropped: number; // series beyond what can be drawn
}

/** Builds the chart from frames; `hidden` names are left out of drawing and stacking. */
export function chartModel(
  frames: Frame[],
  theme: Theme,
  hidden: (name: string) => boolean,
): ChartModel {
  const names = shownNames(frames);
  const timed = frames.filter((f) => f.fields.some((x) => x.type === "time"));
  const times = commonTimes(timed);
  const index = new Map(times.map((t, i) => [t, i]));
  const series: ChartSeries[] = [];
  let count = 0;
  for (const frame of timed)
    for (const field of frame.fields) {
      if (field.type !== "number" && field.type !== "boolean") continue;
      if (count++ >= MAX_SERIES) continue;
      const s = seriesOf(field, frame, names.get(field) ?? field.name, series.length, theme);
      s.raw = onTimes(times, index, frame, field);
      const custom = field.config.custom;
      s.y = transformed(bridged(s.raw, times, custom.spanNulls), str(custom.transform));
      series.push(s);
    }
  const groups = new Map<string, number[]>();
  series.forEach((s, i) => {
    if (!s.stack || hidden(s.name) || !s.inChart) return;
    const key = `${s.stack} ${s.stackMode} ${s.draw}`;
    groups.set(key, [...(groups.get(key) ?? []), i]);
  });
  for (const members of groups.values()) stackGroup(series, members);
  thinFills(series);
  thinLines(series, times.length);
  return { times, series, dropped: Math.max(0, count - MAX_SERIES) };
}
