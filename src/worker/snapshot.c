/* snapshot.c - the life of a snapshot, and the forms of its text that are made when first asked
 * for. */
#include "worker/snapshot.h"

#include <libdeflate.h>

#define SNAPSHOTS_KEPT 2
#define GZIP_LEVEL                                                                                 \
    1 /* the text shrinks to a fifteenth already; higher levels cost more than they save */

const char *const left_out_names[LEFT_OUT_KINDS] = {"processes", "device_processes", "series"};

static void init_snapshot(struct recycled *r)
{
    struct snapshot *s = (struct snapshot *)r;

    arena_init(&s->arena, 0); /* the bound is the machine's, below */
    pthread_mutex_init(&s->lock, NULL);
}

static void reset_snapshot(struct recycled *r)
{
    struct snapshot *s = (struct snapshot *)r;

    for (size_t i = 0; i < s->held_len; i++)
        recycled_release(&s->held[i]->base);
    s->held_len = 0;
    arena_rest(&s->arena); /* until the next reading is rendered, seconds from now */
    buf_rest(&s->text);
    s->span_len = 0;
    for (size_t i = 0; i < ARRAY_LEN(s->forms); i++) {
        buf_rest(&s->forms[i]);
        s->made[i] = false;
    }
}

static void fini_snapshot(struct recycled *r)
{
    struct snapshot *s = (struct snapshot *)r;

    arena_fini(&s->arena);
    buf_fini(&s->text);
    free(s->spans);
    for (size_t i = 0; i < ARRAY_LEN(s->forms); i++)
        buf_fini(&s->forms[i]);
    pthread_mutex_destroy(&s->lock);
}

static const struct recycler_ops snapshot_ops = {sizeof(struct snapshot), init_snapshot,
                                                 reset_snapshot, fini_snapshot};

struct recycler *snapshot_recycler(void)
{
    return recycler_new(&snapshot_ops, SNAPSHOTS_KEPT);
}

struct snapshot *snapshot_take(struct recycler *home, const struct machine *machine)
{
    struct snapshot *s = (struct snapshot *)recycler_take(home);

    if (!s)
        return NULL;
    s->machine = *machine;
    s->arena.max = machine->snapshot_max_bytes;
    memset(s->left_out, 0, sizeof(s->left_out));
    s->seq = 0;
    s->ts_ms = 0;
    s->cpu = NULL;
    s->memory = NULL;
    s->chassis = NULL;
    s->board = NULL;
    s->accelerator_len = s->device_process_len = s->process_len = s->filesystem_len = 0;
    s->link_len = s->xid_len = s->instance_len = s->row_len = 0;
    s->link_fifth_len = s->peer_len = s->vgpu_len = s->account_len = s->part_len = 0;
    s->platform_len = s->reject_len = s->collector_len = 0;
    s->process_row_len = s->holder_len = s->opener_len = s->dcgm_share_len = 0;
    s->slot_len = s->presence_len = 0;
    for (size_t i = 0; i < POWER_PARTS; i++)
        s->part_power_w[i] = s->part_energy_j[i] = UNKNOWN;
    s->slots_read = s->withdrawn = false;
    s->index_changes = s->replacements = UNKNOWN_COUNT;
    memset(s->attributed, 0, sizeof(s->attributed));
    memset(s->attribution_failures, 0, sizeof(s->attribution_failures));
    s->process_count = s->processes_hidden = UNKNOWN_COUNT;
    s->process_log_lines = s->process_log_lost = UNKNOWN_COUNT;
    return s;
}

struct snapshot *snapshot_retain(struct snapshot *s)
{
    recycled_retain(&s->base);
    return s;
}

void snapshot_release(struct snapshot *s)
{
    if (s)
        recycled_release(&s->base);
}

uint64_t snapshot_seq(const struct snapshot *s)
{
    return s->seq;
}

int64_t snapshot_ts_ms(const struct snapshot *s)
{
    return s->ts_ms;
}

size_t snapshot_accelerators(const struct snapshot *s)
{
    return s->accelerator_len;
}

/* ---- forms ---- */

/* Behind "# HELP NAME " or "# TYPE NAME ". */
static void skip_words(struct str *line)
{
    for (int i = 0; i < 3; i++)
        str_cut(line, ' ');
}

/* From the head of the text format, which may bear a help and a type of the operator's choice.
 * OpenMetrics names a counter without its _total, and knows no counter whose samples lack it. */
static void openmetrics_head(struct buf *to, const struct catalogue_family *family, struct str head)
{
    struct str name = str_of(family->name), type, help;

    skip_words(&head);
    help = str_cut(&head, '\n');
    skip_words(&head);
    type = str_cut(&head, '\n');
    bool counter = str_is(type, "counter");
    if (counter && str_ends(name, STR("_total")))
        name.len -= strlen("_total");
    else if (counter)
        type = STR("unknown");
    buf_printf(to, "# TYPE %.*s %.*s\n", STR_ARG(name), STR_ARG(type));
    char unit[32];
    int n = snprintf(unit, sizeof(unit), "_%s", family->unit);
    if (n > 0 && (size_t)n < sizeof(unit) && str_ends(name, str_of(unit)) &&
        !str_is(str_of(family->unit), "info"))
        buf_printf(to, "# UNIT %.*s %s\n", STR_ARG(name), family->unit);
    buf_printf(to, "# HELP %.*s ", STR_ARG(name));
    for (size_t i = 0; i < help.len; i++) {
        if (help.ptr[i] == '"')
            buf_char(to, '\\');
        buf_char(to, help.ptr[i]);
    }
    buf_char(to, '\n');
}

/* Samples; their times, if they bear any, are seconds there: a dot before the last three digits. */
static void openmetrics_samples(const struct snapshot *s, struct buf *to, struct str samples)
{
    if (!s->machine.timestamps) {
        buf_str_add(to, samples);
        return;
    }
    while (samples.len) {
        struct str line = str_cut(&samples, '\n');
        size_t ms = MIN(line.len, (size_t)3);
        buf_add(to, line.ptr, line.len - ms);
        buf_char(to, '.');
        buf_add(to, line.ptr + line.len - ms, ms);
        buf_char(to, '\n');
    }
}

static void make_openmetrics(const struct snapshot *s, struct buf *to)
{
    for (size_t i = 0; i < s->span_len; i++) {
        const struct family_span *span = &s->spans[i];
        struct str head = str_make(s->text.ptr + span->start, span->samples - span->start);
        openmetrics_head(to, span->family, head);
        openmetrics_samples(s, to,
                            str_make(s->text.ptr + span->samples, span->end - span->samples));
    }
    buf_text(to, "# EOF\n");
}

/* The compressor lives for this call alone: it takes some hundred KB and works once a snapshot. */
static void make_gzip(struct str from, struct buf *to)
{
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(GZIP_LEVEL);
    char *room = NULL;

    if (compressor)
        room = buf_reserve(to, libdeflate_gzip_compress_bound(compressor, from.len));
    if (room)
        to->len = libdeflate_gzip_compress(compressor, from.ptr, from.len, room, to->cap);
    libdeflate_free_compressor(compressor);
}

static struct str get_form(struct snapshot *s, enum snapshot_form form)
{
    struct buf *to = &s->forms[form];

    if (form == SNAPSHOT_TEXT)
        return buf_str(&s->text);
    if (!s->made[form]) {
        if (form == SNAPSHOT_OPENMETRICS)
            make_openmetrics(s, to);
        else
            make_gzip(
                get_form(s, form == SNAPSHOT_TEXT_GZIP ? SNAPSHOT_TEXT : SNAPSHOT_OPENMETRICS), to);
        s->made[form] = true;
    }
    return to->failed ? (struct str){"", 0} : buf_str(to);
}

struct str snapshot_body(struct snapshot *s, enum snapshot_form form)
{
    if (form == SNAPSHOT_TEXT) /* written before anyone saw the snapshot */
        return buf_str(&s->text);
    pthread_mutex_lock(&s->lock);
    struct str body = get_form(s, form);
    pthread_mutex_unlock(&s->lock);
    return body;
}
