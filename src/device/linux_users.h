/* linux_users.h - names of users, out of etc/passwd below a root. Read when a number is met that is
 * not known yet and the file changed since it was read last. A user that stands in no passwd file
 * (a container's own, or one of a directory service) is shown by number. */
#ifndef ALGALON_DEVICE_LINUX_USERS_H
#define ALGALON_DEVICE_LINUX_USERS_H

#include "base/base.h"

#include <time.h>

struct linux_user {
    uint32_t uid;
    char name[36]; /* useradd(8) allows 32 */
};

struct linux_users {
    const char *rootfs; /* borrowed */
    struct linux_user *list;
    size_t len, cap;
    struct timespec changed; /* of the file when it was read */
};

void linux_users_init(struct linux_users *u, const char *rootfs);
void linux_users_fini(struct linux_users *u);

/** Writes the name of `uid`, or the number. */
void linux_users_name(struct linux_users *u, uint32_t uid, char *to, size_t size);

#endif
