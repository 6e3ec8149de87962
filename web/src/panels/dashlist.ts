// Dashboard list: links to the other dashboards, by tags or by a word of the title.
import { at, bool, num, str, strings } from "../model/json.ts";
import { h } from "../ui/dom.ts";
import type { PanelContext, PanelKind } from "./kind.ts";

const AGAIN_MS = 300; // the list of dashboards may come after the first drawing

/** What the links carry on: the time and the variables, where the file says so. */
function queryOf(context: PanelContext): string {
  const { options } = context.panel;
  const parts = [
    bool(at(options, "keepTime")) ? context.fill("${__url_time_range}") : "",
    bool(at(options, "includeVars")) ? context.fill("${__all_variables}") : "",
  ].filter((x) => x);
  return parts.length ? `?${parts.join("&")}` : "";
}

function linksOf(context: PanelContext): HTMLElement[] {
  const { options } = context.panel;
  const tags = strings(at(options, "tags"));
  const word = context.fill(str(at(options, "query"))).toLowerCase();
  const query = queryOf(context);
  return context
    .dashboards()
    .filter((d) => !tags.length || tags.some((t) => d.tags.includes(t)))
    .filter((d) => d.title.toLowerCase().includes(word))
    .slice(0, num(at(options, "maxItems")) ?? 100)
    .map((d) => {
      const href = `/d/${encodeURIComponent(d.uid)}${query}`;
      return h("li", {}, h("a", { href, text: d.title, title: d.tags.join(", ") || null }));
    });
}

export const dashlist: PanelKind = {
  needsData: false,
  wantsSeries: false,
  create(host, context) {
    const list = h("ul", { class: "dash-list" });
    host.append(list);
    let timer = 0;
    const update = (): void => {
      clearTimeout(timer);
      const links = linksOf(context);
      list.replaceChildren(...links);
      if (!context.dashboards().length) timer = window.setTimeout(update, AGAIN_MS);
      else if (!links.length) list.append(h("li", { text: "No dashboard fits." }));
    };
    return { update, destroy: () => clearTimeout(timer) };
  },
};
