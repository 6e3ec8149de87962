// screenshots.mjs - pictures of every dashboard of a server (by script/render) and of the pages beside them, for docs/images and for
// looking at one's own work.
//   node screenshots.mjs FOLDER [MINUTES]     of `algalon demo` after so many minutes (script/screenshots)
//   ALGALON_URL=http://... node screenshots.mjs FOLDER     of a running algalon, as it is
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { Algalon, freePorts, root, sleep } from "../lib/program.mjs";
import { ALGALON_URL, launch, newPage } from "./browser.mjs";
import { shrink } from "./shrink.mjs";

const LOOKS = [
  { name: "dark-desktop", width: 1440, height: 900, dark: true },
  { name: "light-desktop", width: 1440, height: 900, dark: false },
  { name: "dark-phone", width: 390, height: 844, dark: true, phone: true },
  { name: "light-phone", width: 390, height: 844, dark: false, phone: true },
];

/** What is chosen on a page of the demo for its picture, of several makers: forty GPUs in one chart show nothing. */
const CHOICE = { "algalon-gpu": ["ada-01", "arc-01", "lab-01"], "algalon-processes": ["ampere-01", "arc-01", "cdna-01"] };

/** The pages beside the dashboards, and what stands on them when they are drawn. */
const PLACES = {
  explore: { path: `/explore?${new URLSearchParams({ expr: "avg by (hostname) (all_smi_gpu_utilization)", from: "now-15m", to: "now" })}`, shows: '.panel-table[data-state="shown"]' },
  alerts: { path: "/alerts", shows: ".card" },
  targets: { path: "/targets", shows: ".card" },
};

const [folder = "docs/images", minutes = "16"] = process.argv.slice(2);
const out = resolve(folder);
mkdirSync(out, { recursive: true });
process.chdir(root); // the page of alerts shows the rule files as they were named: short

let demo = null;
if (!ALGALON_URL) {
  demo = await Algalon.start({ command: "demo", ports: [0, ...(await freePorts(2))], args: ["--rules=rules/gpu.yml,rules/algalon.yml"] });
  for (let left = Number(minutes); left > 0; left--) {
    console.log(`${left} min until the pictures`);
    await sleep(Math.min(left, 1) * 60_000);
  }
}
const url = ALGALON_URL || demo.web;
const browser = await launch();

/** One dashboard in every look. */
function drawn(uid, nodes) {
  for (const look of LOOKS) {
    const file = join(out, `${uid.replace(/^algalon-/, "")}-${look.name}.png`);
    const options = [`--width=${look.width}`, `--height=${look.height}`, `--scale=${look.phone ? 2 : 1}`, `--theme=${look.dark ? "dark" : "light"}`];
    const choice = nodes.map((node) => `--var=hostname=${node}`);
    rmSync(file, { force: true });
    const { status } = spawnSync(join(root, "script/render"), [uid, `--url=${url}`, `--out=${file}`, "--from=now-15m", "--to=now", ...options, ...choice], { stdio: "inherit" });
    if (status === 0) shrink(file);
    else process.exitCode = 1;
  }
}

/** A page beside them in every look. */
async function pictures(path, name, arrive) {
  for (const look of LOOKS) {
    const { page, context, problems } = await newPage(browser, look);
    await page.goto(url + path);
    await arrive(page);
    const file = join(out, `${name}-${look.name}.png`);
    rmSync(file, { force: true });
    await page.screenshot({ path: file });
    shrink(file);
    console.log(file, problems.filter((p) => !/status of 404/.test(p)).join("; "));
    await context.close();
  }
}

try {
  const list = await (await fetch(`${url}/api/dashboards`)).json();
  const { data: nodes } = await (await fetch(`${url}/api/v1/label/hostname/values`)).json();
  for (const { uid, error } of list)
    if (!error) drawn(uid, nodes.includes("hopper-01") ? (CHOICE[uid] ?? []) : []);
  for (const [name, at] of Object.entries(PLACES)) await pictures(at.path, name, (page) => page.locator(at.shows).first().waitFor());
} finally {
  await browser.close();
  await demo?.stop();
}
