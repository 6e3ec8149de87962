// Smoothing, heat of values, nested tables: what they give of data that is known.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldOf, type Frame, frameOf } from "../frame.ts";
import { transform, whyLeftOut } from "./index.ts";
import { bestWindow, movingAverage } from "./smooth.ts";

const run = (frames: Frame[], id: string, options: Record<string, unknown>): Frame[] =>
  transform(frames, [{ id, disabled: false, options }], (t) => t).frames;

const series = (values: (number | null)[], stepMs = 1000): Frame =>
  frameOf([
    fieldOf("Time", "time", values.map((_, i) => i * stepMs)),
    fieldOf("Value", "number", values, { legend: "GPU 0" }),
  ]);

test("a moving average is that of each window", () => {
  assert.deepEqual(movingAverage([1, 2, 3, 4], 2), [1.5, 2.5, 3.5]);
  assert.deepEqual(movingAverage([5, 7], 1), [5, 7]);
});

test("noise of a period of eight goes, the dip under it stays", () => {
  const dip = (i: number): number => (i >= 200 && i < 224 ? -20 : 0);
  const noisy = Array.from({ length: 400 }, (_, i) => dip(i) + 3 * Math.sin((i * Math.PI) / 4));
  assert.ok(bestWindow(noisy) >= 8);
  const [out] = run([series(noisy)], "smoothing", { resolution: 400 });
  const [time, value] = out!.fields;
  assert.equal(value!.legend, "GPU 0");
  assert.equal(time!.values.length, value!.values.length);
  const at = (second: number): number => Number(value!.values[time!.values.indexOf(second * 1000)]);
  for (const second of [60, 101, 150, 300]) assert.ok(Math.abs(at(second)) < 0.5, `${at(second)} at ${second} s`);
  assert.ok(at(212) < -10);
});

test("a single spike is not smoothed away, and fewer points are asked for than there are", () => {
  const flat = Array.from({ length: 1000 }, (_, i) => (i === 500 ? 100 : i % 2));
  const [out] = run([series(flat)], "smoothing", { resolution: 100 });
  assert.ok(out!.length <= 100 && out!.length > 80);
  const values = out!.fields[1]!.values as number[];
  assert.ok(Math.max(...values) > 5 * (values.reduce((a, b) => a + b, 0) / values.length));
  assert.deepEqual(run([series([])], "smoothing", {})[0]!.length, 0);
});

test("values are counted by time and size, each size a column under its upper end", () => {
  const [out] = run([series([1, 2, 11, 12, null, 19])], "heatmap", {
    xBuckets: { mode: "size", value: "3s" },
    yBuckets: { mode: "size", value: "10" },
  });
  assert.deepEqual(out!.fields.map((f) => [f.name, f.values]), [
    ["Time", [0, 3000]],
    ["10", [2, 0]],
    ["20", [1, 2]],
  ]);
});

test("what cannot be done here says why", () => {
  const { unknown } = transform([], [{ id: "spatial", disabled: false, options: {} }], (t) => t);
  assert.deepEqual(unknown, ["spatial"]);
  assert.match(whyLeftOut("spatial"), /maps/);
  assert.match(whyLeftOut("fieldLookup"), /lists/);
});
