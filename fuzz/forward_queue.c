/* forward_queue.c - any bytes as a file of the forwarding queue: what is no record ends the file,
 * and reading comes to an end. */
#include "forward/queue.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth)
{
    if (!truth)
        abort();
}

static void put(const char *dir, const char *name, const void *bytes, size_t n)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    demand(file && fwrite(bytes, 1, n, file) == n && fclose(file) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char dir[] = "/tmp/algalon-fuzz-XXXXXX";
    struct queue_options options = {
        .dir = dir, .max_bytes = 1 << 20, .segment_bytes = 1 << 16, .max_age_ms = INT64_MAX / 4};
    struct queue_record record = {0};
    struct queue *queue;
    size_t records = 0;

    demand(mkdtemp(dir) != NULL);
    put(dir, "0000000000000001.queue", data, size);
    put(dir, "a.position", "1 0\n", 4);
    demand(queue_open(&options, &queue, NULL) == 0);
    struct queue_reader *reader = queue_reader_open(queue, "a");
    demand(reader != NULL);
    while (queue_peek(queue, reader, 0, &record)) {
        demand(record.bytes.len <= size && ++records <= size);
        queue_pass(queue, reader, &record);
    }
    queue_close(queue);
    buf_fini(&record.bytes);
    demand(file_remove_tree(dir) == 0);
    return 0;
}
