// Alert list: what is active now, out of the rules that this server evaluates.
import { alertFits, alertsOf, type Alert, groupsOf } from "../places/alertdata.ts";
import { stateBadge } from "../places/parts.ts";
import { shortAge } from "../places/words.ts";
import { at, bool, num, obj, str, strings } from "../model/json.ts";
import { h } from "../ui/dom.ts";
import type { PanelContext, PanelKind } from "./kind.ts";

/** Which states a file wants: those it names, of today or of before Grafana 8; else all active ones. */
function wants(context: PanelContext, state: Alert["state"]): boolean {
  const filter = at(context.panel.options, "stateFilter");
  if (Array.isArray(filter)) return !filter.length || strings(filter).includes(state === "firing" ? "alerting" : state);
  return bool(obj(filter)[state], true);
}

function row(a: Alert): HTMLElement {
  const name = h("a", { href: `/alerts?search=${encodeURIComponent(a.name)}`, text: a.name });
  const words = a.annotations.summary ?? a.annotations.description ?? "";
  return h(
    "li",
    {},
    stateBadge(a.state),
    h("span", { class: "alert-line" }, name, words ? ` ${words}` : null),
    h("span", { class: "dim", text: `for ${shortAge(a.since)}` }),
  );
}

export const alertlist: PanelKind = {
  needsData: false,
  wantsSeries: false,
  create(host, context) {
    const { options } = context.panel;
    const list = h("ul", { class: "alert-list" });
    const word = (): string => context.fill(str(at(options, "alertName")) || str(at(options, "nameFilter")));
    host.append(list);
    const say = (text: string): void => list.replaceChildren(h("li", { class: "dim", text }));
    const ask = async (): Promise<void> => {
      try {
        const groups = groupsOf(obj(await context.api.json("/api/v1/rules")).data);
        const alerts = alertsOf(groups).filter((a) => wants(context, a.state) && alertFits(a, word(), ""));
        if (!groups.length) say("No rules are loaded here.");
        else if (!alerts.length) say("No alert is active.");
        else list.replaceChildren(...alerts.slice(0, num(at(options, "maxItems")) ?? 50).map(row));
      } catch (e) {
        say(e instanceof Error ? e.message : String(e));
      }
    };
    return { update: () => void ask() };
  },
};
