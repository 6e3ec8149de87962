// Data links: fills in what was clicked and lets through addresses that can do no harm only.
import type { DataLink } from "../model/dashboard.ts";
import type { Value } from "../data/frame.ts";
import { seriesText } from "../data/frame.ts";
import { shownNames } from "../data/matchers.ts";
import { interpolate, type MacroContext } from "../data/macros.ts";
import type { LinkScope, ResolvedLink } from "../panels/kind.ts";

/** A link target that can do no harm, or null: pages, anchors and mail only. */
export function safeHref(url: string): string | null {
  const text = url.trim();
  if (/^(https?:\/\/|mailto:|[/#?])/i.test(text)) return text;
  return /^[\w.-]+(\/|$|\?|#)/.test(text) && !/^\w+:/.test(text) ? text : null;
}

function textOf(v: Value | undefined): string {
  return v === null || v === undefined ? "" : String(v);
}

/** The column that ${__data.fields.X}, ${__data.fields["X"]} or ${__data.fields[0]} names. */
function column(path: string, scope: LinkScope): string | undefined {
  const m = /^__data\.fields(?:\.([^.[]+)|\["([^"]+)"\]|\['([^']+)'\]|\[(\d+)\])/.exec(path);
  const { frame } = scope;
  if (!m || !frame) return undefined;
  const names = shownNames([frame]);
  const name = m[1] ?? m[2] ?? m[3];
  const field =
    m[4] !== undefined
      ? frame.fields[Number(m[4])]
      : frame.fields.find((f) => names.get(f) === name || f.name === name);
  return field ? textOf(field.values[scope.row ?? 0]) : undefined;
}

export function scopeText(path: string, scope: LinkScope): string | undefined {
  const { field } = scope;
  const label = /^__(?:field|series)\.labels(?:\.(.+)|\["(.+)"\])$/.exec(path);
  if (label) return field?.labels?.[label[1] ?? label[2] ?? ""] ?? "";
  switch (path) {
    case "__field.name":
    case "__series.name":
    case "__field.displayName":
      return scope.name ?? field?.name;
    case "__field.labels":
      return field?.labels ? seriesText(field.labels) : "";
    case "__value.text":
      return scope.text;
    case "__value.raw":
    case "__value.numeric":
    case "__value":
      return textOf(field?.values[scope.row ?? 0]);
    case "__value.time": {
      const time = scope.frame?.fields.find((f) => f.type === "time");
      return textOf(time?.values[scope.row ?? 0]);
    }
    default:
      return column(path, scope);
  }
}

/** Grafana keeps its pages below a sub-path at times: "d/uid" means "/d/uid" here. */
export function resolveLink(
  link: DataLink,
  scope: LinkScope,
  macros: MacroContext,
): ResolvedLink | null {
  const extra = (path: string): string | undefined => scopeText(path, scope);
  const url = interpolate(link.url, macros, "url", extra);
  const href = safeHref(/^d\//.test(url) ? `/${url}` : url);
  if (!href) return null;
  return { href, title: interpolate(link.title, macros, "text", extra), blank: link.targetBlank };
}
