// Keyboard: what the keys do, and the list of them.
import { dialog } from "./dialog.ts";
import { h } from "./dom.ts";

export const keys: [string, string][] = [
  ["?", "This list"],
  ["Ctrl-K", "Commands: pages, panels, ranges, whatever can be done"],
  ["/", "Find a page"],
  ["1 … 9", "Go to a dashboard of the bar"],
  ["e  a  s  b", "Explore, alerts, targets, dashboards as files"],
  ["t", "Time range"],
  ["[  ]", "Earlier, later"],
  ["z", "Zoom out"],
  ["m", "Time machine: to the moment under a chart's cursor, or to one of your choice; back to now"],
  [",  .", "In the time machine: a scrape earlier, later"],
  ["<  >", "In the time machine: a minute earlier, later"],
  ["r", "Refresh now"],
  ["p", "Pause or go on refreshing"],
  ["v", "Panel under the pointer or focus alone, and back"],
  ["d", "Dark or light"],
  ["l", "Link to this view"],
  ["←  →", "Move the cursor of a chart (Shift: ten points)"],
  ["Esc", "Close, leave, let go"],
];

export function showHelp(): void {
  const rows = keys.map(([key, what]) =>
    h(
      "div",
      { class: "key-row" },
      h("dt", {}, ...key.split(/\s{2}/).map((k) => h("kbd", { text: k }))),
      h("dd", { text: what }),
    ),
  );
  dialog(
    "Keyboard",
    h("dl", { class: "keys" }, ...rows),
    h("p", {
      class: "help-note",
      text: "In charts: drag to zoom in, double-click to zoom out. In legends: click for one series, Ctrl-click to switch one.",
    }),
  );
}
