/* command_demo.c - a simulated mixed fleet: real workers above simulated hardware, scraped and
 * shown by a real host.
 *
 * Each machine has a folder with its /proc and /sys (demo_host.c) and a scenario for the NVML
 * simulator; a child process `algalon worker` reads them. This process is the host. Nothing of it
 * is left at the end. */
#include "demo_fleet.h"
#include "http/http.h"
#include "service.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#define DIR_MAX_BYTES  256 /* of the temporary folder and of where the program is */
#define ARG_MAX_BYTES  512
#define CHILD_GRACE_NS (3 * (uint64_t)NS_PER_S)
#define FIRST_READ_NS                                                                              \
    (5 * (uint64_t)NS_PER_S) /* what a worker may take until it has something to say */

struct machine {
    struct demo_host *host;
    pid_t worker; /* 0: not running */
    unsigned port;
};

struct demo {
    struct settings *settings;
    char dir[DIR_MAX_BYTES], program[DIR_MAX_BYTES], library[DIR_MAX_BYTES + 64];
    struct machine *machines; /* [demo_fleet_len] */
};

/* Looks for the simulator beside the program and where packages put it. */
static int find_simulator(struct demo *d, struct error *err)
{
    static const char *const places[] = {"libnvml-sim.so", "../lib/algalon/libnvml-sim.so",
                                         "../lib/x86_64-linux-gnu/algalon/libnvml-sim.so",
                                         "../lib/aarch64-linux-gnu/algalon/libnvml-sim.so"};

    if (*d->settings->nvml_library) {
        str_copy(d->library, sizeof(d->library), str_of(d->settings->nvml_library));
        return 0;
    }
    const char *slash = strrchr(d->program, '/');
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        snprintf(d->library, sizeof(d->library), "%.*s%s",
                 slash ? (int)(slash - d->program + 1) : 0, d->program, places[i]);
        if (access(d->library, R_OK) == 0)
            return 0;
    }
    return error_set(
        err, -ENOENT,
        "the NVML simulator is not installed: build it (cmake --build build --target nvml-sim) or "
        "name it with --nvml-library=.../libnvml-sim.so");
}

/* A port of loopback that was free a moment ago. */
static int free_port(unsigned *ret, struct error *err)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int code = fd < 0 || bind(fd, (struct sockaddr *)&address, size) ||
                       getsockname(fd, (struct sockaddr *)&address, &size)
                   ? -errno
                   : 0;

    if (fd >= 0)
        close(fd);
    *ret = ntohs(address.sin_port);
    return code ? error_errno(err, code, "no free port on loopback") : 0;
}

/* In the child, between fork and exec: only calls that are safe there. */
static void become_worker(char *const *argv, pid_t parent)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0); /* Ctrl-C in the terminal is the host's to handle */
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
    if (getppid() == parent)
        execv(argv[0], argv);
    _exit(127);
}

static int start_worker(struct demo *d, size_t i, struct error *err)
{
    const struct demo_node *node = &demo_fleet[i];
    struct machine *m = &d->machines[i];
    struct host_paths paths = demo_host_paths(m->host);
    char text[10][ARG_MAX_BYTES], scenario[DIR_MAX_BYTES + 64];
    size_t n = 0;

    snprintf(scenario, sizeof(scenario), "%s/%.40s.scn", d->dir, node->host.hostname);
    int code = free_port(&m->port, err);
    if (!code && node->gpus)
        code = file_replace(scenario, node->gpus, strlen(node->gpus), err);
    if (code)
        return code;
    snprintf(text[n++], ARG_MAX_BYTES, "--listen-metrics=127.0.0.1:%u", m->port);
    snprintf(text[n++], ARG_MAX_BYTES, "--hostname=%s", node->host.hostname);
    snprintf(text[n++], ARG_MAX_BYTES, "--path.procfs=%s", paths.procfs);
    snprintf(text[n++], ARG_MAX_BYTES, "--path.sysfs=%s", paths.sysfs);
    snprintf(text[n++], ARG_MAX_BYTES, "--path.rootfs=%s", paths.rootfs);
    snprintf(text[n++], ARG_MAX_BYTES, "--path.answers=%s", demo_host_answers(m->host));
    snprintf(text[n++], ARG_MAX_BYTES, "--interval=%lldms", (long long)d->settings->interval_ms);
    /* A machine without NVIDIA's GPUs must not show those of the one that simulates it. */
    snprintf(text[n++], ARG_MAX_BYTES,
             node->gpus ? "--nvml-library=%s" : "--disable-collectors=nvidia", d->library);
    if (node->schema)
        snprintf(text[n++], ARG_MAX_BYTES, "--schema=%s", node->schema);
    char command[] = "worker", quiet[] = "--log-level=error", config[] = "--config=";
    char *argv[16] = {d->program, command, quiet, config};
    for (size_t a = 0; a < n; a++)
        argv[4 + a] = text[a];
    if (node->gpus)
        setenv("ALGALON_NVML_SIM", scenario, 1); /* the child's; this process reads no hardware */
    pid_t parent = getpid();
    m->worker = fork();
    if (m->worker == 0)
        become_worker(argv, parent);
    if (node->gpus)
        unsetenv("ALGALON_NVML_SIM");
    if (m->worker < 0) {
        m->worker = 0;
        return error_errno(err, -errno, "worker for %s", node->host.hostname);
    }
    return 0;
}

static int open_machine(struct demo *d, size_t i, struct error *err)
{
    char dir[DIR_MAX_BYTES + 64];
    struct machine *m = &d->machines[i];

    snprintf(dir, sizeof(dir), "%s/%.40s", d->dir, demo_fleet[i].host.hostname);
    int code = demo_host_open(dir, &demo_fleet[i].host, &m->host, err);
    if (code)
        return code;
    demo_host_tick(m->host, clock_now_ms());
    return start_worker(d, i, err);
}

/* Once a second: the machines move on; a worker that died is an error of ours, not of the
 * simulation. */
static int tick(void *ctx, int64_t now_ms)
{
    struct demo *d = ctx;

    for (size_t i = 0; i < demo_fleet_len; i++) {
        int status;
        demo_host_tick(d->machines[i].host, now_ms);
        if (d->machines[i].worker && waitpid(d->machines[i].worker, &status, WNOHANG) > 0) {
            d->machines[i].worker = 0;
            log_error("a worker ended", "machine", demo_fleet[i].host.hostname, "status",
                      LOG_NUM(status));
            return -ECHILD;
        }
    }
    return 0;
}

static void stop_workers(struct demo *d)
{
    uint64_t deadline = clock_mono_ns() + CHILD_GRACE_NS;

    for (size_t i = 0; i < demo_fleet_len; i++)
        if (d->machines[i].worker)
            kill(d->machines[i].worker, SIGTERM);
    for (size_t i = 0; i < demo_fleet_len; i++) {
        struct machine *m = &d->machines[i];
        while (m->worker && waitpid(m->worker, NULL, WNOHANG) == 0) {
            if (clock_mono_ns() > deadline)
                kill(m->worker, SIGKILL);
            usleep(20000);
        }
        m->worker = 0;
        demo_host_close(m->host);
    }
}

/* Waits for the first snapshot of each worker, so that the first scrape finds something; a slow one
 * is no error. The machines move on meanwhile: a counter that stands still tells no load. */
static void await_workers(const struct demo *d)
{
    uint64_t deadline = clock_mono_ns() + FIRST_READ_NS;

    for (size_t i = 0; i < demo_fleet_len; i++) {
        char url[64];
        snprintf(url, sizeof(url), "http://127.0.0.1:%u/-/ready", d->machines[i].port);
        while (!http_probe(url, 1000, NULL) && clock_mono_ns() < deadline) {
            for (size_t k = 0; k < demo_fleet_len; k++)
                demo_host_tick(d->machines[k].host, clock_now_ms());
            usleep(100000);
        }
    }
}

static void use_fleet(struct demo *d)
{
    struct settings *s = d->settings;
    const char **targets = arena_calloc(&s->arena, demo_fleet_len, sizeof(*targets));
    char address[32];
    struct buf path;

    if (!targets)
        abort(); /* a handful of short texts */
    for (size_t i = 0; i < demo_fleet_len; i++) {
        int n = snprintf(address, sizeof(address), "127.0.0.1:%u", d->machines[i].port);
        targets[i] = arena_strndup(&s->arena, address, (size_t)n);
    }
    s->targets = (struct text_list){targets, demo_fleet_len};
    s->scrape_config = "";
    if (*s->data_dir)
        return;
    buf_init(&path, 0);
    buf_printf(&path, "%s/data", d->dir);
    s->data_dir = arena_strndup(&s->arena, path.ptr, path.len);
    buf_fini(&path);
}

static int open_demo(struct demo *d, struct error *err)
{
    const char *temporary = getenv("TMPDIR");
    int code = 0;

    ssize_t n = readlink("/proc/self/exe", d->program, sizeof(d->program) - 1);
    if (n <= 0)
        return error_errno(err, -errno, "where this program is");
    d->program[n] = '\0';
    code = find_simulator(d, err);
    if (code)
        return code;
    snprintf(d->dir, sizeof(d->dir), "%.200s/algalon-demo-XXXXXX",
             temporary && *temporary == '/' ? temporary : "/tmp");
    if (!mkdtemp(d->dir)) {
        code = error_errno(err, -errno, "%s", d->dir);
        d->dir[0] = '\0';
        return code;
    }
    for (size_t i = 0; i < demo_fleet_len && !code; i++)
        code = open_machine(d, i, err);
    return code;
}

enum exit_code command_demo(struct settings *settings)
{
    struct demo *d = xnew(struct demo);
    struct error err;
    enum exit_code done = EXIT_FAILED;

    d->settings = settings;
    d->machines = xcalloc(demo_fleet_len, sizeof(*d->machines));
    if (open_demo(d, &err)) {
        log_error("the demo cannot start", "error", err.text);
    } else {
        use_fleet(d);
        await_workers(d);
        log_info("simulated machines", "count", LOG_NUM(demo_fleet_len), "dir", d->dir);
        done = service_run(&(struct service_options){
            .settings = settings, .command = FOR_DEMO, .parts = PART_HOST, .tick = tick, .ctx = d});
    }
    stop_workers(d);
    if (d->dir[0] && !settings->keep && file_remove_tree(d->dir))
        log_warn("the demo's folder is left behind", "dir", d->dir);
    free(d->machines);
    free(d);
    return done;
}
