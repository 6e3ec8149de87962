import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { MacroContext } from "../../data/macros.ts";
import { rank, ranked, type Suggestion } from "./complete.ts";
import { contextAt } from "./context.ts";
import { faultOf, indexOf, placeWords } from "./fault.ts";
import { unitOf } from "./unit.ts";
import { wordsOf } from "./words.ts";

/** The context at the place of "|" in a query, in short. */
function at(query: string): string {
  const cursor = query.indexOf("|");
  const text = query.replace("|", "");
  const c = contextAt(text, cursor);
  const parts = [c.kind, text.slice(c.from, c.to), c.label, c.selector].map((p) => p.trim());
  return parts.join(" ~ ").replace(/( ~ )+$/, "");
}

test("what is being written is known from what stands before the cursor", () => {
  const cases: [query: string, context: string][] = [
    ["|", "name"],
    ["up|", "name ~ up"],
    ["all_smi_g|pu", "name ~ all_smi_gpu"],
    ["sum(ra|", "name ~ ra"],
    ["sum by (|", "label"],
    ["sum by (host|) (up)", "label ~ host"],
    ["sum by (a, |) (up)", "label"],
    ["a / on (|", "label"],
    ["up{|", "label ~  ~  ~ up{}"],
    ["up{jo|b", "label ~ job ~  ~ up{}"],
    ['up{job="|', "value ~  ~ job ~ up{}"],
    ['up{job="a|b"}', "value ~ ab ~ job ~ up{}"],
    ['up{job=~"x",instance="|"', 'value ~  ~ instance ~ up{job=~"x"}'],
    ['up{job="x"|', "none"],
    ["up{job=|", "none"],
    ['{__name__="|', "value ~  ~ __name__"],
    ['label_replace(up, "|', "none"],
    ["rate(up[|", "duration"],
    ["rate(up[5|m])", "duration ~ 5m"],
    ["rate(up[$__r|", "duration ~ $__r"],
    ["up offset |", "duration"],
    ["up > 1|", "none"],
    ['up{a="{("} + |', "name"],
    ["up # comment|", "none"],
    ["up # comment\n+ u|", "name ~ u"],
    ["up{job='it\\'s|", "value ~ it\\'s ~ job ~ up{}"],
  ];
  for (const [query, wanted] of cases) assert.equal(at(query), wanted, query);
});

test("any text has a context, at any cursor", () => {
  const odd = 'a{b="c\\';
  for (let i = 0; i <= odd.length; i++) assert.ok(contextAt(odd, i).kind);
  for (const text of ["}}}", "((((", '"', "`", "[[{({", "\\\\", "é{ü", "{".repeat(30_000)])
    assert.ok(contextAt(text, text.length).kind, text.slice(0, 9));
});

test("suggestions that begin with what was written come first", () => {
  assert.deepEqual(
    ["gpu", "gpu_up", "algalon_gpu_up", "dgpus", "power_of_gpu"].map((t) => rank(t, "gpu")),
    [0, 1, 2, 3, 2],
  );
  assert.equal(rank("all_smi_gpu_power_watts", "gpu watts"), 4);
  assert.equal(rank("up", "down"), -1);
  const all = Array.from({ length: 100 }, (_, i) => ({ text: `m${i}` }) as Suggestion);
  const { shown, more } = ranked(all, "m");
  assert.deepEqual([shown.length, more], [60, 40]);
});

test("the functions that are offered are those that the program knows", () => {
  const list = readFileSync(`${process.env.ALGALON_SOURCE}/web/static/words.md`, "utf8");
  const { aggregations, functions } = wordsOf(list);
  assert.equal(functions.length + aggregations.length, list.match(/^[a-z]/gm)!.length);
  const source = readFileSync(`${process.env.ALGALON_SOURCE}/src/promql/function.c`, "utf8");
  const table = source.slice(source.indexOf("functions[] = {"), source.indexOf("refused[] = {"));
  const known = [...table.matchAll(/^ {4}\{"(\w+)"/gm)].map((m) => m[1]);
  assert.ok(known.length > 60);
  assert.deepEqual(functions.map((f) => f.name).sort(), known.sort());
  const node = readFileSync(`${process.env.ALGALON_SOURCE}/src/promql/node.c`, "utf8");
  const texts = /texts\[\] = \{\s*("sum"[^}]*)\}/.exec(node)![1]!;
  const words = [...texts.matchAll(/"(\w+)"/g)].map((m) => m[1]).sort();
  assert.deepEqual(aggregations.map((a) => a.name).sort(), words);
});

const macros: MacroContext = {
  bindings: new Map(),
  from: 0,
  to: 3_600_000,
  intervalMs: 5000,
  rateIntervalMs: 60_000,
  timezone: "utc",
  dashboard: "",
  urlRange: "",
};

test("errors are shown where they are, also behind macros, letters of two bytes and line ends", () => {
  const plain = faultOf('invalid parameter "query": 1:5: parse error: unexpected ")"', "sum()", macros);
  assert.deepEqual(plain, { from: 4, to: 5, text: 'unexpected ")"' });
  const query = "rate(up[$__rate_interval])) + x";
  const filled = "rate(up[60s]))".length;
  assert.equal(faultOf(`1:${filled}: parse error: no`, query, macros).from, query.indexOf("))") + 1);
  assert.equal(indexOf('up{a="é"} !', 1, 12), 10);
  assert.equal(indexOf("a\n+ b", 2, 3), 4);
  assert.deepEqual(faultOf("too many series", "up", macros), { from: -1, to: -1, text: "too many series" });
  assert.equal(faultOf("1:99: parse error: no", "up", macros).from, 2);
  assert.equal(placeWords("a\n+ b", 4), "line 2, column 3");
  assert.equal(placeWords("a + b", 4), "column 5");
});

test("units are guessed from names, and not where arithmetic changes them", () => {
  const cases: [expr: string, unit: string][] = [
    ["all_smi_gpu_temperature_celsius", "celsius"],
    ["avg by (a) (all_smi_gpu_utilization)", "percent"],
    ["rate(energy_joules_total[5m])", "watt"],
    ["sum(rate(x_bytes_total[5m]))", "binBps"],
    ["a_bytes / b_bytes", ""],
    ["count(a_bytes)", ""],
    ['a_bytes{path="/x"}', "bytes"],
    ["a_bytes + b_watts", ""],
    ["up", ""],
  ];
  for (const [expr, unit] of cases) assert.equal(unitOf(expr), unit, expr);
});
