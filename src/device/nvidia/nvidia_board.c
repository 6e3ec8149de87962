/* nvidia_board.c - marks of a board, its spare rows, and what held its clocks down. */
#include "device/nvidia/nvidia_gpu.h"
#include "device/nvidia/nvidia_text.h"

#define HISTOGRAM_NS  (60 * (uint64_t)NS_PER_S)
#define CLOCK_SLOT_NS (30 * (uint64_t)NS_PER_S)
#define GSP_TEXT      80 /* what the call writes at most */

static void clean(struct gpu_context *c, struct gpu *g, int code, const char *text,
                  size_t text_size, char *to, size_t size)
{
    if (nvidia_gpu_told(c, g, ASK_ONCE, code))
        nvidia_text_clean(to, size, text, text_size);
}

static void ask_inforom(struct gpu_context *c, struct gpu *g, int object, char *to, size_t size)
{
    char text[32] = "";

    if (!c->nvml.inforom || !nvidia_gpu_may(c, g, ASK_ONCE))
        return;
    clean(c, g, c->nvml.inforom(g->handle, object, text, sizeof(text) - 1), text, sizeof(text), to,
          size);
}

void nvidia_board_identify(struct gpu_context *c, struct gpu *g)
{
    struct accelerator *a = &g->identity;
    char text[GSP_TEXT + 1] = "";
    unsigned enabled, by_default;

    if (c->nvml.board_part && nvidia_gpu_may(c, g, ASK_ONCE))
        clean(c, g, c->nvml.board_part(g->handle, text, GSP_TEXT), text, sizeof(text),
              a->board_part, sizeof(a->board_part));
    memset(text, 0, sizeof(text));
    if (c->nvml.inforom_image && nvidia_gpu_may(c, g, ASK_ONCE))
        clean(c, g, c->nvml.inforom_image(g->handle, text, GSP_TEXT), text, sizeof(text),
              a->inforom_image, sizeof(a->inforom_image));
    memset(text, 0, sizeof(text));
    if (c->nvml.gsp_version && nvidia_gpu_may(c, g, ASK_ONCE))
        clean(c, g, c->nvml.gsp_version(g->handle, text), text, sizeof(text), a->gsp_version,
              sizeof(a->gsp_version));
    if (ASK(c, g, ASK_ONCE, virtualization, &enabled))
        g->kept.virtualization_mode = check_gauge(&c->check, CHECK_VIRTUALIZATION, enabled);
    ask_inforom(c, g, NVML_INFOROM_OEM, a->inforom_oem, sizeof(a->inforom_oem));
    ask_inforom(c, g, NVML_INFOROM_ECC, a->inforom_ecc, sizeof(a->inforom_ecc));
    ask_inforom(c, g, NVML_INFOROM_POWER, a->inforom_power, sizeof(a->inforom_power));
    if (ASK(c, g, ASK_ONCE, gsp_mode, &enabled, &by_default) && enabled <= 1 && by_default <= 1)
        g->kept.gsp_mode = enabled ? 1 + by_default : 0;
}

static void read_histogram(struct gpu_context *c, struct gpu *g)
{
    struct nvml_remap_histogram h = {0};

    if (c->mono_ns < g->histogram_next_ns)
        return;
    g->histogram_next_ns = c->mono_ns + HISTOGRAM_NS;
    bool told = ASK(c, g, ASK_REMAP_HISTOGRAM, remap_histogram, &h);
    const unsigned banks[REMAP_BANKS] = {h.max, h.high, h.partial, h.low, h.none};
    for (size_t i = 0; i < REMAP_BANKS; i++)
        g->kept.remap_banks[i] =
            told ? check_gauge(&c->check, CHECK_REMAP_BANKS, banks[i]) : (double)NAN;
}

/* How often each reason was seen in the last five minutes. */
static void count_clock_events(struct gpu_context *c, struct gpu *g, struct accelerator *a)
{
    uint64_t now = c->mono_ns / CLOCK_SLOT_NS;

    if (isnan(a->throttle_reasons))
        return;
    for (uint64_t k = now; k > g->clock_slot && now - k < CLOCK_SLOTS; k--)
        memset(g->clock_events[k % CLOCK_SLOTS], 0, sizeof(g->clock_events[0]));
    g->clock_slot = now;
    for (size_t i = 0; i < CLOCK_EVENTS; i++) {
        unsigned sum = 0;
        g->clock_events[now % CLOCK_SLOTS][i] += (uint64_t)a->throttle_reasons >> i & 1;
        for (size_t k = 0; k < CLOCK_SLOTS; k++)
            sum += g->clock_events[k][i];
        a->detail.clock_events[i] = sum;
    }
}

void nvidia_board_read(struct gpu_context *c, struct gpu *g, struct accelerator *a)
{
    read_histogram(c, g);
    memcpy(a->detail.remap_banks, g->kept.remap_banks, sizeof(a->detail.remap_banks));
    count_clock_events(c, g, a);
}
