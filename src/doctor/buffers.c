/* buffers.c - the driver's buffers of samples as a table. */
#include "doctor/page.h"

#include <stdlib.h>

#define READ_MS 5000 /* that the driver may take */

static void number(struct buf *to, double value, int width, int digits)
{
    if (isnan(value))
        buf_printf(to, "  %*s", width, "-");
    else
        buf_printf(to, "  %*.*f", width, digits, value);
}

static void print_text(struct buf *to, const struct doctor_form *form,
                       const struct driver_ring *rings, size_t len)
{
    double shortest = NAN;
    char head[PAGE_WIDTH + 1];

    if (!len) {
        buf_text(to, "No GPU here has a buffer of samples that its driver tells of.\n");
        return;
    }
    snprintf(head, sizeof(head), "%3s  %-13s  %-12s  %8s  %6s  %7s  %10s", "GPU", "bus", "samples",
             "capacity", "held", "span s", "spacing ms");
    page_word(to, form, PAGE_BOLD, head, 0);
    buf_char(to, '\n');
    for (size_t i = 0; i < len; i++) {
        const struct driver_ring *r = &rings[i];
        buf_printf(to, "%3u  %-13s  %-12s", r->gpu, *r->pci_bus_id ? r->pci_bus_id : "-", r->type);
        number(to, r->capacity, 8, 0);
        number(to, (double)r->held, 6, 0);
        number(to, r->span_s, 7, 2);
        number(to, r->spacing_s * 1e3, 10, 1);
        buf_char(to, '\n');
        double full = r->spacing_s * (r->capacity - 1);
        shortest = full >= shortest ? shortest : full; /* the first comparison is with NAN */
    }
    if (!isnan(shortest))
        buf_printf(to,
                   "\nThe shortest is full after %.1f s: readings further apart miss samples.\n",
                   shortest);
}

static void print_json(struct buf *to, const struct driver_ring *rings, size_t len)
{
    buf_text(to, "{\"buffers\":[");
    for (size_t i = 0; i < len && !to->failed; i++) {
        buf_text(to, i ? ",{" : "{");
        page_json_number(to, "gpu", rings[i].gpu);
        page_json_text(to, "pci_bus_id", rings[i].pci_bus_id);
        page_json_text(to, "samples", rings[i].type);
        page_json_number(to, "capacity", rings[i].capacity);
        page_json_number(to, "held", (double)rings[i].held);
        page_json_number(to, "span_seconds", rings[i].span_s);
        page_json_number(to, "spacing_seconds", rings[i].spacing_s);
        buf_char(to, '}');
    }
    buf_text(to, "]}\n");
}

int doctor_buffers(const struct worker_options *options, const struct doctor_form *form,
                   struct buf *to, struct error *err)
{
    struct driver_ring *rings = NULL;
    size_t len = 0;
    int code = driver_rings_list(&options->paths, READ_MS, &rings, &len, err);

    if (code)
        return code;
    if (form->json)
        print_json(to, rings, len);
    else
        print_text(to, form, rings, len);
    free(rings);
    return 0;
}
