// Field configuration: a panel's defaults, then the overrides whose matchers hit, onto each field.
import {
  type FieldConfig,
  fieldConfigOf,
  type FieldOverride,
  linksOf,
  mappingsOf,
  thresholdsOf,
} from "../model/dashboard.ts";
import { type Json, num, obj, str } from "../model/json.ts";
import type { Frame } from "./frame.ts";
import { fieldTest, shownNames } from "./matchers.ts";

function setCustom(custom: Json, path: string[], value: unknown): Json {
  const [head, ...rest] = path;
  if (head === undefined || head === "__proto__") return custom;
  return { ...custom, [head]: rest.length ? setCustom(obj(custom[head]), rest, value) : value };
}

/** Sets one property of a configuration by the id that override files use. */
export function setProperty(config: FieldConfig, id: string, value: unknown): FieldConfig {
  if (id.startsWith("custom."))
    return { ...config, custom: setCustom(config.custom, id.slice(7).split("."), value) };
  switch (id) {
    case "displayName":
    case "unit":
    case "noValue":
    case "description":
      return { ...config, [id]: str(value) || undefined };
    case "decimals":
    case "min":
    case "max":
      return { ...config, [id]: num(value) };
    case "color":
      return { ...config, color: fieldConfigOf({ color: value }).color };
    case "thresholds":
      return { ...config, thresholds: thresholdsOf(value) };
    case "mappings":
      return { ...config, mappings: mappingsOf(value) };
    case "links":
      return { ...config, links: linksOf(value) };
    default:
      return config;
  }
}

function merged(base: FieldConfig, own: FieldConfig): FieldConfig {
  const out: FieldConfig = { ...base, custom: { ...base.custom, ...own.custom } };
  for (const [k, v] of Object.entries(own))
    if (k !== "custom" && v !== undefined) Object.assign(out, { [k]: v });
  return out;
}

/** Gives every field its configuration; time fields take no unit or limits from the defaults. */
export function configured(
  frames: Frame[],
  defaults: FieldConfig,
  overrides: FieldOverride[],
): Frame[] {
  const names = shownNames(frames);
  const tests = overrides.map((o) => fieldTest(o.matcher.id, o.matcher.options));
  const forTime: FieldConfig = {
    ...defaults,
    unit: undefined,
    min: undefined,
    max: undefined,
    displayName: undefined,
    mappings: undefined,
  };
  return frames.map((frame) => ({
    ...frame,
    ...(frame.nested ? { nested: configured(frame.nested, defaults, overrides) } : {}),
    fields: frame.fields.map((field) => {
      let config = merged(field.type === "time" ? forTime : defaults, field.config);
      overrides.forEach((o, i) => {
        if (!tests[i]!(field, frame, names.get(field) ?? field.name)) return;
        for (const p of o.properties) config = setProperty(config, p.id, p.value);
      });
      return { ...field, config };
    }),
  }));
}
