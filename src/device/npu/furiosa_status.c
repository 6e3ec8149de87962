/* furiosa_status.c - the tool's JSON. Releases for Warboy say `utilization` and `npu` where those
 * for RNGD say `pe_utilization` and `device`, and `dev_name` in `info`. */
#include "furiosa_status.h"

#include "npu_tool.h"

#include <limits.h>

static double percent_of(const struct yaml_node *core)
{
    double value = npu_tool_number(core, "pe_utilization", "%");

    return isnan(value) ? npu_tool_number(core, "utilization", "%") : value;
}

/* The mean over cores; unknown when one of them is. */
static double load_of(const struct yaml_node *cores)
{
    double sum = 0;

    if (!cores || cores->kind != YAML_LIST || !cores->len)
        return UNKNOWN;
    for (const struct yaml_item *i = cores->first; i; i = i->next)
        sum += percent_of(i->value);
    return sum / (double)cores->len / 100;
}

/* "npu3", under whichever name it has. */
static struct str device_of(const struct yaml_node *at)
{
    static const char *const keys[] = {"device", "dev_name", "npu"};
    struct str name = {0};

    for (size_t i = 0; i < ARRAY_LEN(keys) && !name.len; i++)
        name = npu_tool_text(at, keys[i]);
    return name;
}

static bool take(const struct yaml_node *at, struct furiosa_card *c)
{
    struct str name = device_of(at);
    const struct yaml_node *memory = yaml_get(yaml_get(at, "memory"), "DRAM");
    uint64_t number;

    if (!str_starts(name, STR("npu")) ||
        !num_parse_u64(str_make(name.ptr + 3, name.len - 3), &number) || number >= UINT_MAX)
        return false;
    *c = (struct furiosa_card){.number = (unsigned)number};
    c->utilization_ratio = load_of(yaml_get(at, "pe_utilizations"));
    c->mem_used_bytes = npu_tool_bytes(npu_tool_text(memory, "used_size"));
    c->mem_total_bytes = npu_tool_bytes(npu_tool_text(memory, "total_size"));
    c->clock_mhz = npu_tool_number(at, "core_clock", "MHz");
    return true;
}

int furiosa_status_parse(struct str text, struct furiosa_status *ret, struct error *err)
{
    const char *start = text.len ? memchr(text.ptr, '[', text.len) : NULL;
    const struct yaml_node *root;
    struct arena a;

    ret->len = 0;
    if (!start)
        return error_set(err, -EBADMSG, "furiosa-smi: its answer is no list");
    arena_init(&a, 0);
    int code = yaml_parse_json(
        "furiosa-smi", str_make(start, text.len - (size_t)(start - text.ptr)), &a, &root, err);
    if (code)
        code = code == -ENOMEM ? code : -EBADMSG;
    else if (root->kind != YAML_LIST)
        code = error_set(err, -EBADMSG, "furiosa-smi: its answer is no list");
    for (const struct yaml_item *i = code ? NULL : root->first; i && ret->len < FURIOSA_CARDS;
         i = i->next)
        ret->len += take(i->value, &ret->cards[ret->len]);
    arena_fini(&a);
    return code;
}
