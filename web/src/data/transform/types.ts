// What a transformation is: frames in, frames out; the input is never changed.
import type { Json } from "../../model/json.ts";
import { type Field, type Frame, frameOf, type Value } from "../frame.ts";

/** `fill` puts variables into texts of the options. */
export type Transform = (frames: Frame[], options: Json, fill: (t: string) => string) => Frame[];

/** A frame of chosen rows, in that order. */
export function pick(frame: Frame, rows: number[]): Frame {
  const fields = frame.fields.map((f) => ({
    ...f,
    values: rows.map((i) => f.values[i] ?? null),
    ...(f.courses ? { courses: rows.map((i) => f.courses![i] ?? []) } : {}),
  }));
  const nested = frame.nested ? { nested: rows.map((i) => frame.nested![i]!) } : {};
  return { ...frame, ...nested, fields, length: rows.length };
}

/** A frame with other fields; its length follows them. */
export function withFields(frame: Frame, fields: Field[]): Frame {
  return { ...frame, ...frameOf(fields) };
}

const natural = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

function isEmpty(v: Value): boolean {
  return v === null || v === "" || (typeof v === "number" && Number.isNaN(v));
}

/** Row numbers of a column sorted: numbers by size, texts naturally, empty ones always last. */
export function sortedRows(values: Value[], desc: boolean): number[] {
  const sign = desc ? -1 : 1;
  const compare = (a: Value, b: Value): number =>
    typeof a === "number" && typeof b === "number" ? a - b : natural.compare(String(a), String(b));
  const rows = values.map((_, i) => i);
  const full = rows.filter((i) => !isEmpty(values[i]!));
  full.sort((a, b) => sign * compare(values[a]!, values[b]!) || a - b);
  return [...full, ...rows.filter((i) => isEmpty(values[i]!))];
}
