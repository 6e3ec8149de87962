// Transformations that see a course in series: a curve through their points, and series as rows with a
// small chart each.
import { num, obj, str } from "../../model/json.ts";
import { heatOf, heatOptionsOf } from "../buckets.ts";
import { calcOf } from "../calcs.ts";
import { type Field, fieldOf, type Frame, frameOf } from "../frame.ts";
import { shownNames } from "../matchers.ts";
import type { Transform } from "./types.ts";

const MOST_POINTS = 10_000;
const HIGHEST_DEGREE = 5;

/** The polynomial of a degree that lies nearest to the points: coefficients, the constant first. */
export function fit(x: number[], y: number[], degree: number): number[] | null {
  const n = degree + 1;
  if (x.length < n) return null;
  const rows = Array.from({ length: n }, (_, i) => [
    ...Array.from({ length: n }, (_x, j) => x.reduce((s, v) => s + v ** (i + j), 0)),
    x.reduce((s, v, k) => s + v ** i * y[k]!, 0),
  ]);
  for (let i = 0; i < n; i++) {
    let best = i;
    for (let r = i + 1; r < n; r++) if (Math.abs(rows[r]![i]!) > Math.abs(rows[best]![i]!)) best = r;
    [rows[i], rows[best]] = [rows[best]!, rows[i]!];
    const pivot = rows[i]![i]!;
    if (Math.abs(pivot) < 1e-12) return null; // all points at one place
    for (let r = 0; r < n; r++) {
      if (r === i) continue;
      const by = rows[r]![i]! / pivot;
      for (let c = i; c <= n; c++) rows[r]![c]! -= by * rows[i]![c]!;
    }
  }
  return rows.map((row, i) => row[n]! / row[i]!);
}

/** A line or curve through the points of two fields, as a series of its own behind the others. */
export const regression: Transform = (frames, options) => {
  const names = shownNames(frames);
  const all = frames.flatMap((frame) => frame.fields.map((field) => ({ frame, field })));
  const called = (wish: string, type: string): { frame: Frame; field: Field } | undefined =>
    all.find(({ field }) => wish && (names.get(field) === wish || field.name === wish)) ??
    (wish ? undefined : all.find(({ field }) => field.type === type));
  const x = called(str(options.xFieldName), "time");
  const y = called(str(options.yFieldName), "number");
  if (!x || !y || x.frame !== y.frame) return frames;
  const xs: number[] = [];
  const ys: number[] = [];
  x.field.values.forEach((v, i) => {
    const w = y.field.values[i];
    if (typeof v === "number" && typeof w === "number" && Number.isFinite(w)) {
      xs.push(v);
      ys.push(w);
    }
  });
  const low = Math.min(...xs);
  const span = Math.max(...xs) - low || 1;
  const type = str(options.modelType, "linear");
  const degree = type === "polynomial" ? Math.min(HIGHEST_DEGREE, num(options.degree) ?? 2) : 1;
  const curve = fit(
    xs.map((v) => (v - low) / span), // so that powers of times stay small
    ys,
    degree,
  );
  if (!curve) return frames;
  const count = Math.min(MOST_POINTS, Math.max(2, num(options.predictionCount) ?? 100));
  const at = Array.from({ length: count }, (_, i) => i / (count - 1));
  const time = { ...x.field, values: at.map((s) => low + s * span) };
  const values = at.map((s) => curve.reduce((sum, c, i) => sum + c * s ** i, 0));
  const name = `${type === "polynomial" ? "Polynomial" : "Linear"} regression`;
  return [...frames, frameOf([time, fieldOf(name, "number", values)], { name })];
};

/** A row for each series: its labels, and its course with one value of it. */
export const timeSeriesTable: Transform = (frames, options) => {
  const isSeries = (f: Frame): boolean =>
    f.fields.some((x) => x.type === "time") && f.fields.some((x) => x.type === "number");
  const groups = new Map<string, { frame: Frame; field: Field }[]>();
  for (const frame of frames.filter(isSeries))
    for (const field of frame.fields)
      if (field.type === "number") {
        const refId = frame.refId ?? "A";
        groups.set(refId, [...(groups.get(refId) ?? []), { frame, field }]);
      }
  const tables = [...groups].map(([refId, rows]) => {
    const keys = new Set(rows.flatMap(({ field }) => Object.keys(field.labels ?? {})));
    const columns = [...keys].map((k) =>
      fieldOf(
        k,
        "string",
        rows.map(({ field }) => field.labels?.[k] ?? null),
      ),
    );
    const stat = calcOf(str(obj(options[refId]).stat, "lastNotNull"));
    const trend = fieldOf(
      `Trend #${refId}`,
      "number",
      rows.map(({ field }) => stat.of(field.values)),
      { courses: rows.map(({ field }) => field.values), config: rows[0]!.field.config },
    );
    return frameOf([...columns, trend], { refId });
  });
  return [...frames.filter((f) => !isSeries(f)), ...tables];
};

/** The values of all series counted by time and size: a column for each size, named by its upper end. */
export const heatmap: Transform = (frames, options) => {
  const heat = heatOf(frames, heatOptionsOf(options));
  if (!heat) return frames;
  const time = fieldOf("Time", "time", heat.times);
  const columns = heat.rows.map((row, i) => fieldOf(String(row.max), "number", heat.cells[i]!));
  return [frameOf([time, ...columns])];
};
