// Charts: stacking, gaps, axis labels.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldOf, type Frame, frameOf, type Value } from "../../data/frame.ts";
import { bridged, chartModel } from "./model.ts";
import { columnsFor } from "../gauge.ts";
import { axisLabels, timeLabels } from "./scales.ts";

function series(
  name: string,
  values: Value[],
  custom: Record<string, unknown> = {},
  times?: number[],
): Frame {
  const time = fieldOf("Time", "time", times ?? values.map((_, i) => i * 1000));
  return frameOf([time, fieldOf("Value", "number", values, { legend: name, config: { custom } })]);
}

const visible = (): boolean => false;

test("stacked series stand on one another, what is negative hangs below", () => {
  const stacking = { mode: "normal", group: "A" };
  const model = chartModel(
    [
      series("a", [1, 2], { stacking }),
      series("b", [10, null], { stacking }),
      series("c", [-1, -2], { stacking }),
    ],
    "dark",
    visible,
  );
  assert.deepEqual(
    model.series.map((s) => s.y),
    [
      [1, 2],
      [11, 2],
      [-1, -2],
    ],
  );
  assert.deepEqual(
    model.series.map((s) => s.below),
    [-1, 0, -1],
  );
  assert.deepEqual(model.series[1]!.raw, [10, null]);
});

test("percent stacks reach one", () => {
  const stacking = { mode: "percent", group: "A" };
  const model = chartModel(
    [series("a", [1, 0], { stacking }), series("b", [3, 0], { stacking })],
    "dark",
    visible,
  );
  assert.deepEqual(
    model.series.map((s) => s.y),
    [
      [0.25, 0],
      [1, 0],
    ],
  );
});

test("a hidden series leaves its stack", () => {
  const stacking = { mode: "normal", group: "A" };
  const model = chartModel(
    [series("a", [1], { stacking }), series("b", [2], { stacking })],
    "dark",
    (n) => n === "a",
  );
  assert.deepEqual(model.series[1]!.y, [2]);
});

test("series of other times share one column: absent is not the same as a gap", () => {
  const model = chartModel(
    [series("a", [1, 2], {}, [0, 2000]), series("b", [3, null], {}, [1000, 2000])],
    "dark",
    visible,
  );
  assert.deepEqual(model.times, [0, 1000, 2000]);
  assert.deepEqual(
    model.series.map((s) => s.y),
    [
      [1, undefined, 2],
      [undefined, 3, null],
    ],
  );
});

test("gaps are bridged as far as asked", () => {
  const times = [0, 1000, 2000, 9000, 10_000];
  assert.deepEqual(bridged([1, null, 2, null, 3], times, false), [1, null, 2, null, 3]);
  assert.deepEqual(bridged([1, null, 2, null, 3], times, true), [1, undefined, 2, undefined, 3]);
  assert.deepEqual(bridged([1, null, 2, null, 3], times, 3000), [1, undefined, 2, null, 3]);
});

test("infinite and missing values are gaps", () => {
  assert.deepEqual(chartModel([series("a", [Infinity, NaN, 1])], "dark", visible).series[0]!.y, [
    null,
    null,
    1,
  ]);
});

test("axis labels stay apart with few decimals", () => {
  assert.deepEqual(axisLabels([0, 25, 50], "percent"), ["0%", "25%", "50%"]);
  assert.deepEqual(axisLabels([0, 0.5, 1], "none"), ["0.0", "0.5", "1.0"]);
  assert.deepEqual(axisLabels([0, 500, 1000, 1500], "watt"), ["0 W", "500 W", "1.0 kW", "1.5 kW"]);
  assert.deepEqual(axisLabels([1, 1.001], "none", 0), ["1.000", "1.001"]);
});

test("time labels say what their distance needs, and midnight its day", () => {
  const t = Date.UTC(2026, 0, 31, 23, 59, 0);
  assert.deepEqual(timeLabels([t, t + 60_000], 60_000, "utc"), ["23:59", "Feb 01"]);
  assert.deepEqual(timeLabels([t], 5000, "utc"), ["23:59:00"]);
  assert.deepEqual(timeLabels([t], 86_400_000, "utc"), ["Jan 31"]);
});

test("gauges stand so that they are as large as can be", () => {
  assert.equal(columnsFor(8, 900, 100), 8);
  assert.equal(columnsFor(8, 600, 240), 4);
  assert.equal(columnsFor(1, 200, 200), 1);
  assert.equal(columnsFor(4, 150, 900), 1);
  assert.equal(columnsFor(0, 0, 0), 1);
});
