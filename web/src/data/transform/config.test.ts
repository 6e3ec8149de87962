// Transformations that configure or see a course: fields by data, rows as fields, curves, small charts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { coursePaths } from "../../panels/course.ts";
import { fieldOf, type Frame, frameOf, type Value } from "../frame.ts";
import { fit } from "./trend.ts";
import { transform } from "./index.ts";
import { pick } from "./types.ts";

const run = (frames: Frame[], id: string, options: Record<string, unknown>): Frame[] =>
  transform(frames, [{ id, disabled: false, options }], (t) => t).frames;

const table = (refId: string, columns: Record<string, Value[]>): Frame =>
  frameOf(
    Object.entries(columns).map(([name, values]) =>
      fieldOf(name, name === "Time" ? "time" : typeof values[0] === "number" ? "number" : "string", values),
    ),
    { refId },
  );

test("one query says how the fields of others are shown, and is gone", () => {
  const data = table("A", { Time: [1, 2], load: [10, 90], host: ["a", "b"] });
  const config = table("config", { Max: [50, 100], unit: ["percent", "percent"], threshold1: [80, 80], ignored: [1, 2] });
  const [out, none] = run([data, config], "configFromData", {
    configRefId: "config",
    mappings: [{ fieldName: "Max", handlerKey: "max", reducerId: "firstNotNull" }],
  });
  assert.equal(none, undefined);
  const [time, load, host] = out!.fields;
  assert.equal(load!.config.max, 50);
  assert.equal(load!.config.unit, "percent");
  assert.deepEqual(load!.config.thresholds!.steps, [
    { value: -Infinity, color: "green" },
    { value: 80, color: "red" },
  ]);
  assert.equal(time!.config.max, undefined);
  assert.equal(host!.config.max, undefined);
  assert.deepEqual(run([data], "configFromData", { configRefId: "config" }), [data]);
});

test("a query gives mapped texts, for the fields that are meant", () => {
  const data = table("A", { state: [1, 2], other: [1, 2] });
  const names = table("config", { id: [1, 2], word: ["idle", "busy"], shade: ["red", "green"] });
  const [out] = run([data, names], "configFromData", {
    applyTo: { id: "byName", options: "state" },
    mappings: [
      { fieldName: "id", handlerKey: "mappings.value" },
      { fieldName: "word", handlerKey: "mappings.text" },
      { fieldName: "shade", handlerKey: "mappings.color" },
    ],
  });
  const mapping = out!.fields[0]!.config.mappings![0]!;
  assert.equal(mapping.type, "value");
  assert.deepEqual(mapping.type === "value" && mapping.options.get("2"), { text: "busy", color: "green", index: 1 });
  assert.equal(out!.fields[1]!.config.mappings, undefined);
});

test("rows become fields, with limits, units and labels out of the other columns", () => {
  const rows = table("A", { name: ["cpu", "disk"], value: [12, 34], max: [100, 50], unit: ["percent", "bytes"], rack: ["r1", "r2"] });
  const [out] = run([rows], "rowsToFields", {});
  assert.deepEqual(out!.fields.map((f) => [f.name, f.values[0], f.config.max, f.config.unit, f.labels]), [
    ["cpu", 12, 100, "percent", { rack: "r1" }],
    ["disk", 34, 50, "bytes", { rack: "r2" }],
  ]);
});

test("a regression is the line or curve nearest to the points", () => {
  const near = (got: number[] | null, wanted: number[]): void =>
    got!.forEach((v, i) => assert.ok(Math.abs(v - wanted[i]!) < 1e-6, `${v} is not ${wanted[i]}`));
  near(fit([0, 1, 2, 3], [1, 3, 5, 7], 1), [1, 2]);
  near(fit([0, 1, 2, 3], [2, 3, 6, 11], 2), [2, 0, 1]);
  assert.equal(fit([1, 1], [1, 2], 1), null);
  const start = 1_790_000_000_000;
  const data = table("A", { Time: [start, start + 1000, start + 2000, start + 3000], load: [1, 3, null, 7] });
  const out = run([data], "regression", { modelType: "linear", predictionCount: 4 });
  assert.equal(out.length, 2);
  assert.equal(out[1]!.fields[1]!.name, "Linear regression");
  near(out[1]!.fields[1]!.values as number[], [1, 3, 5, 7]);
  assert.deepEqual(out[1]!.fields[0]!.values, data.fields[0]!.values);
  const flat = table("A", { Time: [start], load: [1] });
  assert.equal(run([flat], "regression", {}).length, 1);
});

test("series become rows with their course, which follows them when rows are sorted", () => {
  const series = (host: string, values: Value[]): Frame =>
    frameOf(
      [
        fieldOf("Time", "time", values.map((_, i) => i)),
        fieldOf("Value", "number", values, { labels: { host } }),
      ],
      { refId: "A" },
    );
  const [out] = run([series("a", [1, 2, 3]), series("b", [9, null, 7])], "timeSeriesTable", { A: { stat: "max" } });
  assert.deepEqual(out!.fields.map((f) => [f.name, f.values]), [
    ["host", ["a", "b"]],
    ["Trend #A", [3, 9]],
  ]);
  const turned = pick(out!, [1, 0]);
  assert.deepEqual(turned.fields[1]!.courses, [[9, null, 7], [1, 2, 3]]);
});

test("a course has a path for each run without gaps, within its limits", () => {
  assert.deepEqual(coursePaths([0, 10], 0, 10), ["M0.0 19.0L100.0 1.0"]);
  assert.equal(coursePaths([1, 2, null, 3, 4]).length, 2);
  assert.deepEqual(coursePaths([]), []);
  assert.deepEqual(coursePaths([5]), []);
});
