// Transformations that bring frames together.
import { str } from "../../model/json.ts";
import { type Field, fieldOf, type Frame, frameOf, typeOf, type Value } from "../frame.ts";
import { shownNames } from "../matchers.ts";
import { type Transform, withFields } from "./types.ts";

interface Row {
  cells: Map<string, Value>;
}

function keyOf(row: Row, names: string[]): string {
  return JSON.stringify(names.map((n) => row.cells.get(n) ?? null));
}

function columnsOf(frames: Frame[], nameOf: (f: Field) => string): Map<string, Field> {
  const columns = new Map<string, Field>();
  for (const frame of frames)
    for (const field of frame.fields)
      if (!columns.has(nameOf(field))) columns.set(nameOf(field), field);
  return columns;
}

/** What a column is called where frames meet: several columns called "Value" stay apart. */
function meetingNames(frames: Frame[]): (f: Field) => string {
  const shown = shownNames(frames);
  const several = frames.length > 1;
  return (f) =>
    f.type !== "time" && several && f.name === "Value" ? (shown.get(f) ?? f.name) : f.name;
}

/**
 * Joins rows of all frames that agree in the columns that all of them have: one row with the
 * columns of every frame. Rows without a partner stay, with empty cells.
 */
export const merge: Transform = (frames) => {
  const filled = frames.filter((f) => f.fields.length);
  if (filled.length < 2) return filled;
  const nameOf = meetingNames(filled);
  const columns = columnsOf(filled, nameOf);
  const shared = [...columns.keys()].filter((name) =>
    filled.every((frame) => frame.fields.some((f) => nameOf(f) === name)),
  );
  const rows: Row[] = [];
  const byKey = new Map<string, Row[]>();
  for (const frame of filled)
    for (let i = 0; i < frame.length; i++) {
      const row: Row = {
        cells: new Map(frame.fields.map((f) => [nameOf(f), f.values[i] ?? null])),
      };
      const key = keyOf(row, shared);
      const partners = byKey.get(key) ?? [];
      const partner = partners.find((p) => fits(p, row));
      if (partner) row.cells.forEach((v, k) => partner.cells.set(k, v));
      else {
        partners.push(row);
        byKey.set(key, partners);
        rows.push(row);
      }
    }
  const fields = [...columns].map(([name, field]) => ({
    ...field,
    name,
    labels: undefined,
    values: rows.map((r) => r.cells.get(name) ?? null),
  }));
  return [frameOf(fields, { refId: "merge" })];
};

/** Two rows can be one when no column has two values. */
function fits(a: Row, b: Row): boolean {
  for (const [k, v] of b.cells) {
    const other = a.cells.get(k);
    if (other !== undefined && other !== null && v !== null && other !== v) return false;
  }
  return true;
}

function joinField(frame: Frame, by: string): Field | undefined {
  if (by) return frame.fields.find((f) => f.name === by || f.config.displayName === by);
  return frame.fields.find((f) => f.type === "time");
}

interface JoinSide {
  frame: Frame;
  key: Field;
  rows: Map<Value, number[]>;
}

/** Outer or inner join on a column (time when none is named); repeated keys give repeated rows. */
export const joinByField: Transform = (frames, options) => {
  const by = str(options.byField);
  const sides: JoinSide[] = [];
  for (const frame of frames) {
    const key = joinField(frame, by);
    if (!key) continue;
    const rows = new Map<Value, number[]>();
    key.values.forEach((v, i) => rows.set(v, [...(rows.get(v) ?? []), i]));
    sides.push({ frame, key, rows });
  }
  if (!sides.length) return [];
  const keys = new Set<Value>();
  for (const side of sides) for (const k of side.rows.keys()) keys.add(k);
  const inner = options.mode === "inner";
  const missing = (k: Value): number => sides.filter((s) => !s.rows.has(k)).length;
  let order = [...keys].filter((k) => !inner || sides.every((s) => s.rows.has(k)));
  if (options.mode === "outerTabular") order = [...order].sort((a, b) => missing(a) - missing(b));
  if (sides[0]!.key.type === "time") order = order.sort((a, b) => Number(a) - Number(b));
  const picks: (number | undefined)[][] = []; // a row: the row number taken from each side
  const out: Value[] = [];
  for (const k of order) {
    const depth = Math.max(...sides.map((s) => s.rows.get(k)?.length ?? 0));
    for (let n = 0; n < depth; n++) {
      out.push(k);
      picks.push(sides.map((s) => s.rows.get(k)?.[n] ?? s.rows.get(k)?.[0]));
    }
  }
  const fields: Field[] = [{ ...sides[0]!.key, values: out }];
  sides.forEach((side, s) => {
    for (const field of side.frame.fields) {
      if (field === side.key) continue;
      const values = picks.map((p) => (p[s] === undefined ? null : (field.values[p[s]!] ?? null)));
      fields.push({ ...field, values });
    }
  });
  return [frameOf(fields, { refId: "join" })];
};

/** All columns of all frames side by side. */
export const concatenate: Transform = (frames) => {
  const length = Math.max(0, ...frames.map((f) => f.length));
  const fields = frames.flatMap((frame) =>
    frame.fields.map((f) => ({
      ...f,
      values: Array.from({ length }, (_, i) => f.values[i] ?? null),
    })),
  );
  return fields.length ? [frameOf(fields, { refId: "concatenate" })] : [];
};

/** One long table of time, series name, value. */
export const rowsOfSeries: Transform = (frames) => {
  const names = shownNames(frames);
  const rows: [Value, string, Value][] = [];
  for (const frame of frames) {
    const time = frame.fields.find((f) => f.type === "time");
    for (const field of frame.fields) {
      if (field === time) continue;
      field.values.forEach((v, i) => rows.push([time?.values[i] ?? null, names.get(field)!, v]));
    }
  }
  rows.sort((a, b) => Number(b[0]) - Number(a[0]));
  return [
    frameOf([
      fieldOf(
        "Time",
        "time",
        rows.map((r) => r[0]),
      ),
      fieldOf(
        "Metric",
        "string",
        rows.map((r) => r[1]),
      ),
      fieldOf(
        "Value",
        "number",
        rows.map((r) => r[2]),
      ),
    ]),
  ];
};

/** Rows become columns: the first column's values are the new names. */
export const transpose: Transform = (frames, options) =>
  frames.map((frame) => {
    const [head, ...rest] = frame.fields;
    if (!head || !rest.length) return frame;
    const names = shownNames([frame]);
    const heading = str(options.firstFieldName) || "Field";
    const restName = str(options.restFieldsName);
    const first = fieldOf(
      heading,
      "string",
      rest.map((f) => names.get(f) ?? f.name),
    );
    const columns = head.values.map((v, row) => {
      const values = rest.map((f) => f.values[row] ?? null);
      const name = restName ? `${restName} ${row + 1}` : String(v ?? "");
      const type = typeOf(values);
      const mixed = values.some(
        (x) => x !== null && typeof x !== typeof values.find((y) => y !== null),
      );
      return mixed
        ? fieldOf(
            name,
            "string",
            values.map((x) => (x === null ? null : String(x))),
          )
        : fieldOf(name, type, values);
    });
    return withFields(frame, [first, ...columns]);
  });
