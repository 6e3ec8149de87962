// Ad hoc filters: label matchers that go into every selector of every query of the dashboard.

export interface AdhocFilter {
  key: string;
  operator: string; // as PromQL writes it
  value: string;
}

const OPERATORS = ["=~", "!~", "!=", "="];
const GROUPING = new Set(["by", "without", "on", "ignoring", "group_left", "group_right"]);
const WORDS = new Set([
  "and",
  "or",
  "unless",
  "bool",
  "offset",
  "inf",
  "nan",
  "atan2",
  "start",
  "end",
]);

function matcherOf(f: AdhocFilter): string {
  return `${f.key}${f.operator}${JSON.stringify(f.value)}`;
}

/** Where the text or bracket that begins at `at` ends: behind its closing mark. */
function endOf(expr: string, at: number, close: string): number {
  let i = at + 1;
  while (i < expr.length && expr[i] !== close) {
    const c = expr[i]!;
    if (c === "\\" && close === expr[at])
      i++; // an escape inside a string
    else if (close !== expr[at] && /["'`]/.test(c)) i = endOf(expr, i, c) - 1;
    i++;
  }
  return Math.min(expr.length, i + 1);
}

function after(expr: string, at: number): string {
  return /^\s*(\w*)/.exec(expr.slice(at))?.[1] || expr.slice(at).trimStart()[0] || "";
}

/** Puts the filters into each selector of a PromQL expression. */
export function withFilters(expr: string, filters: AdhocFilter[]): string {
  const added = filters
    .filter((f) => /^[a-zA-Z_]\w*$/.test(f.key))
    .map(matcherOf)
    .join(",");
  if (!added) return expr;
  let out = "";
  let i = 0;
  const copy = (to: number): void => {
    out += expr.slice(i, to);
    i = to;
  };
  while (i < expr.length) {
    const c = expr[i]!;
    if (/["'`]/.test(c)) copy(endOf(expr, i, c));
    else if (c === "[") copy(endOf(expr, i, "]"));
    else if (c === "#") copy((expr.indexOf("\n", i) + 1 || expr.length + 1) - 1 || expr.length);
    else if (c === "{") {
      const inside = expr.slice(i + 1, endOf(expr, i, "}") - 1).trim();
      copy(endOf(expr, i, "}") - 1);
      out += inside && !inside.endsWith(",") ? `,${added}` : added;
      copy(i + 1);
    } else if (/[a-zA-Z_:]/.test(c)) {
      const word = /^[\w:.]+/.exec(expr.slice(i))![0];
      copy(i + word.length);
      const next = after(expr, i);
      const lower = word.toLowerCase();
      if (GROUPING.has(lower) && next === "(") copy(endOf(expr, expr.indexOf("(", i), ")"));
      else if (
        next !== "(" &&
        next !== "{" &&
        !GROUPING.has(next) &&
        !WORDS.has(lower) &&
        !GROUPING.has(lower)
      )
        out += `{${added}}`;
    } else if (/[\d.]/.test(c))
      copy(i + /^[\d.]\w*(?:[eE][+-]?\d+)?/.exec(expr.slice(i))![0].length);
    else copy(i + 1);
  }
  return out;
}

/** "key|operator|value", as addresses carry a filter; null when it is none. */
export function filterOf(text: string): AdhocFilter | null {
  const [key = "", operator = "", ...rest] = text.split("|");
  if (!key || !OPERATORS.includes(operator)) return null;
  return { key, operator, value: rest.join("|").replace(/__gfp__/g, "|") };
}

export function filterText(f: AdhocFilter): string {
  return [f.key, f.operator, f.value.replace(/\|/g, "__gfp__")].join("|");
}

/** What people write: host=a, gpu!~"1|2". Parts that are no filters are left out. */
export function readFilters(text: string): AdhocFilter[] {
  const out: AdhocFilter[] = [];
  for (const m of text.matchAll(/([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*("(?:\\.|[^"\\])*"|[^,]*)/g)) {
    const raw = m[3]!.trim();
    const value = raw.startsWith('"') ? raw.slice(1, -1).replace(/\\(.)/g, "$1") : raw;
    out.push({ key: m[1]!, operator: m[2]!, value });
  }
  return out;
}

export function writeFilters(filters: AdhocFilter[]): string {
  return filters
    .map(
      (f) => `${f.key}${f.operator}${/[,"\s]/.test(f.value) ? JSON.stringify(f.value) : f.value}`,
    )
    .join(", ");
}
