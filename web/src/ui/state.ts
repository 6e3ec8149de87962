// What the URL holds: dashboard, time range, refresh, variables, the panel shown alone.

export interface Route {
  uid: string; // "" for the first dashboard
  query: URLSearchParams;
}

export function currentRoute(): Route {
  const m = /^\/d\/([^/]+)/.exec(location.pathname);
  return { uid: m ? decodeURIComponent(m[1]!) : "", query: new URLSearchParams(location.search) };
}

export function routeUrl(uid: string, query: URLSearchParams): string {
  const q = query.toString();
  return (uid ? `/d/${encodeURIComponent(uid)}` : "/") + (q ? `?${q}` : "");
}

/** Writes the URL: a step that "back" undoes, or in place. */
export function writeRoute(uid: string, query: URLSearchParams, step: boolean): void {
  const url = routeUrl(uid, query);
  if (url === location.pathname + location.search) return;
  if (step) history.pushState(null, "", url);
  else history.replaceState(null, "", url);
}

/** Sets or removes one parameter. */
export function setParam(query: URLSearchParams, name: string, value: string): void {
  if (value) query.set(name, value);
  else query.delete(name);
}
