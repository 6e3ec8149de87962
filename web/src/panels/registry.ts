// All kinds of panels. Those that most dashboards begin with come with the page, the others when a
// dashboard has one. Adding one: a module beside, a row in more.ts and its name here.
import { h } from "../ui/dom.ts";
import type { PanelKind } from "./kind.ts";
import type { more } from "./more.ts";
import { stat } from "./stat.ts";
import { table } from "./table.ts";
import { timeseries } from "./timeseries.ts";

const kinds: Record<string, PanelKind> = { stat, table, "table-old": table, timeseries };
const later: (keyof typeof more)[] = [
  "alertlist",
  "barchart",
  "bargauge",
  "dashlist",
  "gauge",
  "heatmap",
  "histogram",
  "piechart",
  "state-timeline",
  "status-history",
  "text",
];

/** A panel of a type that is not drawn here: its name, and what its queries gave as a table. */
const unknown: PanelKind = {
  needsData: true,
  wantsSeries: false,
  create(host, context) {
    const body = h("div", { class: "unknown-body" });
    const note = `Panels of type "${context.panel.type}" are not drawn here. This is what its queries gave:`;
    host.append(h("p", { class: "unknown-note", text: note }), body);
    host.classList.add("unknown-host");
    return table.create(body, context);
  },
};

const isLater = (type: string): type is keyof typeof more => (later as string[]).includes(type);

export function isPanelType(type: string): boolean {
  return Object.prototype.hasOwnProperty.call(kinds, type) || isLater(type);
}

/** The kind of a panel: at once, or when its part of the program has come. */
export function panelKind(type: string): PanelKind | Promise<PanelKind> {
  if (isLater(type)) return import("./more.ts").then((part) => part.more[type]);
  return isPanelType(type) ? kinds[type]! : unknown;
}
