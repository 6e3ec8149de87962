// Calculations that reduce a column to one value, by the ids that dashboard files use.
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

function variance(n: number[]): number {
  const m = mean(n);
  return sum(n.map((v) => (v - m) ** 2)) / n.length;
}

function percentile(n: number[], p: number): number {
  const sorted = [...n].sort((a, b) => a - b);
  const at = Math.min(sorted.length - 1, Math.max(0, Math.round((p / 100) * (sorted.length - 1))));
  return sorted[at] ?? NaN;
}

/** Growth of a counter: falls are restarts from zero. */
function increase(n: number[]): number {
  let total = 0;
  for (let i = 1; i < n.length; i++) {
    const step = n[i]! - n[i - 1]!;
    total += step >= 0 ? step : n[i]!;
  }
  return total;
}

function smallestStep(n: number[]): number | null {
  let least = Infinity;
  for (let i = 1; i < n.length; i++) least = Math.min(least, Math.abs(n[i]! - n[i - 1]!));
  return least === Infinity ? 0 : least;
}

function changes(values: Value[]): number {
  let count = 0;
  for (let i = 1; i < values.length; i++) if (values[i] !== values[i - 1]) count++;
  return count;
}

export const calcs: Record<string, Calc> = {
  lastNotNull: { label: "Last", of: (v) => [...v].reverse().find(present) ?? null },
  last: { label: "Last", of: (v) => v[v.length - 1] ?? null },
  firstNotNull: { label: "First", of: (v) => v.find(present) ?? null },
  first: { label: "First", of: (v) => v[0] ?? null },
  min: { label: "Min", of: onNumbers(low) },
  max: { label: "Max", of: onNumbers(high) },
  mean: { label: "Mean", of: onNumbers(mean) },
  median: { label: "Median", of: onNumbers((n) => percentile(n, 50)) },
  sum: { label: "Total", of: onNumbers(sum) },
  count: { label: "Count", counts: true, of: (v) => v.length },
  range: { label: "Range", of: onNumbers((n) => high(n) - low(n)) },
  delta: { label: "Delta", of: onNumbers(increase) },
  step: { label: "Step", of: onNumbers(smallestStep) },
  diff: { label: "Difference", of: onNumbers((n) => n[n.length - 1]! - n[0]!) },
  diffperc: {
    label: "Difference %",
    counts: true,
    of: onNumbers((n) => (n[0] ? ((n[n.length - 1]! - n[0]) / Math.abs(n[0])) * 100 : null)),
  },
  logmin: {
    label: "Min > 0",
    of: onNumbers((n) => {
      const least = low(n.filter((v) => v > 0));
      return least === Infinity ? null : least;
    }),
  },
  stdDev: { label: "StdDev", of: onNumbers((n) => Math.sqrt(variance(n))) },
  variance: { label: "Variance", of: onNumbers(variance) },
  changeCount: { label: "Changes", counts: true, of: changes },
  distinctCount: { label: "Distinct", counts: true, of: (v) => new Set(v).size },
  allIsZero: { label: "All zeros", counts: true, of: (v) => v.every((x) => x === 0) },
  allIsNull: { label: "All nulls", counts: true, of: (v) => !v.some(present) },
  uniqueValues: { label: "Unique values", of: (v) => [...new Set(v)].join(", ") },
  allValues: { label: "All values", of: (v) => v.join(", ") },
};

/** The calculation under an id ("mean", "p95"); what is not known counts as lastNotNull. */
export function calcOf(id: string): Calc {
  const known = Object.prototype.hasOwnProperty.call(calcs, id) ? calcs[id] : undefined;
  if (known) return known;
  const p = /^p(\d{1,2})$/.exec(id);
  if (p) return { label: `${p[1]}th %`, of: onNumbers((n) => percentile(n, Number(p[1]))) };
  return calcs.lastNotNull!;
}

export function isCalc(id: string): boolean {
  return Object.prototype.hasOwnProperty.call(calcs, id) || /^p\d{1,2}$/.test(id);
}
