// The page of alerts and rules in a browser: what is active, since when, what to do about it; groups
// with their rules and errors; filters, and what it says where there are no rules.
import assert from "node:assert/strict";
import { test } from "node:test";
import { simulated } from "./simulated.mjs";

const sim = simulated({ ready: (page) => page.locator(".card, .place-empty:visible").first().waitFor() });
const { goto } = sim;

const rule = (page, name) =>
    page.locator(".rules tbody", { has: page.locator(`.target-name:text-is("${name}")`) });

test("active alerts stand first: the severest on top, since when, with labels and summary", async () => {
    const page = await goto("/alerts?refresh=off");
    assert.deepEqual(await page.locator(".alert h3").allInnerTexts(), [
        "GpuLost critical",
        "GpuTooHot warning",
        "GpuTooHot warning",
    ]);
    const [lost, hot, pending] = await page.locator(".alert").allInnerTexts();
    assert.match(lost, /Firing[^]*for 2 h[^]*node-01 GPU 2 is lost[^]*It fell off the bus/);
    assert.match(hot, /for 6 min[^]*gpu_index=5[^]*value 91/);
    assert.match(pending, /^Pending/);
    assert.equal(await page.title(), "(2) Alerts · Algalon");
    assert.deepEqual(sim.open.problems, []);
});

test("an alert leads to its runbook: a page elsewhere, or the section that came along", async () => {
    const page = await goto("/alerts?refresh=off");
    const elsewhere = page.locator('.alert a:has-text("Runbook")');
    assert.equal(await elsewhere.getAttribute("href"), "https://wiki.example/gpu-lost");
    assert.equal(await elsewhere.getAttribute("rel"), "noopener noreferrer");
    await rule(page, "GpuIdle").locator(".unfold").click();
    await rule(page, "GpuIdle").locator('button:has-text("Runbook")').click();
    const box = page.locator("dialog");
    await box.waitFor();
    assert.match(await box.innerText(), /algalon doctor/);
    assert.equal(await box.locator('a[href$=".md"]').count(), 0);
    await page.keyboard.press("Escape");
    await box.waitFor({ state: "detached" });
    assert.match(await page.evaluate(() => document.activeElement.innerText), /Runbook/);
});

test("groups list their rules with state and error; a rule unfolds into its expression", async () => {
    const page = await goto("/alerts?refresh=off");
    assert.deepEqual(await page.locator(".card h2").allInnerTexts(), ["Active alerts", "gpus", "recorded"]);
    assert.match(
        await page.locator(".card-head").nth(1).innerText(),
        /rules\/gpu\.yml\s+3 rules, every 15 s, evaluated \d+ \w+ ago, took 4 ms/,
    );
    const badge = (name) => rule(page, name).locator(".badge").innerText();
    assert.equal(await badge("GpuTooHot"), "1 firing");
    assert.equal(await badge("GpuIdle"), "Quiet");
    assert.equal(await badge("node:power:sum"), "Recorded");
    assert.equal(await badge("node:broken"), "Failing");
    assert.match(await rule(page, "node:broken").innerText(), /duplicate series/);
    assert.match(await rule(page, "GpuLost").innerText(), /alert at once/);
    const hot = rule(page, "GpuTooHot");
    assert.match(await hot.innerText(), /alert when it holds for 5 min/);
    await hot.locator(".unfold").click();
    assert.equal(await hot.locator("pre").innerText(), "all_smi_gpu_temperature_celsius > 90");
});

test("state and search narrow alerts and rules; the URL holds them", async () => {
    const page = await goto("/alerts?refresh=off");
    await page.locator(".state-choice.failing").click();
    assert.deepEqual(await page.locator(".card:visible h2").allInnerTexts(), ["recorded"]);
    await page.locator(".state-choice.pending").click();
    assert.equal(await page.locator(".alert:visible").count(), 1);
    await page.locator(".state-choice").first().click();
    await page.locator(".filter-search").fill("GPU_INDEX=5");
    assert.equal(await page.locator(".alert:visible").count(), 1);
    assert.equal(new URL(page.url()).searchParams.get("search"), "GPU_INDEX=5");
    await page.reload();
    await page.locator(".alert").first().waitFor();
    assert.equal(await page.locator(".alert:visible").count(), 1);
});

test("without rules it says how to load some; Prometheus's path leads here too", async () => {
    sim.server.control.bare = true;
    const page = await goto("/rules?refresh=off");
    assert.match(await page.locator(".place-empty:visible").innerText(), /No rules are loaded\.[^]*--rules=/);
    assert.equal(await page.locator('.places [aria-current="page"]').innerText(), "Alerts");
});

test("on a phone alerts stack and nothing sticks out", async () => {
    const page = await goto("/alerts?refresh=off", { width: 390, height: 844, phone: true });
    await rule(page, "GpuTooHot").locator(".unfold").click();
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
});
