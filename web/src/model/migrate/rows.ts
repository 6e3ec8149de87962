// Files of before Grafana 5: rows as boxes of panels in place of a grid.
import { arr, bool, type Json, num, obj, str } from "../json.ts";

const PX_A_ROW = 38; // of the grid: 30 and the space between two

/** The places of one row's panels from `top` on, with a span of 12 columns each at most. */
function placed(panels: unknown[], height: number, top: number): { panels: Json[]; end: number } {
  const out: Json[] = [];
  let x = 0;
  let y = top;
  for (const p of panels.map(obj)) {
    const w = Math.min(24, Math.max(1, Math.round((num(p.span) ?? 4) * 2)));
    if (x + w > 24) {
      x = 0;
      y += height;
    }
    const minSpan = num(p.minSpan);
    out.push({ ...p, ...(minSpan ? { maxPerRow: Math.floor(12 / minSpan) } : {}), gridPos: { x, y, w, h: height } });
    x += w;
  }
  return { panels: out, end: y + height };
}

/** One list of panels: with the heads of rows as soon as one of them has something to say. */
export function panelsOfRows(rows: unknown[]): Json[] {
  const all = rows.map(obj);
  const heads = all.some((r) => bool(r.showTitle) || bool(r.collapse) || str(r.repeat));
  const out: Json[] = [];
  let y = 0;
  let id = 100_000;
  for (const row of all) {
    const height = Math.max(3, Math.round((num(str(row.height).replace("px", "")) ?? 250) / PX_A_ROW));
    const head: Json = {
      type: "row",
      id: ++id,
      title: str(row.title),
      collapsed: bool(row.collapse),
      repeat: str(row.repeat),
      gridPos: { x: 0, y, w: 24, h: 1 },
    };
    if (heads) y += 1;
    const inside = placed(arr(row.panels), height, y);
    if (heads) out.push(head.collapsed ? { ...head, panels: inside.panels } : head);
    if (!head.collapsed || !heads) {
      out.push(...inside.panels);
      y = inside.end;
    }
  }
  return out;
}
