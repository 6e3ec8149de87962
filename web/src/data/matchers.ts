// Which fields or frames an override or a transformation means.
import { arr, obj, str, strings } from "../model/json.ts";
import { calcOf } from "./calcs.ts";
import { regexOf } from "./display.ts";
import { displayName, type Field, type Frame, type Labels, tellingLabels } from "./frame.ts";

export type FieldTest = (field: Field, frame: Frame, shown: string) => boolean;

function compare(op: string, a: number, b: number): boolean {
  switch (op) {
    case "eq":
    case "==":
      return a === b;
    case "neq":
    case "!=":
      return a !== b;
    case "gt":
    case ">":
      return a > b;
    case "gte":
    case ">=":
      return a >= b;
    case "lt":
    case "<":
      return a < b;
    case "lte":
    case "<=":
      return a <= b;
    default:
      return false;
  }
}

/** A field has the name it is shown under, its own, and that of its series with all labels. */
function isCalled(field: Field, shown: string, name: string): boolean {
  if (shown === name || field.name === name) return true;
  return !!field.labels && name.includes("{") && plainSeries(field.labels) === name;
}

/** A series as Grafana names it without a legend: {a="b", c="d"}, the metric's name in front. */
function plainSeries(labels: Labels): string {
  const { __name__: name = "", ...rest } = labels;
  const parts = Object.entries(rest).map(([k, v]) => `${k}="${v}"`);
  return `${name}{${parts.join(", ")}}`;
}

function byNames(options: unknown): FieldTest {
  const o = obj(options);
  const names = new Set(strings(o.names ?? options));
  const exclude = o.mode === "exclude";
  return (field, _frame, shown) => [...names].some((n) => isCalled(field, shown, n)) !== exclude;
}

/** The test that a matcher id and its options mean; an unknown id matches nothing. */
export function fieldTest(id: string, options: unknown): FieldTest {
  switch (id) {
    case "byName": {
      const name = str(options) || str(obj(options).name);
      return (field, _frame, shown) => isCalled(field, shown, name);
    }
    case "byNames":
      return byNames(options);
    case "byRegexp":
    case "byRegexpOrNames": {
      const re = regexOf(str(options) || str(obj(options).pattern));
      const names = new Set(strings(obj(options).names));
      return (field, _frame, shown) =>
        names.has(shown) || (!!re && (re.test(shown) || re.test(field.name)));
    }
    case "byType":
      return (field) => field.type === str(options);
    case "byTypes": {
      const types = strings(options);
      return (field) => types.includes(field.type);
    }
    case "byFrameRefID":
      return (_field, frame) => frame.refId === str(options);
    case "numeric":
      return (field) => field.type === "number";
    case "time":
      return (field) => field.type === "time";
    case "firstTimeField":
      return (field, frame) => field === frame.fields.find((f) => f.type === "time");
    case "first":
      return (field, frame) => field === frame.fields[0];
    case "byValue": {
      const o = obj(options);
      return (field) => {
        const v = calcOf(str(o.reducer)).of(field.values);
        return typeof v === "number" && compare(str(o.op), v, Number(o.value));
      };
    }
    case "anyMatch": {
      const tests = arr(options).map((m) => fieldTest(str(obj(m).id), obj(m).options));
      return (f, frame, shown) => tests.some((t) => t(f, frame, shown));
    }
    case "allMatch": {
      const tests = arr(options).map((m) => fieldTest(str(obj(m).id), obj(m).options));
      return (f, frame, shown) => tests.every((t) => t(f, frame, shown));
    }
    case "invertMatch": {
      const test = fieldTest(str(obj(options).id), obj(options).options);
      return (f, frame, shown) => !test(f, frame, shown);
    }
    case "alwaysMatch":
      return () => true;
    default:
      return () => false;
  }
}

/** Columns of one name in one frame are told apart by numbers, from 1 on. */
function numbered(field: Field, frame: Frame): string {
  const alike = frame.fields.filter((f) => f.name === field.name && !f.legend);
  return alike.length > 1 ? `${field.name} ${alike.indexOf(field) + 1}` : field.name;
}

/** The names under which all fields are shown, in the order of frames and fields. */
export function shownNames(frames: Frame[]): Map<Field, string> {
  const telling = tellingLabels(frames);
  const names = new Map<Field, string>();
  for (const frame of frames)
    for (const field of frame.fields) {
      const name = displayName(field, frame, telling);
      names.set(field, name === field.name ? numbered(field, frame) : name);
    }
  return names;
}

/** Frames by refId, as transformations with a filter and filterByRefId name them. */
export function frameTest(id: string, options: unknown): (frame: Frame) => boolean {
  if (id === "byRefId") {
    const text = str(options);
    const re = regexOf(text);
    return (frame) => frame.refId === text || (!!re && re.test(frame.refId ?? ""));
  }
  return () => true;
}
