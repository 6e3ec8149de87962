// Builds the pages: a bundle that draws dashboards, pieces that are loaded when they are needed, the
// style sheet and the icon, with content hashes in their names; index.html that names them, a gzip
// form of each, and manifest.txt, from which they are embedded.
//
//   node build.mjs [--out DIR] [--watch] [--sizes]
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const args = process.argv.slice(2);
const out = args.includes("--out") ? args[args.indexOf("--out") + 1] : join(here, "dist");
const RUNBOOKS = join(here, "../docs/runbooks.md"); // what alerts point to
// Scripts and styles, compressed: what any page needs to be drawn, and all there is.
const PAGE_BUDGET_BYTES = 120 * 1024;
const TOTAL_BUDGET_BYTES = 160 * 1024;

const TYPES = {
    html: "text/html; charset=utf-8",
    js: "text/javascript; charset=utf-8",
    css: "text/css; charset=utf-8",
    svg: "image/svg+xml",
    md: "text/markdown; charset=utf-8",
};

const common = {
    bundle: true,
    minify: true,
    charset: "utf8",
    legalComments: "none",
    target: ["es2020", "chrome90", "firefox90", "safari14.1"],
    outdir: join(out, "assets"),
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    write: false,
    metafile: true,
    absWorkingDir: here,
    logLevel: "warning",
};
/** Before the first paint: a script of its own, which waits for nothing. */
const early = {
    ...common,
    format: "iife",
    entryPoints: { theme: join(here, "src/ui/theme-early.ts"), style: join(here, "src/style.css") },
};
const application = {
    ...common,
    format: "esm",
    splitting: true,
    entryPoints: { app: join(here, "src/main.ts") },
};

function hashed(name, bytes) {
    const dot = name.lastIndexOf(".");
    const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
    return `assets/${name.slice(0, dot)}-${hash}${name.slice(dot)}`;
}

/** The path of an output as the server has it. */
const served = (path) => `assets/${basename(path)}`;

/** The outputs that an entry loads at once: itself, and what it imports outright. */
function atOnce(outputs, entry, found = new Set()) {
    if (found.has(entry)) return found;
    found.add(entry);
    for (const i of outputs[entry].imports)
        if (i.kind === "import-statement") atOnce(outputs, i.path, found);
    return found;
}

function emit(results) {
    rmSync(out, { recursive: true, force: true });
    mkdirSync(join(out, "assets"), { recursive: true });
    const outputs = Object.assign({}, ...results.map((r) => r.metafile.outputs));
    const manifest = [];
    const names = {}; // what index.html calls them -> their path
    const compressed = new Map();
    const put = (path, bytes) => {
        const gz = gzipSync(bytes, { level: 9 });
        writeFileSync(join(out, path), bytes);
        writeFileSync(join(out, path + ".gz"), gz);
        const ext = path.slice(path.lastIndexOf(".") + 1);
        manifest.push(`${path}\t${TYPES[ext]}\t${bytes.length}`);
        compressed.set(path, gz.length);
    };
    for (const file of results.flatMap((r) => r.outputFiles))
        put(served(file.path), Buffer.from(file.contents));
    const entries = Object.keys(outputs).filter((path) => /\/(app|theme|style)-\w+\.\w+$/.test(path));
    const first = new Set(entries.flatMap((entry) => [...atOnce(outputs, entry)]));
    for (const path of entries)
        names[basename(path).replace(/-\w+(\.\w+)$/, "$1")] = served(path);
    const asItIs = readdirSync(join(here, "static")).map((name) => join(here, "static", name));
    for (const file of [...asItIs.sort(), RUNBOOKS]) {
        const name = basename(file);
        if (name === "index.html") continue;
        const bytes = readFileSync(file);
        names[name] = hashed(name, bytes);
        put(names[name], bytes);
    }
    const beside = [...first].filter((path) => !entries.includes(path)); // what app.js imports
    const preload = beside.map((p) => `<link rel="modulepreload" href="/${served(p)}">`).join("\n    ");
    const html = readFileSync(join(here, "static/index.html"), "utf8")
        .replace("{{preload}}", preload)
        .replace(/\{\{([a-z.]+)\}\}/g, (_, name) => {
            if (!names[name]) throw new Error(`index.html names ${name}, which was not built`);
            return "/" + names[name];
        });
    put("index.html", Buffer.from(html));
    writeFileSync(join(out, "manifest.txt"), manifest.sort().join("\n") + "\n");
    report(outputs, first, compressed);
}

function report(outputs, first, compressed) {
    const size = (path) => compressed.get(served(path)) ?? 0;
    const sum = (paths) => paths.reduce((bytes, path) => bytes + size(path), 0);
    const all = Object.keys(outputs);
    for (const path of all.sort((a, b) => size(b) - size(a)))
        console.log(`${served(path)}  ${size(path)} bytes compressed${first.has(path) ? "" : ", when needed"}`);
    if (args.includes("--sizes"))
        for (const path of all)
            for (const [source, { bytesInOutput }] of Object.entries(outputs[path].inputs).sort(
                (a, b) => b[1].bytesInOutput - a[1].bytesInOutput,
            ))
                console.log(`${String(bytesInOutput).padStart(7)}  ${source} in ${basename(path)}`);
    // A page is what is loaded at once, and one of the parts that are loaded when needed.
    const pages = all
        .filter((path) => outputs[path].entryPoint)
        .map((path) => sum([...new Set([...first, ...atOnce(outputs, path)])]));
    const largest = Math.max(...pages);
    const total = sum(all);
    console.log(
        `scripts and styles, compressed: ${sum([...first])} bytes for a dashboard, ${largest} for ` +
            `the largest page (budget ${PAGE_BUDGET_BYTES}), ${total} in all (budget ${TOTAL_BUDGET_BYTES})`,
    );
    if (largest > PAGE_BUDGET_BYTES || total > TOTAL_BUDGET_BYTES)
        throw new Error("the pages are over their size budget");
}

if (args.includes("--watch")) {
    const done = {};
    const emitted = (name) => ({
        name,
        setup: (build) =>
            build.onEnd((result) => {
                if (result.errors.length) return;
                done[name] = result;
                if (done.early && done.application) emit([done.early, done.application]);
            }),
    });
    for (const [name, options] of Object.entries({ early, application }))
        await (await esbuild.context({ ...options, plugins: [emitted(name)] })).watch();
} else {
    emit(await Promise.all([esbuild.build(early), esbuild.build(application)]));
}
