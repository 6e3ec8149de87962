// cases.mjs - what record.mjs asks @grafana/data, and our tests ask our modules.
const time = (...values) => ({ name: "Time", type: "time", values });
const value = (values, labels, more = {}) => ({ name: "Value", type: "number", values, labels, ...more });
const column = (name, values) => ({ name, type: typeof values[0] === "number" ? "number" : "string", values });

/** Two series of one metric, one of them with a gap; and tables as instant queries give them. */
const frames = {
    series: [
        { refId: "A", fields: [time(1000, 2000, 3000), value([3, 1, 2], { gpu: "0", host: "a" }, { legend: "a/0" })] },
        { refId: "A", fields: [time(1000, 3000), value([30, 20], { gpu: "1", host: "a" }, { legend: "a/1" })] },
    ],
    tables: [
        { refId: "A", fields: [column("gpu", ["0", "1", "2"]), column("host", ["a", "a", "b"]), column("Value #A", [10, 20, 30])] },
        { refId: "B", fields: [column("gpu", ["0", "2"]), column("host", ["a", "b"]), column("Value #B", [1, 3])] },
    ],
    table: [
        {
            refId: "A",
            fields: [
                column("gpu", ["1", "0", "2", "10"]),
                column("host", ["a", "a", "b", "b"]),
                column("used", [5, 9, 7, 1]),
                column("free", [4, 2, 2, 8]),
            ],
        },
    ],
    mixed: [
        { refId: "A", fields: [time(1000, 2000), value([1, 5], { gpu: "0" }), { name: "state", type: "string", values: ["on", "off"] }] },
        { refId: "B", fields: [time(1000, 2000), value([7, 8], { gpu: "1" }), { name: "up", type: "boolean", values: [true, false] }] },
    ],
};

const is = (id, options = {}) => [{ id, options }];
const group = (a, b) => ({ fields: { host: { operation: "groupby", aggregations: [] }, used: { operation: "aggregate", aggregations: a }, free: { operation: "aggregate", aggregations: b } } });
const rules = (name, operation, aggregations = [], keepNestedField = false) => ({ matcher: { id: "byName", options: name }, operation, aggregations, keepNestedField });
const rule = (fieldName, id, options) => ({ fieldName, config: { id, options } });
const binary = (left, operator, right) => ({ mode: "binary", binary: { left: { matcher: { id: "byName", options: left } }, operator, right: typeof right === "string" ? { matcher: { id: "byName", options: right } } : { fixed: String(right) } } });

const transformations = [
    { frames: "table", steps: is("organize", { excludeByName: { free: true }, indexByName: { used: 0, gpu: 1, host: 2 }, renameByName: { used: "Used" } }) },
    { frames: "tables", steps: is("merge") },
    { frames: "tables", steps: is("joinByField", { byField: "gpu", mode: "outer" }) },
    { frames: "tables", steps: is("joinByField", { byField: "gpu", mode: "inner" }) },
    { frames: "tables", steps: is("joinByField", { byField: "gpu", mode: "outerTabular" }) },
    { frames: "series", steps: is("joinByField", {}) },
    { frames: "series", steps: is("reduce", { reducers: ["max", "mean", "lastNotNull"] }) },
    { frames: "series", steps: is("reduce", { reducers: ["sum"], labelsToFields: true }) },
    { frames: "table", steps: is("reduce", { reducers: ["min"], mode: "reduceFields" }) },
    { frames: "table", steps: is("filterFieldsByName", { include: { names: ["gpu", "used"] } }) },
    { frames: "table", steps: is("filterFieldsByName", { exclude: { pattern: "^(host|free)$" } }) },
    { frames: "table", steps: is("filterFieldsByName", { include: { pattern: "/u/" } }) },
    { frames: "table", steps: is("filterByValue", { type: "include", match: "any", filters: [rule("used", "greater", { value: 6 })] }) },
    { frames: "table", steps: is("filterByValue", { type: "exclude", match: "all", filters: [rule("host", "equal", { value: "a" }), rule("used", "lower", { value: 6 })] }) },
    { frames: "table", steps: is("filterByValue", { type: "include", match: "all", filters: [rule("gpu", "regex", { value: "^1" }), rule("free", "between", { from: 1, to: 4 })] }) },
    { frames: "table", steps: is("groupBy", group(["sum", "max"], ["mean"])) },
    { frames: "table", steps: is("groupBy", group(["lastNotNull"], ["count"])) },
    { frames: "table", steps: is("calculateField", binary("used", "+", "free")) },
    { frames: "table", steps: is("calculateField", { ...binary("used", "*", 2), alias: "twice" }) },
    { frames: "table", steps: is("calculateField", { mode: "reduceRow", reduce: { reducer: "sum", include: ["used", "free"] } }) },
    { frames: "table", steps: is("calculateField", { mode: "reduceRow", reduce: { reducer: "mean" }, alias: "middle", replaceFields: true }) },
    { frames: "table", steps: is("calculateField", { mode: "unary", unary: { operator: "abs", fieldName: "used" } }) },
    { frames: "table", steps: is("calculateField", { mode: "index", index: { asPercentile: false } }) },
    { frames: "table", steps: is("calculateField", { mode: "index", index: { asPercentile: true } }) },
    { frames: "table", steps: is("calculateField", { mode: "cumulativeFunctions", cumulative: { field: "used", reducer: "sum" } }) },
    { frames: "table", steps: is("calculateField", { mode: "cumulativeFunctions", cumulative: { field: "used", reducer: "mean" } }) },
    { frames: "table", steps: is("calculateField", { mode: "windowFunctions", window: { field: "used", reducer: "mean", windowAlignment: "trailing", windowSizeMode: "fixed", windowSize: 2 } }) },
    { frames: "series", steps: is("calculateField", { mode: "reduceRow", reduce: { reducer: "sum" } }) },
    { frames: "table", steps: is("sortBy", { sort: [{ field: "used", desc: true }] }) },
    { frames: "table", steps: is("sortBy", { sort: [{ field: "host" }] }) },
    { frames: "series", steps: is("renameByRegex", { regex: "(.*)0", renamePattern: "GPU $1" }) },
    { frames: "table", steps: is("renameByRegex", { regex: "u(.*)", renamePattern: "$1!" }) },
    { frames: "series", steps: is("labelsToFields", {}) },
    { frames: "series", steps: is("labelsToFields", { mode: "columns", keepLabels: ["gpu"] }) },
    { frames: "series", steps: is("labelsToFields", { valueLabel: "gpu" }) },
    { frames: "series", steps: is("seriesToRows") },
    { frames: "table", steps: is("limit", { limitField: 2 }) },
    { frames: "tables", steps: is("concatenate", { frameNameMode: "drop" }) },
    { frames: "tables", steps: is("filterByRefId", { include: "B" }) },
    { frames: "table", steps: is("convertFieldType", { conversions: [{ targetField: "gpu", destinationType: "number" }] }) },
    { frames: "table", steps: is("histogram", { bucketSize: 2 }) },
    { frames: "table", steps: is("histogram", { combine: true }) },
    { frames: "series", steps: is("histogram", {}) },
    { frames: "table", steps: is("groupingToMatrix", { emptyValue: "null", columnField: "gpu", rowField: "host", valueField: "free" }) },
    { frames: "series", steps: is("noop") },
    { frames: "table", steps: is("formatString", { stringField: "host", outputFormat: "Upper Case" }) },
    { frames: "table", steps: is("order", { indexByName: { free: 0, gpu: 1 } }) },
    { frames: "table", steps: is("rename", { renameByName: { free: "Free" } }) },
    { frames: "table", steps: is("calculateField", { mode: "windowFunctions", window: { field: "used", reducer: "mean", windowAlignment: "centered", windowSizeMode: "fixed", windowSize: 3 } }) },
    { frames: "table", steps: is("groupingToMatrix", { columnField: "host", rowField: "gpu", valueField: "used" }) },
    { frames: "table", steps: is("transpose", {}) },
    { frames: "series", steps: is("ensureColumns") },
    { frames: "table", steps: is("groupToNestedTable", group(["sum", "max"], [])) },
    { frames: "table", steps: is("groupToNestedTable", { rules: [rules("host", "groupby"), rules("used", "aggregate", ["mean"], true), rules("free", "aggregate", ["min"])] }) },
    { frames: "table", steps: is("groupToNestedTable", { rules: [rules("used", "aggregate", ["mean"])] }) },
    { frames: "table", steps: [{ id: "filterFieldsByName", options: { include: { names: ["gpu", "used"] } } }, { id: "limit", options: { limitField: 1 } }] },
];

const step = (value, color) => ({ value, color });

export const cases = {
    numbers: [0, 0.0000004, 0.00123, 0.5, 1, 2.345, 59.94, 90, 999.6, 1024, 3600, 98765.4321, 1234567890, 2.5e11, -0.25, -4321.5],
    decimals: [0, 2],
    customUnits: ["suffix:GPUs", "prefix:~", "si:m", "si:mW", "count:jobs", "currency:CHF", "bool:up/down", "currency:financial:€:suffix", "strange"],
    percentiles: ["p5", "p50", "p95", "p99"],
    columns: [[1, 5, 3, null, 3], [7], [0, 0, 0], [null, null], [-2, 4, 1, 8, 2, 9], [10, 20, 5, 15], []],
    displays: [
        { config: { mappings: [{ type: "value", options: { 1: { text: "up" }, 0: { text: "down", color: "red" } } }] }, values: [0, 1, 2] },
        { config: { mappings: [{ type: "range", options: { from: 10, to: 20, result: { text: "mid" } } }] }, values: [9, 10, 20, 21] },
        { config: { mappings: [{ type: "range", options: { from: null, to: 20, result: { text: "low" } } }] }, values: [-5, 20, 21] },
        { type: "string", config: { mappings: [{ type: "regex", options: { pattern: "/gpu-(\\d+)/", result: { text: "GPU $1" } } }] }, values: ["gpu-7", "cpu-1"] },
        { config: { mappings: [{ type: "special", options: { match: "null", result: { text: "none" } } }] }, values: [null, 1] },
        { config: { mappings: [{ type: "special", options: { match: "null+nan", result: { text: "N/A" } } }], unit: "watt" }, values: [null, NaN, 5] },
        { type: "boolean", config: { mappings: [{ type: "special", options: { match: "true", result: { text: "yes" } } }] }, values: [true, false] },
        { type: "string", config: { mappings: [{ type: "special", options: { match: "empty", result: { text: "(empty)" } } }] }, values: ["", "x"] },
        { config: { unit: "percent", decimals: 1 }, values: [1, 2.25, null] },
        { config: { noValue: "nothing" }, values: [null, 3] },
        { type: "string", config: { unit: "bytes" }, values: ["2048", "words"] },
    ],
    thresholds: [
        { thresholds: { mode: "absolute", steps: [step(-Infinity, "green"), step(50, "orange"), step(80, "red")] }, values: [0, 49.9, 50, 79, 80, 100, -5] },
        { thresholds: { mode: "percentage", steps: [step(-Infinity, "green"), step(50, "orange"), step(80, "red")] }, min: 0, max: 700, values: [0, 349, 350, 559, 560, 700] },
        { thresholds: { mode: "percentage", steps: [step(-Infinity, "green"), step(50, "orange")] }, values: [10, 20, 30] },
    ],
    frames,
    transformations,
    matchers: [
        { id: "byName", options: "state" },
        { id: "byName", options: "Value" },
        { id: "byRegexp", options: "/^s/" },
        { id: "byType", options: "number" },
        { id: "byTypes", options: ["string", "boolean"] },
        { id: "byNames", options: { mode: "include", names: ["state", "up"] } },
        { id: "byNames", options: { mode: "exclude", names: ["state", "up"] } },
        { id: "byFrameRefID", options: "B" },
        { id: "byValue", options: { reducer: "max", op: "gt", value: 6 } },
        { id: "byValue", options: { reducer: "min", op: "lte", value: 1 } },
        { id: "numeric" },
        { id: "time" },
        { id: "first" },
        { id: "firstTimeField" },
        { id: "byRegexpOrNames", options: { pattern: "/^u/", names: ["state"] } },
    ],
    intervals: [
        { from: 0, to: 3600_000, points: 600, low: "5s" },
        { from: 0, to: 3600_000, points: 600, low: "15s" },
        { from: 0, to: 3600_000, points: 600, low: "1s" },
        { from: 0, to: 900_000, points: 1000, low: "1s" },
        { from: 0, to: 6 * 3600_000, points: 700, low: "1s" },
        { from: 0, to: 86_400_000, points: 1200, low: "5s" },
        { from: 0, to: 7 * 86_400_000, points: 500, low: "5s" },
        { from: 0, to: 30 * 86_400_000, points: 1500, low: "30s" },
        { from: 0, to: 365 * 86_400_000, points: 800, low: "5s" },
        { from: 0, to: 10_000, points: 1000, low: "1ms" },
    ],
};
