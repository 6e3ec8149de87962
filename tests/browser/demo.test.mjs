// What `algalon demo` promises: every panel of every dashboard is filled and none shows an error, at a desk and on a
// phone. And that every file of dashboards/ keeps to the model that Grafana reads.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { Algalon, freePorts, root, until } from "../lib/program.mjs";
import { launch, newPage } from "./browser.mjs";

/** The panels of a file that ask for data, rows and what is folded into them included. */
function panelsOf(dashboard) {
  return dashboard.panels.flatMap((p) => (p.type === "row" ? (p.panels ?? []) : [p]));
}

describe("the demo fleet", { timeout: 300_000 }, () => {
  let demo;
  let browser;
  before(async () => {
    demo = await Algalon.start({ command: "demo", args: ["--interval=1s", "--scrape-interval=1s"], ports: [0, ...(await freePorts(2))] });
    browser = await launch();
    await until("the demo has lost its GPU, as its script says", 90, async () => (await demo.value("count(algalon_gpu_up == 0)")) === 1);
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  for (const look of [{ name: "desktop" }, { name: "phone", width: 390, height: 844, phone: true }])
    it(`fills every panel of every dashboard (${look.name})`, async () => {
      const list = await (await fetch(`${demo.web}/api/dashboards`)).json();
      assert.ok(list.length >= 4);
      for (const { uid } of list) {
        const { page, context, problems } = await newPage(browser, look);
        await page.goto(`${demo.web}/d/${uid}?from=now-5m&to=now&refresh=off`);
        const file = await (await fetch(`${demo.web}/api/dashboards/uid/${uid}`)).json();
        const wanted = panelsOf(file.dashboard ?? file).length;
        // Panels draw when they come into sight: walk down the page.
        const panels = page.locator(".panel");
        await panels.first().waitFor();
        assert.equal(await panels.count(), wanted, `${uid}: panels on the page`);
        for (let i = 0; i < wanted; i++) {
          const panel = panels.nth(i);
          await panel.scrollIntoViewIfNeeded();
          await until(`${uid}: panel ${i} is drawn`, 15, async () => (await panel.getAttribute("data-state")) && !(await panel.getAttribute("aria-busy")));
          assert.equal(await panel.getAttribute("data-state"), "shown", `${uid}: ${await panel.innerText()}`);
        }
        assert.deepEqual(problems.filter((p) => !/status of 404/.test(p)), [], uid); // a host has no doctor
        await context.close();
      }
    });

  it("shows the lost GPU as lost, and a tile leads to its GPU", async () => {
    const { page, context } = await newPage(browser);
    await page.goto(`${demo.web}/d/algalon-overview?refresh=off`);
    const lost = page.locator('.panel:has(.panel-title:text-is("Utilisation by GPU")) .stat-tile', { hasText: "lost" });
    await lost.waitFor();
    assert.match(await lost.innerText(), /ada-01 GPU 2/);
    await lost.click();
    await page.waitForURL(/\/d\/algalon-gpu\?.*var-hostname=ada-01/);
    assert.match(page.url(), /var-gpu_index=2/);
    await context.close();
  });

  it("knows users and processes of its GPUs", async () => {
    const { result } = await demo.query('sum by (user) (all_smi_process_memory_used_bytes{hostname="hopper-01"})');
    assert.deepEqual(result.map((s) => s.metric.user), ["maria"]);
  });
});

describe("dashboard files", () => {
  for (const name of fs.readdirSync(path.join(root, "dashboards")))
    it(`${name} is a Grafana dashboard: ids, queries, descriptions`, () => {
      const dashboard = JSON.parse(fs.readFileSync(path.join(root, "dashboards", name), "utf8"));
      assert.match(dashboard.uid, /^algalon-[a-z]+$/);
      assert.ok(dashboard.schemaVersion >= 39);
      const ids = dashboard.panels.map((p) => p.id);
      assert.equal(new Set(ids).size, ids.length);
      for (const panel of panelsOf(dashboard)) {
        assert.match(panel.description, /[?.]$/, `${panel.title}: the question it answers`);
        assert.ok(panel.gridPos.x + panel.gridPos.w <= 24, panel.title);
        for (const target of panel.targets) {
          assert.equal(target.datasource.uid, "${datasource}");
          assert.ok(target.expr.length > 0);
        }
      }
    });
});
