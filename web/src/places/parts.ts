// Small parts that the lists share: states, labels, and the way to Explore.
import type { Labels } from "../data/frame.ts";
import { h, icon } from "../ui/dom.ts";
import type { RuleState } from "./alertdata.ts";

export function labelChips(labels: Labels): HTMLElement {
  const names = Object.keys(labels).sort();
  if (!names.length) return h("p", { class: "dim", text: "none" });
  return h(
    "ul",
    { class: "chips" },
    ...names.map((n) =>
      h("li", { class: "chip" }, h("span", { class: "dim", text: `${n}=` }), labels[n]!),
    ),
  );
}

export const STATES: Record<RuleState, { word: string; icon: string }> = {
  firing: { word: "Firing", icon: "bell" },
  pending: { word: "Pending", icon: "clock" },
  failing: { word: "Failing", icon: "warn" },
  ok: { word: "Quiet", icon: "check" },
  waiting: { word: "Waiting", icon: "clock" },
};

export function stateBadge(state: RuleState, word = STATES[state].word): HTMLElement {
  return h("span", { class: `badge ${state}` }, icon(STATES[state].icon), word);
}

/** A way to the expression on the page Explore. */
export function exploreLink(query: string, what: string): HTMLElement {
  return h(
    "a",
    { class: "small-button", href: `/explore?${new URLSearchParams({ expr: query })}` },
    icon("compass"),
    "Explore",
    h("span", { class: "unseen", text: ` the query of ${what}` }),
  );
}
