// What must hold against any server: the simulated one, or the algalon whose address stands in
// ALGALON_URL (with or without GPUs, and whatever its values are).
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { ALGALON_URL, launch, newPage, settled } from "./browser.mjs";
import { startServer } from "./server.mjs";

const FIRST_CHART_MS = 5000; // on two cores shared with much else; an idle laptop takes a tenth

let browser;
let server;
let url;
let open;

before(async () => {
    browser = await launch();
    server = ALGALON_URL ? null : await startServer();
    url = ALGALON_URL || server.url;
});
after(async () => {
    await browser?.close();
    await server?.stop();
});
afterEach(async () => {
    await open?.context.close();
    open = null;
});

async function newTab(look) {
    open = await newPage(browser, look);
    return open.page;
}

async function dashboards() {
    return (await (await fetch(`${url}/api/dashboards`)).json()).filter((d) => !d.error);
}

test("every dashboard draws: no panel fails, nothing is complained about, nothing comes from elsewhere", async () => {
    for (const d of await dashboards()) {
        const page = await newTab();
        const elsewhere = [];
        page.on("request", (r) => new URL(r.url()).origin !== url && elsewhere.push(r.url()));
        await page.goto(`${url}/d/${d.uid}`);
        await settled(page);
        const failed = await page.locator('.panel[data-state="error"]').allInnerTexts();
        assert.deepEqual(failed, [], d.uid);
        assert.deepEqual(elsewhere, [], d.uid);
        const noise = open.problems.filter((p) => !/status of 404/.test(p)); // a host without a worker has no doctor
        assert.deepEqual(noise, [], d.uid);
        await open.context.close();
    }
});

test("tiles and bars show the very values of the API's answers", async () => {
    const page = await newTab();
    const asked = (r) => new URLSearchParams(r.request().postData() ?? "").get("query") ?? "";
    const answer = page.waitForResponse(
        (r) => r.url().endsWith("/api/v1/query") && /^all_smi_gpu_utilization\{/.test(asked(r)),
    );
    await page.goto(`${url}/d/algalon-overview?refresh=off`);
    const body = await (await answer).json();
    await settled(page);
    const wanted = body.data.result
        .map((s) => [
            `${s.metric.hostname} GPU ${s.metric.gpu_index}`,
            `${Number(s.value[1]).toFixed(0)}%`,
        ])
        .sort();
    const tiles = page.locator('.panel:has(.panel-title:text-is("Utilisation by GPU")) .stat-tile');
    const shown = await tiles.evaluateAll((all) =>
        all.map((t) => [
            t.querySelector(".stat-name")?.textContent,
            t.querySelector(".stat-value").textContent,
        ]),
    );
    if (wanted.length === 1) shown[0][0] = wanted[0][0]; // a single value needs no name
    assert.deepEqual(shown.sort(), wanted);
});

test("the page of a machine without GPUs says so, one with GPUs links to them", async () => {
    const page = await newTab();
    await page.goto(`${url}/d/algalon-gpu?refresh=off`);
    await settled(page);
    const doctor = await fetch(`${url}/api/v1/doctor`);
    const none = doctor.ok && (await doctor.json()).accelerators === 0;
    const drawn = await page.locator(".chart canvas").count();
    if (none && !drawn)
        assert.match(await page.locator(".notices").innerText(), /No GPU was found/);
    else
        assert.ok(
            drawn > 0 ||
                !(await page.locator(".panel-message").first().innerText()).includes("undefined"),
        );
});

test("the first chart is there quickly, and what is needed comes at the same time", async () => {
    const page = await newTab();
    await page.goto(`${url}/d/algalon-system`); // warms the server
    await settled(page);
    await page.goto(`${url}/d/algalon-system`, { waitUntil: "commit" });
    await page.waitForSelector(".chart canvas");
    const at = await page.evaluate(() => performance.now());
    assert.ok(at < FIRST_CHART_MS, `${at.toFixed(0)} ms`);
    const resources = await page.evaluate(() =>
        performance
            .getEntriesByType("resource")
            .map((r) => ({ name: r.name, start: r.startTime, size: r.encodedBodySize })),
    );
    const weight = resources
        .filter((r) => /\.(js|css)$/.test(r.name))
        .reduce((sum, r) => sum + r.size, 0);
    assert.ok(weight < 120 * 1024, `${weight} bytes of scripts and styles`);
});

test("zooming, a panel alone, help and themes work on a live page", async () => {
    const page = await newTab();
    await page.goto(`${url}/d/algalon-system?refresh=off`);
    await settled(page);
    const over = page.locator(".u-over").first();
    const box = await over.boundingBox();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.9, box.y + 20, { steps: 4 });
    await page.mouse.up();
    await page.waitForFunction(() => /^\d+$/.test(new URL(location.href).searchParams.get("from")));
    await page.keyboard.press("?");
    await page.locator("dialog[open]").waitFor();
    await page.keyboard.press("Escape");
    await page.locator(".panel-timeseries .panel-title").first().hover();
    await page.keyboard.press("v");
    await page.waitForFunction(() => document.querySelectorAll(".panel").length === 1);
    const ground = () =>
        page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const before = await ground();
    await page.keyboard.press("d");
    assert.notEqual(await ground(), before);
});

test("on a phone nothing sticks out", async () => {
    for (const d of await dashboards()) {
        const page = await newTab({ width: 390, height: 844, phone: true });
        await page.goto(`${url}/d/${d.uid}`);
        await settled(page);
        assert.ok(
            (await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0,
            d.uid,
        );
        await open.context.close();
    }
});
