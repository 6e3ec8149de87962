// Dashboards as files, in a real browser against the real program: brought, written, changed, put
// right, taken away, brought back; what is for reading only.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { Algalon, temporaryFolder, until } from "../lib/program.mjs";
import { launch, newPage, settled } from "./browser.mjs";

const dir = temporaryFolder("algalon-files");
const board = (uid, title, panels = []) => JSON.stringify({ uid, title, panels }, null, 2);
const asks = (id, title, expr) => ({
    id, title, type: "stat", gridPos: { x: 0, y: 0, w: 6, h: 4 }, targets: [{ refId: "A", expr }],
});

describe("dashboards as files", { timeout: 240_000 }, () => {
    let host, browser, open;
    before(async () => {
        fs.mkdirSync(path.join(dir, "given"));
        fs.writeFileSync(path.join(dir, "given", "mine.json"), board("mine", "Mine"));
        host = await Algalon.start({ command: "host", args: [`--dashboards=${path.join(dir, "given")}`], dataDir: path.join(dir, "data") });
        await until("own samples are kept", 30, async () => (await host.value("count(algalon_store_series)")) >= 1);
        browser = await launch();
    });
    after(async () => {
        await browser?.close();
        await host?.stop();
    });
    afterEach(async () => {
        await open?.context.close();
        open = null;
    });

    const page = async (at, look) => {
        open = await newPage(browser, look);
        await open.page.goto(host.web + at);
        await open.page.locator(".place").waitFor();
        return open.page;
    };
    const kept = (uid) => path.join(dir, "data", "dashboards", `${uid}.json`);
    const row = (p, title) => p.locator(".file-row", { hasText: title });

    it("keeps files that are brought, and says what is wrong with others", async () => {
        const p = await page("/dashboards");
        const files = [
            ["good.json", board("good", "Good", [asks(1, "Up", "up")])],
            ["no-uid.json", JSON.stringify({ title: "No uid: at all", panels: [] })],
            ["torn.json", '{\n  "panels": [x]\n}'],
            ["taken.json", board("mine", "Taken")],
        ].map(([name, text]) => ({ name, mimeType: "application/json", buffer: Buffer.from(text) }));
        await p.locator('input[type="file"]').setInputFiles(files);
        const said = p.locator(".files-said");
        await said.getByText("torn.json").waitFor();
        const text = await said.innerText();
        assert.match(text, /good\.json: kept as good/);
        assert.match(text, /no-uid\.json: kept as no-uid-at-all/);
        assert.match(text, /torn\.json: 2:14: a value is expected here/);
        assert.match(text, /taken\.json: not kept: .*of a file \(--dashboards\)/);
        assert.equal(fs.readFileSync(kept("good"), "utf8"), files[0].buffer.toString());
        await said.getByRole("button", { name: "Open it as mine-2" }).click();
        await p.getByRole("button", { name: "Save", exact: true }).click();
        await said.getByText("Saved:").waitFor();
        assert.equal(JSON.parse(fs.readFileSync(kept("mine-2"), "utf8")).title, "Taken");
        await p.locator(".files-said a").click();
        await p.waitForURL(/\/d\/mine-2/);
    });

    it("marks mistakes and hints at their line while one writes, and saves by Ctrl-S", async () => {
        const p = await page("/dashboards?edit=good");
        const field = p.locator(".file-text");
        await field.waitFor();
        await field.fill('{\n  "uid": "good",\n  "title": "Good" x\n}');
        const mark = p.locator(".file-mark");
        await mark.getByText("3:19").waitFor();
        assert.match(await mark.innerText(), /a comma or } is expected/);
        await field.press("Control+s");
        await p.getByText("It is not saved: the file is no sound JSON.").waitFor();
        await field.fill(board("good", "Better", [{ ...asks(1, "Up", "up"), type: "statt" }]));
        await mark.getByText("“statt”").or(mark.getByText('"statt" are not drawn here')).waitFor();
        await mark.first().click();
        assert.equal(await field.evaluate((el) => el.value.slice(el.selectionStart, el.selectionStart + 7)), '"statt"');
        await field.press("Control+s");
        await p.locator(".files-said").getByText("Saved:").waitFor();
        assert.equal(JSON.parse(fs.readFileSync(kept("good"), "utf8")).title, "Better");
        await row(p, "Better").waitFor();
    });

    it("brings an earlier version back", async () => {
        const p = await page("/dashboards?edit=good");
        await p.getByRole("button", { name: "Versions" }).click();
        await p.locator(".popover .option").last().click();
        await p.getByText("This is version 1.").waitFor();
        await p.getByRole("button", { name: "Save", exact: true }).click();
        await p.locator(".files-said").getByText("Saved:").waitFor();
        assert.equal(JSON.parse(fs.readFileSync(kept("good"), "utf8")).title, "Good");
    });

    it("does not overwrite what somebody else has saved", async () => {
        const p = await page("/dashboards?edit=good");
        await p.locator(".file-text").waitFor();
        const other = board("good", "The other's", [asks(1, "Up", "up")]);
        const put = await fetch(`${host.web}/api/dashboards/uid/good`, { method: "PUT", headers: { "Content-Type": "application/json" }, body: other });
        assert.equal(put.status, 200);
        await p.locator(".file-text").fill(board("good", "Ours", [asks(1, "Up", "up")]));
        await p.getByRole("button", { name: "Save", exact: true }).click();
        await p.getByText("somebody has changed this dashboard").waitFor();
        assert.equal(fs.readFileSync(kept("good"), "utf8"), other);
        await p.getByRole("button", { name: "Save it over the other" }).click();
        await p.locator(".files-said").getByText("Saved:").waitFor();
        assert.equal(JSON.parse(fs.readFileSync(kept("good"), "utf8")).title, "Ours");
    });

    it("tells panel by panel what would be empty, and puts right what is certain", async () => {
        const p = await page("/dashboards?edit=new");
        await p.locator(".file-text").fill(
            board("slips", "Slips", [
                asks(1, "Whole", "algalon_store_series"),
                asks(2, "Slip", "algalon_stor_series"),
                asks(3, "Strange", "my_own_metric_of_elsewhere"),
                asks(4, "Label", 'algalon_store_series{hostnam="x"}'),
            ]),
        );
        await p.getByRole("button", { name: "What would be empty?" }).click();
        const findings = p.locator(".findings");
        await findings.waitFor();
        const of = (place) => findings.locator("li", { hasText: place }).innerText();
        assert.match(await of("panel 1"), /has data/);
        assert.match(await of("panel 2"), /would be empty[\s\S]*the nearest is algalon_store_series/);
        assert.match(await of("panel 3"), /would be empty[\s\S]*no metric my_own_metric_of_elsewhere in this host/);
        assert.match(await of("panel 4"), /hostnam/);
        await findings.getByRole("button", { name: /panel 3/ }).click();
        const line = await p.locator(".file-text").evaluate((el) => el.value.slice(el.selectionStart, el.selectionEnd));
        assert.match(line, /my_own_metric_of_elsewhere/);
        await findings.getByRole("button", { name: "Take the file put right" }).click();
        assert.match(await p.locator(".file-text").inputValue(), /"algalon_store_series"[\s\S]*"algalon_store_series"/);
        await p.getByRole("button", { name: "Save", exact: true }).click();
        await p.locator(".files-said").getByText("Saved:").waitFor();
        await p.goto(`${host.web}/d/slips?refresh=off`);
        await settled(p);
        assert.equal(await p.locator('.panel[data-state="shown"]').count(), 2);
    });

    it("lets what comes with the program be copied, not changed", async () => {
        const p = await page("/dashboards");
        await row(p, "algalon-gpu").getByRole("button", { name: /Look at its file/ }).click();
        await p.getByText("Comes with Algalon: it can be saved as a copy.").waitFor();
        await p.getByRole("button", { name: "Save a copy" }).click();
        await p.getByRole("button", { name: "Save it as algalon-gpu-2" }).click();
        await p.locator(".files-said").getByText("Saved:").waitFor();
        assert.ok(fs.existsSync(kept("algalon-gpu-2")));
        assert.equal(await row(p, "A file of --dashboards").getByRole("button", { name: /Delete/ }).count(), 0);
    });

    it("deletes, and undoes it", async () => {
        const p = await page("/dashboards?state=kept");
        await row(p, "algalon-gpu-2").getByRole("button", { name: /Delete/ }).click();
        await p.getByText("is deleted.").waitFor();
        assert.equal(fs.existsSync(kept("algalon-gpu-2")), false);
        await p.getByRole("button", { name: "Undo" }).click();
        await p.locator(".files-said").getByText("Saved:").waitFor();
        assert.ok(fs.existsSync(kept("algalon-gpu-2")));
    });

    it("takes files that are dropped, and fits a phone", async () => {
        const p = await page("/dashboards", { width: 390, height: 844, phone: true });
        await p.evaluate((text) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([text], "dropped.json", { type: "application/json" }));
            document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
        }, board("dropped", "Dropped"));
        await p.getByText("kept as").waitFor();
        await row(p, "Dropped").waitFor();
        assert.ok((await p.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
        assert.deepEqual(open.problems, []);
    });

    it("changes nothing where nobody may", async () => {
        const closed = await Algalon.start({ command: "host", args: ["--dashboards-read-only"] });
        try {
            const put = await fetch(`${closed.web}/api/dashboards/uid/x`, { method: "PUT", headers: { "Content-Type": "application/json" }, body: board("x", "X") });
            assert.equal(put.status, 403);
            assert.match((await put.json()).message, /--dashboards-read-only/);
        } finally {
            await closed.stop();
        }
    });
});
