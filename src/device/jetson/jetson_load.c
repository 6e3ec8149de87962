#include "device/jetson/jetson_load.h"

#include "device/linux_file.h"

#include <unistd.h>

#define PERIOD_NS   (NS_PER_S / 10)
#define STACK_BYTES ((size_t)64 << 10)

static void begin(struct jetson_load *l)
{
    l->count = 0;
    l->sum = 0;
    l->low = l->high = (double)NAN;
}

static void *run(void *arg)
{
    struct jetson_load *l = arg;
    uint64_t next_ns = clock_mono_ns() + PERIOD_NS;

    pthread_mutex_lock(&l->lock);
    while (!l->stop) {
        if (!thread_wait_until(&l->wake, &l->lock, next_ns))
            continue;
        pthread_mutex_unlock(&l->lock);
        jetson_load_sample(l);
        next_ns = MAX(next_ns, clock_mono_ns()) + PERIOD_NS; /* no burst after a standstill */
        pthread_mutex_lock(&l->lock);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

void jetson_load_open(struct jetson_load *l, int fd)
{
    struct error err;

    *l = (struct jetson_load){.fd = fd};
    begin(l);
    pthread_mutex_init(&l->lock, NULL);
    thread_cond_init(&l->wake);
    if (fd < 0)
        return;
    l->running = !thread_start_small(&l->thread, "jetson-load", STACK_BYTES, run, l, &err);
    if (!l->running)
        log_warn("the GPU's load is read once an interval only", "error", err.text);
}

void jetson_load_close(struct jetson_load *l)
{
    pthread_mutex_lock(&l->lock);
    l->stop = true;
    pthread_cond_signal(&l->wake);
    pthread_mutex_unlock(&l->lock);
    if (l->running)
        pthread_join(l->thread, NULL);
    if (l->fd >= 0)
        close(l->fd);
    pthread_cond_destroy(&l->wake);
    pthread_mutex_destroy(&l->lock);
}

void jetson_load_sample(struct jetson_load *l)
{
    char text[32];
    uint64_t thousandths;
    ssize_t n = linux_file_hot(l->fd, text, sizeof(text));

    if (n <= 0 || !num_parse_u64(str_trim(str_make(text, (size_t)n)), &thousandths) ||
        thousandths > 1000)
        return;
    double ratio = (double)thousandths / 1000;
    pthread_mutex_lock(&l->lock);
    l->count++;
    l->sum += ratio;
    l->last = ratio;
    l->low = fmin(l->low, ratio); /* fmin() and fmax() pass over NAN */
    l->high = fmax(l->high, ratio);
    pthread_mutex_unlock(&l->lock);
}

struct jetson_load_summary jetson_load_take(struct jetson_load *l)
{
    jetson_load_sample(l);
    pthread_mutex_lock(&l->lock);
    struct jetson_load_summary found = {l->count ? l->sum / l->count : (double)NAN, l->low, l->high,
                                        l->count ? l->last : (double)NAN};
    begin(l);
    pthread_mutex_unlock(&l->lock);
    return found;
}
