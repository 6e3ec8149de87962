// The kinds of panels that come when a dashboard has one of them: together, since apart they would
// weigh a third more.
import { alertlist } from "./alertlist.ts";
import { barchart, histogram } from "./barchart.ts";
import { bargauge } from "./bargauge.ts";
import { dashlist } from "./dashlist.ts";
import { gauge } from "./gauge.ts";
import { heatmap } from "./heatmap.ts";
import { piechart } from "./piechart.ts";
import { stateTimeline, statusHistory } from "./statetimeline.ts";
import { text } from "./text.ts";

export const more = {
  alertlist,
  barchart,
  bargauge,
  dashlist,
  gauge,
  heatmap,
  histogram,
  piechart,
  "state-timeline": stateTimeline,
  "status-history": statusHistory,
  text,
};
