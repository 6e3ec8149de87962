// Smoothing as ASAP does it (Rong and Bailis, "ASAP: Prioritizing Attention via Time Series Smoothing",
// 2017): of all moving averages the one that leaves the least roughness, as long as what stands out
// (kurtosis) stands out as much as before.
import { num } from "../../model/json.ts";
import { type Field, type Frame, frameOf, type Value } from "../frame.ts";
import type { Transform } from "./types.ts";

const DEFAULT_POINTS = 100;
const MOST_POINTS = 1000;

const mean = (x: number[]): number => x.reduce((s, v) => s + v, 0) / x.length;

function moments(x: number[]): { deviation: number; kurtosis: number } {
  const m = mean(x);
  const variance = mean(x.map((v) => (v - m) ** 2));
  const fourth = mean(x.map((v) => (v - m) ** 4));
  return { deviation: Math.sqrt(variance), kurtosis: variance ? fourth / variance ** 2 : 0 };
}

const roughness = (x: number[]): number => moments(x.slice(1).map((v, i) => v - x[i]!)).deviation;

export function movingAverage(x: number[], window: number): number[] {
  const out: number[] = [];
  let sum = 0;
  x.forEach((v, i) => {
    sum += v - (i >= window ? x[i - window]! : 0);
    if (i >= window - 1) out.push(sum / window);
  });
  return out;
}

/** The window of the moving average that smooths most without hiding what stands out. */
export function bestWindow(x: number[]): number {
  const before = moments(x).kurtosis;
  let best = 1;
  let least = roughness(x);
  for (let w = 2; w <= Math.floor(x.length / 10); w++) {
    const smoothed = movingAverage(x, w);
    const rough = roughness(smoothed);
    if (rough < least && moments(smoothed).kurtosis >= before) [best, least] = [w, rough];
  }
  return best;
}

/** So many means of neighbours in place of all points; what is no number is left out. */
function coarse(times: Value[], values: Value[], points: number): { t: number[]; y: number[] } {
  const rows = values.flatMap((v, i) =>
    typeof v === "number" && Number.isFinite(v) && typeof times[i] === "number" ? [[times[i] as number, v] as const] : [],
  );
  const per = Math.max(1, Math.floor(rows.length / points));
  const out = { t: [] as number[], y: [] as number[] };
  for (let i = 0; i < rows.length; i += per) {
    const part = rows.slice(i, i + per);
    out.t.push(part[0]![0]);
    out.y.push(mean(part.map((r) => r[1])));
  }
  return out;
}

function smoothed(time: Field, field: Field, points: number): Frame {
  const { t, y } = coarse(time.values, field.values, points);
  const window = bestWindow(y);
  const skipped = window - 1; // the mean of a window stands in its middle
  const times = t.slice(Math.floor(skipped / 2), t.length - Math.ceil(skipped / 2));
  return frameOf([
    { ...time, values: times },
    { ...field, values: movingAverage(y, window) },
  ]);
}

/** Every series smoothed, under its own name; what is no series stays as it is. */
export const smoothing: Transform = (frames, options) => {
  const points = Math.min(MOST_POINTS, Math.max(1, num(options.resolution) ?? DEFAULT_POINTS));
  return frames.flatMap((frame) => {
    const time = frame.fields.find((f) => f.type === "time");
    const fields = frame.fields.filter((f) => f.type === "number");
    if (!time || !fields.length) return [frame];
    return fields.map((field) => ({ ...frame, ...smoothed(time, field, points) }));
  });
};
