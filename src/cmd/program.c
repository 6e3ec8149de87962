#include "program.h"

#include "commands.h"

#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#define FILES_WANTED 65536u

const struct command commands[] = {
    {"all", FOR_ALL, "all of it for this machine: worker, store and dashboards (the default)",
     "Reads this machine's hardware, keeps what it read, and shows it: metrics on :9400, the API "
     "on\n"
     "127.0.0.1:8428, dashboards on http://127.0.0.1:3000. Scrapes other workers too (--target).",
     command_all},
    {"worker", FOR_WORKER, "metrics of this machine on :9400",
     "Reads this machine's hardware and serves it as Prometheus metrics. Keeps nothing.",
     command_worker},
    {"host", FOR_HOST, "scrape workers, keep, query on :8428, dashboards on :3000",
     "Scrapes workers (--target, --scrape-config), keeps what they say, answers queries, draws "
     "dashboards.",
     command_host},
    {"agent", FOR_AGENT, "scrape workers and send what they say on by remote write",
     "Scrapes workers (--target, --scrape-config) and sends what they say on (--remote-write). "
     "Keeps\n"
     "nothing but a queue of what a store that is away has not taken yet. Own metrics, targets and "
     "health\n"
     "on 127.0.0.1:8428.",
     command_agent},
    {"snapshot", FOR_SNAPSHOT, "one reading to stdout: json, csv or prometheus",
     "Reads this machine's hardware once and prints it.", command_snapshot},
    {"top", FOR_TOP, "the machine and the fleet in a terminal",
     "Without an argument: this machine's GPUs and processes, read here. With arguments: those of "
     "workers,\n"
     "all-smi or dcgm-exporter (HOST:PORT), or all that a host, VictoriaMetrics or Prometheus "
     "knows (its URL).\n"
     "Keys: q quits, ? helps.",
     command_top},
    {"doctor", FOR_DOCTOR,
     "what hardware, drivers and rights it found, and what to do about what it lacks",
     "Looks at hardware, drivers and rights, and says what is wrong, what to do, and which line "
     "grants a\n"
     "right that is lacked. Exit code 1 when something is broken; a right that is lacked is no "
     "error.",
     command_doctor},
    {"explain", FOR_EXPLAIN, "what a metric says, where it comes from, when it is absent",
     "Explains metrics by name: `algalon explain all_smi_gpu_utilization`. Without a name it lists "
     "them\n"
     "all. Exit code 1 when there is no such metric.",
     command_explain},
    {"check", FOR_CHECK, "check configuration, targets, rules and dashboards before using them",
     "Reads files as the other commands would and says what is wrong, where, and what to do:\n"
     "configuration (algalon.yml), scrape configurations, files of targets, rule files, "
     "dashboards,\n"
     "web configurations, data directories. What a file is is told by its content (--kind).\n"
     "With --against the metrics, labels and units that dashboards and rules ask for are held "
     "against\n"
     "what an exporter or a store has. Exit code 0: in order, perhaps with warnings; 1: errors; 2: "
     "wrong\n"
     "usage.",
     command_check},
    {"migrate", FOR_MIGRATE, "dashboards and rules in the names of another exporter, and bridges",
     "  migrate dashboard FILE   the dashboard in the names of --to, on stdout\n"
     "  migrate rules FILE       the rule file, comments kept\n"
     "  migrate bridge           recording rules that give the names of --to from the other's "
     "series\n"
     "  migrate table            what corresponds to what, as Markdown\n"
     "  migrate data             history from the store --from to the store --into\n"
     "What has no counterpart is left as it is and told on stderr. Exit code 0: all of it was "
     "translated;\n"
     "1: something was not; 2: wrong usage.",
     command_migrate},
    {"compare", FOR_COMPARE, "two exporters of the same GPUs: what differs, what each costs",
     "  compare URL URL --for=10m                          scrapes both\n"
     "  compare --query-url=URL '{job=\"a\"}' '{job=\"b\"}'   looks at what a store has of both\n"
     "Names of all-smi and of dcgm-exporter are held against each other by the table of `migrate "
     "table`.\n"
     "Exit code 0: nothing differs; 1: something does, or nothing could be compared; 2: wrong "
     "usage.",
     command_compare},
    {"demo", FOR_DEMO, "a simulated mixed fleet, to look at without hardware",
     "Starts workers for simulated machines with simulated GPUs on loopback, scrapes them, and "
     "shows the\n"
     "dashboards. Nothing is kept when it ends, unless --data-dir says where.",
     command_demo},
    {"release", FOR_RELEASE, "have a running worker let go of the GPUs for a while",
     "The worker closes the driver, so that it can be unloaded or upgraded, a GPU reset or cut "
     "anew "
     "(MIG);\n"
     "its metrics say so, and it opens the driver again by itself. Needs root or the worker's "
     "user. "
     "The same\n"
     "without this command: kill -USR1 (10 minutes) and kill -USR2 (again).",
     command_release},
    {"ready", FOR_READY, "ask a running algalon whether it is ready (for health checks)",
     "Exit code 0 when the program at --url answers that it is ready, 1 when not.", command_ready},
    {NULL, 0, NULL, NULL, NULL},
};

const char *program_version(void)
{
    return ALGALON_VERSION;
}

static void print_usage(FILE *to)
{
    fprintf(to, "Usage: algalon [COMMAND] [OPTION]...\n\n"
                "See what every GPU, CPU and process of your machines is doing, live and over "
                "time.\n\nCommands:\n");
    for (const struct command *c = commands; c->name; c++)
        fprintf(to, "  %-10s %s\n", c->name, c->summary);
    fprintf(to, "\n`algalon COMMAND --help` shows the options of each. `algalon --version` prints "
                "the version.\n");
}

static const char *operands(enum command_bit bit)
{
    return bit == FOR_EXPLAIN   ? " [METRIC]..."
           : bit == FOR_CHECK   ? " FILE..."
           : bit == FOR_COMPARE ? " A B"
           : bit == FOR_TOP     ? " [HOST:PORT|URL]..."
           : bit == FOR_MIGRATE ? " WHAT [FILE]"
                                : "";
}

static void print_help(const struct command *c)
{
    printf("Usage: algalon %s [OPTION]...%s\n\n%s\n", c->name, operands(c->bit), c->about);
    settings_help(c->bit);
}

static void setup_log(const struct settings *s)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    enum log_level level = LOG_INFO;

    for (size_t i = 0; i < ARRAY_LEN(levels); i++)
        if (!strcmp(s->log_level, levels[i]))
            level = (enum log_level)i;
    log_setup(level, strcmp(s->log_format, "json") ? LOG_LOGFMT : LOG_JSON);
}

static const struct command *find(const char *name)
{
    for (const struct command *c = commands; c->name; c++)
        if (!strcmp(c->name, name))
            return c;
    return NULL;
}

static int run(const struct command *c, int argc, char **argv)
{
    struct settings settings;
    struct error err;
    int code = settings_read(&settings, c->bit, argc, argv, &err);

    if (code == 1) {
        print_help(c);
        return EXIT_DONE;
    }
    if (code) {
        fprintf(stderr, "algalon %s: %s\n", c->name, err.text);
        return EXIT_USAGE;
    }
    setup_log(&settings);
    enum exit_code done = c->run(&settings);
    settings_fini(&settings);
    return done;
}

/* The limit that programs get unasked (1,024 files) is for those that call select(). Nothing here
 * does, and a thousand targets and three listeners need more. */
static void allow_many_files(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) || files.rlim_cur >= FILES_WANTED)
        return;
    files.rlim_cur = MIN(files.rlim_max, (rlim_t)FILES_WANTED);
    (void)!setrlimit(RLIMIT_NOFILE, &files);
}

int program_main(int argc, char **argv)
{
#ifdef M_ARENA_MAX
    mallopt(M_ARENA_MAX, 2); /* each arena keeps what was freed in it: two are enough for us */
    mallopt(M_TRIM_THRESHOLD, 256 * 1024); /* give back what a large query or scrape took */
#endif
    signal(SIGPIPE, SIG_IGN);
    allow_many_files();
    if (argc > 1 && (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))) {
        printf("algalon %s\n", program_version());
        return EXIT_DONE;
    }
    if (argc > 1 &&
        (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))) {
        print_usage(stdout);
        return EXIT_DONE;
    }
    if (argc < 2 || argv[1][0] == '-') {
        char all[] = "all";
        char *program = argv[0];
        argv[0] = all;
        int code = run(find("all"), argc, argv);
        argv[0] = program;
        return code;
    }
    const struct command *c = find(argv[1]);
    if (!c) {
        fprintf(stderr, "algalon: there is no command '%s'\n\n", argv[1]);
        print_usage(stderr);
        return EXIT_USAGE;
    }
    return run(c, argc - 1, argv + 1);
}
