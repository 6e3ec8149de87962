/* commands.h - the commands of the program; each has a file of its own. */
#ifndef ALGALON_CMD_COMMANDS_H
#define ALGALON_CMD_COMMANDS_H

#include "settings.h"

enum exit_code {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2
};

struct command {
    const char *name;
    enum command_bit bit;
    const char *summary; /* one line for `algalon --help` */
    const char *about;   /* a paragraph for its own --help */
    enum exit_code (*run)(struct settings *settings);
};

/* In the order of --help; the name NULL ends it. */
extern const struct command commands[];

enum exit_code command_all(struct settings *settings);
enum exit_code command_worker(struct settings *settings);
enum exit_code command_host(struct settings *settings);
enum exit_code command_agent(struct settings *settings);
enum exit_code command_snapshot(struct settings *settings);
enum exit_code command_top(struct settings *settings);
enum exit_code command_doctor(struct settings *settings);
enum exit_code command_explain(struct settings *settings);
enum exit_code command_demo(struct settings *settings);
enum exit_code command_ready(struct settings *settings);
enum exit_code command_release(struct settings *settings);
enum exit_code command_check(struct settings *settings);
enum exit_code command_migrate(struct settings *settings);
enum exit_code command_compare(struct settings *settings);

const char *program_version(void);

#endif
