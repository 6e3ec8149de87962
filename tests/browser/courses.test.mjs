// Series as rows of a table, with a small chart in each; data that say how other data are shown.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, newPage, settled } from "./browser.mjs";
import { startServer } from "./server.mjs";

const panel = (id, more) => ({ id, type: "table", title: `P${id}`, gridPos: { x: 0, y: 10 * id, w: 24, h: 8 }, ...more });
const board = {
    uid: "courses",
    title: "Courses",
    panels: [
        panel(1, {
            targets: [{ refId: "A", expr: "all_smi_gpu_utilization" }],
            transformations: [{ id: "timeSeriesTable", options: { A: { stat: "max" } } }],
            fieldConfig: {
                defaults: { unit: "percent", min: 0, max: 100 },
                overrides: [{ matcher: { id: "byName", options: "Trend #A" }, properties: [{ id: "custom.cellOptions", value: { type: "sparkline" } }] }],
            },
        }),
        panel(2, {
            type: "stat",
            targets: [
                { refId: "A", expr: "max(all_smi_gpu_utilization)", instant: true, range: false },
                { refId: "config", expr: "all_smi_cpu_utilization * 0 + 42", format: "table", instant: true, range: false },
            ],
            transformations: [{ id: "configFromData", options: { configRefId: "config", mappings: [{ fieldName: "Value", handlerKey: "decimals" }] } }],
            fieldConfig: { defaults: {}, overrides: [] },
        }),
    ],
};
let browser, server, open;
before(async () => {
    browser = await launch();
    server = await startServer({ dashboards: [board] });
    open = await newPage(browser);
    await open.page.goto(`${server.url}/d/courses?from=now-15m&to=now&refresh=off`);
    await settled(open.page);
});
after(async () => {
    await browser?.close();
    await server?.stop();
});

test("a row for each series, with its labels, its course and its value; sorting keeps them together", async () => {
    const rows = open.page.locator(".panel-table tbody tr");
    const count = await rows.count();
    assert.ok(count >= 10, `${count} rows`);
    assert.equal(await open.page.locator(".cell-course").count(), count);
    const read = () =>
        rows.evaluateAll((all) => all.map((tr) => [tr.querySelector(".cell-course path:last-child").getAttribute("d"), tr.lastElementChild.textContent]));
    const before = new Map(await read());
    await open.page.getByRole("button", { name: "Trend #A" }).click();
    await open.page.getByRole("button", { name: "Trend #A" }).click();
    const sorted = await read();
    const values = sorted.map(([, text]) => parseFloat(text));
    assert.deepEqual(values, [...values].sort((a, b) => b - a));
    for (const [course, text] of sorted) assert.equal(before.get(course), text);
});

test("what configures others is not shown itself", async () => {
    assert.equal(await open.page.locator(".panel-stat .stat-tile").count(), 1);
    assert.deepEqual(open.problems, []);
});
