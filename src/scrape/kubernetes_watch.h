/* kubernetes_watch.h - the objects of one kind, kept by what a list and the events behind it say.
 * No network here: kubernetes_sd.c asks, and hands over what comes.
 *
 * Of an object is kept what targets are made of: without managedFields, volumes, environments and
 * the like a pod takes 2 to 6 KB. */
#ifndef ALGALON_SCRAPE_KUBERNETES_WATCH_H
#define ALGALON_SCRAPE_KUBERNETES_WATCH_H

#include "scrape/kubernetes_roles.h"

#define KUBERNETES_EVENT_MAX ((size_t)16 << 20) /* bytes of one; etcd holds 1.5 MB an object */

struct kubernetes_watch {
    bool listed;       /* false: it has to be listed, again or for the first time */
    bool changed;      /* since the caller set it to false */
    char version[128]; /* where a watch goes on; "" before the first list */
    bool gone;         /* the server no longer knows `version` */
    size_t bytes;      /* that the objects take */
    struct map objects;
    struct buf line; /* the event in hand */
    struct arena scratch;
};

void kubernetes_watch_init(struct kubernetes_watch *w);
void kubernetes_watch_fini(struct kubernetes_watch *w);

/** A list begins: what was known is forgotten. */
void kubernetes_watch_begin(struct kubernetes_watch *w);
/** Takes a page of it. `bytes_max` bounds all objects. Errors: -EINVAL it is no list, -EFBIG,
 * -ENOMEM. */
MUST_CHECK int kubernetes_watch_page(struct kubernetes_watch *w, const struct yaml_node *page,
                                     size_t bytes_max, struct error *err);
/** The list is whole. */
void kubernetes_watch_end(struct kubernetes_watch *w);

/** A watch begins: the rest of an event that was cut off is forgotten. */
void kubernetes_watch_open(struct kubernetes_watch *w);
/** Takes bytes of a watch: a JSON object a line. Errors: -EINVAL an event that is none, -ESTALE the
 * server says that it has to be listed again; -EFBIG, -ENOMEM. All but -EINVAL ask for a new list.
 */
MUST_CHECK int kubernetes_watch_take(struct kubernetes_watch *w, struct str bytes, size_t bytes_max,
                                     struct error *err);

/** Adds the objects to `list`, by namespace and name; borrowed until the next change. Errors:
 * -ENOMEM. */
MUST_CHECK int kubernetes_watch_objects(const struct kubernetes_watch *w,
                                        struct kubernetes_list *list);

#endif
