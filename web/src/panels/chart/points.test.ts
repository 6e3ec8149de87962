import assert from "node:assert/strict";
import { test } from "node:test";
import { isolatedPoints } from "./points.ts";

test("a value between gaps has a dot, one on a line has none", () => {
  assert.equal(isolatedPoints([]), null);
  assert.equal(isolatedPoints([1, 2, 3]), null);
  assert.equal(isolatedPoints([1, undefined, 3]), null);
  assert.equal(isolatedPoints([null, 1, 2, null]), null);
  assert.deepEqual(isolatedPoints([1]), [0]);
  assert.deepEqual(isolatedPoints([undefined, 1, undefined]), [1]);
  assert.deepEqual(isolatedPoints([null, 1, null, 2, 3, null, 4]), [1, 6]);
});
