// Forms of files: the second schema, library panels, shared queries, constants of an export, clones.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Dashboard, dashboardOf, panelOf } from "../dashboard.ts";
import { modern } from "../modern.ts";
import { modernized } from "./index.ts";
import { migrated } from "./panels.ts";

const read = (raw: unknown): Dashboard => dashboardOf(modernized(raw));
const stat = (id: number, rest = {}): Record<string, unknown> => ({
  id,
  type: "stat",
  title: `P${id}`,
  gridPos: { x: 0, y: 0, w: 6, h: 4 },
  targets: [{ refId: "A", expr: `m${id}` }],
  ...rest,
});

test("a file of today is read as it is", async () => {
  const file = { panels: [stat(1), { type: "row", panels: [stat(2)] }] };
  assert.equal(await modern(file), file);
  assert.notEqual(await modern({ panels: [stat(1, { type: "graph" })] }), file);
});

const element = (id: number, group: string, expr: string, spec = {}): unknown => ({
  kind: "Panel",
  spec: {
    id,
    title: `E${id}`,
    links: [],
    data: {
      kind: "QueryGroup",
      spec: {
        queries: [
          { kind: "PanelQuery", spec: { refId: "A", hidden: false, query: { kind: "DataQuery", group: "prometheus", spec: { expr, instant: true } } } },
          { kind: "PanelQuery", spec: { refId: "B", hidden: false, query: { kind: "DataQuery", group: "loki", spec: { expr: "{}" } } } },
        ],
        transformations: [{ kind: "Transformation", group: "merge", spec: { options: {} } }],
        queryOptions: { interval: "30s", timeFrom: "1h" },
      },
    },
    vizConfig: { kind: "VizConfig", group, spec: { options: { a: 1 }, fieldConfig: { defaults: { unit: "watt" }, overrides: [] } } },
    ...spec,
  },
});
const ref = (name: string, rest = {}): unknown => ({
  kind: "GridLayoutItem",
  spec: { element: { kind: "ElementReference", name }, ...rest },
});

test("the second schema: elements, rows, grids of their own, tabs, variables, times", () => {
  const d = read({
    apiVersion: "dashboard.grafana.app/v2beta1",
    kind: "Dashboard",
    metadata: { name: "uid-2" },
    spec: {
      title: "Two",
      timeSettings: { timezone: "utc", from: "now-2h", to: "now", autoRefresh: "10s" },
      variables: [
        {
          kind: "QueryVariable",
          spec: { name: "host", hide: "hideLabel", sort: "naturalDesc", refresh: "onTimeRangeChanged", multi: true, query: { kind: "DataQuery", group: "prometheus", spec: { query: "label_values(up, host)" } } },
        },
        { kind: "SwitchVariable", spec: { name: "s", current: "on", enabledValue: "on", disabledValue: "off" } },
      ],
      annotations: [{ kind: "AnnotationQuery", spec: { name: "N", enable: true, iconColor: "red", query: { kind: "DataQuery", group: "prometheus", spec: { expr: "changes(x[5m])" } } } }],
      elements: { a: element(1, "timeseries", "x"), b: element(2, "stat", "y"), c: element(3, "gauge", "z") },
      layout: {
        kind: "RowsLayout",
        spec: {
          rows: [
            { kind: "RowsLayoutRow", spec: { title: "R", layout: { kind: "GridLayout", spec: { items: [ref("a", { x: 2, y: 3, width: 10, height: 5 })] } } } },
            {
              kind: "RowsLayoutRow",
              spec: { title: "Closed", collapse: true, layout: { kind: "AutoGridLayout", spec: { maxColumnCount: 2, columnWidthMode: "standard", rowHeightMode: "short", items: [ref("b"), ref("c", { repeat: { mode: "variable", value: "host" } })] } } },
            },
            { kind: "RowsLayoutRow", spec: { title: "T", layout: { kind: "TabsLayout", spec: { tabs: [{ kind: "TabsLayoutTab", spec: { title: "Tab", layout: { kind: "GridLayout", spec: { items: [ref("b", { x: 0, y: 0, width: 24, height: 4 })] } } } }] } } } },
          ],
        },
      },
    },
  });
  assert.deepEqual([d.uid, d.title, d.from, d.refresh, d.timezone], ["uid-2", "Two", "now-2h", "10s", "utc"]);
  assert.deepEqual(
    d.panels.map((p) => [p.type, p.title, p.gridPos.y]),
    [["row", "R", 0], ["timeseries", "E1", 4], ["row", "Closed", 9], ["row", "T", 10], ["row", "Tab", 11], ["stat", "E2", 12]],
  );
  const [, first, closed] = d.panels;
  assert.deepEqual([first!.gridPos.x, first!.gridPos.w, first!.interval, first!.timeFrom], [2, 10, "30s", "1h"]);
  assert.deepEqual(first!.targets.map((t) => [t.expr, t.instant, t.source]), [["x", true, ""], ["{}", false, "loki"]]);
  assert.equal(first!.transformations[0]!.id, "merge");
  assert.equal(first!.fieldConfig.defaults.unit, "watt");
  assert.deepEqual(closed!.panels.map((p) => [p.type, p.gridPos.x, p.gridPos.w, p.repeat, p.maxPerRow]), [["stat", 0, 12, "", 4], ["gauge", 12, 12, "host", 2]]);
  assert.deepEqual(d.variables.map((v) => [v.name, v.type, v.query, v.hide, v.sort, v.refresh]), [["host", "query", "label_values(up, host)", 1, 8, 2], ["s", "switch", "", 0, 0, 1]]);
  assert.equal(d.annotations[0]!.expr, "changes(x[5m])");
});

test("library panels come out of the export, and say where they are missing", () => {
  const model = { type: "gauge", title: "L", targets: [{ expr: "x" }], fieldConfig: {} };
  const place = { gridPos: { x: 1, y: 2, w: 3, h: 4 }, id: 9 };
  const [has, lacks] = read({
    __elements: { l: { uid: "l", kind: 1, model } },
    panels: [{ ...place, libraryPanel: { uid: "l", name: "L" } }, { ...place, libraryPanel: { uid: "k", name: "K" } }],
  }).panels;
  assert.deepEqual([has!.type, has!.title, has!.gridPos.w, has!.targets[0]!.expr], ["gauge", "L", 3, "x"]);
  assert.deepEqual([lacks!.type, lacks!.title], ["text", "K"]);
  assert.match(String(lacks!.options.content), /not in this file/);
});

test("queries of another panel are asked in its place, constants of an export stand where they are used", () => {
  const shared = { datasource: { uid: "-- Dashboard --" }, targets: [{ panelId: 1, refId: "A", withTransforms: true }] };
  const d = read({
    __inputs: [{ name: "VAR_JOB", type: "constant", value: 'no"de' }, { name: "DS", type: "datasource" }],
    panels: [stat(1, { targets: [{ expr: 'up{job="${VAR_JOB}"}' }], transformations: [{ id: "merge" }] }), stat(2, shared)],
  });
  assert.equal(d.panels[1]!.targets[0]!.expr, 'up{job="no"de"}');
  assert.equal(d.panels[1]!.transformations[0]!.id, "merge");
});

test("clones of repeated panels that were saved with a file are left out", () => {
  const d = read({ panels: [stat(1, { repeat: "h" }), stat(2, { repeatPanelId: 1 }), stat(3, { repeatPanelId: 99 })] });
  assert.deepEqual(d.panels.map((p) => p.id), [1, 3]);
});

test("rows of the oldest files fold and repeat", () => {
  const d = read({ rows: [{ title: "A", panels: [stat(1)] }, { title: "B", collapse: true, repeat: "h", panels: [stat(2, { span: 12, minSpan: 3 })] }] });
  assert.deepEqual(d.panels.map((p) => [p.type, p.title, p.collapsed, p.repeat]), [["row", "A", false, ""], ["stat", "P1", false, ""], ["row", "B", true, "h"]]);
  assert.deepEqual(d.panels[2]!.panels.map((p) => [p.gridPos.w, p.maxPerRow]), [[24, 4]]);
});

test("a graph with bars of series or a histogram for its x axis is one of those", () => {
  const of = (rest: object): [string, unknown] => {
    const p = panelOf(migrated({ type: "graph", yaxes: [{ format: "watt" }], ...rest }));
    return [p.type, p.fieldConfig.defaults.unit];
  };
  assert.deepEqual(of({ xaxis: { mode: "series", values: ["max"] } }), ["bargauge", "watt"]);
  assert.deepEqual(of({ xaxis: { mode: "histogram", buckets: 9 } }), ["histogram", "watt"]);
  assert.deepEqual(of({}), ["timeseries", "watt"]);
});

test("overrides of a graph: dashes, own stacks, the right axis with its limits, what is hidden", () => {
  const p = panelOf(
    migrated({
      type: "graph",
      thresholds: [{ op: "lt", value: 10, colorMode: "critical", fill: true, line: false }],
      yaxes: [{}, { format: "celsius", max: 90, label: "heat", show: true }],
      seriesOverrides: [{ alias: "/t/", yaxis: 2, dashes: true, stack: "B", lines: false, points: true, legend: false }],
    }),
  );
  const [o] = p.fieldConfig.overrides;
  const got = Object.fromEntries(o!.properties.map((x) => [x.id, x.value]));
  assert.deepEqual(got["custom.stacking"], { mode: "normal", group: "B" });
  assert.deepEqual([got.max, got.unit, got["custom.axisLabel"], got["custom.drawStyle"]], [90, "celsius", "heat", "points"]);
  assert.deepEqual(got["custom.hideFrom"], { legend: true, tooltip: false, viz: false });
  assert.deepEqual(p.fieldConfig.defaults.thresholds!.steps.map((s) => s.color), ["red", "transparent"]);
  assert.deepEqual(p.fieldConfig.defaults.custom.thresholdsStyle, { mode: "area" });
});

test("panels of plugins become the kind that can stand for them", () => {
  const poly = panelOf(migrated({ type: "grafana-polystat-panel", polystat: { globalUnitFormat: "watt", globalOperatorName: "current", globalThresholds: [{ value: 5, color: "red" }, { value: 0, color: "green" }] } }));
  assert.deepEqual([poly.type, poly.fieldConfig.defaults.unit, (poly.options.reduceOptions as { calcs: string[] }).calcs], ["stat", "watt", ["lastNotNull"]]);
  assert.deepEqual(poly.fieldConfig.defaults.thresholds!.steps.map((s) => s.value), [-Infinity, 5]);
  const old = panelOf(migrated({ type: "singlestat", mappingType: 2, rangeMaps: [{ from: "0", to: "5", text: "calm" }], prefix: "x", valueName: "first" }));
  assert.equal(old.fieldConfig.defaults.mappings![0]!.type, "range");
  assert.deepEqual((old.options.reduceOptions as { calcs: string[] }).calcs, ["firstNotNull"]);
});
