// Builds the pages: bundle, style sheet and icon with content hashes in their names, index.html
// that names them, a gzip form of each, and manifest.txt, from which they are embedded.
//
//   node build.mjs [--out DIR] [--watch]
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
const BUDGET_BYTES = 120 * 1024; // scripts and styles, compressed

const TYPES = {
    html: "text/html; charset=utf-8",
    js: "text/javascript; charset=utf-8",
    css: "text/css; charset=utf-8",
    svg: "image/svg+xml",
    md: "text/markdown; charset=utf-8",
};

const options = {
    entryPoints: {
        app: join(here, "src/main.ts"),
        theme: join(here, "src/ui/theme-early.ts"),
        style: join(here, "src/style.css"),
    },
    bundle: true,
    minify: true,
    charset: "utf8",
    legalComments: "none",
    target: ["es2020", "chrome90", "firefox90", "safari14.1"],
    format: "iife",
    outdir: out,
    write: false,
    logLevel: "warning",
};

function hashed(name, bytes) {
    const dot = name.lastIndexOf(".");
    const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
    return `assets/${name.slice(0, dot)}-${hash}${name.slice(dot)}`;
}

function emit(outputs) {
    rmSync(out, { recursive: true, force: true });
    mkdirSync(join(out, "assets"), { recursive: true });
    const manifest = [];
    const names = {};
    let budget = 0;
    const put = (path, bytes) => {
        const gz = gzipSync(bytes, { level: 9 });
        writeFileSync(join(out, path), bytes);
        writeFileSync(join(out, path + ".gz"), gz);
        const ext = path.slice(path.lastIndexOf(".") + 1);
        manifest.push(`${path}\t${TYPES[ext]}\t${bytes.length}`);
        if (ext === "js" || ext === "css") budget += gz.length;
        return gz.length;
    };
    for (const file of outputs) {
        const name = file.path.slice(file.path.lastIndexOf("/") + 1);
        names[name] = hashed(name, file.contents);
        console.log(
            `${names[name]}  ${put(names[name], Buffer.from(file.contents))} bytes compressed`,
        );
    }
    const asItIs = readdirSync(join(here, "static")).map((name) => join(here, "static", name));
    for (const file of [...asItIs.sort(), RUNBOOKS]) {
        const name = basename(file);
        if (name === "index.html") continue;
        const bytes = readFileSync(file);
        names[name] = hashed(name, bytes);
        put(names[name], bytes);
    }
    const html = readFileSync(join(here, "static/index.html"), "utf8").replace(
        /\{\{([a-z.]+)\}\}/g,
        (_, name) => {
            if (!names[name]) throw new Error(`index.html names ${name}, which was not built`);
            return "/" + names[name];
        },
    );
    put("index.html", Buffer.from(html));
    writeFileSync(join(out, "manifest.txt"), manifest.sort().join("\n") + "\n");
    console.log(`scripts and styles: ${budget} bytes compressed (budget ${BUDGET_BYTES})`);
    if (budget > BUDGET_BYTES) throw new Error("the pages are over their size budget");
}

if (args.includes("--watch")) {
    const context = await esbuild.context({
        ...options,
        plugins: [
            {
                name: "emit",
                setup: (build) =>
                    build.onEnd((result) => result.errors.length || emit(result.outputFiles)),
            },
        ],
    });
    await context.watch();
} else {
    emit((await esbuild.build(options)).outputFiles);
}
