/* demo_cards_npu.c - cards that are no GPUs and whose drivers tell in files: Gaudi, Tenstorrent. */
#include "demo_cards.h"

#define HWMON 20u

/* ---- Intel Gaudi ---- */

static void lay_gaudi(struct demo_tree *t, const struct demo_card *c)
{
    unsigned char hardware[304] = {0};
    char folder[DEMO_PATH], node[DEMO_PATH];
    uint64_t reserved = (uint64_t)1 << 30, memory = c->kind->memory_bytes + reserved;

    snprintf(folder, sizeof(folder), "sys/class/accel/accel%u/device", c->number);
    demo_card_pci(t, c, folder, 0x1da3, "habanalabs");
    demo_card_link(t, c, 5, 16);
    snprintf(node, sizeof(node), "accel/accel%u/dev", c->number);
    demo_tree_line(t, folder, node, "261:%u", c->number);
    demo_tree_line(t, folder, "status", "operational");
    demo_tree_line(t, folder, "device_type", "GAUDI3");
    demo_tree_line(t, folder, "module_id", "%u", c->number);
    demo_tree_line(t, folder, "cpucp_ver", "1.21.3-fw-59.2.3-sec-9");
    demo_tree_line(t, folder, "max_power", "%.0f", c->kind->max_w * 1e3);
    demo_tree_line(t, folder, "clk_max_freq_mhz", "%.0f", c->kind->max_mhz);
    demo_tree_line(t, folder, "hard_reset_cnt", "0");
    demo_tree_line(t, folder, "soft_reset_cnt", "0");
    demo_tree_line(t, "sys/module/habanalabs", "version", "1.21.3-57b2bda");
    snprintf(node, sizeof(node), "/dev/accel/accel%u", c->number);
    demo_card_hold(t, c, node);
    memcpy(hardware + 16, &memory, sizeof(memory));
    memcpy(hardware + 36, &c->number, sizeof(c->number));
    memcpy(hardware + 72, "1.21.3-fw-59.2.3", 16);
    memcpy(hardware + 200, c->kind->model, strlen(c->kind->model));
    memcpy(hardware + 296, &reserved, sizeof(reserved));
    snprintf(node, sizeof(node), "nodes/dev/accel/accel_controlD%u", c->number);
    demo_tree_answer(t, node, "habanalabs-0", hardware, sizeof(hardware));
    demo_tree_answer(t, node, "habanalabs-9", (uint32_t[]){0, 0}, 8);
    demo_tree_answer(t, node, "habanalabs-13", (uint32_t[]){0}, 4);
}

static void move_gaudi(struct demo_tree *t, const struct demo_card *c,
                       const struct demo_card_state *s)
{
    char folder[DEMO_PATH], node[DEMO_PATH];
    uint64_t free_bytes = c->kind->memory_bytes - s->memory_used;
    uint64_t energy_mj = (uint64_t)(s->energy_j * 1e3);
    uint32_t load = (uint32_t)(100 * s->load + 0.5);
    const uint32_t clock[] = {(uint32_t)s->mhz, (uint32_t)c->kind->max_mhz};

    snprintf(folder, sizeof(folder), "sys/class/accel/accel%u/device", c->number);
    demo_tree_line(t, folder, "clk_cur_freq_mhz", "%u", clock[0]);
    snprintf(folder, sizeof(folder), "sys/class/accel/accel%u/device/hwmon/hwmon%u", c->number,
             HWMON + c->number);
    demo_tree_line(t, folder, "name", "habanalabs");
    demo_tree_line(t, folder, "temp1_input", "%.0f", s->temperature_c * 1000);
    demo_tree_line(t, folder, "power1_input", "%.0f", s->power_w * 1e6);
    snprintf(node, sizeof(node), "nodes/dev/accel/accel_controlD%u", c->number);
    demo_tree_answer(t, node, "habanalabs-2", &free_bytes, sizeof(free_bytes));
    demo_tree_answer(t, node, "habanalabs-6", &load, sizeof(load));
    demo_tree_answer(t, node, "habanalabs-8", clock, sizeof(clock));
    demo_tree_answer(t, node, "habanalabs-15", &energy_mj, sizeof(energy_mj));
}

const struct demo_maker_files demo_gaudi = {lay_gaudi, move_gaudi, NULL};

/* ---- Tenstorrent ---- */

static void lay_tenstorrent(struct demo_tree *t, const struct demo_card *c)
{
    char folder[DEMO_PATH], path[DEMO_PATH + 32], node[48];

    snprintf(folder, sizeof(folder), "sys/class/tenstorrent/tenstorrent!%u", c->number);
    snprintf(path, sizeof(path), "%s/device", folder);
    demo_card_pci(t, c, path, 0x1e52, "tenstorrent");
    demo_card_link(t, c, 5, 16);
    demo_tree_line(t, folder, "tt_card_type", "%s", c->kind->model);
    demo_tree_line(t, folder, "tt_serial", "01000403119010%02u", c->number);
    demo_tree_line(t, folder, "tt_asic_id", "%08x", (unsigned)c->seed);
    demo_tree_line(t, folder, "tt_fw_bundle_ver", "19.0.0.0");
    demo_tree_line(t, folder, "tt_m3app_fw_ver", "0.17.0.0");
    demo_tree_line(t, folder, "tt_arcclk", "800");
    demo_tree_line(t, folder, "tt_axiclk", "960");
    demo_tree_line(t, folder, "tt_therm_trip_count", "0");
    snprintf(path, sizeof(path), "%s/device/hwmon/hwmon%u", folder, HWMON + c->number);
    demo_tree_line(t, path, "name", "blackhole");
    demo_tree_line(t, path, "temp1_label", "asic_temp");
    demo_tree_line(t, path, "temp1_max", "90000");
    demo_tree_line(t, path, "power1_max", "%.0f", c->kind->max_w * 1e6);
    demo_tree_line(t, path, "curr1_max", "300000");
    demo_tree_line(t, "sys/module/tenstorrent", "version", "2.3.0");
    snprintf(node, sizeof(node), "/dev/tenstorrent/%u", c->number);
    demo_card_hold(t, c, node);
}

static void move_tenstorrent(struct demo_tree *t, const struct demo_card *c,
                             const struct demo_card_state *s)
{
    char folder[DEMO_PATH], path[DEMO_PATH + 32];
    double volts = 0.72 + 0.12 * s->load;

    snprintf(folder, sizeof(folder), "sys/class/tenstorrent/tenstorrent!%u", c->number);
    demo_tree_line(t, folder, "tt_aiclk", "%.0f", s->mhz);
    demo_tree_line(t, folder, "tt_heartbeat", "%.0f", s->t_s * 10);
    snprintf(path, sizeof(path), "%s/device/hwmon/hwmon%u", folder, HWMON + c->number);
    demo_tree_line(t, path, "temp1_input", "%.0f", s->temperature_c * 1000);
    demo_tree_line(t, path, "power1_input", "%.0f", s->power_w * 1e6);
    demo_tree_line(t, path, "in0_input", "%.0f", volts * 1000);
    demo_tree_line(t, path, "curr1_input", "%.0f", s->power_w / volts * 1000);
    demo_tree_line(t, path, "fan1_input", "%.0f", 1400 + 1900 * s->load);
    snprintf(path, sizeof(path), "proc/driver/tenstorrent/%u", c->number);
    if (s->pid)
        demo_tree_line(t, path, "pids", "%d", s->pid);
}

const struct demo_maker_files demo_tenstorrent = {lay_tenstorrent, move_tenstorrent, NULL};
