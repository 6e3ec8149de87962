// What `algalon demo` promises: every panel of every dashboard, the variants for dcgm-exporter's names among them, is filled and
// none shows an error, at a desk and on a phone. And that every file of dashboards/ keeps to the model that Grafana reads.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { Algalon, freePorts, root, until } from "../lib/program.mjs";
import { launch, newPage } from "./browser.mjs";

const folder = path.join(root, "dashboards");
const FILES = fs.readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".json"));
const read = (file) => JSON.parse(fs.readFileSync(path.join(folder, file), "utf8"));

/** The panels of a file that ask for data, rows and what is folded into them included. */
function panelsOf(dashboard) {
  return dashboard.panels.flatMap((p) => (p.type === "row" ? (p.panels ?? []) : [p]));
}

describe("the demo fleet", { timeout: 600_000 }, () => {
  let demo;
  let browser;
  before(async () => {
    demo = await Algalon.start({ command: "demo", args: ["--interval=1s", "--scrape-interval=1s", `--dashboards=${path.join(folder, "dcgm")}`], ports: [0, ...(await freePorts(2))] });
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
      const wantedUids = FILES.map((file) => read(file).uid);
      assert.deepEqual(list.map(({ uid }) => uid).sort(), wantedUids.sort());
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
  for (const name of FILES)
    it(`${name} is a Grafana dashboard: ids, queries, data source, descriptions`, () => {
      const dashboard = read(name);
      assert.match(dashboard.uid, name.startsWith("dcgm") ? /^algalon-[a-z]+-dcgm$/ : /^algalon-[a-z]+$/);
      assert.ok(dashboard.schemaVersion >= 39);
      assert.equal(dashboard.id ?? null, null); // Grafana gives its own
      assert.equal(dashboard.__inputs, undefined); // provisioning asks nobody
      const [source] = dashboard.templating.list;
      assert.deepEqual([source.type, source.name, source.query], ["datasource", "datasource", "prometheus"]);
      for (const v of dashboard.templating.list) if (v.type === "query") assert.equal(v.datasource.uid, "${datasource}");
      const ids = dashboard.panels.map((p) => p.id);
      assert.equal(new Set(ids).size, ids.length);
      for (const panel of panelsOf(dashboard)) {
        assert.match(panel.description, /\?/, `${panel.title}: the question it answers`);
        assert.ok(panel.gridPos.x + panel.gridPos.w <= 24, panel.title);
        assert.equal(panel.datasource.uid, "${datasource}");
        for (const target of panel.targets) {
          assert.equal(target.datasource.uid, "${datasource}");
          assert.ok(target.expr.length > 0);
        }
      }
      for (const a of dashboard.panels)
        for (const b of dashboard.panels) {
          const [p, q] = [a.gridPos, b.gridPos];
          const apart = p.x + p.w <= q.x || q.x + q.w <= p.x || p.y + p.h <= q.y || q.y + q.h <= p.y;
          assert.ok(a === b || apart, `${a.title} lies over ${b.title}`);
        }
    });

  it("order.txt names each of them once", () => {
    const order = fs.readFileSync(path.join(folder, "order.txt"), "utf8").trim().split("\n");
    assert.deepEqual([...order].sort(), FILES.filter((f) => !f.includes("/")).map((f) => f.slice(0, -5)).sort());
  });

  it("errors of drivers are explained as docs/xid.md does", () => {
    const rows = fs.readFileSync(path.join(root, "docs/xid.md"), "utf8").matchAll(/^\| (\d+) \| (.+?) \| .+? \| (.+?) \|/gm);
    const wanted = Object.fromEntries([...rows].map(([, code, what, now]) => [code, `${code}: ${what}. ${now}`]));
    assert.ok(Object.keys(wanted).length > 40);
    for (const file of ["health.json", "dcgm/health.json"]) {
      const panel = read(file).panels.find((p) => /XID\)$/.test(p.title));
      const { options } = panel.fieldConfig.overrides.find((o) => o.matcher.options === "Error").properties[0].value[0];
      assert.deepEqual(Object.fromEntries(Object.entries(options).map(([code, { text }]) => [code, text])), wanted, file);
    }
  });
});
