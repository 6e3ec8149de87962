// Gauge: a value on an arc between its limits, with the thresholds as a ring around it.
import { namedColor } from "../data/colors.ts";
import { thresholdLevels } from "../data/display.ts";
import { formattedText, formatValue } from "../data/units.ts";
import { at, bool } from "../model/json.ts";
import { h, svg } from "../ui/dom.ts";
import type { PanelContext, PanelKind, PanelView } from "./kind.ts";
import { dataLimits, type Shown, shownValues, valueText } from "./values.ts";

const START = -210; // degrees, clockwise from the right
const SWEEP = 240;

function point(radius: number, share: number): [number, number] {
  const a = ((START + SWEEP * share) * Math.PI) / 180;
  return [100 + radius * Math.cos(a), 100 + radius * Math.sin(a)];
}

function arc(radius: number, from: number, to: number): string {
  const [x0, y0] = point(radius, from);
  const [x1, y1] = point(radius, to);
  const large = (to - from) * SWEEP > 180 ? 1 : 0;
  return `M${x0.toFixed(2)} ${y0.toFixed(2)}A${radius} ${radius} 0 ${large} 1 ${x1.toFixed(2)} ${y1.toFixed(2)}`;
}

function markers(item: Shown, context: PanelContext): SVGElement[] {
  const limits = gaugeLimits(item);
  const levels = thresholdLevels({ ...item.field.config, ...limits }, limits);
  const share = (v: number): number =>
    Math.min(1, Math.max(0, (v - limits.min) / (limits.max - limits.min)));
  return levels.flatMap((level, i) => {
    const from = share(level.value);
    const to = share(levels[i + 1]?.value ?? Infinity);
    if (to <= from) return [];
    const stroke = namedColor(level.color, context.theme, true);
    return [svg("path", { d: arc(92, from, to), stroke, class: "gauge-marker" })];
  });
}

/** A gauge needs both ends: unset ones are 0 and 100, or what the data reach. */
function gaugeLimits(item: Shown): { min: number; max: number } {
  const { config } = item.field;
  const data = dataLimits([item.field]);
  const min = config.min ?? Math.min(0, data.min);
  const max = config.max ?? Math.max(100, data.max);
  return { min, max: max > min ? max : min + 1 };
}

function dial(item: Shown, context: PanelContext, options: unknown, several: boolean): Element {
  const limits = gaugeLimits(item);
  const v = item.value.numeric;
  const share = Math.min(1, Math.max(0, (v - limits.min) / (limits.max - limits.min)));
  const text = valueText(item.value);
  const drawing = svg("svg", {
    viewBox: "0 0 200 160",
    class: "gauge-dial",
    "aria-hidden": "true",
  });
  drawing.append(svg("path", { d: arc(78, 0, 1), class: "gauge-track" }));
  if (Number.isFinite(share) && share > 0)
    drawing.append(
      svg("path", { d: arc(78, 0, share), class: "gauge-fill", stroke: item.value.fill }),
    );
  if (bool(at(options, "showThresholdMarkers"), true)) drawing.append(...markers(item, context));
  const value = svg("text", { x: 100, y: 112, class: "gauge-value", text });
  value.style.fontSize = `${Math.min(36, 190 / Math.max(4, text.length))}px`;
  drawing.append(value);
  if (bool(at(options, "showThresholdLabels")))
    for (const [n, end] of [
      [limits.min, 0],
      [limits.max, 1],
    ] as const) {
      const [x, y] = point(78, end);
      const label = formattedText(formatValue(n, item.field.config.unit, 0));
      drawing.append(svg("text", { x, y: y + 18, class: "gauge-label", text: label }));
    }
  const name =
    several || item.field.config.displayName
      ? h("span", { class: "gauge-name", text: item.name })
      : null;
  const attrs = { class: "gauge-item", role: "img", "aria-label": `${item.name}: ${text}` };
  if (!item.link) return h("div", attrs, drawing, name);
  return h(
    "a",
    { class: "gauge-item", "aria-label": attrs["aria-label"], href: item.link.href },
    drawing,
    name,
  );
}

const LEAST_DIAL_PX = 84;

/** How many gauges stand beside each other so that they become as large as can be. */
export function columnsFor(count: number, width: number, height: number): number {
  let best = 1;
  let most = 0;
  for (let c = 1; c <= Math.max(1, count); c++) {
    if (width / c < LEAST_DIAL_PX && c > 1) break;
    const size = Math.min(width / c / 200, height / Math.ceil(count / c) / 178);
    if (size > most) [best, most] = [c, size];
  }
  return best;
}

function create(host: HTMLElement, context: PanelContext): PanelView {
  const list = h("div", { class: "gauge-list" });
  host.append(list);
  const resize = (): void => {
    const columns = columnsFor(list.childElementCount, host.clientWidth, host.clientHeight);
    list.style.setProperty("--columns", String(columns));
  };
  return {
    update(data) {
      const items = shownValues(data.frames, context.panel.options, context);
      const several = items.length > 1;
      list.replaceChildren(...items.map((i) => dial(i, context, context.panel.options, several)));
      resize();
    },
    resize,
  };
}

export const gauge: PanelKind = { needsData: true, wantsSeries: true, create };
