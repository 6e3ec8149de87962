// A dashboard file of any age and form as the loader reads it: JSON in, JSON out. Comes only when a
// file needs it (modern.ts tells).
import { arr, bool, type Json, num, obj, str } from "../json.ts";
import { migrated } from "./panels.ts";
import { panelsOfRows } from "./rows.ts";
import { unwrapped } from "../wrapped.ts";
import { isV2, ofV2 } from "./v2.ts";

/** What an export asks its importer for: values that were constants stand in their place. */
function withInputs(d: Json): Json {
  const constants = arr(d.__inputs).map(obj).filter((i) => i.type === "constant" && str(i.name));
  if (!constants.length) return d;
  let text = JSON.stringify({ ...d, __inputs: [] });
  for (const { name, value } of constants) text = text.split(`\${${str(name)}}`).join(JSON.stringify(str(value)).slice(1, -1));
  return obj(JSON.parse(text));
}

/** Panels of a library, out of the elements that an export has of them. */
function withLibrary(p: Json, elements: Json[]): Json {
  const library = obj(p.libraryPanel);
  const uid = str(library.uid);
  if (!uid || p.fieldConfig !== undefined || p.targets !== undefined) return p;
  const model = obj(library.model ?? elements.find((e) => str(e.uid) === uid)?.model);
  if (str(model.type)) return { ...model, id: p.id, gridPos: p.gridPos, title: str(p.title) || model.title };
  const name = str(library.name) || uid;
  const content = `The library panel “${name}” is not in this file. Export the dashboard with its library panels ("Export for sharing externally"), and it is.`;
  return { id: p.id, gridPos: p.gridPos, title: str(p.title) || name, type: "text", options: { mode: "markdown", content } };
}

const isDashboardSource = (v: unknown): boolean => /^-- Dashboard --$/.test(str(v) || str(obj(v).uid));

/** Queries that stand for those of another panel: "-- Dashboard --" as the data source. */
function withShared(p: Json, all: Map<number, Json>): Json {
  const targets = arr(p.targets).map(obj);
  if (!targets.some((t) => isDashboardSource(t.datasource) || isDashboardSource(p.datasource))) return p;
  const before: unknown[] = [];
  const own = targets.flatMap((t) => {
    const source = all.get(num(t.panelId) ?? -1);
    if (!source || source === p) return [t];
    if (bool(t.withTransforms)) before.push(...arr(source.transformations));
    return arr(source.targets).map((s) => ({ ...obj(s), datasource: obj(s).datasource ?? source.datasource }));
  });
  return { ...p, datasource: undefined, targets: own, transformations: [...before, ...arr(p.transformations)] };
}

function flat(panels: Json[]): Json[] {
  return panels.flatMap((p) => [p, ...flat(arr(p.panels).map(obj))]);
}

/** Takes a file as it came (bare, wrapped by an API, of either schema) to the form that is read. */
export function modernized(raw: unknown): Json {
  const d = withInputs(unwrapped(raw).dashboard);
  const base = isV2(d) ? { ...d, ...ofV2(d) } : d;
  const elements = (Array.isArray(d.__elements) ? d.__elements : Object.values(obj(d.__elements))).map(obj);
  const given = (base.panels === undefined ? panelsOfRows(arr(base.rows)) : arr(base.panels)).map(obj);
  const inside = (p: Json): Json => {
    const panels = arr(p.panels).map((q) => inside(obj(q)));
    const own = withLibrary(p, elements);
    return panels.length ? { ...own, panels } : own;
  };
  const panels = given.map(inside);
  const byId = new Map(flat(panels).map((p) => [num(p.id) ?? -1, p]));
  // Clones of repeated panels were once saved with them: they are made anew here.
  const isClone = (p: Json): boolean =>
    (num(p.repeatPanelId) !== undefined && num(p.repeatPanelId) !== num(p.id) && byId.has(num(p.repeatPanelId)!)) || bool(p.repeatedByRow);
  const finished = (p: Json): Json => {
    const own = migrated(withShared(p, byId));
    const minSpan = num(own.minSpan);
    const inner = arr(own.panels).map(obj).filter((q) => !isClone(q)).map(finished);
    return {
      ...own,
      ...(minSpan && own.maxPerRow === undefined ? { maxPerRow: Math.max(1, Math.floor(24 / minSpan)) } : {}),
      ...(inner.length ? { panels: inner } : {}),
    };
  };
  return { ...base, panels: panels.filter((p) => !isClone(p)).map(finished) };
}
