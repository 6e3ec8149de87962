// Transformations: frames in, frames out.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Transformation } from "../../model/dashboard.ts";
import { fieldOf, type Frame, frameOf, type Value } from "../frame.ts";
import { shownNames } from "../matchers.ts";
import { transform } from "./index.ts";

const step = (id: string, options: Record<string, unknown> = {}): Transformation => ({
  id,
  disabled: false,
  options,
});

function run(frames: Frame[], ...steps: Transformation[]): Frame[] {
  return transform(frames, steps, (t) => t).frames;
}

/** A frame as rows under their shown names. */
function rows(frame: Frame): Record<string, Value>[] {
  const names = shownNames([frame]);
  return Array.from({ length: frame.length }, (_, i) =>
    Object.fromEntries(frame.fields.map((f) => [names.get(f)!, f.values[i] ?? null])),
  );
}

function table(refId: string, columns: Record<string, Value[]>): Frame {
  const fields = Object.entries(columns).map(([name, values]) =>
    fieldOf(
      name,
      name === "Time" ? "time" : typeof values[0] === "number" ? "number" : "string",
      values,
    ),
  );
  return frameOf(fields, { refId });
}

function series(refId: string, labels: Record<string, string>, values: Value[]): Frame {
  const time = fieldOf(
    "Time",
    "time",
    values.map((_, i) => i * 1000),
  );
  return frameOf([time, fieldOf("Value", "number", values, { labels })], { refId });
}

const a = table("A", { Time: [9, 9], host: ["n1", "n2"], "Value #A": [1, 2] });
const b = table("B", { Time: [9, 9], host: ["n2", "n3"], "Value #B": [20, 30] });

test("merge makes one row of rows that agree in the shared columns", () => {
  assert.deepEqual(rows(run([a, b], step("merge"))[0]!), [
    { Time: 9, host: "n1", "Value #A": 1, "Value #B": null },
    { Time: 9, host: "n2", "Value #A": 2, "Value #B": 20 },
    { Time: 9, host: "n3", "Value #A": null, "Value #B": 30 },
  ]);
});

test("merge keeps rows apart that differ in a value", () => {
  const twice = table("A", { host: ["n1", "n1"], v: [1, 2] });
  assert.equal(run([twice, table("B", { host: ["n1"], w: [5] })], step("merge"))[0]!.length, 2);
});

test("organize hides, orders and renames", () => {
  const out = run(
    [a],
    step("organize", {
      excludeByName: { Time: true },
      indexByName: { "Value #A": 0, host: 1 },
      renameByName: { host: "Node" },
    }),
  );
  assert.deepEqual(Object.keys(rows(out[0]!)[0]!), ["Value #A", "Node"]);
});

test("sortBy orders numbers by size and leaves empty cells last both ways", () => {
  const t = table("A", { v: [10, null, 9, 100] });
  const sorted = (desc: boolean): Value[] =>
    run([t], step("sortBy", { sort: [{ field: "v", desc }] }))[0]!.fields[0]!.values;
  assert.deepEqual(sorted(false), [9, 10, 100, null]);
  assert.deepEqual(sorted(true), [100, 10, 9, null]);
});

test("filterFieldsByName takes names and patterns", () => {
  const named = run([a], step("filterFieldsByName", { include: { names: ["host"] } }))[0]!;
  assert.deepEqual(
    named.fields.map((f) => f.name),
    ["host"],
  );
  const matched = run([a], step("filterFieldsByName", { exclude: { pattern: "/^Value/" } }))[0]!;
  assert.deepEqual(
    matched.fields.map((f) => f.name),
    ["Time", "host"],
  );
});

test("reduce makes a row of each series, or one value of each column", () => {
  const s = [series("A", { gpu: "0" }, [1, 3, null]), series("A", { gpu: "1" }, [5, 7, 9])];
  assert.deepEqual(rows(run(s, step("reduce", { reducers: ["max", "lastNotNull"] }))[0]!), [
    { Field: "0", Max: 3, "Last *": 3 },
    { Field: "1", Max: 9, "Last *": 9 },
  ]);
  const labelled = run(s, step("reduce", { reducers: ["mean"], labelsToFields: true }))[0]!;
  assert.equal(rows(labelled)[1]!.gpu, "1");
  const fields = run(
    [series("A", { gpu: "0" }, [1, 3])],
    step("reduce", { mode: "reduceFields", reducers: ["sum"] }),
  )[0]!;
  assert.deepEqual(
    fields.fields.map((f) => f.values),
    [[4]],
  );
});

test("joinByField joins outside and inside", () => {
  const outer = rows(run([a, b], step("joinByField", { byField: "host", mode: "outer" }))[0]!);
  assert.deepEqual(
    outer.map((r) => [r.host, r["Value #A"], r["Value #B"]]),
    [
      ["n1", 1, null],
      ["n2", 2, 20],
      ["n3", null, 30],
    ],
  );
  const inner = rows(run([a, b], step("joinByField", { byField: "host", mode: "inner" }))[0]!);
  assert.deepEqual(
    inner.map((r) => r.host),
    ["n2"],
  );
});

test("series join on time without a name", () => {
  const out = run(
    [series("A", { g: "0" }, [1, 2]), series("B", { g: "1" }, [3, 4, 5])],
    step("seriesToColumns"),
  );
  assert.deepEqual(
    out[0]!.fields.map((f) => f.values),
    [
      [0, 1000, 2000],
      [1, 2, null],
      [3, 4, 5],
    ],
  );
});

test("labelsToFields makes columns or rows of labels", () => {
  const s = series("A", { host: "n1", gpu: "0" }, [1, 2]);
  const columns = run([s], step("labelsToFields"))[0]!;
  assert.deepEqual(
    columns.fields.map((f) => f.name),
    ["Time", "Value", "host", "gpu"],
  );
  const named = run([s], step("labelsToFields", { valueLabel: "gpu" }))[0]!;
  assert.deepEqual(
    named.fields.map((f) => f.name),
    ["Time", "0", "host"],
  );
  const kept = run([s], step("labelsToFields", { mode: "rows", keepLabels: ["host"] }))[0]!;
  assert.deepEqual(rows(kept), [{ label: "host", value: "n1" }]);
});

test("groupBy groups and calculates", () => {
  const t = table("A", { user: ["x", "y", "x"], mem: [1, 2, 3], other: ["p", "q", "r"] });
  const fields = {
    user: { operation: "groupby" },
    mem: { operation: "aggregate", aggregations: ["sum", "max"] },
  };
  assert.deepEqual(rows(run([t], step("groupBy", { fields }))[0]!), [
    { user: "x", "mem (sum)": 4, "mem (max)": 3 },
    { user: "y", "mem (sum)": 2, "mem (max)": 2 },
  ]);
});

test("limit, filterByRefId, filterByValue", () => {
  assert.equal(run([a], step("limit", { limitField: 1 }))[0]!.length, 1);
  assert.deepEqual(
    run([a, b], step("filterByRefId", { include: "B" })).map((f) => f.refId),
    ["B"],
  );
  const filters = [{ fieldName: "Value #A", config: { id: "greater", options: { value: 1 } } }];
  assert.deepEqual(
    rows(run([a], step("filterByValue", { filters, match: "any", type: "include" }))[0]!).map(
      (r) => r.host,
    ),
    ["n2"],
  );
});

test("calculateField adds a column over rows or of two", () => {
  const t = table("A", { x: [1, 2], y: [10, 20] });
  const sum = run(
    [t],
    step("calculateField", { mode: "reduceRow", reduce: { reducer: "sum" }, alias: "all" }),
  )[0]!;
  assert.deepEqual(sum.fields.at(-1)!.values, [11, 22]);
  const ratio = run(
    [t],
    step("calculateField", { mode: "binary", binary: { left: "y", operator: "/", right: "x" } }),
  )[0]!;
  assert.deepEqual(ratio.fields.at(-1)!.values, [10, 10]);
  assert.equal(ratio.fields.at(-1)!.name, "y / x");
});

test("transpose turns rows into columns", () => {
  const t = table("A", { name: ["n1", "n2"], x: [1, 2] });
  assert.deepEqual(rows(run([t], step("transpose"))[0]!), [{ Field: "x", n1: 1, n2: 2 }]);
});

test("a disabled one is passed by, an unknown one is named", () => {
  const out = transform(
    [a],
    [{ ...step("limit", { limitField: 0 }), disabled: true }, step("toString")],
    (t) => t,
  );
  assert.equal(out.frames[0], a);
  assert.deepEqual(out.unknown, ["toString"]);
});

test("the input is left as it was", () => {
  const before = JSON.stringify([a, b]);
  for (const id of [
    "merge",
    "organize",
    "reduce",
    "joinByField",
    "labelsToFields",
    "sortBy",
    "transpose",
  ])
    run([a, b], step(id));
  assert.equal(JSON.stringify([a, b]), before);
});
