// Rows grouped by columns, each with a table of its own of the rows that it stands for.
import { arr, bool, obj, str, strings } from "../../model/json.ts";
import type { Field, Frame } from "../frame.ts";
import { fieldTest, shownNames } from "../matchers.ts";
import { groupRows } from "./shape.ts";
import { pick, type Transform, withFields } from "./types.ts";

interface Rule {
  test: (field: Field, frame: Frame, shown: string) => boolean;
  operation: string;
  aggregations: string[];
  keeps: boolean; // stays in the nested tables, though it is calculated
}

/** Rules of Grafana 13 by matchers, or those of before by names. */
function rulesOf(options: Record<string, unknown>): Rule[] {
  if (options.rules !== undefined)
    return arr(options.rules).map((raw) => {
      const r = obj(raw);
      return {
        test: fieldTest(str(obj(r.matcher).id), obj(r.matcher).options),
        operation: str(r.operation),
        aggregations: strings(r.aggregations),
        keeps: bool(r.keepNestedField),
      };
    });
  return Object.entries(obj(options.fields)).map(([name, raw]) => ({
    test: fieldTest("byName", name),
    operation: str(obj(raw).operation),
    aggregations: strings(obj(raw).aggregations),
    keeps: false,
  }));
}

export const groupToNestedTable: Transform = (frames, options) => {
  const rules = rulesOf(options);
  if (!rules.some((r) => r.operation === "groupby")) return frames;
  const names = shownNames(frames);
  return frames.flatMap((frame) => {
    const ruleOf = (f: Field): Rule | undefined => rules.find((r) => r.test(f, frame, names.get(f) ?? f.name));
    const grouped = groupRows(frame, names, (f) => {
      const rule = ruleOf(f);
      return { operation: rule?.operation ?? "", aggregations: rule?.aggregations ?? [] };
    });
    if (!grouped) return [];
    const inner = frame.fields.filter((f) => {
      const rule = ruleOf(f);
      if (!rule || !rule.operation) return true;
      return rule.operation === "aggregate" && (!rule.aggregations.length || rule.keeps);
    });
    const nested = grouped.rows.map((rows) => pick(withFields(frame, inner), inner.length ? rows : []));
    return [{ ...grouped.frame, nested, unfolded: bool(options.expandAllRows) }];
  });
};
