// Transformations whose data say how other data are shown: units, limits, thresholds, colours and
// mapped texts out of a query's answer.
import { arr, num, obj, str } from "../../model/json.ts";
import type { FieldConfig, MappingResult } from "../../model/dashboard.ts";
import { calcOf } from "../calcs.ts";
import { type Field, fieldOf, type Frame, typeOf, type Value } from "../frame.ts";
import { fieldTest, shownNames } from "../matchers.ts";
import { setProperty } from "../overrides.ts";
import { type Transform, withFields } from "./types.ts";

interface Mapping {
  handler: string; // "unit", "max", "threshold1", "field.name" ...
  reducer: string;
}

const PROPERTIES = ["displayName", "unit", "decimals", "min", "max"];
const MAPPED: Record<string, keyof MappingResult> = {
  "mappings.text": "text",
  "mappings.color": "color",
};
const ALIASES: Record<string, string> = {
  color: "color",
  name: "field.name",
  value: "field.value",
  label: "field.label",
  ...Object.fromEntries(PROPERTIES.map((p) => [p.toLowerCase(), p])),
};

/** What a column is taken for: as the file says, else by its name. */
function mappingOf(field: Field, shown: string, wanted: unknown): Mapping {
  const own = arr(wanted)
    .map(obj)
    .find((m) => str(m.fieldName) === shown || str(m.fieldName) === field.name);
  const key = own ? str(own.handlerKey) : "";
  const byName = /^threshold\d*$/i.test(shown) ? shown.toLowerCase() : (ALIASES[shown.toLowerCase()] ?? "");
  return { handler: key || (own?.handlerKey === null ? "" : byName), reducer: str(own?.reducerId, "lastNotNull") };
}

function withThreshold(config: FieldConfig, value: Value, color: string): FieldConfig {
  const limit = num(value);
  if (limit === undefined) return config;
  const steps = config.thresholds?.steps ?? [{ value: -Infinity, color: "green" }];
  return {
    ...config,
    thresholds: { mode: "absolute", steps: [...steps, { value: limit, color }].sort((a, b) => a.value - b.value) },
  };
}

function withHandler(config: FieldConfig, handler: string, value: Value): FieldConfig {
  if (value === null) return config;
  if (PROPERTIES.includes(handler)) return setProperty(config, handler, value);
  if (handler === "color") return { ...config, color: { mode: "fixed", fixedColor: String(value) } };
  return handler.startsWith("threshold") ? withThreshold(config, value, "red") : config;
}

/** Rows of "value, text, colour" as a mapping of values. */
function mappingsOf(columns: Map<string, Field>): FieldConfig["mappings"] {
  const values = columns.get("mappings.value");
  if (!values) return undefined;
  const options = new Map<string, MappingResult>();
  values.values.forEach((v, i) => {
    if (v === null) return;
    const result: MappingResult = { index: i };
    for (const [handler, member] of Object.entries(MAPPED)) {
      const given = columns.get(handler)?.values[i];
      if (given !== null && given !== undefined) Object.assign(result, { [member]: String(given) });
    }
    options.set(String(v), result);
  });
  return [{ type: "value", options }];
}

/** The answer of one query configures the fields of the others, and is not shown itself. */
export const configFromData: Transform = (frames, options) => {
  const refId = str(options.configRefId, "config");
  const source = frames.find((f) => f.refId === refId);
  if (!source) return frames;
  const names = shownNames([source]);
  const columns = new Map<string, Field>();
  let config: FieldConfig = { custom: {} };
  for (const field of source.fields) {
    const m = mappingOf(field, names.get(field) ?? field.name, options.mappings);
    if (!m.handler || field.type === "time") continue;
    columns.set(m.handler, field);
    config = withHandler(config, m.handler, calcOf(m.reducer).of(field.values));
  }
  config = { ...config, mappings: mappingsOf(columns) };
  const applyTo = obj(options.applyTo);
  const test = fieldTest(str(applyTo.id, "numeric"), applyTo.options);
  const others = frames.filter((f) => f !== source);
  const shown = shownNames(others);
  const own = (frame: Frame, field: Field): Field => {
    if (!test(field, frame, shown.get(field) ?? field.name)) return field;
    const given = Object.fromEntries(Object.entries(config).filter(([, v]) => v !== undefined));
    return { ...field, config: { ...field.config, ...given, custom: field.config.custom } };
  };
  return others.map((frame) => withFields(frame, frame.fields.map((f) => own(frame, f))));
};

/** Rows of names and values become columns of one value each; other columns configure or label them. */
export const rowsToFields: Transform = (frames, options) =>
  frames.map((frame) => {
    const shown = shownNames([frame]);
    const columns = frame.fields.map((field) => ({
      field,
      handler: mappingOf(field, shown.get(field) ?? field.name, options.mappings).handler,
    }));
    const by = (handler: string): Field | undefined => columns.find((c) => c.handler === handler)?.field;
    const names = by("field.name") ?? frame.fields.find((f) => f.type === "string");
    const values = by("field.value") ?? frame.fields.find((f) => f.type === "number");
    if (!names || !values) return frame;
    const rest = columns.filter((c) => c.field !== names && c.field !== values && c.field.type !== "time");
    const fields = names.values.slice(0, 500).map((name, i) => {
      const value = values.values[i] ?? null;
      let config: FieldConfig = { ...values.config };
      const labels: Record<string, string> = {};
      for (const { field, handler } of rest) {
        const given = field.values[i] ?? null;
        if (handler && handler !== "field.label") config = withHandler(config, handler, given);
        else if (field.type === "string" && given !== null) labels[field.name] = String(given);
      }
      const labelled = Object.keys(labels).length ? { labels } : {};
      return fieldOf(String(name), typeOf([value]), [value], { config, legend: String(name), ...labelled });
    });
    return withFields(frame, fields);
  });
