#!/usr/bin/env node
// make.mjs - writes the variants of the dashboards for fleets that speak dcgm-exporter's names, from the dashboards themselves.
//   node dashboards/dcgm/make.mjs             writes dashboards/dcgm/*.json
//   node dashboards/dcgm/make.mjs --check     writes nothing; exit code 1 when a file is not what would be written
// `algalon migrate dashboard --to=dcgm` (build/algalon, or ALGALON) translates. What dcgm-exporter's default set of fields does not
// tell is left out: a query, then a panel without queries, a row without panels. ANSWERS holds what can be answered in another way.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const algalon = process.env.ALGALON ?? join(here, "../../build/algalon");
const LEAST_PANELS = 4; // fewer are no dashboard
const COLUMNS = 24;

/** What dcgm-exporter emits where nothing is configured and the board has it; profiling and NVLink are not on every board. */
const FIELDS = new Set(
  "SM_CLOCK MEM_CLOCK MEMORY_TEMP GPU_TEMP POWER_USAGE TOTAL_ENERGY_CONSUMPTION PCIE_REPLAY_COUNTER GPU_UTIL MEM_COPY_UTIL ENC_UTIL DEC_UTIL XID_ERRORS FB_FREE FB_USED FB_RESERVED UNCORRECTABLE_REMAPPED_ROWS CORRECTABLE_REMAPPED_ROWS ROW_REMAP_FAILURE"
    .split(" ")
    .map((name) => `DCGM_FI_DEV_${name}`),
);

const NODES = '{hostname=~"$hostname"}';
const UTIL = `all_smi_gpu_utilization${NODES}`;
const POWER = `all_smi_gpu_power_consumption_watts${NODES}`;
const ENERGY = 'increase(all_smi_energy_consumed_joules_total{hostname=~"$hostname",scope="gpu"}[$__range])';
const because = (expr, reason) => `label_replace(max by (Hostname, gpu, modelName) (${expr}), "reason", "${reason}", "", "")`;
const OLD_LABELS = { hostname: "Hostname", gpu: "modelName", gpu_index: "gpu" };
const OLD_NODES = '{Hostname=~"$hostname"}';

/** By file and panel: other words, other queries (in either's names, by refId; null: none), a column to leave out. */
const ANSWERS = {
  overview: {
    1: { description: "How many GPUs are reported right now?", A: `count(all_smi_gpu_temperature_celsius${NODES}) or vector(0)` },
    8: { description: "Which GPU is busy, which is idle? One tile per GPU; a tile leads to its GPU.", A: UTIL },
    17: { A: `count by (hostname) (all_smi_gpu_temperature_celsius${NODES})` },
  },
  gpu: {
    1: { description: "How busy is each GPU now?" },
    5: { description: "When was the GPU busy?" },
    13: { description: "What does the GPU draw?" },
    17: { title: "SM clock", description: "How fast do the multiprocessors run?" },
  },
  health: {
    3: { description: "Does a GPU have a row of memory that cannot be replaced?", A: `count(algalon_gpu_row_remap_failed${NODES} == 1) or vector(0)` },
    4: { title: "GPUs with an XID", description: "Of how many GPUs did the driver report an error?", A: `count(DCGM_FI_DEV_XID_ERRORS${OLD_NODES} > 0) or vector(0)` },
    5: { title: "Rows replaced", description: "How many damaged rows of memory have GPUs replaced?", A: `sum(DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS${OLD_NODES})` },
    8: {
      A: [
        because(`DCGM_FI_DEV_ROW_REMAP_FAILURE${OLD_NODES} == 1`, "a row of memory cannot be replaced"),
        because(`DCGM_FI_DEV_XID_ERRORS${OLD_NODES} > 0`, "its driver reported an error (XID)"),
        because(`rate(DCGM_FI_DEV_PCIE_REPLAY_COUNTER${OLD_NODES}[15m]) * 60 > 8`, "many PCI Express packets are sent again"),
      ].join(" or "),
    },
    12: {
      title: "Rows of memory replaced",
      description: "How many damaged rows of memory has each GPU replaced? Its spare rows are few.",
      A: 'algalon_gpu_remapped_rows_total{hostname=~"$hostname",type="uncorrected"}',
    },
    16: { title: "Last errors of the drivers (XID)", description: "Which error did each GPU's driver report last, and what is to be done? docs/xid.md says more of each.", A: `count_values by (Hostname, gpu) ("xid", DCGM_FI_DEV_XID_ERRORS${OLD_NODES} > 0)`, without: "Value" },
    17: { title: "Memory temperature", description: "How hot is the hottest memory of each node's GPUs?", A: `max by (hostname) (algalon_gpu_memory_temperature_celsius${NODES})` },
  },
  energy: {
    2: { A: `sum(${ENERGY}) / 3.6e6`, description: "How much did GPUs draw in this range?" },
    3: { A: `sum(${ENERGY}) / 3.6e6 * $price`, description: "What did the energy of the GPUs cost, at the price above?" },
    4: { A: `sum(${ENERGY}) / 3.6e6 * $carbon / 1000` },
    5: { A: `sum(${POWER})`, description: "How much do GPUs draw right now?" },
    6: { A: `sum(${POWER}) * 0.73 * $price` },
    11: { A: `sum by (hostname) (${ENERGY}) / 3600`, description: "How much did the GPUs of each node draw in this range?" },
    13: { A: `sum by (hostname) (${POWER})`, description: "How much do the GPUs of each node draw, and when?" },
    15: { A: `sum(${POWER}) / 1000 * $price`, description: "What does an hour of the GPUs cost, over time?" },
  },
  efficiency: {
    1: { title: "GPUs at work", description: "How many GPUs are at work right now (5 % use or more)?", A: `count(${UTIL} >= 5) or vector(0)` },
    2: { title: "GPUs idle", description: "How many GPUs do nothing right now (less than 5 % use)?", A: `count(${UTIL} < 5) or vector(0)` },
    5: { title: "Time worked", description: "In which part of this range did GPUs work, on average?", A: `avg(avg_over_time(${UTIL}[$__range]))` },
    6: { description: "How many hours of GPUs went by in this range without work?", A: `sum(1 - avg_over_time(${UTIL}[$__range]) / 100) * $__range_s / 3600` },
    15: { title: "At work", description: "How many whole GPUs' worth of work runs, of how many?", A: null, C: `count(${UTIL})` },
  },
};

function translated(name, dashboard) {
  const dir = mkdtempSync(join(tmpdir(), "algalon-variant-"));
  try {
    const file = join(dir, `${name}.json`);
    writeFileSync(file, JSON.stringify(dashboard, null, 2));
    const run = spawnSync(algalon, ["migrate", "dashboard", "--config=", "--to=dcgm", file], { encoding: "utf8", maxBuffer: 64 << 20 });
    if (run.error) throw run.error;
    if (run.status > 1 || !run.stdout) throw new Error(`${name}: ${run.stderr}`);
    return JSON.parse(run.stdout); // 1: something has no counterpart, which is dropped below
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Puts the answers that dcgm's fields allow in the place of those that they do not. */
function answered(name, dashboard) {
  for (const panel of dashboard.panels) {
    const { title, description, without, ...exprs } = ANSWERS[name]?.[panel.id] ?? {};
    Object.assign(panel, title && { title }, description && { description });
    if (without) panel.transformations.at(-1).options.excludeByName[without] = true;
    if (panel.transformations && Object.values(exprs).some((e) => /DCGM_/.test(e)))
      panel.transformations = JSON.parse(JSON.stringify(panel.transformations).replace(/"(hostname|gpu|gpu_index)":/g, (_, label) => `"${OLD_LABELS[label]}":`));
    for (const target of panel.targets ?? []) {
      if (target.refId in exprs) target.expr = exprs[target.refId] ?? "";
      if (title && panel.type === "stat") target.legendFormat = title;
    }
  }
  for (const v of dashboard.templating.list)
    if (v.type === "query") v.definition = v.query.query = v.query.query.replace(/all_smi_(up|gpu_info)/, "all_smi_gpu_temperature_celsius");
  return dashboard;
}

/** Whether dcgm-exporter answers the expression. */
function isTold(expr) {
  const names = expr.match(/\b(DCGM_\w+|(all_smi|algalon)_\w+)/g) ?? [];
  return names.length > 0 && names.every((n) => FIELDS.has(n));
}

/** Takes out what nobody answers, and lays the rest out without holes. */
function laidOut(panels) {
  const kept = panels
    .map((p) => ({ ...p, targets: p.targets?.filter((t) => isTold(t.expr)) }))
    .filter((p) => p.type === "row" || p.targets?.length);
  const sections = [];
  for (const p of kept) {
    if (p.type === "row" || !sections.length) sections.push({ row: p.type === "row" ? p : null, panels: [] });
    if (p.type !== "row") sections.at(-1).panels.push(p);
  }
  const out = [];
  let y = 0;
  for (const { row, panels: those } of sections.filter((s) => s.panels.length)) {
    if (row) {
      delete row.targets;
      row.gridPos = { ...row.gridPos, x: 0, y: y++ };
      out.push(row);
    }
    const lines = [];
    for (const p of those) {
      const line = lines.at(-1);
      if (line && line.reduce((w, q) => w + q.gridPos.w, p.gridPos.w) <= COLUMNS) line.push(p);
      else lines.push([p]);
    }
    for (const line of lines) {
      const wide = line.reduce((w, p) => w + p.gridPos.w, 0);
      const h = Math.max(...line.map((p) => p.gridPos.h));
      let x = 0;
      line.forEach((p, i) => {
        const w = i === line.length - 1 ? COLUMNS - x : Math.round((p.gridPos.w * COLUMNS) / wide);
        p.gridPos = { x, y, w, h };
        x += w;
        out.push(p);
      });
      y += h;
    }
  }
  return out;
}

function variant(name) {
  const source = JSON.parse(readFileSync(join(here, "..", `${name}.json`), "utf8"));
  if (/DCGM_/.test(JSON.stringify(source))) return null; // it shows both sides itself
  const d = translated(name, answered(name, source));
  d.panels = laidOut(d.panels);
  if (d.panels.filter((p) => p.type !== "row").length < LEAST_PANELS) return null;
  const asked = JSON.stringify(d.panels);
  d.templating.list = d.templating.list.filter((v) => v.type === "datasource" || asked.includes(`$${v.name}`));
  d.uid = `${source.uid}-dcgm`;
  d.title = `${source.title} (dcgm)`;
  d.tags = ["algalon-dcgm"];
  for (const link of d.links) if (link.type === "dashboards") link.tags = d.tags;
  return d;
}

const names = readFileSync(join(here, "../order.txt"), "utf8").trim().split("\n");
const made = new Map(names.map((name) => [name, variant(name)]).filter(([, d]) => d));
let wrong = 0;
for (const [name, d] of made) {
  let text = JSON.stringify(d, null, 2) + "\n";
  // Ways lead to variants; to the GPUs where there is none.
  text = text.replace(/\/d\/algalon-(\w+)\?/g, (_, to) => `/d/algalon-${made.has(to) ? to : "gpu"}-dcgm?`);
  const file = join(here, `${name}.json`);
  if (existsSync(file) && readFileSync(file, "utf8") === text) continue;
  if (process.argv.includes("--check")) {
    console.error(`${file} is not what node dashboards/dcgm/make.mjs makes of ${name}.json`);
    wrong++;
  } else writeFileSync(file, text);
}
for (const file of readdirSync(here))
  if (file.endsWith(".json") && !made.has(file.slice(0, -5))) {
    console.error(`${join(here, file)} is a variant of nothing`);
    wrong++;
  }
process.exitCode = wrong ? 1 : 0;
