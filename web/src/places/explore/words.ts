// The words of the query language that Algalon knows: functions with what they take and do,
// aggregations (both in static/words.md, fetched at need), keywords, durations. A test holds the names
// against the program's own table.
import { type Api, ApiError } from "../../data/prometheus.ts";

export interface Word {
  name: string;
  takes: string; // "range", "vector, scalar" ...: shown behind the name
  does: string;
}

export interface Words {
  functions: Word[];
  aggregations: Word[];
}

/** The lines "name(takes): does" below the two headings of static/words.md. */
export function wordsOf(text: string): Words {
  const [, functions = "", aggregations = ""] = text.split(/^# .*$/m);
  const list = (lines: string): Word[] =>
    [...lines.matchAll(/^(\w+)\((.*)\): (.*)$/gm)].map((m) => ({
      name: m[1]!,
      takes: m[2]!,
      does: m[3]!,
    }));
  return { functions: list(functions), aggregations: list(aggregations) };
}

let loaded: Promise<Words> | null = null;

/** The words of functions and aggregations, fetched when they are first wanted; none when that fails. */
export function words(api: Api): Promise<Words> {
  const address = document.querySelector<HTMLLinkElement>('link[rel="glossary"]')!.href;
  loaded ??= api
    .text(address)
    .then(wordsOf)
    .catch((e: unknown) => {
      if (!(e instanceof ApiError)) throw e;
      loaded = null;
      return wordsOf("");
    });
  return loaded;
}

export const keywords =
  "and by bool default group_left group_right if ifnot ignoring keep_metric_names limit offset on or unless without".split(" ");
export const durations = "$__rate_interval 1m 5m 15m 30m 1h 6h 1d 7d".split(" ");
