// Older shapes of dashboard files, brought to the one that the loader reads: rows as boxes of panels
// (before Grafana 5), the panels `graph` and `singlestat`, and field options of Grafana 6.
import { arr, bool, type Json, num, obj, str, strings } from "./json.ts";

/** Rows of the oldest files: panels with a span of 12 columns become places on the grid. */
export function panelsOfRows(rows: unknown[]): unknown[] {
  const out: unknown[] = [];
  let y = 0;
  let id = 100_000;
  for (const raw of rows) {
    const row = obj(raw);
    const height = Math.max(3, Math.round((num(str(row.height).replace("px", "")) ?? 250) / 38));
    if (bool(row.showTitle) || bool(row.collapse)) {
      out.push({
        type: "row",
        id: ++id,
        title: str(row.title),
        collapsed: false,
        gridPos: { x: 0, y: y++, w: 24, h: 1 },
      });
    }
    let x = 0;
    for (const p of arr(row.panels)) {
      const w = Math.min(24, Math.max(1, Math.round((num(obj(p).span) ?? 4) * 2)));
      if (x + w > 24) {
        x = 0;
        y += height;
      }
      out.push({ ...obj(p), gridPos: { x, y, w, h: height } });
      x += w;
    }
    y += height;
  }
  return out;
}

const CALC_NAMES: Record<string, string> = {
  avg: "mean",
  current: "lastNotNull",
  total: "sum",
  min: "min",
  max: "max",
};

function graphLegend(raw: unknown): Json {
  const l = obj(raw);
  const calcs = Object.keys(CALC_NAMES).filter((k) => bool(l[k]) && bool(l.values));
  return {
    showLegend: bool(l.show, true),
    displayMode: bool(l.alignAsTable) ? "table" : "list",
    placement: bool(l.rightSide) ? "right" : "bottom",
    calcs: calcs.map((k) => CALC_NAMES[k]),
    ...(str(l.sort) ? { sortBy: CALC_NAMES[str(l.sort)] ?? "", sortDesc: bool(l.sortDesc) } : {}),
  };
}

function graphOverride(raw: unknown, rightUnit: string): Json | null {
  const o = obj(raw);
  const alias = str(o.alias);
  const properties: Json[] = [];
  if (o.yaxis === 2) {
    properties.push({ id: "custom.axisPlacement", value: "right" });
    if (rightUnit) properties.push({ id: "unit", value: rightUnit });
  }
  if (num(o.fill) !== undefined)
    properties.push({ id: "custom.fillOpacity", value: num(o.fill)! * 10 });
  if (num(o.linewidth) !== undefined)
    properties.push({ id: "custom.lineWidth", value: num(o.linewidth) });
  if (bool(o.bars)) properties.push({ id: "custom.drawStyle", value: "bars" });
  if (str(o.transform)) properties.push({ id: "custom.transform", value: str(o.transform) });
  if (str(o.color))
    properties.push({ id: "color", value: { mode: "fixed", fixedColor: str(o.color) } });
  if (!alias || !properties.length) return null;
  const id = alias.startsWith("/") ? "byRegexp" : "byName";
  return { matcher: { id, options: alias }, properties };
}

function graph(p: Json): Json {
  const axes = arr(p.yaxes).map(obj);
  const left = axes[0] ?? {};
  const log = num(left.logBase) ?? 1;
  const thresholds = arr(p.thresholds)
    .map(obj)
    .filter((t) => num(t.value) !== undefined);
  const steps = thresholds.map((t) => ({
    value: num(t.value),
    color: str(t.colorMode) === "warning" ? "orange" : "red",
  }));
  const colors = Object.entries(obj(p.aliasColors)).map(([name, color]) => ({
    matcher: { id: "byName", options: name },
    properties: [{ id: "color", value: { mode: "fixed", fixedColor: str(color) } }],
  }));
  const overrides = arr(p.seriesOverrides).map((o) => graphOverride(o, str(axes[1]?.format)));
  const stacked = bool(p.stack) ? (bool(p.percentage) ? "percent" : "normal") : "none";
  return {
    ...p,
    type: "timeseries",
    options: {
      legend: graphLegend(p.legend),
      tooltip: {
        mode: bool(obj(p.tooltip).shared, true) ? "multi" : "single",
        sort: ["none", "asc", "desc"][num(obj(p.tooltip).sort) ?? 0] ?? "none",
      },
    },
    fieldConfig: {
      defaults: {
        unit: str(left.format),
        min: left.min ?? undefined,
        max: left.max ?? undefined,
        decimals: p.decimals ?? undefined,
        thresholds: steps.length
          ? { mode: "absolute", steps: [{ value: null, color: "transparent" }, ...steps] }
          : undefined,
        custom: {
          drawStyle: bool(p.bars) ? "bars" : bool(p.lines, true) ? "line" : "points",
          lineWidth: num(p.linewidth) ?? 1,
          fillOpacity: (num(p.fill) ?? 1) * 10,
          lineInterpolation: bool(p.steppedLine) ? "stepAfter" : "linear",
          showPoints: bool(p.points) ? "always" : "never",
          spanNulls: p.nullPointMode === "connected",
          stacking: { mode: stacked, group: "A" },
          axisLabel: str(left.label),
          scaleDistribution: log > 1 ? { type: "log", log } : { type: "linear" },
          thresholdsStyle: { mode: steps.length ? "line" : "off" },
        },
      },
      overrides: [...colors, ...overrides.filter((o) => o)],
    },
  };
}

function singlestat(p: Json): Json {
  const levels = str(p.thresholds)
    .split(",")
    .map((t) => num(t))
    .filter((t) => t !== undefined);
  const colors = strings(p.colors);
  const steps = [null, ...levels].map((value, i) => ({ value, color: colors[i] ?? "green" }));
  const gauge = obj(p.gauge);
  const unit = str(p.format) || "none";
  const colored = bool(p.colorBackground) ? "background" : bool(p.colorValue) ? "value" : "none";
  const mappings = arr(p.valueMaps).map((m) => ({
    type: 1,
    value: str(obj(m).value),
    text: str(obj(m).text),
  }));
  return {
    ...p,
    type: bool(gauge.show) ? "gauge" : "stat",
    options: {
      reduceOptions: { calcs: [CALC_NAMES[str(p.valueName)] ?? "mean"], fields: "", values: false },
      colorMode: colored,
      graphMode: bool(obj(p.sparkline).show) ? "area" : "none",
    },
    fieldConfig: {
      defaults: {
        unit: str(p.postfix) && unit === "none" ? `suffix:${str(p.postfix)}` : unit,
        decimals: p.decimals ?? undefined,
        min: bool(gauge.show) ? gauge.minValue : undefined,
        max: bool(gauge.show) ? gauge.maxValue : undefined,
        thresholds: levels.length ? { mode: "absolute", steps } : undefined,
        mappings,
      },
      overrides: [],
    },
  };
}

/** Grafana 6 kept field settings below the options of each panel. */
function fieldOptions(p: Json): Json {
  const options = obj(p.options);
  const f = obj(options.fieldOptions);
  const defaults = { ...obj(f.defaults) };
  if (f.thresholds && !defaults.thresholds)
    defaults.thresholds = { mode: "absolute", steps: f.thresholds };
  return {
    ...p,
    options: {
      ...options,
      reduceOptions: { calcs: f.calcs ?? ["mean"], values: bool(f.values), fields: "" },
    },
    fieldConfig: { defaults, overrides: arr(f.overrides) },
  };
}

/** The heatmap of before Grafana 9: buckets from the query, or counted in cards of time and size. */
function oldHeatmap(p: Json): Json {
  const axis = obj(p.yAxis);
  const color = obj(p.color);
  const size = (n: unknown, width: unknown): Json =>
    str(width) ? { mode: "size", value: str(width) } : { mode: "count", value: str(n) };
  return {
    ...p,
    options: {
      calculate: p.dataFormat !== "tsbuckets",
      calculation: {
        xBuckets: size(p.xBucketNumber, p.xBucketSize),
        yBuckets: {
          ...size(p.yBucketNumber, p.yBucketSize),
          scale: (num(axis.logBase) ?? 1) > 1 ? { type: "log", log: num(axis.logBase) } : undefined,
        },
      },
      color: {
        mode: color.mode === "opacity" ? "opacity" : "scheme",
        scheme: str(color.colorScheme, "Oranges"),
        fill: str(color.cardColor),
        exponent: num(color.exponent),
        scale: color.colorScale === "linear" ? "linear" : "exponential",
        min: num(color.min),
        max: num(color.max),
      },
      cellGap: num(obj(p.cards).cardPadding),
      yAxis: {
        unit: str(axis.format),
        decimals: axis.decimals ?? undefined,
        reverse: p.reverseYBuckets,
      },
      legend: { show: bool(obj(p.legend).show, true) },
      filterValues: bool(p.hideZeroBuckets) ? undefined : { le: -1 },
    },
    fieldConfig: { defaults: { unit: str(axis.format) }, overrides: [] },
  };
}

/** The pie that was a plugin before Grafana 8. */
function oldPie(p: Json): Json {
  const legendType = str(p.legendType);
  return {
    ...p,
    type: "piechart",
    options: {
      pieType: p.pieType === "donut" ? "donut" : "pie",
      displayLabels: legendType === "On graph" ? ["name"] : [],
      reduceOptions: { calcs: [CALC_NAMES[str(p.valueName)] ?? "lastNotNull"], fields: "" },
      legend: {
        showLegend: bool(obj(p.legend).show, true) && legendType !== "On graph",
        placement: legendType === "Right side" ? "right" : "bottom",
        displayMode: "table",
        values: [
          ...(bool(obj(p.legend).values) ? ["value"] : []),
          ...(bool(obj(p.legend).percentage) ? ["percent"] : []),
        ],
      },
    },
    fieldConfig: { defaults: { unit: str(p.format) || undefined }, overrides: [] },
  };
}

const OLD_SHAPES: Record<string, Json[]> = {
  timeseries_to_rows: [{ id: "seriesToRows", options: {} }],
  timeseries_to_columns: [{ id: "joinByField", options: {} }],
  table: [{ id: "merge", options: {} }],
};

/** One column style of the table before Grafana 7, as an override. */
function tableStyle(raw: unknown): Json | null {
  const s = obj(raw);
  const pattern = str(s.pattern);
  const properties: Json[] = [];
  const set = (id: string, value: unknown): void => {
    properties.push({ id, value });
  };
  if (!pattern || pattern === "/.*/") return null;
  if (s.type === "hidden") set("custom.hidden", true);
  if (str(s.alias)) set("displayName", str(s.alias));
  if (s.type === "number" && str(s.unit)) set("unit", str(s.unit));
  if (s.type === "number" && num(s.decimals) !== undefined) set("decimals", num(s.decimals));
  if (s.type === "date" && str(s.dateFormat)) set("unit", `time:${str(s.dateFormat)}`);
  if (str(s.align) && s.align !== "auto") set("custom.align", str(s.align));
  const levels = arr(s.thresholds)
    .map(num)
    .filter((t) => t !== undefined);
  const where: Record<string, string> = { cell: "color-background", row: "color-background" };
  if (str(s.colorMode) && levels.length) {
    const colors = strings(s.colors);
    const steps = [null, ...levels].map((value, i) => ({ value, color: colors[i] ?? "green" }));
    set("thresholds", { mode: "absolute", steps });
    set("custom.cellOptions", { type: where[str(s.colorMode)] ?? "color-text" });
  }
  if (bool(s.link) && str(s.linkUrl))
    set("links", [
      { title: str(s.linkTooltip), url: str(s.linkUrl), targetBlank: bool(s.linkTargetBlank) },
    ]);
  if (!properties.length) return null;
  const id = pattern.startsWith("/") ? "byRegexp" : "byName";
  return { matcher: { id, options: pattern }, properties };
}

function oldTable(p: Json): Json {
  const aggregated = p.transform === "timeseries_aggregations";
  const reducers = arr(p.columns).map((c) => CALC_NAMES[str(obj(c).value)] ?? "lastNotNull");
  const shape = aggregated
    ? [{ id: "reduce", options: { reducers: reducers.length ? reducers : ["mean"] } }]
    : (OLD_SHAPES[str(p.transform)] ?? []);
  const sort = obj(p.sort);
  const overrides = arr(p.styles)
    .map(tableStyle)
    .filter((o) => o);
  return {
    ...p,
    type: "table",
    transformations: shape,
    options: {
      showHeader: bool(p.showHeader, true),
      sortBy: str(sort.col) ? [{ displayName: str(sort.col), desc: bool(sort.desc) }] : [],
    },
    fieldConfig: { defaults: {}, overrides },
  };
}

/** Text panels kept their words beside the options before Grafana 7. */
function oldText(p: Json): Json {
  return { ...p, options: { mode: str(p.mode, "markdown"), content: str(p.content) } };
}

/** A panel of any age as one of today; what is new already comes back as it is. */
export function migrated(raw: unknown): Json {
  const p = obj(raw);
  if (p.type === "graph") return graph(p);
  if (p.type === "singlestat" || p.type === "grafana-singlestat-panel") return singlestat(p);
  if (p.type === "grafana-piechart-panel") return oldPie(p);
  if (p.type === "heatmap" && p.dataFormat !== undefined && !obj(p.options).color)
    return oldHeatmap(p);
  if ((p.type === "table" || p.type === "table-old") && Array.isArray(p.styles)) return oldTable(p);
  if (p.type === "text" && p.content !== undefined && !obj(p.options).content) return oldText(p);
  if (obj(p.options).fieldOptions && !p.fieldConfig) return fieldOptions(p);
  return p;
}
