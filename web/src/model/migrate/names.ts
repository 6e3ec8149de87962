// Names of calculations as files older than Grafana 7 have them.

/** The old name of a calculation -> today's. */
export const CALC_NAMES: Record<string, string> = {
  avg: "mean",
  count: "count",
  current: "lastNotNull",
  delta: "delta",
  diff: "diff",
  first: "firstNotNull",
  max: "max",
  min: "min",
  range: "range",
  total: "sum",
};
