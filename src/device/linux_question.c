#include "device/linux_question.h"

#include "device/linux_ioctl.h"

#include <linux/ipmi.h>
#include <sys/ioctl.h>

#define NETFN_STORAGE 0x0a
#define GET_SDR       0x23

static void *at(uint64_t address)
{
    return (void *)(uintptr_t)address; /* the asker's own memory, as it hands it to the kernel */
}

static struct ioctl_i915_item *item_of(const struct ioctl_i915 *q)
{
    return q->items == 1 ? at(q->data) : NULL;
}

/* A reservation of the list of sensors differs from time to time and asks for nothing. */
static void name_command(const struct ipmi_req *q, char name[QUESTION_NAME])
{
    const struct ipmi_system_interface_addr *to = (const void *)q->addr;
    size_t skip = q->msg.netfn == NETFN_STORAGE && q->msg.cmd == GET_SDR ? 2 : 0;
    size_t n = (size_t)snprintf(name, QUESTION_NAME, "ipmi-%02x-%02x-%u-", q->msg.netfn, q->msg.cmd,
                                to->lun);

    for (size_t i = skip; i < q->msg.data_len && n + 2 < QUESTION_NAME; i++)
        n += (size_t)snprintf(name + n, QUESTION_NAME - n, "%02x", q->msg.data[i]);
}

enum question_kind question_name(unsigned long request, const void *argument,
                                 char name[QUESTION_NAME])
{
    const struct ioctl_i915_item *item;

    name[0] = '\0';
    switch (request) {
    case IOCTL_HABANALABS_INFO: {
        const struct ioctl_habanalabs *q = argument;
        snprintf(name, QUESTION_NAME, "habanalabs-%u", q->question);
        return QUESTION_ANSWERED;
    }
    case IOCTL_XE_QUERY:
        snprintf(name, QUESTION_NAME, "xe-%u", ((const struct ioctl_xe *)argument)->query);
        return QUESTION_ANSWERED;
    case IOCTL_I915_QUERY:
        item = item_of(argument);
        if (!item)
            return QUESTION_UNKNOWN;
        snprintf(name, QUESTION_NAME, "i915-%llu", (unsigned long long)item->query);
        return QUESTION_ANSWERED;
    case IOCTL_AMDXDNA_INFO:
        snprintf(name, QUESTION_NAME, "amdxdna-%u",
                 ((const struct ioctl_amdxdna *)argument)->param);
        return QUESTION_ANSWERED;
    case IPMICTL_SEND_COMMAND:
        name_command(argument, name);
        return QUESTION_SENT;
    case IPMICTL_RECEIVE_MSG_TRUNC:
        return QUESTION_FETCH;
    default:
        return QUESTION_UNKNOWN;
    }
}

bool question_answer(unsigned long request, const void *argument, struct str *ret)
{
    const struct ioctl_i915_item *item;

    *ret = STR("");
    switch (request) {
    case IOCTL_HABANALABS_INFO: {
        const struct ioctl_habanalabs *q = argument;
        *ret = str_make(at(q->answer), q->size);
        break;
    }
    case IOCTL_XE_QUERY: {
        const struct ioctl_xe *q = argument;
        *ret = str_make(at(q->data), q->data ? q->size : 0);
        break;
    }
    case IOCTL_I915_QUERY:
        item = item_of(argument);
        if (item && item->data && item->length > 0)
            *ret = str_make(at(item->data), (size_t)item->length);
        break;
    case IOCTL_AMDXDNA_INFO: {
        const struct ioctl_amdxdna *q = argument;
        *ret = str_make(at(q->answer), q->size);
        break;
    }
    case IPMICTL_RECEIVE_MSG_TRUNC: {
        const struct ipmi_recv *q = argument;
        *ret = str_make((const char *)q->msg.data, q->msg.data_len);
        break;
    }
    default:
        break;
    }
    return ret->len > 0;
}

int question_code(unsigned long request, const void *argument)
{
    const struct ioctl_i915_item *item = request == IOCTL_I915_QUERY ? item_of(argument) : NULL;

    return item && item->length < 0 ? item->length : 0;
}

/* What is shorter than the asker's memory leaves zeros behind it. */
static void fill(uint64_t address, size_t size, struct str bytes)
{
    size_t n = MIN(size, bytes.len);

    memcpy(at(address), bytes.ptr, n);
    memset((char *)at(address) + n, 0, size - n);
}

static int give_i915(struct ioctl_i915_item *item, struct str bytes)
{
    if (!item)
        return -EINVAL;
    if (item->data && (size_t)MAX(item->length, 0) < bytes.len)
        item->length = -EINVAL; /* the call itself goes well */
    else
        item->length = (int32_t)bytes.len;
    if (item->data && item->length > 0)
        memcpy(at(item->data), bytes.ptr, bytes.len);
    return 0;
}

static int give_xe(struct ioctl_xe *q, struct str bytes)
{
    if (!q->data) {
        q->size = (uint32_t)bytes.len;
        return 0;
    }
    if (q->size != bytes.len)
        return -EINVAL;
    memcpy(at(q->data), bytes.ptr, bytes.len);
    return 0;
}

int question_give(unsigned long request, void *argument, struct str bytes)
{
    switch (request) {
    case IOCTL_HABANALABS_INFO: {
        struct ioctl_habanalabs *q = argument;
        fill(q->answer, q->size, bytes);
        return 0;
    }
    case IOCTL_XE_QUERY:
        return give_xe(argument, bytes);
    case IOCTL_I915_QUERY:
        return give_i915(item_of(argument), bytes);
    case IOCTL_AMDXDNA_INFO: {
        struct ioctl_amdxdna *q = argument;
        fill(q->answer, q->size, bytes);
        q->size = (uint32_t)MIN(bytes.len, (size_t)q->size);
        return 0;
    }
    case IPMICTL_RECEIVE_MSG_TRUNC: {
        struct ipmi_recv *q = argument;
        q->msg.data_len = (unsigned short)MIN(bytes.len, (size_t)q->msg.data_len);
        memcpy(q->msg.data, bytes.ptr, q->msg.data_len);
        return 0;
    }
    default:
        return -ENOTTY;
    }
}

long question_number(unsigned long request, const void *argument)
{
    return request == IPMICTL_SEND_COMMAND ? ((const struct ipmi_req *)argument)->msgid
                                           : ((const struct ipmi_recv *)argument)->msgid;
}

void question_set_number(void *argument, long number)
{
    ((struct ipmi_recv *)argument)->msgid = number;
}
