// Transformations that make another table: matrices, histograms, parts of a frame, values read out of text.
import { arr, bool, num, obj, str, strings } from "../../model/json.ts";
import { histogramOf } from "../buckets.ts";
import { type Field, fieldOf, type Frame, frameOf, typeOf, type Value } from "../frame.ts";
import { shownNames } from "../matchers.ts";
import { formatDate } from "../time.ts";
import { zoneOf } from "../zone.ts";
import { joinByField } from "./join.ts";
import { pick, type Transform, withFields } from "./types.ts";

function named(frame: Frame, name: string): Field | undefined {
  const names = shownNames([frame]);
  return frame.fields.find((f) => names.get(f) === name || f.name === name);
}

const EMPTY: Record<string, Value> = { null: null, zero: 0, true: true, false: false };

/** A cell for every pair of the values of two columns. */
export const groupingToMatrix: Transform = (frames, options) => {
  const frame = frames[0];
  const column = frame && named(frame, str(options.columnField, "Time"));
  const row = frame && named(frame, str(options.rowField, "Time"));
  const value = frame && named(frame, str(options.valueField, "Value"));
  if (!column || !row || !value) return frames;
  const wish = str(options.emptyValue);
  const empty = wish in EMPTY ? EMPTY[wish]! : "";
  const rows = [...new Set(row.values)];
  const cells = new Map(
    value.values.map((v, i) => [JSON.stringify([row.values[i], column.values[i]]), v]),
  );
  const columns = [...new Set(column.values)].map((c) => {
    const values = rows.map((r) => cells.get(JSON.stringify([r, c])) ?? empty);
    return { ...value, name: String(c), labels: undefined, legend: undefined, values };
  });
  const head = { ...row, name: `${row.name}\\${column.name}`, values: rows };
  return [frameOf([head, ...columns])];
};

/** The counts of values in buckets, with the bounds of these. */
export const histogram: Transform = (frames, options) => {
  const found = histogramOf(frames, {
    size: num(options.bucketSize),
    count: num(options.bucketCount),
    offset: num(options.bucketOffset),
    combine: bool(options.combine),
  });
  if (!found) return [];
  const { config } = found.series[0]!.field;
  const bound = (name: string, values: number[]): Field =>
    fieldOf(name, "number", values, { config });
  const fields = [
    bound("xMin", found.mins),
    bound(
      "xMax",
      found.mins.map((m) => m + found.size),
    ),
  ];
  for (const s of found.series)
    fields.push({
      ...s.field,
      legend: s.name,
      values: s.counts,
      config: { ...config, unit: undefined },
    });
  return [frameOf(fields)];
};

/** Series side by side on their times; tables stay as they are. */
export const ensureColumns: Transform = (frames, _options, fill) => {
  const timed = frames.every((f) => f.fields.some((x) => x.type === "time"));
  return frames.length > 1 && timed ? joinByField(frames, {}, fill) : frames;
};

/** A frame for every combination of values in some columns. */
export const partitionByValues: Transform = (frames, options) => {
  const wanted = strings(options.fields);
  return frames.flatMap((frame) => {
    const by = wanted.map((n) => named(frame, n)).filter((f): f is Field => !!f);
    if (!by.length) return [frame];
    const parts = new Map<string, number[]>();
    for (let i = 0; i < frame.length; i++) {
      const key = JSON.stringify(by.map((f) => f.values[i]));
      parts.set(key, [...(parts.get(key) ?? []), i]);
    }
    const keep = bool(options.keepFields);
    return [...parts.values()].map((rows) => {
      const labels = Object.fromEntries(by.map((f) => [f.name, String(f.values[rows[0]!])]));
      const kept = frame.fields.filter((f) => keep || !by.includes(f));
      const tagged = kept.map((f) => (f.type === "number" ? { ...f, labels } : f));
      return { ...pick(withFields(frame, tagged), rows), name: Object.values(labels).join(" ") };
    });
  });
};

/** Columns of numbers become series of their own, each with the frame's times ("multi"), or one table. */
export const prepareTimeSeries: Transform = (frames, options, fill) => {
  if (options.format === "wide") return joinByField(frames, {}, fill);
  return frames.flatMap((frame) => {
    const time = frame.fields.find((f) => f.type === "time");
    if (!time) return [];
    const numbers = frame.fields.filter((f) => f.type === "number");
    return numbers.map((f) => frameOf([time, f], { refId: frame.refId, name: frame.name }));
  });
};

/** The pairs that a text holds: JSON, or name=value by commas and spaces. */
function pairsOf(text: string, format: string): Record<string, unknown> {
  if (format !== "kvp")
    try {
      const parsed: unknown = JSON.parse(text);
      return obj(parsed);
    } catch {
      if (format === "json") return {};
    }
  const out: Record<string, unknown> = {};
  for (const m of text.matchAll(/([^\s,;{}&=:]+)\s*[=:]\s*("[^"]*"|[^\s,;{}&]*)/g))
    out[m[1]!] = m[2]!.replace(/^"|"$/g, "");
  return out;
}

function cellOf(v: unknown): Value {
  if (v === null || v === undefined) return null;
  return typeof v === "object" ? JSON.stringify(v) : (v as Value);
}

/** New columns from the pairs inside one. */
export const extractFields: Transform = (frames, options) =>
  frames.map((frame) => {
    const source = named(frame, str(options.source));
    if (!source) return frame;
    const all = source.values.map((v) => pairsOf(String(v ?? ""), str(options.format, "json")));
    const paths = arr(options.jsonPaths).map((p) => ({
      path: str(obj(p).path),
      alias: str(obj(p).alias),
    }));
    const keys = paths.length
      ? paths
      : [...new Set(all.flatMap((o) => Object.keys(o)))].map((k) => ({ path: k, alias: "" }));
    const added = keys.slice(0, 200).map(({ path, alias }) => {
      const values = all.map((o) =>
        cellOf(path.split(".").reduce<unknown>((v, k) => obj(v)[k], o)),
      );
      return fieldOf(alias || path, typeOf(values), values);
    });
    const time = frame.fields.filter((f) => bool(options.keepTime) && f.type === "time");
    return withFields(
      frame,
      bool(options.replace) ? [...time, ...added] : [...frame.fields, ...added],
    );
  });

/** One row per set of labels, a column per value of one label. */
export const joinByLabels: Transform = (frames, options) => {
  const label = str(options.value);
  const by = strings(options.join);
  const rows = new Map<string, { keys: Record<string, string>; cells: Map<string, Value> }>();
  const columns = new Set<string>();
  for (const frame of frames)
    for (const field of frame.fields) {
      const { [label]: column, ...rest } = field.labels ?? {};
      if (column === undefined || field.type === "time") continue;
      const keys = Object.fromEntries(
        Object.entries(rest).filter(([k]) => !by.length || by.includes(k)),
      );
      const key = JSON.stringify(keys);
      const row = rows.get(key) ?? { keys, cells: new Map<string, Value>() };
      columns.add(column);
      row.cells.set(column, field.values[field.values.length - 1] ?? null);
      rows.set(key, row);
    }
  const all = [...rows.values()];
  const heads = [...new Set(all.flatMap((r) => Object.keys(r.keys)))];
  const text = (k: string): Field =>
    fieldOf(
      k,
      "string",
      all.map((r) => r.keys[k] ?? null),
    );
  const number = (c: string): Field =>
    fieldOf(
      c,
      "number",
      all.map((r) => r.cells.get(c) ?? null),
    );
  return [frameOf([...heads.map(text), ...[...columns].map(number)])];
};

const CASES: Record<string, (t: string) => string> = {
  "Upper Case": (t) => t.toUpperCase(),
  "Lower Case": (t) => t.toLowerCase(),
  "Sentence Case": (t) => t.charAt(0).toUpperCase() + t.slice(1),
  "First Letter": (t) => t.charAt(0),
  Trim: (t) => t.trim(),
};

export const formatString: Transform = (frames, options) => {
  const write = CASES[str(options.outputFormat)] ?? CASES["Upper Case"]!;
  return frames.map((frame) => {
    const field = named(frame, str(options.stringField));
    const each = (v: Value): Value => (v === null ? null : write(String(v)));
    return withFields(
      frame,
      frame.fields.map((f) => (f === field ? { ...f, values: f.values.map(each) } : f)),
    );
  });
};

export const formatTime: Transform = (frames, options) =>
  frames.map((frame) => {
    const field = named(frame, str(options.timeField));
    const zone = zoneOf(str(options.timezone)) ?? "browser";
    const pattern = str(options.outputFormat) || "YYYY-MM-DD HH:mm:ss";
    const each = (v: Value): Value => (typeof v === "number" ? formatDate(v, pattern, zone) : v);
    return withFields(
      frame,
      frame.fields.map((f) =>
        f === field ? { ...f, type: "string", values: f.values.map(each) } : f,
      ),
    );
  });
