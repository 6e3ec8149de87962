// Dashboard list: links to the other dashboards, by tags or by a word of the title.
import { at, num, str, strings } from "../model/json.ts";
import { h } from "../ui/dom.ts";
import type { PanelKind } from "./kind.ts";

export const dashlist: PanelKind = {
  needsData: false,
  wantsSeries: false,
  create(host, context) {
    const list = h("ul", { class: "dash-list" });
    host.append(list);
    const { options } = context.panel;
    return {
      update() {
        const tags = strings(at(options, "tags"));
        const word = context.fill(str(at(options, "query"))).toLowerCase();
        const most = num(at(options, "maxItems")) ?? 100;
        const found = context
          .dashboards()
          .filter((d) => !tags.length || tags.some((t) => d.tags.includes(t)))
          .filter((d) => d.title.toLowerCase().includes(word))
          .slice(0, most);
        list.replaceChildren(
          ...found.map((d) =>
            h("li", {}, h("a", { href: `/d/${encodeURIComponent(d.uid)}`, text: d.title })),
          ),
        );
      },
    };
  },
};
