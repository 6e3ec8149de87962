/* systemd.h - tells systemd how we are, by the datagram protocol of sd_notify(3). */
#ifndef ALGALON_CMD_SYSTEMD_H
#define ALGALON_CMD_SYSTEMD_H

#include <stdint.h>

/** Sends `state` ("READY=1", "STOPPING=1", ...) to $NOTIFY_SOCKET; nothing when that is not set. */
void systemd_notify(const char *state);

/** Tells that the main loop goes round, twice as often as the service's WatchdogSec= wants it;
 * nothing when it has none. Called at least once a second. `next_ns` is the caller's, 0 at first.
 */
void systemd_alive(uint64_t *next_ns);

#endif
