// The table of before Grafana 7: shapes of its own in place of transformations, styles for columns.
import { arr, bool, type Json, num, obj, str } from "../json.ts";
import { CALC_NAMES } from "./names.ts";
import { mappingsOf, stepsOf } from "./singlestat.ts";

const SHAPES: Record<string, Json[]> = {
  timeseries_to_rows: [{ id: "seriesToRows", options: {} }],
  timeseries_to_columns: [{ id: "joinByField", options: {} }],
  table: [{ id: "merge", options: {} }],
};

/** "$__cell" and "$__cell_2" of old links: the value that was clicked, and another of its row. */
function linkOf(url: string): string {
  return url
    .replace(/\$\{?__cell_(\d+)(?::\w+)?\}?/g, "${__data.fields[$1]}")
    .replace(/\$\{?__cell(?::\w+)?\}?/g, "${__value.raw}");
}

/** One column style as an override; that for all columns is one for numbers. */
function styleOf(raw: unknown): Json | null {
  const s = obj(raw);
  const pattern = str(s.pattern);
  const all = pattern === "/.*/";
  const properties: Json[] = [];
  const set = (id: string, value: unknown): void => {
    properties.push({ id, value });
  };
  if (!pattern || (all && s.type !== "number")) return null;
  if (s.type === "hidden") set("custom.hidden", true);
  if (str(s.alias) && !all) set("displayName", str(s.alias));
  if (s.type === "number" && str(s.unit)) set("unit", str(s.unit));
  if (s.type === "number" && num(s.decimals) !== undefined) set("decimals", num(s.decimals));
  if (s.type === "date" && str(s.dateFormat)) set("unit", `time:${str(s.dateFormat)}`);
  if (s.type === "string" && mappingsOf(s).length) set("mappings", mappingsOf(s));
  if (str(s.align) && s.align !== "auto") set("custom.align", str(s.align));
  const steps = stepsOf(s.thresholds, s.colors);
  if (str(s.colorMode) && steps.length) {
    set("thresholds", { mode: "absolute", steps });
    set("custom.cellOptions", {
      type: s.colorMode === "cell" || s.colorMode === "row" ? "color-background" : "color-text",
      applyToRow: s.colorMode === "row",
    });
  }
  if (bool(s.link) && str(s.linkUrl))
    set("links", [
      { title: str(s.linkTooltip), url: linkOf(str(s.linkUrl)), targetBlank: bool(s.linkTargetBlank) },
    ]);
  if (!properties.length) return null;
  if (all) return { matcher: { id: "byType", options: "number" }, properties };
  return { matcher: { id: pattern.startsWith("/") ? "byRegexp" : "byName", options: pattern }, properties };
}

export function table(p: Json): Json {
  const aggregated = p.transform === "timeseries_aggregations";
  const reducers = arr(p.columns).map((c) => CALC_NAMES[str(obj(c).value)] ?? "lastNotNull");
  const shape = aggregated
    ? [{ id: "reduce", options: { reducers: reducers.length ? reducers : ["mean"] } }]
    : (SHAPES[str(p.transform)] ?? []);
  const sort = obj(p.sort);
  const styles = arr(p.styles).map(styleOf).filter((o) => o) as Json[];
  const forAll = styles.filter((o) => obj(o.matcher).id === "byType");
  return {
    ...p,
    type: "table",
    transformations: shape,
    options: {
      showHeader: bool(p.showHeader, true),
      sortBy: str(sort.col) ? [{ displayName: str(sort.col), desc: bool(sort.desc) }] : [],
    },
    fieldConfig: { defaults: {}, overrides: [...forAll, ...styles.filter((o) => !forAll.includes(o))] },
  };
}
