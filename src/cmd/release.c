/* release.c - takes the signals, and tells how far it is. */
#include "release.h"

#include "systemd.h"

#define SLOW_NS (10 * (uint64_t)NS_PER_S)

static void tell_systemd(int64_t left_ms)
{
    char text[100], until[32];
    time_t at = (time_t)((clock_now_ms() + left_ms) / 1000);
    struct tm tm;

    if (left_ms <= 0) {
        systemd_notify("STATUS=");
        return;
    }
    localtime_r(&at, &tm);
    strftime(until, sizeof(until), "%H:%M:%S", &tm);
    snprintf(text, sizeof(text), "STATUS=GPUs are released by the operator until %s", until);
    systemd_notify(text);
}

static void never_called(int signal)
{
    (void)signal;
}

void release_init(void)
{
    signal(SIGUSR1, never_called);
    signal(SIGUSR2, never_called);
}

void release_take(struct release *r, struct worker *worker, const siginfo_t *signal)
{
    int64_t ms = signal->si_code == SI_QUEUE ? signal->si_value.sival_int : RELEASE_DEFAULT_MS;

    if (!worker) {
        log_warn("there is no worker in this process: no GPU to release");
        return;
    }
    if (signal->si_signo == SIGUSR2) {
        worker_let_go(worker, 0);
        return; /* release_tick() says so */
    }
    ms = MIN(MAX(ms, RELEASE_MIN_MS), RELEASE_MAX_MS);
    worker_let_go(worker, ms);
    *r = (struct release){.asked = true, .asked_ns = clock_mono_ns()};
    log_info("GPUs are to be released", "seconds", LOG_NUM(ms / 1000), "by_uid",
             LOG_NUM(signal->si_uid), "by_pid", LOG_NUM(signal->si_pid));
}

void release_tick(struct release *r, struct worker *worker)
{
    if (!r->asked)
        return;
    int64_t left_ms = worker_let_go_left_ms(worker);
    if (left_ms <= 0) {
        *r = (struct release){0};
        tell_systemd(0);
        log_info("GPUs are read again");
    } else if (!r->done && worker_has_let_go(worker)) {
        r->done = true;
        tell_systemd(left_ms);
        log_info("GPUs are released: no driver is held open");
    } else if (!r->done && !r->slow && clock_mono_ns() - r->asked_ns > SLOW_NS) {
        r->slow = true;
        log_warn("GPUs are not released yet: a call in the driver does not end");
    }
}
