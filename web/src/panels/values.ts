// What stat, gauge and bar gauge show: each series reduced to one value, or each row as it is.
import { calcOf } from "../data/calcs.ts";
import type { Theme } from "../data/colors.ts";
import { display, type DisplayValue, regexOf, valueColor } from "../data/display.ts";
import type { Field, Frame, Value } from "../data/frame.ts";
import { shownNames } from "../data/matchers.ts";
import { arr, at, bool, num, str } from "../model/json.ts";
import type { LinkScope, PanelContext, ResolvedLink } from "./kind.ts";

export interface Shown {
  name: string;
  value: DisplayValue;
  field: Field;
  frame: Frame;
  row: number;
  link: ResolvedLink | null;
}

const MAX_SHOWN = 2000;

/** Least and greatest value over all numeric fields, where the file sets no limits. */
export function dataLimits(fields: Field[]): { min: number; max: number } {
  let min = Infinity;
  let max = -Infinity;
  for (const f of fields)
    for (const v of f.values)
      if (typeof v === "number" && Number.isFinite(v)) {
        if (v < min) min = v;
        if (v > max) max = v;
      }
  return min <= max ? { min, max } : { min: 0, max: 100 };
}

function chosenFields(frame: Frame, wish: string, names: Map<Field, string>): Field[] {
  if (!wish) return frame.fields.filter((f) => f.type === "number" || f.type === "boolean");
  const re = wish.startsWith("/") ? regexOf(wish) : null;
  return frame.fields.filter((f) => {
    const name = names.get(f) ?? f.name;
    return re ? re.test(name) : name === wish || f.name === wish;
  });
}

/** A column that says which row is which: used to name rows shown one by one. */
function rowName(frame: Frame, field: Field, row: number, fallback: string): string {
  const text = frame.fields.filter((f) => f.type === "string" && f !== field);
  const parts = text.map((f) => f.values[row]).filter((v) => v !== null && v !== "");
  return parts.length ? parts.join(" ") : fallback;
}

function firstLink(c: PanelContext, field: Field, scope: LinkScope): ResolvedLink | null {
  for (const link of field.config.links ?? []) {
    const found = c.link(link, scope);
    if (found) return found;
  }
  return null;
}

export function shownValues(frames: Frame[], options: unknown, c: PanelContext): Shown[] {
  const calc = calcOf(str(arr(at(options, "reduceOptions.calcs"))[0], "lastNotNull"));
  const each = bool(at(options, "reduceOptions.values"));
  const limit = num(at(options, "reduceOptions.limit")) ?? MAX_SHOWN;
  const wish = str(at(options, "reduceOptions.fields"));
  const names = shownNames(frames);
  const out: Shown[] = [];
  let index = 0;
  for (const frame of frames)
    for (const field of chosenFields(frame, wish, names)) {
      const own = names.get(field) ?? field.name;
      const seriesIndex = index++;
      const push = (v: Value, name: string, row: number): void => {
        if (out.length >= Math.min(limit, MAX_SHOWN)) return;
        const config = calc.counts && !each ? { ...field.config, unit: "none" } : field.config;
        const value = display(config, v, {
          theme: c.theme,
          timezone: c.timezone,
          seriesIndex: each ? row : seriesIndex,
          name,
          limits: dataLimits([field]),
          isTime: field.type === "time",
        });
        const scope: LinkScope = { frame, field, row, text: value.text, name };
        out.push({ name, value, field, frame, row, link: firstLink(c, field, scope) });
      };
      if (each) field.values.forEach((v, row) => push(v, rowName(frame, field, row, own), row));
      else push(calc.of(field.values), own, Math.max(0, frame.length - 1));
    }
  return out;
}

/** The colour of a whole series: by its place among them where the file says nothing else. */
export function fieldColor(field: Field, name: string, index: number, theme: Theme): string {
  const config = field.config.color
    ? field.config
    : { ...field.config, color: { mode: "palette-classic" } };
  const by = config.color?.seriesBy ?? "last";
  const value = calcOf(by === "last" ? "lastNotNull" : by).of(field.values);
  return valueColor(config, typeof value === "number" ? value : NaN, {
    theme,
    timezone: "",
    seriesIndex: index,
    name,
    limits: dataLimits([field]),
  });
}

/** The text of a value, or what stands where there is none. */
export function valueText(v: DisplayValue): string {
  return v.prefix + v.text + v.suffix || "–";
}
