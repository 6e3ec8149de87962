// Templates: how variables and built-in names are written, by place and format.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Binding,
  bindingOf,
  interpolate,
  type MacroContext,
  rateInterval,
  variablesIn,
} from "./macros.ts";

const several: Binding = {
  values: ["a.1", "b"],
  texts: ["A", "B"],
  isAll: false,
  allValue: "",
  multi: true,
};
const context: MacroContext = {
  bindings: new Map([
    ["host", several],
    ["one", { ...several, values: ["n-1"], texts: ["Node 1"] }],
    ["plain", bindingOf('x"y\\')],
    ["all", { ...several, isAll: true, allValue: ".*" }],
    ["every", { ...several, isAll: true }],
  ]),
  from: 1_700_000_000_000,
  to: 1_700_003_600_000,
  intervalMs: 15_000,
  rateIntervalMs: 75_000,
  timezone: "utc",
  dashboard: "D",
  urlRange: "from=now-1h&to=now",
};

const promql: [template: string, wanted: string][] = [
  ['up{h=~"$host"}', 'up{h=~"(a\\\\.1|b)"}'],
  ['up{h=~"${host}"}', 'up{h=~"(a\\\\.1|b)"}'],
  ['up{h=~"[[host]]"}', 'up{h=~"(a\\\\.1|b)"}'],
  ['up{h=~"${one}"}', 'up{h=~"n-1"}'],
  ['up{h="$plain"}', 'up{h="x\\"y\\\\"}'],
  ['up{h=~"$all"}', 'up{h=~".*"}'],
  ['up{h=~"$every"}', 'up{h=~"(a\\\\.1|b)"}'],
  ["${host:regex}", "(a\\.1|b)"],
  ["${host:pipe}", "a.1|b"],
  ["${host:csv}", "a.1,b"],
  ["${host:raw}", "a.1,b"],
  ["${host:json}", '["a.1","b"]'],
  ["${host:glob}", "{a.1,b}"],
  ["${host:singlequote}", "'a.1','b'"],
  ["${host:text}", "A + B"],
  ["${host:queryparam}", "var-host=a.1&var-host=b"],
  ["${all:queryparam}", "var-all=%24__all"],
  ["rate(x[$__rate_interval])", "rate(x[75s])"],
  ["rate(x[$__interval])", "rate(x[15s])"],
  ["$__interval_ms $__range $__range_s $__range_ms", "15000 3600s 3600 3600000"],
  ["$__from ${__to:date:seconds}", "1700000000000 1700003600"],
  ["${__from:date:iso}", "2023-11-14T22:13:20.000Z"],
  ["$unknown ${unknown:regex} $1", "$unknown ${unknown:regex} $1"],
];

test("a query gets variables as PromQL wants them", () => {
  for (const [template, wanted] of promql)
    assert.equal(interpolate(template, context, "promql"), wanted);
});

test("a title gets the texts, a link the encoded values", () => {
  assert.equal(interpolate("On $host, $all", context, "text"), "On A + B, All");
  assert.equal(interpolate("/d/x?h=${plain}", context, "url"), "/d/x?h=x%22y%5C");
  assert.equal(interpolate("/d/x?${__url_time_range}", context, "url"), "/d/x?from=now-1h&to=now");
});

test("what only a place knows is filled in and encoded in links", () => {
  const extra = (path: string): string | undefined =>
    path === "__field.labels.h" ? "a b" : undefined;
  assert.equal(interpolate("/d/x?h=${__field.labels.h}", context, "url", extra), "/d/x?h=a%20b");
  assert.equal(interpolate("${__field.labels.h:raw}", context, "url", extra), "a b");
  assert.equal(interpolate("${__value.raw}", context, "url", extra), "${__value.raw}");
});

test("names in a template are found in every spelling", () => {
  assert.deepEqual(variablesIn("$a ${b:regex} [[c]] ${d.x}"), ["a", "b", "c", "d"]);
});

test("a rate window holds four scrapes at least", () => {
  assert.equal(rateInterval(5000, 15_000), 60_000);
  assert.equal(rateInterval(120_000, 15_000), 135_000);
});
