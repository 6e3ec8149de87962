// Bar gauge: a bar per value; basic, gradient or as segments of a display; lying or standing.
import { isScale, namedColor, scaleColor, withAlpha } from "../data/colors.ts";
import { thresholdLevels } from "../data/display.ts";
import { at, bool, str } from "../model/json.ts";
import { h } from "../ui/dom.ts";
import type { PanelContext, PanelKind, PanelView } from "./kind.ts";
import { dataLimits, type Shown, shownValues, valueText } from "./values.ts";

/** Limits over all bars, so that they can be compared. */
function commonLimits(items: Shown[]): { min: number; max: number } {
  const numbers = items.map((i) => i.value.numeric).filter(Number.isFinite);
  const data = dataLimits(items.map((i) => i.field));
  return {
    min: Math.min(0, data.min, ...numbers),
    max: Math.max(data.max, ...numbers),
  };
}

interface Bar {
  item: Shown;
  share: number;
  limits: { min: number; max: number };
}

function barOf(item: Shown, common: { min: number; max: number }): Bar {
  const min = item.field.config.min ?? common.min;
  const max = item.field.config.max ?? common.max;
  const limits = { min, max: max > min ? max : min + 1 };
  const share = (item.value.numeric - min) / (limits.max - min);
  return { item, limits, share: Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0 };
}

/** The colours a gradient bar runs through on its way up to the value. */
function gradient(bar: Bar, context: PanelContext, to: string): string {
  const { config } = bar.item.field;
  const mode = config.color?.mode ?? "thresholds";
  const own = bar.item.value.fill;
  const stops: string[] = [];
  const reach = Math.max(bar.share, 1e-6);
  if (isScale(mode)) {
    for (let i = 0; i <= 4; i++)
      stops.push(`${scaleColor(mode, (i / 4) * reach, context.theme, true)} ${i * 25}%`);
  } else if (mode === "thresholds") {
    const { min, max } = bar.limits;
    for (const level of thresholdLevels({ ...config, min, max }, bar.limits)) {
      const place = Math.max(0, (level.value - min) / (max - min)) / reach;
      if (place <= 1)
        stops.push(`${namedColor(level.color, context.theme, true)} ${(place * 100).toFixed(1)}%`);
    }
  }
  if (stops.length < 2) return `linear-gradient(${to}, ${withAlpha(own, 0.45)}, ${own})`;
  return `linear-gradient(${to}, ${stops.join(", ")}, ${own} 100%)`;
}

function drawn(bar: Bar, context: PanelContext, mode: string, lying: boolean): HTMLElement {
  const fill = h("span", { class: "bar-fill" });
  const percent = `${(bar.share * 100).toFixed(2)}%`;
  if (lying) fill.style.width = percent;
  else fill.style.height = percent;
  const color = bar.item.value.fill;
  if (mode === "basic") fill.style.background = withAlpha(color, 0.75);
  else fill.style.background = gradient(bar, context, lying ? "to right" : "to top");
  return h("span", { class: `bar-track ${mode === "lcd" ? "lcd" : ""}` }, fill);
}

function row(bar: Bar, context: PanelContext, options: unknown, lying: boolean): HTMLElement {
  const mode = str(at(options, "displayMode"), "gradient");
  const colored = str(at(options, "valueMode"), "color") === "color";
  const text = valueText(bar.item.value);
  const value = h("span", { class: "bar-value", text });
  if (colored) value.style.color = bar.item.value.color;
  if (str(at(options, "valueMode")) === "hidden") value.classList.add("hidden");
  const track = drawn(bar, context, mode, lying);
  if (!bool(at(options, "showUnfilled"), true)) track.classList.add("bare");
  const name = h("span", { class: "bar-name", text: bar.item.name, title: bar.item.name });
  const parts = lying ? [name, track, value] : [value, track, name];
  const { link } = bar.item;
  if (!link) return h("div", { class: "bar-row" }, ...parts);
  return h("a", { class: "bar-row", href: link.href, title: link.title || null }, ...parts);
}

function create(host: HTMLElement, context: PanelContext): PanelView {
  const { options } = context.panel;
  // It scrolls where there are more bars than room, so the keyboard has to get there.
  const list = h("div", {
    class: "bar-list",
    tabindex: "0",
    role: "group",
    "aria-label": context.panel.title || "Bars",
  });
  host.append(list);
  const resize = (): void => {
    const wish = str(at(options, "orientation"), "auto");
    const lying =
      wish === "horizontal" || (wish !== "vertical" && host.clientWidth < host.clientHeight * 1.6);
    if (list.classList.contains("lying") !== lying || !list.dataset.set) {
      list.dataset.set = "1";
      list.classList.toggle("lying", lying);
      list.classList.toggle("standing", !lying);
      draw();
    }
  };
  let items: Shown[] = [];
  const draw = (): void => {
    const common = commonLimits(items);
    const lying = list.classList.contains("lying");
    const names = Math.max(0, ...items.map((i) => i.name.length));
    const texts = Math.max(0, ...items.map((i) => valueText(i.value).length));
    list.style.setProperty("--names", String(items.length > 1 ? names : 0));
    list.style.setProperty("--values", String(texts));
    list.replaceChildren(...items.map((i) => row(barOf(i, common), context, options, lying)));
  };
  return {
    update(data) {
      items = shownValues(data.frames, options, context);
      list.classList.toggle("single", items.length === 1);
      resize();
      draw();
    },
    resize,
  };
}

export const bargauge: PanelKind = { needsData: true, wantsSeries: true, create };
