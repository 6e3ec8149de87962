// Pie chart: each value as its share of the sum.
import { textOn } from "../data/colors.ts";
import { calcOf } from "../data/calcs.ts";
import { arr, at, str, strings } from "../model/json.ts";
import { svg } from "../ui/dom.ts";
import { hideTooltip, showLines } from "./chart/tooltip.ts";
import type { PanelContext, PanelKind } from "./kind.ts";
import { sizeOf, textWidth } from "./plot.ts";
import { PlottedView } from "./plotted.ts";
import { fieldColor, type Shown, shownValues, valueText } from "./values.ts";

interface Slice {
  name: string;
  value: number;
  text: string;
  percent: string;
  color: string;
  href: string | null;
}

const LEAST_LABEL_SHARE = 0.04;

/** Slices with their shares of what is not hidden, in the order the file asks for. */
export function slicesOf(
  items: Shown[],
  c: PanelContext,
  hidden: (name: string) => boolean,
): Slice[] {
  const positive = items.filter((i) => Number.isFinite(i.value.numeric) && i.value.numeric > 0);
  const sum = positive.reduce((n, i) => n + (hidden(i.name) ? 0 : i.value.numeric), 0);
  const each = calcOf(str(arr(at(c.panel.options, "reduceOptions.calcs"))[0])).counts;
  const slices = positive.map((i, index) => ({
    name: i.name,
    value: i.value.numeric,
    text: valueText(i.value),
    percent: hidden(i.name) || !sum ? "–" : `${((i.value.numeric / sum) * 100).toFixed(0)}%`,
    color: i.value.mapped || each ? i.value.fill : colorOf(i, index, c),
    href: i.link?.href ?? null,
  }));
  const sort = str(c.panel.options.sort, "desc");
  if (sort === "desc") slices.sort((a, b) => b.value - a.value);
  if (sort === "asc") slices.sort((a, b) => a.value - b.value);
  return slices;
}

/** A series has the colour of its place; rows shown one by one have each their own. */
function colorOf(item: Shown, index: number, c: PanelContext): string {
  const mode = item.field.config.color?.mode ?? "palette-classic";
  if (mode === "thresholds" || mode === "fixed" || mode.startsWith("continuous-"))
    return item.value.fill;
  return fieldColor(item.field, item.name, index, c.theme);
}

/** The outline of a slice from `a` to `b`, as shares of the whole: in halves, as no arc may close. */
export function slicePath(a: number, b: number, radius: number, hole: number): string {
  const point = (share: number, r: number): string => {
    const angle = share * 2 * Math.PI - Math.PI / 2;
    return `${(r * Math.cos(angle)).toFixed(2)} ${(r * Math.sin(angle)).toFixed(2)}`;
  };
  const arc = (to: number, r: number, turn: 0 | 1): string =>
    `A${r} ${r} 0 0 ${turn} ${point(to, r)}`;
  const half = (a + b) / 2;
  const outer = `M${point(a, radius)}${arc(half, radius, 1)}${arc(b, radius, 1)}`;
  if (!hole) return `${outer}L0 0Z`;
  return `${outer}L${point(b, hole)}${arc(half, hole, 0)}${arc(a, hole, 0)}Z`;
}

class PieView extends PlottedView {
  private readonly legendValues: string[];
  private slices: Slice[] = [];

  constructor(host: HTMLElement, context: PanelContext) {
    const values = strings(at(context.panel.options, "legend.values"));
    const columns = values.map((v) => ({ label: v === "percent" ? "Percent" : "Value", aliases: [v] }));
    super(host, context, "Pie", columns);
    this.legendValues = values;
  }

  protected names(): string[] {
    return this.slices.map((s) => s.name);
  }

  protected draw(): void {
    if (!this.data) return;
    const items = shownValues(this.data.frames, this.context.panel.options, this.context);
    this.slices = slicesOf(items, this.context, this.hidden.has);
    this.legend?.update(
      this.slices.map((s) => ({
        name: s.name,
        color: s.color,
        values: this.legendValues.map(() => s.value),
        texts: this.legendValues.map((v) => (v === "percent" ? s.percent : s.text)),
      })),
    );
    this.legend?.fit(this.host);
    this.pie();
  }

  private pie(): void {
    const { width, height } = sizeOf(this.plot.host);
    const radius = Math.max(20, Math.min(width, height) / 2 - 6);
    const donut = str(this.context.panel.options.pieType, "pie") === "donut";
    const visible = this.slices.filter((s) => !this.hidden.has(s.name));
    const sum = visible.reduce((n, s) => n + s.value, 0);
    const labels = new Set(strings(this.context.panel.options.displayLabels));
    const { canvas } = this.plot;
    canvas.setAttribute("viewBox", `${-width / 2} ${-height / 2} ${width} ${height}`);
    canvas.replaceChildren();
    const texts: SVGElement[] = [];
    let at = 0;
    for (const s of visible) {
      const share = s.value / sum;
      const d = slicePath(at, at + share, radius, donut ? radius * 0.6 : 0);
      const path = svg("path", {
        d,
        fill: s.color,
        stroke: "var(--surface)",
        "data-slice": String(this.slices.indexOf(s)),
      });
      canvas.append(s.href ? svg("a", { href: s.href }, path) : path);
      texts.push(...this.labels(s, at + share / 2, share, radius * (donut ? 0.8 : 0.68), labels));
      at += share;
    }
    canvas.append(...texts);
    const words = visible.map((s) => `${s.name} ${s.percent}`).slice(0, 12);
    canvas.setAttribute("aria-label", `${this.context.panel.title || "Pie"}: ${words.join(", ")}`);
  }

  private labels(
    s: Slice,
    middle: number,
    share: number,
    r: number,
    wanted: Set<string>,
  ): SVGElement[] {
    const lines = [
      wanted.has("name") ? s.name : "",
      wanted.has("value") ? s.text : "",
      wanted.has("percent") ? s.percent : "",
    ].filter((x) => x);
    const room = 2 * Math.PI * r * share;
    if (share < LEAST_LABEL_SHARE || lines.some((l) => textWidth(l) > Math.max(room, r * 0.7)))
      return [];
    const angle = middle * 2 * Math.PI - Math.PI / 2;
    return lines.map((text, i) => {
      const el = svg("text", {
        x: r * Math.cos(angle),
        y: r * Math.sin(angle) + 4 + (i - (lines.length - 1) / 2) * 13,
        "text-anchor": "middle",
        class: "plot-value",
        text,
      });
      el.style.fill = textOn(s.color);
      el.style.pointerEvents = "none";
      return el;
    });
  }

  protected hover(e: PointerEvent): void {
    const at = (e.target as Element).getAttribute("data-slice");
    const s = at === null ? undefined : this.slices[Number(at)];
    if (!s) {
      hideTooltip();
      return;
    }
    const line = { color: s.color, name: s.percent, text: s.text };
    showLines(s.name, [line], { x: e.clientX, y: e.clientY });
  }
}

export const piechart: PanelKind = {
  needsData: true,
  wantsSeries: true,
  create: (host, context) => new PieView(host, context),
};
