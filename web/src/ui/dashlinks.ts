// Links of a dashboard's file, in the bar over its panels: to addresses, and to dashboards by tags,
// side by side or in a list; with the time range and the variables where the file says so.
import { interpolate, type MacroContext } from "../data/macros.ts";
import type { DashboardLink } from "../model/dashboard.ts";
import type { DashboardInfo } from "../panels/kind.ts";
import { h, icon } from "./dom.ts";
import { resolveLink } from "./links.ts";
import { arrowKeys, popover } from "./popover.ts";

export interface LinkPlace {
  dashboards(): DashboardInfo[];
  macros(): MacroContext; // as they are now
}

const MOST_DASHBOARDS = 50;

/** The address with what the link carries on. */
function hrefOf(url: string, link: DashboardLink, macros: MacroContext): string {
  const carried = [
    link.keepTime ? "${__url_time_range}" : "",
    link.includeVars ? "${__all_variables}" : "",
  ].filter(Boolean);
  const query = interpolate(carried.join("&"), macros, "text").replace(/&$/, "");
  if (!query) return url;
  const [path, hash] = url.split(/(?=#)/);
  return `${path}${path!.includes("?") ? "&" : "?"}${query}${hash ?? ""}`;
}

/** Dashboards that bear all tags of a link, as Grafana's search has it; without tags all of them. */
export function taggedWith(all: DashboardInfo[], tags: string[]): DashboardInfo[] {
  return all.filter((d) => !d.error && tags.every((t) => d.tags.includes(t))).slice(0, MOST_DASHBOARDS);
}

function anchor(
  link: DashboardLink,
  title: string,
  tooltip: string,
  cls: string,
  href: () => string | null,
): HTMLElement | null {
  const first = href();
  if (!first) return null;
  const a = h(
    "a",
    {
      class: cls,
      href: first,
      title: tooltip || null,
      target: link.targetBlank ? "_blank" : null,
      rel: "noopener noreferrer",
    },
    icon(link.type === "link" ? "link" : "grid"),
    title,
  );
  // Time and variables go on while the page is looked at: the address is made when it is wanted.
  const fresh = (): void => {
    const now = href();
    if (now) a.href = now;
  };
  for (const type of ["pointerenter", "focus", "pointerdown", "click"]) a.addEventListener(type, fresh, true);
  return a;
}

function toDashboards(link: DashboardLink, place: LinkPlace): (HTMLElement | null)[] {
  const one = (d: DashboardInfo, cls: string): HTMLElement | null =>
    anchor(link, d.title, link.tooltip, cls, () =>
      hrefOf(`/d/${encodeURIComponent(d.uid)}`, link, place.macros()),
    );
  if (!link.asDropdown) return taggedWith(place.dashboards(), link.tags).map((d) => one(d, "dash-link"));
  const button: HTMLButtonElement = h(
    "button",
    {
      type: "button",
      class: "dash-link",
      title: link.tooltip || null,
      "aria-haspopup": "dialog",
      "aria-expanded": "false",
      onclick: () => {
        const list = h("div", { class: "options" });
        for (const d of taggedWith(place.dashboards(), link.tags)) list.append(one(d, "option") ?? "");
        if (!list.childElementCount)
          list.append(h("p", { class: "options-note", text: "No dashboard has these tags." }));
        arrowKeys(list, ".option");
        const box = popover(button, h("div", { class: "picker" }, list), link.title);
        list.addEventListener("click", (e) => (e.target as Element).closest("a") && box.close());
      },
    },
    icon("grid"),
    interpolate(link.title, place.macros(), "text") || "Dashboards",
    icon("down"),
  );
  return [button];
}

/** The bar of links; null when there are none. */
export function dashboardLinks(links: DashboardLink[], place: LinkPlace): HTMLElement | null {
  const all = links.flatMap((link) => {
    if (link.type === "dashboards") return toDashboards(link, place);
    const macros = place.macros();
    const title = interpolate(link.title, macros, "text");
    const tooltip = interpolate(link.tooltip, macros, "text");
    return anchor(link, title, tooltip, "dash-link", () => {
      const now = place.macros();
      const found = resolveLink({ title, url: link.url, targetBlank: link.targetBlank }, {}, now);
      return found && hrefOf(found.href, link, now);
    });
  });
  const shown = all.filter((x) => x !== null);
  return shown.length ? h("nav", { class: "dash-links", "aria-label": "Links" }, ...shown) : null;
}
