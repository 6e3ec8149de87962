// The panel `singlestat` of before Grafana 7: one number, or a gauge where it shows one.
import { arr, bool, type Json, num, obj, str, strings } from "../json.ts";
import { CALC_NAMES } from "./names.ts";

/** Words for values and ranges; what a file calls "null" is a value that is not there. */
export function mappingsOf(p: Json): Json[] {
  const values = arr(p.valueMaps).map(obj);
  const ranges = arr(p.rangeMaps).map(obj);
  const ofValues = values.map((m) =>
    str(m.value) === "null"
      ? { type: "special", options: { match: "null+nan", result: { text: str(m.text) } } }
      : { type: "value", options: { [str(m.value)]: { text: str(m.text) } } },
  );
  const ofRanges = ranges
    .filter((m) => num(m.from) !== undefined || num(m.to) !== undefined)
    .map((m) => ({ type: "range", options: { from: num(m.from), to: num(m.to), result: { text: str(m.text) } } }));
  return num(p.mappingType) === 2 ? ofRanges : ofValues;
}

/** "50, 80" and three colours as steps. */
export function stepsOf(thresholds: unknown, colors: unknown): Json[] {
  const levels = (Array.isArray(thresholds) ? thresholds : str(thresholds).split(","))
    .map(num)
    .filter((t) => t !== undefined);
  const named = strings(colors);
  return levels.length ? [null, ...levels].map((value, i) => ({ value, color: named[i] ?? "green" })) : [];
}

export function singlestat(p: Json): Json {
  const steps = stepsOf(p.thresholds, p.colors);
  const gauge = obj(p.gauge);
  const isGauge = bool(gauge.show);
  const unit = str(p.format) || "none";
  const plain = unit === "none";
  const colored = bool(p.colorBackground) ? "background" : bool(p.colorValue) ? "value" : "none";
  const column = str(p.tableColumn);
  return {
    ...p,
    type: isGauge ? "gauge" : "stat",
    options: {
      reduceOptions: {
        calcs: [CALC_NAMES[str(p.valueName)] ?? (/^(name|last_time)$/.test(str(p.valueName)) ? "lastNotNull" : "mean")],
        fields: column ? `/^${column.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&")}$/` : "",
        values: false,
      },
      colorMode: colored,
      graphMode: bool(obj(p.sparkline).show) ? "area" : "none",
      textMode: p.valueName === "name" ? "name" : column ? "value" : "auto",
      showThresholdLabels: bool(gauge.thresholdLabels),
      showThresholdMarkers: bool(gauge.thresholdMarkers, true),
    },
    fieldConfig: {
      defaults: {
        unit: plain && str(p.postfix).trim() ? `suffix:${str(p.postfix)}` : plain && str(p.prefix).trim() ? `prefix:${str(p.prefix)}` : unit,
        decimals: p.decimals ?? undefined,
        noValue: str(p.nullText) || undefined,
        min: isGauge ? gauge.minValue : undefined,
        max: isGauge ? gauge.maxValue : undefined,
        thresholds: steps.length ? { mode: "absolute", steps } : undefined,
        mappings: mappingsOf(p),
      },
      overrides: [],
    },
  };
}
