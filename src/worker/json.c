/* json.c - a snapshot as JSON: docs/snapshot.md says what stands where. */
#include "worker/command.h"
#include "worker/fields.h"

#include <limits.h>
#include <time.h>

#define SCHEMA_VERSION 1 /* raised when a key changes its meaning or goes; new keys may come */

/* Writes `"key":`, with a comma unless it opens the object. */
static void key(struct buf *to, const char *name)
{
    char last = to->len ? to->ptr[to->len - 1] : '{';

    if (last != '{' && last != '[')
        buf_char(to, ',');
    buf_json(to, str_of(name));
    buf_char(to, ':');
}

static void fields(struct buf *to, const struct field_table *table, const void *thing)
{
    for (size_t i = 0; i < table->len; i++) {
        key(to, table->fields[i].key);
        field_print(&table->fields[i], thing, FIELD_JSON, to);
    }
}

static void next_element(struct buf *to)
{
    if (to->len && to->ptr[to->len - 1] != '[')
        buf_char(to, ',');
    buf_char(to, '{');
}

static void array(struct buf *to, const char *name, const struct field_table *table,
                  const void *things, size_t len, size_t stride)
{
    key(to, name);
    buf_char(to, '[');
    for (size_t i = 0; i < len; i++) {
        next_element(to);
        fields(to, table, (const char *)things + i * stride);
        buf_char(to, '}');
    }
    buf_char(to, ']');
}

static void text(struct buf *to, const char *name, const char *value)
{
    key(to, name);
    if (*value)
        buf_json(to, str_of(value));
    else
        buf_text(to, "null");
}

static void count(struct buf *to, const char *name, uint64_t value)
{
    key(to, name);
    if (value != UNKNOWN_COUNT)
        buf_u64(to, value);
    else
        buf_text(to, "null");
}

static void head(const struct snapshot *s, struct buf *to)
{
    time_t seconds = (time_t)(s->ts_ms / 1000);
    struct tm tm;
    char stamp[40] = "";

    if (gmtime_r(&seconds, &tm)) {
        size_t n = strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
        snprintf(stamp + n, sizeof(stamp) - n, ".%03dZ", (int)(s->ts_ms % 1000));
    }
    count(to, "schema_version", SCHEMA_VERSION);
    text(to, "timestamp", stamp);
    key(to, "timestamp_ms");
    buf_i64(to, s->ts_ms);
    text(to, "hostname", s->machine.hostname);
    text(to, "version", s->machine.version);
    text(to, "os", s->machine.os);
    text(to, "architecture", s->machine.arch);
}

static void cpus(const struct snapshot *s, struct buf *to)
{
    key(to, "cpus");
    buf_char(to, '[');
    if (s->cpu) {
        buf_char(to, '{');
        fields(to, &fields_cpu, s->cpu);
        array(to, "sockets", &fields_socket, s->cpu->sockets, s->cpu->socket_len,
              sizeof(*s->cpu->sockets));
        array(to, "cores", &fields_core, s->cpu->cores, s->cpu->core_len, sizeof(*s->cpu->cores));
        buf_char(to, '}');
    }
    buf_char(to, ']');
}

static void presences(const struct snapshot *s, struct buf *to)
{
    key(to, "presence");
    buf_char(to, '[');
    for (size_t i = 0; i < s->presence_len; i++) {
        const struct gpu_presence *g = &s->presences[i];
        next_element(to);
        text(to, "pci_bus_id", g->bus_id);
        text(to, "state", presence_names[g->state]);
        text(to, "driver", g->driver);
        count(to, "gpu_index", g->number == UINT_MAX ? UNKNOWN_COUNT : g->number);
        text(to, "uuid", g->uuid);
        text(to, "name", g->name);
        text(to, "serial", g->serial);
        buf_char(to, '}');
    }
    buf_char(to, ']');
}

/* Instances and errors say which device they are of. */
static void parts(const struct snapshot *s, struct buf *to)
{
    key(to, "mig_instances");
    buf_char(to, '[');
    for (size_t i = 0; i < s->instance_len; i++) {
        next_element(to);
        count(to, "gpu_index", s->instances[i].on->number);
        fields(to, &fields_instance, &s->instances[i]);
        buf_char(to, '}');
    }
    buf_char(to, ']');
    key(to, "xids");
    buf_char(to, '[');
    for (size_t i = 0; i < s->xid_len; i++) {
        next_element(to);
        count(to, "gpu_index", s->xids[i].on->number);
        fields(to, &fields_xid, &s->xids[i]);
        buf_char(to, '}');
    }
    buf_char(to, ']');
}

/* The checks that find a contradiction, by device. */
static void doubts(const struct snapshot *s, struct buf *to)
{
    key(to, "doubtful");
    buf_char(to, '[');
    for (size_t i = 0; i < s->accelerator_len; i++)
        for (size_t k = 0; k < DOUBTS; k++) {
            if (!(s->accelerators[i].doubtful[k] > 0))
                continue;
            next_element(to);
            count(to, "gpu_index", s->accelerators[i].number);
            text(to, "check", doubt_names[k]);
            buf_char(to, '}');
        }
    buf_char(to, ']');
}

/* None but on Jetson, and then one. */
static void boards(const struct snapshot *s, struct buf *to)
{
    const struct board *b = s->board;

    key(to, "boards");
    buf_char(to, '[');
    if (b) {
        buf_char(to, '{');
        fields(to, &fields_board, b);
        array(to, "rails", &fields_rail, b->rails, b->rail_len, sizeof(*b->rails));
        array(to, "zones", &fields_zone, b->zones, b->zone_len, sizeof(*b->zones));
        array(to, "engines", &fields_engine, b->engines, b->engine_len, sizeof(*b->engines));
        buf_char(to, '}');
    }
    buf_char(to, ']');
}

/* One process; `use` points to the first of its places on devices, of which there may be none. */
static void process(const struct snapshot *s, const struct process *p, size_t use, struct buf *to)
{
    next_element(to);
    fields(to, &fields_process, p);
    char shown[COMMAND_MAX];
    command_show(shown, p->command, s->machine.process_command);
    text(to, "command", shown);
    key(to, "owner");
    if (p->owner) {
        buf_char(to, '{');
        fields(to, &fields_owner, p->owner);
        buf_char(to, '}');
    } else {
        buf_text(to, "null");
    }
    key(to, "devices");
    buf_char(to, '[');
    for (; use < s->device_process_len && s->device_processes[use].use.pid == p->pid; use++) {
        next_element(to);
        fields(to, &fields_use, &s->device_processes[use]);
        buf_char(to, '}');
    }
    buf_text(to, "]}");
}

/* Both lists are sorted by pid: those that the host's table shows, and those on devices, of which
 * some may not be in that table. */
static void processes(const struct snapshot *s, struct buf *to)
{
    size_t i = 0, use = 0;

    key(to, "processes");
    buf_char(to, '[');
    while (i < s->process_len || use < s->device_process_len) {
        const struct merged_process *on =
            use < s->device_process_len ? &s->device_processes[use] : NULL;
        bool unlisted = on && (i == s->process_len || on->use.pid < s->processes[i].pid);
        int pid = unlisted ? on->use.pid : s->processes[i].pid;
        bool here = on && on->use.pid == pid;
        /* The host may have another process of that number than the driver speaks of. */
        const struct process *p = unlisted || (here && !on->known) ? &on->host : &s->processes[i];
        process(s, p, here ? use : s->device_process_len, to);
        while (i < s->process_len && s->processes[i].pid == pid)
            i++;
        while (use < s->device_process_len && s->device_processes[use].use.pid == pid)
            use++;
    }
    buf_char(to, ']');
}

void snapshot_json(const struct snapshot *s, struct buf *to)
{
    buf_char(to, '{');
    head(s, to);
    array(to, "platforms", &fields_platform, s->platforms, s->platform_len, sizeof(*s->platforms));
    array(to, "gpus", &fields_accelerator, s->accelerators, s->accelerator_len,
          sizeof(*s->accelerators));
    parts(s, to);
    cpus(s, to);
    array(to, "memory", &fields_memory, s->memory, s->memory ? 1 : 0, sizeof(*s->memory));
    array(to, "storage", &fields_filesystem, s->filesystems, s->filesystem_len,
          sizeof(*s->filesystems));
    array(to, "chassis", &fields_chassis, s->chassis, s->chassis ? 1 : 0, sizeof(*s->chassis));
    boards(s, to);
    presences(s, to);
    doubts(s, to);
    array(to, "holders", &fields_holder, s->holders, s->holder_len, sizeof(*s->holders));
    processes(s, to);
    count(to, "process_count", s->process_count);
    count(to, "processes_hidden", s->processes_hidden);
    array(to, "collectors", &fields_collector, s->collectors, s->collector_len,
          sizeof(*s->collectors));
    array(to, "rejected", &fields_reject, s->rejects, s->reject_len, sizeof(*s->rejects));
    buf_text(to, "}\n");
}
