// What stands around the panels: command palette, share link, time zone, kiosk, and what can be
// taken out of a panel.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { newPage, settled } from "./browser.mjs";
import { probes } from "./probes.mjs";
import { panel, param, simulated } from "./simulated.mjs";

const sim = simulated({ dashboards: probes });
const { goto } = sim;

/** Opens the palette, writes, and takes the first. */
async function command(page, words) {
    await page.keyboard.press("Control+k");
    await page.locator(".palette").waitFor();
    await page.keyboard.type(words);
    await page.keyboard.press("Enter");
    await page.locator(".palette").waitFor({ state: "detached" });
}

test("Ctrl-K finds pages, panels, ranges and commands", async () => {
    const page = await goto("/d/algalon-overview?refresh=off");
    await command(page, "last 6 hours");
    await page.waitForURL(/from=now-6h/);
    await command(page, "targets");
    await page.locator(".card").first().waitFor();
    await command(page, "processes");
    await page.waitForURL(/algalon-processes/);
    await settled(page);
    await command(page, "Processes on GPUs");
    await page.locator(".grid.alone").waitFor();
    assert.equal(await page.locator(".panel").count(), 1);
    const ground = () => page.evaluate(() => getComputedStyle(document.body.parentElement).backgroundColor);
    const dark = await ground();
    await command(page, "dark or light");
    assert.notEqual(await ground(), dark);
    await page.keyboard.press("Control+k");
    await page.keyboard.type("no such thing");
    await page.locator("text=Nothing fits.").waitFor();
    await page.keyboard.press("Enter");
    await page.locator(".palette").waitFor({ state: "detached" });
    assert.deepEqual(sim.open.problems, []);
});

test("the arrows choose in the palette; Escape leaves it and the focus is where it was", async () => {
    const page = await goto("/d/algalon-overview?refresh=off");
    await page.locator(".time-button").focus();
    await page.keyboard.press("Control+k");
    await page.locator(".palette").waitFor();
    await page.keyboard.press("ArrowDown");
    const active = await page.locator(".palette-field").getAttribute("aria-activedescendant");
    assert.equal(await page.locator(`#${active}`).getAttribute("aria-selected"), "true");
    assert.equal(active, "palette-1");
    await page.keyboard.press("Escape");
    await page.locator(".palette").waitFor({ state: "detached" });
    assert.match(await page.evaluate(() => document.activeElement.className), /time-button/);
});

test("a shared link opens the very range, with or without head", async () => {
    const page = await goto("/d/algalon-overview?from=now-1h&to=now&refresh=off&var-hostname=node-01");
    await page.keyboard.press("l");
    const field = page.locator(".share-line input");
    const link = new URL(await field.inputValue());
    const span = Number(link.searchParams.get("to")) - Number(link.searchParams.get("from"));
    assert.equal(span, 3_600_000);
    assert.equal(link.searchParams.get("var-hostname"), "node-01");
    await page.locator(".check input").first().uncheck();
    assert.equal(new URL(await field.inputValue()).searchParams.get("from"), "now-1h");
    await page.locator(".check input").last().check();
    await page.locator(".share-line button").click();
    await page.locator('.share [role="status"]:not(:empty)').waitFor();
    const kiosk = await field.inputValue();
    await page.goto(kiosk);
    await settled(page);
    assert.equal(await page.locator(".top").isVisible(), false);
});

test("the time zone is chosen with the time range, remembered, and held by the address", async () => {
    sim.open = await newPage(sim.browser);
    const { page } = sim.open;
    await page.goto(`${sim.server.url}/d/probe-values?from=1789999000000&to=1790000000000&refresh=off`);
    await settled(page);
    await page.keyboard.press("t");
    await page.locator(".range-form select").selectOption("utc");
    await page.waitForURL(/timezone=utc/);
    await settled(page);
    await page.goto(`${sim.server.url}/explore`);
    await page.keyboard.press("Escape");
    await page.locator(".time-button").click();
    assert.equal(await page.locator(".range-form select").inputValue(), "utc");
});

test("the kiosk has no head and shows one dashboard after the other; Escape ends it", async () => {
    const page = await goto("/d/algalon-overview?kiosk=1&rotate=5s");
    assert.equal(await page.locator(".top").isVisible(), false);
    await page.waitForURL((u) => !u.pathname.includes("overview"));
    assert.equal(param(page, "rotate"), "5s");
    await settled(page);
    await page.keyboard.press("Escape");
    await page.locator(".top").waitFor();
    assert.equal(param(page, "kiosk"), null);
    assert.equal(param(page, "rotate"), null);
});

test("a panel's data come as CSV", async () => {
    const page = await goto("/d/algalon-gpu?from=1789999000000&to=1790000000000&refresh=off&var-hostname=node-01");
    await panel(page, "GPU utilisation").hover();
    await panel(page, "GPU utilisation").locator(".panel-more").click();
    const coming = page.waitForEvent("download");
    await page.locator('.option:text-is("Data as CSV")').click();
    const file = await coming;
    assert.equal(file.suggestedFilename(), "GPU-utilisation.csv");
    const lines = (await readFile(await file.path(), "utf8")).trim().split("\r\n");
    assert.equal(lines[0].split(",").length, 9); // the time and eight GPUs
    assert.match(lines[1], /^2026-09-21T\d\d:\d\d:\d\d\.000Z,[\d.]+,/);
    assert.ok(lines.length > 50);
});

test("a panel's picture comes as PNG, as large as it is seen, and not empty", async () => {
    const page = await goto("/d/algalon-gpu?from=1789999000000&to=1790000000000&refresh=off&var-hostname=node-01");
    for (const title of ["GPU utilisation", "Utilisation now"]) {
        const box = await panel(page, title).boundingBox();
        await panel(page, title).hover();
        await panel(page, title).locator(".panel-more").click();
        const coming = page.waitForEvent("download");
        await page.locator('.option:text-is("Picture as PNG")').click();
        const png = await readFile(await (await coming).path());
        assert.equal(png.subarray(1, 4).toString(), "PNG");
        assert.ok(Math.abs(png.readUInt32BE(16) - 2 * box.width) <= 4, `${png.readUInt32BE(16)} for ${box.width}`);
        assert.ok(Math.abs(png.readUInt32BE(20) - 2 * box.height) <= 4);
        const colours = await page.evaluate(async (base64) => {
            const image = new Image();
            image.src = `data:image/png;base64,${base64}`;
            await image.decode();
            const canvas = document.createElement("canvas");
            canvas.width = image.width;
            canvas.height = image.height;
            const c = canvas.getContext("2d");
            c.drawImage(image, 0, 0);
            const seen = new Set();
            const { data } = c.getImageData(0, 0, image.width, image.height);
            for (let i = 0; i < data.length; i += 4 * 7) seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
            return seen.size;
        }, png.toString("base64"));
        assert.ok(colours > 40, `${title}: ${colours} colours`);
    }
    assert.deepEqual(sim.open.problems, []);
});

test("a panel's queries go on in Explore, with variables filled in and the same range", async () => {
    const page = await goto("/d/algalon-gpu?from=now-30m&to=now&refresh=off&var-hostname=node-01");
    await panel(page, "GPU utilisation").hover();
    await panel(page, "GPU utilisation").locator(".panel-more").click();
    await page.locator('.option:text-is("Explore its queries")').click();
    await page.locator(".query-text").first().waitFor();
    const expr = await page.locator(".query-text").first().inputValue();
    assert.match(expr, /node-01/);
    assert.doesNotMatch(expr, /\$(hostname|gpu_index)/);
    assert.equal(param(page, "from"), "now-30m");
});
