// A frame is a small table of columns (fields): the one shape in which data moves from queries
// through transformations to panels.
import type { FieldConfig } from "../model/dashboard.ts";

export type Value = number | string | boolean | null;
export type Labels = Record<string, string>;
export type FieldType = "time" | "number" | "string" | "boolean";

export interface Field {
  name: string;
  type: FieldType;
  values: Value[];
  labels?: Labels;
  legend?: string; // the name that the query gave by its legendFormat
  config: FieldConfig;
  courses?: Value[][]; // of each value: the series that it was made of, for a small chart
}

export interface Frame {
  name?: string;
  refId?: string;
  fields: Field[];
  length: number;
  nested?: Frame[]; // of each row: the table of what it stands for
  unfolded?: boolean; // those tables are seen from the start
}

export function fieldOf(
  name: string,
  type: FieldType,
  values: Value[],
  extra: Partial<Field> = {},
): Field {
  return { name, type, values, config: { custom: {} }, ...extra };
}

export function frameOf(fields: Field[], extra: Partial<Frame> = {}): Frame {
  return { fields, length: fields[0]?.values.length ?? 0, ...extra };
}

/** The type that fits all values of a column; empty columns are strings. */
export function typeOf(values: Value[]): FieldType {
  const first = values.find((v) => v !== null);
  if (typeof first === "number") return "number";
  if (typeof first === "boolean") return "boolean";
  return "string";
}

/** A stable key for a set of labels. */
export function labelKey(labels: Labels): string {
  return Object.keys(labels)
    .sort()
    .map((k) => `${k}=${JSON.stringify(labels[k])}`)
    .join(",");
}

/** Prints labels as PromQL writes a series: name{a="b"}. */
export function seriesText(labels: Labels): string {
  const { __name__: name = "", ...rest } = labels;
  const parts = Object.keys(rest)
    .sort()
    .map((k) => `${k}=${JSON.stringify(rest[k])}`);
  return parts.length || !name ? `${name}{${parts.join(", ")}}` : name;
}

function expand(template: string, field: Field, frame: Frame, base: string): string {
  return template.replace(/\$\{__(field|series)\.([^}]+)\}/g, (whole, _kind, path: string) => {
    if (path === "name") return field.name;
    if (path === "displayName") return base;
    if (path === "labels") return field.labels ? seriesText(field.labels) : "";
    const label = /^labels(?:\.(.+)|\["(.+)"\])$/.exec(path);
    if (label) return field.labels?.[label[1] ?? label[2] ?? ""] ?? "";
    return path === "frame" ? (frame.name ?? "") : whole;
  });
}

/** Labels whose values differ between the value fields of `frames`: enough to tell them apart. */
export function tellingLabels(frames: Frame[]): string[] {
  const seen = new Map<string, Set<string>>();
  let count = 0;
  for (const frame of frames)
    for (const field of frame.fields) {
      if (field.type === "time" || !field.labels) continue;
      count++;
      for (const [k, v] of Object.entries(field.labels)) {
        if (k === "__name__") continue;
        const set = seen.get(k) ?? new Set<string>();
        set.add(v);
        seen.set(k, set);
      }
    }
  if (count < 2) return [];
  return [...seen].filter(([, values]) => values.size > 1).map(([k]) => k);
}

function ownName(field: Field, frame: Frame, telling: string[]): string {
  if (field.legend) return field.legend;
  if (field.labels && Object.keys(field.labels).length) {
    const parts = telling.map((k) => field.labels?.[k]).filter((v): v is string => !!v);
    if (parts.length) return parts.join(" ");
    if (field.name !== "Value") return field.name;
    const [only, ...others] = Object.keys(field.labels).filter((k) => k !== "__name__");
    if (only && !others.length && !field.labels.__name__) return field.labels[only]!;
    return field.labels.__name__ ?? seriesText(field.labels);
  }
  if (field.name === "Value" && frame.name) return frame.name;
  return field.name;
}

/** The name a field is shown under: configured, by legendFormat, or by the labels that tell. */
export function displayName(field: Field, frame: Frame, telling: string[]): string {
  const base = ownName(field, frame, telling);
  return field.config.displayName ? expand(field.config.displayName, field, frame, base) : base;
}
