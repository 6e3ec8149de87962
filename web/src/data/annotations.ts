// Annotations out of queries: moments and spans of time that are marked in every chart.
import type { Annotation } from "../model/dashboard.ts";
import { interpolate, type MacroContext } from "./macros.ts";
import { aligned, type Queries } from "./queries.ts";
import { parseDuration, stepFor, type TimeRange } from "./time.ts";
import type { Series } from "./prometheus.ts";
import { legendText } from "./toframes.ts";

export interface Mark {
  from: number;
  to: number; // equal to `from`: a moment
  color: string;
  title: string;
  text: string;
  of: Annotation;
}

const MAX_MARKS = 500;
const LEAST_STEP_MS = 60_000; // as Grafana asks where the file names no step
const MAX_POINTS = 2000;

/** Points whose value is not zero; those that follow one another are one span. */
export function marksOf(a: Annotation, series: Series[], stepMs: number): Mark[] {
  const out: Mark[] = [];
  for (const s of series) {
    let last: Mark | null = null;
    const fill = (format: string): string => legendText(format, s.labels).trim();
    s.times.forEach((t, i) => {
      const v = s.values[i]!;
      if (!v || Number.isNaN(v)) return;
      if (last && t - last.to <= stepMs && !a.valueIsTime) last.to = t;
      else {
        const at = a.valueIsTime ? v : t;
        const tags = a.tagKeys.map((k) => s.labels[k] ?? "").filter((x) => x);
        const text = [fill(a.textFormat), ...tags].filter((x) => x).join(" · ");
        last = {
          from: at,
          to: at,
          color: a.color,
          title: fill(a.titleFormat) || a.name,
          text,
          of: a,
        };
        out.push(last);
      }
    });
  }
  return out.slice(0, MAX_MARKS);
}

/** Whether an annotation is meant for a panel. */
export function isFor(a: Annotation, panelId: number): boolean {
  return !a.panels.length || a.panels.includes(panelId) !== a.excludes;
}

/** Asks every annotation of the dashboard; one that fails is told in `failed`. */
export async function askMarks(
  all: Annotation[],
  queries: Queries,
  range: TimeRange,
  macrosFor: (stepMs: number) => MacroContext,
  signal: AbortSignal,
): Promise<{ marks: Mark[]; failed: string[] }> {
  const failed: string[] = [];
  const ask = async (a: Annotation): Promise<Mark[]> => {
    const least = parseDuration(a.step) || LEAST_STEP_MS;
    const step = Math.max(least, stepFor(range.to - range.from, MAX_POINTS, least));
    const expr = interpolate(a.expr, macrosFor(step), "promql");
    const result = await queries.range(
      { expr, step, ...aligned(range.from, range.to, step) },
      signal,
    );
    return marksOf(a, result.series, step);
  };
  const found = await Promise.all(
    all.map((a) =>
      ask(a).catch((e: unknown) => {
        failed.push(`Annotation “${a.name}”: ${e instanceof Error ? e.message : String(e)}`);
        return [];
      }),
    ),
  );
  return { marks: found.flat(), failed };
}
