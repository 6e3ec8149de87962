// What could stand where the cursor is: metrics with their help, functions, labels, values of
// labels. Names are asked for once a minute, labels and values once for each selection.
import { type Api, ApiError } from "../../data/prometheus.ts";
import type { TimeRange } from "../../data/time.ts";
import { metricNames } from "../../data/why.ts";
import { arr, obj, str } from "../../model/json.ts";
import type { Context } from "./context.ts";
import { durations, keywords, words } from "./words.ts";

export interface Suggestion {
  text: string; // what is shown and searched
  insert: string;
  kind: "metric" | "function" | "aggregation" | "keyword" | "label" | "value" | "duration";
  detail: string;
}

const SHOWN = 60;
const NAMES_KEPT_MS = 60_000;
const ANSWERS_KEPT = 60;

async function language(api: Api): Promise<Suggestion[]> {
  const { aggregations, functions } = await words(api);
  return [
    ...aggregations.map((w) => word(w.name, "aggregation", `(${w.takes}) ${w.does}`)),
    ...functions.map((w) => word(w.name, "function", `(${w.takes}) ${w.does}`)),
    ...keywords.map((k) => word(k, "keyword", "")),
  ];
}

function word(name: string, kind: Suggestion["kind"], detail: string): Suggestion {
  return { text: name, insert: kind === "keyword" ? name : `${name}(`, kind, detail };
}

/** How well a text fits what was written: 0 best; -1 not at all. */
export function rank(text: string, written: string): number {
  const t = text.toLowerCase();
  const w = written.toLowerCase();
  if (t.startsWith(w)) return t.length === w.length ? 0 : 1;
  if (t.includes(`_${w}`) || t.includes(`:${w}`)) return 2;
  if (t.includes(w)) return 3;
  const parts = w.split(/[_\s]+/).filter(Boolean);
  return parts.length > 1 && parts.every((p) => t.includes(p)) ? 4 : -1;
}

export function ranked(all: Suggestion[], written: string): { shown: Suggestion[]; more: number } {
  const fits = all
    .map((s, i) => ({ s, i, rank: rank(s.text, written) }))
    .filter((x) => x.rank >= 0)
    .sort((a, b) => a.rank - b.rank || a.i - b.i);
  return { shown: fits.slice(0, SHOWN).map((x) => x.s), more: Math.max(0, fits.length - SHOWN) };
}

function quoted(value: string, quote: string): string {
  if (quote === "`") return value;
  const escaped = value.replace(/\\/g, "\\\\").replace(/\n/g, "\\n");
  return quote === "'" ? escaped.replace(/'/g, "\\'") : escaped.replace(/"/g, '\\"');
}

export class Completion {
  private names: { at: number; list: Promise<Suggestion[]> } | null = null;
  private readonly answers = new Map<string, Promise<string[]>>();

  constructor(
    private readonly api: Api,
    private readonly range: () => TimeRange,
  ) {}

  /** All metrics with type and help; an error leaves the words of the language. */
  metrics(): Promise<Suggestion[]> {
    const now = Date.now();
    if (this.names && now - this.names.at < NAMES_KEPT_MS) return this.names.list;
    const list = this.askMetrics().catch((e: unknown) => this.without<Suggestion>(e));
    this.names = { at: now, list };
    return list;
  }

  private without<T>(e: unknown): T[] {
    if (!(e instanceof ApiError)) throw e;
    return [];
  }

  private async askMetrics(): Promise<Suggestion[]> {
    const [names, metadata] = await Promise.all([
      this.api.labelValues("__name__", "", this.range()),
      this.api.json("/api/v1/metadata").catch(() => ({})),
    ]);
    const known = obj(obj(metadata).data);
    return names.map((name) => {
      const about = obj(arr(known[name])[0]);
      const detail = [str(about.type), str(about.help)].filter(Boolean).join(": ");
      return { text: name, insert: name, kind: "metric", detail };
    });
  }

  private once(key: string, ask: () => Promise<string[]>): Promise<string[]> {
    const known = this.answers.get(key);
    if (known) return known;
    const answer = ask().catch((e: unknown) => {
      this.answers.delete(key);
      return this.without<string>(e);
    });
    this.answers.set(key, answer);
    const [oldest] = this.answers.keys();
    if (this.answers.size > ANSWERS_KEPT && oldest !== undefined) this.answers.delete(oldest);
    return answer;
  }

  private async labels(context: Context, expr: string): Promise<Suggestion[]> {
    let { selector } = context;
    if (!context.quote) {
      const known = new Set((await this.metrics()).map((m) => m.text));
      const metrics = metricNames(expr).filter((n) => known.has(n)).slice(0, 20);
      if (metrics.length) selector = `{__name__=~"${metrics.join("|")}"}`;
    }
    const names = await this.once(`l ${selector}`, () => this.api.labelNames(selector, this.range()));
    return names
      .filter((n) => n !== "__name__")
      .map((name) => ({
        text: name,
        insert: context.quote ? `${name}="` : name,
        kind: "label",
        detail: "",
      }));
  }

  private async values(context: Context): Promise<Suggestion[]> {
    const { label, selector } = context;
    const values = await this.once(`v ${label} ${selector}`, () =>
      this.api.labelValues(label, selector, this.range()),
    );
    return values.map((value) => ({
      text: value,
      insert: quoted(value, context.quote),
      kind: "value",
      detail: "",
    }));
  }

  async suggest(context: Context, expr: string): Promise<Suggestion[]> {
    switch (context.kind) {
      case "name":
        return (await Promise.all([this.metrics(), language(this.api)])).flat();
      case "label":
        return this.labels(context, expr);
      case "value":
        return this.values(context);
      case "duration":
        return durations.map((d) => ({ text: d, insert: d, kind: "duration", detail: "" }));
      default:
        return [];
    }
  }
}
