// Variables of a dashboard: their options (asked of the API where they are queries), what is
// chosen, and the bindings that templates see.
import type { Dashboard, Variable, VariableOption } from "../model/dashboard.ts";
import { num } from "../model/json.ts";
import { type AdhocFilter, filterOf } from "./adhoc.ts";
import { regexOf } from "./display.ts";
import { seriesText } from "./frame.ts";
import {
  type Binding,
  type Bindings,
  interpolate,
  type MacroContext,
  variablesIn,
} from "./macros.ts";
import type { Api, Series } from "./prometheus.ts";
import { parseDuration, printDuration, stepFor, type TimeRange } from "./time.ts";

export const ALL = "$__all";
const MAX_OPTIONS = 10_000;

export interface VariableState {
  variable: Variable;
  options: VariableOption[];
  chosen: string[]; // values; [ALL] for All
  error: string;
}

/** Splits "a, b : c" of custom variables: text : value, commas escaped by a backslash. */
export function customOptions(query: string): VariableOption[] {
  return query
    .split(/(?<!\\),/)
    .map((part) => part.replace(/\\,/g, ",").trim())
    .filter((part) => part !== "")
    .map((part) => {
      const m = /^(.+?)\s+:\s+(.+)$/s.exec(part);
      return m ? { text: m[1]!, value: m[2]! } : { text: part, value: part };
    });
}

const natural = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

function numberIn(text: string): number {
  return num(/-?\d+(\.\d+)?/.exec(text)?.[0]) ?? -1;
}

/** Sorts by Grafana's numbers: 1/2 text, 3/4 number, 5/6 text without case, 7/8 natural. */
export function sortOptions(options: VariableOption[], sort: number): VariableOption[] {
  if (sort < 1 || sort > 8) return options;
  const compare = [
    (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0),
    (a: string, b: string): number => numberIn(a) - numberIn(b),
    (a: string, b: string): number => (a.toLowerCase() < b.toLowerCase() ? -1 : 1),
    (a: string, b: string): number => natural.compare(a, b),
  ][Math.floor((sort - 1) / 2)]!;
  const sorted = [...options].sort((a, b) => compare(a.text, b.text));
  return sort % 2 === 0 ? sorted.reverse() : sorted;
}

/** All places where a regex hits, as with its flag g; else the first one. */
function hits(regex: string, re: RegExp, text: string): RegExpExecArray[] {
  if (!/\/[imsuy]*g[imsuy]*$/.test(regex)) {
    const first = re.exec(text);
    return first ? [first] : [];
  }
  return [...text.matchAll(new RegExp(re.source, `${re.flags}g`))] as RegExpExecArray[];
}

/** What a variable's regex makes of one value: its groups text and value, which may come from
 *  different hits, else group 1 of every hit, else all of it; nothing where it does not hit. */
function matchedOptions(regex: string, re: RegExp, v: string): VariableOption[] {
  const found = hits(regex, re, v);
  const group = (name: string): string | undefined => found.find((m) => m.groups?.[name])?.groups?.[name];
  const [value, text] = [group("value"), group("text")];
  if (value !== undefined || text !== undefined) return [{ value: (value ?? text)!, text: (text ?? value)! }];
  const grouped = found.filter((m) => m.length > 1).map((m) => m[1] ?? "");
  if (grouped.length) return grouped.map((g) => ({ value: g, text: g }));
  return found.length ? [{ value: v, text: v }] : [];
}

/** Applies a variable's regex to what its query gave; each value comes once. */
export function filterOptions(values: string[], regex: string): VariableOption[] {
  const re = regex ? regexOf(regex) : null;
  const out = new Map<string, VariableOption>();
  for (const v of values) {
    for (const option of re ? matchedOptions(regex, re, v) : [{ text: v, value: v }])
      if (!out.has(option.value)) out.set(option.value, option);
    if (out.size >= MAX_OPTIONS) break;
  }
  return [...out.values()];
}

/** A series of query_result as variables' regexes expect it: name{a="b",c="d"} value time. */
function resultText(s: Series): string {
  const { __name__: name = "", ...labels } = s.labels;
  const parts = Object.entries(labels).map(([k, v]) => `${k}="${v}"`);
  return `${name}{${parts.join(",")}} ${s.values[0]} ${s.times[0]}`;
}

async function queried(
  api: Api,
  query: string,
  range: TimeRange,
  signal: AbortSignal,
): Promise<string[]> {
  const q = query.trim();
  const values = /^label_values\(\s*(?:(.+),\s*)?([\w.:-]+)\s*\)$/s.exec(q);
  if (values) return api.labelValues(values[2]!, (values[1] ?? "").trim(), range, signal);
  const names = /^label_names\(\s*(.*?)\s*\)$/s.exec(q);
  if (names) return api.labelNames(names[1] ?? "", range, signal);
  const metrics = /^metrics\((.*)\)$/s.exec(q);
  if (metrics) {
    const re = regexOf(metrics[1]!.trim(), true);
    const all = await api.labelValues("__name__", "", range, signal);
    return re ? all.filter((name) => re.test(name)) : all;
  }
  const expr = /^query_result\((.*)\)$/s.exec(q)?.[1];
  const result = await api.query(expr ?? q, range.to, signal);
  return result.series.map((s) => (expr ? resultText(s) : seriesText(s.labels)));
}

function intervalOptions(v: Variable, range: TimeRange): VariableOption[] {
  const options = customOptions(v.query);
  if (!v.auto) return options;
  const least = parseDuration(v.autoMin) || 10_000;
  const step = printDuration(stepFor(range.to - range.from, v.autoCount, least));
  return [{ text: "auto", value: step }, ...options];
}

async function optionsOf(
  v: Variable,
  api: Api,
  context: MacroContext,
  range: TimeRange,
  signal: AbortSignal,
): Promise<VariableOption[]> {
  switch (v.type) {
    case "query": {
      const query = interpolate(v.query, context, "promql");
      if (!query.trim()) return v.options;
      const regex = interpolate(v.regex, context, "text");
      const values = await queried(api, query, range, signal);
      return sortOptions(filterOptions(values, regex), v.sort);
    }
    case "custom":
      return v.query.trim() ? customOptions(v.query) : v.options;
    case "interval":
      return intervalOptions(v, range);
    case "datasource":
      return [{ text: "This server", value: "algalon" }];
    case "constant":
      return [{ text: v.query, value: v.query }];
    case "textbox":
      return [];
    default:
      return v.options;
  }
}

/** What is chosen, given the options: the wish where it can be had, else All or the first. */
export function choose(v: Variable, options: VariableOption[], wish: string[]): string[] {
  if (v.type === "textbox") return [wish[0] ?? v.query];
  if (v.type === "adhoc") return wish.filter((w) => filterOf(w));
  if (v.type === "constant") return [v.query];
  if (v.type === "datasource") return [options[0]?.value ?? ""];
  if (wish.includes(ALL) || (v.includeAll && wish.includes("All"))) {
    if (v.includeAll) return [ALL];
  }
  const known = wish.filter((w) => options.some((o) => o.value === w || o.text === w));
  const values = known.map((w) => options.find((o) => o.value === w || o.text === w)!.value);
  if (values.length) return v.multi ? values : values.slice(0, 1);
  if (v.includeAll) return [ALL];
  return options.length ? [options[0]!.value] : [];
}

export function bindingFor(s: VariableState): Binding {
  const v = s.variable;
  const isAll = s.chosen[0] === ALL;
  const values = isAll ? s.options.map((o) => o.value) : s.chosen;
  const text = (value: string): string => s.options.find((o) => o.value === value)?.text ?? value;
  return {
    values,
    texts: values.map(text),
    isAll,
    allValue: isAll ? v.allValue || (values.length ? "" : ".*") : "",
    multi: v.multi || v.includeAll,
  };
}

export class Variables {
  readonly states: VariableState[];

  constructor(dashboard: Dashboard, url: URLSearchParams) {
    this.states = dashboard.variables
      .filter((v) => v.name)
      .map((variable) => {
        const asked = url.getAll(`var-${variable.name}`);
        return {
          variable,
          options: [],
          chosen: asked.length ? asked : variable.current,
          error: "",
        };
      });
  }

  bindings(): Bindings {
    const named = this.states.filter((s) => s.variable.type !== "adhoc");
    return new Map(named.map((s) => [s.variable.name, bindingFor(s)]));
  }

  /** The label matchers that go into every query. */
  filters(): AdhocFilter[] {
    const chosen = this.states.filter((s) => s.variable.type === "adhoc").flatMap((s) => s.chosen);
    return chosen.map(filterOf).filter((f): f is AdhocFilter => !!f);
  }

  get(name: string): VariableState | undefined {
    return this.states.find((s) => s.variable.name === name);
  }

  /** The variables whose queries use `name`, directly or through others. */
  private after(name: string): Set<string> {
    const hit = new Set([name]);
    for (let grown = true; grown;) {
      grown = false;
      for (const { variable: v } of this.states) {
        if (hit.has(v.name)) continue;
        if (variablesIn(v.query + " " + v.regex).some((n) => hit.has(n))) {
          hit.add(v.name);
          grown = true;
        }
      }
    }
    hit.delete(name);
    return hit;
  }

  /**
   * Asks for options: of all variables, or of those that depend on `changed`. Independent ones
   * are asked at the same time; a dependent one waits for what it uses. True when a choice changed.
   */
  async load(
    api: Api,
    contextOf: (b: Bindings) => MacroContext,
    range: TimeRange,
    signal: AbortSignal,
    changed?: string,
  ): Promise<boolean> {
    const wanted = changed === undefined ? null : this.after(changed);
    const done = new Map<string, Promise<void>>();
    let moved = false;
    const one = async (s: VariableState): Promise<void> => {
      const before = s.chosen.join("\n");
      try {
        s.options = await optionsOf(s.variable, api, contextOf(this.bindings()), range, signal);
        s.error = "";
        s.chosen = choose(s.variable, s.options, s.chosen);
      } catch (e) {
        if (signal.aborted) throw e;
        s.error = e instanceof Error ? e.message : String(e);
      }
      if (s.chosen.join("\n") !== before) moved = true;
    };
    const start = (s: VariableState, path: Set<string>): Promise<void> => {
      const known = done.get(s.variable.name);
      if (known) return known;
      const uses = variablesIn(s.variable.query + " " + s.variable.regex)
        .filter((n) => n !== s.variable.name && !path.has(n)) // a circle is cut where it closes
        .map((n) => this.get(n))
        .filter((x): x is VariableState => !!x && (!wanted || wanted.has(x.variable.name)));
      const below = new Set(path).add(s.variable.name);
      const run = Promise.all(uses.map((u) => start(u, below))).then(() => one(s));
      done.set(s.variable.name, run);
      return run;
    };
    await Promise.all(
      this.states
        .filter((s) => !wanted || wanted.has(s.variable.name))
        .map((s) => start(s, new Set())),
    );
    return moved;
  }

  /** Sets a choice, kept inside what the variable allows. */
  set(name: string, chosen: string[]): void {
    const s = this.get(name);
    if (s) s.chosen = choose(s.variable, s.options, chosen);
  }

  /** Writes the choices into a query string. */
  toUrl(url: URLSearchParams): void {
    for (const { variable: v, chosen } of this.states) {
      url.delete(`var-${v.name}`);
      if (v.type === "datasource" || v.type === "constant" || v.skipUrlSync) continue;
      for (const value of chosen) url.append(`var-${v.name}`, value);
    }
  }
}

/** The single-value binding that a repeated panel or row sees. */
export function scoped(binding: Binding, i: number): Binding {
  const value = binding.values[i] ?? "";
  return {
    values: [value],
    texts: [binding.texts[i] ?? value],
    isAll: false,
    allValue: "",
    multi: binding.multi,
  };
}

/** Variables a dashboard file says it needs but does not define (for the reason of empty panels). */
export function undefinedIn(template: string, bindings: Bindings): string[] {
  // $1 is a group of label_replace, not a variable.
  return variablesIn(template).filter((n) => !/^(__|\d)/.test(n) && !bindings.has(n));
}
