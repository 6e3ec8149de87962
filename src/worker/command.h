/* command.h - how much of a command line is shown. Arguments hold secrets: tokens, names of
 * datasets, whole scripts behind -c. */
#ifndef ALGALON_WORKER_COMMAND_H
#define ALGALON_WORKER_COMMAND_H

#include "worker/worker.h"

#define COMMAND_MAX 256 /* bytes of a command line, with its end */

/**
 * What of `command` (its words parted by blanks) may be shown: nothing, all of it, or the program's
 * name without its folder and, of an interpreter, the name of the script or module behind it. A
 * word that may be the value of an option is taken for a script only when it is named like one.
 */
void command_show(char to[COMMAND_MAX], const char *command, enum process_command how);

#endif
