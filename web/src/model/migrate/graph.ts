// The panel `graph` of before Grafana 8: a time series, or bars where its x axis is no time.
import { arr, bool, type Json, num, obj, str } from "../json.ts";
import { CALC_NAMES } from "./names.ts";

const LEGEND_CALCS = ["avg", "current", "max", "min", "total"];

function legendOf(raw: unknown): Json {
  const l = obj(raw);
  const calcs = LEGEND_CALCS.filter((k) => bool(l[k]) && bool(l.values));
  return {
    showLegend: bool(l.show, true),
    displayMode: bool(l.alignAsTable) ? "table" : "list",
    placement: bool(l.rightSide) ? "right" : "bottom",
    width: num(l.sideWidth),
    calcs: calcs.map((k) => CALC_NAMES[k]),
    ...(str(l.sort) ? { sortBy: CALC_NAMES[str(l.sort)] ?? "", sortDesc: bool(l.sortDesc) } : {}),
  };
}

const scaleOf = (log: number): Json => (log > 1 ? { type: "log", log } : { type: "linear" });
const dashOf = (o: Json): Json => ({
  fill: "dash",
  dash: [num(o.dashLength) ?? 10, num(o.spaceLength) ?? 10],
});

/** What an override of one series sets; the right axis brings its own unit, limits and words. */
function overrideOf(raw: unknown, right: Json): Json | null {
  const o = obj(raw);
  const alias = str(o.alias);
  const properties: Json[] = [];
  const set = (id: string, value: unknown): void => {
    if (value !== undefined && value !== "") properties.push({ id, value });
  };
  if (o.yaxis === 2) {
    set("custom.axisPlacement", right.show === false ? "hidden" : "right");
    set("unit", str(right.format));
    set("min", num(right.min));
    set("max", num(right.max));
    set("custom.axisLabel", str(right.label));
    if ((num(right.logBase) ?? 1) > 1) set("custom.scaleDistribution", scaleOf(num(right.logBase)!));
  }
  if (num(o.fill) !== undefined) set("custom.fillOpacity", num(o.fill)! * 10);
  if (num(o.fillGradient)) set("custom.gradientMode", "opacity");
  set("custom.lineWidth", o.lines === false ? 0 : num(o.linewidth));
  if (bool(o.bars)) set("custom.drawStyle", "bars");
  else if (bool(o.lines)) set("custom.drawStyle", "line");
  if (bool(o.points)) set(o.lines === false ? "custom.drawStyle" : "custom.showPoints", o.lines === false ? "points" : "always");
  if (num(o.pointradius)) set("custom.pointSize", num(o.pointradius)! * 2);
  if (bool(o.dashes)) set("custom.lineStyle", dashOf(o));
  if (bool(o.steppedLine)) set("custom.lineInterpolation", "stepAfter");
  if (o.nullPointMode === "connected") set("custom.spanNulls", true);
  if (o.stack === false) set("custom.stacking", { mode: "none" });
  else if (o.stack === true || str(o.stack)) set("custom.stacking", { mode: "normal", group: str(o.stack) || "A" });
  set("custom.fillBelowTo", str(o.fillBelowTo));
  set("custom.transform", str(o.transform));
  if (o.legend === false || o.hideTooltip === true || o.hiddenSeries === true)
    set("custom.hideFrom", { legend: o.legend === false, tooltip: o.hideTooltip === true, viz: o.hiddenSeries === true });
  if (str(o.color)) set("color", { mode: "fixed", fixedColor: str(o.color) });
  if (!alias || !properties.length) return null;
  return { matcher: { id: alias.startsWith("/") ? "byRegexp" : "byName", options: alias }, properties };
}

const COLOR_OF: Record<string, string> = { critical: "red", warning: "orange", ok: "green" };

/** Limits drawn over the chart: what lies above one ("gt") has its colour, or what lies below ("lt"). */
function thresholdsOf(raw: unknown): { steps: Json[]; style: string } {
  const given = arr(raw)
    .map(obj)
    .filter((t) => num(t.value) !== undefined)
    .sort((a, b) => num(a.value)! - num(b.value)!);
  const color = (t: Json): string => COLOR_OF[str(t.colorMode)] ?? (str(t.fillColor) || str(t.lineColor) || "red");
  const steps: Json[] = [{ value: null, color: "transparent" }];
  for (const t of given) {
    if (t.op === "lt") steps[steps.length - 1] = { ...steps[steps.length - 1], color: color(t) };
    steps.push({ value: num(t.value), color: t.op === "lt" ? "transparent" : color(t) });
  }
  const line = given.some((t) => t.line !== false);
  const area = given.some((t) => t.fill === true);
  return { steps: given.length ? steps : [], style: line && area ? "line+area" : area ? "area" : "line" };
}

/** An axis of series in place of time: a bar for each, by one calculation. */
function ofSeries(p: Json, unit: string): Json {
  const calc = CALC_NAMES[str(arr(obj(p.xaxis).values)[0])] ?? "sum";
  return {
    ...p,
    type: "bargauge",
    options: { orientation: "vertical", displayMode: "basic", reduceOptions: { calcs: [calc], fields: "", values: false } },
    fieldConfig: { defaults: { unit, color: { mode: "palette-classic" }, min: 0 }, overrides: [] },
  };
}

function histogramOf(p: Json, unit: string): Json {
  const buckets = num(obj(p.xaxis).buckets);
  return {
    ...p,
    type: "histogram",
    options: { combine: true, ...(buckets ? { bucketCount: buckets } : {}), legend: legendOf(p.legend) },
    fieldConfig: { defaults: { unit }, overrides: [] },
  };
}

export function graph(p: Json): Json {
  const axes = arr(p.yaxes).map(obj);
  const left = axes[0] ?? {};
  const unit = str(left.format) || str(arr(p.y_formats)[0]);
  const right = axes[1] ?? { format: str(arr(p.y_formats)[1]) };
  const mode = str(obj(p.xaxis).mode);
  if (mode === "series") return ofSeries(p, unit);
  if (mode === "histogram") return histogramOf(p, unit);
  const { steps, style } = thresholdsOf(p.thresholds);
  const colors = Object.entries(obj(p.aliasColors)).map(([name, color]) => ({
    matcher: { id: "byName", options: name },
    properties: [{ id: "color", value: { mode: "fixed", fixedColor: str(color) } }],
  }));
  const overrides = arr(p.seriesOverrides).map((o) => overrideOf(o, right));
  const stacked = bool(p.stack) ? (bool(p.percentage) ? "percent" : "normal") : "none";
  const lines = bool(p.lines, true);
  return {
    ...p,
    type: "timeseries",
    options: {
      legend: legendOf(p.legend),
      tooltip: {
        mode: bool(obj(p.tooltip).shared, true) ? "multi" : "single",
        sort: ["none", "asc", "desc"][num(obj(p.tooltip).sort) ?? 0] ?? "none",
      },
    },
    fieldConfig: {
      defaults: {
        unit,
        min: left.min ?? undefined,
        max: left.max ?? undefined,
        decimals: left.decimals ?? p.decimals ?? undefined,
        thresholds: steps.length ? { mode: "absolute", steps } : undefined,
        links: obj(p.options).dataLinks,
        custom: {
          drawStyle: bool(p.bars) ? "bars" : lines ? "line" : "points",
          lineWidth: num(p.linewidth) ?? 1,
          fillOpacity: bool(p.bars) && num(p.fill) === undefined ? 100 : (num(p.fill) ?? 1) * 10,
          gradientMode: num(p.fillGradient) ? "opacity" : "none",
          lineInterpolation: bool(p.steppedLine) ? "stepAfter" : "linear",
          lineStyle: bool(p.dashes) ? dashOf(p) : undefined,
          pointSize: num(p.pointradius) ? num(p.pointradius)! * 2 : undefined,
          showPoints: bool(p.points) ? "always" : "never",
          spanNulls: p.nullPointMode === "connected",
          stacking: { mode: stacked, group: "A" },
          axisLabel: str(left.label),
          axisPlacement: left.show === false ? "hidden" : "auto",
          scaleDistribution: scaleOf(num(left.logBase) ?? 1),
          thresholdsStyle: { mode: steps.length ? style : "off" },
        },
      },
      overrides: [...colors, ...overrides.filter((o) => o)],
    },
  };
}
