/* systemd.h - tells systemd how we are, by the datagram protocol of sd_notify(3). */
#ifndef ALGALON_CMD_SYSTEMD_H
#define ALGALON_CMD_SYSTEMD_H

/** Sends `state` ("READY=1", "STOPPING=1", ...) to $NOTIFY_SOCKET; nothing when that is not set. */
void systemd_notify(const char *state);

#endif
