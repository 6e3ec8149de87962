// Calculations that reduce a column to one value, by the ids that dashboard files use; compared with
// @grafana/data in grafana.test.ts. Nulls do not count, as there.
import type { Value } from "./frame.ts";

export interface Calc {
  label: string; // as legends and tables head it
  counts?: boolean; // its result is a number of values: shown without the field's unit
  of(values: Value[]): Value;
}

function numbers(values: Value[]): number[] {
  const out: number[] = [];
  for (const v of values) if (typeof v === "number" && !Number.isNaN(v)) out.push(v);
  return out;
}

/** On numbers; where there are none the result is none, not zero: idle is not silent. */
function onNumbers(f: (n: number[]) => number | null): (values: Value[]) => Value {
  return (values) => {
    const n = numbers(values);
    return n.length ? f(n) : null;
  };
}

function present(v: Value | undefined): boolean {
  return v !== null && v !== undefined && !(typeof v === "number" && Number.isNaN(v));
}

const sum = (n: number[]): number => n.reduce((a, b) => a + b, 0);
const mean = (n: number[]): number => sum(n) / n.length;
const low = (n: number[]): number => n.reduce((a, b) => Math.min(a, b), Infinity);
const high = (n: number[]): number => n.reduce((a, b) => Math.max(a, b), -Infinity);
const ordered = (n: number[]): number[] => [...n].sort((a, b) => a - b);

function variance(n: number[]): number {
  const m = mean(n);
  return sum(n.map((v) => (v - m) ** 2)) / n.length;
}

function percentile(n: number[], p: number): number {
  return ordered(n)[Math.round((p / 100) * (n.length - 1))] ?? NaN;
}

function median(n: number[]): number {
  const sorted = ordered(n);
  const half = Math.floor(n.length / 2);
  return n.length % 2 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** Growth of a counter: a fall is a restart, and the step right after one is not counted. */
function increase(n: number[]): number {
  let total = 0;
  let rising = true;
  for (let i = 1; i < n.length; i++) {
    const step = n[i]! - n[i - 1]!;
    if (step >= 0 && rising) total += step;
    rising = step >= 0;
  }
  return total;
}

function leastStep(n: number[]): number | null {
  let least = Infinity;
  for (let i = 1; i < n.length; i++) least = Math.min(least, n[i]! - n[i - 1]!);
  return least === Infinity ? null : least;
}

function changes(values: Value[]): number | null {
  const known = values.filter((v) => v !== null);
  if (!values.length) return null;
  return known.filter((v, i) => i > 0 && v !== known[i - 1]).length;
}

/** The change as a share of the first value, in percent. */
function growth(n: number[]): number | null {
  return n[0] ? ((n[n.length - 1]! - n[0]) / n[0]) * 100 : null;
}

export const calcs: Record<string, Calc> = {
  lastNotNull: { label: "Last", of: (v) => [...v].reverse().find(present) ?? null },
  last: { label: "Last", of: (v) => v[v.length - 1] ?? null },
  firstNotNull: { label: "First", of: (v) => v.find(present) ?? null },
  first: { label: "First", of: (v) => v[0] ?? null },
  min: { label: "Min", of: onNumbers(low) },
  max: { label: "Max", of: onNumbers(high) },
  mean: { label: "Mean", of: onNumbers(mean) },
  median: { label: "Median", of: onNumbers(median) },
  sum: { label: "Total", of: onNumbers(sum) },
  count: { label: "Count", counts: true, of: (v) => v.filter((x) => x !== null).length },
  countAll: { label: "Count all", counts: true, of: (v) => v.length },
  range: { label: "Range", of: onNumbers((n) => high(n) - low(n)) },
  delta: { label: "Delta", of: onNumbers(increase) },
  step: { label: "Step", of: onNumbers(leastStep) },
  diff: { label: "Difference", of: onNumbers((n) => n[n.length - 1]! - n[0]!) },
  diffperc: { label: "Difference percent", counts: true, of: onNumbers(growth) },
  logmin: {
    label: "Min (above zero)",
    of: onNumbers((n) => {
      const least = low(n.filter((v) => v > 0));
      return least === Infinity ? null : least;
    }),
  },
  stdDev: { label: "StdDev", of: onNumbers((n) => Math.sqrt(variance(n))) },
  variance: { label: "Variance", of: onNumbers(variance) },
  changeCount: { label: "Change Count", counts: true, of: changes },
  distinctCount: {
    label: "Distinct Count",
    counts: true,
    of: (v) => (v.length ? new Set(v.filter((x) => x !== null)).size : null),
  },
  allIsZero: {
    label: "All Zeros",
    counts: true,
    of: (v) => v.some(present) && v.every((x) => !present(x) || x === 0),
  },
  allIsNull: { label: "All Nulls", counts: true, of: (v) => !v.some(present) },
  uniqueValues: { label: "All unique values", of: (v) => [...new Set(v)].join(", ") },
  allValues: { label: "All values", of: (v) => v.join(", ") },
};

/** The calculation under an id ("mean", "p95"); what is not known counts as lastNotNull. */
export function calcOf(id: string): Calc {
  const known = Object.prototype.hasOwnProperty.call(calcs, id) ? calcs[id] : undefined;
  if (known) return known;
  const p = /^p(\d{1,2})$/.exec(id);
  if (p)
    return {
      label: `${p[1]}${ending(p[1]!)} %`,
      of: onNumbers((n) => percentile(n, Number(p[1]))),
    };
  return calcs.lastNotNull!;
}

function ending(number: string): string {
  if (/^1\d$/.test(number)) return "th";
  return { 1: "st", 2: "nd", 3: "rd" }[Number(number.slice(-1))] ?? "th";
}

export function isCalc(id: string): boolean {
  return Object.prototype.hasOwnProperty.call(calcs, id) || /^p\d{1,2}$/.test(id);
}
