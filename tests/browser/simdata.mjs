// The series of a simulated fleet: three nodes, two of them with eight GPUs, and their processes.
// Every value is a function of the labels and the time, so that a test can ask for it again.

const HOSTS = ["node-01", "node-02", "node-03"];
const MODEL = "NVIDIA H100 80GB HBM3";
const USERS = ["alice", "bob", "carol"];
const PROGRAMS = ["python3", "vllm", "torchrun", "jupyter"];

function hash(text) {
    let h = 2166136261;
    for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
    return (h >>> 0) / 4294967296;
}

/** A calm curve between `low` and `high`, its own for every seed. */
function wave(seed, low, high) {
    const a = hash(seed);
    const b = hash(seed + "'");
    return (t) => {
        const slow = Math.sin(t / (200 + 500 * a) + 6.28 * b);
        const quick = Math.sin(t / (23 + 30 * b) + 6.28 * a);
        const share = 0.5 + 0.38 * slow + 0.1 * quick;
        return Math.round((low + (high - low) * share) * 100) / 100;
    };
}

const series = [];

function add(name, labels, value) {
    series.push({ labels: { __name__: name, job: "worker", ...labels }, value });
}

function addGpu(hostname, index) {
    const labels = {
        hostname,
        gpu_index: String(index),
        gpu_uuid: `GPU-${hostname}-${index}`,
        gpu: MODEL,
    };
    const seed = `${hostname}/${index}`;
    const idle = hash(seed + "idle") < 0.25;
    const load = idle ? wave(seed, 0, 4) : wave(seed, 30, 100);
    const memory = idle ? () => 1.2e9 : wave(seed + "m", 4e10, 8.3e10);
    const of = (name, value, more = {}) => add(name, { ...labels, ...more }, value);
    of("algalon_gpu_up", () => (seed === "node-02/6" ? 0 : 1));
    of("all_smi_gpu_utilization", load);
    of("algalon_gpu_utilization_max", (t) => Math.min(100, load(t) + 9));
    of("algalon_gpu_memory_activity", (t) => load(t) * 0.6);
    of("all_smi_gpu_memory_used_bytes", memory);
    of("all_smi_gpu_memory_total_bytes", () => 85520809984);
    of("algalon_gpu_memory_free_bytes", (t) => 85520809984 - memory(t));
    of("all_smi_gpu_temperature_celsius", (t) => 31 + load(t) * 0.5 + 6 * hash(seed));
    of("algalon_gpu_memory_temperature_celsius", (t) => 38 + load(t) * 0.52);
    of("all_smi_gpu_temperature_threshold_slowdown_celsius", () => 87);
    of("all_smi_gpu_power_consumption_watts", (t) => 72 + load(t) * 5.9);
    of("algalon_gpu_power_max_watts", (t) => 80 + load(t) * 6.1);
    of("all_smi_gpu_power_limit_current_watts", () => 700);
    of("all_smi_gpu_frequency_mhz", (t) => 345 + load(t) * 16.3);
    of("algalon_gpu_clock_sm_mhz", (t) => 345 + load(t) * 16.3);
    of("algalon_gpu_clock_memory_mhz", () => 2619);
    of("all_smi_gpu_pcie_gen_current", () => 5);
    of("all_smi_gpu_pcie_width_current", () => 16);
    of("algalon_gpu_processes", () => (idle ? 0 : 1));
    for (const reason of ["sw_power_cap", "hw_slowdown", "sw_thermal"])
        of("algalon_gpu_throttled", (t) => Number(reason === "sw_power_cap" && load(t) > 90), {
            reason,
        });
    for (const type of ["corrected", "uncorrected"])
        of(
            "algalon_gpu_ecc_errors_total",
            () => (type === "corrected" ? Math.floor(3 * hash(seed)) : 0),
            { type },
        );
    of("algalon_gpu_presence", () => 1, {
        pci_bus_id: `0000:${(0x17 + 0x11 * index).toString(16)}:00.0`,
        state: seed === "node-02/6" ? "off_bus" : "present",
        driver: "nvidia",
        serial: String(1650000000 + index),
    });
    of("algalon_gpu_pcie_replays_total", () => 0);
    of("algalon_gpu_nvlink_errors_total", () => 0, { link_index: "0", kind: "recovery" });
    of("all_smi_gpu_info", () => 1, {
        type: "GPU",
        driver_version: "550.90.07",
        cuda_version: "12.4",
        lib_name: "NVML",
    });
    add(
        "all_smi_energy_consumed_joules_total",
        { hostname, scope: "gpu", gpu_index: String(index), gpu_uuid: labels.gpu_uuid },
        (t) => (t % 1e7) * 400,
    );
    if (!idle) addGpuProcess(hostname, index, memory, load);
}

function addGpuProcess(hostname, index, memory, load) {
    const seed = `${hostname}:${index}`;
    const pid = String(2000 + Math.floor(60000 * hash(seed)));
    const labels = {
        hostname,
        pid,
        name: PROGRAMS[Math.floor(hash(seed + "p") * PROGRAMS.length)],
        user: USERS[Math.floor(hash(seed + "u") * USERS.length)],
        device_id: String(index),
        gpu_index: String(index),
        device_uuid: `GPU-${hostname}-${index}`,
        command: "train.py",
    };
    add("all_smi_process_memory_used_bytes", labels, (t) => memory(t) - 6e8);
    add("algalon_process_gpu_utilization", labels, load);
    add("all_smi_process_cpu_percent", labels, wave(seed + "c", 20, 380));
    add(
        "all_smi_process_start_time_seconds",
        labels,
        () => 1790000000 + Math.floor(1e6 * hash(seed)),
    );
}

function addHost(hostname) {
    const of = (name, value, more = {}) => add(name, { hostname, ...more }, value);
    const cpu = { cpu_model: "AMD EPYC 9654", index: "0" };
    of("all_smi_up", () => 1);
    of("all_smi_build_info", () => 1, { version: "0.1.0", os: "linux", arch: "x86_64" });
    of("all_smi_cpu_utilization", wave(hostname + "cpu", 5, 85), cpu);
    of("all_smi_cpu_thread_count", () => 192, cpu);
    for (const [part, low, high] of [["gpu", 600, 5200], ["cpu", 180, 620], ["unaccounted", 300, 900]])
        of("algalon_power_watts", wave(hostname + part, low, high), { part });
    of("all_smi_cpu_core_count", () => 96, cpu);
    of("all_smi_cpu_frequency_mhz", wave(hostname + "f", 2400, 3700), cpu);
    of("all_smi_cpu_temperature_celsius", wave(hostname + "t", 45, 72), cpu);
    for (const socket of ["0", "1"])
        of("all_smi_cpu_socket_utilization", wave(hostname + socket, 5, 90), {
            cpu_model: cpu.cpu_model,
            cpu_index: "0",
            socket_id: socket,
        });
    for (let core = 0; core < 16; core++)
        of("all_smi_cpu_core_utilization", wave(hostname + "core" + core, 0, 100), {
            core_id: String(core),
            core_type: "standard",
        });
    const total = 1.5e12;
    const used = wave(hostname + "mem", 2e11, 9e11);
    of("all_smi_memory_total_bytes", () => total, { index: "0" });
    of("all_smi_memory_used_bytes", used, { index: "0" });
    of("all_smi_memory_cached_bytes", () => 2e11, { index: "0" });
    of("all_smi_memory_free_bytes", (t) => total - used(t) - 2e11, { index: "0" });
    of("all_smi_memory_available_bytes", (t) => total - used(t), { index: "0" });
    of("all_smi_memory_utilization", (t) => Math.round((used(t) / total) * 1e4) / 100, {
        index: "0",
    });
    for (const [mount, size, share] of [
        ["/", 1e12, 0.42],
        ["/data", 3e13, 0.81],
        ["/scratch", 8e12, 0.94],
    ]) {
        of("all_smi_disk_total_bytes", () => size, { mount_point: mount, index: "0" });
        of("all_smi_disk_available_bytes", () => size * (1 - share), {
            mount_point: mount,
            index: "0",
        });
        of("algalon_disk_used_bytes", () => size * share, { mount_point: mount, index: "0" });
    }
    for (const [name, m] of [
        ["1", 40],
        ["5", 36],
        ["15", 30],
    ])
        of(`algalon_load${name}`, wave(hostname + name, 2, m));
    of("algalon_uptime_seconds", (t) => t - 1790000000);
    for (let i = 0; i < 6; i++) {
        const labels = {
            pid: String(300 + i),
            name: ["postgres", "sshd", "node", "dockerd", "cron", "slurmd"][i],
            user: i % 2 ? "root" : "alice",
        };
        of("algalon_process_cpu_percent", wave(hostname + i, 0, 40), labels);
        of("algalon_process_memory_bytes", wave(hostname + "b" + i, 1e8, 4e9), labels);
    }
}

HOSTS.forEach(addHost);
for (let i = 0; i < 8; i++) ["node-01", "node-02"].forEach((host) => addGpu(host, i));
add("test_gap", { hostname: "node-01" }, (t) => (Math.floor(t / 300) % 2 ? NaN : 5)); // comes and goes
add("test_ramp", { hostname: "node-01", unit: "s" }, (t) => t % 1000);
// Buckets of a histogram, cumulative as exporters give them: 4, 3 and 2 values more in each, then one above.
[["0.1", 4], ["0.5", 7], ["2.5", 9], ["+Inf", 10]].forEach(([le, n]) => add("test_latency_bucket", { hostname: "node-01", le }, () => n));
["a", "b", "c"].forEach((part, i) => add("test_parts", { part }, () => [50, 30, 20][i]));

export const allSeries = series;
