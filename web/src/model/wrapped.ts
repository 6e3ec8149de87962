// What a file has around its dashboard: nothing, Grafana's API ("dashboard"), or a resource ("spec", with
// its name in "metadata").
import { type Json, obj } from "./json.ts";

/** The dashboard of a file, and the path to it. */
export function unwrapped(raw: unknown): { dashboard: Json; path: string[] } {
  const outer = obj(raw);
  if (outer.panels !== undefined || outer.elements !== undefined) return { dashboard: outer, path: [] };
  if (outer.dashboard !== undefined) return { dashboard: obj(outer.dashboard), path: ["dashboard"] };
  const { name } = obj(outer.metadata);
  if (outer.spec !== undefined) return { dashboard: { ...(name ? { uid: name } : {}), ...obj(outer.spec) }, path: ["spec"] };
  return { dashboard: outer, path: [] };
}
