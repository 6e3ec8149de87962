// Forms of dashboard files and what their panels do: the second schema through the program's own format, tables that filter and
// unfold, stacked bars, HTML in texts, lists of alerts, queries of other data sources.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { launch, newPage, settled } from "./browser.mjs";
import { startServer } from "./server.mjs";

const FIXED = "from=1789999000000&to=1790000000000&refresh=off";
let ids = 0;
const panel = (type, title, x, y, rest = {}) => ({ id: ++ids, type, title, gridPos: { x, y, w: 8, h: 8 }, ...rest });
const query = (expr, rest = {}) => [{ refId: "A", expr, ...rest }];
const tableOf = (expr) => query(expr, { instant: true, format: "table" });
const solid = (color, expr, refId) => ({ target: { refId, expr, legendFormat: refId }, override: { matcher: { id: "byName", options: refId }, properties: [{ id: "color", value: { mode: "fixed", fixedColor: color } }] } });
const bars = [solid("#ff0000", 'test_parts{part="a"}', "one"), solid("#0000ff", 'test_parts{part="b"}', "two")];

const classic = {
  uid: "probe-forms",
  title: "Probe: forms",
  panels: [
    panel("timeseries", "Stacked", 0, 0, { targets: bars.map((b) => b.target), fieldConfig: { defaults: { custom: { drawStyle: "bars", fillOpacity: 100, lineWidth: 0, stacking: { mode: "normal" } } }, overrides: bars.map((b) => b.override) } }),
    panel("table", "Filtered", 8, 0, { targets: tableOf("test_parts"), fieldConfig: { defaults: { custom: { filterable: true } }, overrides: [] }, transformations: [{ id: "organize", options: { excludeByName: { Time: true } } }] }),
    panel("table", "Nested", 16, 0, { targets: tableOf("all_smi_cpu_utilization"), transformations: [{ id: "groupToNestedTable", options: { fields: { __name__: { operation: "groupby", aggregations: [] }, Value: { operation: "aggregate", aggregations: ["count"] } } } }] }),
    panel("text", "Words", 0, 8, { options: { mode: "markdown", content: '<h2 style="color:red" onclick="hacked=1" align="center">Head</h2>\n\nSome <b>bold</b> and *soft* words <script>hacked=1</script>' } }),
    panel("alertlist", "Alerts", 8, 8),
    panel("timeseries", "Mixed", 16, 8, { targets: [...query("test_ramp"), { refId: "B", expr: "{}", datasource: { type: "loki" } }] }),
    panel("timeseries", "Elsewhere", 0, 16, { timeFrom: "5m", targets: [{ refId: "A", expr: "{}", datasource: { type: "loki" } }] }),
    panel("stat", "Change", 8, 16, { targets: query("all_smi_cpu_utilization"), options: { showPercentChange: true } }),
  ],
};
const element = (id, group, title, expr) => ({
  kind: "Panel",
  spec: { id, title, links: [], data: { kind: "QueryGroup", spec: { queries: [{ kind: "PanelQuery", spec: { refId: "A", hidden: false, query: { kind: "DataQuery", group: "prometheus", spec: { expr } } } }], transformations: [], queryOptions: {} } }, vizConfig: { kind: "VizConfig", group, spec: { options: {}, fieldConfig: { defaults: { unit: "watt" }, overrides: [] } } } },
});
const second = {
  uid: "probe-second",
  title: "Probe: second schema",
  elements: { a: element(1, "timeseries", "Course", "test_ramp"), b: element(2, "stat", "Parts", "test_parts") },
  layout: { kind: "RowsLayout", spec: { rows: [{ kind: "RowsLayoutRow", spec: { title: "Row", layout: { kind: "AutoGridLayout", spec: { items: ["a", "b"].map((name) => ({ kind: "AutoGridLayoutItem", spec: { element: { kind: "ElementReference", name } } })) } } } }] } },
};

let browser;
let server;
let open;

before(async () => {
  browser = await launch();
  server = await startServer({ dashboards: [classic, second] });
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

/** The panel of a title, in sight and settled. */
async function found(title, uid = "probe-forms") {
  open ??= await newPage(browser);
  const { page } = open;
  if (page.url() === "about:blank") await page.goto(`${server.url}/d/${uid}?${FIXED}`);
  const panel = page.locator(".panel", { has: page.locator(`.panel-title:text-is("${title}")`) });
  await panel.scrollIntoViewIfNeeded();
  await settled(page);
  return panel;
}

test("stacked bars are all drawn, one on the other", async () => {
  const chart = await found("Stacked");
  const counts = await chart.locator("canvas").evaluate((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let [red, blue] = [0, 0];
    for (let i = 0; i < data.length; i += 4) {
      if (data[i] > 240 && data[i + 1] < 20 && data[i + 2] < 20) red++;
      if (data[i + 2] > 240 && data[i] < 20 && data[i + 1] < 20) blue++;
    }
    return { red, blue };
  });
  // 50 and 30 on it: the areas are as the values.
  assert.ok(Math.abs(counts.blue / counts.red - 0.6) < 0.1, JSON.stringify(counts));
});

test("a table is narrowed by the values of a column, and whole again", async () => {
  const table = await found("Filtered");
  const { page } = open;
  assert.equal(await table.locator("tbody tr").count(), 3);
  await table.getByRole("button", { name: "Filter by part" }).click();
  await page.getByRole("checkbox", { name: "b", exact: true }).uncheck();
  assert.deepEqual(await table.locator("tbody tr").count(), 2);
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate(() => document.activeElement.dataset.focus), "filter-part");
  await page.keyboard.press("Enter");
  await page.getByRole("searchbox", { name: "Search the values of part" }).fill("c");
  await page.getByRole("button", { name: "Only these" }).click();
  assert.match(await table.locator("tbody").innerText(), /c\s+20/);
  assert.equal(await table.locator("tbody tr").count(), 1);
  await page.getByRole("button", { name: "All", exact: true }).click();
  assert.equal(await table.locator("tbody tr").count(), 3);
  await page.keyboard.press("Escape");
});

test("rows that are grouped unfold into the rows that they stand for", async () => {
  const table = await found("Nested");
  const button = table.locator("tbody .unfold");
  assert.equal(await button.count(), 1);
  await button.click();
  assert.equal(await table.locator(".unfold").getAttribute("aria-expanded"), "true");
  const rows = await table.locator(".nested tbody tr").count();
  const said = Number(await table.locator("tbody > tr").first().locator("td").last().innerText());
  assert.ok(rows > 1 && rows === said, `${rows} rows, ${said} said`);
});

test("HTML of a text is drawn from the list of harmless elements, with Markdown in it", async () => {
  const words = await found("Words");
  assert.equal(await words.locator("h2:text-is('Head')").count(), 1);
  assert.equal(await words.locator("b").innerText(), "bold");
  assert.equal(await words.locator("em").innerText(), "soft");
  assert.equal(await words.locator("h2.centred").count(), 1);
  await words.locator("h2.centred").click();
  assert.equal(await open.page.evaluate(() => window.hacked), undefined);
});

test("a list of alerts names what is active, with the way to it", async () => {
  const list = await found("Alerts");
  await list.locator(".alert-list .badge").first().waitFor();
  assert.match(await list.locator(".alert-list a").first().getAttribute("href"), /^\/alerts\?search=\w+/);
});

test("queries of other data sources are left out and told; a panel of its own time says it", async () => {
  const mixed = await found("Mixed");
  assert.equal(await mixed.getAttribute("data-state"), "shown");
  assert.match(await mixed.locator(".panel-note").getAttribute("title"), /"loki" are left out/);
  const elsewhere = await found("Elsewhere");
  assert.match(await elsewhere.innerText(), /"loki", which is not here/);
  assert.equal(await elsewhere.locator(".panel-time").innerText(), "last 5m");
});

test("a stat says the change over the range", async () => {
  assert.match(await (await found("Change")).locator(".stat-change").first().innerText(), /^[▲▼=] \d+\.\d%$/);
});

test("elements and layouts of the second schema are drawn", async () => {
  const course = await found("Course", "probe-second");
  assert.equal(await course.locator("canvas").count(), 1);
  assert.equal(await open.page.locator(".row-title").innerText(), "Row");
  const parts = await found("Parts");
  assert.match(await parts.innerText(), /50\s*W/);
});
