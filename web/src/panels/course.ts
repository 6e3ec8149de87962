// The small chart of a table's cell: how a value came to be what it is.
import type { Value } from "../data/frame.ts";
import { withAlpha } from "../data/colors.ts";
import { svg } from "../ui/dom.ts";

const WIDTH = 100;
const HEIGHT = 20;
const MOST_POINTS = 200;

/** Runs of points without gaps, each as the path of a line. */
export function coursePaths(values: Value[], min?: number, max?: number): string[] {
  const numbers = values.filter((v): v is number => typeof v === "number" && Number.isFinite(v));
  const low = min ?? Math.min(...numbers);
  const high = Math.max(max ?? Math.max(...numbers), low + 1e-9);
  const every = Math.ceil(values.length / MOST_POINTS);
  const runs: string[][] = [[]];
  values.forEach((v, i) => {
    if (i % every && i !== values.length - 1) return;
    if (typeof v !== "number" || !Number.isFinite(v)) {
      if (runs[runs.length - 1]!.length) runs.push([]);
      return;
    }
    const x = values.length > 1 ? (i / (values.length - 1)) * WIDTH : WIDTH;
    const y = HEIGHT - 1 - ((Math.min(high, Math.max(low, v)) - low) / (high - low)) * (HEIGHT - 2);
    runs[runs.length - 1]!.push(`${x.toFixed(1)} ${y.toFixed(1)}`);
  });
  return runs.filter((r) => r.length > 1).map((r) => `M${r.join("L")}`);
}

export function course(values: Value[], color: string, limits: { min?: number; max?: number }): SVGElement {
  const el = svg("svg", {
    class: "cell-course",
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: "none",
    "aria-hidden": "true",
  });
  for (const d of coursePaths(values, limits.min, limits.max)) {
    const from = d.slice(1).split(" ")[0]!;
    const to = d.slice(d.lastIndexOf("L") + 1).split(" ")[0]!;
    el.append(
      svg("path", { d: `${d}L${to} ${HEIGHT}L${from} ${HEIGHT}Z`, fill: withAlpha(color, 0.14) }),
      svg("path", { d, fill: "none", stroke: color, "vector-effect": "non-scaling-stroke" }),
    );
  }
  return el;
}
