/* xid.h - what the codes of NVIDIA's driver (XID) mean, in plain words; also docs/xid.md. */
#ifndef ALGALON_DEVICE_NVIDIA_XID_H
#define ALGALON_DEVICE_NVIDIA_XID_H

#include "base/base.h"

enum xid_fault {
    XID_APPLICATION, /* a program's mistake; the hardware is well */
    XID_EITHER,
    XID_HARDWARE, /* the board, its memory or its links */
    XID_DRIVER,   /* driver or firmware */
    XID_NOTICE    /* nobody's fault: tells of something else */
};

struct xid {
    unsigned code;
    const char *name;
    enum xid_fault fault;
    const char *now;   /* what to do */
    const char *again; /* if it repeats; "" the same */
    const char *moot;  /* what makes it not matter; "" nothing does */
};

extern const struct xid xids[];
extern const size_t xids_len;

/** The entry of a code, or NULL. */
const struct xid *xid_find(unsigned code);

/** "application", "hardware", ... */
const char *xid_fault_text(enum xid_fault fault);

/** Writes the page docs/xid.md. */
void xid_markdown(struct buf *to);

#endif
