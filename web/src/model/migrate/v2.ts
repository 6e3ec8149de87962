// Files of Grafana's second schema (Grafana 12: elements and a layout, kinds and specs) as those of
// the first. Read from the types of @grafana/schema: v2alpha1, v2beta1 and v2.
import { arr, bool, type Json, num, obj, str } from "../json.ts";

const COLUMNS = 24;
const ROW_HEIGHTS: Record<string, number> = { short: 5, standard: 9, tall: 14 }; // of the grid
const COLUMN_WIDTHS: Record<string, number> = { narrow: 192, standard: 448, wide: 768 };
const PAGE_PX = 1400; // what the columns of a grid that makes its own are counted for
const PX_A_ROW = 38;
const DEEPEST = 8; // layouts in layouts

const HIDE: Record<string, number> = { hideLabel: 1, hideVariable: 2, inControlsMenu: 0 };
const REFRESH: Record<string, number> = { never: 0, onDashboardLoad: 1, onTimeRangeChanged: 2 };
const SORT = "disabled alphabeticalAsc alphabeticalDesc numericalAsc numericalDesc alphabeticalCaseInsensitiveAsc alphabeticalCaseInsensitiveDesc naturalAsc naturalDesc".split(" ");
const VARIABLES: Record<string, string> = {
  AdhocVariable: "adhoc",
  ConstantVariable: "constant",
  CustomVariable: "custom",
  DatasourceVariable: "datasource",
  GroupByVariable: "groupby",
  IntervalVariable: "interval",
  QueryVariable: "query",
  SwitchVariable: "switch",
  TextVariable: "textbox",
};

/** The query of a DataQuery, with the kind of its data source where the first schema has it. */
function queryOf(raw: unknown): Json {
  const q = obj(raw);
  const type = str(q.group) || (q.kind === "DataQuery" ? "" : str(q.kind));
  return { ...obj(q.spec), datasource: { type, uid: str(obj(q.datasource).name) } };
}

function variableOf(raw: unknown): Json {
  const v = obj(raw);
  const spec = obj(v.spec);
  const type = VARIABLES[str(v.kind)] ?? str(v.kind);
  const sides = type === "switch" ? { options: [spec.enabledValue, spec.disabledValue].map((value) => ({ text: value, value })), current: { value: spec.current } } : {};
  return {
    ...spec,
    ...sides,
    type,
    hide: HIDE[str(spec.hide)] ?? 0,
    refresh: REFRESH[str(spec.refresh)] ?? 1,
    sort: Math.max(0, SORT.indexOf(str(spec.sort))),
    query: type === "query" ? { ...queryOf(spec.query), query: str(obj(obj(spec.query).spec).query) || str(spec.definition) } : type === "datasource" ? spec.pluginId : spec.query,
  };
}

function panelOf(raw: unknown): Json {
  const element = obj(raw);
  const spec = obj(element.spec);
  if (element.kind === "LibraryPanel") return { id: spec.id, title: spec.title, libraryPanel: spec.libraryPanel };
  const data = obj(obj(spec.data).spec);
  const viz = obj(spec.vizConfig);
  const queries = arr(data.queries).map((q) => obj(obj(q).spec));
  return {
    ...obj(data.queryOptions),
    id: spec.id,
    type: str(viz.group) || str(viz.kind),
    title: spec.title,
    description: spec.description,
    links: spec.links,
    transparent: spec.transparent,
    options: obj(viz.spec).options,
    fieldConfig: obj(viz.spec).fieldConfig,
    targets: queries.map((q) => ({ ...queryOf(q.query), refId: q.refId, hide: bool(q.hidden) })),
    transformations: arr(data.transformations).map((t) => ({
      ...obj(obj(t).spec),
      id: str(obj(obj(t).spec).id) || str(obj(t).group) || str(obj(t).kind),
    })),
  };
}

interface Section {
  panels: Json[];
  height: number;
}

class Layout {
  readonly out: Json[] = [];
  private ids = 200_000;

  constructor(private readonly elements: Json) {}

  private panel(item: Json, gridPos: Json): Json {
    const repeat = obj(item.repeat);
    return {
      ...panelOf(this.elements[str(obj(item.element).name)]),
      gridPos,
      repeat: str(repeat.value),
      repeatDirection: str(repeat.direction, "h"),
      maxPerRow: repeat.maxPerRow,
    };
  }

  private grid(items: Json[], top: number): Section {
    let height = 0;
    const panels = items.map((item) => {
      height = Math.max(height, (num(item.y) ?? 0) + (num(item.height) ?? 8));
      return this.panel(item, { x: item.x, y: top + (num(item.y) ?? 0), w: item.width, h: item.height });
    });
    return { panels, height };
  }

  /** A grid that makes its own columns: as many as fit, each row as high as it says. */
  private auto(spec: Json, top: number): Section {
    const items = arr(spec.items).map((i) => obj(obj(i).spec));
    const least = COLUMN_WIDTHS[str(spec.columnWidthMode, "standard")] ?? num(spec.columnWidth) ?? 448;
    const fits = Math.max(1, Math.min(num(spec.maxColumnCount) ?? 3, Math.floor(PAGE_PX / least), Math.max(1, items.length)));
    const w = Math.floor(COLUMNS / fits);
    const h = ROW_HEIGHTS[str(spec.rowHeightMode, "standard")] ?? Math.max(3, Math.round((num(spec.rowHeight) ?? 320) / PX_A_ROW));
    const panels = items.map((item, i) => {
      const panel = this.panel(item, { x: (i % fits) * w, y: top + Math.floor(i / fits) * h, w, h });
      return panel.repeat ? { ...panel, maxPerRow: panel.maxPerRow ?? fits } : panel;
    });
    return { panels, height: Math.ceil(items.length / fits) * h };
  }

  private head(title: unknown, collapsed: boolean, repeat: unknown, y: number): Json {
    return { type: "row", id: ++this.ids, title: str(title), collapsed, repeat: str(obj(repeat).value), gridPos: { x: 0, y, w: COLUMNS, h: 1 } };
  }

  /** Rows, and tabs as rows of which the first is open: one below the other. */
  private rows(sections: Json[], tabs: boolean, top: number, depth: number): number {
    let y = top;
    sections.forEach((s, i) => {
      const collapsed = tabs ? i > 0 : bool(s.collapse);
      const inner = obj(s.layout);
      const nested = /^(Rows|Tabs)Layout$/.test(str(inner.kind));
      const head = this.head(s.title, collapsed && !nested, s.repeat, y);
      if (!bool(s.hideHeader) || tabs) this.out.push(head);
      y += 1;
      if (nested) {
        y = this.place(inner, y, depth + 1);
        return;
      }
      const { panels, height } = this.section(inner, y);
      if (head.collapsed && !bool(s.hideHeader)) head.panels = panels;
      else {
        this.out.push(...panels);
        y += height;
      }
    });
    return y;
  }

  private section(layout: Json, top: number): Section {
    const spec = obj(layout.spec);
    if (layout.kind === "AutoGridLayout") return this.auto(spec, top);
    const items = arr(spec.items).map((i) => obj(obj(i).spec));
    return this.grid(items, top);
  }

  place(layout: Json, top = 0, depth = 0): number {
    const spec = obj(layout.spec);
    if (depth > DEEPEST) return top;
    if (layout.kind === "RowsLayout") return this.rows(arr(spec.rows).map((r) => obj(obj(r).spec)), false, top, depth);
    if (layout.kind === "TabsLayout") return this.rows(arr(spec.tabs).map((t) => obj(obj(t).spec)), true, top, depth);
    const items = arr(spec.items).map(obj);
    const rows = items.filter((i) => i.kind === "GridLayoutRow").map((i) => obj(i.spec)); // v2alpha1
    const { panels, height } = this.section({ ...layout, spec: { ...spec, items: items.filter((i) => i.kind !== "GridLayoutRow") } }, top);
    this.out.push(...panels);
    for (const row of rows) {
      const y = top + (num(row.y) ?? 0);
      const head = this.head(row.title, bool(row.collapsed), row.repeat, y);
      const inside = this.grid(arr(row.elements).map((e) => obj(obj(e).spec)), y + 1);
      this.out.push(head.collapsed ? { ...head, panels: inside.panels } : head);
      if (!head.collapsed) this.out.push(...inside.panels);
    }
    return top + height;
  }
}

function annotationOf(raw: unknown): Json {
  const spec = obj(obj(raw).spec);
  return { ...obj(spec.legacyOptions), ...spec, ...queryOf(spec.query), enable: bool(spec.enable, true) };
}

/** True when this is a file of the second schema. */
export function isV2(d: Json): boolean {
  return Object.keys(obj(d.elements)).length > 0 && str(obj(d.layout).kind) !== "";
}

export function ofV2(d: Json): Json {
  const times = obj(d.timeSettings);
  const layout = new Layout(obj(d.elements));
  layout.place(obj(d.layout));
  return {
    title: d.title,
    description: d.description,
    tags: d.tags,
    links: d.links,
    timezone: times.timezone,
    refresh: times.autoRefresh,
    time: { from: times.from, to: times.to },
    timepicker: { refresh_intervals: times.autoRefreshIntervals, quick_ranges: times.quickRanges },
    templating: { list: arr(d.variables).map(variableOf) },
    annotations: { list: arr(d.annotations).map(annotationOf) },
    panels: layout.out,
  };
}
