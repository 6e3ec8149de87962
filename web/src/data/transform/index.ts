// Transformations by the ids that dashboard files use. Adding one: a function here or in a file
// beside, and a row in the table.
import type { Transformation } from "../../model/dashboard.ts";
import type { Frame } from "../frame.ts";
import { frameTest } from "../matchers.ts";
import { calculateField, convertFieldType, renameByRegex } from "./fields.ts";
import { configFromData, rowsToFields } from "./config.ts";
import { concatenate, joinByField, merge, rowsOfSeries, transpose } from "./join.ts";
import { filterByRefId, filterByValue, filterFieldsByName, organize } from "./select.ts";
import { groupBy, labelsToFields, limit, reduce, sortBy } from "./shape.ts";
import {
  ensureColumns,
  extractFields,
  formatString,
  formatTime,
  groupingToMatrix,
  histogram,
  joinByLabels,
  partitionByValues,
  prepareTimeSeries,
} from "./table.ts";
import { groupToNestedTable } from "./nested.ts";
import { smoothing } from "./smooth.ts";
import { heatmap, regression, timeSeriesTable } from "./trend.ts";
import type { Transform } from "./types.ts";

const unchanged: Transform = (frames) => frames;

const table: Record<string, Transform> = {
  calculateField,
  concatenate,
  configFromData,
  convertFieldType,
  convertFrameType: unchanged,
  ensureColumns,
  extractFields,
  filterByRefId,
  filterByValue,
  filterFieldsByName,
  formatString,
  formatTime,
  groupBy,
  groupToNestedTable,
  groupingToMatrix,
  heatmap,
  histogram,
  joinByField,
  joinByLabels,
  labelsToFields,
  limit,
  merge,
  noop: unchanged,
  order: organize,
  organize,
  partitionByValues,
  prepareTimeSeries,
  reduce,
  regression,
  rename: organize,
  renameByRegex,
  rowsToFields,
  seriesToColumns: joinByField,
  seriesToRows: rowsOfSeries,
  smoothing,
  sortBy,
  timeSeriesTable,
  transpose,
};

export function isTransformation(id: string): boolean {
  return Object.prototype.hasOwnProperty.call(table, id);
}

const CANNOT: Record<string, string> = {
  fieldLookup: "it looks places up in Grafana's own lists of them, which are not here",
  spatial: "it is about places on maps, and no maps are drawn here",
};

/** What is said of a transformation that is left out. */
export function whyLeftOut(id: string): string {
  return `The transformation "${id}" is left out: ${CANNOT[id] ?? "it is not known here"}.`;
}

/** Applies a panel's transformations in order; ids that are not known are named in `unknown`. */
export function transform(
  frames: Frame[],
  steps: Transformation[],
  fill: (template: string) => string,
): { frames: Frame[]; unknown: string[] } {
  const unknown: string[] = [];
  let now = frames;
  for (const step of steps) {
    if (step.disabled) continue;
    if (!isTransformation(step.id)) {
      unknown.push(step.id);
      continue;
    }
    if (step.filter) {
      const test = frameTest(step.filter.id, step.filter.options);
      const taken = now.filter(test);
      now = [...now.filter((f) => !test(f)), ...table[step.id]!(taken, step.options, fill)];
    } else {
      now = table[step.id]!(now, step.options, fill);
    }
  }
  return { frames: now, unknown };
}
