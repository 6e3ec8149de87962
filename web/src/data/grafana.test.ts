// What @grafana/data answers (recorded: reference/record.mjs) beside what our modules answer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cases } from "../../reference/cases.mjs";
import answers from "../../reference/grafana.json";
import { type FieldConfig, fieldConfigOf } from "../model/dashboard.ts";
import type { Json } from "../model/json.ts";
import { calcOf, isCalc } from "./calcs.ts";
import { display, thresholdColor } from "./display.ts";
import { type Field, type FieldType, type Frame, frameOf, type Value } from "./frame.ts";
import { fieldTest, shownNames } from "./matchers.ts";
import { parseDuration, stepFor } from "./time.ts";
import { transform } from "./transform/index.ts";
import { formattedText, formatValue, isUnit } from "./units.ts";

type Anyhow = Record<string, unknown>;

/** Collects every difference of a table, so that one run shows them all. */
function compare(rows: [string, unknown, unknown][]): void {
  const off = rows.filter(([, ours, theirs]) => JSON.stringify(ours) !== JSON.stringify(theirs));
  const words = off.map(
    ([what, ours, theirs]) => `${what}: ${JSON.stringify(ours)}, wanted ${JSON.stringify(theirs)}`,
  );
  assert.deepEqual(words, []);
}

test(`every unit of ${answers.source} prints as there`, () => {
  const rows: [string, unknown, unknown][] = [];
  for (const [id, byDecimals] of Object.entries(answers.units as Record<string, string[][]>)) {
    if (!cases.customUnits.includes(id)) rows.push([`${id} is known`, isUnit(id), true]);
    byDecimals.forEach((texts, d) =>
      texts.forEach((wanted, i) => {
        const decimals = d ? cases.decimals[d - 1] : undefined;
        const v = cases.numbers[i]!;
        const ours = formattedText(formatValue(v, id, decimals, "utc"));
        rows.push([`${v} in ${id}, ${decimals ?? "automatic"} decimals`, ours, wanted]);
      }),
    );
  }
  compare(rows);
});

const written = (v: unknown): unknown =>
  typeof v === "number" && !Number.isFinite(v) ? String(v) : (v ?? null);

/** What there is a number that says "none" is none here; lists of values are their text. */
function wantedOf(v: unknown): unknown {
  if (Array.isArray(v)) return v.join(", ");
  return v === "NaN" || v === Number.MAX_VALUE ? null : v;
}

test(`every calculation of ${answers.source} gives the same`, () => {
  const rows: [string, unknown, unknown][] = [];
  for (const [id, wanted] of Object.entries(answers.calcs as Record<string, unknown[]>)) {
    rows.push([`${id} is known`, isCalc(id), true]);
    cases.columns.forEach((values, i) => {
      if (!values.some((v) => v !== null)) return; // without numbers ours is none, theirs at times 0
      const what = `${id} of ${JSON.stringify(values)}`;
      rows.push([what, written(calcOf(id).of(values)), wantedOf(wanted[i])]);
    });
  }
  compare(rows);
});

function configOf(raw: Anyhow): FieldConfig {
  return fieldConfigOf(raw);
}

test("values are mapped and printed as there", () => {
  const rows: [string, unknown, unknown][] = [];
  cases.displays.forEach(({ config, values }, i) =>
    (values as Value[]).forEach((v, k) => {
      const shown = display(configOf(config), v, {
        theme: "dark",
        timezone: "utc",
        seriesIndex: 0,
        name: "x",
        limits: { min: 0, max: 100 },
      });
      const what = `${JSON.stringify(config)} of ${JSON.stringify(v)}`;
      rows.push([what, formattedText(shown), answers.displays[i]![k]]);
    }),
  );
  compare(rows);
});

test("thresholds are reached as there", () => {
  const rows: [string, unknown, unknown][] = [];
  cases.thresholds.forEach(({ thresholds, min, max, values }, i) => {
    const config = configOf({ thresholds, min, max });
    const limits = { min: Math.min(...values), max: Math.max(...values) };
    values.forEach((v, k) =>
      rows.push([
        `${v} of ${JSON.stringify(thresholds)}`,
        thresholdColor(config, v, limits),
        answers.thresholds[i]![k],
      ]),
    );
  });
  compare(rows);
});

interface RawField {
  name: string;
  type: string;
  values: unknown[];
  labels?: Record<string, string>;
  legend?: string; // what the data source named the series
}

function framesOf(name: string): Frame[] {
  const all = cases.frames as unknown as Record<string, { refId: string; fields: RawField[] }[]>;
  return all[name]!.map((f) =>
    frameOf(
      f.fields.map((x) => {
        const field: Field = {
          name: x.name,
          type: x.type as FieldType,
          values: x.values as Value[],
          config: { custom: {} },
        };
        if (x.labels) field.labels = x.labels;
        if (x.legend) field.legend = x.legend;
        return field;
      }),
      { refId: f.refId },
    ),
  );
}

/** Names and values of all columns; there the tables of rows are a column of their own. */
function columnsOf(frames: Frame[]): unknown[] {
  const names = shownNames(frames);
  return frames.map((frame) => [
    ...frame.fields.map((f) => [names.get(f) ?? f.name, f.values.map(written)]),
    ...(frame.nested ? [["__nestedFrames", frame.nested.map((f) => columnsOf([f]))]] : []),
  ]);
}

test("every transformation of the cases gives the same columns", () => {
  const rows: [string, unknown, unknown][] = [];
  cases.transformations.forEach((c, i) => {
    const steps = c.steps.map((s) => ({ id: s.id, disabled: false, options: s.options as Json }));
    const { frames, unknown } = transform(framesOf(c.frames), steps, (t) => t);
    const ours = columnsOf(frames);
    const what = `${c.frames} ${JSON.stringify(c.steps)}`;
    rows.push([
      what,
      unknown.length ? `unknown: ${unknown.join()}` : ours,
      answers.transformations[i],
    ]);
  });
  compare(rows);
});

test("matchers of overrides hit the same fields", () => {
  const frames = framesOf("mixed");
  const names = shownNames(frames);
  compare(
    cases.matchers.map(({ id, options }, i) => {
      const hit = fieldTest(id, options);
      const ours = frames.flatMap((frame) =>
        frame.fields.map((f) => hit(f, frame, names.get(f) ?? f.name)),
      );
      return [`${id} ${JSON.stringify(options)}`, ours, answers.matchers[i]];
    }),
  );
});

test("steps are rounded as there", () => {
  compare(
    cases.intervals.map(({ from, to, points, low }, i) => [
      `${to - from} ms, ${points} points, at least ${low}`,
      stepFor(to - from, points, parseDuration(low.replace(">", ""))),
      answers.intervals[i],
    ]),
  );
});
