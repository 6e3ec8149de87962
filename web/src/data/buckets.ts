// Counting values in buckets: histograms of columns, and the cells of heatmaps.
import { type Json, num, obj, str } from "../model/json.ts";
import type { Field, Frame, Value } from "./frame.ts";
import { shownNames } from "./matchers.ts";
import { parseDuration, roundSpan } from "./time.ts";

export interface Histogram {
  size: number; // of every bucket
  mins: number[]; // where the buckets begin, ascending; only those that hold something
  series: { name: string; field: Field; counts: number[] }[];
}

export interface HistogramOptions {
  size?: number;
  count?: number; // about so many buckets, where no size is set
  offset?: number;
  combine?: boolean;
}

const DEFAULT_BUCKETS = 30;
const MAX_BUCKETS = 2000;

function finite(values: Value[]): number[] {
  return values.filter((v): v is number => typeof v === "number" && Number.isFinite(v));
}

/** Round steps (1, 2, 2.5, 4, 5 of every decade; 2.5 not of whole units), ascending. */
function* roundSteps(): Generator<number> {
  for (let power = -9; power <= 9; power++)
    for (const m of [1, 2, 2.5, 4, 5]) if (m !== 2.5 || power !== 0) yield Number(`${m}e${power}`);
}

/** The least round step that needs fewer than `count` buckets and is no finer than the values. */
export function bucketSize(values: number[], count: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  let finest = sorted.length === 1 ? 1 : Infinity;
  for (let i = 1; i < sorted.length; i++) {
    const step = sorted[i]! - sorted[i - 1]!;
    if (step > 0) finest = Math.min(finest, step);
  }
  if (finest === Infinity) finest = 1; // all values are one
  const target = (sorted[sorted.length - 1]! - sorted[0]!) / count;
  let size = 0;
  for (size of roundSteps()) if (size > target && size >= finest) return size;
  return Math.max(size, target);
}

const round9 = (v: number): number => Math.round(v * 1e9) / 1e9;

function countsOf(values: number[], size: number, offset: number): Map<number, number> {
  const counts = new Map<number, number>();
  for (const v of values) {
    const at = round9(Math.floor((v - offset) / size) * size + offset);
    counts.set(at, (counts.get(at) ?? 0) + 1);
  }
  return counts;
}

/** Counts the values of every numeric column in common buckets; null when there is no value. */
export function histogramOf(frames: Frame[], options: HistogramOptions): Histogram | null {
  const names = shownNames(frames);
  const columns: { name: string; field: Field; values: number[] }[] = [];
  for (const frame of frames)
    for (const field of frame.fields)
      if (field.type === "number")
        columns.push({
          name: names.get(field) ?? field.name,
          field,
          values: finite(field.values),
        });
  const all = columns.flatMap((c) => c.values);
  if (!all.length) return null;
  const [low, high] = all.reduce(
    ([a, b], v) => [Math.min(a, v), Math.max(b, v)],
    [all[0]!, all[0]!],
  );
  let size = options.size && options.size > 0 ? options.size : 0;
  if (!size) size = bucketSize(all, options.count || DEFAULT_BUCKETS);
  if ((high - low) / size > MAX_BUCKETS) size = (high - low) / MAX_BUCKETS;
  const counted = columns.map((c) => countsOf(c.values, size, options.offset ?? 0));
  const mins = [...new Set(counted.flatMap((c) => [...c.keys()]))].sort((a, b) => a - b);
  const series = columns.map((c, i) => ({
    name: c.name,
    field: c.field,
    counts: mins.map((m) => counted[i]!.get(m) ?? 0),
  }));
  if (!options.combine) return { size, mins, series };
  const sums = mins.map((_, b) => series.reduce((n, s) => n + s.counts[b]!, 0));
  return { size, mins, series: [{ name: "Count", field: series[0]!.field, counts: sums }] };
}

export interface HeatRow {
  label: string;
  min: number; // NaN where the row is a name
  max: number;
}

export interface Heat {
  times: number[]; // where the columns begin
  stepMs: number;
  rows: HeatRow[]; // from the bottom up
  cells: (number | null)[][]; // by row, then by time
}

export interface HeatOptions {
  calculate: boolean;
  xSize?: number; // ms
  xCount?: number;
  leastX?: number; // how far apart points are, ms
  ySize?: number;
  yCount?: number;
  yLog?: number; // base of a logarithmic scale
}

/** What a file says of counting ("calculation" of a heatmap, or a transformation's options). */
export function heatOptionsOf(calculation: Json): HeatOptions {
  const x = obj(calculation.xBuckets);
  const y = obj(calculation.yBuckets);
  const scale = obj(y.scale);
  const xValue = str(x.value);
  return {
    calculate: true,
    xSize: x.mode === "size" ? parseDuration(xValue) || undefined : undefined,
    xCount: x.mode === "size" ? undefined : num(xValue),
    ySize: y.mode === "size" ? num(y.value) : undefined,
    yCount: y.mode === "size" ? undefined : num(y.value),
    yLog: scale.type === "log" ? (num(scale.log) ?? 10) : undefined,
  };
}

/** The field of a frame's times, and its columns of numbers. */
function columnsOf(frame: Frame): { times: number[]; values: Field[] } | null {
  const time = frame.fields.find((f) => f.type === "time");
  if (!time) return null;
  return {
    times: time.values as number[],
    values: frame.fields.filter((f) => f.type === "number"),
  };
}

/** The bound that a bucket's name gives: "0.5", "+Inf", "10ms" have one. */
function boundOf(name: string): number {
  return /^\+?inf$/i.test(name) ? Infinity : parseFloat(name);
}

/** Series as rows: each is one bucket, named by its upper bound or as it is. */
function heatOfRows(frames: Frame[]): Heat | null {
  const names = shownNames(frames);
  const found: { label: string; points: Map<number, number | null> }[] = [];
  const times = new Set<number>();
  for (const frame of frames) {
    const c = columnsOf(frame);
    for (const field of c?.values ?? []) {
      const points = new Map<number, number | null>();
      c!.times.forEach((t, i) => {
        const v = field.values[i];
        points.set(t, typeof v === "number" && Number.isFinite(v) ? v : null);
        times.add(t);
      });
      found.push({ label: names.get(field) ?? field.name, points });
    }
  }
  if (!found.length || !times.size) return null;
  const numeric = found.every((r) => !Number.isNaN(boundOf(r.label)));
  if (numeric) found.sort((a, b) => boundOf(a.label) - boundOf(b.label));
  const order = [...times].sort((a, b) => a - b);
  let step = Infinity;
  for (let i = 1; i < order.length; i++) step = Math.min(step, order[i]! - order[i - 1]!);
  const rows = found.map((r, i) => ({
    label: r.label,
    min: numeric ? (i ? boundOf(found[i - 1]!.label) : -Infinity) : NaN,
    max: numeric ? boundOf(r.label) : NaN,
  }));
  return {
    times: order,
    stepMs: Number.isFinite(step) ? step : 1000,
    rows,
    cells: found.map((r) => order.map((t) => r.points.get(t) ?? null)),
  };
}

function* bucketRows(values: number[], o: HeatOptions): Generator<HeatRow> {
  const low = values.reduce((m, v) => Math.min(m, v), Infinity);
  const high = values.reduce((m, v) => Math.max(m, v), -Infinity);
  if (o.yLog) {
    const from = Math.floor(Math.log(low) / Math.log(o.yLog) + 1e-9);
    const to = Math.floor(Math.log(high) / Math.log(o.yLog) + 1e-9);
    for (let p = from; p <= to; p++)
      yield { label: "", min: round9(o.yLog ** p), max: round9(o.yLog ** (p + 1)) };
    return;
  }
  const size = o.ySize || bucketSize(values, o.yCount || 12);
  for (let k = Math.floor(low / size), n = 0; k * size <= high && n < MAX_BUCKETS; k++, n++)
    yield { label: "", min: round9(k * size), max: round9((k + 1) * size) };
}

/** Values of all series counted by time and size. */
function heatOfValues(frames: Frame[], o: HeatOptions): Heat | null {
  const points: [number, number][] = [];
  for (const frame of frames) {
    const c = columnsOf(frame);
    for (const field of c?.values ?? [])
      c!.times.forEach((t, i) => {
        const v = field.values[i];
        if (typeof v === "number" && Number.isFinite(v) && (!o.yLog || v > 0)) points.push([t, v]);
      });
  }
  if (!points.length) return null;
  const first = points.reduce((m, p) => Math.min(m, p[0]), Infinity);
  const last = points.reduce((m, p) => Math.max(m, p[0]), -Infinity);
  const wanted = Math.max(1, (last - first) / (o.xCount || 30));
  const finest = o.leastX || 1; // a column narrower than the points are apart would be empty at times
  let stepMs = o.xSize || roundSpan(wanted);
  stepMs = Math.ceil(Math.max(stepMs, (last - first) / MAX_BUCKETS) / finest) * finest;
  const from = Math.floor(first / stepMs) * stepMs;
  const times: number[] = [];
  for (let t = from; t <= last; t += stepMs) times.push(t);
  const rows = [...bucketRows(points.map((p) => p[1]), o)];
  const cells = rows.map(() => times.map((): number | null => 0));
  for (const [t, v] of points) {
    const x = Math.floor((t - from) / stepMs);
    const y = rows.findIndex((r) => v >= r.min && v < r.max);
    if (cells[y]?.[x] !== undefined) cells[y]![x]! += 1;
  }
  return { times, stepMs, rows, cells };
}

export function heatOf(frames: Frame[], options: HeatOptions): Heat | null {
  return options.calculate ? heatOfValues(frames, options) : heatOfRows(frames);
}
