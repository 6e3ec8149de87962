// Serves the built pages the way the program does (same headers), with the simulated API under the
// same origin. A test can make it fail, be slow or go away. Run alone it is for looking:
//   node server.mjs [PORT]
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { about } from "./simabout.mjs";
import { allSeries } from "./simdata.mjs";
import { instant, QueryError, range, select } from "./simquery.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const build = process.env.ALGALON_BUILD ?? join(here, "../../build");
const dist = [
    process.env.ALGALON_WEB_DIST,
    join(build, "web/dist"),
    join(here, "../../web/dist"),
].find((dir) => dir && existsSync(join(dir, "index.html")));
const folder = join(here, "../../dashboards");

const POLICY =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

function loadDashboards(extra) {
    const order = readFileSync(join(folder, "order.txt"), "utf8").trim().split("\n");
    const shipped = order.map((name) => JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")));
    return [...shipped, ...[...extra].sort((a, b) => a.title.localeCompare(b.title))];
}

/** How the server behaves until a test says otherwise. */
export const AS_USUAL = {
    fail: "", // queries that hold these words fail
    delayMs: 0,
    gpus: true,
    doctor: null,
    down: false,
    bare: false, // scrapes nothing, has no rules
    missing: "", // the path under /api/v1/ that this server does not have
};

/** Starts the server on a free port; `control` changes how it behaves, `requests` is what it saw. */
export async function startServer({ port = 0, dashboards = [] } = {}) {
    if (!dist)
        throw new Error("the pages are not built: npm run build in web/, or build with CMake");
    const control = { ...AS_USUAL };
    const requests = [];
    const all = loadDashboards(dashboards);
    const server = createServer((req, res) => {
        let body = "";
        req.on("data", (chunk) => (body += chunk));
        req.on("end", () => {
            const url = new URL(req.url, "http://localhost");
            const form = new URLSearchParams(body);
            requests.push({
                method: req.method,
                path: url.pathname,
                query: url.searchParams,
                form,
            });
            if (control.down) {
                req.socket.destroy();
                return;
            }
            const slow = url.pathname.startsWith("/api/v1/") ? control.delayMs : 0;
            setTimeout(() => answer(url, form, res, all, control), slow);
        });
    });
    await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
    return {
        url: `http://127.0.0.1:${server.address().port}`,
        control,
        requests,
        stop: () => {
            server.closeAllConnections();
            return new Promise((resolve) => server.close(resolve));
        },
    };
}

function json(res, status, value) {
    res.writeHead(status, { "Content-Type": "application/json" });
    res.end(JSON.stringify(value));
}

function answer(url, form, res, all, control) {
    const path = url.pathname;
    if (path === "/api/dashboards") {
        const broken = {
            uid: "file-broken",
            title: "broken.json",
            tags: [],
            error: "broken.json:3:14: ',' or '}' expected near \"x\"",
        };
        json(res, 200, [
            ...all.map((d) => ({
                uid: d.uid,
                title: d.title,
                tags: d.tags ?? [],
                origin: d.uid.startsWith("algalon-") ? "shipped" : "kept",
            })),
            broken,
        ]);
    } else if (/^\/api\/dashboards\/uid\/[^/]+\/file$/.test(path)) {
        const found = all.find((d) => d.uid === path.split("/")[4]);
        json(res, found ? 200 : 404, found ?? { message: "there is no such dashboard" });
    } else if (path.startsWith("/api/dashboards/uid/")) {
        const found = all.find((d) => d.uid === decodeURIComponent(path.slice(20)));
        if (found) json(res, 200, { meta: {}, dashboard: found });
        else json(res, 404, { message: "there is no such dashboard" });
    } else if (path.startsWith("/api/v1/")) api(path, url.searchParams, form, res, control);
    else page(path, res);
}

function page(path, res) {
    if (path.startsWith("/assets/")) {
        try {
            const file = readFileSync(join(dist, path + ".gz"));
            const type = { js: "text/javascript", css: "text/css", svg: "image/svg+xml", md: "text/markdown" }[
                path.slice(path.lastIndexOf(".") + 1)
            ];
            res.writeHead(200, {
                "Content-Type": type,
                "Content-Encoding": "gzip",
                "Cache-Control": "public, max-age=31536000, immutable",
                "X-Content-Type-Options": "nosniff",
            });
            res.end(file);
        } catch {
            json(res, 404, { message: "no such file" });
        }
        return;
    }
    res.writeHead(200, {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": POLICY,
        "Cache-Control": "no-cache",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    });
    res.end(readFileSync(join(dist, "index.html")));
}

function visible(control) {
    return (labels) =>
        control.gpus || !/gpu|algalon_gpu|all_smi_process|energy/.test(labels.__name__);
}

function api(path, query, form, res, control) {
    const param = (name) => form.get(name) ?? query.get(name);
    const ok = (data) => json(res, 200, { status: "success", data });
    const q = param("query") ?? "";
    if (control.fail && path.includes("query") && q.includes(control.fail)) {
        json(res, 422, {
            status: "error",
            errorType: "execution",
            error: "the simulated query failed on purpose",
        });
        return;
    }
    try {
        const told = control.missing === path ? null : about(path, query, control);
        if (told) {
            ok(told);
            return;
        }
        const hidden = !control.gpus && /gpu|all_smi_process/.test(q);
        if (path === "/api/v1/format_query") ok(readable(q));
        else if (path === "/api/v1/labels") ok(labelNames(query.getAll("match[]"), control));
        else if (path === "/api/v1/metadata")
            ok({ all_smi_gpu_utilization: [{ type: "gauge", help: "How busy it is", unit: "" }] });
        else if (path === "/api/v1/query")
            ok(hidden ? { resultType: "vector", result: [] } : instant(q, Number(param("time"))));
        else if (path === "/api/v1/query_range")
            ok(
                hidden
                    ? { resultType: "matrix", result: [] }
                    : range(q, Number(param("start")), Number(param("end")), Number(param("step"))),
            );
        else if (path.startsWith("/api/v1/label/"))
            ok(
                labelValues(
                    decodeURIComponent(path.split("/")[4]),
                    query.getAll("match[]"),
                    control,
                ),
            );
        else if (path === "/api/v1/doctor" && control.doctor) json(res, 200, control.doctor);
        else json(res, 404, { status: "error", errorType: "not_found", error: "not found" });
    } catch (e) {
        if (!(e instanceof QueryError)) throw e;
        json(res, 400, { status: "error", errorType: "bad_data", error: e.message });
    }
}

/** Brackets that do not fit, at their place, in the words of the program. */
function readable(query) {
    const open = [];
    const closes = { ")": "(", "]": "[", "}": "{" };
    [...query].forEach((c, i) => {
        if ("([{".includes(c)) open.push({ c, i });
        else if (closes[c] && open.pop()?.c !== closes[c])
            throw new QueryError(`invalid parameter "query": 1:${i + 1}: parse error: unexpected ${c}`);
    });
    const left = open.pop();
    if (left) throw new QueryError(`invalid parameter "query": 1:${query.length + 1}: parse error: unclosed ${left.c}`);
    return query;
}

function labelNames(matches, control) {
    const names = new Set(found(matches, control).flatMap((s) => Object.keys(s.labels)));
    return [...names].sort();
}

function labelValues(name, matches, control) {
    return [...new Set(found(matches, control).map((s) => s.labels[name]).filter(Boolean))].sort();
}

function found(matches, control) {
    let found = allSeries.filter((s) => visible(control)(s.labels));
    for (const m of matches) {
        const parts = /^([\w:]*)(?:\{(.*)\})?$/.exec(m);
        const matchers = [
            ...(parts[2] ?? "").matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"((?:\\.|[^"\\])*)"/g),
        ].map((x) => ({ label: x[1], op: x[2], value: x[3].replace(/\\\\/g, "\\") }));
        const set = new Set(select(parts[1], matchers));
        found = found.filter((s) => set.has(s));
    }
    return found;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const server = await startServer({ port: Number(process.argv[2] ?? 0) });
    console.log(server.url);
}
