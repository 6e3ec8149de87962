/* render.h - the text of a snapshot, by schema. */
#ifndef ALGALON_WORKER_RENDER_H
#define ALGALON_WORKER_RENDER_H

#include "worker/snapshot.h"

struct renderer;

/** A renderer of these schemas (SCHEMA_ bits); of dcgm-exporter's fields those of `choice`
 * (borrowed for the call; NULL: its default set). It keeps the label part of every line from one
 * snapshot to the next. Errors: -EINVAL no schema, or one that is not known; -ENOMEM. */
MUST_CHECK int renderer_new(unsigned schemas, const struct choice *choice, struct renderer **ret,
                            struct error *err);

/** Bounds text and labels to `bytes` each; lines beyond are left out and counted
 * (LEFT_OUT_SERIES). Half of it is for what people's processes and mounts can multiply, so that
 * they never push out the devices. Unbounded before. */
void renderer_limit(struct renderer *r, size_t bytes);

void renderer_free(struct renderer *r); /* NULL is fine */

/**
 * Writes the text of `s` once. Errors: -ENOMEM, the text is then empty.
 * Threads: one at a time for a renderer. Cost: no allocation once buffers have grown.
 */
MUST_CHECK int render(struct renderer *r, struct snapshot *s);

#endif
