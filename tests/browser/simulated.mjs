// What tests of the pages over the simulated server have in common: one browser and one server for a file, the server as usual
// before each test, the tab of a test closed after it.
import { after, afterEach, before, beforeEach } from "node:test";
import { launch, newPage, settled } from "./browser.mjs";
import { AS_USUAL, startServer } from "./server.mjs";

/**
 * Call it once at the top of a file. `ready` waits until a page of these tests can be looked at. What comes back has the browser,
 * the server, and `open`: the tab of this test, with what went wrong in it.
 */
export function simulated({ dashboards = [], ready = settled } = {}) {
    const sim = {
        browser: null,
        server: null,
        open: null,
        /** A new tab at a path. */
        async goto(path, look = {}) {
            sim.open = await newPage(sim.browser, look);
            await sim.open.page.goto(sim.server.url + path);
            await ready(sim.open.page);
            return sim.open.page;
        },
    };
    before(async () => {
        sim.browser = await launch();
        sim.server = await startServer({ dashboards });
    });
    after(async () => {
        await sim.browser?.close();
        await sim.server?.stop();
    });
    beforeEach(() => {
        Object.assign(sim.server.control, AS_USUAL);
        sim.server.requests.length = 0;
    });
    afterEach(async () => {
        await sim.open?.context.close();
        sim.open = null;
    });
    return sim;
}

/** The panel of this title. */
export const panel = (page, title) => page.locator(".panel", { has: page.locator(`.panel-title:text-is("${title}")`) });
/** A parameter of the address. */
export const param = (page, name) => new URL(page.url()).searchParams.get(name);
