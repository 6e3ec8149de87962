// Stat: one value per series as a tile, coloured by thresholds, with a sparkline where it is asked.
import { calcOf } from "../data/calcs.ts";
import { textOn, withAlpha } from "../data/colors.ts";
import type { Field, Frame, Value } from "../data/frame.ts";
import { at, bool, str } from "../model/json.ts";
import { h, svg } from "../ui/dom.ts";
import { setText } from "../ui/keyed.ts";
import type { PanelContext, PanelData, PanelKind, PanelView } from "./kind.ts";
import { dataLimits, type Shown, shownValues, valueText } from "./values.ts";

const MAX_SPARK_POINTS = 240;

interface Look {
  colorMode: string;
  graphMode: string;
  textMode: string;
  justify: string;
  orientation: string;
  change: string; // how the change over the range is coloured; "": it is not shown
}

function lookOf(options: unknown): Look {
  return {
    colorMode: str(at(options, "colorMode"), "value"),
    graphMode: str(at(options, "graphMode"), "area"),
    textMode: str(at(options, "textMode"), "auto"),
    justify: str(at(options, "justifyMode"), "auto"),
    orientation: str(at(options, "orientation"), "auto"),
    change: bool(at(options, "showPercentChange")) ? str(at(options, "percentChangeColorMode"), "standard") : "",
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

function spark(item: Shown, data: PanelData, color: string): SVGElement | null {
  const lines = sparkPath(item.frame, item.field, data.range);
  if (!lines.length) return null;
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

/** A tile keeps its elements over refreshes: a thousand of them are updated faster than made. */
class Tile {
  readonly root: HTMLElement;
  private readonly number = document.createTextNode("");
  private readonly unit = h("span", { class: "stat-unit" });
  private readonly name = h("span", { class: "stat-name" });
  private readonly change = h("span", { class: "stat-change" });
  private readonly meter = h("span", { class: "stat-meter-fill" });
  private drawn: SVGElement | null = null;
  private link = "";

  constructor(
    item: Shown,
    private readonly look: Look,
    private readonly several: boolean,
  ) {
    this.root = h(item.link ? "a" : "div", { class: "stat-tile" });
    const { textMode, justify, graphMode, colorMode } = look;
    this.root.classList.toggle("centered", justify === "center" || (justify === "auto" && !several));
    if (textMode !== "name" && textMode !== "none")
      this.root.append(h("span", { class: "stat-value" }, this.number, this.unit));
    const named = textMode === "name" || textMode === "value_and_name";
    if (look.change) this.root.append(this.change);
    if (named || (textMode === "auto" && several)) this.root.append(this.name);
    if (several && graphMode === "none" && item.field.config.max !== undefined)
      this.root.append(h("span", { class: "stat-meter", "aria-hidden": "true" }, this.meter));
    if (colorMode === "background_solid") this.root.classList.add("solid");
    else if (colorMode.startsWith("background")) this.root.classList.add("tinted");
  }

  update(item: Shown, data: PanelData): void {
    const { value, name, link } = item;
    const text = valueText(value);
    const number = value.mapped ? text : value.prefix + value.text || "–";
    const suffix = value.mapped ? "" : value.suffix;
    if (this.number.data !== number) this.number.data = number;
    setText(this.unit, suffix);
    setText(this.name, name);
    this.root.dataset.name = name;
    this.style("--len", String(Math.max(3, number.length + 0.6 * suffix.length)));
    if (link && this.link !== link.href) {
      this.link = link.href;
      const blank = link.blank ? { target: "_blank", rel: "noopener noreferrer" } : {};
      Object.assign(this.root, { href: link.href, title: link.title || name, ...blank });
    }
    this.paint(value);
    if (this.look.change) this.sayChange(item.field.values);
    this.drawn?.remove();
    const { colorMode } = this.look;
    const color = colorMode === "background_solid" ? textOn(value.fill) : value.color;
    this.drawn = this.look.graphMode === "area" ? spark(item, data, color) : null;
    if (this.drawn) this.root.prepend(this.drawn);
  }

  /** How far the last value is from the first, in percent of that. */
  private sayChange(values: Value[]): void {
    const share = calcOf("diffperc").of(values);
    const known = typeof share === "number" && Number.isFinite(share);
    setText(this.change, known ? `${share > 0 ? "▲" : share < 0 ? "▼" : "="} ${Math.abs(share).toFixed(1)}%` : "");
    const good = this.look.change === "inverted" ? -1 : 1;
    const plain = this.look.change === "same_as_value" || this.look.colorMode === "background_solid" || !share;
    this.change.className = `stat-change ${plain ? "" : Number(share) * good > 0 ? "good" : "bad"}`;
  }

  private style(name: string, value: string, el = this.root): void {
    if (el.style.getPropertyValue(name) !== value) el.style.setProperty(name, value);
  }

  private paint({ color, fill, share }: Shown["value"]): void {
    const { colorMode } = this.look;
    if (colorMode === "background_solid") {
      this.root.style.background = fill;
      this.root.style.color = textOn(fill);
    } else if (colorMode.startsWith("background")) {
      this.style("--tint", withAlpha(fill, 0.2));
      this.style("--edge", withAlpha(fill, 0.75));
    } else if (colorMode === "value") this.style("--value-color", color);
    // How far the value is between its limits, as a thin bar at the foot of the tile.
    if (!this.several) return;
    const part = Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0;
    this.style("width", `${(part * 100).toFixed(1)}%`, this.meter);
    this.meter.style.background = fill;
  }
}

function create(host: HTMLElement, context: PanelContext): PanelView {
  const look = lookOf(context.panel.options);
  const list = h("div", { class: "stat-list" });
  let tiles: Tile[] = [];
  let kind = "";
  host.append(list);
  return {
    update(data) {
      const items = shownValues(data.frames, context.panel.options, context);
      const several = items.length > 1;
      const now = items.map((i) => (i.link ? "a" : "-")).join("");
      if (now !== kind) {
        kind = now;
        tiles = items.map((item) => new Tile(item, look, several));
        list.classList.toggle("several", several);
        list.classList.toggle("rows", several && look.orientation === "horizontal");
        list.replaceChildren(...tiles.map((t) => t.root));
      }
      items.forEach((item, i) => tiles[i]!.update(item, data));
    },
  };
}

export const stat: PanelKind = { needsData: true, wantsSeries: true, create };
