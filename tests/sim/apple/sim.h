/* sim.h - a machine of Apple's for tests: the functions that src/device/apple looks up, over
 * objects, registry, channels and keys that a test can change. Everything that is made is counted,
 * and what is let go of twice, or used as what it is not, ends the program. */
#ifndef APPLE_SIM_H
#define APPLE_SIM_H

#include "device/apple/apple_calls.h"

#define SIM_STATES   24
#define SIM_CHANNELS 96
#define SIM_ENTRIES  32
#define SIM_KEYS     64
#define SIM_USES     4
#define SIM_CPUS     32

/* A channel of IOReport: its count since the machine was started. */
struct sim_channel {
    char group[32], subgroup[40], name[32], unit[8];
    int64_t value;
    char states[SIM_STATES][12];
    int64_t time[SIM_STATES];
    int state_len;
};

/* An entry of the IORegistry. Its properties are those that are set. */
struct sim_entry {
    uint64_t id;
    const char *name, *class, *kind; /* `kind`: a class it also conforms to */
    unsigned parent;                 /* place in the list and one; 0: none */
    bool client;                     /* no service: not found by its class */
    /* what it shows */
    const char *model, *creator, *uuid;
    int64_t cores, in_use, load; /* negative: it does not show it */
    int64_t gpu_ns[SIM_USES];
    const char *api[SIM_USES];
    size_t uses;
    struct {
        const char *key;
        uint32_t pairs[2 * SIM_STATES];
        size_t len; /* of words */
    } tables[8];
    size_t table_len;
};

struct sim_key {
    char key[5], type[5];
    uint8_t bytes[8];
    uint8_t size;
};

struct apple_sim {
    const char *chip, *model, *release, *uuid;
    struct {
        const char *name; /* NULL: this system tells no names */
        unsigned cores;
    } levels[3];
    unsigned level_len;
    uint64_t memory, page, pressure;
    bool virtual, arm;
    struct apple_vm vm;
    struct apple_swap swap;
    uint32_t ticks[SIM_CPUS][APPLE_CPU_STATES];
    unsigned cpus;
    uint64_t mach_ticks; /* of 125/3 ns */
    struct sim_channel channels[SIM_CHANNELS];
    size_t channel_len;
    struct sim_entry entries[SIM_ENTRIES];
    size_t entry_len;
    struct sim_key keys[SIM_KEYS];
    size_t key_len;
    struct apple_statfs mounts[8];
    int mount_len;
    struct apple_process processes[8];
    bool others[8]; /* of another user: only that it is there is told */
    int process_len;
    const char *refuse; /* a function by name: it fails as it would on a machine that refuses it */
    int64_t objects, ports, tokens, buffers; /* that are held by the caller */
    bool live;                               /* it goes on by itself, as the clock does */
};

extern struct apple_sim apple_sim;

/** Makes the machine one of "m1", "m2pro", "m3max", "m4", "m2ultra", "m5max", "virtual"; false:
 * there is no such model. */
bool apple_sim_set(const char *model);

/** The functions, for struct host_paths. */
const struct apple_calls *apple_sim_calls(void);

/** A channel, an entry, a key by name; the first of that name. The program ends when there is none.
 */
struct sim_channel *sim_channel(const char *name);
struct sim_entry *sim_entry(const char *name);
struct sim_key *sim_key(const char *key);
struct sim_key *sim_add_key(const char *key, const char *type, size_t size, const void *bytes);
void sim_key_float(const char *key, float value);

/** Lets `seconds` go by: the machine works as its model does. */
void sim_pass(double seconds);

bool sim_refused(const char *call);
_Noreturn void sim_die(const char *what);

/* ---- objects ---- */

apple_ref sim_text(const char *text);
apple_ref sim_number(int64_t value);
apple_ref sim_data(const void *bytes, size_t len);
apple_ref sim_array(void);
apple_ref sim_dictionary(void);

/** Puts a value, whose ownership passes, into a dictionary or array (`key` NULL). */
void sim_put(apple_ref into, const char *key, apple_ref value);

/** What a channel's dictionary stands for, to be set and read; NULL: nothing. */
void sim_set_channel(apple_ref dictionary, const struct sim_channel *channel);
const struct sim_channel *sim_channel_of(apple_ref dictionary);

/* The functions by their own names. */
#define SIM_DECLARE(result, name, args) result name args;
APPLE_CALLS(SIM_DECLARE)
#undef SIM_DECLARE
extern apple_port mach_task_self_;

#endif
