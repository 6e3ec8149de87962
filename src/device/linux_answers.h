/* linux_answers.h - names of recorded answers, between those who write and who read them. */
#ifndef ALGALON_DEVICE_LINUX_ANSWERS_H
#define ALGALON_DEVICE_LINUX_ANSWERS_H

#include "device/linux_edge.h"

#define ANSWERS_TOOLS     "tools/"
#define ANSWERS_VARIABLES "variables/"
#define ANSWERS_ERROR     ".error" /* behind a tool's */
#define ANSWERS_OPEN      "open"
#define ANSWERS_NAME      384 /* bytes of a name, its end included */

/** "tools/usr/bin/rbln-smi/-j": arguments with a blank between them. False when it is too long. */
bool answers_tool_name(char to[ANSWERS_NAME], const char *tool, const char *const *arguments);

/** "services/127.0.0.1:8431/GetRuntimeMetric/QUESTION": of the method the last part, of the
 * question's bytes those that names have, "_" for the others. False when it is too long. */
bool answers_service_name(char to[ANSWERS_NAME], const struct linux_call *c);

/** Appends "error N". */
void answers_write_error(int code, struct buf *to);

#endif
