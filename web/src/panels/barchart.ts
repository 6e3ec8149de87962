// Bar chart: a bar per row and column of a table; and histograms, whose rows are buckets.
import { histogramOf } from "../data/buckets.ts";
import { display } from "../data/display.ts";
import type { Field, Frame, Value } from "../data/frame.ts";
import { shownNames } from "../data/matchers.ts";
import { formatDate } from "../data/time.ts";
import { joinByField } from "../data/transform/join.ts";
import { at, bool, num, str } from "../model/json.ts";
import { type Bars, type BarSeries, drawBars } from "./bars.ts";
import { calcColumns, columnsOfCalcs, type LegendEntry } from "./chart/legend.ts";
import { hideTooltip, showLines } from "./chart/tooltip.ts";
import type { PanelContext, PanelData, PanelKind } from "./kind.ts";
import { axisText, sizeOf, ticksOf } from "./plot.ts";
import { PlottedView } from "./plotted.ts";
import { dataLimits, fieldColor, valueText } from "./values.ts";
import { calcOf } from "../data/calcs.ts";

const MAX_SLOTS = 500;

interface Model {
  bars: Omit<Bars, "series">;
  heads: string[]; // what each slot is called in the tooltip
  series: (BarSeries & { raw: Value[]; field: Field; legend: boolean; color: string })[];
}

function textOf(
  field: Field,
  v: Value,
  name: string,
  c: PanelContext,
): { text: string; color: string } {
  const shown = display(field.config, v, {
    theme: c.theme,
    timezone: c.timezone,
    seriesIndex: 0,
    name,
    limits: dataLimits([field]),
    isTime: field.type === "time",
  });
  return { text: valueText(shown), color: shown.fill };
}

function hiddenFrom(field: Field, where: string): boolean {
  return bool(at(field.config.custom, `hideFrom.${where}`));
}

/** Bars take the colours of their values where the mode looks at values, else one per column. */
function seriesOf(field: Field, name: string, index: number, values: Value[], c: PanelContext) {
  const mode = field.config.color?.mode ?? "palette-classic";
  const byValue = mode === "thresholds" || mode.startsWith("continuous-");
  const color = fieldColor(field, name, index, c.theme);
  const shown = values.map((v) => textOf(field, v, name, c));
  return {
    name,
    field,
    color,
    raw: values,
    values: values.map((v) => (typeof v === "number" ? v : null)),
    texts: shown.map((s) => s.text),
    colors: shown.map((s) => (byValue ? s.color : color)),
    fillOpacity: num(field.config.custom.fillOpacity) ?? 80,
    lineWidth: num(field.config.custom.lineWidth) ?? 1,
    legend: !hiddenFrom(field, "legend"),
  };
}

/** One table: as it is, or series joined on their times. */
function tableOf(frames: Frame[]): Frame | undefined {
  if (frames.length < 2) return frames[0];
  const timed = frames.filter((f) => f.fields.some((x) => x.type === "time"));
  return timed.length === frames.length ? joinByField(frames, {}, (t) => t)[0] : frames[0];
}

function barchartModel(data: PanelData, c: PanelContext): Model | null {
  const { options } = c.panel;
  const frame = tableOf(data.frames);
  if (!frame) return null;
  const names = shownNames([frame]);
  const nameOf = (f: Field): string => names.get(f) ?? f.name;
  const wish = str(options.xField);
  const x =
    frame.fields.find((f) => wish && (nameOf(f) === wish || f.name === wish)) ??
    frame.fields.find((f) => f.type === "string") ??
    frame.fields.find((f) => f.type === "time");
  const count = Math.min(frame.length, MAX_SLOTS);
  const columns = frame.fields.filter(
    (f) => f !== x && f.type === "number" && !hiddenFrom(f, "viz"),
  );
  if (!columns.length) return null;
  const series = columns.map((f, i) => seriesOf(f, nameOf(f), i, f.values.slice(0, count), c));
  const by = frame.fields.find((f) => str(options.colorByField) === nameOf(f));
  if (by)
    for (const s of series)
      s.colors = s.colors.map((_, i) => textOf(by, by.values[i] ?? null, nameOf(by), c).color);
  const span = data.range.to - data.range.from;
  const clock = span > 2 * 86_400_000 ? "MMM DD HH:mm" : "HH:mm:ss";
  const most = num(options.xTickLabelMaxLength) ?? 0;
  const heads = Array.from({ length: count }, (_, i) => {
    const v = x?.values[i] ?? null;
    if (!x) return String(i + 1);
    return x.type === "time"
      ? formatDate(Number(v), clock, c.timezone)
      : textOf(x, v, nameOf(x), c).text;
  });
  const cut = (t: string): string => (most > 0 && t.length > most ? `${t.slice(0, most)}…` : t);
  const orientation = str(options.orientation, "auto");
  const { config } = columns[0]!;
  return {
    heads,
    series,
    bars: {
      slots: heads.map((_, i) => ({ from: i / count, to: (i + 1) / count })),
      ticks: heads.map((t, i) => ({ at: (i + 0.5) / count, text: cut(t) })),
      turn: -(num(options.xTickLabelRotation) ?? 0),
      stacking: str(options.stacking, "none"),
      lying: orientation === "horizontal",
      groupWidth: num(options.groupWidth) ?? 0.7,
      barWidth: num(options.barWidth) ?? 0.97,
      showValue: str(options.showValue, "auto"),
      unit: config.unit,
      decimals: config.decimals,
      min: config.min,
      max: config.max,
    },
  };
}

function histogramModel(data: PanelData, c: PanelContext): Model | null {
  const { options } = c.panel;
  const found = histogramOf(data.frames, {
    size: num(options.bucketSize),
    count: num(options.bucketCount),
    offset: num(options.bucketOffset),
    combine: bool(options.combine),
  });
  if (!found) return null;
  const { mins, size } = found;
  const from = mins[0]!;
  const whole = mins[mins.length - 1]! + size - from;
  const config = found.series[0]!.field.config;
  const write = (v: number): string => axisText(v, config.unit, config.decimals);
  const counting = {
    ...config,
    unit: "short",
    decimals: undefined,
    min: undefined,
    max: undefined,
  };
  const series = found.series.map((s, i) => {
    const field = { ...s.field, config: { ...counting, color: s.field.config.color } };
    const made = seriesOf(field, s.name, i, s.counts, c);
    const stacked = str(at(config.custom, "stacking.mode"), "none") !== "none";
    const faint = found.series.length > 1 && !stacked ? 40 : 80;
    return { ...made, fillOpacity: num(config.custom.fillOpacity) ?? faint };
  });
  return {
    heads: mins.map((m) => `${write(m)} to ${write(m + size)}`),
    series,
    bars: {
      slots: mins.map((m) => ({ from: (m - from) / whole, to: (m + size - from) / whole })),
      ticks: ticksOf(from, from + whole, 8).map((v) => ({
        at: (v - from) / whole,
        text: write(v),
      })),
      turn: 0,
      stacking: str(at(config.custom, "stacking.mode"), "none"),
      lying: false,
      groupWidth: 0.96,
      barWidth: 1,
      showValue: "never",
      unit: "short",
      decimals: undefined,
      min: 0,
      max: undefined,
    },
  };
}

type ModelOf = (data: PanelData, c: PanelContext) => Model | null;

class BarsView extends PlottedView {
  private readonly calcs: string[];
  private model: Model | null = null;

  constructor(
    host: HTMLElement,
    context: PanelContext,
    private readonly modelOf: ModelOf,
  ) {
    const calcs = calcColumns(context);
    super(host, context, "Bars", columnsOfCalcs(calcs));
    this.calcs = calcs;
  }

  protected names(): string[] {
    return this.model?.series.map((s) => s.name) ?? [];
  }

  private entry(s: Model["series"][number]): LegendEntry {
    const values = this.calcs.map((id) => calcOf(id).of(s.raw));
    const texts = values.map((v) => textOf(s.field, v, s.name, this.context).text);
    return { name: s.name, color: s.color, values, texts };
  }

  protected draw(): void {
    if (!this.data) return;
    this.model = this.modelOf(this.data, this.context);
    const { model } = this;
    this.legend?.update((model?.series ?? []).filter((s) => s.legend).map((s) => this.entry(s)));
    this.legend?.fit(this.host);
    if (!model) {
      this.plot.canvas.replaceChildren();
      return;
    }
    const series = model.series.map((s) =>
      this.hidden.has(s.name) ? { ...s, values: s.values.map(() => null) } : s,
    );
    const title = this.context.panel.title || "Bars";
    const words = `${title}: ${series.length} series of ${model.heads.length} bars`;
    this.plot.canvas.setAttribute("aria-label", words);
    drawBars(this.plot.canvas, sizeOf(this.plot.host), { ...model.bars, series });
  }

  protected hover(e: PointerEvent): void {
    const bar = (e.target as Element).getAttribute("data-bar");
    if (!bar || !this.model) {
      hideTooltip();
      return;
    }
    const [series, slot] = bar.split("/").map(Number) as [number, number];
    const all = str(at(this.context.panel.options, "tooltip.mode"), "single") === "multi";
    const lines = this.model.series
      .map((s, i) => ({
        color: s.colors[slot]!,
        name: s.name,
        text: s.texts[slot]!,
        near: all && i === series,
      }))
      .filter((_, i) => all || i === series);
    showLines(this.model.heads[slot]!, lines, { x: e.clientX, y: e.clientY });
  }
}

export const barchart: PanelKind = {
  needsData: true,
  wantsSeries: false,
  create: (host, context) => new BarsView(host, context, barchartModel),
};

export const histogram: PanelKind = {
  needsData: true,
  wantsSeries: true,
  create: (host, context) => new BarsView(host, context, histogramModel),
};
