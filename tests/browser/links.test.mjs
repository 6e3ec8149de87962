// Links of dashboards' files: to addresses and to dashboards by tags, with time range, moment and
// variables where the file says so.
import assert from "node:assert/strict";
import { test } from "node:test";
import { settled } from "./browser.mjs";
import { simulated } from "./simulated.mjs";

const link = (more) => ({ type: "link", title: "", tooltip: "", url: "", tags: [], asDropdown: false, includeVars: false, keepTime: false, targetBlank: false, ...more });
const linked = {
    uid: "linked",
    title: "Linked",
    tags: ["here"],
    templating: { list: [{ name: "host", type: "custom", query: "node-01,node-02", current: { value: "node-02" } }] },
    links: [
        link({ title: "To $host", url: "/d/algalon-gpu?var-hostname=$host", keepTime: true, includeVars: true }),
        link({ title: "Plain", url: "https://example.org/#part", keepTime: true, targetBlank: true }),
        link({ title: "Bad", url: "javascript:alert(1)" }),
        link({ type: "dashboards", title: "All of Algalon", tags: ["algalon"], asDropdown: true, keepTime: true }),
        link({ type: "dashboards", title: "", tags: ["here"], includeVars: true }),
    ],
    panels: [{ id: 1, type: "text", title: "T", gridPos: { x: 0, y: 0, w: 6, h: 4 }, options: { content: "x" } }],
};

const sim = simulated({ dashboards: [linked] });
const { goto } = sim;

const target = async (locator) => new URL(await locator.getAttribute("href"), sim.server.url);

test("a link carries variables, time range and moment as they are when it is followed", async () => {
    const page = await goto("/d/linked?from=now-2h&to=now&at=2026-03-18T02:13:05Z");
    const to = page.getByRole("link", { name: "To node-02" });
    const url = await target(to);
    assert.equal(url.searchParams.get("var-hostname"), "node-02");
    assert.equal(url.searchParams.get("var-host"), "node-02");
    assert.equal(url.searchParams.get("from"), "now-2h");
    assert.equal(url.searchParams.get("at"), "2026-03-18T02:13:05Z");
    await page.getByRole("button", { name: "A minute earlier" }).click();
    await to.hover();
    assert.equal((await target(to)).searchParams.get("at"), "2026-03-18T02:12:05Z");
    await to.click();
    await page.waitForURL(/\/d\/algalon-gpu\?/);
    await settled(page);
    assert.equal(await page.locator(".moment-field").isVisible(), true);
});

test("addresses elsewhere keep their end; those that could do harm are not there", async () => {
    const page = await goto("/d/linked?from=now-2h&to=now");
    const plain = page.getByRole("link", { name: "Plain" });
    assert.equal((await target(plain)).href, "https://example.org/?from=now-2h&to=now#part");
    assert.equal(await plain.getAttribute("target"), "_blank");
    assert.match(await plain.getAttribute("rel"), /noopener/);
    assert.equal(await page.getByText("Bad").count(), 0);
});

test("dashboards are linked by all their tags, side by side or in a list", async () => {
    const page = await goto("/d/linked");
    const one = page.locator(".dash-links").getByRole("link", { name: "Linked" });
    assert.equal((await target(one)).searchParams.get("var-host"), "node-02");
    await page.getByRole("button", { name: "All of Algalon" }).click();
    const list = page.locator(".popover a");
    const count = await list.count();
    assert.ok(count >= 8, `${count} dashboards`);
    assert.match((await target(list.first())).pathname, /^\/d\/algalon-/);
    await list.filter({ hasText: "Health" }).click();
    await page.waitForURL(/\/d\/algalon-health/);
    assert.deepEqual(sim.open.problems, []);
});
