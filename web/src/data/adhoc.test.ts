// Ad hoc filters in expressions and addresses.
import assert from "node:assert/strict";
import { test } from "node:test";
import { filterOf, filterText, readFilters, withFilters, writeFilters } from "./adhoc.ts";

const filters = [{ key: "host", operator: "=~", value: 'a"|b' }];
const M = 'host=~"a\\"|b"';
const cases: [expr: string, wanted: string][] = [
  ["up", `up{${M}}`],
  ["up{}", `up{${M}}`],
  ['up{job="x"}', `up{job="x",${M}}`],
  ['up{job="}",}', `up{job="}",${M}}`],
  ['{__name__=~"a.*"}', `{__name__=~"a.*",${M}}`],
  ["rate(x_total[5m])", `rate(x_total{${M}}[5m])`],
  ["sum by (host, gpu) (x)", `sum by (host, gpu) (x{${M}})`],
  ["sum(x) without (a)", `sum(x{${M}}) without (a)`],
  ["a / on (h) group_left (n) b", `a{${M}} / on (h) group_left (n) b{${M}}`],
  ["a or b offset 5m", `a{${M}} or b{${M}} offset 5m`],
  ["a > bool 1e3 unless c:d:sum", `a{${M}} > bool 1e3 unless c:d:sum{${M}}`],
  ['label_replace(a, "x", "$1", "y", "(.*)")', `label_replace(a{${M}}, "x", "$1", "y", "(.*)")`],
  ["max_over_time(a[1h:5m]) # b\n+ c", `max_over_time(a{${M}}[1h:5m]) # b\n+ c{${M}}`],
  ["vector(0) + time()", "vector(0) + time()"],
  ["a @ end() == Inf", `a{${M}} @ end() == Inf`],
];

test("a filter goes into every selector and nowhere else", () => {
  for (const [expr, wanted] of cases) assert.equal(withFilters(expr, filters), wanted);
  assert.equal(withFilters("up", []), "up");
  assert.equal(withFilters("up", [{ key: "a b", operator: "=", value: "" }]), "up");
});

test("filters are read and written, in addresses and by people", () => {
  assert.equal(filterText(filters[0]!), 'host|=~|a"__gfp__b');
  assert.deepEqual(filterOf('host|=~|a"__gfp__b'), filters[0]);
  assert.equal(filterOf("nonsense"), null);
  const typed = readFilters('host=a, gpu != "1,2"');
  assert.deepEqual(typed, [
    { key: "host", operator: "=", value: "a" },
    { key: "gpu", operator: "!=", value: "1,2" },
  ]);
  assert.deepEqual(readFilters(writeFilters(typed)), typed);
});
