#include "worker/lifeline.h"

#include <time.h>

#define MISSED_MAX 2 /* turns: a driver's list may lack a process for one */

static void life_fini(struct life *life)
{
    free(life->uses);
    life->uses = NULL;
}

/* ---- the line ---- */

static void put_text(struct buf *to, const char *key, const char *value)
{
    if (!value[0])
        return;
    buf_printf(to, ",\"%s\":", key);
    buf_json(to, str_of(value));
}

static void put_time(struct buf *to, const char *key, int64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    char text[32];

    if (gmtime_r(&seconds, &tm) && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
        put_text(to, key, text);
}

static void put_number(struct buf *to, const char *key, double value)
{
    buf_printf(to, ",\"%s\":", key);
    if (isnan(value))
        buf_text(to, "null");
    else
        buf_double(to, round(value * 1000) / 1000);
}

static void put_use(struct buf *to, const struct life_use *use)
{
    buf_text(to, "{\"gpu_index\":");
    buf_u64(to, use->number);
    put_text(to, "uuid", use->uuid);
    buf_text(to, ",\"memory_peak_bytes\":");
    if (use->peak_bytes == UNKNOWN_COUNT)
        buf_text(to, "null");
    else
        buf_u64(to, use->peak_bytes);
    put_number(to, "held_seconds", use->held_s);
    put_number(to, "busy_seconds", use->busy_s);
    put_number(to, "energy_joules", use->energy_j);
    buf_char(to, '}');
}

static void write_line(const struct lifeline *l, const struct life *life, const char *event,
                       const char *hostname)
{
    struct buf line;

    buf_init(&line, 0);
    buf_text(&line, "{\"event\":");
    buf_json(&line, str_of(event));
    put_text(&line, "hostname", hostname);
    buf_printf(&line, ",\"pid\":%d", life->pid);
    put_text(&line, "name", life->name);
    put_text(&line, "user", life->user);
    put_text(&line, "holder_kind", holder_kinds[life->holder.kind]);
    put_text(&line, "holder", life->holder.name);
    put_text(&line, "namespace", life->holder.namespace);
    put_text(&line, "pod", life->holder.pod);
    put_text(&line, "container", life->holder.container);
    put_text(&line, "slurm_job", life->holder.slurm_job);
    if (life->start_time_s > 0)
        put_time(&line, "started", (int64_t)(life->start_time_s * 1000));
    put_time(&line, "seen_from", life->first_ms);
    put_time(&line, "seen_until", life->last_ms);
    buf_text(&line, ",\"devices\":[");
    for (size_t i = 0; i < life->use_len; i++) {
        if (i)
            buf_char(&line, ',');
        put_use(&line, &life->uses[i]);
    }
    buf_text(&line, "]}");
    if (!line.failed)
        process_log_add(l->log, buf_str(&line));
    buf_fini(&line);
}

/* ---- a turn ---- */

static struct life_use *use_of(struct life *life, const struct merged_process *p)
{
    for (size_t i = 0; i < life->use_len; i++)
        if (life->uses[i].number == p->number && !strcmp(life->uses[i].uuid, p->device_uuid))
            return &life->uses[i];
    struct life_use *grown =
        array_grow(life->uses, &life->use_cap, life->use_len + 1, sizeof(*grown));
    if (!grown)
        return NULL;
    life->uses = grown;
    grown += life->use_len++;
    *grown = (struct life_use){
        .number = p->number, .peak_bytes = UNKNOWN_COUNT, .busy_s = UNKNOWN, .energy_j = 0};
    memcpy(grown->uuid, p->device_uuid, sizeof(grown->uuid));
    return grown;
}

/* The process's part of what its holder's use of the device cost in this turn. */
static double energy_of(const struct account *a, const struct merged_process *p)
{
    if (a->sm_sum > 0)
        return p->use.sm_ratio > 0 ? a->turn_j * p->use.sm_ratio / a->sm_sum : 0;
    return a->is.processes && a->is.processes != UNKNOWN_COUNT ? a->turn_j / (double)a->is.processes
                                                               : 0;
}

static int add_turn(struct life *life, const struct merged_process *p, const struct account *a,
                    double seconds)
{
    size_t uses = life->use_len;
    struct life_use *use = use_of(life, p);

    if (!use)
        return -ENOMEM;
    if (p->use.mem_used_bytes != UNKNOWN_COUNT &&
        (use->peak_bytes == UNKNOWN_COUNT || p->use.mem_used_bytes > use->peak_bytes))
        use->peak_bytes = p->use.mem_used_bytes;
    use->held_s += life->use_len > uses ? 0 : seconds; /* it came within this turn */
    if (!isnan(p->use.sm_ratio))
        use->busy_s = (isnan(use->busy_s) ? 0 : use->busy_s) + p->use.sm_ratio * seconds;
    if (a)
        use->energy_j += energy_of(a, p);
    return 0;
}

static void describe(struct life *life, const struct merged_process *p, const struct account *a)
{
    if (p->known) {
        life->start_ticks = p->host.start_ticks;
        life->start_time_s = p->host.start_time_s;
        memcpy(life->name, p->host.name, sizeof(life->name));
        memcpy(life->user, p->host.user, sizeof(life->user));
    }
    if (a && (p->known || life->holder.kind == HOLDER_UNKNOWN))
        life->holder = a->is;
}

/* Moves on through last turn's list; what is passed over without a process in this turn has
 * missed it, and ends or is kept. */
static void miss(struct lifeline *l, const struct snapshot *s, struct life *life)
{
    bool silent = false;

    for (size_t i = 0; i < life->use_len; i++)
        for (size_t j = 0; j < s->accelerator_len; j++)
            silent = silent || (s->accelerators[j].number == life->uses[i].number &&
                                s->accelerators[j].processes == UNKNOWN_COUNT);
    life->missed = silent ? life->missed : (uint8_t)(life->missed + 1);
    if (life->missed < MISSED_MAX) {
        l->now[l->now_len++] = *life;
        return;
    }
    write_line(l, life, "process_ended", s->machine.hostname);
    life_fini(life);
}

static bool is_same(const struct life *life, const struct merged_process *p)
{
    return !life->start_ticks || !p->known || life->start_ticks == p->host.start_ticks;
}

/* The life of the process at `*p`, new or carried on. */
static struct life *carry(struct lifeline *l, const struct snapshot *s, size_t *at,
                          const struct merged_process *p)
{
    while (*at < l->before_len && l->before[*at].pid < p->use.pid)
        miss(l, s, &l->before[(*at)++]);
    if (*at < l->before_len && l->before[*at].pid == p->use.pid) {
        struct life *old = &l->before[(*at)++];
        if (is_same(old, p)) {
            l->now[l->now_len] = *old;
            return &l->now[l->now_len++];
        }
        write_line(l, old, "process_ended", s->machine.hostname);
        life_fini(old);
    }
    l->now[l->now_len] = (struct life){.pid = p->use.pid,
                                       .first_ms = s->ts_ms,
                                       .start_time_s = UNKNOWN,
                                       .holder = {.kind = HOLDER_UNKNOWN, .name = "unknown"}};
    return &l->now[l->now_len++];
}

static int swap_lists(struct lifeline *l, size_t more)
{
    struct life *list = l->before;
    size_t cap = l->before_cap;

    list = array_grow(list, &cap, MAX(l->now_len + more, (size_t)1), sizeof(*list));
    if (!list)
        return -ENOMEM;
    l->before = l->now;
    l->before_len = l->now_len;
    l->before_cap = l->now_cap;
    l->now = list;
    l->now_len = 0;
    l->now_cap = cap;
    return 0;
}

int lifeline_turn(struct lifeline *l, const struct snapshot *s, struct account *const *accounts,
                  uint64_t mono_ns)
{
    double seconds = l->mono_ns ? (double)(mono_ns - l->mono_ns) / NS_PER_S : 0;
    struct life *life = NULL;
    size_t at = 0;
    int code = swap_lists(l, s->device_process_len);

    if (code)
        return code;
    l->mono_ns = mono_ns;
    for (size_t i = 0; i < s->device_process_len; i++) {
        const struct merged_process *p = &s->device_processes[i];
        if (!life || life->pid != p->use.pid)
            life = carry(l, s, &at, p);
        describe(life, p, accounts[i]);
        life->last_ms = s->ts_ms;
        life->missed = 0;
        int next = add_turn(life, p, accounts[i], seconds);
        code = code ? code : next;
    }
    while (at < l->before_len)
        miss(l, s, &l->before[at++]);
    l->before_len = 0;
    return code;
}

void lifeline_fini(struct lifeline *l, const char *hostname)
{
    for (size_t i = 0; i < l->now_len; i++) {
        write_line(l, &l->now[i], "process_left", hostname);
        life_fini(&l->now[i]);
    }
    free(l->now);
    free(l->before);
    *l = (struct lifeline){.log = l->log};
}
