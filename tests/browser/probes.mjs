// Dashboards that only the tests use: a panel for each thing that is to be looked at.
let ids = 0;

function panel(type, title, x, y, w, h, rest = {}) {
    return { id: ++ids, type, title, gridPos: { x, y, w, h }, ...rest };
}

function query(expr, rest = {}) {
    return [{ refId: "A", expr, ...rest }];
}

const byNode = { targets: query("all_smi_cpu_utilization", { legendFormat: "{{hostname}}" }) };

const values = {
    uid: "probe-values",
    title: "Probe: values",
    refresh: "5s",
    time: { from: "now-15m", to: "now" },
    panels: [
        panel("timeseries", "Lines", 0, 0, 12, 8, {
            ...byNode,
            fieldConfig: { defaults: { unit: "percent", decimals: 1, min: 0, max: 100 } },
            options: {
                legend: { displayMode: "table", placement: "bottom", calcs: ["mean", "max"] },
                tooltip: { mode: "multi", sort: "desc" },
            },
        }),
        panel("timeseries", "Bars", 12, 0, 12, 8, {
            ...byNode,
            fieldConfig: { defaults: { custom: { drawStyle: "bars" } } },
        }),
        panel("stat", "One value", 0, 8, 6, 4, {
            targets: query('all_smi_gpu_utilization{hostname="node-01",gpu_index="3"}', {
                instant: true,
            }),
            fieldConfig: { defaults: { unit: "percent", decimals: 2 } },
        }),
        panel("stat", "Broken", 6, 8, 6, 4, { targets: query("sum(") }),
        panel("stat", "Empty", 12, 8, 6, 4, { targets: query("no_such_metric") }),
        panel("stat", "Filtered", 18, 8, 6, 4, { targets: query('all_smi_up{hostname="nobody"}') }),
    ],
};

const words = [
    "# Heading",
    "Some **bold** text and [a page](/d/algalon-gpu), [not this](javascript:hacked=1).",
    "<script>window.hacked = 1</script><img src=x onerror=hacked=1>",
].join("\n\n");

const kinds = {
    uid: "probe-kinds",
    title: "Probe: kinds",
    time: { from: "now-15m", to: "now" },
    templating: {
        list: [
            {
                name: "host",
                type: "query",
                query: "label_values(all_smi_up, hostname)",
                includeAll: true,
                multi: true,
                current: { value: ["$__all"] },
            },
        ],
    },
    panels: [
        panel("gauge", "Gauge", 0, 0, 4, 6, {
            targets: query("test_ramp", { legendFormat: "ramp", instant: true }),
            fieldConfig: { defaults: { unit: "s", min: 0, max: 1000 } },
        }),
        panel("bargauge", "Bars lying", 4, 0, 8, 6, {
            targets: query('all_smi_gpu_utilization{hostname="node-01"}', {
                legendFormat: "GPU {{gpu_index}}",
                instant: true,
            }),
            options: { orientation: "horizontal", displayMode: "lcd" },
            fieldConfig: { defaults: { max: 100, min: 0 } },
        }),
        panel("state-timeline", "States", 12, 0, 12, 6, {
            targets: query("test_gap", { legendFormat: "gap" }),
        }),
        panel("text", "Words", 0, 6, 8, 6, { options: { mode: "markdown", content: words } }),
        panel("heatmap-of-tomorrow", "Strange", 8, 6, 8, 6, {
            targets: query("all_smi_up", { instant: true, format: "table" }),
        }),
        panel("stat", "Mapped", 16, 6, 4, 6, {
            targets: query('algalon_gpu_up{hostname="node-02",gpu_index="6"}', { instant: true }),
            fieldConfig: {
                defaults: {
                    mappings: [{ type: "value", options: { 0: { text: "lost", color: "red" } } }],
                },
            },
        }),
        panel("dashlist", "List", 20, 6, 4, 6, { options: { tags: ["algalon"] } }),
        panel("stat", "Load of $host", 0, 12, 24, 4, {
            repeat: "host",
            maxPerRow: 3,
            targets: query('algalon_load1{hostname="$host"}'),
        }),
        panel("row", "Folded", 0, 16, 24, 1, {
            collapsed: true,
            panels: [panel("stat", "Inside", 0, 17, 24, 4, { targets: query("algalon_load15") })],
        }),
    ],
};

export const probes = [values, kinds];
