/* fake.h - made-up hardware for tests and the benchmark: fills readings as collectors would. */
#ifndef ALGALON_WORKER_FAKE_H
#define ALGALON_WORKER_FAKE_H

#include "device/device.h"

#define FAKE_GIB (UINT64_C(1) << 30)

/* `count` devices of `platform` with every field known, each holding `per_gpu` processes. */
static inline void fake_accelerators(struct reading *r, const char *platform, unsigned count,
                                     unsigned per_gpu)
{
    r->accelerators = arena_calloc(r->arena, count + 1, sizeof(*r->accelerators));
    r->accelerator_processes =
        arena_calloc(r->arena, count * per_gpu + 1, sizeof(*r->accelerator_processes));
    r->xids = arena_calloc(r->arena, 2 * count + 1, sizeof(*r->xids));
    r->links = arena_calloc(r->arena, 2 * count + 1, sizeof(*r->links));
    for (unsigned i = 0; i < count; i++) {
        struct accelerator *a = &r->accelerators[r->accelerator_len++];
        accelerator_init(a, platform, i);
        snprintf(a->uuid, sizeof(a->uuid), "GPU-%s-%u", platform, i);
        snprintf(a->name, sizeof(a->name), "Board of %s", platform);
        snprintf(a->pci_bus_id, sizeof(a->pci_bus_id), "0000:%02x:00.0", 0x3a + i);
        snprintf(a->vbios, sizeof(a->vbios), "96.00.5e");
        snprintf(a->compute_capability, sizeof(a->compute_capability), "9.0");
        snprintf(a->serial, sizeof(a->serial), "165%u", i);
        snprintf(a->board_part, sizeof(a->board_part), "900-21010");
        snprintf(a->gsp_version, sizeof(a->gsp_version), "580.65.06");
        snprintf(a->inforom_image, sizeof(a->inforom_image), "G520");
        snprintf(a->inforom_oem, sizeof(a->inforom_oem), "2.1");
        snprintf(a->inforom_ecc, sizeof(a->inforom_ecc), "7.16");
        snprintf(a->inforom_power, sizeof(a->inforom_power), "1.0");
        snprintf(a->architecture, sizeof(a->architecture), "Hopper");
        a->utilization_ratio = 0.1234;
        a->utilization_max_ratio = 1;
        a->memory_utilization_ratio = 0.5;
        a->encoder_ratio = a->decoder_ratio = 0;
        a->mem_used_bytes = 10 * FAKE_GIB;
        a->mem_total_bytes = 80 * FAKE_GIB;
        a->mem_free_bytes = 69 * FAKE_GIB;
        a->mem_reserved_bytes = FAKE_GIB;
        a->temperature_c = 61;
        a->memory_temperature_c = 70;
        a->temperature_slowdown_c = 95;
        a->temperature_shutdown_c = 98;
        a->power_w = 512.3456;
        a->power_max_w = 650.5;
        a->power_limit_w = a->power_limit_default_w = a->power_limit_max_w = 700;
        a->power_limit_min_w = 200;
        a->energy_j_total = 123456.789;
        a->clock_graphics_mhz = a->clock_sm_mhz = 1980;
        a->clock_memory_mhz = 2619;
        a->clock_video_mhz = 1545;
        a->clock_graphics_max_mhz = 1980;
        a->clock_memory_max_mhz = 2619;
        a->pstate = 0;
        a->ecc_mode = a->ecc_pending = 1;
        a->ecc_corrected_total = 3;
        a->ecc_uncorrected_total = 0;
        a->persistence_mode = 1;
        a->pcie_generation = a->pcie_generation_max = 5;
        a->pcie_width = a->pcie_width_max = 16;
        a->throttle_reasons = 0x4;
        a->numa_node = i / 4;
        a->mig_mode = 0;
        double *detail = (double *)&a->detail;
        for (size_t j = 0; j < sizeof(a->detail) / sizeof(double); j++)
            detail[j] = (double)j;
        a->detail.virtualization_mode = 0;
        r->xids[r->xid_len++] = (struct accelerator_xid){.accelerator = i,
                                                         .xid = 79,
                                                         .count = 2,
                                                         .recent = 1,
                                                         .last_s = 1700000000,
                                                         .meaning = "gone"};
        r->xids[r->xid_len++] = (struct accelerator_xid){.accelerator = i,
                                                         .xid = 31,
                                                         .count = 1,
                                                         .last_s = 1700000001,
                                                         .meaning = "page fault",
                                                         .latest = true};
        for (unsigned j = 0; j < 2; j++)
            r->links[r->link_len++] = (struct accelerator_link){
                .accelerator = i,
                .index = j,
                .up = 1,
                .version = 4,
                .remote = "switch",
                .bytes_total = {1000, 2000},
                .error_total = {0, 1, 2, 3, 4},
            };
        if (i == 1 && strcmp(platform, "nvidia") == 0) { /* the second is cut, into one */
            struct accelerator_instance *m = arena_calloc(r->arena, 1, sizeof(*m));
            *m = (struct accelerator_instance){.accelerator = i,
                                               .index = 1,
                                               .uuid = "MIG-1",
                                               .profile_name = "3g.40gb",
                                               .gpu_instance = 2,
                                               .mem_used_bytes = FAKE_GIB,
                                               .mem_total_bytes = 40 * FAKE_GIB,
                                               .mem_free_bytes = 39 * FAKE_GIB,
                                               .sm_count = 60,
                                               .profile = {0.5, 0.25}};
            r->instances = m;
            r->instance_len = 1;
        }
        if (i == 1) { /* the second has one of everything that few have */
            r->links_fifth = arena_calloc(r->arena, 1, sizeof(*r->links_fifth));
            r->links_fifth[r->link_fifth_len++] = (struct accelerator_link_fifth){
                .accelerator = i, .index = 1, .value = {[LINK_FIFTH_RECOVERED] = 2}};
            r->links_fifth->value[LINK_FIFTH_BER_RAW] = 3e-9;
            r->peers = arena_calloc(r->arena, 2, sizeof(*r->peers));
            r->peers[r->peer_len++] = (struct accelerator_peer){0, 1, "numa_node", "OK"};
            r->peers[r->peer_len++] = (struct accelerator_peer){1, 0, "numa_node", "OK"};
            r->vgpus = arena_calloc(r->arena, 1, sizeof(*r->vgpus));
            r->vgpus[r->vgpu_len++] = (struct accelerator_vgpu){.accelerator = i,
                                                                .id = 7,
                                                                .uuid = "VGPU-7",
                                                                .type = "20C",
                                                                .vm = "vm-7",
                                                                .sm_ratio = 0.25,
                                                                .mem_ratio = (double)NAN};
            r->accounts = arena_calloc(r->arena, 1, sizeof(*r->accounts));
            r->accounts[r->account_len++] = (struct accelerator_account){
                .accelerator = 0, .pid = 1000, .sm_ratio = 0.5, .time_s = 12.5};
        }
        for (unsigned j = 0; j < per_gpu; j++)
            r->accelerator_processes[r->accelerator_process_len++] = (struct accelerator_process){
                .accelerator = i,
                .pid = (int)(1000 + 100 * i + j),
                .type = 'C',
                .mem_used_bytes = FAKE_GIB + j,
                .sm_ratio = 0.25,
                .mem_ratio = 0.125,
                .encoder_ratio = (double)NAN,
                .decoder_ratio = (double)NAN,
            };
    }
    r->platforms = arena_calloc(r->arena, 1, sizeof(*r->platforms));
    r->platform_len = 1;
    r->platforms[0] = (struct platform_info){
        .platform = platform,
        .driver_version = "580.65.06",
        .library_version = "13.580.65.06",
        .runtime_version = "13.0",
        .runtime_name = "CUDA",
    };
}

/* Processes `first`, `first + step`, ...: the later the busier. */
static inline void fake_processes(struct reading *r, unsigned count, int first, int step)
{
    r->processes = arena_calloc(r->arena, count + 1, sizeof(*r->processes));
    for (unsigned i = 0; i < count; i++) {
        struct process *p = &r->processes[r->process_len++];
        p->pid = first + (int)i * step;
        p->start_time_s = 1700000000.25;
        snprintf(p->name, sizeof(p->name), "job%d", p->pid);
        snprintf(p->user, sizeof(p->user), "alice");
        snprintf(p->command, sizeof(p->command), "python train.py --rank %u", i);
        p->state = 'R';
        p->threads = 4;
        p->cpu_ratio = 0.01 * i;
        p->memory_bytes = UINT64_C(1000000) * (count - i);
    }
    r->processes_hidden = 0;
}

/* A machine of `cores` hardware threads on two sockets, with memory, disks and a chassis. */
static inline void fake_host(struct reading *r, unsigned cores)
{
    struct cpu *c = &r->cpu;

    c->present = true;
    snprintf(c->model, sizeof(c->model), "Xeon \"X\"");
    snprintf(c->architecture, sizeof(c->architecture), "x86_64");
    snprintf(c->platform, sizeof(c->platform), "Intel");
    c->socket_count = 2;
    c->core_count = cores / 2;
    c->thread_count = cores;
    c->utilization_ratio = 0.333333;
    c->frequency_mhz = 2100;
    c->iowait_ratio = 0;
    c->load1 = 1.25;
    c->uptime_s = 1000;
    c->cores = arena_calloc(r->arena, cores + 1, sizeof(*c->cores));
    for (unsigned i = 0; i < cores; i++)
        c->cores[c->core_len++] = (struct cpu_core){i, i % 2, "C", 0.005 * i, 2000 + i};
    c->sockets = arena_calloc(r->arena, 2, sizeof(*c->sockets));
    for (unsigned i = 0; i < 2; i++)
        c->sockets[c->socket_len++] = (struct cpu_socket){i, 0.5, 2100, 55.5, 120};
    r->memory.present = true;
    r->memory.total_bytes = 4 * FAKE_GIB;
    r->memory.used_bytes = FAKE_GIB;
    r->memory.available_bytes = 3 * FAKE_GIB;
    r->chassis.present = true;
    snprintf(r->chassis.vendor, sizeof(r->chassis.vendor), "Maker");
    snprintf(r->chassis.virtualization, sizeof(r->chassis.virtualization), "kvm");
    r->filesystems = arena_calloc(r->arena, 2, sizeof(*r->filesystems));
    r->filesystem_len = 2;
    r->filesystems[0] = (struct filesystem){"/srv", "/dev/md0", "xfs", 100, 40, 60};
    r->filesystems[1] = (struct filesystem){"/", "/dev/sda1", "ext4", 10, 4, UNKNOWN_COUNT};
}

#endif
