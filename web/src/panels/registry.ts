// All kinds of panels. Adding one: a module beside, and a row here.
import { h } from "../ui/dom.ts";
import { barchart, histogram } from "./barchart.ts";
import { bargauge } from "./bargauge.ts";
import { dashlist } from "./dashlist.ts";
import { gauge } from "./gauge.ts";
import { heatmap } from "./heatmap.ts";
import type { PanelKind } from "./kind.ts";
import { piechart } from "./piechart.ts";
import { stat } from "./stat.ts";
import { stateTimeline, statusHistory } from "./statetimeline.ts";
import { table } from "./table.ts";
import { text } from "./text.ts";
import { timeseries } from "./timeseries.ts";

const kinds: Record<string, PanelKind> = {
  barchart,
  bargauge,
  dashlist,
  gauge,
  heatmap,
  histogram,
  piechart,
  stat,
  "state-timeline": stateTimeline,
  "status-history": statusHistory,
  table,
  "table-old": table,
  text,
  timeseries,
};

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

export function isPanelType(type: string): boolean {
  return Object.prototype.hasOwnProperty.call(kinds, type);
}

export function panelKind(type: string): PanelKind {
  return isPanelType(type) ? kinds[type]! : unknown;
}
