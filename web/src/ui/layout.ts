// From the panels of a file to what stands on the page: rows folded, panels and rows repeated,
// places on a grid of 24 columns.
import type { Panel } from "../model/dashboard.ts";
import type { Binding, Bindings } from "../data/macros.ts";
import { scoped, type Variables } from "../data/variables.ts";

export interface Placed {
  key: string; // stays the same over refreshes
  panel: Panel;
  x: number;
  y: number;
  w: number;
  h: number;
  scope: Bindings; // bindings of repeats
  isRow: boolean;
  folded: boolean;
  count: number; // panels of a row
}

interface Section {
  row: Panel | null;
  panels: Panel[];
}

function sectionsOf(panels: Panel[]): Section[] {
  const sorted = [...panels].sort((a, b) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x);
  const sections: Section[] = [{ row: null, panels: [] }];
  for (const p of sorted) {
    if (p.type === "row") sections.push({ row: p, panels: [...p.panels] });
    else sections[sections.length - 1]!.panels.push(p);
  }
  return sections.filter((s) => s.row || s.panels.length);
}

/** The bindings a repeat runs over; null when the variable does not exist. */
function repeats(name: string, variables: Variables, scope: Bindings): Binding[] | null {
  const state = variables.get(name);
  const binding = scope.get(name) ?? (state ? variables.bindings().get(name) : undefined);
  if (!binding) return null;
  return binding.values.map((_, i) => scoped(binding, i));
}

const MAX_REPEATS = 200;

function repeatedPanel(
  p: Panel,
  variables: Variables,
  scope: Bindings,
  key: string,
  y: number,
): Placed[] {
  const base = { panel: p, scope, isRow: false, folded: false, count: 0, ...p.gridPos, y };
  const over = p.repeat ? repeats(p.repeat, variables, scope) : null;
  if (!over) return [{ ...base, key: `${key}/${p.id}` }];
  const across = p.repeatDirection === "h";
  const perRow = Math.max(1, Math.min(over.length, p.maxPerRow));
  const w = across ? Math.max(2, Math.floor(24 / perRow)) : p.gridPos.w;
  return over.slice(0, MAX_REPEATS).map((b, i) => ({
    ...base,
    key: `${key}/${p.id}/${b.values[0]}`,
    scope: new Map(scope).set(p.repeat, b),
    w,
    x: across ? (i % perRow) * w : p.gridPos.x,
    y: y + (across ? Math.floor(i / perRow) : i) * p.gridPos.h,
  }));
}

const overlaps = (a: Placed, b: Placed): boolean =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

/** Panels that a file puts into one place: the later one goes below, as Grafana's grid does it. */
function pushDown(placed: Placed[], others: Placed[]): void {
  for (;;) {
    const below = placed.flatMap((p) =>
      others.filter((q) => overlaps(p, q)).map((q) => q.y + q.h - p.y),
    );
    if (!below.length) return;
    const by = Math.max(...below);
    for (const p of placed) p.y += by;
  }
}

/** Lays one section out from `top` on; returns where the next one begins. */
function placeSection(
  out: Placed[],
  panels: Panel[],
  variables: Variables,
  scope: Bindings,
  key: string,
  top: number,
): number {
  const first = Math.min(...panels.map((p) => p.gridPos.y));
  let grown = 0; // how far repeats have pushed down what follows
  let end = top;
  const before = out.length;
  const sorted = [...panels].sort((a, b) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x);
  for (const p of sorted) {
    const y = top + (p.gridPos.y - first) + grown;
    const placed = repeatedPanel(p, variables, scope, key, y);
    const bottom = Math.max(y + p.gridPos.h, ...placed.map((q) => q.y + q.h));
    pushDown(placed, out.slice(before));
    grown += Math.max(0, bottom - (y + p.gridPos.h));
    end = Math.max(end, bottom, ...placed.map((q) => q.y + q.h));
    out.push(...placed);
  }
  return end;
}

/** The whole page. `folded` says which rows were folded or opened by hand. */
export function layout(
  panels: Panel[],
  variables: Variables,
  folded: Map<string, boolean>,
): Placed[] {
  const out: Placed[] = [];
  let top = 0;
  sectionsOf(panels).forEach((section, n) => {
    const { row } = section;
    if (!row) {
      top = placeSection(out, section.panels, variables, new Map(), "", top);
      return;
    }
    const over = (row.repeat && repeats(row.repeat, variables, new Map())) || [null];
    for (const binding of over.slice(0, MAX_REPEATS)) {
      const scope: Bindings = binding ? new Map([[row.repeat, binding]]) : new Map();
      const key = `row${n}/${binding ? binding.values[0] : ""}`;
      const isFolded = folded.get(key) ?? row.collapsed;
      out.push({
        key,
        panel: row,
        x: 0,
        y: top,
        w: 24,
        h: 1,
        scope,
        isRow: true,
        folded: isFolded,
        count: section.panels.length,
      });
      top += 1;
      if (!isFolded && section.panels.length)
        top = placeSection(out, section.panels, variables, scope, key, top);
    }
  });
  return out;
}
