// Replaces $var, ${var:format}, [[var]] and the built-in $__names in queries, titles and links.
import { formatDate } from "./time.ts";

/** The value of a variable as templates see it. */
export interface Binding {
  values: string[];
  texts: string[];
  isAll: boolean;
  allValue: string; // what stands for All in queries; "": the joined values
  multi: boolean; // multi or with All: in queries always a regular expression
}

export type Bindings = Map<string, Binding>;

export interface MacroContext {
  bindings: Bindings;
  from: number;
  to: number;
  intervalMs: number;
  rateIntervalMs: number;
  timezone: string;
  dashboard: string;
  urlRange: string; // "from=now-1h&to=now", as the page's own address has it
}

/** Where a template stands decides how a variable without a format is written. */
export type Place = "promql" | "text" | "url";

export function bindingOf(value: string, text = value): Binding {
  return { values: [value], texts: [text], isAll: false, allValue: "", multi: false };
}

function escapeRegex(value: string): string {
  return value.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

/** Inside a quoted PromQL string every backslash doubles and quotes are escaped. */
function escapeRegexInString(value: string): string {
  return value.replace(/[\\^$.*+?()[\]{}|/]/g, "\\\\$&").replace(/"/g, '\\"');
}

function escapeString(value: string): string {
  return value.replace(/\\/g, "\\\\").replace(/"/g, '\\"');
}

function encode(value: string): string {
  return encodeURIComponent(value).replace(
    /[!'()*]/g,
    (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase(),
  );
}

function glob(values: string[]): string {
  return values.length > 1 ? `{${values.join(",")}}` : (values[0] ?? "");
}

function regexOf(values: string[], escape: (v: string) => string): string {
  return values.length === 1 ? escape(values[0]!) : `(${values.map(escape).join("|")})`;
}

function queryParam(name: string, b: Binding): string {
  const values = b.isAll ? ["$__all"] : b.values;
  return values.map((v) => `var-${encode(name)}=${encode(v)}`).join("&");
}

function formatted(name: string, b: Binding, format: string, place: Place): string {
  const named = format === "text" || format === "queryparam" || (!format && place === "text");
  if (b.isAll && b.allValue && !named) return b.allValue;
  const v = b.values;
  switch (format) {
    case "regex":
      return regexOf(v, escapeRegex);
    case "pipe":
      return v.join("|");
    case "csv":
    case "raw":
      return v.join(",");
    case "json":
      return v.length === 1 && !b.multi ? JSON.stringify(v[0]) : JSON.stringify(v);
    case "glob":
      return glob(v);
    case "distributed":
      return v.map((x, i) => (i ? `${name}=${x}` : x)).join(",");
    case "doublequote":
      return v.map((x) => `"${x.replace(/"/g, '\\"')}"`).join(",");
    case "singlequote":
      return v.map((x) => `'${x.replace(/'/g, "\\'")}'`).join(",");
    case "sqlstring":
      return v.map((x) => `'${x.replace(/'/g, "''")}'`).join(",");
    case "lucene":
      return v.length === 1 ? v[0]! : `(${v.map((x) => `"${x}"`).join(" OR ")})`;
    case "percentencode":
      return encode(glob(v));
    case "uriencode":
      return encodeURI(glob(v));
    case "queryparam":
      return queryParam(name, b);
    case "text":
      return b.isAll ? "All" : b.texts.join(" + ");
    case "date":
      return new Date(Number(v[0])).toISOString();
  }
  if (place === "promql") {
    if (b.multi) return regexOf(v, escapeRegexInString);
    return escapeString(v[0] ?? "");
  }
  if (place === "url") return encode(glob(v));
  return b.isAll ? "All" : b.texts.join(" + ");
}

function seconds(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${Math.round(ms)}ms`;
}

function builtIn(name: string, format: string, c: MacroContext): string | undefined {
  const range = Math.max(1, c.to - c.from);
  switch (name) {
    case "__interval":
    case "interval":
      return name === "__interval" ? seconds(c.intervalMs) : undefined;
    case "__interval_ms":
      return String(c.intervalMs);
    case "__rate_interval":
      return seconds(c.rateIntervalMs);
    case "__rate_interval_ms":
      return String(c.rateIntervalMs);
    case "__range":
      return `${Math.max(1, Math.round(range / 1000))}s`;
    case "__range_s":
      return String(Math.max(1, Math.round(range / 1000)));
    case "__range_ms":
      return String(range);
    case "__from":
    case "__to": {
      const ts = name === "__from" ? c.from : c.to;
      if (format === "date" || format === "date:iso") return new Date(ts).toISOString();
      if (format === "date:seconds") return String(Math.floor(ts / 1000));
      if (format.startsWith("date:")) return formatDate(ts, format.slice(5), c.timezone);
      return String(ts);
    }
    case "__timezone":
      return c.timezone;
    case "__dashboard":
      return c.dashboard;
    case "__all_variables":
      return [...c.bindings].map(([n, b]) => queryParam(n, b)).join("&");
    case "__url_time_range":
      return c.urlRange;
    default:
      return undefined;
  }
}

// $name, ${name}, ${name:format}, ${name.field:format}, [[name]], [[name:format]]
const TEMPLATE = /\$(\w+)|\$\{(\w+)(?:\.([^:^}]+))?(?::([^}]+))?\}|\[\[(\w+)(?::(\w+))?\]\]/g;

/**
 * Fills a template in. `extra` names what only this place knows (labels of a clicked series); what
 * nobody knows is left as it stands.
 */
export function interpolate(
  template: string,
  c: MacroContext,
  place: Place,
  extra?: (path: string) => string | undefined,
): string {
  if (!template.includes("$") && !template.includes("[[")) return template;
  const text = extra
    ? template.replace(/\$\{(__[^}:]+)(?::(\w+))?\}/g, (whole, path: string, format?: string) => {
        const found = extra(path);
        if (found === undefined) return whole;
        return place === "url" && format !== "raw" ? encode(found) : found;
      })
    : template;
  return text.replace(TEMPLATE, (whole, a, b, _field, braceFormat, d, bracketFormat) => {
    const name = (a ?? b ?? d) as string;
    const format = ((braceFormat ?? bracketFormat) as string | undefined) ?? "";
    const own = c.bindings.get(name);
    if (own) return formatted(name, own, format, place);
    return builtIn(name, format, c) ?? (whole as string);
  });
}

/** The names of variables that a template uses. */
export function variablesIn(template: string): string[] {
  const names = new Set<string>();
  for (const m of template.matchAll(TEMPLATE)) names.add((m[1] ?? m[2] ?? m[5])!);
  return [...names];
}

/** A window wide enough that rate() finds two samples in it, also when one scrape was missed. */
export function rateInterval(stepMs: number, scrapeMs: number): number {
  return Math.max(stepMs + scrapeMs, 4 * scrapeMs);
}
