// Time series: lines, bars and points over time, drawn by uPlot; legend, tooltip, crosshair over
// all charts of the page, zoom by dragging.
import uPlot from "uplot";
import { namedColor } from "../data/colors.ts";
import { zoneName } from "../data/zone.ts";
import { h } from "../ui/dom.ts";
import { fillOf, paintAreas, paintLines, paintMarks, strokeOf } from "./chart/draw.ts";
import { calcColumns, columnsOfCalcs, Hidden, Legend, seriesEntry } from "./chart/legend.ts";
import { chartModel, type ChartModel, type ChartSeries } from "./chart/model.ts";
import { axisLook, rangeOf, type ScaleInfo, scalesOf, xAxis, yAxis } from "./chart/scales.ts";
import { hideTooltip, showTooltip, type TooltipLine, tooltipRows } from "./chart/tooltip.ts";
import { isolatedPoints } from "./chart/points.ts";
import type { PanelContext, PanelData, PanelKind, PanelView } from "./kind.ts";

const SYNC = "algalon";
const LEAST_DRAG_PX = 5;
const NEAR_MARK_PX = 5;
const EMPTY: ChartModel = { times: [], series: [], dropped: 0 };

function pathsOf(s: ChartSeries): uPlot.Series.PathBuilder | undefined {
  const p = uPlot.paths;
  if (s.draw === "bars")
    return p.bars?.({ size: [s.barFactor, 100], align: s.barAlign, radius: 0 });
  if (s.draw === "points") return () => null;
  if (s.interpolation === "smooth") return p.spline?.();
  if (s.interpolation === "stepBefore") return p.stepped?.({ align: -1 });
  if (s.interpolation === "stepAfter") return p.stepped?.({ align: 1 });
  return p.linear?.();
}

/** Charts share where the pointer is, not what its buttons do. */
function isMove(type: string): boolean {
  return type === "mousemove" || type === "mouseleave";
}

/** What makes a chart another chart: anything but its values. */
function signature(model: ChartModel): string {
  return JSON.stringify(
    model.series.map((s) => [s.name, s.color, s.config, s.draw, s.width, s.stackMode, s.below, s.inChart]),
  );
}

class TimeseriesView implements PanelView {
  private readonly plotHost = h("div", { class: "chart", role: "group" });
  private readonly legend: Legend | null;
  private readonly calcs: string[];
  private readonly hidden = new Hidden();
  private plot: uPlot | null = null;
  private model = EMPTY;
  private drawn = "";
  private data: PanelData | null = null;

  constructor(
    private readonly host: HTMLElement,
    private readonly context: PanelContext,
  ) {
    this.calcs = calcColumns(context);
    this.legend = Legend.shown(context)
      ? new Legend(
          context,
          columnsOfCalcs(this.calcs),
          this.hidden.has,
          (n, add) => this.toggle(n, add),
          (n) => this.emphasise(n),
        )
      : null;
    host.classList.add("chart-host");
    host.append(this.plotHost);
    if (this.legend) host.append(this.legend.root);
    this.legend?.fit(host);
    this.plotHost.addEventListener("keydown", (e) => this.key(e));
  }

  update(data: PanelData): void {
    this.data = data;
    this.redraw();
  }

  private redraw(): void {
    if (!this.data) return;
    this.model = chartModel(this.data.frames, this.context.theme, this.hidden.has);
    const listed = this.model.series.filter((s) => s.inLegend);
    this.legend?.update(listed.map((s) => seriesEntry(s, this.calcs, this.context)));
    const sign = signature(this.model);
    this.plotHost.setAttribute("aria-label", this.words());
    this.plotHost.dataset.marks = String(this.data.marks?.length ?? 0);
    if (this.plot && sign === this.drawn) {
      this.plot.setData(this.columns(), true);
      return;
    }
    this.drawn = sign;
    this.build();
  }

  private words(): string {
    const n = this.model.series.length;
    return `${this.context.panel.title || "Chart"}: ${n} series over time. Arrow keys move the cursor.`;
  }

  private columns(): uPlot.AlignedData {
    return [this.model.times, ...this.model.series.map((s) => s.y)] as uPlot.AlignedData;
  }

  private toggle(name: string, add: boolean): void {
    this.hidden.toggle(
      name,
      add,
      this.model.series.map((s) => s.name),
    );
    this.drawn = "";
    this.redraw();
  }

  private emphasise(name: string | null): void {
    const i = this.model.series.findIndex((s) => s.name === name);
    this.plot?.setSeries(i < 0 ? null : i + 1, { focus: true }, false);
  }

  private size(): { width: number; height: number } {
    return {
      width: Math.max(60, this.plotHost.clientWidth),
      height: Math.max(60, this.plotHost.clientHeight),
    };
  }

  resize(): void {
    this.legend?.fit(this.host);
    if (!this.plot) return;
    const { width, height } = this.size();
    if (width !== this.plot.width || height !== this.plot.height)
      this.plot.setSize({ width, height });
  }

  destroy(): void {
    this.plot?.destroy();
    this.plot = null;
    hideTooltip();
  }

  private build(): void {
    this.plot?.destroy();
    const { scales, keyOf } = scalesOf(this.model.series);
    const look = axisLook(this.host, this.context.theme);
    const axes = [xAxis(look, this.context.timezone)];
    scales.forEach((info, i) => axes.push(yAxis(info, look, i === 0)));
    if (!scales.length) axes.push({ show: false, scale: "y" });
    const options: uPlot.Options = {
      ...this.size(),
      ms: 1,
      padding: [8, 18, 0, scales.some((s) => s.side === "left") ? 0 : 10],
      legend: { show: false },
      series: [{}, ...this.model.series.map((s, i) => this.seriesOptions(s, keyOf[i]!))],
      bands: this.bands(keyOf),
      scales: this.scaleOptions(scales),
      axes,
      cursor: this.cursorOptions(),
      focus: { alpha: 0.25 },
      hooks: this.hooks(keyOf),
    };
    const { timezone } = this.context;
    if (timezone !== "browser")
      options.tzDate = (ts) => uPlot.tzDate(new Date(ts), zoneName(timezone));
    this.plot = new uPlot(options, this.columns(), this.plotHost);
    this.plot.over.tabIndex = 0;
  }

  private seriesOptions(s: ChartSeries, scale: string): uPlot.Series {
    const points =
      s.draw === "points" || s.points === "always"
        ? true
        : s.points === "never" || s.draw === "bars"
          ? false
          : null; // only where no line would show it
    return {
      label: s.name,
      scale,
      show: s.inChart && !this.hidden.has(s.name),
      stroke: strokeOf(s, scale, this.context.theme),
      // A line's fill goes down to the series below it as a band; bars begin there by themselves.
      fill: s.below < 0 || s.draw === "bars" ? fillOf(s, scale, this.context.theme) : undefined,
      width: s.draw === "points" || this.isDense(s) ? 0 : s.width,
      dash: s.dash,
      paths: pathsOf(s),
      points: {
        show: points ?? false,
        filter: points === null ? (u, i) => isolatedPoints(u.data[i]!) : undefined,
        size: s.pointSize,
        fill: s.color,
        stroke: s.color,
      },
    };
  }

  /** Bars so thin that their outlines would be all there is: the fill alone draws them. */
  private isDense(s: ChartSeries): boolean {
    return (
      s.draw === "bars" && s.fillOpacity > 0 && this.model.times.length * 6 > this.size().width
    );
  }

  /** Fill between a stacked series and the one below it, or down to a named series. */
  private bands(keyOf: string[]): uPlot.Band[] {
    const out: uPlot.Band[] = [];
    this.model.series.forEach((s, i) => {
      const named = s.fillBelowTo
        ? this.model.series.findIndex((x) => x.name === s.fillBelowTo)
        : -1;
      const below = s.below >= 0 ? s.below : named;
      if (below < 0) return;
      const fill = fillOf(s, keyOf[i]!, this.context.theme);
      const paint = typeof fill === "function" ? (u: uPlot) => fill(u, i + 1) : fill;
      out.push({ series: [i + 1, below + 1], fill: paint });
    });
    return out;
  }

  private scaleOptions(scales: ScaleInfo[]): uPlot.Scales {
    const all: uPlot.Scales = {
      x: { time: true, range: () => [this.data!.range.from, this.data!.range.to] },
    };
    for (const info of scales)
      all[info.key] = {
        range: rangeOf(info),
        ...(info.log ? { distr: 3 as uPlot.Scale.Distr, log: info.log } : {}),
      };
    return all;
  }

  private cursorOptions(): uPlot.Cursor {
    return {
      y: false,
      drag: { x: true, y: false, setScale: false, dist: LEAST_DRAG_PX },
      focus: { prox: 12 },
      points: { size: 7 },
      sync: { key: SYNC, setSeries: false, scales: ["x", null], filters: { pub: isMove } },
      bind: {
        dblclick: () => () => {
          this.context.zoomOut();
          return null;
        },
      },
    };
  }

  private hooks(keyOf: string[]): uPlot.Hooks.Arrays {
    const { theme } = this.context;
    const firsts = this.model.series.filter((_, i) => keyOf.indexOf(keyOf[i]!) === i);
    const scale = (s: ChartSeries): string => keyOf[this.model.series.indexOf(s)] ?? keyOf[0]!;
    const marks = firsts.map((s) => ({ s, key: scale(s) }));
    return {
      drawClear: [(u) => marks.forEach((m) => paintAreas(u, m.s, m.key, theme))],
      draw: [
        (u) => marks.forEach((m) => paintLines(u, m.s, m.key, theme, uPlot.pxRatio)),
        (u) => paintMarks(u, this.data?.marks ?? [], theme, uPlot.pxRatio),
      ],
      setCursor: [(u) => this.cursorMoved(u)],
      setSelect: [
        (u) => {
          const { left, width } = u.select;
          if (width < LEAST_DRAG_PX) return;
          const from = Math.round(u.posToVal(left, "x"));
          const to = Math.round(u.posToVal(left + width, "x"));
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          hideTooltip();
          this.context.zoom(from, to);
        },
      ],
      ready: [
        (u) => {
          u.over.addEventListener("mouseleave", hideTooltip);
          u.over.addEventListener("blur", hideTooltip);
        },
      ],
    };
  }

  /** The series whose line runs closest to the pointer. */
  private nearest(u: uPlot, index: number): ChartSeries | null {
    let best: ChartSeries | null = null;
    let least = Infinity;
    this.model.series.forEach((s, i) => {
      const v = s.y[index];
      const scale = u.series[i + 1]?.scale;
      if (typeof v !== "number" || !scale || !s.inChart || this.hidden.has(s.name)) return;
      const distance = Math.abs(u.valToPos(v, scale) - (u.cursor.top ?? 0));
      if (distance < least) [best, least] = [s, distance];
    });
    return best;
  }

  private cursorMoved(u: uPlot): void {
    const own = u.over.matches(":hover") || u.over === document.activeElement;
    const index = u.cursor.idx;
    if (!own) return;
    if (index === null || index === undefined || (u.cursor.left ?? -1) < 0) {
      hideTooltip();
      return;
    }
    const rows = tooltipRows(this.model.series, index, this.hidden.has);
    const rect = u.over.getBoundingClientRect();
    const pointer = { x: rect.left + (u.cursor.left ?? 0), y: rect.top + (u.cursor.top ?? 0) };
    const near = this.nearest(u, index);
    showTooltip(this.context, rows, this.model.times[index]!, near, pointer, this.marksAt(u));
  }

  /** The annotations at the pointer, as lines of the tooltip. */
  private marksAt(u: uPlot): TooltipLine[] {
    const at = (t: number): number => u.valToPos(t, "x");
    const x = u.cursor.left ?? -1;
    return (this.data?.marks ?? [])
      .filter((m) => x >= at(m.from) - NEAR_MARK_PX && x <= at(m.to) + NEAR_MARK_PX)
      .slice(0, 5)
      .map((m) => ({
        color: namedColor(m.color, this.context.theme),
        name: m.title,
        text: m.text,
      }));
  }

  /** Arrow keys walk over the points; Escape lets go. */
  private key(event: KeyboardEvent): void {
    const u = this.plot;
    if (!u || !this.model.times.length) return;
    const step = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
    if (event.key === "Escape" && (u.cursor.left ?? -1) >= 0) {
      u.setCursor({ left: -10, top: -10 });
      hideTooltip();
      event.stopPropagation();
    }
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const last = this.model.times.length - 1;
    const now = (u.cursor.left ?? -1) < 0 ? last + 1 : (u.cursor.idx ?? last);
    const to = Math.min(last, Math.max(0, now + step * (event.shiftKey ? 10 : 1)));
    u.setCursor({ left: u.valToPos(this.model.times[to]!, "x"), top: u.over.clientHeight / 2 });
  }
}

export const timeseries: PanelKind = {
  needsData: true,
  wantsSeries: true,
  wantsMarks: true,
  create: (host, context) => new TimeseriesView(host, context),
};
