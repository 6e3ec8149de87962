// script/render: dashboards as PNG from the shell. A file is drawn by pages of its own that ask the given store (here the
// simulated one); a uid by the pages of a running server.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { binary, root, temporaryFolder } from "../lib/program.mjs";
import { startServer } from "./server.mjs";

const dir = temporaryFolder();
const script = path.join(root, "script/render");
const env = { ...process.env, ALGALON: binary, CHROMIUM: process.env.CHROMIUM ?? "/usr/bin/chromium" };
let server;
before(async () => {
  server = await startServer();
});
after(() => server?.stop());

/** Runs it without holding up the server of this process. */
function render(...args) {
  const child = spawn(script, args, { cwd: dir, env });
  let said = "";
  child.stderr.on("data", (d) => (said += d));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, said })));
}

/** Width and height out of a PNG's header. */
function sizeOf(file) {
  const head = fs.readFileSync(path.join(dir, file));
  assert.equal(head.toString("latin1", 1, 4), "PNG", file);
  return [head.readUInt32BE(16), head.readUInt32BE(20)];
}

function write(name, panels) {
  fs.writeFileSync(path.join(dir, name), JSON.stringify({ title: "Report", panels }));
}
const stat = (id, expr, y) => ({ id, type: "stat", title: `Panel ${id}`, gridPos: { x: 0, y, w: 12, h: 10 }, targets: [{ refId: "A", expr }] });

test("a file becomes a picture as high as its panels, with the values of the store", async () => {
  write("report.json", [stat(1, "sum(all_smi_gpu_power_consumption_watts)", 0), stat(2, "no_such_metric", 10)]);
  const { code, said } = await render("report.json", `--store=${server.url}`, "--from=now-15m");
  assert.equal(code, 0, said);
  assert.match(said, /^report\.png: 2 panels, 1 drawn, 1 without data, 0 with an error/m);
  const [width, height] = sizeOf("report.png");
  assert.equal(width, 1440);
  assert.ok(height > 20 * 38 && height < 20 * 38 + 160, String(height));
});

test("a panel that shows an error is told by the exit code", async () => {
  write("wrong.json", [stat(1, "sum(", 0)]);
  const { code, said } = await render("wrong.json", `--store=${server.url}`);
  assert.equal(code, 1);
  assert.match(said, /1 with an error/);
});

test("a dashboard of running pages, chosen by uid, in a size and theme of one's own", async () => {
  const args = ["algalon-gpu", `--url=${server.url}`, "--var=hostname=node-01", "--theme=dark", "--width=390", "--scale=2", "--out=phone.png"];
  const { code, said } = await render(...args);
  assert.equal(code, 0, said);
  assert.deepEqual(sizeOf("phone.png"), [780, 1688]);
});

test("a moment of the past is drawn as it was", async () => {
  server.requests.length = 0;
  const { code, said } = await render("algalon-processes", `--url=${server.url}`, "--at=2026-03-18T02:13:05Z", "--height=900", "--out=then.png");
  assert.equal(code, 0, said);
  const times = server.requests.filter((r) => r.path === "/api/v1/query").map((r) => Number(r.form.get("time") ?? r.query.get("time")));
  assert.ok(times.length > 0 && times.every((t) => t === Date.parse("2026-03-18T02:13:05Z") / 1000), times.join());
});

test("mistakes are named: no such dashboard, a file that is none, unknown options", async () => {
  fs.writeFileSync(path.join(dir, "broken.json"), '{"panels": [');
  const broken = await render("broken.json", `--store=${server.url}`);
  assert.equal(broken.code, 1);
  assert.match(broken.said, /nothing is drawn: .*broken|json:1:/);
  const missing = await render("nobody", `--url=${server.url}`);
  assert.equal(missing.code, 1);
  assert.match(missing.said, /There is no dashboard “nobody”/);
  for (const args of [["--colour=red", "x"], [], ["x", "--width=wide"], ["x", "y"]])
    assert.equal(spawnSync(script, args, { env }).status, 2, args.join(" "));
  assert.match(spawnSync(script, ["--help"], { env, encoding: "utf8" }).stdout, /--store=URL/);
});
