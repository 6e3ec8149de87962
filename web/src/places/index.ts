// The pages beside the dashboards; each is loaded when it is first opened. Adding one: a module
// beside, a row here, its path in ui/state.ts and in src/web/web.c.
import type { PageHooks } from "../ui/page.ts";
import type { View } from "../ui/view.ts";

export interface Place {
  name: string; // its path
  title: string;
  hint: string; // what it is for
  icon: string;
  key: string;
  open(query: URLSearchParams, hooks: PageHooks): Promise<View>;
}

export const places: Place[] = [
  {
    name: "explore",
    title: "Explore",
    hint: "Ask anything, in PromQL",
    icon: "compass",
    key: "e",
    open: async (query, hooks) =>
      new (await import("./explore/explore.ts")).ExplorePage(hooks, query),
  },
  {
    name: "alerts",
    title: "Alerts",
    hint: "What is wrong now, and the rules that watch",
    icon: "bell",
    key: "a",
    open: async (query, hooks) => new (await import("./alerts.ts")).AlertsPage(hooks, query),
  },
  {
    name: "targets",
    title: "Targets",
    hint: "What is scraped, and what fails",
    icon: "target",
    key: "s",
    open: async (query, hooks) => new (await import("./targets.ts")).TargetsPage(hooks, query),
  },
  {
    name: "dashboards",
    title: "Dashboards",
    hint: "Bring your own, change them, take them away",
    icon: "book",
    key: "b",
    open: async (query, hooks) =>
      new (await import("./dashboards/dashboards.ts")).DashboardsPage(hooks, query),
  },
];

export function placeOf(name: string): Place | undefined {
  return places.find((p) => p.name === name);
}
