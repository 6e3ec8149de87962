// Transformations that change the shape: reduce, group, labels to columns, order, limit.
import { bool, num, obj, str, strings, arr } from "../../model/json.ts";
import { calcOf } from "../calcs.ts";
import {
  type Field,
  fieldOf,
  type Frame,
  frameOf,
  type Labels,
  typeOf,
  type Value,
} from "../frame.ts";
import { shownNames } from "../matchers.ts";
import { pick, sortedRows, type Transform, withFields } from "./types.ts";

function seriesToRows(frames: Frame[], reducers: string[], labelsAsColumns: boolean): Frame[] {
  const names = shownNames(frames);
  const rows: { name: string; labels: Labels; results: Value[] }[] = [];
  for (const frame of frames)
    for (const field of frame.fields) {
      if (field.type === "time") continue;
      const results = reducers.map((r) => calcOf(r).of(field.values));
      const shown = labelsAsColumns ? field.name : (names.get(field) ?? field.name);
      rows.push({ name: shown, labels: field.labels ?? {}, results });
    }
  if (!rows.length) return [];
  const fields: Field[] = [
    fieldOf(
      "Field",
      "string",
      rows.map((r) => r.name),
    ),
  ];
  if (labelsAsColumns) {
    const keys = new Set(rows.flatMap((r) => Object.keys(r.labels)));
    for (const k of [...keys].sort())
      fields.push(
        fieldOf(
          k,
          "string",
          rows.map((r) => r.labels[k] ?? null),
        ),
      );
  }
  reducers.forEach((r, i) => {
    const values = rows.map((row) => row.results[i] ?? null);
    fields.push(fieldOf(reducerName(r), typeOf(values), values));
  });
  return [frameOf(fields)];
}

/** What the column of a reducer is called in files: "Last *" for the last that is not null. */
export function reducerName(id: string): string {
  if (id === "lastNotNull") return "Last *";
  if (id === "firstNotNull") return "First *";
  return calcOf(id).label;
}

export const reduce: Transform = (frames, options) => {
  const asked = strings(options.reducers);
  const reducers = asked.length ? asked : ["max"];
  if (options.mode !== "reduceFields")
    return seriesToRows(frames, reducers, bool(options.labelsToFields));
  return frames.map((frame) => {
    const fields = frame.fields
      .filter((f) => bool(options.includeTimeField) || f.type !== "time")
      .flatMap((f) =>
        reducers.map((r) => {
          const values = [calcOf(r).of(f.values)];
          const name = reducers.length > 1 ? `${f.name} ${reducerName(r)}` : f.name;
          return { ...f, name, type: f.type === "time" ? f.type : typeOf(values), values };
        }),
      );
    return withFields(frame, fields);
  });
};

export const limit: Transform = (frames, options, fill) => {
  const n = num(fill(str(options.limitField, "10"))) ?? 10;
  return frames.map((frame) => {
    const rows = Array.from({ length: Math.min(frame.length, Math.max(0, n)) }, (_, i) => i);
    return pick(frame, rows);
  });
};

export const sortBy: Transform = (frames, options) => {
  const wish = obj(arr(options.sort)[0]);
  const name = str(wish.field);
  if (!name) return frames;
  const names = shownNames(frames);
  return frames.map((frame) => {
    const field = frame.fields.find((f) => names.get(f) === name || f.name === name);
    return field ? pick(frame, sortedRows(field.values, bool(wish.desc))) : frame;
  });
};

/** Labels become columns beside time and value (mode "columns"), or rows of name and value. */
export const labelsToFields: Transform = (frames, options) => {
  const keep = new Set(strings(options.keepLabels));
  const wanted = (k: string): boolean => !keep.size || keep.has(k);
  const valueLabel = str(options.valueLabel);
  if (options.mode === "rows")
    return frames.flatMap((frame) => {
      const labels = frame.fields.find((f) => f.labels)?.labels ?? {};
      const pairs = Object.entries(labels).filter(([k]) => wanted(k));
      return [
        frameOf([
          fieldOf(
            "label",
            "string",
            pairs.map(([k]) => k),
          ),
          fieldOf(
            "value",
            "string",
            pairs.map(([, v]) => v),
          ),
        ]),
      ];
    });
  return frames.map((frame) => {
    const added = new Map<string, Value[]>();
    const fields: Field[] = frame.fields.map((field) => {
      if (!field.labels) return field;
      for (const [k, v] of Object.entries(field.labels))
        if (wanted(k) && k !== valueLabel && k !== "__name__")
          added.set(k, new Array<Value>(frame.length).fill(v));
      const named = valueLabel ? field.labels[valueLabel] : undefined;
      return { ...field, name: named ?? field.name, labels: undefined, legend: undefined };
    });
    const columns = [...added].map(([k, values]) => fieldOf(k, "string", values));
    return withFields(frame, [...fields, ...columns]);
  });
};

interface Plan {
  operation: string;
  aggregations: string[];
}

/** Rows grouped by some columns, others calculated; null where none is grouped by. */
export function groupRows(
  frame: Frame,
  names: Map<Field, string>,
  of: (f: Field) => Plan,
): { frame: Frame; rows: number[][] } | null {
  const keys = frame.fields.filter((f) => of(f).operation === "groupby");
  if (!keys.length) return null;
  const groups = new Map<string, number[]>();
  for (let i = 0; i < frame.length; i++) {
    const key = JSON.stringify(keys.map((f) => f.values[i] ?? null));
    const known = groups.get(key);
    if (known) known.push(i);
    else groups.set(key, [i]);
  }
  const rows = [...groups.values()];
  const fields: Field[] = keys.map((f) => ({
    ...f,
    values: rows.map((r) => f.values[r[0]!] ?? null),
  }));
  for (const f of frame.fields) {
    if (of(f).operation !== "aggregate") continue;
    for (const a of of(f).aggregations) {
      const values = rows.map((r) => calcOf(a).of(r.map((i) => f.values[i] ?? null)));
      fields.push(fieldOf(`${names.get(f) ?? f.name} (${a})`, typeOf(values), values));
    }
  }
  return { frame: withFields(frame, fields), rows };
}

/** Groups rows by columns and calculates others: `options.fields[name]` = {operation, aggregations}. */
export const groupBy: Transform = (frames, options) => {
  const plan = obj(options.fields);
  const names = shownNames(frames);
  return frames.flatMap((frame) => {
    const grouped = groupRows(frame, names, (f) => {
      const p = obj(plan[names.get(f) ?? f.name] ?? plan[f.name]);
      return { operation: str(p.operation), aggregations: strings(p.aggregations) };
    });
    return grouped ? [grouped.frame] : [];
  });
};
