// Which fields or frames an override or a transformation means.
import { arr, obj, str, strings } from "../model/json.ts";
import { calcOf } from "./calcs.ts";
import { regexOf } from "./display.ts";
import { displayName, type Field, type Frame, tellingLabels } from "./frame.ts";

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

function byNames(options: unknown): FieldTest {
  const o = obj(options);
  const names = new Set(strings(o.names ?? options));
  const exclude = o.mode === "exclude";
  return (field, _frame, shown) => (names.has(shown) || names.has(field.name)) !== exclude;
}

/** The test that a matcher id and its options mean; an unknown id matches nothing. */
export function fieldTest(id: string, options: unknown): FieldTest {
  switch (id) {
    case "byName": {
      const name = str(options) || str(obj(options).name);
      return (field, _frame, shown) => shown === name || field.name === name;
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
    case "firstTimeField":
      return (field) => field.type === "time";
    case "byValue": {
      const o = obj(options);
      return (field) => {
        if (field.type !== "number") return false;
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

/** The names under which all fields are shown, in the order of frames and fields. */
export function shownNames(frames: Frame[]): Map<Field, string> {
  const telling = tellingLabels(frames);
  const names = new Map<Field, string>();
  for (const frame of frames)
    for (const field of frame.fields) names.set(field, displayName(field, frame, telling));
  return names;
}

/** Frames by refId, as transformations with a filter and filterByRefId name them. */
export function frameTest(id: string, options: unknown): (frame: Frame) => boolean {
  if (id === "byRefId") {
    const text = str(options);
    const re = regexOf(`^(?:${text.replace(/^\/(.*)\/$/, "$1")})$`);
    return (frame) => frame.refId === text || (!!re && re.test(frame.refId ?? ""));
  }
  return () => true;
}
