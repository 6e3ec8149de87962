// The pages in a browser: what they draw, and that it is what the API says; time, variables,
// refreshing, keys, errors, sizes and themes. Against the simulated server, where a test can make
// the API fail; `real.test.mjs` holds what also runs against a real algalon.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newPage, settled } from "./browser.mjs";
import { probes } from "./probes.mjs";
import { panel, param, simulated } from "./simulated.mjs";

const sim = simulated({ dashboards: probes });
const { goto } = sim;

const asked = (path) => sim.server.requests.filter((r) => r.path === path);
const FIXED = "from=1789999000000&to=1790000000000&refresh=off"; // a range that does not move

test("every shipped dashboard draws without an error, with nothing fetched from elsewhere", async () => {
    sim.open = await newPage(sim.browser);
    const { page, problems } = sim.open;
    const elsewhere = [];
    page.on("request", (r) => new URL(r.url()).origin !== sim.server.url && elsewhere.push(r.url()));
    for (const uid of ["overview", "gpu", "health", "system", "processes"]) {
        await page.goto(`${sim.server.url}/d/algalon-${uid}`);
        await settled(page);
        assert.equal(await page.locator('.panel[data-state="error"]').count(), 0, uid);
        assert.ok((await page.locator('.panel[data-state="shown"]').count()) > 3, uid);
    }
    assert.deepEqual(elsewhere, []);
    assert.deepEqual(problems, []); // the content security policy would be heard here too
});

test("nothing moves on a page at rest, also below its edge", async () => {
    const page = await goto("/d/algalon-overview?refresh=off");
    assert.ok((await page.locator(".panel:not([data-state]) .skeleton").count()) > 0, "some panels wait below the edge");
    await page.waitForFunction(() => document.getAnimations().length === 0); // else it is painted anew with every frame
});

test("a stat shows the value that the API gives", async () => {
    const page = await goto(`/d/probe-values?${FIXED}`);
    const t = 1790000000;
    const r = await page.evaluate(
        async (q) =>
            (await fetch(`/api/v1/query?query=${encodeURIComponent(q)}&time=${1790000000}`)).json(),
        'all_smi_gpu_utilization{hostname="node-01",gpu_index="3"}',
    );
    const wanted = Number(r.data.result[0].value[1]);
    assert.ok(t && wanted > 0);
    const text = await panel(page, "One value").locator(".stat-value").innerText();
    assert.equal(text.replace(/\s/g, ""), `${wanted.toFixed(2)}%`);
});

test("tiles carry names, thresholds' colours, and lead to the GPU with its variables set", async () => {
    const page = await goto("/d/algalon-overview");
    const tiles = panel(page, "Utilisation by GPU").locator(".stat-tile");
    assert.equal(await tiles.count(), 16);
    assert.equal(await tiles.nth(1).locator(".stat-name").innerText(), "node-01 GPU 1");
    await tiles.nth(1).click();
    await page.waitForURL(/algalon-gpu/);
    await settled(page);
    assert.equal(param(page, "var-hostname"), "node-01");
    assert.equal(param(page, "var-gpu_index"), "1");
    assert.match(await page.locator('[data-variable="gpu_index"]').innerText(), /GPU\s+1/);
});

test("a table merges queries, sorts by a click, and keeps the order over a refresh", async () => {
    const page = await goto("/d/algalon-processes");
    const table = panel(page, "Processes on GPUs");
    const column = async (n) => table.locator(`tbody td:nth-child(${n})`).allInnerTexts();
    const head = await table.locator("th").allInnerTexts();
    const pid = head.findIndex((t) => t.startsWith("PID")) + 1;
    await table.locator("th button", { hasText: "PID" }).click();
    const sorted = (await column(pid)).map(Number);
    assert.deepEqual(
        sorted,
        [...sorted].sort((a, b) => a - b),
    );
    await page.keyboard.press("r");
    await page.waitForTimeout(300);
    await settled(page);
    assert.deepEqual((await column(pid)).map(Number), sorted);
    assert.equal(await table.locator('th[aria-sort="ascending"]').count(), 1);
});

test("panels of every kind draw what they are given", async () => {
    const page = await goto(`/d/probe-kinds?${FIXED}`);
    assert.equal(
        await panel(page, "Gauge").locator(".gauge-item").getAttribute("aria-label"),
        "ramp: 0 s",
    );
    assert.equal(await panel(page, "Bars lying").locator(".bar-row").count(), 8);
    assert.ok((await panel(page, "States").locator(".lane-segment").count()) >= 2);
    assert.equal(await panel(page, "Words").locator("strong").innerText(), "bold");
    assert.equal(await panel(page, "Words").locator("script, img, iframe").count(), 0);
    assert.equal(await panel(page, "Words").locator('a[href^="javascript"]').count(), 0);
    assert.match(
        await panel(page, "Strange").locator(".unknown-note").innerText(),
        /"heatmap-of-tomorrow"/,
    );
    assert.ok((await panel(page, "Strange").locator("tbody tr").count()) > 0);
    assert.match(await panel(page, "Mapped").innerText(), /lost/);
    assert.equal(await panel(page, "List").locator("a", { hasText: "Fleet" }).count(), 1);
    const repeated = page.locator(".panel-title", { hasText: /^Load of node-0\d$/ });
    assert.deepEqual(await repeated.allInnerTexts(), [
        "Load of node-01",
        "Load of node-02",
        "Load of node-03",
    ]);
    assert.equal(await page.evaluate(() => window.hacked), undefined);
});

test("a folded row asks for nothing until it is opened", async () => {
    const page = await goto(`/d/probe-kinds?${FIXED}`);
    assert.ok(!sim.server.requests.some((r) => (r.form.get("query") ?? "").includes("algalon_load15")));
    const row = page.locator(".row-button", { hasText: "Folded" });
    assert.equal(await row.getAttribute("aria-expanded"), "false");
    await row.click();
    await panel(page, "Inside").waitFor();
    await settled(page);
    assert.ok(sim.server.requests.some((r) => (r.form.get("query") ?? "").includes("algalon_load15")));
});

test("the same query of several panels is asked once", async () => {
    await goto(`/d/probe-values?${FIXED}`);
    const same = asked("/api/v1/query_range").filter(
        (r) => r.form.get("query") === "all_smi_cpu_utilization",
    );
    assert.equal(same.length, 1);
});

test("a refresh asks for the tail only", async () => {
    const page = await goto("/d/probe-values?from=now-1h&to=now&refresh=off");
    const whole = asked("/api/v1/query_range").find(
        (r) => r.form.get("query") === "all_smi_cpu_utilization",
    );
    await page.waitForTimeout(5100); // a step, so that there is something new to ask for
    sim.server.requests.length = 0;
    await page.selectOption(".interval", "5s");
    await page.waitForTimeout(600);
    const tail = asked("/api/v1/query_range").find(
        (r) => r.form.get("query") === "all_smi_cpu_utilization",
    );
    assert.ok(tail, "nothing was asked");
    const span = (r) => Number(r.form.get("end")) - Number(r.form.get("start"));
    assert.ok(span(whole) > 3500 && span(tail) < 200, `${span(whole)} then ${span(tail)}`);
});

test("dragging over a chart zooms, going back undoes it, a double click widens", async () => {
    const page = await goto(`/d/probe-values?${FIXED}`);
    const box = await panel(page, "Lines").locator(".u-over").boundingBox();
    await page.mouse.move(box.x + box.width * 0.25, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.75, box.y + 60, { steps: 5 });
    await page.mouse.up();
    await settled(page);
    const from = Number(param(page, "from"));
    const to = Number(param(page, "to"));
    assert.ok(Math.abs(from - 1789999250000) < 5000, String(from));
    assert.ok(Math.abs(to - 1789999750000) < 5000, String(to));
    await page.mouse.dblclick(box.x + box.width / 2, box.y + 40);
    await page.waitForFunction(
        (old) => new URL(location.href).searchParams.get("from") !== old,
        String(from),
    );
    assert.ok(Number(param(page, "from")) < from);
    await page.goBack();
    await page.goBack();
    await page.waitForFunction(
        () => new URL(location.href).searchParams.get("from") === "1789999000000",
    );
});

test("the crosshair goes over all charts and the tooltip tells the values", async () => {
    const page = await goto(`/d/probe-values?${FIXED}`);
    const box = await panel(page, "Lines").locator(".u-over").boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + 30);
    const tooltip = page.locator(".tooltip");
    await tooltip.waitFor();
    const rows = await tooltip.locator(".tooltip-row").allInnerTexts();
    assert.equal(rows.length, 3);
    const values = rows.map((r) => parseFloat(r.replace(/^node-0\d\s*/, "")));
    assert.deepEqual(
        values,
        [...values].sort((a, b) => b - a),
    );
    const other = panel(page, "Bars").locator(".u-cursor-x");
    assert.notEqual(await other.evaluate((el) => el.style.transform), "");
    await page.mouse.move(5, 5);
    await tooltip.waitFor({ state: "hidden" });
});

test("a click in the legend singles a series out, another brings all back", async () => {
    const page = await goto(`/d/probe-values?${FIXED}`);
    const entries = panel(page, "Lines").locator(".legend-entry");
    await entries.nth(0).click();
    assert.deepEqual(
        await entries.evaluateAll((all) => all.map((e) => e.getAttribute("aria-pressed"))),
        ["true", "false", "false"],
    );
    await entries.nth(0).click();
    assert.equal(await panel(page, "Lines").locator(".legend-entry.off").count(), 0);
});

test("the legend's calculations are those of the data", async () => {
    const page = await goto(`/d/probe-values?${FIXED}`);
    const cells = await panel(page, "Lines")
        .locator(".legend-table tbody tr")
        .first()
        .locator("td")
        .allInnerTexts();
    const call = asked("/api/v1/query_range").find(
        (r) => r.form.get("query") === "all_smi_cpu_utilization",
    );
    const r = await page.evaluate(
        async (body) =>
            (
                await fetch("/api/v1/query_range", {
                    method: "POST",
                    body: new URLSearchParams(body),
                })
            ).json(),
        Object.fromEntries(call.form),
    );
    const values = r.data.result
        .find((s) => s.metric.hostname === "node-01")
        .values.map((v) => Number(v[1]));
    const [, mean, max] = cells.map(parseFloat);
    assert.ok(Math.abs(mean - values.reduce((a, b) => a + b) / values.length) < 0.06);
    assert.ok(Math.abs(max - Math.max(...values)) < 0.06);
});

test("variables: one, several, All, search, by keyboard, and in the URL", async () => {
    const page = await goto("/d/algalon-gpu?refresh=off");
    await page.locator('[data-variable="gpu_index"]').click();
    await page.locator('.option[data-value="2"]').click();
    await page.locator('.option[data-value="5"]').click();
    await page.keyboard.press("Escape");
    await page.waitForFunction(
        () => new URL(location.href).searchParams.getAll("var-gpu_index").length === 2,
    );
    await settled(page);
    assert.equal(await panel(page, "Utilisation now").locator(".bar-row").count(), 4);
    const button = page.locator('[data-variable="gpu_index"]');
    await button.focus();
    await page.keyboard.press("Enter");
    await page.keyboard.type("7");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    await page.waitForFunction(
        () => new URL(location.href).searchParams.getAll("var-gpu_index").length === 3,
    );
    await page.reload();
    await settled(page);
    assert.match(await button.innerText(), /2, 5, 7/);
    await button.click();
    await page.locator('.option[data-value="$__all"]').click();
    await page.waitForFunction(
        () => new URL(location.href).searchParams.get("var-gpu_index") === "$__all",
    );
});

test("a choice narrows the variables that depend on it", async () => {
    const page = await goto("/d/algalon-gpu?refresh=off&var-hostname=node-03");
    assert.match(await panel(page, "GPU utilisation").innerText(), /Nothing to choose for “GPU”/);
});

test("time ranges: quick, typed, refused, shifted, zoomed out", async () => {
    const page = await goto("/d/probe-values?refresh=off");
    await page.keyboard.press("t");
    await page.locator(".quick", { hasText: "Last 3 hours" }).click();
    await page.waitForFunction(() => new URL(location.href).searchParams.get("from") === "now-3h");
    assert.match(await page.locator(".time-button").innerText(), /Last 3 hours/);
    await page.keyboard.press("t");
    await page.fill('input[name="from"]', "yesterday-ish");
    await page.keyboard.press("Enter");
    assert.match(await page.locator(".form-error").innerText(), /is no time/);
    await page.fill('input[name="from"]', "2026-01-31 14:00");
    await page.fill('input[name="to"]', "2026-01-31 15:00");
    await page.keyboard.press("Enter");
    await page.waitForFunction(
        () => new URL(location.href).searchParams.get("from") === String(Date.UTC(2026, 0, 31, 14)),
    );
    await page.keyboard.press("[");
    await page.waitForFunction(
        () =>
            new URL(location.href).searchParams.get("from") ===
            String(Date.UTC(2026, 0, 31, 13, 30)),
    );
    await page.keyboard.press("z");
    await page.waitForFunction(
        () => new URL(location.href).searchParams.get("from") === String(Date.UTC(2026, 0, 31, 13)),
    );
});

test("refreshing goes on by itself, and stops when paused", async () => {
    const page = await goto("/d/probe-values?refresh=1s");
    const now = () => asked("/api/v1/query").length;
    const start = now();
    await page.waitForTimeout(2600);
    assert.ok(now() > start);
    await page.keyboard.press("p");
    await page.waitForTimeout(300);
    const paused = now();
    await page.waitForTimeout(1800);
    assert.equal(now(), paused);
    assert.equal(param(page, "refresh"), "off");
});

test("a hidden tab asks for nothing", async () => {
    const page = await goto("/d/probe-values?refresh=1s");
    await page.evaluate(() => {
        Object.defineProperty(document, "hidden", { get: () => true, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    });
    await page.waitForTimeout(400);
    const before = sim.server.requests.length;
    await page.waitForTimeout(1800);
    assert.equal(sim.server.requests.length, before);
    await page.evaluate(() => {
        Object.defineProperty(document, "hidden", { get: () => false, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    });
    await page.waitForTimeout(600);
    assert.ok(sim.server.requests.length > before);
});

test("an error of a query stands in its panel in the API's words, others draw on", async () => {
    sim.server.control.fail = "all_smi_cpu_utilization";
    const page = await goto(`/d/probe-values?${FIXED}`);
    assert.match(await panel(page, "Lines").innerText(), /the simulated query failed on purpose/);
    assert.equal(await panel(page, "One value").getAttribute("data-state"), "shown");
    assert.match(await panel(page, "Broken").innerText(), /parse error/);
    sim.server.control.fail = "";
    await page.keyboard.press("r");
    await page.waitForFunction(() => document.querySelectorAll(".chart canvas").length >= 2);
});

test("an empty panel says why", async () => {
    const page = await goto(`/d/probe-values?${FIXED}`);
    assert.match(
        await panel(page, "Empty").innerText(),
        /No machine reports this.*algalon doctor.*no_such_metric/,
    );
    assert.match(
        await panel(page, "Filtered").innerText(),
        /No data for this selection/,
    );
});

test("without a GPU the pages say so, with what the doctor found", async () => {
    sim.server.control.gpus = false;
    sim.server.control.doctor = {
        accelerators: 0,
        findings: [
            {
                level: "note",
                topic: "nvidia",
                what: "no NVIDIA driver",
                advice: "load it: modprobe nvidia",
            },
        ],
    };
    const page = await goto("/d/algalon-gpu");
    await page.locator(".notice").waitFor();
    assert.match(
        await page.locator(".notice").innerText(),
        /No GPU was found on this machine[\s\S]*modprobe nvidia/,
    );
    assert.match(await panel(page, "GPU utilisation").innerText(), /No GPU/);
});

test("a server that is away is told once, keeps what was drawn, and comes back by itself", async () => {
    const page = await goto("/d/probe-values?refresh=1s");
    sim.server.control.down = true;
    await page.locator(".notice.away").waitFor();
    assert.equal(await page.locator(".notice.away").count(), 1);
    assert.equal(await panel(page, "One value").getAttribute("data-state"), "shown");
    sim.server.control.down = false;
    await page.locator(".notice.away").waitFor({ state: "detached" });
});

test("a broken dashboard file is listed and shown with its mistake", async () => {
    const page = await goto("/");
    await page.keyboard.press("/");
    assert.match(
        await page.locator(".dash-entry", { hasText: "broken.json" }).innerText(),
        /broken.json:3:14/,
    );
    await page.locator(".dash-entry", { hasText: "broken.json" }).click();
    await page.locator(".whole").waitFor();
    assert.match(await page.locator(".whole").innerText(), /broken.json:3:14/);
});

test("a dashboard that is not there is named", async () => {
    sim.open = await newPage(sim.browser);
    await sim.open.page.goto(`${sim.server.url}/d/nowhere`);
    assert.match(await sim.open.page.locator(".whole").innerText(), /nowhere[\s\S]*no such dashboard/);
});

test("going to another dashboard keeps time and variables", async () => {
    const page = await goto("/d/algalon-gpu?from=now-3h&to=now&var-hostname=node-02&refresh=off");
    await page.locator(".tab", { hasText: "Health" }).click();
    await page.waitForURL(/algalon-health/);
    await settled(page);
    assert.equal(param(page, "from"), "now-3h");
    assert.match(await page.locator('[data-variable="hostname"]').innerText(), /node-02/);
    await page.goBack();
    await page.waitForURL(/algalon-gpu/);
    await settled(page);
    assert.match(await page.locator('[data-variable="hostname"]').innerText(), /node-02/);
});

test("a panel can be shown alone, by key and by URL", async () => {
    const page = await goto(`/d/probe-values?${FIXED}`);
    await panel(page, "Lines").locator(".panel-title").hover();
    await page.keyboard.press("v");
    await page.waitForFunction(() => document.querySelectorAll(".panel").length === 1);
    await settled(page);
    await page.reload();
    await settled(page);
    assert.equal(await page.locator(".panel").count(), 1);
    assert.ok((await page.locator(".chart").boundingBox()).height > 500);
    await page.keyboard.press("Escape");
    await page.waitForFunction(() => document.querySelectorAll(".panel").length > 3);
});

test("all can be reached by keyboard: help, charts, skip link", async () => {
    const page = await goto(`/d/probe-values?${FIXED}`);
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
    await page.keyboard.press("?");
    await page.locator("dialog[open]").waitFor();
    assert.ok((await page.locator(".key-row").count()) > 8);
    await page.keyboard.press("Escape");
    await page.locator("dialog").waitFor({ state: "detached" });
    await panel(page, "Lines").locator(".u-over").focus();
    await page.keyboard.press("ArrowLeft");
    await page.locator(".tooltip").waitFor();
});

test("everything that can be pressed has a name, every panel a heading", async () => {
    const page = await goto("/d/algalon-gpu");
    const nameless = await page.evaluate(() =>
        [...document.querySelectorAll("button, a, input, select")]
            .filter(
                (el) =>
                    !(
                        el.getAttribute("aria-label") ||
                        el.textContent.trim() ||
                        el.labels?.length ||
                        el.title
                    ),
            )
            .map((el) => el.outerHTML.slice(0, 120)),
    );
    assert.deepEqual(nameless, []);
    assert.equal(await page.locator("h1").count(), 1);
    assert.equal(await page.locator(".panel:not([aria-labelledby])").count(), 0);
});

test("on a phone panels stand in one column and nothing sticks out", async () => {
    for (const uid of ["algalon-overview", "algalon-gpu", "algalon-health", "algalon-processes", "algalon-system"]) {
        const page = await goto(`/d/${uid}`, { width: 390, height: 844, phone: true });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(wide <= 0, `${uid} is ${wide} px too wide`);
        const widths = await page
            .locator(".panel-timeseries")
            .evaluateAll((all) => all.map((p) => p.getBoundingClientRect().width));
        assert.ok(
            widths.every((w) => w > 340),
            `${uid}: ${widths}`,
        );
        await sim.open.context.close();
    }
});

test("dark and light follow the system, until chosen; the choice is remembered", async () => {
    const page = await goto("/d/probe-values?refresh=off", { dark: false });
    const ground = () =>
        page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await ground();
    await page.keyboard.press("d");
    const dark = await ground();
    assert.notEqual(light, dark);
    await page.reload();
    assert.equal(await ground(), dark);
});

test("texts can be read on their ground in both themes", async () => {
    for (const dark of [true, false]) {
        const page = await goto("/d/algalon-overview?refresh=off", { dark });
        const poor = await page.evaluate(() => {
            const channels = (css) => css.match(/[\d.]+/g).map(Number);
            const light = ([r, g, b]) => {
                const f = (v) =>
                    v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4;
                return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b);
            };
            const ground = (el) => {
                const layers = [];
                for (let e = el; e; e = e.parentElement)
                    layers.push(channels(getComputedStyle(e).backgroundColor));
                return layers
                    .reverse()
                    .reduce(
                        (under, [r, g, b, a = 1]) =>
                            [r, g, b].map((c, i) => c * a + under[i] * (1 - a)),
                        [255, 255, 255],
                    );
            };
            const out = [];
            for (const el of document.querySelectorAll(
                ".stat-value, .stat-name, .bar-name, .bar-value, .panel-title, .tab, .variable-label, .row-title",
            )) {
                const [a, b] = [
                    light(channels(getComputedStyle(el).color)),
                    light(ground(el)),
                ].sort((x, y) => y - x);
                const ratio = (a + 0.05) / (b + 0.05);
                if (ratio < 4.5)
                    out.push(`${el.className} "${el.textContent}" ${ratio.toFixed(2)}`);
            }
            return out;
        });
        assert.deepEqual(poor, []);
        await sim.open.context.close();
    }
});

test("a loading page keeps its places: nothing moves when data come", async () => {
    sim.server.control.delayMs = 400;
    sim.open = await newPage(sim.browser);
    const { page } = sim.open;
    await page.goto(`${sim.server.url}/d/algalon-gpu`);
    await page.locator(".skeleton").first().waitFor();
    const places = () =>
        page
            .locator(".panel")
            .evaluateAll((all) => all.map((p) => JSON.stringify(p.getBoundingClientRect())));
    const before = await places();
    await settled(page);
    assert.deepEqual(await places(), before);
});
