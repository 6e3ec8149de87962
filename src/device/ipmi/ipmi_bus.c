#include "ipmi_bus.h"

#include <assert.h>
#include <linux/ipmi.h>
#include <sys/ioctl.h>

#define PATIENCE_MS 1000
#define LATE_MAX    8 /* answers to earlier commands that are passed over */

int ipmi_bus_open(struct ipmi_bus *b, const struct host_paths *paths)
{
    static const char *const nodes[] = {"dev/ipmi0", "dev/ipmi/0", "dev/ipmidev/0"};
    int code = -ENOENT;

    *b = (struct ipmi_bus){.edge = linux_edge_of(paths), .fd = -1};
    for (size_t i = 0; i < ARRAY_LEN(nodes) && b->fd < 0; i++) {
        b->fd = b->edge->open(b->edge->context, paths->rootfs, nodes[i]);
        code = b->fd == -ENOENT || b->fd >= 0 ? code : b->fd;
    }
    return b->fd < 0 ? code : 0;
}

void ipmi_bus_close(struct ipmi_bus *b)
{
    if (b->fd >= 0)
        b->edge->close(b->edge->context, b->fd);
    b->fd = -1;
}

static int meaning(unsigned char completion)
{
    switch (completion) {
    case 0:
        return 0;
    case 0xc0:
        return -EBUSY;
    case 0xc3:
        return -ETIMEDOUT;
    case 0xc1:
    case 0xcb: /* no such sensor */
    case 0xcd:
        return -ENOTSUP;
    default:
        return -EIO;
    }
}

static int fetch(struct ipmi_bus *b, unsigned char bytes[IPMI_ANSWER_BYTES], size_t *ret_len)
{
    for (unsigned i = 0; i < LATE_MAX; i++) {
        struct ipmi_addr from;
        struct ipmi_recv r = {
            .addr = (unsigned char *)&from,
            .addr_len = sizeof(from),
            .msg = {.data = bytes, .data_len = IPMI_ANSWER_BYTES},
        };
        if (!b->edge->wait(b->edge->context, b->fd, PATIENCE_MS))
            return -ETIMEDOUT;
        int code = b->edge->ioctl(b->edge->context, b->fd, IPMICTL_RECEIVE_MSG_TRUNC, &r);
        if (code && code != -EMSGSIZE)
            return code;
        if (r.msgid != b->sent)
            continue;
        *ret_len = MIN((size_t)r.msg.data_len, (size_t)IPMI_ANSWER_BYTES);
        return *ret_len ? 0 : -EBADMSG;
    }
    return -ETIMEDOUT;
}

int ipmi_bus_ask(struct ipmi_bus *b, unsigned netfn, unsigned command, unsigned lun,
                 const unsigned char *data, size_t len, unsigned char bytes[IPMI_ANSWER_BYTES],
                 struct str *ret)
{
    struct ipmi_system_interface_addr to = {.addr_type = IPMI_SYSTEM_INTERFACE_ADDR_TYPE,
                                            .channel = IPMI_BMC_CHANNEL,
                                            .lun = (unsigned char)lun};
    unsigned char copy[32];
    size_t n = 0;

    assert(len <= sizeof(copy));
    if (len)
        memcpy(copy, data, len);
    struct ipmi_req q = {
        .addr = (unsigned char *)&to,
        .addr_len = sizeof(to),
        .msgid = ++b->sent,
        .msg = {.netfn = (unsigned char)netfn,
                .cmd = (unsigned char)command,
                .data = copy,
                .data_len = (unsigned short)len},
    };
    int code = b->edge->ioctl(b->edge->context, b->fd, IPMICTL_SEND_COMMAND, &q);
    if (!code)
        code = fetch(b, bytes, &n);
    if (!code)
        code = meaning(bytes[0]);
    *ret = code ? STR("") : str_make((const char *)bytes + 1, n - 1);
    return code;
}
