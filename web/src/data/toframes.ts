// From the API's answer to frames, the way each target wants it: a frame per series, or one table.
import type { Target } from "../model/dashboard.ts";
import {
  type Field,
  fieldOf,
  type Frame,
  frameOf,
  labelKey,
  type Labels,
  typeOf,
  type Value,
} from "./frame.ts";
import type { QueryResult, Series } from "./prometheus.ts";

/** Fills {{label}} into a legend format. */
export function legendText(format: string, labels: Labels): string {
  return format.replace(/\{\{\s*([^{}]+?)\s*\}\}/g, (_, name: string) => labels[name] ?? "");
}

function legendOf(target: Target, labels: Labels): string | undefined {
  if (target.legendFormat === "__auto" || target.legendFormat === "") return undefined;
  return legendText(target.legendFormat, labels) || undefined;
}

function seriesFrame(target: Target, s: Series): Frame {
  const time = fieldOf("Time", "time", s.times);
  const value = fieldOf("Value", "number", s.values, {
    labels: s.labels,
    legend: legendOf(target, s.labels),
  });
  return frameOf([time, value], { refId: target.refId, name: legendOf(target, s.labels) });
}

/** One row per point, a column per label; "Value #A" where several tables are to be told apart. */
function tableFrame(target: Target, series: Series[], several: boolean): Frame {
  const names = new Set<string>();
  for (const s of series) for (const k of Object.keys(s.labels)) names.add(k);
  const times: Value[] = [];
  const values: Value[] = [];
  const labels = new Map<string, Value[]>([...names].sort().map((n) => [n, []]));
  for (const s of series)
    s.times.forEach((t, i) => {
      times.push(t);
      values.push(s.values[i]!);
      for (const [name, column] of labels) column.push(s.labels[name] ?? null);
    });
  const fields: Field[] = [fieldOf("Time", "time", times)];
  for (const [name, column] of labels) fields.push(fieldOf(name, "string", column));
  fields.push(fieldOf(several ? `Value #${target.refId}` : "Value", "number", values));
  return frameOf(fields, { refId: target.refId });
}

const natural = new Intl.Collator("en", { numeric: true });

/** Series by name ("GPU 2" before "GPU 10"), unless the expression itself orders them. */
function ordered(target: Target, frames: Frame[], atOneTime: boolean): Frame[] {
  const sorts = /\b(sort(_desc|_by_label|_by_label_desc)?|topk|bottomk)\s*(by|without|\()/;
  if (atOneTime && sorts.test(target.expr)) return frames;
  const named = frames.map((frame) => ({ frame, name: frame.name ?? "" }));
  return named.sort((a, b) => natural.compare(a.name, b.name)).map((n) => n.frame);
}

/**
 * Buckets of a histogram come cumulative, each counting all that lies below its bound `le`. What is
 * drawn is what each holds by itself: its count less that of the one below, over the same labels.
 */
export function ownCounts(series: Series[]): Series[] {
  if (!series.every((s) => s.labels.le !== undefined)) return series;
  const bound = (s: Series): number => (s.labels.le === "+Inf" ? Infinity : Number(s.labels.le));
  const below = new Map<string, Map<number, number>>();
  return [...series]
    .sort((a, b) => bound(a) - bound(b))
    .map((s) => {
      const { le: _, ...rest } = s.labels;
      const last = below.get(labelKey(rest));
      below.set(labelKey(rest), new Map(s.times.map((t, i) => [t, s.values[i]!])));
      return {
        ...s,
        values: s.values.map((v, i) => Math.max(0, v - (last?.get(s.times[i]!) ?? 0))),
      };
    });
}

/** Frames of buckets are named by their bounds and stay in the order of these. */
function bucketFrames(target: Target, series: Series[]): Frame[] {
  return ownCounts(series).map((s) => {
    const auto = target.legendFormat === "__auto" || target.legendFormat === "";
    const legendFormat = auto && s.labels.le !== undefined ? "{{le}}" : target.legendFormat;
    return seriesFrame({ ...target, legendFormat }, s);
  });
}

export function framesOf(target: Target, result: QueryResult, several: boolean): Frame[] {
  if (target.format === "heatmap") return bucketFrames(target, result.series);
  if (target.format === "table")
    return result.series.length ? [tableFrame(target, result.series, several)] : [];
  return ordered(
    target,
    result.series.map((s) => seriesFrame(target, s)),
    result.type === "vector",
  );
}

/** Puts a null between points that are further apart than the step: a gap is no line. */
export function withGaps(frame: Frame, stepMs: number): Frame {
  const time = frame.fields[0];
  if (!time || time.type !== "time" || frame.length < 2) return frame;
  const times = time.values as number[];
  const gaps: number[] = [];
  for (let i = 1; i < times.length; i++) if (times[i]! - times[i - 1]! > stepMs * 1.5) gaps.push(i);
  if (!gaps.length) return frame;
  const spread = (values: Value[], fill: (i: number) => Value): Value[] => {
    const out: Value[] = [];
    let from = 0;
    for (const at of gaps) {
      for (let i = from; i < at; i++) out.push(values[i]!);
      out.push(fill(at));
      from = at;
    }
    return out.concat(values.slice(from));
  };
  const fields = frame.fields.map((f) => ({
    ...f,
    values: spread(f.values, (i) => (f === time ? times[i - 1]! + stepMs : null)),
  }));
  return { ...frame, fields, length: fields[0]!.values.length };
}

export function columnOf(name: string, values: Value[]): Field {
  return fieldOf(name, typeOf(values), values);
}
