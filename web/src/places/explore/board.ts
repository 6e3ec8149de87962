// What Explore draws, as a dashboard: a graph of all queries, and a table of each at the
// range's end.
import { dashboardOf } from "../../model/dashboard.ts";
import type { Dashboard } from "../../model/dashboard.ts";
import { unitOf } from "./unit.ts";

export type Shows = "both" | "graph" | "table";

export const letterOf = (i: number): string => String.fromCharCode(65 + i);

interface Query {
  letter: string;
  expr: string;
}

const GRAPH_H = 11;
const TABLE_H = 10;

/** A field of each query has the unit of that query's metrics; labels, and numbers among them, none. */
function unitsOf(queries: Query[]): unknown[] {
  return queries.map((q) => ({
    matcher: { id: "byFrameRefID", options: q.letter },
    properties: [{ id: "unit", value: unitOf(q.expr) || "short" }],
  }));
}

function graphOf(queries: Query[]): unknown {
  return {
    id: 1,
    type: "timeseries",
    title: "Graph",
    gridPos: { x: 0, y: 0, w: 24, h: GRAPH_H },
    fieldConfig: {
      defaults: { custom: { lineWidth: 1, fillOpacity: 6, showPoints: "auto" } },
      overrides: unitsOf(queries),
    },
    options: {
      legend: { displayMode: "table", placement: "bottom", calcs: ["lastNotNull", "min", "mean", "max"] },
      tooltip: { mode: "multi", sort: "desc" },
    },
    targets: queries.map((q) => ({ refId: q.letter, expr: q.expr, range: true })),
  };
}

function tableOf(q: Query, i: number, several: boolean, y: number, h: number): unknown {
  return {
    id: 2 + i,
    type: "table",
    title: several ? `Table of ${q.letter}, at the end of the range` : "Table, at the end of the range",
    gridPos: { x: 0, y: y + i * h, w: 24, h },
    fieldConfig: {
      defaults: {},
      overrides: [
        {
          matcher: { id: "byName", options: "Value" },
          properties: [{ id: "unit", value: unitOf(q.expr) || "none" }],
        },
      ],
    },
    transformations: [{ id: "organize", options: { excludeByName: { Time: true } } }],
    targets: [{ refId: q.letter, expr: q.expr, format: "table", instant: true, range: false }],
  };
}

export function boardOf(queries: Query[], shows: Shows): Dashboard {
  const several = queries.length > 1;
  const top = shows === "both" ? GRAPH_H : 0;
  const height = shows === "table" && !several ? 18 : TABLE_H;
  const tables = queries.map((q, i) => tableOf(q, i, several, top, height));
  const graph = graphOf(queries);
  const panels = shows === "both" ? [graph, ...tables] : shows === "graph" ? [graph] : tables;
  return dashboardOf({ title: "Explore", panels, refresh: "", time: { from: "now-1h", to: "now" } });
}
