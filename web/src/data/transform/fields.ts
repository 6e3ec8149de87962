// Transformations of single fields: rename, convert, calculate.
import { arr, bool, num, obj, str, strings } from "../../model/json.ts";
import { calcOf } from "../calcs.ts";
import { regexOf } from "../display.ts";
import { type Field, fieldOf, type Frame, frameOf, type Value } from "../frame.ts";
import { shownNames } from "../matchers.ts";
import { joinByField } from "./join.ts";
import { type Transform, withFields } from "./types.ts";

export const renameByRegex: Transform = (frames, options) => {
  const re = regexOf(str(options.regex));
  if (!re) return frames;
  const names = shownNames(frames);
  return frames.map((frame) =>
    withFields(
      frame,
      frame.fields.map((f) => {
        const name = names.get(f) ?? f.name;
        if (f.type === "time" || !re.test(name)) return f;
        const to = name.replace(re, str(options.renamePattern));
        return { ...f, config: { ...f.config, displayName: to } };
      }),
    ),
  );
};

function converted(field: Field, type: string): Field {
  const each = (f: (v: Value) => Value): Value[] =>
    field.values.map((v) => (v === null ? null : f(v)));
  if (type === "number")
    return { ...field, type: "number", values: each((v) => (v === "" ? null : Number(v))) };
  if (type === "string") return { ...field, type: "string", values: each((v) => String(v)) };
  if (type === "boolean")
    return { ...field, type: "boolean", values: each((v) => v !== "false" && !!v) };
  if (type === "time")
    return {
      ...field,
      type: "time",
      values: each((v) => (typeof v === "number" ? v : Date.parse(String(v)))),
    };
  return field;
}

export const convertFieldType: Transform = (frames, options) => {
  const names = shownNames(frames);
  const to = new Map(
    arr(options.conversions).map((c) => [str(obj(c).targetField), str(obj(c).destinationType)]),
  );
  return frames.map((frame) =>
    withFields(
      frame,
      frame.fields.map((f) => converted(f, to.get(names.get(f) ?? f.name) ?? "")),
    ),
  );
};

const OPERATORS: Record<string, (a: number, b: number) => number> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
  "**": (a, b) => a ** b,
};

const UNARY: Record<string, (a: number) => number> = {
  abs: Math.abs,
  exp: Math.exp,
  ln: Math.log,
  floor: Math.floor,
  ceil: Math.ceil,
  round: Math.round,
};

/** One side of a calculation: a column by name, or a number for all rows. */
function operand(raw: unknown, frame: Frame, names: Map<Field, string>): (i: number) => number {
  const text = str(obj(obj(raw).matcher).options) || str(obj(raw).fixed) || str(raw);
  const field = frame.fields.find((f) => names.get(f) === text || f.name === text);
  if (field)
    return (i) => (typeof field.values[i] === "number" ? (field.values[i] as number) : NaN);
  const n = text === "" ? NaN : Number(text);
  return () => n;
}

/** How many values before and behind a row its window takes in. */
function windowOf(w: Record<string, unknown>, length: number): [number, number] {
  const asked = num(w.windowSize) ?? 0.1;
  const share = str(w.windowSizeMode, "percentage") === "percentage";
  const size = Math.max(1, Math.round(share ? asked * length : asked));
  if (w.windowAlignment === "centered") return [Math.floor(size / 2), Math.ceil(size / 2) - 1];
  return [size - 1, 0];
}

/** A calculation over all rows so far, or over a window that moves along. */
function running(frame: Frame, mode: string, options: Record<string, unknown>): Field | null {
  const moving = mode === "windowFunctions";
  const o = obj(moving ? options.window : options.cumulative);
  const names = shownNames([frame]);
  const wish = str(o.field);
  const field = frame.fields.find((f) => names.get(f) === wish || f.name === wish);
  if (!field) return null;
  const reducer = str(o.reducer, moving ? "mean" : "sum");
  const calc = calcOf(reducer);
  const [before, behind] = moving ? windowOf(o, frame.length) : [Infinity, 0];
  const values = field.values.map((_, i) =>
    calc.of(field.values.slice(Math.max(0, i - before), i + behind + 1)),
  );
  const how = moving ? `${str(o.windowAlignment, "trailing")} moving` : "cumulative";
  return fieldOf(str(options.alias) || `${how} ${reducer}(${wish})`, "number", values);
}

function calculated(frame: Frame, options: Record<string, unknown>): Field | null {
  const names = shownNames([frame]);
  const alias = str(options.alias);
  const mode = str(options.mode, "reduceRow");
  if (mode === "binary") {
    const b = obj(options.binary);
    const op = OPERATORS[str(b.operator, "+")] ?? OPERATORS["+"]!;
    const left = operand(b.left, frame, names);
    const right = operand(b.right, frame, names);
    const values = Array.from({ length: frame.length }, (_, i) => op(left(i), right(i)));
    const text = (v: unknown): string =>
      str(obj(obj(v).matcher).options) || str(obj(v).fixed) || str(v);
    const name = alias || `${text(b.left)} ${str(b.operator, "+")} ${text(b.right)}`;
    return fieldOf(name, "number", values);
  }
  if (mode === "unary") {
    const u = obj(options.unary);
    const f = UNARY[str(u.operator)];
    const of = operand(u.fieldName, frame, names);
    if (!f) return null;
    const values = Array.from({ length: frame.length }, (_, i) => f(of(i)));
    return fieldOf(alias || `${str(u.operator)}(${str(u.fieldName)})`, "number", values);
  }
  if (mode === "index") {
    const share = bool(obj(options.index).asPercentile) ? frame.length : 1;
    const values = Array.from({ length: frame.length }, (_, i) => i / share);
    return fieldOf(alias || "Row", "number", values);
  }
  if (mode === "cumulativeFunctions" || mode === "windowFunctions")
    return running(frame, mode, options);
  const r = obj(options.reduce);
  const only = new Set(strings(r.include));
  const columns = frame.fields.filter(
    (f) => f.type === "number" && (!only.size || only.has(names.get(f) ?? f.name)),
  );
  if (!columns.length) return null;
  const calc = calcOf(str(r.reducer, "sum"));
  const values = Array.from({ length: frame.length }, (_, i) =>
    calc.of(columns.map((c) => c.values[i] ?? null)),
  );
  return fieldOf(alias || calc.label, "number", values);
}

/** Adds a column calculated from others; series are first joined on time. */
export const calculateField: Transform = (frames, options, fill) => {
  const series = frames.length > 1 && frames.every((f) => f.fields[0]?.type === "time");
  const joined = series ? joinByField(frames, {}, fill) : frames;
  return joined.map((frame) => {
    const field = calculated(frame, options);
    if (!field) return frame;
    const kept = bool(options.replaceFields)
      ? frame.fields.filter((f) => f.type === "time")
      : frame.fields;
    return frameOf([...kept, field], { refId: frame.refId, name: frame.name });
  });
};
