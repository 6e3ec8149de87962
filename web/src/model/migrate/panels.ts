// Panels of older files as panels of today: field options of Grafana 6, heatmap and pie of before
// Grafana 9, texts beside the options, and plugins whose panels one of today's kinds can stand for.
import { arr, bool, type Json, num, obj, str } from "../json.ts";
import { graph } from "./graph.ts";
import { CALC_NAMES } from "./names.ts";
import { mappingsOf, singlestat } from "./singlestat.ts";
import { table } from "./table.ts";

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

/** Text panels kept their words beside the options before Grafana 7. */
function oldText(p: Json): Json {
  return { ...p, options: { mode: str(p.mode, "markdown"), content: str(p.content) } };
}

/** The plugin natel-discrete-panel: states over time. */
function discrete(p: Json): Json {
  const colors = arr(p.colorMaps).map(obj);
  const colored = colors.map((m) => ({
    type: "value",
    options: { [str(m.text)]: { text: str(m.text), color: str(m.color) } },
  }));
  return {
    ...p,
    type: "state-timeline",
    options: { mergeValues: true, showValue: "auto", legend: { showLegend: bool(p.showLegend, true) } },
    fieldConfig: { defaults: { unit: str(p.units) || undefined, mappings: [...mappingsOf(p), ...colored] }, overrides: [] },
  };
}

/** The plugin flant-statusmap-panel: a cell for each series and moment. */
function statusmap(p: Json): Json {
  const thresholds = arr(obj(p.color).thresholds).map(obj);
  const mappings = thresholds.map((t) => ({
    type: "value",
    options: { [str(t.value)]: { text: str(t.tooltip) || undefined, color: str(t.color) } },
  }));
  return { ...p, type: "status-history", options: {}, fieldConfig: { defaults: { mappings }, overrides: [] } };
}

/** The plugin grafana-polystat-panel: a tile for each series. */
function polystat(p: Json): Json {
  const o = p.polystat ? obj(p.polystat) : obj(p.options);
  const given = arr(o.globalThresholdsConfig ?? o.globalThresholds).map(obj);
  const stepOf = (t: Json, i: number): Json => ({ value: i ? num(t.value) : null, color: str(t.color, "green") });
  const steps = given.filter((t) => num(t.value) !== undefined).sort((a, b) => num(a.value)! - num(b.value)!).map(stepOf);
  const operator = str(o.globalOperator ?? o.globalOperatorName, "avg");
  return {
    ...p,
    type: "stat",
    options: {
      reduceOptions: { calcs: [CALC_NAMES[operator] ?? (operator === "last" || operator === "mean" ? operator : "mean")], fields: "", values: false },
      colorMode: "background",
      graphMode: "none",
      textMode: "value_and_name",
    },
    fieldConfig: p.fieldConfig && !p.polystat ? p.fieldConfig : {
      defaults: {
        unit: str(o.globalUnitFormat) || undefined,
        decimals: num(o.globalDecimals),
        thresholds: steps.length ? { mode: "absolute", steps } : undefined,
      },
      overrides: [],
    },
  };
}

/** Plugins that show a value for each series in a look of their own: tiles, or bars. */
const asTiles = (p: Json): Json => ({
  ...p,
  type: "stat",
  options: { colorMode: "background", graphMode: "none", textMode: "value_and_name" },
  fieldConfig: p.fieldConfig ?? { defaults: {}, overrides: [] },
});
const asBars = (p: Json): Json => ({
  ...p,
  type: "bargauge",
  options: { orientation: p.Horizontal === false ? "vertical" : "horizontal", displayMode: "basic" },
  fieldConfig: { defaults: { unit: str(p.Unit) || undefined }, overrides: [] },
});

const BY_TYPE: Record<string, (p: Json) => Json> = {
  graph,
  singlestat,
  "grafana-singlestat-panel": singlestat,
  "grafana-piechart-panel": oldPie,
  "grafana-polystat-panel": polystat,
  "natel-discrete-panel": discrete,
  "flant-statusmap-panel": statusmap,
  "vonage-status-panel": asTiles,
  "michaeldmoore-multistat-panel": asBars,
};

/** A panel of any age as one of today; what is new already comes back as it is. */
export function migrated(raw: unknown): Json {
  const p = obj(raw);
  const type = str(p.type);
  if (Object.prototype.hasOwnProperty.call(BY_TYPE, type)) return BY_TYPE[type]!(p);
  if (type === "heatmap" && p.dataFormat !== undefined && !obj(p.options).color) return oldHeatmap(p);
  if (/^table(-old)?$/.test(type) && (Array.isArray(p.styles) || p.transform !== undefined)) return table(p);
  if (type === "text" && p.content !== undefined && !obj(p.options).content) return oldText(p);
  if (obj(p.options).fieldOptions && !p.fieldConfig) return fieldOptions(p);
  return p;
}
