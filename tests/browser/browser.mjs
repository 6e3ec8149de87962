// Starts Debian's Chromium for the tests, and the page under test: the simulated server, or a running
// algalon whose address stands in ALGALON_URL.
import { chromium } from "playwright-core";

export const ALGALON_URL = process.env.ALGALON_URL ?? "";

const FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
];

export function launch() {
    return chromium.launch({
        executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
        headless: true,
        args: FLAGS,
        timeout: 30_000,
    });
}

/** A page that remembers what went wrong in it. */
export async function newPage(
    browser,
    { width = 1440, height = 900, dark = true, phone = false } = {},
) {
    const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: dark ? "dark" : "light",
        deviceScaleFactor: phone ? 2 : 1,
        isMobile: phone,
        hasTouch: phone,
        timezoneId: "UTC",
        locale: "en-GB",
    });
    const page = await context.newPage();
    const problems = [];
    page.on("pageerror", (e) => problems.push(`error: ${e.message}`));
    page.on("console", (m) => m.type() === "error" && problems.push(`console: ${m.text()}`));
    page.setDefaultTimeout(15_000);
    return { page, context, problems };
}

/** Waits until no panel in sight is loading. */
export async function settled(page) {
    await page.waitForFunction(() => {
        const panels = [...document.querySelectorAll(".panel")].filter((p) => {
            const r = p.getBoundingClientRect();
            return r.bottom > 0 && r.top < innerHeight;
        });
        return (
            panels.length > 0 &&
            panels.every((p) => p.dataset.state && !p.hasAttribute("aria-busy"))
        );
    });
}
