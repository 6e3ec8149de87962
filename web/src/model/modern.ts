// Tells whether a dashboard file can be read as it is; what is older, or of another form, is brought
// up to date by a part of the program that only such files need.
import { isPanelType } from "../panels/registry.ts";
import { arr, type Json, obj, str } from "./json.ts";

const OF_OLD = ["content", "dataFormat", "styles", "transform", "repeatPanelId", "repeatedByRow", "minSpan"];

function isModernPanel(raw: unknown): boolean {
  const p = obj(raw);
  if (str(p.type) === "row") return arr(p.panels).every(isModernPanel);
  if (!isPanelType(str(p.type)) || p.type === "table-old" || p.libraryPanel !== undefined) return false;
  if (OF_OLD.some((key) => p[key] !== undefined) || obj(p.options).fieldOptions !== undefined) return false;
  return !arr(p.targets).some((t) => obj(t).panelId !== undefined);
}

function isModern(d: Json): boolean {
  return Array.isArray(d.panels) && !arr(d.__inputs).length && d.elements === undefined && d.panels.every(isModernPanel);
}

/** A file as the loader reads it. */
export async function modern(raw: unknown): Promise<unknown> {
  if (isModern(obj(raw))) return raw;
  return (await import("./migrate/index.ts")).modernized(raw);
}
