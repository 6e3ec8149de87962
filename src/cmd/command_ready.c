/* command_ready.c - the answer of a running algalon as an exit code: for health checks in images
 * without a shell. */
#include "commands.h"
#include "http/http.h"

enum exit_code command_ready(struct settings *settings)
{
    struct error err = {0};

    if (http_probe(settings->url, settings->ready_timeout_ms, &err)) {
        printf("ready\n");
        return EXIT_DONE;
    }
    fprintf(stderr, "algalon ready: %s: %s\n", settings->url, err.text);
    return err.code == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
}
