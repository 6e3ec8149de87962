// Time ranges as dashboards write them ("now-6h", "now/d", ISO, milliseconds), durations, dates.
import { momentOf, partsOf } from "./zone.ts";

export interface TimeRange {
  from: number; // Unix ms
  to: number;
}

const UNIT_MS: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

/** Parses "5s", "1h30m", "250ms", or a bare number of seconds into ms; NaN when it is neither. */
export function parseDuration(text: string): number {
  const t = text.trim();
  if (/^\d+(\.\d+)?$/.test(t)) return Number(t) * 1000;
  if (!/^(\d+(\.\d+)?(ms|[smhdwyM]))+$/.test(t)) return NaN;
  let total = 0;
  for (const [, n, unit] of t.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdwyM])/g))
    total += Number(n) * (unit === "M" ? 2_628_000_000 : (UNIT_MS[unit!] ?? 0));
  return total;
}

/** Prints ms the way PromQL reads a duration, in the largest unit that divides it. */
export function printDuration(ms: number): string {
  for (const unit of ["d", "h", "m", "s"]) {
    const size = UNIT_MS[unit]!;
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${Math.round(ms)}ms`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** Prints a time by a pattern of YYYY MM MMM DD ddd HH mm ss SSS. */
export function formatDate(ts: number, pattern: string, timezone = "browser"): string {
  const p = partsOf(ts, timezone);
  const two = (n: number): string => String(n).padStart(2, "0");
  return pattern.replace(/YYYY|MMM|MM|DD|ddd|HH|mm|ss|SSS/g, (token) => {
    switch (token) {
      case "YYYY":
        return String(p.year);
      case "MMM":
        return MONTHS[p.month - 1] ?? "";
      case "MM":
        return two(p.month);
      case "DD":
        return two(p.day);
      case "ddd":
        return DAYS[p.weekday] ?? "";
      case "HH":
        return two(p.hour);
      case "mm":
        return two(p.minute);
      case "ss":
        return two(p.second);
      default:
        return String(p.ms).padStart(3, "0");
    }
  });
}

export function relativeTo(ts: number, now: number): string {
  const s = Math.abs(now - ts) / 1000;
  const steps: [number, string][] = [
    [86400, "day"],
    [3600, "hour"],
    [60, "minute"],
    [1, "second"],
  ];
  for (const [size, name] of steps)
    if (s >= size) {
      const n = Math.floor(s / size);
      const words = `${n} ${name}${n === 1 ? "" : "s"}`;
      return ts <= now ? `${words} ago` : `in ${words}`;
    }
  return "now";
}

/** Rounds down to the start of a unit (d: day, w: week from Monday ...), or up to its end. */
function roundTo(ts: number, unit: string, up: boolean, timezone: string): number {
  const p = partsOf(ts, timezone);
  const step = up ? 1 : 0;
  let at: number;
  if (unit === "s") at = ts - p.ms + 1000 * step;
  else if (unit === "m") at = ts - p.ms - 1000 * p.second + 60_000 * step;
  else if (unit === "h") at = ts - p.ms - 1000 * (p.second + 60 * p.minute) + 3_600_000 * step;
  else if (unit === "d") at = momentOf(timezone, p.year, p.month, p.day + step);
  else if (unit === "w")
    at = momentOf(timezone, p.year, p.month, p.day - ((p.weekday + 6) % 7) + 7 * step);
  else if (unit === "M") at = momentOf(timezone, p.year, p.month + step);
  else at = momentOf(timezone, p.year + step, 1);
  return up ? at - 1 : at;
}

/** Days and what is longer go by the calendar: the clock shows the same time then. */
function add(ts: number, n: number, unit: string, timezone: string): number {
  if (!/[dwMy]/.test(unit)) return ts + n * (UNIT_MS[unit] ?? 0);
  const p = partsOf(ts, timezone);
  const month = p.month + (unit === "M" ? n : unit === "y" ? 12 * n : 0);
  const day = p.day + (unit === "d" ? n : unit === "w" ? 7 * n : 0);
  return momentOf(timezone, p.year, month, day, p.hour, p.minute, p.second) + p.ms;
}

/** Resolves one end of a range; NaN when the text means no time. `up` rounds to a unit's end. */
export function parseTime(text: string, now: number, up: boolean, timezone = "browser"): number {
  const t = text.trim();
  if (/^\d{9,10}$/.test(t)) return Number(t) * 1000;
  if (/^-?\d+$/.test(t)) return Number(t);
  const m = /^now((?:[+-]\d+[smhdwMy])*)(?:\/([smhdwMy]))?$/.exec(t);
  if (m) {
    let ts = now;
    for (const [, sign, n, unit] of m[1]!.matchAll(/([+-])(\d+)([smhdwMy])/g))
      ts = add(ts, Number(sign + n!), unit!, timezone);
    return m[2] ? roundTo(ts, m[2], up, timezone) : ts;
  }
  const local = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d))?)?$/.exec(t);
  if (local) {
    const [y, mo, d, h, mi, s] = local.slice(1).map((x) => Number(x ?? 0));
    if (mo! < 1 || mo! > 12 || d! < 1 || d! > 31 || h! > 23 || mi! > 59 || s! > 59) return NaN;
    return momentOf(timezone, y!, mo!, d!, h!, mi!, s!);
  }
  return /^\d{4}-\d\d-\d\dT/.test(t) ? Date.parse(t) : NaN;
}

export function resolveRange(from: string, to: string, now: number, timezone: string): TimeRange {
  const start = parseTime(from, now, false, timezone);
  const end = parseTime(to, now, true, timezone);
  if (Number.isNaN(start) || Number.isNaN(end) || start >= end)
    return { from: now - 3_600_000, to: now };
  return { from: start, to: end };
}

export function isRelative(text: string): boolean {
  return text.startsWith("now");
}

const QUICK: [string, string][] = [
  ["now-5m", "Last 5 minutes"],
  ["now-15m", "Last 15 minutes"],
  ["now-30m", "Last 30 minutes"],
  ["now-1h", "Last hour"],
  ["now-3h", "Last 3 hours"],
  ["now-6h", "Last 6 hours"],
  ["now-12h", "Last 12 hours"],
  ["now-24h", "Last 24 hours"],
  ["now-2d", "Last 2 days"],
  ["now-7d", "Last 7 days"],
  ["now-30d", "Last 30 days"],
  ["now-90d", "Last 90 days"],
];

export const quickRanges = [
  ...QUICK.map(([from, display]) => ({ from, to: "now", display })),
  { from: "now/d", to: "now", display: "Today so far" },
  { from: "now-1d/d", to: "now-1d/d", display: "Yesterday" },
  { from: "now/w", to: "now", display: "This week so far" },
];

/** A range in words for the picker's button; `moment`: the past that "now" means. */
export function rangeText(
  from: string,
  to: string,
  timezone: string,
  moment: number | null = null,
): string {
  const text = liveText(from, to, timezone);
  if (moment === null || !isRelative(to)) return text;
  return `${text} before ${formatDate(moment, "HH:mm:ss", timezone)}`;
}

function liveText(from: string, to: string, timezone: string): string {
  const quick = quickRanges.find((q) => q.from === from && q.to === to);
  if (quick) return quick.display;
  const m = /^now-(\d+)([smhdwMy])$/.exec(from);
  if (m && to === "now") {
    const names: Record<string, string> = {
      s: "second",
      m: "minute",
      h: "hour",
      d: "day",
      w: "week",
      M: "month",
      y: "year",
    };
    return `Last ${m[1]} ${names[m[2]!]}${m[1] === "1" ? "" : "s"}`;
  }
  const side = (t: string): string =>
    isRelative(t)
      ? t
      : formatDate(parseTime(t, 0, false, timezone), "YYYY-MM-DD HH:mm:ss", timezone);
  return `${side(from)} to ${side(to)}`;
}

// Steps people can read off an axis, in ms.
const STEPS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 2e4, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5,
  12e5, 18e5, 36e5, 72e5, 108e5, 216e5, 432e5, 864e5, 1728e5, 6048e5, 2592e6, 31536e6,
];

/** The query step for a range drawn with about `points` points: readable, and not below `least`. */
export function stepFor(rangeMs: number, points: number, leastMs: number): number {
  const wanted = (rangeMs / Math.max(1, points)) * 0.8; // a little above the wished count is fine
  const step = STEPS.find((s) => s >= wanted) ?? STEPS[STEPS.length - 1]!;
  return Math.max(leastMs, step);
}

const ROUND_SPANS_S = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800,
  604800, 1209600, 2592000,
];

/** The least round span of time (15 s, 5 min, 6 h) that is no shorter than `ms`. */
export function roundSpan(ms: number): number {
  return (ROUND_SPANS_S.find((s) => s * 1000 >= ms) ?? Math.ceil(ms / 2_592e6) * 2_592_000) * 1000;
}
