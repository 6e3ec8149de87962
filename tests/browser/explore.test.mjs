// Explore in a browser: completion, graph and table, errors at their place, the address, history.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newPage, settled } from "./browser.mjs";
import { simulated } from "./simulated.mjs";

const sim = simulated({ ready: (page) => page.locator(".query-text").first().waitFor() });
const { goto } = sim;

const param = (page, name) => new URL(page.url()).searchParams.getAll(name);
const field = (page, i = 0) => page.locator(".query-text").nth(i);
const suggested = (page) => page.locator(".suggest-text:visible").allInnerTexts();
/** Waits until the first suggestion is this one. */
const first = (page, text) =>
    page.locator(".suggestion:visible").first().locator(`.suggest-text:text-is("${text}")`).waitFor();
const FIXED = "from=1789999000000&to=1790000000000";

test("without a query it offers questions whose metrics there are; one click asks", async () => {
    const page = await goto("/explore");
    const example = page.locator(".example", { hasText: "How busy is every machine?" });
    await example.waitFor();
    assert.equal(await page.locator(".example", { hasText: "DCGM" }).count(), 0);
    assert.equal(await page.evaluate(() => document.activeElement.className), "query-text");
    await example.click();
    await settled(page);
    assert.deepEqual(param(page, "expr"), ["avg by (hostname) (all_smi_gpu_utilization)"]);
    assert.equal(await page.locator(".example").count(), 0);
});

test("an address draws its query as graph and table, with the unit its name tells", async () => {
    const page = await goto(`/explore?expr=all_smi_gpu_temperature_celsius&${FIXED}`);
    await settled(page);
    assert.equal(await page.title(), "Explore · Algalon");
    assert.match(await page.locator(".legend-table tbody tr").first().innerText(), /°C/);
    assert.equal(await page.locator(".panel-timeseries canvas").count(), 1);
    const rows = page.locator(".panel-table tbody tr");
    assert.equal(await rows.count(), 16);
    const cells = await rows.first().locator("td").allInnerTexts();
    assert.match(cells.at(-1), /^[\d.]+\s*°C$/);
    assert.ok(cells.slice(0, -1).every((c) => !c.includes("°C"))); // labels have no unit
    assert.deepEqual(sim.open.problems, []);
});

test("graph or table alone; the address keeps the choice", async () => {
    const page = await goto(`/explore?expr=up&${FIXED}&view=table`);
    await page.locator(".panel-table").waitFor();
    assert.equal(await page.locator(".panel-timeseries").count(), 0);
    await page.locator('.state-choice:text-is("Graph")').click();
    await page.locator(".panel-timeseries").waitFor();
    assert.equal(await page.locator(".panel-table").count(), 0);
    assert.deepEqual(param(page, "view"), ["graph"]);
    await page.locator('.state-choice:text-is("Both")').click();
    await page.locator(".panel-table").waitFor();
    assert.deepEqual(param(page, "view"), []);
});

test("metrics and functions are suggested as one writes; Tab takes, Enter runs", async () => {
    const page = await goto("/explore");
    await field(page).pressSequentially("sum(all_smi_gpu_util");
    await first(page, "all_smi_gpu_utilization");
    assert.match(await page.locator(".suggest-detail").first().innerText(), /gauge: How busy it is/);
    assert.equal(await page.locator(".suggestion").first().getAttribute("aria-selected"), "true");
    await page.keyboard.press("Tab");
    assert.equal(await field(page).inputValue(), "sum(all_smi_gpu_utilization");
    await page.keyboard.type(")");
    await page.keyboard.press("Enter");
    await settled(page);
    assert.deepEqual(param(page, "expr"), ["sum(all_smi_gpu_utilization)"]);
    await field(page).fill("");
    await field(page).pressSequentially("avg_over");
    await first(page, "avg_over_time");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Enter"); // after an arrow Enter takes
    assert.equal(await field(page).inputValue(), "avg_over_time(");
    await page.keyboard.press("Escape");
    assert.equal(await page.locator(".suggest-box").isVisible(), false);
});

test("labels, their values and durations are suggested where they belong", async () => {
    const page = await goto("/explore");
    await field(page).pressSequentially("all_smi_gpu_utilization{host");
    await first(page, "hostname");
    await page.keyboard.press("Tab");
    await first(page, "node-01"); // values come by themselves
    assert.equal(await field(page).inputValue(), 'all_smi_gpu_utilization{hostname="');
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    assert.equal(await field(page).inputValue(), 'all_smi_gpu_utilization{hostname="node-02"');
    await page.keyboard.type(',gpu_index="');
    await first(page, "0");
    const asked = sim.server.requests.filter((r) => r.path === "/api/v1/label/gpu_index/values").at(-1);
    assert.equal(asked.query.get("match[]"), 'all_smi_gpu_utilization{hostname="node-02"}');
    await field(page).fill("sum by (hos");
    await field(page).press("End");
    await page.keyboard.press("Control+Space");
    await page.locator(".suggestion:visible").first().waitFor();
    assert.deepEqual((await suggested(page)).slice(0, 1), ["hostname"]);
    await field(page).fill("rate(up[");
    await page.keyboard.press("Control+Space");
    await first(page, "$__rate_interval");
});

test("a mistake is marked where it is, said in words, and gone when one writes on", async () => {
    const page = await goto(`/explore?expr=${encodeURIComponent("sum(rate(up[$__rate_interval])))")}&${FIXED}`);
    await page.locator("mark").waitFor();
    assert.equal(await page.locator("mark").innerText(), ")");
    assert.match(await page.locator(".query-fault").innerText(), /At column 32: unexpected \)/);
    assert.equal(await field(page).getAttribute("aria-invalid"), "true");
    await page.locator(".fault-place").click();
    assert.deepEqual(
        await field(page).evaluate((el) => [el.selectionStart, el.selectionEnd]),
        [31, 32],
    );
    await page.keyboard.press("Delete");
    assert.equal(await page.locator("mark").count(), 0);
    await page.keyboard.press("Enter");
    await settled(page);
    assert.equal(await page.locator(".query-fault").innerText(), "");
});

test("an error while a query runs is shown by its panels", async () => {
    sim.server.control.fail = "all_smi_gpu_frequency_mhz";
    const page = await goto(`/explore?expr=all_smi_gpu_frequency_mhz&${FIXED}`);
    await page.locator('.panel[data-state="error"]').first().waitFor();
    assert.match(await page.locator(".panel-message").first().innerText(), /failed on purpose/);
});

test("several queries: letters, a table each, one that is wrong does not hide the others", async () => {
    const page = await goto(`/explore?expr=up&expr=${encodeURIComponent("sum((up)")}&${FIXED}`);
    await page.locator("mark").waitFor();
    await settled(page);
    assert.deepEqual(await page.locator(".query-letter").allInnerTexts(), ["A", "B"]);
    assert.equal(await page.locator(".panel-timeseries").count(), 1);
    await field(page, 1).fill("sum(up)");
    await page.keyboard.press("Enter");
    await page.locator('.panel-title:text-is("Table of B, at the end of the range")').waitFor();
    await settled(page);
    assert.deepEqual(param(page, "expr"), ["up", "sum(up)"]);
    await page.locator(".query-line").nth(0).locator(".icon-button").click();
    await page.locator('.panel-title:text-is("Table, at the end of the range")').waitFor();
    assert.deepEqual(param(page, "expr"), ["sum(up)"]);
});

test("back leads to what was asked before; the session's queries are at hand", async () => {
    const page = await goto(`/explore?expr=up&${FIXED}`);
    await settled(page);
    await field(page).fill("sum(up)");
    await page.keyboard.press("Enter");
    await page.waitForURL(/sum/);
    await settled(page);
    await page.goBack();
    await page.waitForFunction(() => document.querySelector(".query-text")?.value === "up");
    await page.reload();
    await page.locator(".query-tools button", { hasText: "History" }).click();
    await page.locator(".history-entry").first().waitFor();
    assert.deepEqual((await page.locator(".history-entry").allInnerTexts()).sort(), ["sum(up)", "up"]);
    await page.locator('.history-entry:text-is("sum(up)")').click();
    await page.waitForURL(/sum/);
    assert.equal(await field(page).inputValue(), "sum(up)");
});

test("time ranges, zooming and refreshing work as on dashboards", async () => {
    const page = await goto(`/explore?expr=up&from=now-15m&to=now&refresh=1s`);
    await settled(page);
    const asked = () => sim.server.requests.filter((r) => r.path === "/api/v1/query").length;
    const before = asked();
    while (asked() < before + 2) await page.waitForResponse(/api\/v1\/query/);
    await page.locator(".brand").focus();
    await page.keyboard.press("z");
    await page.waitForURL(/from=now-1800s/);
});

test("links of Prometheus's page are understood", async () => {
    const page = await goto("/graph?g0.expr=up&g0.tab=1&g0.range_input=2h&g1.expr=sum(up)");
    await page.locator(".panel-table").first().waitFor();
    assert.equal(await field(page, 1).inputValue(), "sum(up)");
    assert.equal(await page.locator(".panel-timeseries").count(), 0);
    assert.match(await page.locator(".time-button").innerText(), /Last 2 hours/);
    await field(page).focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/explore\?.*expr=up/);
    assert.deepEqual(param(page, "g0.expr"), []);
});

test("a rule leads to its expression here", async () => {
    const page = await newPageAt("/alerts?refresh=off");
    await page.locator('.alert a:has-text("Explore")').first().click();
    await page.locator(".query-text").waitFor();
    assert.equal(await field(page).inputValue(), "algalon_gpu_up == 0");
});

async function newPageAt(path) {
    sim.open = await newPage(sim.browser);
    await sim.open.page.goto(sim.server.url + path);
    await sim.open.page.locator(".card").first().waitFor();
    return sim.open.page;
}

test("on a phone nothing sticks out, suggestions included", async () => {
    const page = await goto("/explore", { width: 390, height: 844, phone: true });
    await field(page).pressSequentially("sum by (hostname) (all_smi_gpu_u");
    await page.locator(".suggestion:visible").first().waitFor();
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
    const box = await page.locator(".suggest-box").boundingBox();
    assert.ok(box.x >= 0 && box.x + box.width <= 390, JSON.stringify(box));
});
