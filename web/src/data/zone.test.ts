// Time zones: clocks over the seams of summer time, named zones, texts that name none.
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatDate, parseTime, resolveRange } from "./time.ts";
import { momentOf, partsOf, zoneOf } from "./zone.ts";

const iso = (ts: number): string => new Date(ts).toISOString().slice(0, 16);

test("a zone shows its own clocks in summer and in winter", () => {
  const shown = (text: string, zone: string): string =>
    formatDate(Date.parse(text), "YYYY-MM-DD HH:mm:ss ddd", zone);
  assert.equal(shown("2026-01-15T12:00:00Z", "Europe/Berlin"), "2026-01-15 13:00:00 Thu");
  assert.equal(shown("2026-07-15T22:30:00Z", "Europe/Berlin"), "2026-07-16 00:30:00 Thu");
  assert.equal(shown("2026-01-15T12:00:00Z", "America/New_York"), "2026-01-15 07:00:00 Thu");
  assert.equal(shown("2026-01-15T20:00:00Z", "Asia/Kolkata"), "2026-01-16 01:30:00 Fri");
  assert.equal(shown("1969-12-31T23:59:59Z", "Asia/Tokyo"), "1970-01-01 08:59:59 Thu");
  assert.equal(partsOf(Date.parse("2026-01-15T12:00:00.250Z"), "Asia/Tokyo").ms, 250);
});

test("a time of the clock is a moment: in the hour that is twice the first, in the one that is not the one behind", () => {
  const at = (zone: string, ...p: [number, number, number, number, number]): string => iso(momentOf(zone, ...p));
  assert.equal(at("Europe/Berlin", 2026, 10, 25, 1, 30), "2026-10-24T23:30");
  assert.equal(at("Europe/Berlin", 2026, 10, 25, 2, 30), "2026-10-25T00:30");
  assert.equal(at("Europe/Berlin", 2026, 10, 25, 3, 30), "2026-10-25T02:30");
  assert.equal(at("Europe/Berlin", 2026, 3, 29, 2, 30), "2026-03-29T01:30");
  assert.equal(at("America/New_York", 2026, 3, 8, 2, 30), "2026-03-08T07:30");
  assert.equal(at("Australia/Lord_Howe", 2026, 4, 5, 1, 45), "2026-04-04T14:45");
  assert.equal(at("utc", 2026, 3, 29, 2, 30), "2026-03-29T02:30");
});

test("days are those of the zone: the long one has 25 hours, the short one 23", () => {
  const day = (now: string, zone: string): number => {
    const { from, to } = resolveRange("now-1d/d", "now-1d/d", Date.parse(now), zone);
    return (to + 1 - from) / 3_600_000;
  };
  assert.equal(day("2026-10-26T12:00:00Z", "Europe/Berlin"), 25);
  assert.equal(day("2026-03-30T12:00:00Z", "Europe/Berlin"), 23);
  assert.equal(day("2026-03-30T12:00:00Z", "utc"), 24);
  assert.equal(day("2026-03-09T12:00:00Z", "America/New_York"), 23);
});

test("a day earlier is the same time of the clock, 24 hours earlier is not", () => {
  const now = Date.parse("2026-03-29T10:00:00Z"); // 12:00 in Berlin, an hour shorter than the day before
  assert.equal(iso(parseTime("now-1d", now, false, "Europe/Berlin")), "2026-03-28T11:00");
  assert.equal(iso(parseTime("now-24h", now, false, "Europe/Berlin")), "2026-03-28T10:00");
  assert.equal(iso(parseTime("now-1w", now, false, "Europe/Berlin")), "2026-03-22T11:00");
  assert.equal(iso(parseTime("now/h", Date.parse("2026-10-25T01:40:00Z"), false, "Europe/Berlin")), "2026-10-25T01:00");
  assert.equal(iso(parseTime("2026-07-01 14:00", now, false, "Europe/Berlin")), "2026-07-01T12:00");
});

test("texts name zones or do not", () => {
  assert.equal(zoneOf("Europe/Berlin"), "Europe/Berlin");
  assert.equal(zoneOf("Etc/GMT+5"), "Etc/GMT+5");
  assert.equal(zoneOf("UTC"), "utc");
  assert.equal(zoneOf("browser"), "browser");
  for (const none of ["", "Middle/Earth", "../etc", "5", null, undefined, "x".repeat(99)])
    assert.equal(zoneOf(none), null, String(none));
});
