// Older files: graph, singlestat, rows, field options of Grafana 6.
import assert from "node:assert/strict";
import { test } from "node:test";
import { dashboardOf as modelOf, panelOf as panelModelOf, type Dashboard, type Panel } from "../dashboard.ts";
import { modernized } from "./index.ts";
import { migrated } from "./panels.ts";

const dashboardOf = (raw: unknown): Dashboard => modelOf(modernized(raw));
const panelOf = (raw: unknown): Panel => panelModelOf(migrated(raw));

test("a graph becomes a time series with its axis, stack and thresholds", () => {
  const p = panelOf({
    type: "graph",
    stack: true,
    fill: 2,
    yaxes: [{ format: "celsius", min: "0", max: null, logBase: 1 }, { format: "watt" }],
    thresholds: [{ value: 80, colorMode: "critical" }],
    seriesOverrides: [{ alias: "/power/", yaxis: 2 }],
    legend: {
      show: true,
      values: true,
      avg: true,
      current: true,
      alignAsTable: true,
      rightSide: true,
    },
  });
  const { defaults, overrides } = p.fieldConfig;
  assert.equal(p.type, "timeseries");
  assert.deepEqual([defaults.unit, defaults.min, defaults.max], ["celsius", 0, undefined]);
  assert.deepEqual(defaults.custom.stacking, { mode: "normal", group: "A" });
  assert.equal(defaults.custom.fillOpacity, 20);
  assert.equal(defaults.thresholds!.steps[1]!.value, 80);
  assert.deepEqual(
    overrides[0]!.properties.map((x) => x.id),
    ["custom.axisPlacement", "unit"],
  );
  assert.deepEqual((p.options.legend as { calcs: string[] }).calcs, ["mean", "lastNotNull"]);
});

test("a singlestat becomes a stat, or a gauge where it shows one", () => {
  const base = {
    type: "singlestat",
    format: "percent",
    thresholds: "50,80",
    colors: ["green", "orange", "red"],
    colorValue: true,
    valueName: "current",
  };
  const p = panelOf(base);
  assert.equal(p.type, "stat");
  assert.deepEqual(
    p.fieldConfig.defaults.thresholds!.steps.map((s) => s.value),
    [-Infinity, 50, 80],
  );
  assert.equal(
    panelOf({ ...base, gauge: { show: true, minValue: 0, maxValue: 100 } }).type,
    "gauge",
  );
});

test("field options of Grafana 6 are read", () => {
  const p = panelOf({
    type: "gauge",
    options: { fieldOptions: { calcs: ["max"], defaults: { unit: "watt", max: 700 } } },
  });
  assert.equal(p.fieldConfig.defaults.unit, "watt");
  assert.deepEqual((p.options.reduceOptions as { calcs: string[] }).calcs, ["max"]);
});

test("rows of the oldest files become places on the grid", () => {
  const d = dashboardOf({
    rows: [
      {
        height: "250px",
        title: "R",
        showTitle: true,
        panels: [
          { type: "graph", span: 6 },
          { type: "graph", span: 6 },
          { type: "text", span: 12 },
        ],
      },
    ],
  });
  assert.deepEqual(
    d.panels.map((p) => [p.type, p.gridPos.x, p.gridPos.y, p.gridPos.w]),
    [
      ["row", 0, 0, 24],
      ["timeseries", 0, 1, 12],
      ["timeseries", 12, 1, 12],
      ["text", 0, 8, 24],
    ],
  );
});
