// The unit of an expression, guessed from the names of its metrics; "" where it is not sure.
import { metricNames } from "../../data/why.ts";

const UNITS: [suffix: RegExp, unit: string, perSecond: string][] = [
  [/_celsius$/, "celsius", ""],
  [/_watts$/, "watt", ""],
  [/_bytes(_total)?$/, "bytes", "binBps"],
  [/_joules(_total)?$/, "joule", "watt"],
  [/_seconds(_total)?$/, "s", "percentunit"],
  [/_ratio$/, "percentunit", ""],
  [/_percent$|_gpu_utilization$|^DCGM_FI_DEV_(GPU|MEM_COPY)_UTIL$/, "percent", ""],
  [/_mhz$/, "rotmhz", ""],
  [/_volts$/, "volt", ""],
];

export function unitOf(expr: string): string {
  const bare = expr.replace(/"(\\.|[^"\\])*"|'(\\.|[^'\\])*'/g, '""').replace(/\{[^}]*\}/g, "");
  // Products and quotients have another unit; counts and times have none of the metric's.
  if (/[*/%^]|\b(count\w*|absent\w*|changes|resets|group|stdvar\w*|timestamp|present_over_time|ln|log\w+|exp|sgn)\b/.test(bare))
    return "";
  if (/\bbool\b|histogram_/.test(bare)) return "";
  const perSecond = /\b(i?rate|deriv|rollup_rate)\s*\(/.test(bare);
  const units = new Set(
    metricNames(expr).map((name) => {
      const found = UNITS.find(([suffix]) => suffix.test(name));
      return found ? (perSecond ? found[2] : found[1]) : "";
    }),
  );
  return units.size === 1 ? [...units][0]! : "";
}
