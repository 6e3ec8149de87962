/* bundle_text.c - what a bundle says of itself: its README, and the report on the terminal. */
#include "doctor/bundle.h"
#include "doctor/page.h"

static const struct {
    const char *name, *text;
} parts[BUNDLE_PARTS] = {
    [BUNDLE_DOCTOR_TEXT] = {"doctor.txt", "findings and rights, as `algalon doctor` prints them"},
    [BUNDLE_DOCTOR_JSON] = {"doctor.json", "the same as JSON"},
    [BUNDLE_SETTINGS] = {"settings.txt", "version, and the options in force without credentials"},
    [BUNDLE_METRICS] = {"metrics.txt", "the metrics under all-smi's and dcgm-exporter's names, "
                                       "the program's own among them"},
    [BUNDLE_SNAPSHOT] = {"snapshot.json", "the same reading as `algalon snapshot` prints it"},
    [BUNDLE_SCENARIO] = {"nvml.scn", "what NVIDIA's driver answered, for the simulator"},
};

const char *bundle_part_name(enum bundle_part part)
{
    return parts[part].name;
}

const char *bundle_part_text(enum bundle_part part)
{
    return parts[part].text;
}

void bundle_left_out(const struct bundle *b, struct buf *to)
{
    const struct tree *t = &b->tree;

    if (*b->no_driver.text)
        buf_printf(to, "- nvml.scn: %s\n", b->no_driver.text);
    if (b->asleep)
        buf_printf(to, "- nvml.scn: %u GPUs that sleep; they were not woken\n", b->asleep);
    if (*b->silent)
        buf_printf(to, "- metrics.txt, snapshot.json: what did not answer in time: %s\n",
                   b->silent);
    if (*t->waiting)
        buf_printf(to, "- whatever stands behind %s, which did not answer\n", t->waiting);
    if (t->processes_left_out)
        buf_printf(to, "- %zu processes that are on no GPU\n", t->processes_left_out);
    if (t->left_out)
        buf_printf(to, "- %zu files: %d files and %zu MiB are the bounds\n", t->left_out,
                   TREE_FILES_MAX, TREE_BYTES_MAX >> 20);
    if (t->cut)
        buf_printf(to, "- the ends of %zu files: 1 MiB of each is taken\n", t->cut);
    for (int i = 0; i < BUNDLE_PARTS; i++)
        if (b->parts[i].len > BUNDLE_OWN_MAX)
            buf_printf(to, "- the end of %s: %zu MiB of it are taken\n", parts[i].name,
                       BUNDLE_OWN_MAX >> 20);
}

static void write_replaced(const struct bundle *b, struct buf *to)
{
    for (int i = 0; i < REDACT_KINDS; i++)
        if (b->redactor.count[i])
            buf_printf(to, "  %5u %s\n", b->redactor.count[i],
                       redact_kind_text((enum redact_kind)i));
}

static void write_replay(const struct bundle *b, struct buf *to)
{
    buf_text(to, "\nReplaying\n---------\n"
                 "In the unpacked folder, with a checkout of Algalon built with its tests:\n\n");
    if (b->parts[BUNDLE_SCENARIO].len)
        buf_text(to, "    ALGALON_NVML_SIM=nvml.scn algalon snapshot "
                     "--nvml-library=.../build/libnvml-sim.so \\\n        ");
    else
        buf_text(to, "    algalon snapshot --disable-collectors=nvidia \\\n        ");
    buf_text(
        to,
        "--config= --path.procfs=proc --path.sysfs=sys --path.rootfs=root \\\n"
        "        --path.answers=answers\n\n"
        "`worker` and `doctor` take the same options. It is one moment: counters stand still, so\n"
        "that rates are 0 or absent. The sizes of file systems and the machine's own name and\n"
        "kernel are those of the machine that replays. Profiling metrics and the counters of\n"
        "single NVLinks are the simulator's own.\n");
}

void bundle_readme(struct bundle *b, struct buf *to)
{
    struct buf left_out;

    buf_printf(to,
               "A support bundle, made by `algalon doctor --bundle` of Algalon %.*s.\n\n"
               "Contents\n--------\n",
               STR_ARG(b->version));
    for (int i = 0; i < BUNDLE_PARTS; i++)
        if (b->parts[i].len)
            buf_printf(to, "%-14s %s\n", parts[i].name, parts[i].text);
    buf_text(to,
             "proc/ sys/      the files there that the collectors read\n"
             "root/           pieces of the host's root: accounts without all but name and\n"
             "                number, names of pods' logs\n"
             "answers/        what device nodes, vendors' tools, services and variables of the\n"
             "                environment said to the collectors, a file each\n\n"
             "Left out\n--------\n"
             "- command lines and environments of processes, names of their open files but\n"
             "  those of devices\n"
             "- files of container runtimes, which hold environments\n");
    buf_init(&left_out, 0);
    bundle_left_out(b, &left_out);
    redact(&b->redactor, buf_str(&left_out), to); /* names of files among it */
    buf_fini(&left_out);
    buf_text(to,
             "\nReplaced\n--------\n"
             "Each by a word that is the same for the same thing in all files of this bundle\n"
             "(host-1, user-2, name-3, 00000000-0000-0000-0000-000000000004), and in no other:\n");
    write_replaced(b, to);
    buf_text(to,
             "Kept: names of programs, numbers of processes and users, mount points outside of\n"
             "/home, PCI addresses, models and versions. A name that is a common word of this\n"
             "trade (\"gpu\", \"data\") is replaced where a field says that it is a name, and not\n"
             "in running text.\n");
    write_replay(b, to);
}

static void report_json(const struct bundle *b, const char *path, struct str left_out,
                        struct buf *to)
{
    buf_char(to, '{');
    page_json_text(to, "file", path);
    page_json_number(to, "bytes", (double)b->archive.len);
    page_json_number(to, "files", (double)b->files);
    page_json_key(to, "replaced");
    buf_char(to, '{');
    for (int i = 0; i < REDACT_KINDS; i++)
        page_json_number(to, redact_kind_text((enum redact_kind)i), b->redactor.count[i]);
    buf_char(to, '}');
    page_json_key(to, "left_out");
    buf_char(to, '[');
    while (left_out.ptr && !to->failed) {
        struct str line = str_cut(&left_out, '\n');
        if (line.len < 2)
            continue;
        if (to->ptr[to->len - 1] != '[')
            buf_char(to, ',');
        buf_json(to, str_make(line.ptr + 2, line.len - 2));
    }
    buf_text(to, "]}\n");
}

void bundle_report(const struct bundle *b, const char *path, const struct doctor_form *form,
                   struct buf *to)
{
    struct buf left_out;

    buf_init(&left_out, 0);
    bundle_left_out(b, &left_out);
    if (form->json) {
        report_json(b, path, buf_str(&left_out), to);
        buf_fini(&left_out);
        return;
    }
    page_word(to, form, PAGE_BOLD, path, 0);
    buf_printf(to, "  %zu files, %zu KiB\n\nIn it:\n", b->files, (b->archive.len + 1023) / 1024);
    for (int i = 0; i < BUNDLE_PARTS; i++)
        if (b->parts[i].len) {
            buf_printf(to, "  %-14s ", parts[i].name);
            page_wrap(to, parts[i].text, 17, 17);
        }
    buf_printf(to,
               "  %-14s %zu files below /proc, /sys and the host's root, and answers of\n"
               "  %-14s device nodes, tools and services\n",
               "proc sys root", b->tree.len, "answers");
    if (left_out.len) {
        buf_text(to, "\nLeft out:\n");
        for (struct str rest = buf_str(&left_out); rest.ptr;) {
            struct str line = str_cut(&rest, '\n');
            if (line.len)
                buf_printf(to, "  %.*s\n", STR_ARG(line));
        }
    }
    buf_text(to, "\nReplaced by other words:\n");
    write_replaced(b, to);
    buf_printf(to,
               "\nCommand lines and environments are not in it. Look into it before you send it:\n"
               "a program's name or a mount point can tell more than it should.\n"
               "    tar -tzf %s; tar -xzOf %s metrics.txt\n",
               path, path);
    buf_fini(&left_out);
}
