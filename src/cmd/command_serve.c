/* command_serve.c - all, worker, host and agent: the same service with different parts. */
#include "service.h"

#include <malloc.h>

static enum exit_code serve(struct settings *settings, enum command_bit command, unsigned parts)
{
    struct service_options options = {.settings = settings, .command = command, .parts = parts};
    return service_run(&options);
}

enum exit_code command_all(struct settings *settings)
{
    return serve(settings, FOR_ALL, PART_WORKER | PART_HOST);
}

enum exit_code command_worker(struct settings *settings)
{
#ifdef __GLIBC__
    /* It allocates next to nothing once it runs: one heap for all threads, and what is large on its
     * own pages, so that growing leaves no holes. */
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, 32 * 1024);
#endif
    return serve(settings, FOR_WORKER, PART_WORKER);
}

enum exit_code command_host(struct settings *settings)
{
    return serve(settings, FOR_HOST, PART_HOST);
}

enum exit_code command_agent(struct settings *settings)
{
    return serve(settings, FOR_AGENT, PART_AGENT);
}
