// Reading values of unknown shape: dashboard files come from anywhere, so nothing is assumed.

export type Json = Record<string, unknown>;

export function obj(v: unknown): Json {
  return typeof v === "object" && v !== null && !Array.isArray(v) ? (v as Json) : {};
}

export function arr(v: unknown): unknown[] {
  return Array.isArray(v) ? v : [];
}

export function str(v: unknown, fallback = ""): string {
  return typeof v === "string" ? v : typeof v === "number" ? String(v) : fallback;
}

export function num(v: unknown): number | undefined {
  if (typeof v === "number" && Number.isFinite(v)) return v;
  if (typeof v === "string" && v.trim() !== "" && Number.isFinite(Number(v))) return Number(v);
  return undefined;
}

export function bool(v: unknown, fallback = false): boolean {
  return typeof v === "boolean" ? v : fallback;
}

export function strings(v: unknown): string[] {
  return arr(v)
    .map((x) => str(x))
    .filter((x) => x !== "");
}

/** The value at a dotted path ("legend.calcs"), or undefined. */
export function at(v: unknown, path: string): unknown {
  let here: unknown = v;
  for (const part of path.split(".")) here = obj(here)[part];
  return here;
}
