// Why a panel has nothing to show, in plain words.
import { ALL, undefinedIn, type VariableState } from "./variables.ts";
import type { Bindings } from "./macros.ts";

const WORDS = new Set(
  "by without on ignoring group_left group_right bool offset and or unless start end inf nan step".split(
    " ",
  ),
);

/** Metric names an expression asks for (near enough: names that are no functions and no labels). */
export function metricNames(expr: string): string[] {
  const bare = expr
    .replace(/"(\\.|[^"\\])*"|'(\\.|[^'\\])*'|`[^`]*`/g, '""')
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/gi, " ")
    .replace(/\{[^}]*\}/g, " ")
    .replace(/\[[^\]]*\]/g, " ");
  const names = new Set<string>();
  for (const m of bare.matchAll(/[a-zA-Z_:][\w:]*/g)) {
    const after = bare.slice(m.index + m[0].length).trimStart()[0];
    const before = bare[m.index - 1] ?? "";
    if (after === "(" || /[\w.$]/.test(before) || WORDS.has(m[0].toLowerCase())) continue;
    names.add(m[0]);
  }
  return [...names];
}

export function isAboutGpus(expr: string): boolean {
  return /gpu|dcgm|nvidia|nvml/i.test(expr);
}

/** True when a metric of this name is there because some machine has a GPU; every worker counts changes of them. */
export function tellsOfGpus(name: string): boolean {
  return isAboutGpus(name) && !/^algalon_gpu_\w+_total$/.test(name);
}

function quoted(names: string[]): string {
  const shown = names.slice(0, 3).join(", ");
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

/** Words for an empty panel: what fits everywhere, and what is said where there is room. */
export interface Reason {
  short: string;
  more: string;
}

const reason = (short: string, more = ""): Reason => ({ short, more });

/**
 * The reason, from what is known: variables without a value first, then whether the metrics exist
 * at all (`known`: all metric names in the range, or null when they could not be asked for).
 */
export function emptyReason(
  exprs: string[],
  bindings: Bindings,
  states: VariableState[],
  known: Set<string> | null,
  quiet = "", // what the panel itself says when there is nothing to show
): Reason {
  const missing = [...new Set(exprs.flatMap((e) => undefinedIn(e, bindings)))];
  if (missing.length)
    return reason(`$${missing.join(", $")} is not defined.`, "The dashboard uses it, and has no such variable.");
  const empty = states.filter(
    (s) =>
      !s.options.length &&
      s.variable.type === "query" &&
      exprs.some((e) => new RegExp(`\\$\\{?${s.variable.name}\\b`).test(e)),
  );
  const nothingFor = (of: VariableState[]): Reason =>
    reason(`Nothing to choose for ${of.map((s) => `“${s.variable.label}”`).join(", ")}.`, of[0]!.error);
  const unset = empty.filter((s) => s.chosen[0] !== ALL); // All asks for any value, also where none is known
  if (unset.length) return nothingFor(unset);
  const names = [...new Set(exprs.flatMap(metricNames))];
  if (known && names.length) {
    if (!known.size) return reason("Nothing was scraped.", "No sample lies in this range. Is a worker up? See Targets.");
    const absent = names.filter((n) => !known.has(n));
    if (absent.length === names.length)
      return reason(
        "No machine reports this.",
        `Is its worker scraped (see Targets)? What does \`algalon doctor\` say there? (${quoted(absent)})`,
      );
    if (quiet) return reason(quiet);
    if (absent.length) return reason("No machine reports a part of this.", `It is ${quoted(absent)}.`);
    const advice = empty.length ? nothingFor(empty).short : "Choose another above, or another time range.";
    return reason("No data for this selection.", advice);
  }
  return empty.length ? nothingFor(empty) : reason("No data in this range.");
}
