// From a raw value to what is shown: mappings, thresholds, colour, unit. One door for all panels.
import type { FieldConfig, MappingResult, ValueMapping } from "../model/dashboard.ts";
import { colorByName, isScale, namedColor, scaleColor, seriesColor, type Theme } from "./colors.ts";
import type { Value } from "./frame.ts";
import { formatDate } from "./time.ts";
import { type Formatted, formatValue } from "./units.ts";

export interface DisplayValue extends Formatted {
  numeric: number; // NaN when the value is no number
  color: string; // CSS, for text and lines; always set
  fill: string; // the same for areas: brighter on a light ground
  share: number; // place between min and max, 0 to 1; NaN without
  mapped: boolean;
}

export interface DisplayContext {
  theme: Theme;
  timezone: string;
  seriesIndex: number;
  name: string;
  limits: { min: number; max: number }; // of the data, where the config sets none
  isTime?: boolean;
}

const patterns = new Map<string, RegExp | null>();

/**
 * Compiles a regular expression of a file once; null when it is none. "/re/flags" may hit anywhere,
 * one without slashes has to take the whole text. `loose`: also that may hit anywhere.
 */
export function regexOf(text: string, loose = false): RegExp | null {
  const m = /^\/(.*)\/([gimsuy]*)$/s.exec(text);
  return m ? compiled(m[1]!, m[2]!) : compiled(loose ? text : `^${text}$`, "");
}

function compiled(source: string, flags: string): RegExp | null {
  const text = `${flags}/${source}`;
  const known = patterns.get(text);
  if (known !== undefined) return known;
  let re: RegExp | null = null;
  try {
    re = new RegExp(source, flags.replace(/[gy]/g, ""));
  } catch {
    re = null;
  }
  if (patterns.size > 1000) patterns.clear();
  patterns.set(text, re);
  return re;
}

function special(match: string, value: Value): boolean {
  const nan = typeof value === "number" && Number.isNaN(value);
  switch (match) {
    case "null":
      return value === null;
    case "nan":
      return nan;
    case "null+nan":
      return value === null || nan;
    case "true":
      return value === true;
    case "false":
      return value === false;
    case "empty":
      return value === "";
    default:
      return false;
  }
}

/** The first mapping that takes the value; its result with capture groups of a regex filled in. */
export function mapValue(mappings: ValueMapping[] | undefined, value: Value): MappingResult | null {
  for (const m of mappings ?? []) {
    if (m.type === "value") {
      const hit = value === null ? undefined : m.options.get(String(value));
      if (hit) return hit;
    } else if (m.type === "range") {
      const n = typeof value === "string" ? parseFloat(value) : value;
      if (typeof n === "number" && n >= m.from && n <= m.to) return m.result;
    } else if (m.type === "special") {
      if (special(m.match, value)) return m.result;
    } else if (typeof value === "string") {
      const re = regexOf(m.pattern);
      if (!re?.test(value)) continue;
      const text = m.result.text === undefined ? undefined : value.replace(re, m.result.text);
      return { ...m.result, text };
    }
  }
  return null;
}

function limitsOf(config: FieldConfig, data: { min: number; max: number }): [number, number] {
  return [config.min ?? data.min, config.max ?? data.max];
}

/** The threshold step that a value has reached. Percentages count between min and max. */
export function thresholdColor(
  config: FieldConfig,
  value: number,
  data: { min: number; max: number },
): string {
  const t = config.thresholds;
  if (!t?.steps.length) return "green";
  let at = value;
  if (t.mode === "percentage") {
    const [min, max] = limitsOf(config, data);
    at = max > min ? ((value - min) / (max - min)) * 100 : 0;
  }
  let color = t.steps[0]!.color;
  for (const step of t.steps) if (at >= step.value) color = step.color;
  return color;
}

/** The absolute values at which the threshold colour changes. */
export function thresholdLevels(
  config: FieldConfig,
  data: { min: number; max: number },
): { value: number; color: string }[] {
  const [min, max] = limitsOf(config, data);
  return (config.thresholds?.steps ?? []).map((s) => ({
    color: s.color,
    value:
      config.thresholds!.mode === "percentage" && Number.isFinite(s.value)
        ? min + (s.value / 100) * (max - min)
        : s.value,
  }));
}

export function shareOf(
  config: FieldConfig,
  value: number,
  data: { min: number; max: number },
): number {
  const [min, max] = limitsOf(config, data);
  return max > min ? (value - min) / (max - min) : NaN;
}

/** The colour of a value, or of a series when the mode does not look at values. */
export function valueColor(
  config: FieldConfig,
  value: number,
  c: DisplayContext,
  surface = false,
): string {
  const mode = config.color?.mode ?? "thresholds";
  if (mode === "fixed" || mode === "shades")
    return namedColor(config.color?.fixedColor ?? "text", c.theme, surface);
  if (mode === "palette-classic-by-name") return colorByName(c.name, c.theme);
  if (mode.startsWith("palette-")) return seriesColor(c.seriesIndex, c.theme);
  if (isScale(mode)) return scaleColor(mode, shareOf(config, value, c.limits), c.theme, surface);
  return namedColor(thresholdColor(config, value, c.limits), c.theme, surface);
}

function textOf(config: FieldConfig, value: Value, c: DisplayContext): Formatted {
  const empty = { prefix: "", suffix: "" };
  if (value === null) return { ...empty, text: config.noValue ?? "" };
  if (typeof value === "boolean")
    return config.unit?.startsWith("bool")
      ? formatValue(Number(value), config.unit)
      : { ...empty, text: String(value) };
  if (typeof value === "number") {
    if (c.isTime && !config.unit)
      return { ...empty, text: formatDate(value, "YYYY-MM-DD HH:mm:ss", c.timezone) };
    return formatValue(value, config.unit, config.decimals, c.timezone);
  }
  const n = config.unit && config.unit !== "string" && value.trim() !== "" ? Number(value) : NaN;
  if (!Number.isNaN(n)) return formatValue(n, config.unit, config.decimals, c.timezone);
  return { ...empty, text: value };
}

/** Shows one value of a field. */
export function display(config: FieldConfig, value: Value, c: DisplayContext): DisplayValue {
  const numeric =
    typeof value === "number" ? value : typeof value === "boolean" ? Number(value) : NaN;
  const hit = mapValue(config.mappings, value);
  const shown = textOf(config, value, c);
  const at = Number.isNaN(numeric) ? -Infinity : numeric;
  const color = (surface: boolean): string =>
    hit?.color ? namedColor(hit.color, c.theme, surface) : valueColor(config, at, c, surface);
  const mapped = hit?.text !== undefined && hit.text !== "";
  return {
    ...(mapped ? { prefix: "", text: hit.text!, suffix: "" } : shown),
    numeric,
    color: color(false),
    fill: color(true),
    share: shareOf(config, numeric, c.limits),
    mapped,
  };
}
