// The page of targets in a browser: jobs, states, errors in words, labels and relabelling, filters,
// and what it says where there is nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { param, simulated } from "./simulated.mjs";

const sim = simulated({ ready: (page) => page.locator(".card, .place-empty:visible").first().waitFor() });
const { goto } = sim;

const job = (page, name) => page.locator(".card", { has: page.locator(`h2:text-is("${name}")`) });
const row = (page, name) =>
    page.locator(".targets tbody", { has: page.locator(`.target-name:text-is("${name}")`) });

test("jobs show how many of their targets are up, and how their discovery fares", async () => {
    const page = await goto("/targets?refresh=off");
    assert.equal(await page.title(), "Targets · Algalon");
    assert.match(await job(page, "gpus").locator(".card-head").innerText(), /3 of 5 up/);
    assert.match(
        await job(page, "gpus").locator(".discoveries").innerText(),
        /^http: 6 addresses, 20 looks, 1 failed, last success \d+ \w+ ago$/,
    );
    assert.match(
        await job(page, "hosts").locator(".discoveries").innerText(),
        /^2 addresses written in the configuration$/,
    );
    assert.match(await job(page, "empty").innerText(), /no answer from DNS[^]*Nothing was discovered/);
    assert.deepEqual(sim.open.problems, []);
});

test("what fails stands first, with its error in plain words and as it was said", async () => {
    const page = await goto("/targets?refresh=off");
    const names = await job(page, "gpus").locator(".target-name").allInnerTexts();
    assert.deepEqual(names.slice(0, 3), ["node-04:9400", "node-05:9400", "node-01:9400"]);
    const refused = row(page, "node-04:9400");
    assert.equal(await refused.locator(".badge").innerText(), "Down");
    assert.match(
        await refused.locator(".cell-error").innerText(),
        /Nothing listens at node-04:9400\.[^]*Connection refused/,
    );
    assert.match(await row(page, "node-05:9400").innerText(), /No answer within 4s/);
    assert.equal(await row(page, "<b>odd</b>:9100").count(), 1); // text stays text
    assert.match(await row(page, "<b>odd</b>:9100").innerText(), /<script>alert\(1\)<\/script>/);
    const fresh = job(page, "hosts").locator("tbody").nth(1);
    assert.match(await fresh.innerText(), /Waiting[^]*never/);
    const good = row(page, "node-01:9400").filter({ hasText: "1,234" });
    assert.match(await good.innerText(), /seconds? ago[^]*12 ms[^]*1,234/);
});

test("a target unfolds into its labels and what relabelling did, and stays open over refreshes", async () => {
    const page = await goto("/targets?refresh=1s");
    const first = row(page, "node-04:9400");
    await first.locator(".unfold").click();
    await first.locator(".steps").waitFor();
    assert.equal(await first.locator(".unfold").getAttribute("aria-expanded"), "true");
    const text = await first.locator(".details").innerText();
    assert.match(text, /Every 5s, given up after 4s/);
    assert.match(text, /rack = "r7" is added/);
    assert.match(text, /changes nothing here/);
    const asked = () => sim.server.requests.filter((r) => r.path === "/api/v1/targets").length;
    const before = asked();
    while (asked() < before + 2) await page.waitForResponse(/api\/v1\/targets\?/);
    assert.equal(await first.locator(".steps").count(), 1);
    assert.equal(
        await page.evaluate(() => document.activeElement.classList.contains("unfold")),
        true,
    );
});

test("addresses that relabelling left out are listed with the rule that did it", async () => {
    const page = await goto("/targets?refresh=off");
    const dropped = job(page, "gpus").locator(".dropped");
    assert.match(await dropped.innerText(), /1 discovered address left out by relabelling/);
    assert.equal(await job(page, "hosts").locator(".dropped").isVisible(), false);
    await dropped.locator(".unfold").click();
    await dropped.locator("text=old-01:9400").waitFor();
    await dropped.locator(".small-button").click();
    await dropped.locator(".steps").waitFor();
    assert.match(await dropped.innerText(), /drop: rack =~ "attic"[^]*nothing is scraped/);
});

test("state and search narrow the list; the URL holds them", async () => {
    const page = await goto("/targets?refresh=off");
    await page.locator(".state-choice.down").click();
    assert.deepEqual(await page.locator(".card:visible h2").allInnerTexts(), ["gpus", "hosts"]);
    assert.equal(await page.locator(".target-name:visible").count(), 3);
    await page.locator(".filter-search").fill("NODE-05");
    assert.deepEqual(await page.locator(".target-name:visible").allInnerTexts(), ["node-05:9400"]);
    assert.equal(param(page, "state"), "down");
    assert.equal(param(page, "search"), "NODE-05");
    await page.reload();
    await page.locator(".target-name:visible").first().waitFor();
    assert.deepEqual(await page.locator(".target-name:visible").allInnerTexts(), ["node-05:9400"]);
    await page.locator(".filter-search").fill("nothing like it");
    await page.locator("text=No target fits.").waitFor();
    assert.equal(
        await page.evaluate(() => document.activeElement.classList.contains("filter-search")),
        true,
    );
});

test("with nothing to scrape it says how to begin; without a scraper, who to ask", async () => {
    sim.server.control.bare = true;
    const page = await goto("/targets?refresh=off");
    assert.match(await page.locator(".place-empty:visible").innerText(), /--target=gpu-01:9400/);
    sim.server.control.bare = false;
    sim.server.control.missing = "/api/v1/targets";
    await page.reload();
    await page.locator("text=This program scrapes nothing.").waitFor();
});

test("while the server is away what was shown stays, and it goes on by itself", async () => {
    const page = await goto("/targets?refresh=1s");
    sim.server.control.down = true;
    await page.locator(".notice.away").waitFor();
    assert.equal(await page.locator(".card").count(), 3);
    sim.server.control.down = false;
    await page.locator(".notice.away").waitFor({ state: "detached" });
    assert.equal(await page.locator(".card").count(), 3);
});

test("the way there and back: tabs, the list of pages, keys, and the browser's back", async () => {
    const page = await goto("/targets?refresh=off&from=now-1h&to=now");
    assert.equal(await page.locator(".time-button").isVisible(), false); // it shows now
    await page.locator(".tabs .tab").first().click();
    await page.locator(".panel").first().waitFor();
    assert.equal(param(page, "from"), "now-1h");
    assert.equal(await page.locator(".time-button").isVisible(), true);
    assert.equal(await page.locator(".card").count(), 0);
    await page.goBack();
    await page.locator(".card").first().waitFor();
    assert.equal(await page.locator(".panel").count(), 0);
    await page.locator(".brand").focus();
    await page.keyboard.press("1");
    await page.locator(".panel").first().waitFor();
    await page.keyboard.press("s");
    await page.locator(".card").first().waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("targ");
    await page.keyboard.press("Enter");
    await page.locator(".card").first().waitFor();
    assert.equal(await page.locator('.places [aria-current="page"]').innerText(), "Targets");
});

test("on a phone rows stack and nothing sticks out", async () => {
    const page = await goto("/targets?refresh=off", { width: 390, height: 844, phone: true });
    await row(page, "node-04:9400").locator(".unfold").click();
    await page.locator(".steps").waitFor();
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
});
