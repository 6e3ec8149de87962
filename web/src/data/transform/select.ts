// Transformations that choose: columns, rows, frames; and organize, which also orders and renames.
import { arr, bool, num, obj, str, strings } from "../../model/json.ts";
import { regexOf } from "../display.ts";
import type { Frame, Value } from "../frame.ts";
import { shownNames } from "../matchers.ts";
import { pick, type Transform, withFields } from "./types.ts";

/** Hides, orders and renames columns. A column is named by what is shown or by its own name. */
export const organize: Transform = (frames, options) => {
  const exclude = obj(options.excludeByName);
  const include = obj(options.includeByName);
  const index = obj(options.indexByName);
  const rename = obj(options.renameByName);
  const chosen = Object.values(include).some((v) => v === true);
  const names = shownNames(frames);
  return frames.map((frame) => {
    const kept = frame.fields
      .map((field, i) => ({ field, i, name: names.get(field) ?? field.name }))
      .filter(({ name, field }) => !bool(exclude[name] ?? exclude[field.name]))
      .filter(({ name, field }) => !chosen || bool(include[name] ?? include[field.name]));
    const place = (e: { name: string; field: { name: string }; i: number }): number =>
      num(index[e.name] ?? index[e.field.name]) ?? 1000 + e.i;
    kept.sort((a, b) => place(a) - place(b));
    const fields = kept.map(({ field, name }) => {
      const to = str(rename[name] ?? rename[field.name]);
      return to ? { ...field, config: { ...field.config, displayName: to } } : field;
    });
    return withFields(frame, fields);
  });
};

export const filterFieldsByName: Transform = (frames, options, fill) => {
  const test = (raw: unknown): ((name: string, own: string) => boolean) | null => {
    const o = obj(raw);
    const names = new Set(strings(o.names));
    const variable = str(o.variable) ? fill(str(o.variable)) : "";
    if (variable) variable.split(",").forEach((n) => names.add(n));
    const re = str(o.pattern) ? regexOf(fill(str(o.pattern))) : null;
    if (!names.size && !re) return null;
    return (name, own) => names.has(name) || names.has(own) || (!!re && re.test(name));
  };
  const include = test(options.include);
  const exclude = test(options.exclude);
  const names = shownNames(frames);
  return frames
    .map((frame) =>
      withFields(
        frame,
        frame.fields.filter((f) => {
          const name = names.get(f) ?? f.name;
          return (!include || include(name, f.name)) && !(exclude && exclude(name, f.name));
        }),
      ),
    )
    .filter((frame) => frame.fields.length);
};

export const filterByRefId: Transform = (frames, options) => {
  const text = str(options.include);
  if (!text) return frames;
  const re = regexOf(text);
  return frames.filter((f) => f.refId === text || (!!re && re.test(f.refId ?? "")));
};

function valueTest(id: string, options: unknown): (v: Value) => boolean {
  const o = obj(options);
  const wanted = o.value as Value;
  const n = Number(wanted);
  switch (id) {
    case "isNull":
      return (v) => v === null;
    case "isNotNull":
      return (v) => v !== null;
    case "equal":
      return (v) => String(v) === String(wanted);
    case "notEqual":
      return (v) => String(v) !== String(wanted);
    case "greater":
      return (v) => Number(v) > n;
    case "greaterOrEqual":
      return (v) => Number(v) >= n;
    case "lower":
      return (v) => Number(v) < n;
    case "lowerOrEqual":
      return (v) => Number(v) <= n;
    case "between":
      return (v) => Number(v) > Number(o.from) && Number(v) < Number(o.to);
    case "regex": {
      const re = regexOf(str(wanted), true);
      return (v) => !!re && re.test(String(v ?? ""));
    }
    case "substring":
      return (v) =>
        String(v ?? "")
          .toLowerCase()
          .includes(str(wanted).toLowerCase());
    case "notSubstring":
      return (v) =>
        !String(v ?? "")
          .toLowerCase()
          .includes(str(wanted).toLowerCase());
    default:
      return () => true;
  }
}

export const filterByValue: Transform = (frames, options) => {
  const names = shownNames(frames);
  const filters = arr(options.filters).map((raw) => ({
    field: str(obj(raw).fieldName),
    test: valueTest(str(obj(obj(raw).config).id), obj(obj(raw).config).options),
  }));
  if (!filters.length) return frames;
  const all = options.match === "all";
  const exclude = options.type === "exclude";
  return frames.map((frame: Frame) => {
    const rows: number[] = [];
    const columns = filters.map((f) => ({
      test: f.test,
      field: frame.fields.find((x) => names.get(x) === f.field || x.name === f.field),
    }));
    for (let i = 0; i < frame.length; i++) {
      const hits = columns.map((c) => !!c.field && c.test(c.field.values[i] ?? null));
      const hit = all ? hits.every(Boolean) : hits.some(Boolean);
      if (hit !== exclude) rows.push(i);
    }
    return pick(frame, rows);
  });
};
