// Runs panels' queries: the same question is asked once, and a refresh asks only for the tail of
// what is already here.
import { clock } from "./clock.ts";
import { labelKey } from "./frame.ts";
import type { Api, QueryResult, Series } from "./prometheus.ts";

export interface RangeQuestion {
  expr: string;
  start: number; // ms, whole steps before the end
  end: number;
  step: number;
}

interface Kept {
  result: QueryResult;
  start: number;
  end: number;
  askedAt: number; // when all of it was asked for, ms
  usedAt: number;
}

interface Running {
  answer: Promise<QueryResult>;
  signal: AbortSignal;
}

const MAX_KEPT = 400;
const TAIL_OVERLAP_MS = 60_000; // samples may come late by so much and still be drawn
const WHOLE_AFTER_MS = 300_000; // then everything is asked again, also for what came later still

/**
 * Widens a range to whole steps, so that one moment later the same points are asked for. At a moment
 * of the past the points lie so that the last one is that very moment.
 */
export function aligned(from: number, to: number, step: number): { start: number; end: number } {
  const phase = clock.moment === null ? 0 : to % step;
  const whole = (t: number): number => Math.floor((t - phase) / step) * step + phase;
  return { start: whole(from), end: whole(to) };
}

/** Joins a kept result with a newer tail: points from `tailStart` on are the tail's alone. */
export function joinTail(
  kept: QueryResult,
  tail: QueryResult,
  start: number,
  tailStart: number,
): QueryResult {
  const newer = new Map(tail.series.map((s) => [labelKey(s.labels), s]));
  const joined: Series[] = [];
  for (const old of kept.series) {
    const key = labelKey(old.labels);
    const more = newer.get(key);
    newer.delete(key);
    let lo = 0;
    while (lo < old.times.length && old.times[lo]! < start) lo++;
    let hi = old.times.length;
    while (hi > lo && old.times[hi - 1]! >= tailStart) hi--;
    const times = old.times.slice(lo, hi).concat(more?.times ?? []);
    const values = old.values.slice(lo, hi).concat(more?.values ?? []);
    if (times.length) joined.push({ labels: old.labels, times, values });
  }
  for (const s of tail.series) if (newer.has(labelKey(s.labels))) joined.push(s);
  return { type: "matrix", series: joined, warnings: tail.warnings };
}

/** True when cutting off the past cannot change what the expression gives at a later point. */
function tailIsEnough(expr: string): boolean {
  return !/@\s*(start|end)\s*\(/.test(expr);
}

export class Queries {
  private readonly kept = new Map<string, Kept>();
  private readonly running = new Map<string, Running>();

  constructor(
    private readonly api: Api,
    private readonly now: () => number = Date.now,
  ) {}

  /** Answers for one moment; the same question at the same moment is asked once. */
  instant(expr: string, time: number, signal: AbortSignal): Promise<QueryResult> {
    return this.once(`i ${time} ${expr}`, signal, () => this.api.query(expr, time, signal));
  }

  range(q: RangeQuestion, signal: AbortSignal): Promise<QueryResult> {
    const key = `r ${q.start} ${q.end} ${q.step} ${q.expr}`;
    return this.once(key, signal, () => this.askRange(q, signal));
  }

  /** Forgets kept answers: a forced refresh asks for everything. */
  forget(): void {
    this.kept.clear();
    this.running.clear();
  }

  /** Joins a question that is under way, unless its asker has given it up. */
  private once(
    key: string,
    signal: AbortSignal,
    ask: () => Promise<QueryResult>,
  ): Promise<QueryResult> {
    const known = this.running.get(key);
    if (known && !known.signal.aborted) return known.answer;
    const answer = ask().finally(() => {
      if (this.running.get(key)?.answer === answer) this.running.delete(key);
    });
    this.running.set(key, { answer, signal });
    return answer;
  }

  private async askRange(q: RangeQuestion, signal: AbortSignal): Promise<QueryResult> {
    const key = `${q.step} ${q.expr}`;
    const now = this.now();
    const old = this.kept.get(key);
    if (old && old.start <= q.start && old.end === q.end) {
      old.usedAt = now;
      return joinTail(old.result, { type: "matrix", series: [], warnings: [] }, q.start, Infinity);
    }
    const overlap = Math.ceil(TAIL_OVERLAP_MS / q.step) * q.step;
    const tailStart = old ? old.end - overlap : 0;
    const fits =
      old &&
      old.start <= q.start &&
      old.end <= q.end &&
      (q.end - old.end) % q.step === 0 &&
      tailStart > q.start &&
      now - old.askedAt < WHOLE_AFTER_MS &&
      tailIsEnough(q.expr);
    if (fits) {
      const tail = await this.api.queryRange(q.expr, { ...q, start: tailStart }, signal);
      const result = joinTail(old.result, tail, q.start, tailStart);
      this.keep(key, { result, start: q.start, end: q.end, askedAt: old.askedAt, usedAt: now });
      return result;
    }
    const result = await this.api.queryRange(q.expr, q, signal);
    this.keep(key, { result, start: q.start, end: q.end, askedAt: now, usedAt: now });
    return result;
  }

  private keep(key: string, kept: Kept): void {
    this.kept.delete(key);
    this.kept.set(key, kept);
    while (this.kept.size > MAX_KEPT) {
      const oldest = this.kept.keys().next().value;
      if (oldest === undefined) break;
      this.kept.delete(oldest);
    }
  }
}
