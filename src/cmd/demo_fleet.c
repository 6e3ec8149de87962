#include "demo_fleet.h"

#define GB ((uint64_t)1 << 30)

/* Model data (cores, memory, clocks, power) from the makers' data sheets; users and jobs are
 * invented. Pids of a node's processes and of its GPUs' scenario agree, so that attribution finds
 * them. */

#define JOB_LLM    "system.slice/slurmstepd.scope/job_4242/step_0/user/task_0"
#define JOB_VISION "system.slice/slurmstepd.scope/job_4261/step_0/user/task_0"
#define JOB_SPEECH "system.slice/slurmstepd.scope/job_4263/step_0/user/task_0"
#define JOB_EVAL   "system.slice/slurmstepd.scope/job_4257/step_batch/user/task_0"

static const struct demo_mount data_mounts[] = {{"/data", "/dev/nvme1n1", "xfs"}};
static const struct demo_mount scratch_mounts[] = {{"/scratch", "/dev/md0", "xfs"},
                                                   {"/home", "/dev/sda3", "ext4"}};

static const struct demo_process train_a[] = {
    {21001, "python3", "maria", "python3 train.py --config llm-70b.yaml --rank 0", 1.9, 38 * GB,
     JOB_LLM},
    {21002, "python3", "maria", "python3 train.py --config llm-70b.yaml --rank 1", 1.8, 37 * GB,
     JOB_LLM},
    {21003, "python3", "maria", "python3 train.py --config llm-70b.yaml --rank 2", 1.8, 37 * GB,
     JOB_LLM},
    {21004, "python3", "maria", "python3 train.py --config llm-70b.yaml --rank 3", 1.9, 38 * GB,
     JOB_LLM},
    {21005, "python3", "maria", "python3 train.py --config llm-70b.yaml --rank 4", 1.8, 37 * GB,
     JOB_LLM},
    {21006, "python3", "maria", "python3 train.py --config llm-70b.yaml --rank 5", 1.7, 36 * GB,
     JOB_LLM},
    {21007, "python3", "maria", "python3 train.py --config llm-70b.yaml --rank 6", 1.8, 37 * GB,
     JOB_LLM},
    {21008, "python3", "maria", "python3 train.py --config llm-70b.yaml --rank 7", 1.9, 38 * GB,
     JOB_LLM},
    {1822, "slurmd", "root", "/usr/sbin/slurmd -D", 0.02, 60 * GB / 1024, NULL},
};

static const char gpus_a[] = "driver 580.95.05\ncuda 13.0\nseed 101\n"
                             "gpu 8 \"NVIDIA H100 80GB HBM3\" profile=training processes=0 numa=0\n"
                             "process gpu=0 pid=21001 memory=68GB share=0.97\nprocess gpu=1 "
                             "pid=21002 memory=67GB share=0.97\n"
                             "process gpu=2 pid=21003 memory=67GB share=0.97\nprocess gpu=3 "
                             "pid=21004 memory=68GB share=0.97\n"
                             "process gpu=4 pid=21005 memory=67GB share=0.97\nprocess gpu=5 "
                             "pid=21006 memory=66GB share=0.97\n"
                             "process gpu=6 pid=21007 memory=67GB share=0.97\nprocess gpu=7 "
                             "pid=21008 memory=68GB share=0.97\n";

static const struct demo_process serve_b[] = {
    {30110, "vllm", "svc-llm", "vllm serve --tensor-parallel-size 2 --port 8000", 2.6, 46 * GB,
     NULL},
    {30111, "vllm", "svc-llm", "vllm worker rank 1", 1.1, 22 * GB, NULL},
    {30240, "tritonserver", "svc-vision", "tritonserver --model-repository=/models", 3.2, 19 * GB,
     NULL},
    {30555, "python3", "jonas", "python3 evaluate.py --suite long-context", 1.2, 28 * GB, JOB_EVAL},
    {1655, "dockerd", "root", "/usr/bin/dockerd -H fd://", 0.15, 120 * GB / 1024, NULL},
};

static const char gpus_b[] =
    "driver 580.95.05\ncuda 13.0\nseed 202\n"
    "gpu 2 \"NVIDIA A100-SXM4-80GB\" profile=inference processes=0\n"
    "gpu 1 \"NVIDIA A100-SXM4-80GB\" profile=inference processes=0\n"
    "gpu 1 \"NVIDIA A100-SXM4-80GB\" profile=ramp period=300 low=0.1 high=0.95 processes=0\n"
    "process gpu=0 pid=30110 memory=71GB share=0.97\nprocess gpu=1 pid=30111 memory=70GB "
    "share=0.97\n"
    "process gpu=2 pid=30240 memory=34GB share=0.8\n"
    "process gpu=3 pid=30555 memory=41GB share=0.97\nprocess gpu=2 pid=30555 memory=6GB "
    "share=0.2\n"
    "fault xid gpu=3 from=30 code=31\n";

static const struct demo_process edge_c[] = {
    {4120, "deepstream-app", "svc-video", "deepstream-app -c cameras.txt", 1.7, 6 * GB, NULL},
    {4388, "whisper-server", "svc-audio", "whisper-server --model large-v3", 0.9, 4 * GB, NULL},
};

static const char gpus_c[] =
    "driver 570.133.07\ncuda 12.8\nseed 303\n"
    "gpu 2 \"NVIDIA L4\" profile=inference processes=0\n"
    "gpu 1 \"NVIDIA L4\" profile=idle\n"
    "gpu 1 \"NVIDIA L40S\" profile=inference processes=0\n"
    "process gpu=0 pid=4120 memory=9GB share=0.97\nprocess gpu=1 pid=4388 memory=12GB share=0.97\n"
    "process gpu=3 pid=4388 memory=21GB share=0.97\n"
    "fault xid gpu=2 from=44 code=79\n"
    "fault lost gpu=2 from=45 back=never\n";

static const struct demo_process desk_d[] = {
    {2201, "Xorg", "root", "/usr/lib/xorg/Xorg :0", 0.08, 300 * GB / 1024, NULL},
    {2650, "blender", "ada", "blender scene.blend", 2.4, 9 * GB, NULL},
    {2914, "firefox", "ada", "firefox", 0.4, 3 * GB, NULL},
};

static const char gpus_d[] =
    "driver 570.133.07\ncuda 12.8\nseed 404\n"
    "gpu 1 \"NVIDIA GeForce RTX 4090\" profile=ramp period=240 low=0.05 high=0.9 processes=0\n"
    "process gpu=0 pid=2201 memory=420MB type=G share=0.05\n"
    "process gpu=0 pid=2650 memory=14GB type=B share=0.95\n";

static const struct demo_process login_e[] = {
    {1101, "slurmctld", "slurm", "/usr/sbin/slurmctld -D", 0.3, 2 * GB, NULL},
    {1188, "postgres", "postgres", "postgres: slurm accounting", 0.7, 5 * GB, NULL},
    {5210, "rsync", "jonas", "rsync -a /home/jonas/data /scratch", 0.9, 90 * GB / 1024, NULL},
};

/* ---- machines of other makers ---- */

static const struct demo_process train_f[] = {
    {41001, "python3", "li", "torchrun pretrain.py --rank 0", 1.6, 31 * GB, JOB_VISION},
    {41002, "python3", "li", "torchrun pretrain.py --rank 1", 1.5, 30 * GB, JOB_VISION},
    {41003, "python3", "li", "torchrun pretrain.py --rank 2", 1.6, 31 * GB, JOB_VISION},
    {41004, "python3", "li", "torchrun pretrain.py --rank 3", 1.5, 30 * GB, JOB_VISION},
    {1790, "slurmd", "root", "/usr/sbin/slurmd -D", 0.02, 60 * GB / 1024, NULL},
};
static const struct demo_card_kind cards_f[] = {
    {.maker = DEMO_AMD,
     .count = 4,
     .first_bus = 0x83,
     .device = 0x740f, /* Instinct MI210 */
     .revision = 2,
     .memory_bytes = 64 * GB,
     .memory_ratio = 0.86,
     .load_ratio = 0.88,
     .swing = 0.08,
     .idle_w = 41,
     .max_w = 300,
     .max_mhz = 1700,
     .max_memory_mhz = 1600,
     .first_pid = 41001},
};

static const struct demo_process train_g[] = {
    {42001, "python3", "noor", "python3 -m optimum.habana.train --rank 0", 1.3, 26 * GB,
     JOB_SPEECH},
    {42002, "python3", "noor", "python3 -m optimum.habana.train --rank 1", 1.2, 25 * GB,
     JOB_SPEECH},
    {42003, "python3", "noor", "python3 -m optimum.habana.train --rank 2", 1.3, 26 * GB,
     JOB_SPEECH},
    {1801, "slurmd", "root", "/usr/sbin/slurmd -D", 0.02, 60 * GB / 1024, NULL},
};
static const struct demo_card_kind cards_g[] = {
    {.maker = DEMO_GAUDI,
     .count = 3,
     .first_bus = 0x19,
     .device = 0x1060,
     .revision = 1,
     .model = "HL-338",
     .memory_bytes = 128 * GB,
     .memory_ratio = 0.71,
     .load_ratio = 0.82,
     .swing = 0.15,
     .idle_w = 130,
     .max_w = 600,
     .max_mhz = 1600,
     .first_pid = 42001},
    {.maker = DEMO_GAUDI, /* one that nobody has */
     .count = 1,
     .first_bus = 0xb3,
     .device = 0x1060,
     .revision = 1,
     .model = "HL-338",
     .memory_bytes = 128 * GB,
     .memory_ratio = 0.004,
     .idle_w = 130,
     .max_w = 600,
     .max_mhz = 1600},
};

static const struct demo_process serve_h[] = {
    {43001, "llama-server", "svc-chat", "llama-server --model qwen.gguf --port 8080", 1.1, 11 * GB,
     NULL},
    {43002, "llama-server", "svc-embed", "llama-server --embedding --port 8081", 0.6, 7 * GB, NULL},
    {1702, "dockerd", "root", "/usr/bin/dockerd -H fd://", 0.1, 120 * GB / 1024, NULL},
};
static const struct demo_card_kind cards_h[] = {
    {.maker = DEMO_INTEL,
     .count = 2,
     .first_bus = 0x03,
     .device = 0xe211, /* Arc Pro B60 */
     .memory_bytes = 24 * GB,
     .memory_ratio = 0.62,
     .load_ratio = 0.46,
     .swing = 0.7,
     .idle_w = 24,
     .max_w = 200,
     .max_mhz = 2400,
     .first_pid = 43001},
};

static const struct demo_process lab_i[] = {
    {44001, "tt-inference", "sofia", "tt-inference --model llama-8b", 0.9, 9 * GB, NULL},
    {44101, "rbln-serve", "svc-rank", "rbln-serve --model ranker", 0.7, 6 * GB, NULL},
    {44102, "rbln-serve", "svc-rank", "rbln-serve --model ranker", 0.7, 6 * GB, NULL},
    {44201, "furiosa-llm", "svc-docs", "furiosa-llm serve --port 8000", 0.8, 8 * GB, NULL},
    {44202, "furiosa-llm", "svc-docs", "furiosa-llm serve --port 8001", 0.8, 8 * GB, NULL},
};
static const struct demo_card_kind cards_i[] = {
    {.maker = DEMO_TENSTORRENT,
     .count = 2,
     .first_bus = 0x41,
     .device = 0xb140,
     .model = "p150a",
     .load_ratio = 0.5,
     .swing = 0.7,
     .idle_w = 48,
     .max_w = 300,
     .max_mhz = 1350,
     .first_pid = 44001,
     .one_process = true},
    {.maker = DEMO_REBELLIONS,
     .count = 2,
     .first_bus = 0x61,
     .device = 0x1220,
     .model = "RBLN-CA22",
     .memory_bytes = 16 * GB,
     .memory_ratio = 0.55,
     .load_ratio = 0.57,
     .swing = 0.6,
     .idle_w = 26,
     .max_w = 130,
     .first_pid = 44101},
    {.maker = DEMO_FURIOSA, /* one that is held and not used */
     .count = 1,
     .first_bus = 0x82,
     .device = 0x0000,
     .model = "RNGD",
     .memory_bytes = 48 * GB,
     .memory_ratio = 0.6,
     .idle_w = 38,
     .max_w = 180,
     .max_mhz = 1000,
     .first_pid = 44202},
    {.maker = DEMO_FURIOSA,
     .count = 1,
     .first_bus = 0x81,
     .device = 0x0000,
     .model = "RNGD",
     .memory_bytes = 48 * GB,
     .memory_ratio = 0.67,
     .load_ratio = 0.64,
     .swing = 0.5,
     .idle_w = 38,
     .max_w = 180,
     .max_mhz = 1000,
     .first_pid = 44201},
};

static const struct demo_process tpu_j[] = {
    {5150, "python3", "kenji", "python3 train_jax.py --mesh 2x2", 2.2, 42 * GB, NULL},
};
static const struct demo_card_kind cards_j[] = {
    {.maker = DEMO_TPU,
     .count = 4,
     .first_bus = 0x04,
     .device = 0x0063, /* v5e */
     .model = "v5litepod-4",
     .memory_bytes = 16 * GB,
     .memory_ratio = 0.84,
     .load_ratio = 0.9,
     .swing = 0.06,
     .first_pid = 5150,
     .one_process = true},
};

static const struct demo_process halo_k[] = {
    {6101, "ollama", "mia", "ollama runner --model gpt-oss-120b", 1.4, 20 * GB, NULL},
    {6201, "whisper-npu", "mia", "whisper-npu --live", 0.3, 2 * GB, NULL},
};
static const struct demo_card_kind cards_k[] = {
    {.maker = DEMO_AMD,
     .count = 1,
     .first_bus = 0xc4,
     .device = 0x1586, /* Radeon 8060S, part of the processor */
     .revision = 0xc1,
     .memory_bytes = UINT64_MAX,
     .load_ratio = 0.48,
     .swing = 0.7,
     .idle_w = 8,
     .max_w = 95,
     .max_mhz = 2900,
     .max_memory_mhz = 1000,
     .first_pid = 6101},
    {.maker = DEMO_AMD_NPU,
     .count = 1,
     .first_bus = 0xc5,
     .device = 0x17f0,
     .revision = 0x11,
     .model = "RyzenAI-npu5",
     .memory_bytes = 2 * GB,
     .memory_ratio = 0.4,
     .load_ratio = 0.35,
     .swing = 0.6,
     .idle_w = 0.3,
     .max_w = 6,
     .max_mhz = 1800,
     .first_pid = 6201},
};

static const struct demo_process lunar_l[] = {
    {7101, "blender", "tom", "blender walk.blend", 0.9, 4 * GB, NULL},
    {7201, "openvino", "tom", "openvino-transcribe --device NPU", 0.2, 1 * GB, NULL},
};
static const struct demo_card_kind cards_l[] = {
    {.maker = DEMO_INTEL,
     .count = 1,
     .address = "0000:00:02.0",
     .device = 0x64a0, /* Arc 140V, part of the processor */
     .memory_bytes = UINT64_MAX,
     .load_ratio = 0.38,
     .swing = 0.7,
     .max_mhz = 1950,
     .first_pid = 7101},
    {.maker = DEMO_INTEL_NPU,
     .count = 1,
     .address = "0000:00:0b.0",
     .device = 0x643e,
     .revision = 1,
     .memory_bytes = 1 * GB,
     .memory_ratio = 0.5,
     .load_ratio = 0.3,
     .swing = 0.7,
     .max_mhz = 1950,
     .first_pid = 7201},
};

static const struct demo_process spark_m[] = {
    {8101, "python3", "ines", "python3 finetune.py --lora", 1.2, 14 * GB, NULL},
};
static const char gpus_m[] = "driver 580.95.05\ncuda 13.0\nseed 707\n"
                             "gpu 1 \"NVIDIA GB10\" profile=training processes=0\n"
                             "process gpu=0 pid=8101 memory=52GB share=0.96\n";

const struct demo_node demo_fleet[] = {
    {{.hostname = "hopper-01",
      .vendor = "Supermicro",
      .product = "SYS-821GE-TNHR",
      .cpu_vendor = "GenuineIntel",
      .cpu_model = "Intel(R) Xeon(R) Platinum 8480+",
      .sockets = 2,
      .cores_per_socket = 28,
      .threads_per_core = 1,
      .idle_mhz = 800,
      .max_mhz = 3800,
      .socket_idle_w = 95,
      .socket_max_w = 350,
      .load_ratio = 0.31,
      .memory_bytes = 2048 * GB,
      .mounts = data_mounts,
      .mount_len = ARRAY_LEN(data_mounts),
      .processes = train_a,
      .process_len = ARRAY_LEN(train_a),
      .seed = 1},
     gpus_a,
     NULL},
    {{.hostname = "ampere-01",
      .vendor = "Dell Inc.",
      .product = "PowerEdge XE8545",
      .cpu_vendor = "AuthenticAMD",
      .cpu_model = "AMD EPYC 7763 64-Core Processor",
      .sockets = 2,
      .cores_per_socket = 16,
      .threads_per_core = 1,
      .idle_mhz = 1500,
      .max_mhz = 3500,
      .socket_idle_w = 80,
      .socket_max_w = 280,
      .load_ratio = 0.34,
      .memory_bytes = 1024 * GB,
      .mounts = scratch_mounts,
      .mount_len = ARRAY_LEN(scratch_mounts),
      .processes = serve_b,
      .process_len = ARRAY_LEN(serve_b),
      .seed = 2},
     gpus_b,
     "all-smi,dcgm"}, /* one that is being moved: the dashboard Migration has both names */
    {{.hostname = "ada-01",
      .vendor = "Lenovo",
      .product = "ThinkSystem SR650 V3",
      .cpu_vendor = "GenuineIntel",
      .cpu_model = "Intel(R) Xeon(R) Gold 6430",
      .sockets = 1,
      .cores_per_socket = 16,
      .threads_per_core = 1,
      .idle_mhz = 800,
      .max_mhz = 3400,
      .socket_idle_w = 70,
      .socket_max_w = 270,
      .load_ratio = 0.22,
      .memory_bytes = 256 * GB,
      .mounts = data_mounts,
      .mount_len = ARRAY_LEN(data_mounts),
      .processes = edge_c,
      .process_len = ARRAY_LEN(edge_c),
      .seed = 3},
     gpus_c,
     NULL},
    {{.hostname = "desk-ada",
      .vendor = "ASUS",
      .product = "ProArt X670E",
      .cpu_vendor = "AuthenticAMD",
      .cpu_model = "AMD Ryzen 9 7950X 16-Core Processor",
      .sockets = 1,
      .cores_per_socket = 8,
      .threads_per_core = 2,
      .idle_mhz = 3000,
      .max_mhz = 5700,
      .socket_idle_w = 35,
      .socket_max_w = 170,
      .load_ratio = 0.28,
      .memory_bytes = 64 * GB,
      .processes = desk_d,
      .process_len = ARRAY_LEN(desk_d),
      .seed = 4},
     gpus_d,
     NULL},
    {{.hostname = "cdna-01",
      .vendor = "Supermicro",
      .product = "AS-4124GS-TNR",
      .cpu_vendor = "AuthenticAMD",
      .cpu_model = "AMD EPYC 7543 32-Core Processor",
      .sockets = 2,
      .cores_per_socket = 16,
      .threads_per_core = 1,
      .idle_mhz = 1500,
      .max_mhz = 3700,
      .socket_idle_w = 75,
      .socket_max_w = 225,
      .load_ratio = 0.3,
      .memory_bytes = 512 * GB,
      .mounts = scratch_mounts,
      .mount_len = ARRAY_LEN(scratch_mounts),
      .processes = train_f,
      .process_len = ARRAY_LEN(train_f),
      .cards = cards_f,
      .card_len = ARRAY_LEN(cards_f),
      .seed = 11},
     NULL,
     NULL},
    {{.hostname = "gaudi-01",
      .vendor = "Dell Inc.",
      .product = "PowerEdge XE7740",
      .cpu_vendor = "GenuineIntel",
      .cpu_model = "Intel(R) Xeon(R) 6760P",
      .sockets = 2,
      .cores_per_socket = 16,
      .threads_per_core = 1,
      .idle_mhz = 800,
      .max_mhz = 3900,
      .socket_idle_w = 90,
      .socket_max_w = 330,
      .load_ratio = 0.27,
      .memory_bytes = 1024 * GB,
      .mounts = data_mounts,
      .mount_len = ARRAY_LEN(data_mounts),
      .processes = train_g,
      .process_len = ARRAY_LEN(train_g),
      .cards = cards_g,
      .card_len = ARRAY_LEN(cards_g),
      .seed = 12},
     NULL,
     NULL},
    {{.hostname = "arc-01",
      .vendor = "Dell Inc.",
      .product = "Precision 7875",
      .cpu_vendor = "GenuineIntel",
      .cpu_model = "Intel(R) Xeon(R) w7-3565X",
      .sockets = 1,
      .cores_per_socket = 16,
      .threads_per_core = 1,
      .idle_mhz = 800,
      .max_mhz = 4800,
      .socket_idle_w = 60,
      .socket_max_w = 335,
      .load_ratio = 0.18,
      .memory_bytes = 128 * GB,
      .mounts = data_mounts,
      .mount_len = ARRAY_LEN(data_mounts),
      .processes = serve_h,
      .process_len = ARRAY_LEN(serve_h),
      .cards = cards_h,
      .card_len = ARRAY_LEN(cards_h),
      .kernel = "6.14.0-33-generic",
      .seed = 13},
     NULL,
     NULL},
    {{.hostname = "lab-01",
      .vendor = "Gigabyte",
      .product = "G493-SB0",
      .cpu_vendor = "GenuineIntel",
      .cpu_model = "Intel(R) Xeon(R) Gold 6430",
      .sockets = 1,
      .cores_per_socket = 16,
      .threads_per_core = 1,
      .idle_mhz = 800,
      .max_mhz = 3400,
      .socket_idle_w = 70,
      .socket_max_w = 270,
      .load_ratio = 0.24,
      .memory_bytes = 256 * GB,
      .mounts = data_mounts,
      .mount_len = ARRAY_LEN(data_mounts),
      .processes = lab_i,
      .process_len = ARRAY_LEN(lab_i),
      .cards = cards_i,
      .card_len = ARRAY_LEN(cards_i),
      .seed = 14},
     NULL,
     NULL},
    {{.hostname = "tpu-vm-01",
      .vendor = "Google",
      .product = "Google Compute Engine",
      .cpu_vendor = "AuthenticAMD",
      .cpu_model = "AMD EPYC 7B13",
      .sockets = 1,
      .cores_per_socket = 24,
      .threads_per_core = 1,
      .idle_mhz = 2450,
      .max_mhz = 3500,
      .socket_idle_w = 70,
      .socket_max_w = 240,
      .load_ratio = 0.2,
      .memory_bytes = 192 * GB,
      .processes = tpu_j,
      .process_len = ARRAY_LEN(tpu_j),
      .cards = cards_j,
      .card_len = ARRAY_LEN(cards_j),
      .kernel = "6.8.0-1041-gcp",
      .seed = 15},
     NULL,
     NULL},
    {{.hostname = "halo-mia",
      .vendor = "Framework",
      .product = "Desktop (AMD Ryzen AI Max 300 Series)",
      .cpu_vendor = "AuthenticAMD",
      .cpu_model = "AMD RYZEN AI MAX+ 395 w/ Radeon 8060S",
      .sockets = 1,
      .cores_per_socket = 16,
      .threads_per_core = 2,
      .idle_mhz = 2000,
      .max_mhz = 5100,
      .socket_idle_w = 12,
      .socket_max_w = 120,
      .load_ratio = 0.14,
      .memory_bytes = 128 * GB,
      .processes = halo_k,
      .process_len = ARRAY_LEN(halo_k),
      .cards = cards_k,
      .card_len = ARRAY_LEN(cards_k),
      .kernel = "6.17.0-8-generic",
      .seed = 16},
     NULL,
     NULL},
    {{.hostname = "lunar-tom",
      .vendor = "LENOVO",
      .product = "ThinkPad X1 Carbon Gen 13",
      .cpu_vendor = "GenuineIntel",
      .cpu_model = "Intel(R) Core(TM) Ultra 7 258V",
      .sockets = 1,
      .cores_per_socket = 8,
      .threads_per_core = 1,
      .idle_mhz = 400,
      .max_mhz = 4800,
      .socket_idle_w = 4,
      .socket_max_w = 37,
      .load_ratio = 0.22,
      .memory_bytes = 32 * GB,
      .processes = lunar_l,
      .process_len = ARRAY_LEN(lunar_l),
      .cards = cards_l,
      .card_len = ARRAY_LEN(cards_l),
      .kernel = "6.17.0-8-generic",
      .seed = 17},
     NULL,
     NULL},
    {{.hostname = "spark-01",
      .vendor = "NVIDIA",
      .product = "NVIDIA_DGX_Spark",
      .cpu_vendor = "ARM",
      .cpu_model = "Cortex-X925",
      .sockets = 1,
      .cores_per_socket = 20,
      .threads_per_core = 1,
      .idle_mhz = 1378,
      .max_mhz = 3900,
      .socket_idle_w = 8,
      .socket_max_w = 60,
      .load_ratio = 0.16,
      .memory_bytes = 128 * GB,
      .processes = spark_m,
      .process_len = ARRAY_LEN(spark_m),
      .seed = 18},
     gpus_m,
     NULL},
    {{.hostname = "login-01",
      .vendor = "HPE",
      .product = "ProLiant DL325 Gen10 Plus",
      .cpu_vendor = "AuthenticAMD",
      .cpu_model = "AMD EPYC 7302P 16-Core Processor",
      .sockets = 1,
      .cores_per_socket = 8,
      .threads_per_core = 1,
      .idle_mhz = 1500,
      .max_mhz = 3300,
      .socket_idle_w = 60,
      .socket_max_w = 155,
      .load_ratio = 0.18,
      .memory_bytes = 128 * GB,
      .mounts = scratch_mounts,
      .mount_len = ARRAY_LEN(scratch_mounts),
      .processes = login_e,
      .process_len = ARRAY_LEN(login_e),
      .seed = 5},
     NULL,
     NULL},
};

const size_t demo_fleet_len = ARRAY_LEN(demo_fleet);
