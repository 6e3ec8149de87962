/* courier.c - see courier.h. */
#include "outbound/courier.h"

#include "outbound/outbound.h"

#define ATTEMPTS_MAX 20 /* the longest wait is reached before */

void courier_init(struct courier *c, int64_t first_ms, int64_t longest_ms, struct str seed)
{
    *c = (struct courier){.first_ms = first_ms, .longest_ms = longest_ms};
    c->dice = hash_bytes(seed.ptr, seed.len);
    pthread_mutex_init(&c->lock, NULL);
    thread_cond_init(&c->more);
}

int courier_start(struct courier *c, const char *name, void *(*run)(void *), void *arg,
                  struct error *err)
{
    int code = thread_start(&c->thread, name, run, arg, err);

    c->started = !code;
    return code;
}

void courier_stop(struct courier *c)
{
    pthread_mutex_lock(&c->lock);
    atomic_store(&c->stop, true);
    pthread_cond_broadcast(&c->more);
    pthread_mutex_unlock(&c->lock);
}

void courier_fini(struct courier *c)
{
    courier_stop(c);
    if (c->started)
        pthread_join(c->thread, NULL);
    pthread_cond_destroy(&c->more);
    pthread_mutex_destroy(&c->lock);
}

void courier_wake(struct courier *c)
{
    pthread_mutex_lock(&c->lock);
    c->woken = true;
    pthread_cond_broadcast(&c->more);
    pthread_mutex_unlock(&c->lock);
}

bool courier_stopped(const struct courier *c)
{
    return atomic_load(&c->stop);
}

/* Waits for a word (if `words_count`) or so long. */
static void wait_for(struct courier *c, uint64_t ns, bool words_count)
{
    uint64_t until = clock_mono_ns() + ns;

    pthread_mutex_lock(&c->lock);
    while (!courier_stopped(c) && !(words_count && c->woken) &&
           !thread_wait_until(&c->more, &c->lock, until))
        ;
    c->woken = false;
    pthread_mutex_unlock(&c->lock);
}

void courier_idle(struct courier *c, uint64_t ns)
{
    wait_for(c, ns, true);
}

int64_t courier_delay_ms(const struct courier *c, unsigned attempt, uint64_t dice,
                         int64_t retry_after_ms)
{
    int64_t whole = c->longest_ms;

    if (attempt < ATTEMPTS_MAX)
        whole = MIN(c->first_ms << attempt, c->longest_ms);
    int64_t delay = whole / 2 + (int64_t)(dice % (uint64_t)(whole / 2 + 1));
    return MAX(delay, retry_after_ms);
}

void courier_again(struct courier *c, int64_t retry_after_ms)
{
    uint64_t now = clock_mono_ns();

    c->dice = hash_more(c->dice, &now, sizeof(now));
    int64_t delay_ms = courier_delay_ms(c, c->attempt, c->dice, retry_after_ms);
    c->attempt += c->attempt < ATTEMPTS_MAX;
    wait_for(c, (uint64_t)delay_ms * NS_PER_MS, false);
}

void courier_done(struct courier *c)
{
    c->attempt = 0;
}

enum verdict courier_judge(long status)
{
    /* They speak of who asks, of the way there or of the time, not of what was sent. */
    static const long passing[] = {401, 403, 407, 408, 425, 429};

    if (status >= 200 && status < 300)
        return VERDICT_TAKEN;
    for (size_t i = 0; i < ARRAY_LEN(passing); i++)
        if (status == passing[i])
            return VERDICT_AGAIN;
    return status >= 400 && status < 500 ? VERDICT_REFUSED : VERDICT_AGAIN;
}

void courier_why(const struct outbound_answer *answer, char *to, size_t size)
{
    if (answer->status)
        snprintf(to, size, "HTTP status %ld: %.*s", answer->status,
                 STR_ARG(buf_str(&answer->body)));
    else
        str_copy(to, size, str_of(answer->error));
}
