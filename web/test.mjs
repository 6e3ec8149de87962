// Runs the unit tests of the TypeScript modules: bundles each src/**/*.test.ts for Node and hands
// them to Node's own test runner.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));

function tests(dir) {
    return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
        const path = join(dir, entry.name);
        if (entry.isDirectory()) return tests(path);
        return entry.name.endsWith(".test.ts") ? [path] : [];
    });
}

const out = mkdtempSync(join(tmpdir(), "algalon-web-test-"));
try {
    const files = tests(join(here, "src"));
    await esbuild.build({
        entryPoints: files,
        outdir: out,
        outbase: join(here, "src"),
        bundle: true,
        platform: "node",
        format: "esm",
        outExtension: { ".js": ".mjs" },
        target: "node18",
        sourcemap: "inline",
        logLevel: "warning",
    });
    const built = files.map((file) =>
        join(out, file.slice(join(here, "src").length + 1).replace(/\.ts$/, ".mjs")),
    );
    const run = spawnSync(process.execPath, ["--test", ...built], {
        stdio: "inherit",
        env: { ...process.env, TZ: "UTC", ALGALON_SOURCE: join(here, "..") },
    });
    process.exitCode = run.status ?? 1;
} finally {
    rmSync(out, { recursive: true, force: true });
}
