// record.mjs - writes grafana.json: what @grafana/data answers to questions that our tests then put to our modules.
//   npm install --prefix FOLDER @grafana/data@13.2.3 && TZ=UTC node reference/record.mjs FOLDER
// The package with all that it needs weighs 170 MB: the tests use what was recorded, not the package.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { cases } from "./cases.mjs";

const folder = resolve(process.argv[2] ?? ".");
const require = createRequire(join(folder, "node_modules/"));
if (!globalThis.navigator) globalThis.navigator = { language: "en-US", languages: ["en-US"] };
const g = require("@grafana/data");
globalThis.window ??= {}; // only now: some of its parts take a window for a browser
const packageFile = join(folder, "node_modules/@grafana/data/package.json");

const byId = new Map(Object.values(g.standardTransformers).map((t) => [t.id, t])); // one stands there under two names
g.standardTransformersRegistry.setInit(() =>
    [...byId].map(([id, t]) => ({ id, name: t.name, transformation: () => Promise.resolve(t) })),
);
const theme = g.createTheme();
const text = (v) => (typeof v === "number" && !Number.isFinite(v) ? String(v) : (v ?? null));

function units() {
    const known = {};
    for (const category of g.getValueFormats())
        for (const { value: id } of category.submenu) {
            if (/^dateTime/.test(id)) continue; // depend on the day and the place
            const format = g.getValueFormat(id);
            const one = (v, decimals) => g.formattedValueToString(format(v, decimals, null, "utc"));
            known[id] = [null, ...cases.decimals].map((d) => cases.numbers.map((v) => one(v, d ?? undefined)));
        }
    for (const id of cases.customUnits) {
        const format = g.getValueFormat(id);
        known[id] = [null, ...cases.decimals].map((d) =>
            cases.numbers.map((v) => g.formattedValueToString(format(v, d ?? undefined, null, "utc"))),
        );
    }
    return known;
}

function calcs() {
    const out = {};
    for (const { id } of g.fieldReducers.list()) {
        if (/^p\d/.test(id) && !cases.percentiles.includes(id)) continue;
        out[id] = cases.columns.map((values) => {
            const field = { name: "x", type: "number", values, config: {} };
            return text(g.reduceField({ field, reducers: [id] })[id]);
        });
    }
    return out;
}

function displays() {
    return cases.displays.map(({ config, values, type = "number" }) =>
        values.map((v) => {
            const field = { name: "x", type, config, values: [v] };
            const shown = g.getDisplayProcessor({ field, theme, timeZone: "utc" })(v);
            return g.formattedValueToString(shown);
        }),
    );
}

function thresholds() {
    return cases.thresholds.map(({ thresholds: t, min, max, values }) => {
        const field = { name: "x", type: "number", values, config: { min, max, thresholds: t, color: { mode: "thresholds" } } };
        const scale = g.getScaleCalculator(field, theme);
        return values.map((v) => scale(v).threshold?.color ?? null);
    });
}

const framesOf = (frames) =>
    frames.map((f) => g.toDataFrame({ ...f, fields: f.fields.map(({ legend, ...x }) => ({ ...x, config: legend ? { displayNameFromDS: legend } : {}, values: [...x.values] })) }));

const written = (frames) =>
    frames.map((frame) =>
        frame.fields.map((field) => [
            g.getFieldDisplayName(field, frame, frames),
            [...field.values].map(field.type === "nestedFrames" ? written : text),
        ]),
    );

function transformed(steps, frames) {
    return new Promise((done, fail) => {
        g.transformDataFrame(steps, framesOf(frames), { interpolate: (t) => t }).subscribe({ next: (r) => done(written(r)), error: fail });
    });
}

async function transformations() {
    const out = [];
    for (const c of cases.transformations) out.push(await transformed(c.steps, cases.frames[c.frames]));
    return out;
}

function matchers() {
    return cases.matchers.map(({ id, options }) => {
        const frames = framesOf(cases.frames.mixed);
        const test = g.getFieldMatcher({ id, options: id === "byTypes" ? new Set(options) : options });
        return frames.flatMap((frame) => frame.fields.map((field) => !!test(field, frame, frames)));
    });
}

const { version } = JSON.parse(readFileSync(packageFile, "utf8"));
const answers = {
    source: `@grafana/data ${version}`,
    units: units(),
    calcs: calcs(),
    displays: displays(),
    thresholds: thresholds(),
    transformations: await transformations(),
    matchers: matchers(),
    intervals: cases.intervals.map(({ from, to, points, low }) => {
        const range = { from: g.dateTime(from), to: g.dateTime(to), raw: {} };
        return g.rangeUtil.calculateInterval(range, points, low).intervalMs;
    }),
};
const line = (v) => JSON.stringify(v);
const body = Object.entries(answers).map(([key, value]) => {
    if (typeof value === "string") return `${line(key)}: ${line(value)}`;
    const items = Array.isArray(value) ? value.map(line) : Object.entries(value).map(([k, v]) => `${line(k)}: ${line(v)}`);
    const [open, close] = Array.isArray(value) ? "[]" : "{}";
    return `${line(key)}: ${open}\n${items.join(",\n")}\n${close}`;
});
writeFileSync(join(dirname(fileURLToPath(import.meta.url)), "grafana.json"), `{\n${body.join(",\n")}\n}\n`);
