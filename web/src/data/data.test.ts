// Queries with their tail, frames from answers, overrides, variables, reasons for emptiness, layout.
import assert from "node:assert/strict";
import { test } from "node:test";
import { dashboardOf, type Target } from "../model/dashboard.ts";
import { modernized } from "../model/migrate/index.ts";
import { layout } from "../ui/layout.ts";
import { configured } from "./overrides.ts";
import { type Api, type QueryResult, resultOf } from "./prometheus.ts";
import { aligned, Queries } from "./queries.ts";
import { framesOf, legendText, withGaps } from "./toframes.ts";
import { choose, customOptions, filterOptions, sortOptions, Variables } from "./variables.ts";
import { emptyReason, metricNames, tellsOfGpus } from "./why.ts";

interface Asked {
  expr: string;
  start: number;
  end: number;
}

/** An API that remembers what it was asked and answers t/1000 at every step. */
function fakeApi(): { api: Api; asked: Asked[] } {
  const asked: Asked[] = [];
  const queryRange = async (
    expr: string,
    r: { start: number; end: number; step: number },
  ): Promise<QueryResult> => {
    asked.push({ expr, start: r.start, end: r.end });
    const times: number[] = [];
    for (let t = r.start; t <= r.end; t += r.step) times.push(t);
    return {
      type: "matrix",
      series: [{ labels: { a: "1" }, times, values: times.map((t) => t / 1000) }],
      warnings: [],
    };
  };
  return { api: { queryRange } as unknown as Api, asked };
}

const signal = new AbortController().signal;
const MINUTE = 60_000;

test("the same question is asked once", async () => {
  const { api, asked } = fakeApi();
  const q = new Queries(api, () => 0);
  const question = { expr: "up", start: 0, end: 600_000, step: 5000 };
  await Promise.all([q.range(question, signal), q.range(question, signal)]);
  await q.range(question, signal);
  assert.equal(asked.length, 1);
});

test("a refresh asks for the tail only, and the points are those of a whole answer", async () => {
  const { api, asked } = fakeApi();
  const q = new Queries(api, () => 0);
  await q.range({ expr: "up", start: 0, end: 15 * MINUTE, step: 5000 }, signal);
  const moved = await q.range(
    { expr: "up", start: 10_000, end: 15 * MINUTE + 10_000, step: 5000 },
    signal,
  );
  assert.deepEqual(asked[1], { expr: "up", start: 14 * MINUTE, end: 15 * MINUTE + 10_000 });
  const { times, values } = moved.series[0]!;
  assert.equal(times[0], 10_000);
  assert.equal(times.at(-1), 15 * MINUTE + 10_000);
  assert.ok(
    times.every((t, i) => (i === 0 || t - times[i - 1]! === 5000) && values[i] === t / 1000),
  );
});

test("everything is asked again after a while, for a range further back, and where the end counts", async () => {
  let now = 0;
  const { api, asked } = fakeApi();
  const q = new Queries(api, () => now);
  const ask = (expr: string, start: number): Promise<QueryResult> =>
    q.range({ expr, start, end: start + 15 * MINUTE, step: 5000 }, signal);
  await ask("up", 60_000);
  await ask("up", 0);
  assert.equal(asked[1]!.start, 0);
  await ask("x @ end()", 0);
  await ask("x @ end()", 5000);
  assert.equal(asked[3]!.start, 5000);
  now = 10 * MINUTE;
  await ask("up", 5000);
  assert.equal(asked[4]!.start, 5000);
});

test("a failed question can be asked again", async () => {
  let fail = true;
  const api = {
    query: async () => {
      if (fail) throw new Error("no");
      return { type: "vector", series: [], warnings: [] };
    },
  } as unknown as Api;
  const q = new Queries(api);
  await assert.rejects(q.instant("up", 1, signal));
  fail = false;
  assert.equal((await q.instant("up", 1, signal)).type, "vector");
});

test("a question that its asker gave up is asked anew for another", async () => {
  const first = new AbortController();
  let asked = 0;
  const query = (_e: string, _t: number, s: AbortSignal): Promise<QueryResult> => {
    asked++;
    return new Promise((resolve, reject) => {
      s.addEventListener("abort", () => reject(new Error("aborted")));
      setTimeout(() => resolve({ type: "vector", series: [], warnings: [] }), 5);
    });
  };
  const q = new Queries({ query } as unknown as Api);
  const given = q.instant("up", 1, first.signal);
  first.abort();
  const wanted = q.instant("up", 1, signal);
  await assert.rejects(given);
  assert.equal((await wanted).type, "vector");
  assert.equal(asked, 2);
});

test("ranges are cut to whole steps", () => {
  assert.deepEqual(aligned(12_345, 98_765, 5000), { start: 10_000, end: 95_000 });
});

test("answers of every type become series", () => {
  const vector = resultOf(
    { resultType: "vector", result: [{ metric: { a: "1" }, value: [1.5, "+Inf"] }] },
    [],
  );
  assert.deepEqual(vector.series, [{ labels: { a: "1" }, times: [1500], values: [Infinity] }]);
  assert.deepEqual(
    resultOf({ resultType: "scalar", result: [2, "NaN"] }, []).series[0]!.times,
    [2000],
  );
  assert.deepEqual(resultOf({ resultType: "matrix", result: [] }, []).series, []);
  assert.deepEqual(resultOf(null, []).series[0]!.labels, {});
});

const target: Target = {
  refId: "A",
  expr: "x",
  legendFormat: "{{host}} GPU {{ gpu }}",
  format: "time_series",
  instant: false,
  range: true,
  hide: false,
  interval: "",
  intervalFactor: 1,
  source: "",
};

test("a legend names its labels, unknown ones as nothing", () => {
  assert.equal(legendText("{{host}} GPU {{ gpu }} {{no}}", { host: "n1", gpu: "3" }), "n1 GPU 3 ");
});

test("series come in the order of their names", () => {
  const series = ["10", "9", "1"].map((gpu) => ({
    labels: { host: "n", gpu },
    times: [0],
    values: [1],
  }));
  const names = framesOf(target, { type: "matrix", series, warnings: [] }, false).map(
    (f) => f.name,
  );
  assert.deepEqual(names, ["n GPU 1", "n GPU 9", "n GPU 10"]);
  const top = framesOf(
    { ...target, expr: "topk(3, x)" },
    { type: "vector", series, warnings: [] },
    false,
  );
  assert.deepEqual(
    top.map((f) => f.name),
    ["n GPU 10", "n GPU 9", "n GPU 1"],
  );
});

test("a table has a column per label, and a value column of its own for each query", () => {
  const series = [{ labels: { b: "1", a: "2" }, times: [1000], values: [7] }];
  const frame = framesOf(
    { ...target, format: "table" },
    { type: "vector", series, warnings: [] },
    true,
  )[0]!;
  assert.deepEqual(
    frame.fields.map((f) => f.name),
    ["Time", "a", "b", "Value #A"],
  );
});

test("points further apart than a step get a gap between them", () => {
  const frame = framesOf(
    target,
    {
      type: "matrix",
      series: [{ labels: {}, times: [0, 5000, 30_000], values: [1, 2, 3] }],
      warnings: [],
    },
    false,
  )[0]!;
  const gapped = withGaps(frame, 5000);
  assert.deepEqual(gapped.fields[0]!.values, [0, 5000, 10_000, 30_000]);
  assert.deepEqual(gapped.fields[1]!.values, [1, 2, null, 3]);
});

test("overrides hit by name, pattern, type and query, the later one last", () => {
  const frames = framesOf(
    target,
    {
      type: "matrix",
      series: [{ labels: { host: "n", gpu: "0" }, times: [0], values: [1] }],
      warnings: [],
    },
    false,
  );
  const unit = (id: string, options: unknown, value: string) => ({
    matcher: { id, options },
    properties: [{ id: "unit", value }],
  });
  const shown = (...o: ReturnType<typeof unit>[]): string | undefined =>
    configured(frames, { custom: {}, unit: "none" }, o)[0]!.fields[1]!.config.unit;
  assert.equal(shown(unit("byName", "n GPU 0", "a")), "a");
  assert.equal(shown(unit("byRegexp", "/gpu \\d/i", "b")), "b");
  assert.equal(shown(unit("byType", "number", "c")), "c");
  assert.equal(shown(unit("byFrameRefID", "A", "d")), "d");
  assert.equal(shown(unit("byName", "Value", "e"), unit("byType", "number", "f")), "f");
  assert.equal(shown(unit("byName", "other", "a")), "none");
  const nested = configured(frames, { custom: { lineStyle: { fill: "dash", dash: [1] } } }, [
    {
      matcher: { id: "byType", options: "number" },
      properties: [{ id: "custom.lineStyle.fill", value: "dot" }],
    },
  ]);
  assert.deepEqual(nested[0]!.fields[1]!.config.custom.lineStyle, { fill: "dot", dash: [1] });
});

test("options are split, filtered and sorted as files ask", () => {
  assert.deepEqual(customOptions("a, b : c, d\\,e"), [
    { text: "a", value: "a" },
    { text: "b", value: "c" },
    { text: "d,e", value: "d,e" },
  ]);
  assert.deepEqual(
    filterOptions(["x-1", "x-2", "y"], "/x-(.*)/").map((o) => o.value),
    ["1", "2"],
  );
  assert.deepEqual(filterOptions(['m{n="1"} 5'], '/n="(?<text>[^"]+)".* (?<value>\\d+)/'), [
    { text: "1", value: "5" },
  ]);
  assert.deepEqual(filterOptions(['{name="A",uuid="u1"} 5 1'], '/name="(?<text>[^"]+)|uuid="(?<value>[^"]+)/g'), [
    { text: "A", value: "u1" },
  ]);
  assert.deepEqual(
    filterOptions(["a=1,a=2", "b"], "/a=(\\d)/g").map((o) => o.value),
    ["1", "2"],
  );
  const of = (...v: string[]) => v.map((value) => ({ text: value, value }));
  assert.deepEqual(
    sortOptions(of("10", "9", "1"), 3).map((o) => o.value),
    ["1", "9", "10"],
  );
  assert.deepEqual(
    sortOptions(of("n10", "n9", "N1"), 7).map((o) => o.value),
    ["N1", "n9", "n10"],
  );
  assert.deepEqual(
    sortOptions(of("a", "c", "b"), 2).map((o) => o.value),
    ["c", "b", "a"],
  );
});

const dashboard = dashboardOf({
  title: "D",
  templating: {
    list: [
      {
        name: "host",
        type: "query",
        query: "label_values(up, host)",
        multi: true,
        includeAll: true,
        current: { value: ["$__all"] },
      },
      { name: "gpu", type: "query", query: { query: 'label_values(gpu{host=~"$host"}, gpu)' } },
    ],
  },
  panels: [
    { id: 1, type: "row", title: "R", gridPos: { x: 0, y: 0, w: 24, h: 1 } },
    { id: 2, type: "stat", repeat: "host", maxPerRow: 2, gridPos: { x: 0, y: 1, w: 24, h: 4 } },
    { id: 3, type: "table", gridPos: { x: 0, y: 5, w: 24, h: 4 } },
    {
      id: 4,
      type: "row",
      title: "folded",
      collapsed: true,
      gridPos: { x: 0, y: 9, w: 24, h: 1 },
      panels: [{ id: 5, type: "text", gridPos: { x: 0, y: 10, w: 24, h: 3 } }],
    },
  ],
});

function loaded(): {
  variables: Variables;
  asked: string[];
  load: (changed?: string) => Promise<boolean>;
} {
  const asked: string[] = [];
  const api = {
    labelValues: async (label: string, match: string) => {
      asked.push(match);
      return label === "host" ? ["n1", "n2", "n3"] : ["0", "1"];
    },
  } as unknown as Api;
  const variables = new Variables(dashboard, new URLSearchParams("var-gpu=1"));
  const contextOf = (bindings: ReturnType<Variables["bindings"]>) => ({
    bindings,
    from: 0,
    to: 1,
    intervalMs: 1,
    rateIntervalMs: 1,
    timezone: "utc",
    dashboard: "",
    urlRange: "",
  });
  return {
    variables,
    asked,
    load: (changed) => variables.load(api, contextOf, { from: 0, to: 1 }, signal, changed),
  };
}

test("a variable is asked for after those it uses, and the URL's choice is kept", async () => {
  const { variables, asked, load } = loaded();
  await load();
  assert.deepEqual(asked, ["up", 'gpu{host=~"(n1|n2|n3)"}']);
  assert.deepEqual(variables.get("gpu")!.chosen, ["1"]);
  variables.set("host", ["n2"]);
  await load("host");
  assert.deepEqual(asked.slice(2), ['gpu{host=~"n2"}']);
  const url = new URLSearchParams();
  variables.toUrl(url);
  assert.equal(url.toString(), "var-host=n2&var-gpu=1");
});

test("a choice that is gone becomes All or the first", () => {
  const [host, gpu] = dashboard.variables;
  const options = [
    { text: "a", value: "a" },
    { text: "b", value: "b" },
  ];
  assert.deepEqual(choose(host!, options, ["zz"]), ["$__all"]);
  assert.deepEqual(choose(gpu!, options, ["zz"]), ["a"]);
  assert.deepEqual(choose(gpu!, options, ["b", "a"]), ["b"]);
});

test("panels repeat beside each other and push down what follows", async () => {
  const { variables, load } = loaded();
  await load();
  const placed = layout(dashboard.panels, variables, new Map());
  const repeated = placed.filter((p) => p.panel.id === 2);
  assert.deepEqual(
    repeated.map((p) => [p.x, p.y, p.w, p.scope.get("host")!.values[0]]),
    [
      [0, 1, 12, "n1"],
      [12, 1, 12, "n2"],
      [0, 5, 12, "n3"],
    ],
  );
  assert.equal(placed.find((p) => p.panel.id === 3)!.y, 9);
  assert.equal(
    placed.some((p) => p.panel.id === 5),
    false,
  );
  const opened = layout(dashboard.panels, variables, new Map([[placed.at(-1)!.key, false]]));
  assert.equal(
    opened.some((p) => p.panel.id === 5),
    true,
  );
});

test("metric names are found among functions, labels and keywords", () => {
  assert.deepEqual(
    metricNames(
      'sum by (host) (rate(a_total{x="b_c"}[5m])) / on (host) group_left d:e or vector(0)',
    ),
    ["a_total", "d:e"],
  );
});

test("emptiness is explained", async () => {
  const { variables, load } = loaded();
  await load();
  const words = (exprs: string[], known: string[] | null, quiet?: string): string => {
    const { short, more } = emptyReason(exprs, variables.bindings(), variables.states, known && new Set(known), quiet);
    assert.ok(short.length < 60, `${short} is too long for a small panel`);
    return `${short} ${more}`.trim();
  };
  const why = (expr: string, known: string[] | null) => words([expr], known);
  assert.match(why('up{a=~"$nobody"}', null), /\$nobody is not defined/);
  assert.doesNotMatch(why('label_replace(up, "a", "$1", "b", "(.*)")', null), /is not defined/);
  assert.match(why("gone", ["up"]), /No machine reports this.*algalon doctor.*\(gone\)/);
  assert.match(why("up", ["up"]), /No data for this selection/);
  assert.match(why("up", []), /Nothing was scraped/);
  assert.match(why("up + gone", ["up"]), /a part of this.*gone/);
  const quiet = (known: string[]) => words(["up"], known, "All is well.");
  assert.equal(quiet(["up"]), "All is well.");
  assert.match(quiet(["down"]), /No machine reports this/); // nobody could know
  assert.match(why("up", null), /No data in this range/);
  assert.deepEqual(["all_smi_gpu_utilization", "DCGM_FI_DEV_GPU_UTIL", "algalon_gpu_replacements_total", "up"].map(tellsOfGpus), [true, true, false, false]);
});

test("any JSON gives a dashboard or nothing worse", () => {
  for (const raw of [
    null,
    5,
    "x",
    [],
    {},
    { panels: 5 },
    { panels: [null, 5, { gridPos: { x: -4, w: 1e9, h: "x" } }] },
    { templating: { list: [null] } },
  ])
    assert.ok(Array.isArray(dashboardOf(modernized(raw)).panels));
});
