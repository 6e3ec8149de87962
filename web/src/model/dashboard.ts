// The dashboard model as Grafana's files have it, reduced to what is drawn, and its loader.
import { filterText } from "../data/adhoc.ts";
import { arr, bool, type Json, num, obj, str, strings } from "./json.ts";

export interface ThresholdStep {
  value: number; // -Infinity for the base step
  color: string;
}

export interface Thresholds {
  mode: "absolute" | "percentage";
  steps: ThresholdStep[];
}

export interface FieldColor {
  mode: string;
  fixedColor?: string;
  seriesBy?: string;
}

export interface MappingResult {
  text?: string;
  color?: string;
  index?: number;
}

export type ValueMapping =
  | { type: "value"; options: Map<string, MappingResult> }
  | { type: "range"; from: number; to: number; result: MappingResult }
  | { type: "regex"; pattern: string; result: MappingResult }
  | { type: "special"; match: string; result: MappingResult };

export interface DataLink {
  title: string;
  url: string;
  targetBlank: boolean;
}

/** How a field is shown. Unset members fall through to the panel kind's own defaults. */
export interface FieldConfig {
  displayName?: string;
  description?: string;
  unit?: string;
  decimals?: number;
  min?: number;
  max?: number;
  noValue?: string;
  color?: FieldColor;
  thresholds?: Thresholds;
  mappings?: ValueMapping[];
  links?: DataLink[];
  custom: Json;
}

export interface FieldOverride {
  matcher: { id: string; options: unknown };
  properties: { id: string; value: unknown }[];
}

export interface Target {
  refId: string;
  expr: string;
  legendFormat: string;
  format: string; // "time_series", "table", "heatmap"
  instant: boolean;
  range: boolean;
  hide: boolean;
  interval: string; // least step
  intervalFactor: number;
  source: string; // the kind of data source that it is for, where that is not ours
}

export interface Transformation {
  id: string;
  disabled: boolean;
  filter?: { id: string; options: unknown };
  options: Json;
}

export interface GridPos {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface Panel {
  id: number;
  type: string;
  title: string;
  description: string;
  transparent: boolean;
  gridPos: GridPos;
  targets: Target[];
  transformations: Transformation[];
  fieldConfig: { defaults: FieldConfig; overrides: FieldOverride[] };
  options: Json;
  links: DataLink[];
  repeat: string;
  repeatDirection: "h" | "v";
  maxPerRow: number;
  interval: string;
  maxDataPoints?: number;
  timeFrom: string;
  timeShift: string;
  hidesTime: boolean; // says nothing of a time of its own
  collapsed: boolean; // rows
  panels: Panel[]; // of a collapsed row
}

export interface VariableOption {
  text: string;
  value: string;
}

export interface Variable {
  name: string;
  label: string;
  type: string;
  query: string;
  regex: string;
  sort: number;
  multi: boolean;
  includeAll: boolean;
  allValue: string;
  hide: number; // 0 shown, 1 without label, 2 hidden
  refresh: number;
  current: string[]; // values; "$__all" for All
  options: VariableOption[];
  auto: boolean;
  autoCount: number;
  autoMin: string;
  skipUrlSync: boolean;
}

export interface DashboardLink {
  type: string; // "link" or "dashboards"
  title: string;
  tooltip: string;
  url: string;
  tags: string[];
  asDropdown: boolean;
  includeVars: boolean;
  keepTime: boolean;
  targetBlank: boolean;
}

/** A query whose points mark moments in charts. */
export interface Annotation {
  name: string;
  expr: string;
  step: string;
  color: string;
  titleFormat: string;
  textFormat: string;
  tagKeys: string[];
  valueIsTime: boolean;
  panels: number[]; // for these only, or for all but these
  excludes: boolean;
}

export interface Dashboard {
  uid: string;
  title: string;
  description: string;
  tags: string[];
  timezone: string;
  refresh: string;
  from: string;
  to: string;
  refreshIntervals: string[];
  quickRanges: { from: string; to: string; display: string }[];
  variables: Variable[];
  links: DashboardLink[];
  annotations: Annotation[];
  panels: Panel[];
  notices: string[]; // what could not be taken from the file
}

const MAX_PANELS = 1000;
const MAX_TARGETS = 64;
const MAX_ANNOTATIONS = 20;

export function thresholdsOf(v: unknown): Thresholds | undefined {
  const t = obj(v);
  const steps = arr(t.steps).map((s) => ({
    value: num(obj(s).value) ?? -Infinity,
    color: str(obj(s).color, "green"),
  }));
  if (!steps.length) return undefined;
  steps.sort((a, b) => a.value - b.value);
  return { mode: t.mode === "percentage" ? "percentage" : "absolute", steps };
}

function mappingResult(v: unknown): MappingResult {
  const r = obj(v);
  return {
    text: typeof r.text === "string" ? r.text : undefined,
    color: typeof r.color === "string" ? r.color : undefined,
    index: num(r.index),
  };
}

export function mappingsOf(v: unknown): ValueMapping[] {
  const out: ValueMapping[] = [];
  for (const raw of arr(v)) {
    const m = obj(raw);
    const o = obj(m.options);
    if (m.type === "value") {
      const options = new Map(Object.entries(o).map(([k, r]) => [k, mappingResult(r)]));
      out.push({ type: "value", options });
    } else if (m.type === "range") {
      const result = mappingResult(o.result);
      out.push({
        type: "range",
        from: num(o.from) ?? -Infinity,
        to: num(o.to) ?? Infinity,
        result,
      });
    } else if (m.type === "regex") {
      out.push({ type: "regex", pattern: str(o.pattern), result: mappingResult(o.result) });
    } else if (m.type === "special") {
      out.push({ type: "special", match: str(o.match), result: mappingResult(o.result) });
    } else if ((m.type === 1 || m.type === undefined) && m.value !== undefined) {
      const options = new Map([[str(m.value), { text: str(m.text) }]]);
      out.push({ type: "value", options }); // files older than Grafana 8
    } else if (m.type === 2) {
      const result = { text: str(m.text) };
      out.push({
        type: "range",
        from: num(m.from) ?? -Infinity,
        to: num(m.to) ?? Infinity,
        result,
      });
    }
  }
  return out;
}

export function linksOf(v: unknown): DataLink[] {
  return arr(v).map((raw) => {
    const l = obj(raw);
    return { title: str(l.title), url: str(l.url), targetBlank: bool(l.targetBlank) };
  });
}

export function fieldConfigOf(v: unknown): FieldConfig {
  const f = obj(v);
  const color = obj(f.color);
  return {
    displayName: typeof f.displayName === "string" ? f.displayName : undefined,
    description: typeof f.description === "string" ? f.description : undefined,
    unit: typeof f.unit === "string" ? f.unit : undefined,
    decimals: num(f.decimals),
    min: num(f.min),
    max: num(f.max),
    noValue: typeof f.noValue === "string" ? f.noValue : undefined,
    color: color.mode
      ? {
          mode: str(color.mode),
          fixedColor: typeof color.fixedColor === "string" ? color.fixedColor : undefined,
          seriesBy: typeof color.seriesBy === "string" ? color.seriesBy : undefined,
        }
      : undefined,
    thresholds: thresholdsOf(f.thresholds),
    mappings: f.mappings === undefined ? undefined : mappingsOf(f.mappings),
    links: f.links === undefined ? undefined : linksOf(f.links),
    custom: obj(f.custom),
  };
}

function overridesOf(v: unknown): FieldOverride[] {
  return arr(v).map((raw) => {
    const m = obj(obj(raw).matcher);
    return {
      matcher: { id: str(m.id), options: m.options },
      properties: arr(obj(raw).properties).map((p) => ({
        id: str(obj(p).id),
        value: obj(p).value,
      })),
    };
  });
}

const OURS = /prometheus|victoriametrics-datasource|victoriametrics-metrics|^$|^\$|^-- |^grafana$|^datasource$/i;

/** The kind of data source that a query is for, where we do not answer such: "loki", "__expr__". */
function foreignSource(target: unknown, panel: unknown): string {
  const of = (v: unknown): string => str(obj(v).type) || (obj(v).uid === "__expr__" || v === "__expr__" ? "__expr__" : "");
  const type = of(target) || of(panel);
  return OURS.test(type) ? "" : type;
}

function targetOf(v: unknown, i: number, source: unknown): Target {
  const t = obj(v);
  const instant = bool(t.instant);
  return {
    source: foreignSource(t.datasource, source),
    refId: str(t.refId, String.fromCharCode(65 + (i % 26))),
    expr: str(t.expr),
    legendFormat: str(t.legendFormat, "__auto"),
    format: str(t.format, "time_series"),
    instant,
    range: bool(t.range, !instant),
    hide: bool(t.hide),
    interval: str(t.interval),
    intervalFactor: num(t.intervalFactor) ?? 1,
  };
}

function transformationsOf(v: unknown): Transformation[] {
  return arr(v).map((raw) => {
    const t = obj(raw);
    const filter = obj(t.filter);
    return {
      id: str(t.id),
      disabled: bool(t.disabled),
      filter: filter.id ? { id: str(filter.id), options: filter.options } : undefined,
      options: obj(t.options),
    };
  });
}

export function panelOf(v: unknown): Panel {
  const p = obj(v);
  const g = obj(p.gridPos);
  const fc = obj(p.fieldConfig);
  const x = Math.min(23, Math.max(0, Math.round(num(g.x) ?? 0)));
  return {
    id: num(p.id) ?? 0,
    type: str(p.type, "text"),
    title: str(p.title),
    description: str(p.description),
    transparent: bool(p.transparent),
    gridPos: {
      x,
      y: Math.max(0, Math.round(num(g.y) ?? 0)),
      w: Math.min(24 - x, Math.max(1, Math.round(num(g.w) ?? 24))),
      h: Math.min(200, Math.max(1, Math.round(num(g.h) ?? (p.type === "row" ? 1 : 8)))),
    },
    targets: arr(p.targets).slice(0, MAX_TARGETS).map((t, i) => targetOf(t, i, p.datasource)),
    transformations: transformationsOf(p.transformations),
    fieldConfig: { defaults: fieldConfigOf(fc.defaults), overrides: overridesOf(fc.overrides) },
    options: obj(p.options),
    links: linksOf(p.links),
    repeat: str(p.repeat),
    repeatDirection: p.repeatDirection === "v" ? "v" : "h",
    maxPerRow: num(p.maxPerRow) ?? 4,
    interval: str(p.interval),
    maxDataPoints: num(p.maxDataPoints),
    timeFrom: str(p.timeFrom),
    timeShift: str(p.timeShift),
    hidesTime: bool(p.hideTimeOverride),
    collapsed: bool(p.collapsed),
    panels: arr(p.panels).slice(0, MAX_PANELS).map(panelOf),
  };
}

function variableQuery(v: Json): string {
  if (typeof v.query === "string") return v.query;
  const q = obj(v.query);
  return str(q.query) || str(q.expr) || str(v.definition);
}

/** The filters that a file has from the start, as addresses carry them. */
function adhocOf(v: Json): string[] {
  return arr(v.filters)
    .map(obj)
    .map((f) =>
      filterText({ key: str(f.key), operator: str(f.operator, "="), value: str(f.value) }),
    );
}

function variableOf(raw: unknown): Variable {
  const v = obj(raw);
  const current = obj(v.current).value;
  return {
    name: str(v.name),
    label: str(v.label) || str(v.name),
    type: str(v.type),
    query: variableQuery(v),
    regex: str(v.regex),
    sort: num(v.sort) ?? 0,
    multi: bool(v.multi),
    includeAll: bool(v.includeAll),
    allValue: str(v.allValue),
    hide: num(v.hide) ?? 0,
    refresh: num(v.refresh) ?? 1,
    current:
      v.type === "adhoc"
        ? adhocOf(v)
        : Array.isArray(current)
          ? strings(current)
          : str(current)
            ? [str(current)]
            : [],
    options: arr(v.options)
      .map((o) => ({ text: str(obj(o).text), value: str(obj(o).value) }))
      .filter((o) => o.value !== "$__all"),
    auto: bool(v.auto),
    autoCount: num(v.auto_count) ?? 30,
    autoMin: str(v.auto_min, "10s"),
    skipUrlSync: bool(v.skipUrlSync),
  };
}

function dashboardLinkOf(raw: unknown): DashboardLink {
  const l = obj(raw);
  return {
    type: str(l.type, "link"),
    title: str(l.title),
    tooltip: str(l.tooltip),
    url: str(l.url),
    tags: strings(l.tags),
    asDropdown: bool(l.asDropdown),
    includeVars: bool(l.includeVars),
    keepTime: bool(l.keepTime),
    targetBlank: bool(l.targetBlank),
  };
}

/** Those that are switched on and ask a query; Grafana's own of its data base are not among them. */
function annotationsOf(v: unknown): Annotation[] {
  return arr(v)
    .map(obj)
    .filter((a) => bool(a.enable, true))
    .map((a) => {
      const filter = obj(a.filter);
      return {
        name: str(a.name, "Annotation"),
        expr: str(a.expr) || str(obj(a.target).expr),
        step: str(a.step) || str(obj(a.target).interval),
        color: str(a.iconColor, "blue"),
        titleFormat: str(a.titleFormat),
        textFormat: str(a.textFormat),
        tagKeys: str(a.tagKeys)
          .split(",")
          .map((k) => k.trim())
          .filter((k) => k),
        valueIsTime: bool(a.useValueForTime) || a.useValueForTime === "on",
        panels: arr(filter.ids).flatMap((id) => num(id) ?? []),
        excludes: bool(filter.exclude),
      };
    })
    .filter((a) => a.expr.trim())
    .slice(0, MAX_ANNOTATIONS);
}

/** Takes a parsed dashboard file into the model; older ones are brought up to date before (modern.ts). */
export function dashboardOf(raw: unknown): Dashboard {
  const d = obj(raw);
  const notices: string[] = [];
  const all = arr(d.panels);
  if (all.length > MAX_PANELS) notices.push(`only the first ${MAX_PANELS} panels are drawn`);
  const time = obj(d.time);
  const picker = obj(d.timepicker);
  return {
    uid: str(d.uid),
    title: str(d.title, "Untitled"),
    description: str(d.description),
    tags: strings(d.tags),
    timezone: str(d.timezone),
    refresh: str(d.refresh),
    from: str(time.from, "now-15m"),
    to: str(time.to, "now"),
    refreshIntervals: strings(picker.refresh_intervals),
    quickRanges: arr(picker.quick_ranges ?? picker.time_options)
      .map((q) => ({ from: str(obj(q).from), to: str(obj(q).to), display: str(obj(q).display) }))
      .filter((q) => q.from && q.to),
    variables: arr(obj(d.templating).list).map(variableOf),
    links: arr(d.links).map(dashboardLinkOf),
    annotations: annotationsOf(obj(d.annotations).list),
    panels: all.slice(0, MAX_PANELS).map(panelOf),
    notices,
  };
}
