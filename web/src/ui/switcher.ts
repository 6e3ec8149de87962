// The list of all pages and dashboards with a search field; broken files are listed with what is
// wrong.
import type { DashboardInfo } from "../panels/kind.ts";
import { h, icon } from "./dom.ts";
import { arrowKeys, popover } from "./popover.ts";

export interface PageEntry {
  title: string;
  hint: string;
  icon: string;
  href: string;
  here: boolean;
}

export function openSwitcher(
  anchor: HTMLElement,
  pages: PageEntry[],
  all: DashboardInfo[],
  current: string,
  href: (uid: string) => string,
): void {
  const list = h("div", { class: "dash-entries" });
  const draw = (word: string): void => {
    const dashboards = all.filter(
      (d) =>
        d.title.toLowerCase().includes(word) || d.tags.some((t) => t.toLowerCase().includes(word)),
    );
    const beside = pages.filter((p) => `${p.title} ${p.hint}`.toLowerCase().includes(word));
    list.replaceChildren(
      ...dashboards.map((d) => entry(d, d.uid === current, href(d.uid))),
      ...(beside.length && dashboards.length ? [h("hr")] : []),
      ...beside.map(pageEntry),
    );
    if (!dashboards.length && !beside.length)
      list.append(h("p", { class: "options-note", text: "No page fits." }));
  };
  const field = h("input", {
    type: "search",
    class: "picker-search",
    placeholder: "Find a page",
    "aria-label": "Find a page",
    oninput: () => draw(field.value.toLowerCase()),
    onkeydown: (e) => {
      const first = list.querySelector<HTMLElement>(".dash-entry");
      if ((e as KeyboardEvent).key === "ArrowDown") first?.focus();
      if ((e as KeyboardEvent).key === "Enter") first?.click();
    },
  });
  arrowKeys(list, ".dash-entry");
  draw("");
  const box = popover(anchor, h("div", { class: "picker switcher" }, field, list), "Pages");
  list.addEventListener("click", (e) => {
    if ((e.target as Element).closest("a")) box.close();
  });
}

function entry(d: DashboardInfo, here: boolean, href: string): HTMLElement {
  return h(
    "a",
    { class: "dash-entry", href, "aria-current": here ? "page" : null },
    icon(d.error ? "warn" : "grid"),
    h(
      "span",
      { class: "dash-entry-text" },
      h("span", { class: "dash-entry-title", text: d.title }),
      d.error ? h("span", { class: "dash-entry-error", text: d.error }) : null,
    ),
  );
}

function pageEntry(p: PageEntry): HTMLElement {
  return h(
    "a",
    { class: "dash-entry", href: p.href, "aria-current": p.here ? "page" : null },
    icon(p.icon),
    h(
      "span",
      { class: "dash-entry-text" },
      h("span", { class: "dash-entry-title", text: p.title }),
      h("span", { class: "dash-entry-hint", text: p.hint }),
    ),
  );
}
