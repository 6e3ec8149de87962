// What the URL holds: the page (a dashboard or one beside them), time range, refresh, variables,
// the panel shown alone.

export interface Route {
  uid: string; // "" for the first dashboard
  place: string; // "" for a dashboard, else "explore", "alerts", "targets", "dashboards"
  query: URLSearchParams;
}

/** Names that Prometheus has for the same pages. */
const ALIASES: Record<string, string> = { graph: "explore", rules: "alerts" };

export function routeOf(path: string, search: string): Route {
  const query = new URLSearchParams(search);
  const dashboard = /^\/d\/([^/]+)/.exec(path);
  if (dashboard) return { uid: decodeURIComponent(dashboard[1]!), place: "", query };
  const place = /^\/(explore|graph|alerts|rules|targets|dashboards)\/?$/.exec(path)?.[1] ?? "";
  return { uid: "", place: ALIASES[place] ?? place, query };
}

export function currentRoute(): Route {
  return routeOf(location.pathname, location.search);
}

export function urlOf(path: string, query: URLSearchParams): string {
  const q = query.toString();
  return path + (q ? `?${q}` : "");
}

export function pathOf(uid: string): string {
  return uid ? `/d/${encodeURIComponent(uid)}` : "/";
}

/** Writes the URL: a step that "back" undoes, or in place. */
export function writeRoute(path: string, query: URLSearchParams, step: boolean): void {
  const url = urlOf(path, query);
  if (url === location.pathname + location.search) return;
  if (step) history.pushState(null, "", url);
  else history.replaceState(null, "", url);
}

/** Sets or removes one parameter. */
export function setParam(query: URLSearchParams, name: string, value: string): void {
  if (value) query.set(name, value);
  else query.delete(name);
}

/** Of a page's parameters those that other pages understand as well. */
export function sharedParams(query: URLSearchParams): URLSearchParams {
  const shared = new URLSearchParams();
  for (const name of ["from", "to", "at", "refresh", "timezone", "kiosk", "rotate"])
    setParam(shared, name, query.get(name) ?? "");
  return shared;
}
