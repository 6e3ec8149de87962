import assert from "node:assert/strict";
import { test } from "node:test";
import type { Panel } from "../model/dashboard.ts";
import type { Variables } from "../data/variables.ts";
import { layout } from "./layout.ts";

const nothing = { get: () => undefined, bindings: () => new Map() } as unknown as Variables;
const panel = (id: number, x: number, y: number, w: number, h: number): Panel =>
  ({ id, type: "timeseries", gridPos: { x, y, w, h }, repeat: "", panels: [] }) as unknown as Panel;
const places = (panels: Panel[]): number[][] =>
  layout(panels, nothing, new Map()).map((p) => [p.panel.id, p.x, p.y]);

test("panels that a file puts into one place stand below each other", () => {
  const given = [panel(1, 0, 0, 12, 8), panel(2, 0, 8, 12, 8), panel(3, 0, 16, 12, 8), panel(4, 0, 8, 12, 8)];
  assert.deepEqual(places(given), [
    [1, 0, 0],
    [2, 0, 8],
    [4, 0, 16],
    [3, 0, 24],
  ]);
});

test("panels side by side keep their places", () => {
  const given = [panel(1, 0, 0, 12, 8), panel(2, 12, 0, 12, 4), panel(3, 12, 4, 12, 4)];
  assert.deepEqual(places(given), [
    [1, 0, 0],
    [2, 12, 0],
    [3, 12, 4],
  ]);
});
