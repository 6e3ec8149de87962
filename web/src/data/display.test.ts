// Display: mappings, thresholds, colours.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldConfigOf } from "../model/dashboard.ts";
import { contrast, namedColor, seriesColor } from "./colors.ts";
import { display, mapValue, thresholdColor, thresholdLevels } from "./display.ts";

const limits = { min: 0, max: 200 };
const context = { theme: "dark" as const, timezone: "utc", seriesIndex: 0, name: "x", limits };
const steps = [
  { value: null, color: "green" },
  { value: 50, color: "yellow" },
  { value: 90, color: "red" },
];

test("a value has the colour of the highest step it has reached", () => {
  const config = fieldConfigOf({ thresholds: { mode: "absolute", steps } });
  for (const [v, color] of [
    [-5, "green"],
    [49.9, "green"],
    [50, "yellow"],
    [90, "red"],
    [1e9, "red"],
  ] as const)
    assert.equal(thresholdColor(config, v, limits), color);
});

test("percentages count between the limits", () => {
  const config = fieldConfigOf({ max: 400, thresholds: { mode: "percentage", steps } });
  assert.equal(thresholdColor(config, 199, limits), "green");
  assert.equal(thresholdColor(config, 200, limits), "yellow");
  assert.deepEqual(
    thresholdLevels(config, limits).map((l) => l.value),
    [-Infinity, 200, 360],
  );
});

test("the first mapping that takes a value wins", () => {
  const { mappings } = fieldConfigOf({
    mappings: [
      { type: "value", options: { "0": { text: "lost", color: "red" }, up: { text: "fine" } } },
      { type: "range", options: { from: 1, to: 10, result: { text: "few" } } },
      { type: "regex", options: { pattern: "^node-(\\d+)$", result: { text: "N$1" } } },
      { type: "special", options: { match: "null+nan", result: { text: "none" } } },
      { type: "special", options: { match: "true", result: { text: "on" } } },
    ],
  });
  assert.equal(mapValue(mappings, 0)?.text, "lost");
  assert.equal(mapValue(mappings, "up")?.text, "fine");
  assert.equal(mapValue(mappings, 10)?.text, "few");
  assert.equal(mapValue(mappings, 11), null);
  assert.equal(mapValue(mappings, "node-12")?.text, "N12");
  assert.equal(mapValue(mappings, null)?.text, "none");
  assert.equal(mapValue(mappings, NaN)?.text, "none");
  assert.equal(mapValue(mappings, true)?.text, "on");
});

test("a mapping may colour and leave the text", () => {
  const config = fieldConfigOf({
    unit: "percent",
    mappings: [{ type: "value", options: { "5": { color: "#123456" } } }],
  });
  const shown = display(config, 5, context);
  assert.equal(shown.text + shown.suffix, "5%");
  assert.equal(shown.color, "#123456");
});

test("nothing is shown as nothing, or as the file says", () => {
  assert.equal(display(fieldConfigOf({}), null, context).text, "");
  assert.equal(display(fieldConfigOf({ noValue: "n/a" }), null, context).text, "n/a");
});

test("colours of files become colours and nothing else", () => {
  assert.equal(namedColor("#C4162A", "dark"), "#C4162A");
  assert.equal(namedColor("rgb(1, 2, 3)", "dark"), "rgb(1, 2, 3)");
  assert.equal(namedColor("url(x)", "dark"), namedColor("gray", "dark"));
});

test("plain colours can be read as text on the ground of their theme", () => {
  const ground = { dark: "#131a21", light: "#ffffff" };
  for (const theme of ["dark", "light"] as const) {
    for (const name of ["red", "orange", "yellow", "green", "blue", "purple", "text"])
      assert.ok(contrast(namedColor(name, theme), ground[theme]) >= 4.5, `${name} on ${theme}`);
    for (let i = 0; i < 16; i++)
      assert.ok(contrast(seriesColor(i, theme), ground[theme]) >= 3, `series ${i} on ${theme}`);
  }
});
