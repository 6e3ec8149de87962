#include "demo_fleet.h"

#define GB ((uint64_t)1 << 30)

/* Model data (cores, memory, clocks, power) from the makers' data sheets; users and jobs are
 * invented. Pids of a node's processes and of its GPUs' scenario agree, so that attribution finds
 * them. */

#define JOB_LLM  "system.slice/slurmstepd.scope/job_4242/step_0/user/task_0"
#define JOB_EVAL "system.slice/slurmstepd.scope/job_4257/step_batch/user/task_0"

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
