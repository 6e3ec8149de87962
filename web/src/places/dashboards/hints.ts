// What looks wrong in a dashboard file that is sound JSON: kinds and names that nobody draws, slips of
// the pen, queries of other data sources. Nothing of it keeps the file from being saved.
import { variablesIn } from "../../data/macros.ts";
import { parseTime } from "../../data/time.ts";
import { isTransformation, whyLeftOut } from "../../data/transform/index.ts";
import { zoneOf } from "../../data/zone.ts";
import { arr, type Json, num, obj, str } from "../../model/json.ts";
import { placesInJson } from "../../model/jsonplace.ts";
import { migrated } from "../../model/migrate/panels.ts";
import { isV2 } from "../../model/migrate/v2.ts";
import { unwrapped } from "../../model/wrapped.ts";
import { isPanelType } from "../../panels/registry.ts";

export interface Hint {
  at: number; // offset in the text
  text: string;
}

type Path = (string | number)[];

const MOST = 100;
const DASHBOARD_KEYS =
  "annotations description editable fiscalYearStartMonth gnetId graphTooltip id iteration links liveNow panels preload refresh rows schemaVersion style tags templating time timepicker timezone title uid version weekStart __inputs __elements __requires hideControls sharedCrosshair originalTitle snapshot".split(
    " ",
  );
const PANEL_KEYS =
  "id type title description gridPos datasource targets fieldConfig options transformations links repeat repeatDirection maxPerRow transparent interval maxDataPoints timeFrom timeShift hideTimeOverride pluginVersion collapsed panels libraryPanel cacheTimeout queryCachingTTL".split(
    " ",
  );
const VARIABLES = "query custom constant interval textbox datasource adhoc switch system".split(" ");
const SOURCES = /prometheus|victoriametrics|^$|^-- |^grafana$|^datasource$/;

/** How many letters lie between two names, as far as two. */
function isSlip(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 2 || a === b) return false;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]! <= 2;
}

class Finder {
  readonly found: { path: Path; text: string }[] = [];
  private readonly ids = new Map<number, string>();
  private variables = new Set<string>();
  private library = new Set<string>(); // panels that the file brings along

  say(path: Path, text: string): void {
    if (this.found.length < MOST) this.found.push({ path, text });
  }

  /** Names that are nearly those of the model. */
  private keys(o: Json, known: string[], path: Path): void {
    for (const key of Object.keys(o)) {
      if (known.includes(key)) continue;
      const near = known.find((k) => k.length > 4 && isSlip(key, k));
      if (near) this.say([...path, key], `"${key}" means nothing here: is "${near}" meant?`);
    }
  }

  dashboard(d: Json, path: Path): void {
    this.library = new Set(Object.values(obj(d.__elements)).map((e) => str(obj(e).uid)));
    this.keys(d, DASHBOARD_KEYS, path);
    if (!str(d.title)) this.say(path, 'it has no "title"');
    const zone = str(d.timezone);
    if (zone && !zoneOf(zone)) this.say([...path, "timezone"], `there is no time zone "${zone}"`);
    for (const end of ["from", "to"]) {
      const text = str(obj(d.time)[end]);
      if (text && Number.isNaN(parseTime(text, 0, false)))
        this.say([...path, "time", end], `"${text}" is no time: write now-6h`);
    }
    arr(obj(d.templating).list).forEach((v, i) => this.variable(obj(v), [...path, "templating", "list", i]));
    arr(d.panels).forEach((p, i) => this.panel(obj(p), [...path, "panels", i]));
  }

  private variable(v: Json, path: Path): void {
    const name = str(v.name);
    const type = str(v.type);
    if (!name) this.say(path, 'this variable has no "name"');
    else if (this.variables.has(name)) this.say([...path, "name"], `there are two variables "${name}"`);
    this.variables.add(name);
    if (!VARIABLES.includes(type))
      this.say([...path, "type"], `variables of type "${type}" are not understood: ${VARIABLES.slice(0, -1).join(", ")} are`);
  }

  private panel(p: Json, path: Path): void {
    const type = str(p.type);
    this.keys(p, PANEL_KEYS, path);
    const drawn = str(obj(migrated(p)).type);
    const library = str(obj(p.libraryPanel).uid);
    if (library && !type && !this.library.has(library))
      this.say([...path, "libraryPanel"], "this library panel lies in Grafana's data base: export the dashboard with it");
    if (!type && !library) this.say(path, 'this panel has no "type"');
    else if (type && type !== "row" && !isPanelType(drawn))
      this.say([...path, "type"], `panels of type "${type}" are not drawn here: what their queries give is shown as a table`);
    if (!p.gridPos && !p.span) this.say(path, 'this panel has no "gridPos": it is as wide as the page');
    const id = num(p.id);
    const title = str(p.title) || type;
    if (id !== undefined && this.ids.has(id))
      this.say([...path, "id"], `two panels have the id ${id}: "${this.ids.get(id)}" and "${title}"`);
    else if (id !== undefined) this.ids.set(id, title);
    arr(p.targets).forEach((t, i) => this.target(obj(t), obj(p.datasource), [...path, "targets", i]));
    arr(p.transformations).forEach((t, i) => {
      const step = str(obj(t).id);
      if (!isTransformation(step))
        this.say([...path, "transformations", i, "id"], whyLeftOut(step).replace(/^The/, "the").replace(/\.$/, ""));
    });
    arr(p.panels).forEach((q, i) => this.panel(obj(q), [...path, "panels", i]));
  }

  private target(t: Json, panelSource: Json, path: Path): void {
    const source = str(obj(t.datasource).type) || str(panelSource.type);
    if (!SOURCES.test(source))
      this.say(path, `queries of the data source "${source}" are not asked here: those of Prometheus are`);
    for (const name of variablesIn(str(t.expr)))
      if (!name.startsWith("__") && !this.variables.has(name) && !/^\d+$/.test(name))
        this.say([...path, "expr"], `it uses $${name}, and there is no such variable`);
  }
}

/** What stands out in a file, in its order; the text is sound JSON. */
export function hintsOf(text: string): Hint[] {
  const { dashboard: d, path } = unwrapped(JSON.parse(text));
  const finder = new Finder();
  if (isV2(d)) {
    finder.say([...path, "elements"], "a file of Grafana's second schema: it is drawn, and not looked through here");
  } else if (!Array.isArray(d.panels) && !Array.isArray(d.rows))
    finder.say(path, 'this is no dashboard: it has no list of "panels"');
  else finder.dashboard(d, path);
  const places = placesInJson(
    text,
    finder.found.map((f) => f.path),
  );
  return finder.found
    .map((f, i) => ({ at: places[i] ?? 0, text: f.text }))
    .sort((a, b) => a.at - b.at);
}
