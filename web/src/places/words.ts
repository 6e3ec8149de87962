// Numbers of the lists, in words.
import { relativeTo } from "../data/time.ts";

const NEVER = -62_135_596_800_000; // 0001-01-01, which stands for "never" in answers

/** A time of an answer, in ms; NaN for never. */
export function timeOf(text: string): number {
  const ts = Date.parse(text);
  return ts <= NEVER ? NaN : ts;
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
}

/** "3 seconds ago"; the clocks of browser and server may differ by a little. */
export function ago(ts: number, now = Date.now()): string {
  if (Number.isNaN(ts)) return "never";
  return now - ts < 1000 ? "just now" : relativeTo(ts, now);
}

/** Since when, shorter: "3 s", "5 min", "2 h", "4 d". */
export function shortAge(ts: number, now = Date.now()): string {
  if (Number.isNaN(ts)) return "never";
  const s = Math.max(0, (now - ts) / 1000);
  if (s < 60) return `${Math.floor(s)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  return s < 172_800 ? `${Math.floor(s / 3600)} h` : `${Math.floor(s / 86_400)} d`;
}

/** How long something took. */
export function took(seconds: number): string {
  if (seconds <= 0) return "";
  const ms = seconds * 1000;
  if (ms < 1) return "< 1 ms";
  return ms < 1000 ? `${ms.toPrecision(2).replace(/\.0$/, "")} ms` : `${seconds.toFixed(1)} s`;
}

/** A duration of a rule or an alert in whole units: "5 min", "1 h 30 min". */
export function duration(seconds: number): string {
  const parts: string[] = [];
  let rest = Math.round(seconds);
  for (const [size, unit] of [
    [86_400, "d"],
    [3600, "h"],
    [60, "min"],
    [1, "s"],
  ] as const) {
    const n = Math.floor(rest / size);
    rest -= n * size;
    if (n) parts.push(`${n} ${unit}`);
  }
  return parts.slice(0, 2).join(" ") || "0 s";
}
