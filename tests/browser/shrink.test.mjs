// A picture keeps what it shows when it is made small.
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryFolder } from "../lib/program.mjs";
import { launch } from "./browser.mjs";
import { pixelsOf, shrink } from "./shrink.mjs";

test("a picture with thousands of colours comes out smaller and looks the same", async () => {
  const file = join(temporaryFolder(), "picture.png");
  const browser = await launch();
  try {
    const page = await browser.newPage({ viewport: { width: 400, height: 300 } });
    await page.setContent('<body style="margin:0;background:linear-gradient(90deg,#135,#7fa)"><h1 style="color:#fff">Words</h1><p style="background:#123456;height:80px">');
    await page.screenshot({ path: file });
  } finally {
    await browser.close();
  }
  const before = pixelsOf(readFileSync(file));
  const size = statSync(file).size;
  shrink(file);
  const after = pixelsOf(readFileSync(file));
  assert.ok(statSync(file).size < size);
  assert.deepEqual([after.width, after.height], [400, 300]);
  assert.ok(new Set(before.pixels).size > 256 && new Set(after.pixels).size <= 256);
  let most = 0, sum = 0;
  before.pixels.forEach((was, i) => {
    for (const shift of [0, 8, 16]) {
      const difference = Math.abs(((was >> shift) & 255) - ((after.pixels[i] >> shift) & 255));
      most = Math.max(most, difference);
      sum += difference;
    }
  });
  assert.ok(sum / before.pixels.length / 3 < 2, `on average ${sum / before.pixels.length / 3} of 255`);
  assert.ok(most < 48, `at most ${most}`);
  const flat = 400 * 100 + 200; // within the box, where there is one colour
  assert.equal(after.pixels[flat], before.pixels[flat]);
});
