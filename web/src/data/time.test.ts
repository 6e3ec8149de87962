// Time ranges, durations, steps.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatDate,
  parseDuration,
  parseTime,
  printDuration,
  rangeText,
  resolveRange,
  stepFor,
} from "./time.ts";

const now = Date.UTC(2026, 2, 18, 13, 45, 30, 500); // a Wednesday

const times: [text: string, up: boolean, wanted: string][] = [
  ["now", false, "2026-03-18 13:45:30"],
  ["now-6h", false, "2026-03-18 07:45:30"],
  ["now-1d/d", false, "2026-03-17 00:00:00"],
  ["now-1d/d", true, "2026-03-17 23:59:59"],
  ["now/w", false, "2026-03-16 00:00:00"],
  ["now/M", false, "2026-03-01 00:00:00"],
  ["now-1M", false, "2026-02-18 13:45:30"],
  ["now-1d-2h", false, "2026-03-17 11:45:30"],
  ["1773841530500", false, "2026-03-18 13:45:30"],
  ["1773841530", false, "2026-03-18 13:45:30"],
  ["2026-01-31 14:00", false, "2026-01-31 14:00:00"],
  ["2026-01-31", false, "2026-01-31 00:00:00"],
  ["2026-01-31T14:00:00Z", false, "2026-01-31 14:00:00"],
];

test("ends of ranges are understood", () => {
  for (const [text, up, wanted] of times)
    assert.equal(
      formatDate(parseTime(text, now, up, "utc"), "YYYY-MM-DD HH:mm:ss", "utc"),
      wanted,
      text,
    );
});

test("what is no time is none", () => {
  for (const text of [
    "",
    "then",
    "now-",
    "now-1x",
    "2026-13-01",
    "2026-01-31 25:00",
    "now-6h; drop",
  ])
    assert.ok(Number.isNaN(parseTime(text, now, false, "utc")), text);
});

test("a range that makes no sense becomes the last hour", () => {
  assert.deepEqual(resolveRange("now", "now-1h", now, "utc"), { from: now - 3_600_000, to: now });
});

test("durations are read and printed", () => {
  assert.equal(parseDuration("1h30m"), 5_400_000);
  assert.equal(parseDuration("250ms"), 250);
  assert.equal(parseDuration("15"), 15_000);
  assert.ok(Number.isNaN(parseDuration("soon")));
  assert.equal(printDuration(90_000), "90s");
  assert.equal(printDuration(7_200_000), "2h");
});

test("a step is readable, wide enough, and never below the least", () => {
  assert.equal(stepFor(900_000, 600, 5000), 5000);
  assert.equal(stepFor(3_600_000, 600, 5000), 5000);
  assert.equal(stepFor(86_400_000, 600, 5000), 120_000);
  for (const range of [1e6, 1e7, 1e8, 1e9, 1e10])
    assert.ok(range / stepFor(range, 600, 5000) <= 800);
});

test("ranges have names", () => {
  assert.equal(rangeText("now-15m", "now", "utc"), "Last 15 minutes");
  assert.equal(rangeText("now-4h", "now", "utc"), "Last 4 hours");
  assert.equal(rangeText("0", "3600000", "utc"), "1970-01-01 00:00:00 to 1970-01-01 01:00:00");
});
