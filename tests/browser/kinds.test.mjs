// Kinds of panels beyond time series: what is drawn is what the queries gave. Values that the simulated data give by
// construction (simdata.mjs) are compared with rectangles, paths, cells and words of the page.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { launch, newPage, settled } from "./browser.mjs";
import { startServer } from "./server.mjs";

const FIXED = "from=1789999000000&to=1790000000000&refresh=off"; // a range that does not move
let ids = 0;
const panel = (type, title, x, y, w, h, rest = {}) => ({ id: ++ids, type, title, gridPos: { x, y, w, h }, ...rest });
const query = (expr, rest = {}) => [{ refId: "A", expr, ...rest }];
const parts = query("test_parts", { legendFormat: "{{part}}", instant: true });
const tableOf = (expr) => query(expr, { instant: true, format: "table" });
const legend = { displayMode: "table", placement: "right", showLegend: true };

const dashboard = {
  uid: "probe-plots",
  title: "Probe: plots",
  tags: ["probe"],
  panels: [
    panel("piechart", "Pie", 0, 0, 8, 8, { targets: parts, options: { displayLabels: ["name"], legend: { ...legend, values: ["value", "percent"] }, sort: "asc" } }),
    panel("piechart", "Donut", 8, 0, 8, 8, { targets: parts, options: { pieType: "donut", legend: { showLegend: false } } }),
    panel("barchart", "Bars", 16, 0, 8, 8, { targets: tableOf("test_parts"), options: { xField: "part", showValue: "always", legend: { showLegend: true, displayMode: "list", placement: "bottom" } }, fieldConfig: { defaults: { unit: "watt" } } }),
    panel("barchart", "Lying", 0, 8, 8, 8, { targets: tableOf("test_parts"), options: { orientation: "horizontal", legend: { showLegend: false } } }),
    panel("histogram", "Histogram", 8, 8, 8, 8, { targets: query("test_ramp"), options: { bucketSize: 250, legend: { showLegend: false } } }),
    panel("heatmap", "Buckets", 16, 8, 8, 8, { targets: query("test_latency_bucket", { format: "heatmap", legendFormat: "{{le}}" }), options: { yAxis: { unit: "s" } } }),
    panel("heatmap", "Counted", 0, 16, 8, 8, { targets: query("test_ramp"), options: { calculate: true, calculation: { xBuckets: { mode: "size", value: "5m" }, yBuckets: { mode: "size", value: "500" } } } }),
    panel("heatmap", "Old heatmap", 8, 16, 8, 8, { dataFormat: "timeseries", yAxis: { format: "s", logBase: 1 }, color: { mode: "spectrum", colorScheme: "interpolateOranges" }, targets: query("test_ramp") }),
    panel("grafana-piechart-panel", "Old pie", 16, 16, 8, 8, { pieType: "pie", legendType: "Right side", legend: { show: true, values: true, percentage: true }, valueName: "current", targets: parts }),
    panel("table", "Old table", 0, 24, 8, 8, { styles: [{ pattern: "Value", type: "number", unit: "watt", alias: "Power", colorMode: "cell", thresholds: ["25", "40"], colors: ["green", "orange", "red"] }, { pattern: "Time", type: "hidden" }], transform: "table", targets: tableOf("test_parts") }),
    panel("text", "Old text", 8, 24, 8, 8, { mode: "markdown", content: "Some **old** words" }),
    panel("dashlist", "List", 16, 24, 8, 8, { options: { tags: ["probe"], keepTime: true } }),
    panel("geomap", "Unknown", 0, 32, 8, 8, { targets: tableOf("test_parts") }),
    panel("timeseries", "Narrow", 8, 32, 6, 8, { targets: query("all_smi_cpu_utilization", { legendFormat: "GPU of {{hostname}}" }), options: { legend: { ...legend, calcs: ["min", "mean", "max"] } } }),
    panel("timeseries", "Beside", 8, 40, 16, 8, { targets: query("all_smi_cpu_utilization", { legendFormat: "GPU of {{hostname}}" }), options: { legend: { ...legend, calcs: ["min", "mean", "max"] } } }),
  ],
};

/** An ad hoc filter from the start, and an annotation that marks spans and one that cannot be asked. */
const filtered = {
  uid: "probe-filters",
  title: "Probe: filters",
  templating: { list: [{ type: "adhoc", name: "filters", label: "Filters", filters: [{ key: "part", operator: "!=", value: "c" }] }] },
  annotations: {
    list: [
      { builtIn: 1, enable: true, type: "dashboard", name: "Annotations & Alerts" },
      { enable: true, name: "Present", expr: "test_gap", step: "5s", iconColor: "red", titleFormat: "seen on {{hostname}}" },
      { enable: true, name: "Wrong", expr: "sum(" },
    ],
  },
  panels: [
    panel("piechart", "Parts", 0, 0, 12, 8, { targets: parts, options: { legend } }),
    panel("timeseries", "Marked", 12, 0, 12, 8, { targets: query("test_parts", { legendFormat: "{{part}}" }) }),
  ],
};

let browser;
let server;
let open;

before(async () => {
  browser = await launch();
  server = await startServer({ dashboards: [dashboard, filtered] });
});
after(async () => {
  await browser?.close();
  await server?.stop();
});
afterEach(async () => {
  assert.deepEqual(open?.problems ?? [], []);
  await open?.context.close();
  open = null;
});

/** The page with the panel in sight and drawn. */
async function shown(title) {
  open ??= await newPage(browser);
  const { page } = open;
  if (page.url() === "about:blank") await page.goto(`${server.url}/d/probe-plots?${FIXED}`);
  const found = page.locator(".panel", { has: page.locator(`.panel-title:text-is("${title}")`) });
  await found.scrollIntoViewIfNeeded();
  await settled(page);
  assert.equal(await found.getAttribute("data-state"), "shown", `${title}: ${await found.innerText()}`);
  return found;
}

const rows = (panel) => panel.locator(".legend tbody tr").evaluateAll((all) => all.map((tr) => [...tr.cells].map((td) => td.innerText)));

test("a pie gives each series its share: in its slices, labels and legend", async () => {
  const pie = await shown("Pie");
  assert.deepEqual(await rows(pie), [["c", "20", "20%"], ["b", "30", "30%"], ["a", "50", "50%"]]);
  assert.deepEqual(await pie.locator("svg text").allTextContents(), ["c", "b", "a"]);
  // The angle that each slice's path spans, from where its two arcs begin and end.
  const shares = await pie.locator("[data-slice]").evaluateAll((all) =>
    all.map((path) => {
      const [, x0, y0, x1, y1] = /^M(\S+) ([-\d.]+)A.* 0 0 1 (\S+) ([-\d.]+)L/.exec(path.getAttribute("d"));
      const turn = (Math.atan2(y1, x1) - Math.atan2(y0, x0)) / (2 * Math.PI);
      return Math.round(((turn + 1) % 1) * 100);
    }),
  );
  assert.deepEqual(shares, [20, 30, 50]);
  await pie.locator('.legend [data-series="a"]').click({ modifiers: ["Control"] });
  assert.deepEqual((await rows(pie)).map((r) => r[2]), ["40%", "60%", "–"]);
});

test("a donut has a hole, and its label says the shares", async () => {
  const donut = await shown("Donut");
  assert.match(await donut.locator("svg[role=img]").getAttribute("aria-label"), /a 50%, b 30%, c 20%/);
  assert.match(await donut.locator("[data-slice]").first().getAttribute("d"), /A\S+ \S+ 0 0 1 .*A\S+ \S+ 0 0 0 /);
});

test("a bar chart's bars are as long as their values, with their texts and categories", async () => {
  for (const [title, side] of [["Bars", "height"], ["Lying", "width"]]) {
    const bars = await shown(title);
    const sizes = await bars.locator("[data-bar]").evaluateAll((all, s) => all.map((r) => Number(r.getAttribute(s))), side);
    assert.equal(sizes.length, 3, title);
    assert.ok(Math.abs(sizes[1] / sizes[0] - 0.6) < 0.01 && Math.abs(sizes[2] / sizes[0] - 0.4) < 0.01, `${title}: ${sizes}`);
  }
  const bars = await shown("Bars");
  assert.deepEqual(await bars.locator("svg .plot-value").allTextContents(), ["50 W", "30 W", "20 W"]);
  const words = await bars.locator("svg text:not(.plot-value)").allTextContents();
  for (const part of ["a", "b", "c"]) assert.ok(words.includes(part), words.join());
});

test("a histogram counts values in its buckets", async () => {
  const histogram = await shown("Histogram");
  const counts = [];
  for (const bar of await histogram.locator("[data-bar]").all()) {
    await bar.hover();
    counts.push(await open.page.locator(".tooltip").innerText());
  }
  const { data } = await open.page.evaluate(async () => (await fetch("/api/v1/query_range?query=test_ramp&start=1789999000&end=1790000000&step=5")).json());
  const wanted = [0, 0, 0, 0];
  for (const [, v] of data.result[0].values) wanted[Math.floor(v / 250)]++;
  assert.equal(counts.length, 4);
  counts.forEach((text, i) => {
    assert.match(text, new RegExp(`^${i * 250} to ${(i + 1) * 250}\\b`));
    const share = Number(/(\d+)$/.exec(text.trim())[1]);
    // The panel may ask with another step: its shares are the same.
    assert.ok(Math.abs(share / Math.max(...counts.map((t) => Number(/(\d+)$/.exec(t.trim())[1]))) - wanted[i] / Math.max(...wanted)) < 0.05, text);
  });
});

/** The tooltip at a place of a heatmap, given as shares of its cells' area from the left and the bottom. */
async function cellAt(panel, x, y) {
  const box = await panel.locator(".plot").boundingBox();
  const left = box.x + 60;
  await open.page.mouse.move(left + (box.width - 76) * x, box.y + 4 + (box.height - 28) * (1 - y));
  return (await open.page.locator(".tooltip").innerText()).split("\n").map((t) => t.trim());
}

test("a heatmap of buckets shows what each holds by itself, rows in the order of their bounds", async () => {
  const heat = await shown("Buckets");
  assert.match(await heat.locator(".plot").getAttribute("aria-label"), /4 rows/);
  const found = [];
  for (const y of [0.1, 0.35, 0.6, 0.85]) found.push((await cellAt(heat, 0.5, y)).slice(1).join(" "));
  assert.deepEqual(found, ["up to 100 ms 4", "100 ms to 500 ms 3", "500 ms to 2.5 s 2", "above 2.5 s 1"]);
});

test("a heatmap counts values itself where the file asks for it, also an old one", async () => {
  const heat = await shown("Counted");
  assert.match(await heat.locator(".plot").getAttribute("aria-label"), /2 rows/);
  const cell = await cellAt(heat, 0.1, 0.1);
  assert.equal(cell[1], "0 to 500");
  assert.ok(Number(cell[2]) > 0, cell.join());
  const old = await shown("Old heatmap");
  assert.match(await old.locator(".plot").getAttribute("aria-label"), /[1-9]\d* filled cells/);
});

test("panels of older Grafanas: pie of the plugin, column styles of a table, words of a text", async () => {
  assert.deepEqual(await rows(await shown("Old pie")), [["a", "50", "50%"], ["b", "30", "30%"], ["c", "20", "20%"]]);
  const table = await shown("Old table");
  const head = await table.locator("th").allInnerTexts();
  assert.ok(head.includes("Power") && !head.includes("Time"), head.join());
  const cells = table.locator(`tbody td:nth-child(${head.indexOf("Power") + 1})`);
  assert.deepEqual(await cells.allInnerTexts(), ["50 W", "30 W", "20 W"]);
  const grounds = await cells.evaluateAll((all) => all.map((td) => td.style.background));
  assert.equal(new Set(grounds).size, 3); // red, orange, green
  assert.equal(await (await shown("Old text")).locator("strong").innerText(), "old");
});

test("a dashboard list keeps the time; a type not known says so and shows its query's table", async () => {
  const link = (await shown("List")).locator("a");
  assert.match(await link.getAttribute("href"), /^\/d\/probe-plots\?from=1789999000000&to=1790000000000$/);
  const unknown = await shown("Unknown");
  assert.match(await unknown.locator(".unknown-note").innerText(), /"geomap"/);
  assert.equal(await unknown.locator("tbody tr").count(), 3);
});

test("names of a legend on the right are not cut where the panel has room, and go below where it has none", async () => {
  for (const [title, beside] of [["Narrow", false], ["Beside", true]]) {
    const panel = await shown(title);
    const cut = await panel.locator(".legend-name").evaluateAll((all) => all.filter((el) => el.scrollWidth > el.clientWidth).map((el) => el.innerText));
    assert.deepEqual(cut, [], title);
    assert.equal(await panel.locator(".legend.right").count(), beside ? 1 : 0, title);
  }
});

test("ad hoc filters go into every query, from the file, from the address and as typed", async () => {
  open = await newPage(browser);
  const { page } = open;
  const names = () => page.locator('.panel:has(.panel-title:text-is("Parts")) .legend-name').allInnerTexts();
  await page.goto(`${server.url}/d/probe-filters?${FIXED}`);
  await settled(page);
  assert.deepEqual(await names(), ["a", "b"]);
  const field = page.locator(".variable-text");
  assert.equal(await field.inputValue(), "part!=c");
  await field.fill('part=~"b|c"');
  await field.press("Enter");
  await page.waitForFunction(() => [...document.querySelectorAll(".legend-name")].some((e) => e.textContent === "c"));
  assert.deepEqual(await names(), ["b", "c"]);
  assert.equal(new URL(page.url()).searchParams.get("var-filters"), "part|=~|b__gfp__c");
  await page.reload();
  await settled(page);
  assert.deepEqual(await names(), ["b", "c"]);
  open.problems.length = 0; // the annotation that cannot be asked is heard as a failed request
});

test("annotations mark their spans in charts; one that fails is told in the panel's head", async () => {
  open = await newPage(browser);
  const { page } = open;
  await page.goto(`${server.url}/d/probe-filters?${FIXED}&var-filters=`);
  await settled(page);
  const chart = page.locator('.panel:has(.panel-title:text-is("Marked"))');
  // test_gap is there in every other of the 300 s: the range of 1000 s touches two such spans.
  assert.equal(await chart.locator(".chart").getAttribute("data-marks"), "2");
  assert.match(await chart.locator(".panel-note").getAttribute("title"), /Annotation “Wrong”: .*parse error/);
  const over = await chart.locator(".u-over").boundingBox();
  const at = (t) => over.x + (over.width * (t - 1789999000)) / 1000;
  const inside = Math.ceil(1789999000 / 600) * 600 + 150; // the middle of a span: floor(t / 300) is even
  await page.mouse.move(at(inside), over.y + over.height / 2);
  assert.match(await page.locator(".tooltip").innerText(), /seen on node-01/);
  open.problems.length = 0;
});
