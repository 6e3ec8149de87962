// Histograms and the cells of heatmaps.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bucketSize, heatOf, histogramOf } from "./buckets.ts";
import { fieldOf, type Frame, frameOf } from "./frame.ts";

function series(name: string, times: number[], values: (number | null)[]): Frame {
  return frameOf([
    fieldOf("Time", "time", times),
    fieldOf("Value", "number", values, { legend: name }),
  ]);
}

test("buckets are round, no finer than the values, and bounded in number", () => {
  assert.equal(bucketSize([0, 1, 2, 100], 30), 4);
  assert.equal(bucketSize([5], 30), 1);
  assert.equal(bucketSize([0.1, 0.2, 0.3], 30), 0.1);
  const wide = histogramOf([series("a", [0, 1], [0, 1e9])], { size: 1 })!;
  assert.ok(wide.mins.length <= 2 && wide.size >= 1e9 / 2000);
  assert.equal(histogramOf([series("a", [0], [null])], {}), null);
});

test("rows of a heatmap stand in the order of their bounds, gaps stay gaps", () => {
  const heat = heatOf(
    [series("+Inf", [0, 10], [1, 2]), series("0.5", [0, 10], [3, null]), series("2.5", [0], [4])],
    { calculate: false },
  )!;
  assert.deepEqual(
    heat.rows.map((r) => [r.min, r.max]),
    [
      [-Infinity, 0.5],
      [0.5, 2.5],
      [2.5, Infinity],
    ],
  );
  assert.deepEqual(heat.cells, [
    [3, null],
    [4, null],
    [1, 2],
  ]);
});

test("a heatmap counts by time and size; no column is narrower than the points are apart", () => {
  const times = [0, 5000, 10_000, 15_000];
  const heat = heatOf([series("a", times, [1, 12, 13, 25])], {
    calculate: true,
    xSize: 10_000,
    ySize: 10,
  })!;
  assert.deepEqual(heat.times, [0, 10_000]);
  assert.deepEqual(heat.cells, [
    [1, 0],
    [1, 1],
    [0, 1],
  ]);
  const fine = heatOf([series("a", times, [1, 1, 1, 1])], { calculate: true, leastX: 5000 })!;
  assert.equal(fine.stepMs, 5000);
  assert.deepEqual(fine.cells[0], [1, 1, 1, 1]);
  const logs = heatOf([series("a", [0], [0]), series("b", [0], [50])], {
    calculate: true,
    yLog: 10,
  })!;
  assert.deepEqual([logs.rows[0]!.min, logs.rows[0]!.max], [10, 100]);
});
