// Stat: one value per series as a tile, coloured by thresholds, with a sparkline where it is asked.
import { textOn, withAlpha } from "../data/colors.ts";
import type { Field, Frame } from "../data/frame.ts";
import { at, str } from "../model/json.ts";
import { h, svg } from "../ui/dom.ts";
import type { PanelContext, PanelData, PanelKind, PanelView } from "./kind.ts";
import { dataLimits, type Shown, shownValues, valueText } from "./values.ts";

const MAX_SPARK_POINTS = 240;

interface Look {
  colorMode: string;
  graphMode: string;
  textMode: string;
  justify: string;
  orientation: string;
}

function lookOf(options: unknown): Look {
  return {
    colorMode: str(at(options, "colorMode"), "value"),
    graphMode: str(at(options, "graphMode"), "area"),
    textMode: str(at(options, "textMode"), "auto"),
    justify: str(at(options, "justifyMode"), "auto"),
    orientation: str(at(options, "orientation"), "auto"),
  };
}

/** A polyline of the series in a box of 100 by 30, gaps left open. */
function sparkPath(frame: Frame, field: Field, range: { from: number; to: number }): string[] {
  const time = frame.fields.find((f) => f.type === "time");
  if (!time || field.values.length < 2) return [];
  const { min, max } = dataLimits([field]);
  const low = field.config.min ?? min;
  const high = Math.max(field.config.max ?? max, low + 1e-9);
  const every = Math.ceil(field.values.length / MAX_SPARK_POINTS);
  const runs: string[][] = [[]];
  field.values.forEach((v, i) => {
    if (i % every && i !== field.values.length - 1) return;
    if (typeof v !== "number" || !Number.isFinite(v)) {
      if (runs[runs.length - 1]!.length) runs.push([]);
      return;
    }
    const x = ((Number(time.values[i]) - range.from) / (range.to - range.from)) * 100;
    const y = 29 - ((v - low) / (high - low)) * 27;
    runs[runs.length - 1]!.push(`${x.toFixed(2)} ${y.toFixed(2)}`);
  });
  return runs.filter((r) => r.length > 1).map((r) => "M" + r.join("L"));
}

function spark(item: Shown, data: PanelData): SVGElement | null {
  const lines = sparkPath(item.frame, item.field, data.range);
  if (!lines.length) return null;
  const color = item.value.color;
  const el = svg("svg", {
    class: "spark",
    viewBox: "0 0 100 30",
    preserveAspectRatio: "none",
    "aria-hidden": "true",
  });
  for (const d of lines) {
    const first = d.slice(1).split(" ")[0]!;
    const last = d.slice(d.lastIndexOf("L") + 1).split(" ")[0]!;
    el.append(
      svg("path", { d: `${d}L${last} 30L${first} 30Z`, fill: withAlpha(color, 0.14) }),
      svg("path", { d, fill: "none", stroke: color, "vector-effect": "non-scaling-stroke" }),
    );
  }
  return el;
}

function tile(item: Shown, look: Look, data: PanelData, several: boolean): HTMLElement {
  const { value } = item;
  const showName =
    look.textMode === "name" ||
    look.textMode === "value_and_name" ||
    (look.textMode === "auto" && several);
  const showValue = look.textMode !== "name" && look.textMode !== "none";
  const text = valueText(value);
  const number = value.mapped ? text : value.prefix + value.text || "–";
  const el = item.link
    ? h("a", {
        class: "stat-tile",
        href: item.link.href,
        title: item.link.title || item.name,
        target: item.link.blank ? "_blank" : null,
        rel: item.link.blank ? "noopener noreferrer" : null,
      })
    : h("div", { class: "stat-tile" });
  el.dataset.name = item.name;
  if (look.justify === "center" || (look.justify === "auto" && !several))
    el.classList.add("centered");
  if (showValue) {
    const suffix = value.mapped ? "" : value.suffix;
    el.append(
      h(
        "span",
        { class: "stat-value" },
        number,
        suffix ? h("span", { class: "stat-unit", text: suffix }) : null,
      ),
    );
    el.style.setProperty("--len", String(Math.max(3, number.length + 0.6 * suffix.length)));
  }
  if (showName) el.append(h("span", { class: "stat-name", text: item.name }));
  paint(el, item, look);
  const drawn = look.graphMode === "area" ? spark(item, data) : null;
  if (drawn) el.append(drawn);
  if (several && look.graphMode === "none" && item.field.config.max !== undefined)
    el.append(meter(item));
  return el;
}

/** A thin bar at the foot of a tile: how far the value is between its limits. */
function meter(item: Shown): HTMLElement {
  const fill = h("span", { class: "stat-meter-fill" });
  const share = Number.isFinite(item.value.share) ? Math.min(1, Math.max(0, item.value.share)) : 0;
  fill.style.width = `${(share * 100).toFixed(1)}%`;
  fill.style.background = item.value.fill;
  return h("span", { class: "stat-meter", "aria-hidden": "true" }, fill);
}

function paint(el: HTMLElement, item: Shown, look: Look): void {
  const { color, fill } = item.value;
  if (look.colorMode === "background_solid") {
    el.classList.add("solid");
    el.style.background = fill;
    el.style.color = textOn(fill);
  } else if (look.colorMode === "background" || look.colorMode === "background_gradient") {
    el.classList.add("tinted");
    el.style.setProperty("--tint", withAlpha(fill, 0.2));
    el.style.setProperty("--edge", withAlpha(fill, 0.75));
  } else if (look.colorMode === "value") {
    el.style.setProperty("--value-color", color);
  }
}

function create(host: HTMLElement, context: PanelContext): PanelView {
  const look = lookOf(context.panel.options);
  const list = h("div", { class: "stat-list" });
  host.append(list);
  return {
    update(data) {
      const items = shownValues(data.frames, context.panel.options, context);
      const several = items.length > 1;
      list.classList.toggle("several", several);
      list.classList.toggle("rows", several && look.orientation === "horizontal");
      list.replaceChildren(...items.map((item) => tile(item, look, data, several)));
    },
  };
}

export const stat: PanelKind = { needsData: true, wantsSeries: true, create };
