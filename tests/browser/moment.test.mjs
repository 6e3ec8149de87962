// The time machine in a real browser: every dashboard at a second of the past, steps, the address,
// the way back; and time zones beyond UTC.
import assert from "node:assert/strict";
import { test } from "node:test";
import { settled } from "./browser.mjs";
import { probes } from "./probes.mjs";
import { param, simulated } from "./simulated.mjs";

const AT = "2026-03-18T02:13:05Z";
const AT_S = Date.parse(AT) / 1000;

const sim = simulated({ dashboards: probes });
const { goto } = sim;

const asked = (path) => sim.server.requests.filter((r) => r.path === `/api/v1/${path}`);
const value = (r, name) => Number(r.form.get(name) ?? r.query.get(name));

test("an address with a moment asks for that second: instants there, ranges end there", async () => {
    const page = await goto(`/d/algalon-processes?at=${AT}&from=now-5m&to=now&timezone=utc`);
    await page.locator("#moment .moment-field").waitFor();
    assert.equal(await page.locator(".moment-field").inputValue(), "2026-03-18 02:13:05");
    const instants = asked("query").filter((r) => !/count_over_time\(up/.test(r.form.get("query") ?? r.query.get("query")));
    assert.ok(instants.length > 0);
    for (const r of instants) assert.equal(value(r, "time"), AT_S);
    for (const r of asked("query_range")) {
        assert.equal(value(r, "end"), AT_S);
        assert.equal((value(r, "end") - value(r, "start")) % value(r, "step"), 0);
        assert.ok(value(r, "step") <= 5, `step ${value(r, "step")}`);
    }
    assert.match(await page.locator(".time-text").textContent(), /Last 5 minutes before 02:13:05/);
    assert.equal(await page.locator(".interval").isDisabled(), true);
    assert.deepEqual(sim.open.problems, []);
});

test("steps go by a second, a scrape, a minute; keys do the same; back undoes leaving", async () => {
    const page = await goto(`/d/algalon-overview?at=${AT}&timezone=utc`);
    const shown = () => page.locator(".moment-field").inputValue();
    await page.locator("#moment .moment-field").waitFor();
    await page.getByRole("button", { name: "A second earlier" }).click();
    assert.equal(await shown(), "2026-03-18 02:13:04");
    await page.getByRole("button", { name: "A minute later" }).click();
    assert.equal(await shown(), "2026-03-18 02:14:04");
    await page.locator("#main").focus();
    await page.keyboard.press(",");
    assert.equal(await shown(), "2026-03-18 02:13:59");
    await page.keyboard.press("<");
    assert.equal(param(page, "at"), "2026-03-18T02:12:59Z");
    const there = Date.parse("2026-03-18T02:12:59Z") / 1000;
    for (let tries = 0; !asked("query").some((r) => value(r, "time") === there); tries++) {
        assert.ok(tries < 150, "the panels were not asked again");
        await page.waitForTimeout(100);
    }
    await page.getByRole("button", { name: "Back to now" }).click();
    await page.locator("#moment").waitFor({ state: "hidden" });
    assert.equal(param(page, "at"), null);
    await page.goBack();
    await page.locator(".moment-field").waitFor();
    assert.equal(param(page, "at"), "2026-03-18T02:12:59Z");
});

test("the m key enters, a typed time of day is of today or yesterday, links keep the moment", async () => {
    const page = await goto("/d/algalon-overview?timezone=utc&refresh=off");
    await page.keyboard.press("m");
    await page.locator(".moment-field").waitFor();
    assert.match(await page.evaluate(() => document.activeElement.className), /moment-field/);
    await page.locator(".moment-field").fill("never");
    await page.keyboard.press("Enter");
    await page.getByText("“never” is no moment").waitFor();
    await page.locator(".moment-field").fill("02:13");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => /T02:13:00Z/.test(new URL(location.href).searchParams.get("at")));
    const at = Date.parse(param(page, "at"));
    assert.ok(at <= Date.now() && at > Date.now() - 86_400_000);
    const href = await page.locator(".tabs a").nth(1).getAttribute("href");
    assert.equal(new URL(href, sim.server.url).searchParams.get("at"), param(page, "at"));
    await page.locator(".tabs a").nth(1).click();
    await settled(page);
    assert.equal(Date.parse(param(page, "at")), at);
    await page.goto(`${sim.server.url}/targets?at=${AT}`);
    await page.getByText("This page shows now.").waitFor();
});

test("a range dragged or fixed keeps its length and ends at the moment", async () => {
    const from = Date.parse("2026-03-18T01:00:00Z");
    const page = await goto(`/d/probe-values?from=${from}&to=${from + 600_000}&refresh=off&timezone=utc`);
    await page.keyboard.press("m");
    await page.locator(".moment-field").waitFor();
    assert.equal(param(page, "from"), "now-600s");
    assert.equal(param(page, "to"), "now");
    await page.locator("#main").focus();
    await page.keyboard.press("[");
    assert.equal(param(page, "from"), "now-600s");
    assert.ok(Date.parse(param(page, "at")) < Date.now() - 290_000);
});

test("m over a chart goes to the moment under the cursor", async () => {
    const page = await goto("/d/algalon-gpu?from=now-15m&to=now&refresh=off");
    const plot = page.locator(".panel-timeseries .u-over").first();
    await plot.hover();
    await page.locator(".tooltip").waitFor();
    await page.keyboard.press("m");
    await page.locator(".moment-field").waitFor();
    const age = Date.now() - Date.parse(param(page, "at"));
    assert.ok(age > 300_000 && age < 700_000, `${age} ms ago`);
});

test("a zone of the address or of the file is that of axes, pickers and words", async () => {
    const page = await goto("/d/probe-values?from=1789999000000&to=1790000000000&refresh=off&timezone=Asia/Kolkata");
    await page.keyboard.press("t");
    assert.equal(await page.locator(".range-form select").inputValue(), "Asia/Kolkata");
    assert.equal(await page.locator(".range-form input[name=to]").inputValue(), "2026-09-21 19:43:20");
    await page.locator(".range-form select").selectOption("Europe/Berlin");
    await page.waitForURL(/timezone=Europe%2FBerlin/);
    await settled(page);
    assert.match(await page.locator(".time-text").textContent(), /2026-09-21 16:13:20$/);
});

test("on a phone the strip fits and its buttons can be hit", async () => {
    const page = await goto(`/d/algalon-overview?at=${AT}`, { width: 390, height: 844, phone: true });
    await page.locator(".moment-field").waitFor();
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(over <= 0, `${over} px stick out`);
});
