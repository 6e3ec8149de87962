import assert from "node:assert/strict";
import { test } from "node:test";
import { csvOf } from "./csv.ts";
import { fieldOf, frameOf } from "./frame.ts";

test("series stand side by side on their times", () => {
  const series = (host: string, times: number[], values: (number | null)[]) =>
    frameOf([fieldOf("Time", "time", times), fieldOf("Value", "number", values, { labels: { host } })]);
  assert.equal(
    csvOf([series("a", [0, 1000], [1, null]), series("b", [1000], [0.5])]),
    "Time,a,b\r\n1970-01-01T00:00:00.000Z,1,\r\n1970-01-01T00:00:01.000Z,,0.5\r\n",
  );
});

test("tables keep their rows; texts are quoted, and none becomes a formula", () => {
  const table = frameOf([
    fieldOf("name", "string", ['say "hi", you', "=1+1", "line\nend"]),
    fieldOf("Value", "number", [1, -2, NaN]),
  ]);
  assert.equal(
    csvOf([table]),
    'name,Value\r\n"say ""hi"", you",1\r\n\'=1+1,-2\r\n"line\nend",NaN\r\n',
  );
  assert.equal(csvOf([]), "Time\r\n");
});
