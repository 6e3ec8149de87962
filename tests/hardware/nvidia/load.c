/*
 * load.c - a known load for one NVIDIA GPU: a share of time, a kernel, an amount of memory.
 *
 * It needs the driver alone: libcuda.so.1 is opened at run time, what is used of it is declared
 * here, and the kernels are PTX that the driver compiles. It prints `ready` when the load begins
 * and `key=value` lines about what it really did when it ends; see docs/hardware/README.md.
 */
#include <dlfcn.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_S         1000000000ULL
#define NS_PER_MS        1000000ULL
#define THREADS          256
#define BLOCKS_PER_SM    8  /* 2048 threads: full on every architecture but those that take 1536 */
#define FMA_PER_ROUND    64 /* in each thread; see fma_loop */
#define LAUNCH_NS        4000000 /* one launch: long beside its start, short beside a period */
#define ROUNDS_MAX       100000000.0
#define MIB              (1024ULL * 1024)
#define MEMORY_MIN_MIB   16 /* room for the results of the FMA loop on any board */
#define EXIT_NO_HARDWARE 3  /* no driver or no such GPU, in contrast to a failure */

/* CUdevice_attribute */
#define ATTRIBUTE_CLOCK_KHZ        13
#define ATTRIBUTE_MULTIPROCESSORS  16
#define ATTRIBUTE_MEMORY_CLOCK_KHZ 36
#define ATTRIBUTE_BUS_BITS         37
#define ATTRIBUTE_MAJOR            75
#define ATTRIBUTE_MINOR            76

struct context;
struct module;
struct function;

/* The driver API, as far as it is used: CUresult is an int, CUdevice an int, CUdeviceptr 64 bits.
 */
struct cuda {
    int (*init)(unsigned flags);
    int (*device_count)(int *ret);
    int (*device)(int *ret, int ordinal);
    int (*device_name)(char *ret, int size, int device);
    int (*device_bus_id)(char *ret, int size, int device);
    int (*attribute)(int *ret, int attribute, int device);
    int (*context)(struct context **ret, unsigned flags, int device);
    int (*context_end)(struct context *context);
    int (*module)(struct module **ret, const void *text);
    int (*function)(struct function **ret, struct module *module, const char *name);
    int (*memory)(uint64_t *ret, size_t bytes);
    int (*memory_end)(uint64_t memory);
    int (*launch)(struct function *function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                  unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes,
                  void *stream, void **parameters, void **extra);
    int (*synchronize)(void);
    int (*error_string)(int code, const char **ret);
};

struct options {
    const char *library;
    const char *kernel;
    double duty_percent;
    double period_ms;
    double seconds;
    double memory_mib;
    double gpu;
};

struct load {
    struct cuda cuda;
    const struct options *options;
    struct context *context;
    struct function *kernel;
    uint64_t memory;
    uint64_t count; /* pieces of 16 bytes that one round of the copy moves */
    uint32_t rounds;
    unsigned blocks;
    int device;
    uint64_t busy_ns;
    double rounds_done;
};

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
    (void)signal;
    stopped = 1;
}

/* Both kernels take the same: from, to, pieces of 16 bytes, rounds. */
#define PARAMETERS                                                                                 \
    "(.param .u64 p_from, .param .u64 p_to, .param .u64 p_count, .param .u32 p_rounds)\n"
#define EIGHT_FMA                                                                                  \
    "fma.rn.f32 %f0, %f0, %f8, %f9;\n"                                                             \
    "fma.rn.f32 %f1, %f1, %f8, %f9;\n"                                                             \
    "fma.rn.f32 %f2, %f2, %f8, %f9;\n"                                                             \
    "fma.rn.f32 %f3, %f3, %f8, %f9;\n"                                                             \
    "fma.rn.f32 %f4, %f4, %f8, %f9;\n"                                                             \
    "fma.rn.f32 %f5, %f5, %f8, %f9;\n"                                                             \
    "fma.rn.f32 %f6, %f6, %f8, %f9;\n"                                                             \
    "fma.rn.f32 %f7, %f7, %f8, %f9;\n"

static const char ptx_kernels[] =
    ".address_size 64\n"
    /* Eight chains a thread, so that the pipes never wait; the sum is stored, so that none goes. */
    ".visible .entry fma " PARAMETERS "{\n"
    ".reg .pred %p<2>;\n.reg .f32 %f<10>;\n.reg .b32 %r<8>;\n.reg .b64 %rd<4>;\n"
    "ld.param.u64 %rd1, [p_to];\n"
    "ld.param.u32 %r1, [p_rounds];\n"
    "mov.u32 %r2, %tid.x;\nmov.u32 %r3, %ctaid.x;\nmov.u32 %r4, %ntid.x;\n"
    "mad.lo.u32 %r5, %r3, %r4, %r2;\n"
    "cvt.rn.f32.u32 %f0, %r5;\n"
    "mov.f32 %f8, 0f3F7FBE77;\n" /* 0.999 */
    "mov.f32 %f9, 0f3A83126F;\n" /* 0.001 */
    "add.f32 %f1, %f0, %f9;\nadd.f32 %f2, %f1, %f9;\nadd.f32 %f3, %f2, %f9;\n"
    "add.f32 %f4, %f3, %f9;\nadd.f32 %f5, %f4, %f9;\nadd.f32 %f6, %f5, %f9;\n"
    "add.f32 %f7, %f6, %f9;\n"
    "FMA_AGAIN:\n" EIGHT_FMA EIGHT_FMA EIGHT_FMA EIGHT_FMA EIGHT_FMA EIGHT_FMA EIGHT_FMA EIGHT_FMA
    "sub.u32 %r1, %r1, 1;\nsetp.ne.u32 %p1, %r1, 0;\n@%p1 bra FMA_AGAIN;\n"
    "add.f32 %f0, %f0, %f1;\nadd.f32 %f0, %f0, %f2;\nadd.f32 %f0, %f0, %f3;\n"
    "add.f32 %f0, %f0, %f4;\nadd.f32 %f0, %f0, %f5;\nadd.f32 %f0, %f0, %f6;\n"
    "add.f32 %f0, %f0, %f7;\n"
    "mul.wide.u32 %rd2, %r5, 4;\nadd.u64 %rd3, %rd1, %rd2;\n"
    "st.global.f32 [%rd3], %f0;\nret;\n}\n"
    /* Thread i of n copies pieces i, i + n, i + 2n, ... and begins again each round. */
    ".visible .entry copy " PARAMETERS "{\n"
    ".reg .pred %p<3>;\n.reg .b32 %r<12>;\n.reg .b64 %rd<12>;\n"
    "ld.param.u64 %rd1, [p_from];\nld.param.u64 %rd2, [p_to];\n"
    "ld.param.u64 %rd3, [p_count];\nld.param.u32 %r1, [p_rounds];\n"
    "mov.u32 %r2, %tid.x;\nmov.u32 %r3, %ctaid.x;\nmov.u32 %r4, %ntid.x;\nmov.u32 %r5, %nctaid.x;\n"
    "mad.lo.u32 %r6, %r3, %r4, %r2;\nmul.lo.u32 %r7, %r4, %r5;\n"
    "cvt.u64.u32 %rd4, %r6;\ncvt.u64.u32 %rd5, %r7;\n"
    "COPY_AGAIN:\nmov.u64 %rd6, %rd4;\n"
    "COPY_NEXT:\nsetp.ge.u64 %p1, %rd6, %rd3;\n@%p1 bra COPY_END;\n"
    "shl.b64 %rd7, %rd6, 4;\nadd.u64 %rd8, %rd1, %rd7;\nadd.u64 %rd9, %rd2, %rd7;\n"
    "ld.global.v4.u32 {%r8, %r9, %r10, %r11}, [%rd8];\n"
    "st.global.v4.u32 [%rd9], {%r8, %r9, %r10, %r11};\n"
    "add.u64 %rd6, %rd6, %rd5;\nbra COPY_NEXT;\n"
    "COPY_END:\nsub.u32 %r1, %r1, 1;\nsetp.ne.u32 %p2, %r1, 0;\n@%p2 bra COPY_AGAIN;\n"
    "ret;\n}\n";

/* The first that the driver still compiles is taken: old boards want the first, and drivers may
 * forget old architectures. */
static const char *const ptx_heads[] = {".version 6.0\n.target sm_50\n",
                                        ".version 6.3\n.target sm_75\n"};

__attribute__((format(printf, 1, 2))) static int complain(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    fputs("nvidia-load: ", stderr);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
    va_end(list);
    return 1;
}

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static void sleep_until(uint64_t end_ns)
{
    uint64_t now;

    while (!stopped && (now = now_ns()) < end_ns) {
        struct timespec t = {(time_t)((end_ns - now) / NS_PER_S),
                             (long)((end_ns - now) % NS_PER_S)};
        nanosleep(&t, NULL);
    }
}

static bool open_cuda(const char *library, struct cuda *ret)
{
    const struct {
        const char *name;
        void *place;
    } wanted[] = {{"cuInit", &ret->init},
                  {"cuDeviceGetCount", &ret->device_count},
                  {"cuDeviceGet", &ret->device},
                  {"cuDeviceGetName", &ret->device_name},
                  {"cuDeviceGetPCIBusId", &ret->device_bus_id},
                  {"cuDeviceGetAttribute", &ret->attribute},
                  {"cuCtxCreate_v2", &ret->context},
                  {"cuCtxDestroy_v2", &ret->context_end},
                  {"cuModuleLoadData", &ret->module},
                  {"cuModuleGetFunction", &ret->function},
                  {"cuMemAlloc_v2", &ret->memory},
                  {"cuMemFree_v2", &ret->memory_end},
                  {"cuLaunchKernel", &ret->launch},
                  {"cuCtxSynchronize", &ret->synchronize},
                  {"cuGetErrorString", &ret->error_string}};
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);

    if (!handle) {
        complain("%s cannot be opened, so there is nothing to put a load on: %s. It comes with "
                 "NVIDIA's driver (in a container: NVIDIA_DRIVER_CAPABILITIES=compute,utility).",
                 library, dlerror());
        return false;
    }
    for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
        void *found = dlsym(handle, wanted[i].name);
        if (!found) {
            complain("%s has no %s: it is not the CUDA driver's library, or a very old one",
                     library, wanted[i].name);
            dlclose(handle);
            return false;
        }
        memcpy(wanted[i].place, &found, sizeof(found)); /* ISO C has no cast to a function */
    }
    return true; /* the library stays until the program ends */
}

/* False, and words, when `code` of the driver is a failure. */
static bool fine(const struct load *load, int code, const char *doing)
{
    const char *text = NULL;

    if (code == 0)
        return true;
    if (load->cuda.error_string(code, &text) || !text)
        text = "no words for it";
    complain("%s: CUDA error %d (%s)", doing, code, text);
    return false;
}

static int attribute(const struct load *load, int which)
{
    int value = 0;

    return load->cuda.attribute(&value, which, load->device) ? 0 : value;
}

static bool load_kernel(struct load *load)
{
    struct module *module = NULL;
    int code = 0;

    for (size_t i = 0; i < sizeof(ptx_heads) / sizeof(*ptx_heads); i++) {
        char text[sizeof(ptx_kernels) + 64];
        snprintf(text, sizeof(text), "%s%s", ptx_heads[i], ptx_kernels);
        code = load->cuda.module(&module, text);
        if (!code)
            break;
    }
    return fine(load, code, "compiling the kernels") &&
           fine(load, load->cuda.function(&load->kernel, module, load->options->kernel),
                "finding the kernel");
}

/* 0, or the exit code after words. */
static int open_device(struct load *load)
{
    const struct options *o = load->options;
    uint64_t bytes = (uint64_t)o->memory_mib * MIB;
    int count = 0;

    /* As nvidia-smi counts; by default CUDA puts the fastest GPU first. */
    setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID", 1);
    if (!fine(load, load->cuda.init(0), "cuInit") ||
        !fine(load, load->cuda.device_count(&count), "counting the GPUs"))
        return EXIT_NO_HARDWARE;
    if (o->gpu >= count) {
        complain("there is no GPU %.0f: CUDA sees %d (CUDA_VISIBLE_DEVICES may hide some)", o->gpu,
                 count);
        return EXIT_NO_HARDWARE;
    }
    if (!fine(load, load->cuda.device(&load->device, (int)o->gpu), "opening the GPU") ||
        !fine(load, load->cuda.context(&load->context, 0, load->device), "opening a context"))
        return 1;
    load->blocks = (unsigned)attribute(load, ATTRIBUTE_MULTIPROCESSORS) * BLOCKS_PER_SM;
    if (!load->blocks)
        return complain("the GPU does not tell how many multiprocessors it has");
    if (!load_kernel(load) || !fine(load, load->cuda.memory(&load->memory, bytes), "--memory"))
        return 1;
    load->count = bytes / 2 / 16;
    return 0;
}

static void close_device(struct load *load)
{
    if (load->memory)
        load->cuda.memory_end(load->memory);
    if (load->context)
        load->cuda.context_end(load->context);
}

/* Runs the kernel once and waits for its end. */
static bool launch(struct load *load)
{
    uint64_t to = load->memory + load->count * 16;
    void *parameters[] = {&load->memory, &to, &load->count, &load->rounds};
    uint64_t began = now_ns();

    if (!fine(load,
              load->cuda.launch(load->kernel, load->blocks, 1, 1, THREADS, 1, 1, 0, NULL,
                                parameters, NULL),
              "starting the kernel") ||
        !fine(load, load->cuda.synchronize(), "waiting for the kernel"))
        return false;
    load->busy_ns += now_ns() - began;
    load->rounds_done += load->rounds;
    return true;
}

/* Finds how many rounds fill LAUNCH_NS; clocks rise meanwhile, so the last tries count. */
static bool calibrate(struct load *load)
{
    load->rounds = 1;
    for (int i = 0; i < 8; i++) {
        load->busy_ns = 0;
        if (!launch(load))
            return false;
        double rounds = load->rounds * (double)LAUNCH_NS / (double)(load->busy_ns + 1);
        if (rounds > load->rounds * 32.0) /* the first launch is mostly its start */
            rounds = load->rounds * 32.0;
        if (rounds > ROUNDS_MAX)
            rounds = ROUNDS_MAX;
        load->rounds = rounds < 1 ? 1 : (uint32_t)rounds;
    }
    load->busy_ns = 0;
    load->rounds_done = 0;
    return true;
}

static bool work(struct load *load, uint64_t *ret_ns)
{
    const struct options *o = load->options;
    uint64_t period = (uint64_t)(o->period_ms * (double)NS_PER_MS);
    uint64_t busy = (uint64_t)((double)period * o->duty_percent / 100);
    uint64_t began = now_ns(), end = began + (uint64_t)(o->seconds * (double)NS_PER_S);

    for (uint64_t at = began; !stopped && at < end; at += period) {
        uint64_t until = at + busy < end ? at + busy : end;
        while (!stopped && now_ns() < until)
            if (!launch(load))
                return false;
        sleep_until(at + period < end ? at + period : end);
    }
    *ret_ns = now_ns() - began;
    return true;
}

static void report(const struct load *load, uint64_t ns)
{
    double seconds = (double)ns / (double)NS_PER_S;
    double threads = (double)load->blocks * THREADS;
    bool copies = strcmp(load->options->kernel, "copy") == 0;
    double fma = copies ? 0 : load->rounds_done * threads * FMA_PER_ROUND;
    double bytes = copies ? load->rounds_done * (double)load->count * 32 : 0; /* read and written */

    printf("seconds=%.3f\n", seconds);
    printf("busy_share=%.4f\n", (double)load->busy_ns / (double)ns);
    printf("fma_per_second=%.0f\n", fma / seconds);
    printf("bytes_per_second=%.0f\n", bytes / seconds);
    printf("multiprocessors=%d\n", attribute(load, ATTRIBUTE_MULTIPROCESSORS));
    printf("compute_capability=%d.%d\n", attribute(load, ATTRIBUTE_MAJOR),
           attribute(load, ATTRIBUTE_MINOR));
    printf("clock_khz=%d\n", attribute(load, ATTRIBUTE_CLOCK_KHZ));
    printf("memory_clock_khz=%d\n", attribute(load, ATTRIBUTE_MEMORY_CLOCK_KHZ));
    printf("memory_bus_bits=%d\n", attribute(load, ATTRIBUTE_BUS_BITS));
}

static void usage(FILE *out)
{
    fputs("Usage: nvidia-load [OPTION]...\n\n"
          "Keeps one NVIDIA GPU busy in a known way, until --seconds are over or SIGTERM.\n\n"
          "  --kernel=fma|copy    multiply and add fp32 numbers, or copy device memory [fma]\n"
          "  --duty=PERCENT       share of each period in which it works, 0 to 100 [100]\n"
          "  --period-ms=MS       length of a period, 10 to 60000 [1000]\n"
          "  --seconds=S          how long, 0.1 to 3600 [10]\n"
          "  --memory=MB          device memory to hold, 16 to 1000000 [1024]\n"
          "  --gpu=N              which GPU, as nvidia-smi counts [0]\n"
          "  --cuda-library=FILE  the driver's library [libcuda.so.1]\n"
          "  --help               print this\n\n"
          "Exit codes: 0 done, 1 a call failed, 2 wrong options, 3 no driver or no such GPU.\n",
          out);
}

/* A number between the two; false after words. */
static bool number(const char *name, const char *text, double least, double most, double *ret)
{
    char *end;
    double value;

    errno = 0;
    value = strtod(text, &end);
    if (errno || end == text || *end || !(value >= least && value <= most)) {
        complain("--%s=%s: a number between %g and %g is wanted", name, text, least, most);
        return false;
    }
    *ret = value;
    return true;
}

/* False after words; `ret_help` when help is all that is wanted. */
static bool parse(int argc, char **argv, struct options *o, bool *ret_help)
{
    static const struct option names[] = {{"kernel", required_argument, NULL, 'k'},
                                          {"duty", required_argument, NULL, 'd'},
                                          {"period-ms", required_argument, NULL, 'p'},
                                          {"seconds", required_argument, NULL, 's'},
                                          {"memory", required_argument, NULL, 'm'},
                                          {"gpu", required_argument, NULL, 'g'},
                                          {"cuda-library", required_argument, NULL, 'l'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    bool good = true;
    int c;

    while (good && (c = getopt_long(argc, argv, "", names, NULL)) != -1) {
        switch (c) {
        case 'k':
            o->kernel = optarg;
            good = strcmp(optarg, "fma") == 0 || strcmp(optarg, "copy") == 0;
            if (!good)
                complain("--kernel=%s: fma or copy is wanted", optarg);
            break;
        case 'd':
            good = number("duty", optarg, 0, 100, &o->duty_percent);
            break;
        case 'p':
            good = number("period-ms", optarg, 10, 60000, &o->period_ms);
            break;
        case 's':
            good = number("seconds", optarg, 0.1, 3600, &o->seconds);
            break;
        case 'm':
            good = number("memory", optarg, MEMORY_MIN_MIB, 1000000, &o->memory_mib);
            break;
        case 'g':
            good = number("gpu", optarg, 0, 255, &o->gpu);
            o->gpu = (int)o->gpu;
            break;
        case 'l':
            o->library = optarg;
            break;
        case 'h':
            *ret_help = true;
            return true;
        default:
            return false;
        }
    }
    if (good && optind < argc) {
        complain("%s: not an option", argv[optind]);
        return false;
    }
    return good;
}

int main(int argc, char **argv)
{
    struct options options = {.library = "libcuda.so.1",
                              .kernel = "fma",
                              .duty_percent = 100,
                              .period_ms = 1000,
                              .seconds = 10,
                              .memory_mib = 1024};
    struct load load = {.options = &options};
    struct sigaction action = {.sa_handler = stop};
    bool help = false;
    uint64_t ns = 0;

    if (!parse(argc, argv, &options, &help))
        return 2;
    if (help) {
        usage(stdout);
        return 0;
    }
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    if (!open_cuda(options.library, &load.cuda))
        return EXIT_NO_HARDWARE;

    char name[128] = "", bus[32] = "";
    int code = open_device(&load);
    if (!code && !calibrate(&load))
        code = 1;
    if (!code) {
        load.cuda.device_name(name, sizeof(name), load.device);
        load.cuda.device_bus_id(bus, sizeof(bus), load.device);
        printf("name=%s\npci_bus_id=%s\nkernel=%s\nready\n", name, bus, options.kernel);
        fflush(stdout);
        if (work(&load, &ns))
            report(&load, ns ? ns : 1);
        else
            code = 1;
    }
    close_device(&load);
    return code;
}
