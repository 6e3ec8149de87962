// Annotations: which moments and spans a query's points mark.
import assert from "node:assert/strict";
import { test } from "node:test";
import { dashboardOf } from "../model/dashboard.ts";
import { isFor, marksOf } from "./annotations.ts";

const file = {
  annotations: {
    list: [
      { builtIn: 1, enable: true, type: "dashboard", name: "Annotations & Alerts" },
      { enable: false, expr: "up", name: "off" },
      {
        enable: true,
        expr: "changes(x[1m])",
        name: "Restart",
        iconColor: "red",
        titleFormat: "{{job}} started",
        textFormat: "on {{host}}",
        tagKeys: "zone, rack",
        filter: { exclude: true, ids: [7] },
      },
    ],
  },
};

test("annotations that are on and ask something are taken, for the panels they are meant for", () => {
  const { annotations } = dashboardOf(file);
  assert.deepEqual(
    annotations.map((a) => a.name),
    ["Restart"],
  );
  assert.equal(isFor(annotations[0]!, 7), false);
  assert.equal(isFor(annotations[0]!, 8), true);
});

test("points that follow one another are one span, others moments; labels fill their texts", () => {
  const [a] = dashboardOf(file).annotations;
  const series = [
    {
      labels: { job: "w", host: "n1", rack: "r2" },
      times: [0, 60_000, 120_000, 180_000, 600_000],
      values: [0, 1, 1, NaN, 2],
    },
  ];
  const marks = marksOf(a!, series, 60_000);
  assert.deepEqual(
    marks.map((m) => [m.from, m.to, m.title, m.text, m.color]),
    [
      [60_000, 120_000, "w started", "on n1 · r2", "red"],
      [600_000, 600_000, "w started", "on n1 · r2", "red"],
    ],
  );
  const timed = marksOf(
    { ...a!, valueIsTime: true },
    [{ ...series[0]!, values: [5, 0, 0, 0, 9] }],
    60_000,
  );
  assert.deepEqual(
    timed.map((m) => m.from),
    [5, 9],
  );
});
