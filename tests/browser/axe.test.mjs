// axe-core's rules for WCAG 2.1 A and AA over every dashboard, at a desk and on a phone, and every page
// beside them, dark and light. What stands on pages of a real server is the same, so the simulated one is enough.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { launch, newPage, settled } from "./browser.mjs";
import { AS_USUAL, startServer } from "./server.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];

let browser;
let server;

before(async () => {
    browser = await launch();
    server = await startServer();
});
after(async () => {
    await browser?.close();
    await server?.stop();
});

/** What axe finds, a line each: the rule, how bad, and the first element. */
async function violations(page) {
    await page.evaluate(axe); // past the content security policy, which lets no script in
    const found = await page.evaluate(
        (tags) => window.axe.run(document, { runOnly: tags, resultTypes: ["violations"] }),
        TAGS,
    );
    return found.violations.map((v) => {
        const [node] = v.nodes;
        return `${v.id} (${v.impact}, ${v.nodes.length}): ${node.html.slice(0, 160)} ${node.any[0]?.message ?? ""}`;
    });
}

/** Opens a page in both themes, does what is to be done, and wants axe to find nothing. */
async function clean(path, arrive, act = async () => {}, look = {}) {
    for (const dark of [true, false]) {
        const { page, context } = await newPage(browser, { dark, ...look });
        try {
            await page.goto(server.url + path);
            await arrive(page);
            await act(page);
            assert.deepEqual(await violations(page), [], `${path} ${dark ? "dark" : "light"}`);
        } finally {
            await context.close();
        }
    }
}

const listed = (page) => page.locator(".card, .place-empty:visible").first().waitFor();

test("every dashboard", async () => {
    const all = await (await fetch(`${server.url}/api/dashboards`)).json();
    assert.ok(all.length >= 9);
    for (const look of [{}, { width: 390, height: 844, phone: true }])
        for (const { uid, error } of all)
            if (!error) await clean(`/d/${uid}?refresh=off`, settled, undefined, look);
});

test("a moment of the past, and dashboards as files, one of them with a mistake", async () => {
    await clean("/d/algalon-overview?at=2026-03-18T02:13:05Z", async (page) => {
        await page.locator(".moment-field").waitFor();
        await settled(page);
    });
    await clean("/dashboards", (page) => page.locator(".file-row").first().waitFor());
    await clean(
        "/dashboards?edit=algalon-gpu",
        (page) => page.locator(".file-text").waitFor(),
        async (page) => {
            await page.locator(".file-text").fill('{"panels": x}');
            await page.locator(".file-mark.bad").waitFor();
        },
    );
});

test("targets, folded and unfolded, and none", async () => {
    await clean("/targets?refresh=off", listed, async (page) => {
        await page.locator(".targets .unfold").first().click();
        await page.locator(".dropped .unfold").first().click();
        await page.locator(".dropped .small-button").click();
        await page.locator(".dropped .steps").waitFor();
        await page.locator(".details .steps").waitFor();
    });
    server.control.bare = true;
    try {
        await clean("/targets?refresh=off", listed);
    } finally {
        Object.assign(server.control, AS_USUAL);
    }
});

test("the list of pages, the time range, the keys", async () => {
    const open = (key, what) =>
        clean("/d/algalon-overview?refresh=off", settled, async (page) => {
            await page.keyboard.press(key);
            await page.locator(what).waitFor();
        });
    await open("/", ".switcher");
    await open("t", ".time-picker");
    await open("?", "dialog");
});

test("alerts and rules, folded and unfolded, a runbook, and none", async () => {
    await clean("/alerts?refresh=off", listed, (page) => page.locator(".rules .unfold").last().click());
    await clean("/alerts?refresh=off", listed, async (page) => {
        await page.locator('.alert button:has-text("Runbook")').first().click();
        await page.locator("dialog").waitFor();
    });
    server.control.bare = true;
    try {
        await clean("/alerts?refresh=off", listed);
    } finally {
        Object.assign(server.control, AS_USUAL);
    }
});

test("Explore: empty, with suggestions, with a mistake, with answers, with its history", async () => {
    const ready = (page) => page.locator(".query-text").first().waitFor();
    await clean("/explore", (page) => page.locator(".example").first().waitFor());
    await clean("/explore", ready, async (page) => {
        await page.locator(".query-text").pressSequentially("all_smi");
        await page.locator(".suggestion").first().waitFor();
    });
    await clean("/explore?expr=sum(up", ready, (page) => page.locator("mark").waitFor());
    await clean("/explore?expr=up&expr=sum(up)", settled, async (page) => {
        await page.locator(".query-tools button", { hasText: "History" }).click();
        await page.locator(".history-entry").first().waitFor();
    });
});

test("the command palette, a link to share, the menu of a panel", async () => {
    const at = (act) => clean("/d/algalon-overview?refresh=off", settled, act);
    await at(async (page) => {
        await page.keyboard.press("Control+k");
        await page.locator(".palette-item").first().waitFor();
    });
    await at(async (page) => {
        await page.keyboard.press("l");
        await page.locator(".share").waitFor();
    });
    await at(async (page) => {
        await page.locator(".panel-more").first().focus();
        await page.keyboard.press("Enter");
        await page.locator(".panel-menu").waitFor();
    });
});
