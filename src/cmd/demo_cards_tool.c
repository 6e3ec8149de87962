/* demo_cards_tool.c - cards of which a tool or a program tells: Rebellions, Furiosa, TPU. */
#include "demo_cards.h"

#include <ctype.h>

#define HWMON 20u

/* ---- Rebellions: rbln-smi -j ---- */

static void lay_rebellions(struct demo_tree *t, const struct demo_card *c)
{
    char node[48];

    demo_tree_line(t, "sys/bus/pci/drivers/rebellions", "uevent", "DRIVER=rebellions");
    demo_tree_line(t, "dev", "rbln0", "a node of the simulated machine");
    snprintf(node, sizeof(node), "/dev/rbln%u", c->number);
    demo_card_hold(t, c, node);
}

static void move_nothing(struct demo_tree *t, const struct demo_card *c,
                         const struct demo_card_state *s)
{
    (void)t, (void)c, (void)s;
}

static void tell_rebellions(struct demo_tree *t, const struct demo_card *c,
                            const struct demo_card_state *s, size_t len)
{
    struct buf *to = &t->text;

    buf_text(to, "{\"KMD_version\": \"2.0.1\", \"devices\": [");
    for (size_t i = 0; i < len; i++)
        buf_printf(to,
                   "%s{\"npu\": %zu, \"name\": \"%s\", \"sid\": \"00000000%08x\", \"uuid\": "
                   "\"%08x-0000-4000-8000-%012zx\", \"device\": \"rbln%zu\", \"status\": "
                   "\"normal\", \"fw_ver\": \"2.0.1\", \"pci\": {\"dev\": \"0x%04x\", \"bus_id\": "
                   "\"%s\", \"numa_node\": \"0\", \"link_speed\": \"32.0GT/s\", \"link_width\": "
                   "\"16\"}, \"temperature\": \"%.0fC\", \"card_power\": \"%.0fuW\", \"pstate\": "
                   "\"P%d\", \"memory\": {\"used\": \"%llu\", \"total\": \"%llu\"}, \"util\": "
                   "\"%.1f\", \"location\": %zu}",
                   i ? ", " : "", i, c[i].kind->model, (unsigned)c[i].seed, (unsigned)c[i].seed, i,
                   i, c[i].kind->device, c[i].address, s[i].temperature_c, s[i].power_w * 1e6,
                   s[i].load > 0.3 ? 2 : 8, (unsigned long long)s[i].memory_used,
                   (unsigned long long)c[i].kind->memory_bytes, 100 * s[i].load, i);
    buf_text(to, "], \"contexts\": [");
    for (size_t i = 0, n = 0; i < len; i++)
        if (s[i].pid)
            buf_printf(to,
                       "%s{\"ctx_id\": \"%zu\", \"npu\": %zu, \"pid\": %d, \"memalloc\": \"%llu\"}",
                       n++ ? ", " : "", i, i, s[i].pid, (unsigned long long)s[i].memory_used);
    buf_text(to, "]}\n");
    demo_tree_swap(t, "answers/tools/usr/bin/rbln-smi/-j");
}

const struct demo_maker_files demo_rebellions = {lay_rebellions, move_nothing, tell_rebellions};

/* ---- Furiosa: files, furiosa-smi ---- */

static void lay_furiosa(struct demo_tree *t, const struct demo_card *c)
{
    char folder[DEMO_PATH], node[48];

    snprintf(folder, sizeof(folder), "sys/class/rngd_mgmt/rngd!npu%umgmt", c->number);
    demo_tree_line(t, folder, "platform_type", "FuriosaAI");
    demo_tree_line(t, folder, "device_type", "%s", c->kind->model);
    demo_tree_line(t, folder, "busname", "%s", c->address);
    demo_tree_line(t, folder, "device_sn", "RNGD%06u", 114 + c->number);
    demo_tree_line(t, folder, "device_uuid", "%08x-0000-4000-8000-%012x", (unsigned)c->seed,
                   c->number);
    demo_tree_line(t, folder, "fw_version", "2025.3.0, 4dfed18");
    demo_tree_line(t, folder, "version", "2025.3.0, 57ac7b0");
    demo_tree_line(t, folder, "device_state", "1");
    snprintf(folder, sizeof(folder), "sys/bus/pci/devices/%s", c->address);
    demo_card_pci(t, c, folder, 0x1ed2, "furiosa_rngd");
    demo_card_link(t, c, 5, 16);
    snprintf(node, sizeof(node), "/dev/rngd/npu%upe0-7", c->number);
    demo_card_hold(t, c, node);
}

static void move_furiosa(struct demo_tree *t, const struct demo_card *c,
                         const struct demo_card_state *s)
{
    char folder[DEMO_PATH];

    snprintf(folder, sizeof(folder), "sys/class/rngd_mgmt/rngd!npu%umgmt", c->number);
    demo_tree_line(t, folder, "heartbeat", "%.0f", s->t_s);
    snprintf(folder, sizeof(folder), "sys/bus/pci/devices/%s/hwmon/hwmon%u", c->address,
             HWMON + c->number);
    demo_tree_line(t, folder, "name", "rngd");
    demo_tree_line(t, folder, "temp1_input", "%.0f", (s->temperature_c - 12) * 1000);
    demo_tree_line(t, folder, "temp2_input", "%.0f", s->temperature_c * 1000);
    demo_tree_line(t, folder, "power1_average", "%.0f", s->power_w * 1e6);
}

static void tell_furiosa(struct demo_tree *t, const struct demo_card *c,
                         const struct demo_card_state *s, size_t len)
{
    enum {
        CORES = 8
    };
    struct buf *to = &t->text;

    for (size_t i = 0; i < len; i++) {
        buf_printf(to,
                   "%s{\"arch\": \"rngd\", \"device\": \"npu%zu\", \"liveness\": \"alive\", "
                   "\"memory\": {\"DRAM\": {\"used_size\": %llu, \"total_size\": %llu}}, "
                   "\"pe_utilizations\": [",
                   i ? ", " : "[", i, (unsigned long long)s[i].memory_used,
                   (unsigned long long)c[i].kind->memory_bytes);
        for (unsigned core = 0; core < CORES; core++)
            buf_printf(to, "%s{\"pe_core\": %u, \"pe_occupancy\": true, \"pe_utilization\": %.1f}",
                       core ? ", " : "", core, 100 * s[i].load);
        buf_text(to, "]}");
    }
    buf_text(to, "]\n");
    demo_tree_swap(t, "answers/tools/usr/bin/furiosa-smi/status --format json");
    for (size_t i = 0; i < len; i++)
        buf_printf(to,
                   "%s{\"arch\": \"rngd\", \"dev_name\": \"npu%zu\", \"core_clock\": \"%.0fMHz\"}",
                   i ? ", " : "[", i, s[i].mhz);
    buf_text(to, "]\n");
    demo_tree_swap(t, "answers/tools/usr/bin/furiosa-smi/info --format json");
}

const struct demo_maker_files demo_furiosa = {lay_furiosa, move_furiosa, tell_furiosa};

/* ---- Google TPU: libtpu in the program that computes ---- */

#define SERVICE "services/127.0.0.1:8431/GetRuntimeMetric"
#define GROUP   4u /* of the first chip */

static void lay_tpu(struct demo_tree *t, const struct demo_card *c)
{
    char folder[DEMO_PATH], path[DEMO_PATH + 32], target[64];

    snprintf(folder, sizeof(folder), "sys/bus/pci/devices/%s", c->address);
    demo_card_pci(t, c, folder, 0x1ae0, "vfio-pci");
    demo_tree_line(t, folder, "class", "0x120000");
    demo_tree_line(t, folder, "subsystem_vendor", "0x1ae0");
    demo_tree_line(t, folder, "subsystem_device", "0x004f");
    snprintf(path, sizeof(path), "%s/driver", folder);
    demo_tree_link(t, path, "../../../../bus/pci/drivers/vfio-pci");
    snprintf(path, sizeof(path), "%s/iommu_group", folder);
    snprintf(target, sizeof(target), "../../../../kernel/iommu_groups/%u", GROUP + c->number);
    demo_tree_link(t, path, target);
    snprintf(target, sizeof(target), "/dev/vfio/%u", GROUP + c->number);
    demo_card_hold(t, c, target);
    buf_text(&t->text, c->kind->model);
    demo_tree_put(t, "answers/variables/TPU_ACCELERATOR_TYPE");
}

/* Protobuf: as much of it as an answer takes. */
static void put_varint(struct buf *to, uint64_t n)
{
    for (; n > 127; n >>= 7)
        buf_char(to, (char)(n | 128));
    buf_char(to, (char)n);
}

static void put_number(struct buf *to, unsigned field, uint64_t n)
{
    put_varint(to, field << 3);
    put_varint(to, n);
}

static void put_double(struct buf *to, unsigned field, double value)
{
    put_varint(to, field << 3 | 1);
    buf_add(to, &value, sizeof(value));
}

static void put_bytes(struct buf *to, unsigned field, struct str bytes)
{
    put_varint(to, field << 3 | 2);
    put_varint(to, bytes.len);
    buf_str_add(to, bytes);
}

/* A message as a field of another; it is freed. */
static void put_message(struct buf *to, unsigned field, struct buf *message)
{
    put_bytes(to, field, buf_str(message));
    to->failed = to->failed || message->failed;
    buf_fini(message);
}

/* Metric: an attribute that names the device, and its value (`field` of Metric). */
static void put_point(struct buf *to, size_t device, unsigned field, struct buf *value)
{
    struct buf number, attribute, point;

    buf_init(&number, 0);
    put_number(&number, 3, device);
    buf_init(&attribute, 0);
    put_bytes(&attribute, 1, STR("device-id"));
    put_message(&attribute, 2, &number);
    buf_init(&point, 0);
    put_message(&point, 1, &attribute);
    put_message(&point, field, value);
    put_message(to, 3, &point);
}

/* MetricResponse with the points, which are freed, as the answer to a question for `name`. */
static void answer_metric(struct demo_tree *t, const char *name, struct buf *points)
{
    struct buf metric, response;
    char file[128], len = (char)strlen(name);

    buf_init(&metric, 0);
    put_bytes(&metric, 1, str_of(name));
    buf_str_add(&metric, buf_str(points));
    buf_init(&response, 0);
    put_message(&response, 1, &metric);
    bool plain = isalnum((unsigned char)len) || len == '.' || len == '-';
    /* The question is a tag, the length, the name: answers.h has how that is written. */
    snprintf(file, sizeof(file), "_%c%s", plain ? len : '_', name);
    demo_tree_answer(t, SERVICE, file, buf_str(&response).ptr, response.len);
    buf_fini(points);
    buf_fini(&response);
}

static void tell_gauge(struct demo_tree *t, const char *name, const double *values, bool whole,
                       size_t len)
{
    struct buf points;

    buf_init(&points, 0);
    for (size_t i = 0; i < len; i++) {
        struct buf gauge;
        buf_init(&gauge, 0);
        if (whole)
            put_number(&gauge, 2, (uint64_t)values[i]);
        else
            put_double(&gauge, 1, values[i]);
        put_point(&points, i, 3, &gauge);
    }
    answer_metric(t, name, &points);
}

/* Times of programs: exponential buckets around their mean. */
static void tell_times(struct demo_tree *t, const struct demo_card_state *s, size_t len)
{
    static const unsigned shares[] = {0, 0, 1, 3, 16, 44, 25, 8, 2, 1};
    struct buf points;

    buf_init(&points, 0);
    for (size_t i = 0; i < len; i++) {
        struct buf rule, options, counts, distribution;
        uint64_t all = 0, scale = (uint64_t)(s[i].busy_s / 10);
        buf_init(&rule, 0);
        put_number(&rule, 1, ARRAY_LEN(shares));
        put_double(&rule, 2, 2);
        put_double(&rule, 3, 100);
        buf_init(&options, 0);
        put_message(&options, 2, &rule);
        buf_init(&counts, 0);
        for (size_t k = 0; k < ARRAY_LEN(shares); k++) {
            put_varint(&counts, shares[k] * scale);
            all += shares[k] * scale;
        }
        buf_init(&distribution, 0);
        put_number(&distribution, 1, all);
        put_double(&distribution, 2, 3900 + 600 * s[i].load);
        put_message(&distribution, 6, &options);
        put_message(&distribution, 7, &counts);
        put_point(&points, i, 5, &distribution);
    }
    answer_metric(t, "hlo.execution.timing.distribution.microseconds", &points);
}

static void tell_tpu(struct demo_tree *t, const struct demo_card *c,
                     const struct demo_card_state *s, size_t len)
{
    enum {
        MOST = 16
    };
    double load[MOST] = {0}, memory_load[MOST] = {0}, used[MOST] = {0}, total[MOST] = {0},
           queued[MOST] = {0};

    len = MIN(len, (size_t)MOST);
    for (size_t i = 0; i < len; i++) {
        load[i] = 100 * s[i].load;
        memory_load[i] = 64 * s[i].load;
        used[i] = (double)s[i].memory_used;
        total[i] = (double)c[i].kind->memory_bytes;
        queued[i] = floor(4 * s[i].load);
    }
    tell_gauge(t, "tpu.runtime.tensorcore.dutycycle.percent", load, false, len);
    tell_gauge(t, "tpu.runtime.hbm.utilization.percent", memory_load, false, len);
    tell_gauge(t, "tpu.runtime.hbm.memory.usage.bytes", used, true, len);
    tell_gauge(t, "tpu.runtime.hbm.memory.total.bytes", total, true, len);
    tell_gauge(t, "hlo.queue.size.gauge", queued, true, len);
    tell_times(t, s, len);
}

const struct demo_maker_files demo_tpu = {lay_tpu, move_nothing, tell_tpu};
