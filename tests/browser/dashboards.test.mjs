// dashboards.test.mjs - dashboards that were made for other exporters, drawn by the built-in pages from what our worker emits.
// One of our own has the panel types, variables and queries of such a file; with ALGALON_DASHBOARDS=FILE,... those are
// drawn too, and what became of each panel is printed (pictures go to ALGALON_PICTURES=DIR).
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { Algalon, nvmlSimulator, temporaryFolder, until } from "../lib/program.mjs";
import { launch, newPage } from "./browser.mjs";

const GIVEN = (process.env.ALGALON_DASHBOARDS ?? "").split(",").filter(Boolean);
const PICTURES = process.env.ALGALON_PICTURES;
const MACHINE = 'seed 4\ngpu 2 "NVIDIA H100 80GB HBM3" profile=training processes=1\n';

const on = (metric) => `${metric}{instance=~"$instance", gpu=~"$gpu"}`;
const graph = (id, title, metric, format, y) => ({
  id, title, type: "graph", datasource: "$source", gridPos: { x: 0, y, w: 18, h: 7 },
  lines: true, linewidth: 2, fill: 1, nullPointMode: "null", legend: { show: true, avg: true, current: true, max: true, values: true, alignAsTable: true, rightSide: true },
  targets: [{ expr: metric, refId: "A", format: "time_series", legendFormat: "GPU {{gpu}}" }], xaxis: { mode: "time", show: true }, yaxes: [{ format, min: "0", show: true }, { show: false }],
});
const gauge = (id, title, expr, unit, max, y) => ({
  id, title, type: "gauge", datasource: "$source", gridPos: { x: 18, y, w: 6, h: 7 },
  options: { reduceOptions: { calcs: ["mean"], fields: "", values: false }, showThresholdLabels: false, showThresholdMarkers: true },
  fieldConfig: { defaults: { unit, min: 0, max, thresholds: { mode: "absolute", steps: [{ color: "green", value: null }, { color: "red", value: max * 0.9 }] } }, overrides: [] },
  targets: [{ expr, refId: "A", instant: true }],
});
const queried = (name, label) => ({ name, type: "query", datasource: "$source", query: `label_values(DCGM_FI_DEV_GPU_TEMP, ${label})`, refresh: 1, multi: true, includeAll: true, allValue: null, current: {}, sort: 1 });
/** The kinds of panel, variable and query that dashboards for dcgm-exporter have, in a file of our own. */
const OURS = {
  uid: "like-dcgm", title: "Like dcgm-exporter", schemaVersion: 22, time: { from: "now-5m", to: "now" }, refresh: "5s",
  templating: { list: [{ name: "source", type: "datasource", query: "prometheus", current: {} }, queried("instance", "instance"), queried("gpu", "gpu")] },
  panels: [
    graph(1, "Temperature", on("DCGM_FI_DEV_GPU_TEMP"), "celsius", 0),
    gauge(2, "Mean temperature", `avg(${on("DCGM_FI_DEV_GPU_TEMP")})`, "celsius", 100, 0),
    graph(3, "Power", on("DCGM_FI_DEV_POWER_USAGE"), "watt", 7),
    gauge(4, "Power of all", `sum(${on("DCGM_FI_DEV_POWER_USAGE")})`, "watt", 2400, 7),
    graph(5, "SM clock", `${on("DCGM_FI_DEV_SM_CLOCK")} * 1000000`, "hertz", 14),
    graph(6, "Utilisation", on("DCGM_FI_DEV_GPU_UTIL"), "percent", 21),
    graph(7, "Frame buffer", on("DCGM_FI_DEV_FB_USED"), "decmbytes", 28),
    graph(8, "Tensor cores", on("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE"), "percentunit", 35),
  ],
};

let algalon;
let browser;

before(async () => {
  const dir = temporaryFolder();
  const scenario = path.join(dir, "machine.scn");
  const folder = path.join(dir, "dashboards");
  fs.writeFileSync(scenario, MACHINE);
  fs.mkdirSync(folder);
  fs.writeFileSync(path.join(folder, "ours.json"), JSON.stringify(OURS));
  for (const file of GIVEN) fs.copyFileSync(file, path.join(folder, path.basename(file)));
  algalon = await Algalon.start({ args: ["--interval=2s", "--schema=all-smi,dcgm,algalon-v1", "--hostname=node", `--nvml-library=${nvmlSimulator}`, `--dashboards=${folder}`], env: { ALGALON_NVML_SIM: scenario } });
  browser = await launch();
  // The charts' steps are of five seconds: a line needs two of them.
  await until("tensor cores at two steps", 40, async () => {
    const now = Math.floor(Date.now() / 5000) * 5;
    const { result } = await algalon.queryRange("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", now - 300, now, 5);
    return result.length === 2 && result.every((r) => r.values.length >= 2);
  });
});
after(async () => {
  await browser?.close();
  await algalon?.stop();
});

/** Walks down the page: what every panel shows, as {title, type, state, text, legends, pixels}. */
async function walk(page) {
  const panels = page.locator(".panel");
  await panels.first().waitFor();
  const found = [];
  for (let i = 0; i < (await panels.count()); i++) {
    const panel = panels.nth(i);
    await panel.scrollIntoViewIfNeeded();
    await until(`panel ${i} is drawn`, 20, async () => (await panel.getAttribute("data-state")) && !(await panel.getAttribute("aria-busy")));
    found.push({
      title: (await panel.locator(".panel-title").first().innerText().catch(() => "")) || "(no title)",
      state: await panel.getAttribute("data-state"),
      text: (await panel.innerText()).replace(/\s+/g, " "),
      canvases: await panel.locator("canvas").count(),
    });
  }
  return found;
}

async function open(uid) {
  const { page, context, problems } = await newPage(browser, { height: 1400 });
  await page.goto(`${algalon.web}/d/${uid}?from=now-5m&to=now&refresh=off`);
  return { page, context, problems };
}

describe("dashboards of other exporters", { timeout: 240_000 }, () => {
  it("a dashboard like dcgm-exporter's is filled: graphs, gauges, variables", async () => {
    const { page, context, problems } = await open("like-dcgm");
    const panels = await walk(page);
    assert.deepEqual(panels.map((p) => p.title), OURS.panels.map((p) => p.title));
    for (const panel of panels) assert.equal(panel.state, "shown", `${panel.title}: ${panel.text}`);
    for (const panel of panels.filter((p) => !/^(Mean|Power of)/.test(p.title))) {
      assert.ok(panel.canvases > 0, `${panel.title} has a chart`);
      assert.match(panel.text, /GPU 0.*GPU 1/, `${panel.title} names both GPUs`);
    }
    assert.match(panels[1].text, /\d+(\.\d+)? ?°C/);
    assert.match(panels[3].text, /\d+(\.\d+)? ?k?W/);
    assert.match(panels[4].text, /\d ?GHz/);
    assert.match(panels[6].text, /\d ?GB/);
    assert.match(panels[7].text, /\d ?%/);
    assert.deepEqual(problems, []);
    await context.close();
  });

  it("its variables offer the instances and GPUs there are, and choosing one narrows the panels", async () => {
    const { page, context } = await newPage(browser, { height: 1400 });
    await page.goto(`${algalon.web}/d/like-dcgm?from=now-5m&to=now&refresh=off&var-gpu=1`);
    const panels = await walk(page);
    assert.match(panels[0].text, /GPU 1/);
    assert.doesNotMatch(panels[0].text, /GPU 0/);
    await context.close();
  });

  it("those that were given: what became of each panel", { skip: GIVEN.length ? false : "ALGALON_DASHBOARDS names no file" }, async () => {
    const list = await (await fetch(`${algalon.web}/api/dashboards`)).json();
    console.log(JSON.stringify(list.filter((d) => !/^algalon-/.test(d.uid)).map(({ uid, title, error }) => ({ uid, title, error }))));
    const failed = [];
    for (const { uid, title, error } of list.filter((d) => !/^(algalon-|like-dcgm)/.test(d.uid ?? ""))) {
      if (error) {
        failed.push(`${title}: ${error}`);
        continue;
      }
      const { page, context, problems } = await open(uid);
      const panels = await walk(page);
      console.log(`${title} (${uid}): ${panels.filter((p) => p.state === "shown").length} of ${panels.length} panels are filled`);
      for (const p of panels) console.log(`  ${p.state.padEnd(7)} ${p.title}: ${p.text.slice(0, 150)}`);
      failed.push(...panels.filter((p) => p.state === "error").map((p) => `${title}: ${p.title}: ${p.text}`), ...problems);
      await page.evaluate(() => scrollTo(0, 0));
      if (PICTURES) await page.screenshot({ path: path.join(PICTURES, `${uid}.png`), fullPage: true });
      await context.close();
    }
    assert.deepEqual(failed, []);
  });
});
