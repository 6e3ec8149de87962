// What a simulated host says about itself: targets, discoveries, relabelling, rules and alerts.
// Times lie close to now, as the pages say how long ago something was.
const NEVER = "0001-01-01T00:00:00Z";
const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();

function target(job, instance, more = {}) {
    return {
        discoveredLabels: { __address__: instance, __meta_rack: "r7", __scheme__: "http", job },
        labels: { instance, job },
        scrapePool: job,
        scrapeUrl: `http://${instance}/metrics`,
        globalUrl: `http://${instance}/metrics`,
        lastError: "",
        lastScrape: ago(3),
        lastScrapeDuration: 0.0123,
        lastSamplesScraped: 1234,
        health: "up",
        scrapeInterval: "5s",
        scrapeTimeout: "4s",
        ...more,
    };
}

const down = { health: "down", lastSamplesScraped: 0, lastScrapeDuration: 4 };

export const targets = {
    activeTargets: () => [
        ...["01", "02", "03"].map((n) => target("gpus", `node-${n}:9400`)),
        target("gpus", "node-04:9400", { ...down, lastError: "Failed to connect to node-04 port 9400: Connection refused" }),
        target("gpus", "node-05:9400", { ...down, lastError: "timed out: Operation timed out after 4001 milliseconds with 0 bytes received" }),
        target("hosts", "node-01:9100", { health: "unknown", lastScrape: NEVER, lastScrapeDuration: 0, lastSamplesScraped: 0 }),
        target("hosts", "<b>odd</b>:9100", { ...down, lastError: "<script>alert(1)</script> is what it said" }),
    ],
    dropped: [{ discoveredLabels: { __address__: "old-01:9400", __meta_rack: "attic" }, scrapePool: "gpus" }],
    counts: { gpus: 1, hosts: 0, empty: 0 },
};

const discoveries = () => [
    { scrapePool: "gpus", kind: "http", found: 6, looks: 20, failures: 1, lastError: "", lastSuccess: ago(12) },
    { scrapePool: "hosts", kind: "static", found: 2, looks: 0, failures: 0, lastError: "", lastSuccess: NEVER },
    { scrapePool: "empty", kind: "dns", found: 0, looks: 9, failures: 9, lastError: "_gpu._tcp.example: no answer from DNS", lastSuccess: NEVER },
];

/** Two rules: the rack becomes a label, machines in the attic are left out. */
function steps(labels) {
    const rule = { separator: ";", regex: "(.*)", modulus: 0, replacement: "$1", target_label: "" };
    const racked = { ...labels, rack: labels.__meta_rack };
    const kept = labels.__meta_rack !== "attic";
    return [
        { rule: { ...rule, action: "replace", source_labels: ["__meta_rack"], target_label: "rack" }, output: racked, keep: true },
        { rule: { ...rule, action: "drop", source_labels: ["rack"], regex: "attic" }, output: kept ? racked : {}, keep: kept },
    ];
}

const hot = (gpu, state, seconds) => ({
    labels: { alertname: "GpuTooHot", severity: "warning", hostname: "node-02", gpu_index: gpu },
    annotations: { summary: `node-02 GPU ${gpu} is 91 °C hot`, runbook: "docs/runbooks.md#gputoohot" },
    state,
    activeAt: ago(seconds),
    value: "9.1e+01",
});

const lost = () => ({
    labels: { alertname: "GpuLost", severity: "critical", hostname: "node-01", gpu_index: "2" },
    annotations: { summary: "node-01 GPU 2 is lost", description: "It fell off the bus.", runbook_url: "https://wiki.example/gpu-lost" },
    state: "firing",
    activeAt: ago(7300),
    value: "0e+00",
});

function rule(name, alerts, more = {}) {
    const state = alerts.some((a) => a.state === "firing") ? "firing" : alerts.length ? "pending" : "inactive";
    return {
        type: "alerting",
        name,
        query: `algalon_${name.toLowerCase()} > 0`,
        duration: 300,
        keepFiringFor: 0,
        labels: { severity: "warning" },
        annotations: { runbook: "docs/runbooks.md#gpulost" },
        alerts,
        state,
        health: "ok",
        evaluationTime: 0.0021,
        lastEvaluation: ago(4),
        ...more,
    };
}

export const alerts = () => [lost(), hot("5", "firing", 400), hot("6", "pending", 70)];

const groups = () => [
    {
        name: "gpus",
        file: "rules/gpu.yml",
        interval: 15,
        limit: 0,
        evaluationTime: 0.004,
        lastEvaluation: ago(4),
        rules: [
            rule("GpuLost", [lost()], { duration: 0, query: "algalon_gpu_up == 0", labels: { severity: "critical" } }),
            rule("GpuTooHot", [hot("5", "firing", 400), hot("6", "pending", 70)], { query: "all_smi_gpu_temperature_celsius > 90" }),
            rule("GpuIdle", []),
        ],
    },
    {
        name: "recorded",
        file: "rules/record.yml",
        interval: 60,
        limit: 0,
        evaluationTime: 0.001,
        lastEvaluation: ago(30),
        rules: [
            { type: "recording", name: "node:power:sum", query: "sum by (hostname) (all_smi_gpu_power_consumption_watts)", health: "ok", evaluationTime: 0.001, lastEvaluation: ago(30) },
            { type: "recording", name: "node:broken", query: "label_replace(up)", health: "err", lastError: "found duplicate series for the match group", evaluationTime: 0, lastEvaluation: ago(30) },
        ],
    },
];

/** The answer's data to a path under /api/v1/, or null when it is none of these. */
export function about(path, query, control) {
    const none = control.bare;
    switch (path) {
        case "/api/v1/targets":
            return {
                activeTargets: query.get("state") === "dropped" || none ? [] : targets.activeTargets(),
                droppedTargets: query.get("state") === "dropped" && !none ? targets.dropped : [],
                droppedTargetCounts: none ? {} : targets.counts,
            };
        case "/api/v1/targets/discoveries":
            return { discoveries: none ? [] : discoveries() };
        case "/api/v1/scrape_pools":
            return { scrapePools: none ? [] : ["gpus", "hosts", "empty"] };
        case "/api/v1/targets/relabel_steps":
            return { steps: steps(JSON.parse(query.get("labels"))) };
        case "/api/v1/rules":
            return { groups: none ? [] : groups() };
        case "/api/v1/alerts":
            return { alerts: none ? [] : alerts() };
        default:
            return null;
    }
}
