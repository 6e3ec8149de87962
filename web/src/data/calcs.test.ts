// Calculations: what a column is reduced to.
import assert from "node:assert/strict";
import { test } from "node:test";
import { calcOf, isCalc } from "./calcs.ts";
import type { Value } from "./frame.ts";

const column: Value[] = [null, 2, 5, 1, NaN, 4, null];
const cases: [id: string, wanted: Value][] = [
  ["last", null],
  ["lastNotNull", 4],
  ["first", null],
  ["firstNotNull", 2],
  ["min", 1],
  ["max", 5],
  ["mean", 3],
  ["sum", 12],
  ["count", 5],
  ["countAll", 7],
  ["range", 4],
  ["delta", 3], // 2 to 5; the step after the restart at 1 is not counted
  ["diff", 2],
  ["diffperc", 100],
  ["step", -4],
  ["logmin", 1],
  ["variance", 2.5],
  ["p0", 1],
  ["p99", 5],
  ["changeCount", 4],
  ["allIsNull", false],
];

test("every calculation gives what its name says", () => {
  for (const [id, wanted] of cases) assert.equal(calcOf(id).of(column), wanted, id);
});

test("a column without numbers reduces to nothing, not to zero", () => {
  for (const id of ["mean", "max", "sum", "range", "delta", "lastNotNull"])
    assert.equal(calcOf(id).of([null, NaN]), null, id);
});

test("a long column does not overflow the stack", () => {
  const long = Array.from({ length: 300_000 }, (_, i) => i);
  assert.equal(calcOf("max").of(long), 299_999);
});

test("only calculations are calculations", () => {
  assert.equal(isCalc("p95"), true);
  assert.equal(isCalc("toString"), false);
});
