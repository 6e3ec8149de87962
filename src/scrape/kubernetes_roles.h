/* kubernetes_roles.h - from objects of the Kubernetes API to targets with __meta_kubernetes_*
 * labels, as Prometheus makes them. */
#ifndef ALGALON_SCRAPE_KUBERNETES_ROLES_H
#define ALGALON_SCRAPE_KUBERNETES_ROLES_H

#include "scrape/groups.h"

enum kubernetes_role {
    KUBERNETES_NODE,
    KUBERNETES_POD,
    KUBERNETES_SERVICE,
    KUBERNETES_ENDPOINTS,
    KUBERNETES_ENDPOINTSLICE,
    KUBERNETES_INGRESS,
    KUBERNETES_ROLES
};

/* What the API listed: arrays of objects, by the role that they are. The nodes live in an arena of
 * whoever listed them. */
struct kubernetes_objects {
    struct kubernetes_list {
        const struct yaml_node **items; /* malloc()ed; kubernetes_objects_fini() */
        size_t len, cap;
    } lists[KUBERNETES_ROLES];
};

void kubernetes_objects_fini(struct kubernetes_objects *o);

/** Adds the targets of `role` to `ret`; with `attach_node` the labels of the node that each runs
 * on. Errors: -ENOMEM, -E2BIG. */
MUST_CHECK int kubernetes_roles_read(enum kubernetes_role role, bool attach_node,
                                     const struct kubernetes_objects *o, struct group_list *ret,
                                     struct error *err);

#endif
