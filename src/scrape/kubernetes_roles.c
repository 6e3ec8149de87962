/* kubernetes_roles.c - a function per role; see
 * https://prometheus.io/docs/prometheus/latest/configuration/configuration/#kubernetes_sd_config
 * for the labels of each. */
#include "scrape/kubernetes_roles.h"

#include "scrape/meta.h"

#include <stdlib.h>

#define LABEL     "__meta_kubernetes_"
#define SEEN_MAX  65536 /* pods behind one service that are looked at for further ports */
#define PORTS_MAX 64    /* ports of one pod that its service names */

/* A pod that stands behind a service, with the ports that the service has targets for. */
struct seen {
    const struct yaml_node *pod;
    struct str ports[PORTS_MAX];
    size_t port_len;
};

struct walk {
    const struct kubernetes_objects *objects;
    struct map pods, services, nodes; /* "namespace/name" -> object */
    struct group_list *to;
    struct arena scratch; /* keys of the maps */
    bool attach_node;
    struct seen *seen; /* of the service in hand */
    size_t seen_len, seen_cap;
};

void kubernetes_objects_fini(struct kubernetes_objects *o)
{
    for (size_t i = 0; i < KUBERNETES_ROLES; i++)
        free(o->lists[i].items);
    *o = (struct kubernetes_objects){0};
}

/* ---- finding ---- */

/* "namespace/name" in the walk's scratch; NULL pointer when memory is out. */
static struct str key_of(struct walk *w, struct str namespace, struct str name)
{
    char *key = arena_alloc(&w->scratch, namespace.len + name.len + 2);

    if (!key)
        return str_make(NULL, 0);
    memcpy(key, namespace.ptr, namespace.len);
    key[namespace.len] = '/';
    memcpy(key + namespace.len + 1, name.ptr, name.len);
    return str_make(key, namespace.len + name.len + 1);
}

static int index_objects(struct walk *w, struct map *map, enum kubernetes_role role)
{
    const struct kubernetes_list *list = &w->objects->lists[role];

    for (size_t i = 0; i < list->len; i++) {
        struct str key = key_of(w, meta_text(list->items[i], "metadata.namespace"),
                                meta_text(list->items[i], "metadata.name"));
        /* The map gives its values back as they are; nobody writes through them. */
        if (!key.ptr || map_put(map, key, (void *)(uintptr_t)list->items[i], NULL))
            return -ENOMEM;
    }
    return 0;
}

static const struct yaml_node *find(struct walk *w, const struct map *map, struct str namespace,
                                    struct str name)
{
    struct str key = key_of(w, namespace, name);

    return key.ptr && name.len ? map_get(map, key) : NULL;
}

/* ---- labels that several roles share ---- */

#define SET_OBJECT(function, kind)                                                                 \
    static void function(struct meta *m, const struct yaml_node *object)                           \
    {                                                                                              \
        meta_set(m, LABEL kind "_name", meta_text(object, "metadata.name"));                       \
        meta_map(m, LABEL kind "_label_", LABEL kind "_labelpresent_",                             \
                 meta_at(object, "metadata.labels"));                                              \
        meta_map(m, LABEL kind "_annotation_", LABEL kind "_annotationpresent_",                   \
                 meta_at(object, "metadata.annotations"));                                         \
    }
SET_OBJECT(set_node, "node")
SET_OBJECT(set_pod, "pod")
SET_OBJECT(set_service, "service")
SET_OBJECT(set_endpoints, "endpoints")
SET_OBJECT(set_slice, "endpointslice")
SET_OBJECT(set_ingress, "ingress")

static struct str lower(struct meta *m, struct str text)
{
    char *copy = arena_strndup(m->arena, text.ptr, text.len);

    for (size_t i = 0; copy && i < text.len; i++)
        copy[i] = (char)(copy[i] >= 'A' && copy[i] <= 'Z' ? copy[i] | 0x20 : copy[i]);
    m->failed |= !copy;
    return str_make(copy ? copy : "", copy ? text.len : 0);
}

static struct str pod_ready(struct meta *m, const struct yaml_node *pod)
{
    const struct yaml_node *conditions = meta_at(pod, "status.conditions");

    for (const struct yaml_item *it = conditions ? conditions->first : NULL; it; it = it->next)
        if (str_is(meta_text(it->value, "type"), "Ready"))
            return lower(m, meta_text(it->value, "status"));
    return STR("unknown");
}

static void set_pod_labels(struct meta *m, const struct yaml_node *pod)
{
    const struct yaml_node *owners = meta_at(pod, "metadata.ownerReferences");

    set_pod(m, pod);
    meta_set(m, LABEL "pod_ip", meta_text(pod, "status.podIP"));
    meta_set(m, LABEL "pod_ready", pod_ready(m, pod));
    meta_set(m, LABEL "pod_phase", meta_text(pod, "status.phase"));
    meta_set(m, LABEL "pod_node_name", meta_text(pod, "spec.nodeName"));
    meta_set(m, LABEL "pod_host_ip", meta_text(pod, "status.hostIP"));
    meta_set(m, LABEL "pod_uid", meta_text(pod, "metadata.uid"));
    for (const struct yaml_item *it = owners ? owners->first : NULL; it; it = it->next) {
        if (!str_is(meta_text(it->value, "controller"), "true"))
            continue;
        meta_set(m, LABEL "pod_controller_kind", meta_text(it->value, "kind"));
        meta_set(m, LABEL "pod_controller_name", meta_text(it->value, "name"));
        break;
    }
}

static void set_namespace(struct meta *m, const struct yaml_node *object)
{
    meta_set(m, LABEL "namespace", meta_text(object, "metadata.namespace"));
}

static void attach_node(struct walk *w, struct meta *m, struct str name)
{
    const struct yaml_node *node = w->attach_node ? find(w, &w->nodes, STR(""), name) : NULL;

    if (node)
        set_node(m, node);
}

/* ---- nodes ---- */

static int add_node(struct walk *w, const struct yaml_node *node)
{
    static const char *const order[] = {"InternalIP",  "InternalDNS",  "ExternalIP",
                                        "ExternalDNS", "LegacyHostIP", "Hostname"};
    const struct yaml_node *addresses = meta_at(node, "status.addresses");
    struct str port = meta_text(node, "status.daemonEndpoints.kubeletEndpoint.Port");
    struct str best = STR("");
    struct meta m;

    meta_init(&m, &w->to->arena);
    set_node(&m, node);
    meta_set(&m, LABEL "node_provider_id", meta_text(node, "spec.providerID"));
    for (size_t i = ARRAY_LEN(order); i-- > 0;)
        for (const struct yaml_item *it = addresses ? addresses->first : NULL; it; it = it->next)
            if (str_is(meta_text(it->value, "type"), order[i])) {
                best = meta_text(it->value, "address");
                break;
            }
    if (!best.len)
        return 0; /* nobody knows how to reach it */
    for (const struct yaml_item *it = addresses->first; it; it = it->next) {
        char name[128];
        struct str type = meta_text(it->value, "type");
        snprintf(name, sizeof(name), LABEL "node_address_%.*s", (int)MIN(type.len, (size_t)64),
                 type.ptr);
        char *copy = arena_strndup(m.arena, name, strlen(name));
        if (!copy)
            return -ENOMEM;
        if (!label_builder_get(&m.b, str_of(copy)).len)
            meta_set(&m, copy, meta_text(it->value, "address"));
    }
    meta_host_port(&m, "__address__", best, port.len ? port : STR("0"));
    meta_set(&m, "instance", meta_text(node, "metadata.name"));
    return meta_add(&m, w->to);
}

/* ---- pods ---- */

static struct str container_id(const struct yaml_node *pod, bool init, struct str name)
{
    const struct yaml_node *list =
        meta_at(pod, init ? "status.initContainerStatuses" : "status.containerStatuses");

    for (const struct yaml_item *it = list ? list->first : NULL; it; it = it->next)
        if (str_equal(meta_text(it->value, "name"), name))
            return meta_text(it->value, "containerID");
    return STR("");
}

static void set_container(struct meta *m, const struct yaml_node *container, bool init)
{
    meta_set(m, LABEL "pod_container_name", meta_text(container, "name"));
    meta_set(m, LABEL "pod_container_image", meta_text(container, "image"));
    meta_set(m, LABEL "pod_container_init", init ? STR("true") : STR("false"));
}

static void set_container_port(struct meta *m, const struct yaml_node *port)
{
    struct str protocol = meta_text(port, "protocol");

    meta_set(m, LABEL "pod_container_port_name", meta_text(port, "name"));
    meta_set(m, LABEL "pod_container_port_number", meta_text(port, "containerPort"));
    meta_set(m, LABEL "pod_container_port_protocol", protocol.len ? protocol : STR("TCP"));
}

/* The targets of one container: one for each port, or one with the pod's address alone. */
static int add_container(struct walk *w, const struct meta *common, const struct yaml_node *pod,
                         const struct yaml_node *container, bool init)
{
    const struct yaml_node *ports = meta_at(container, "ports");
    struct str ip = meta_text(pod, "status.podIP");
    const struct yaml_item *it = ports ? ports->first : NULL;
    int code;

    do {
        struct meta m;
        meta_copy(&m, common);
        set_container(&m, container, init);
        meta_set(&m, LABEL "pod_container_id",
                 container_id(pod, init, meta_text(container, "name")));
        if (it) {
            set_container_port(&m, it->value);
            meta_host_port(&m, "__address__", ip, meta_text(it->value, "containerPort"));
            it = it->next;
        } else {
            meta_set(&m, "__address__", ip);
        }
        code = meta_add(&m, w->to);
    } while (it && !code);
    return code;
}

static int add_pod(struct walk *w, const struct yaml_node *pod)
{
    static const char *const lists[] = {"spec.containers", "spec.initContainers"};
    struct meta m;
    int code = 0;

    if (!meta_text(pod, "status.podIP").len)
        return 0; /* not started yet */
    meta_init(&m, &w->to->arena);
    set_namespace(&m, pod);
    set_pod_labels(&m, pod);
    attach_node(w, &m, meta_text(pod, "spec.nodeName"));
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        const struct yaml_node *containers = meta_at(pod, lists[i]);
        for (const struct yaml_item *it = containers ? containers->first : NULL; it && !code;
             it = it->next)
            code = add_container(w, &m, pod, it->value, i == 1);
    }
    return code;
}

/* ---- services ---- */

static int add_service(struct walk *w, const struct yaml_node *service)
{
    const struct yaml_node *ports = meta_at(service, "spec.ports");
    struct str name = meta_text(service, "metadata.name");
    struct str namespace = meta_text(service, "metadata.namespace");
    struct str type = meta_text(service, "spec.type");
    char host[600];
    struct meta common;
    int code = 0;

    meta_init(&common, &w->to->arena);
    set_namespace(&common, service);
    set_service(&common, service);
    meta_set(&common, LABEL "service_type", type);
    if (str_is(type, "ExternalName"))
        meta_set(&common, LABEL "service_external_name", meta_text(service, "spec.externalName"));
    else
        meta_set(&common, LABEL "service_cluster_ip", meta_text(service, "spec.clusterIP"));
    if (str_is(type, "LoadBalancer"))
        meta_set(&common, LABEL "service_loadbalancer_ip",
                 meta_text(service, "spec.loadBalancerIP"));
    snprintf(host, sizeof(host), "%.*s.%.*s.svc", (int)MIN(name.len, (size_t)253), name.ptr,
             (int)MIN(namespace.len, (size_t)253), namespace.ptr);
    for (const struct yaml_item *it = ports ? ports->first : NULL; it && !code; it = it->next) {
        struct meta m;
        struct str protocol = meta_text(it->value, "protocol");
        meta_copy(&m, &common);
        meta_set(&m, LABEL "service_port_name", meta_text(it->value, "name"));
        meta_set(&m, LABEL "service_port_number", meta_text(it->value, "port"));
        meta_set(&m, LABEL "service_port_protocol", protocol.len ? protocol : STR("TCP"));
        meta_host_port(&m, "__address__", str_of(host), meta_text(it->value, "port"));
        code = meta_add(&m, w->to);
    }
    return code;
}

/* ---- what stands behind services ---- */

static struct seen *see(struct walk *w, const struct yaml_node *pod)
{
    for (size_t i = 0; i < w->seen_len; i++)
        if (w->seen[i].pod == pod)
            return &w->seen[i];
    if (w->seen_len == SEEN_MAX)
        return NULL;
    if (w->seen_len == w->seen_cap) {
        struct seen *grown = array_grow(w->seen, &w->seen_cap, w->seen_len + 1, sizeof(*grown));
        if (!grown)
            return NULL;
        w->seen = grown;
    }
    w->seen[w->seen_len] = (struct seen){.pod = pod};
    return &w->seen[w->seen_len++];
}

/* Calls `visit` for every port of every container; a visit that answers other than 0 ends it. */
static int visit_ports(const struct yaml_node *pod,
                       int (*visit)(void *ctx, const struct yaml_node *container,
                                    const struct yaml_node *port, bool init),
                       void *ctx)
{
    static const char *const lists[] = {"spec.containers", "spec.initContainers"};
    int code = 0;

    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        const struct yaml_node *containers = meta_at(pod, lists[i]);
        const struct yaml_item *c = containers ? containers->first : NULL;
        for (; c && !code; c = c->next) {
            const struct yaml_node *ports = meta_at(c->value, "ports");
            const struct yaml_item *it = ports ? ports->first : NULL;
            for (; it && !code; it = it->next)
                code = visit(ctx, c->value, it->value, i == 1);
        }
    }
    return code;
}

struct port_match {
    struct meta *m;
    struct str port;
};

static int match_port(void *ctx, const struct yaml_node *container, const struct yaml_node *port,
                      bool init)
{
    struct port_match *p = ctx;

    if (!str_equal(meta_text(port, "containerPort"), p->port))
        return 0;
    set_container(p->m, container, init);
    set_container_port(p->m, port);
    return 1;
}

/* The labels of the pod behind an address; its port is then not looked at again. */
static void set_behind(struct walk *w, struct meta *m, const struct yaml_node *reference,
                       struct str namespace, struct str port)
{
    struct str own = meta_text(reference, "namespace");
    const struct yaml_node *pod = NULL;

    if (str_is(meta_text(reference, "kind"), "Pod"))
        pod = find(w, &w->pods, own.len ? own : namespace, meta_text(reference, "name"));
    if (!pod)
        return;
    struct port_match match = {m, port};
    set_pod_labels(m, pod);
    visit_ports(pod, match_port, &match);
    struct seen *seen = see(w, pod);
    if (seen && seen->port_len < PORTS_MAX)
        seen->ports[seen->port_len++] = port;
}

struct rest {
    struct walk *w;
    const struct meta *common;
    const struct seen *seen;
};

static int add_rest_port(void *ctx, const struct yaml_node *container, const struct yaml_node *port,
                         bool init)
{
    const struct rest *r = ctx;
    struct str number = meta_text(port, "containerPort");
    struct meta m;

    for (size_t i = 0; i < r->seen->port_len; i++)
        if (str_equal(r->seen->ports[i], number))
            return 0;
    meta_copy(&m, r->common);
    set_pod_labels(&m, r->seen->pod);
    set_container(&m, container, init);
    set_container_port(&m, port);
    meta_host_port(&m, "__address__", meta_text(r->seen->pod, "status.podIP"), number);
    return meta_add(&m, r->w->to);
}

/* Ports of the pods that the service does not name are targets too. */
static int add_rest(struct walk *w, const struct meta *common)
{
    int code = 0;

    for (size_t i = 0; i < w->seen_len && !code; i++) {
        struct rest rest = {w, common, &w->seen[i]};
        if (meta_text(w->seen[i].pod, "status.podIP").len)
            code = visit_ports(w->seen[i].pod, add_rest_port, &rest);
    }
    w->seen_len = 0;
    return code;
}

static void attach_service(struct walk *w, struct meta *m, struct str namespace, struct str name)
{
    const struct yaml_node *service = find(w, &w->services, namespace, name);

    if (service)
        set_service(m, service);
}

/* ---- endpoints ---- */

static int add_endpoint(struct walk *w, const struct meta *common, const struct yaml_node *address,
                        const struct yaml_node *port, const char *ready, struct str namespace)
{
    const struct yaml_node *reference = meta_at(address, "targetRef");
    struct str protocol = meta_text(port, "protocol"), number = meta_text(port, "port");
    struct str node = meta_text(address, "nodeName");
    struct meta m;

    meta_copy(&m, common);
    meta_host_port(&m, "__address__", meta_text(address, "ip"), number);
    meta_set(&m, LABEL "endpoint_port_name", meta_text(port, "name"));
    meta_set(&m, LABEL "endpoint_port_protocol", protocol.len ? protocol : STR("TCP"));
    meta_set(&m, LABEL "endpoint_ready", str_of(ready));
    meta_set(&m, LABEL "endpoint_node_name", node);
    meta_set(&m, LABEL "endpoint_hostname", meta_text(address, "hostname"));
    if (reference) {
        meta_set(&m, LABEL "endpoint_address_target_kind", meta_text(reference, "kind"));
        meta_set(&m, LABEL "endpoint_address_target_name", meta_text(reference, "name"));
    }
    if (node.len)
        attach_node(w, &m, node);
    else if (reference && str_is(meta_text(reference, "kind"), "Node"))
        attach_node(w, &m, meta_text(reference, "name"));
    if (reference)
        set_behind(w, &m, reference, namespace, number);
    return meta_add(&m, w->to);
}

static int add_subset(struct walk *w, const struct meta *common, const struct yaml_node *subset,
                      struct str namespace)
{
    static const char *const lists[] = {"addresses", "notReadyAddresses"};
    const struct yaml_node *ports = meta_at(subset, "ports");
    int code = 0;

    for (const struct yaml_item *p = ports ? ports->first : NULL; p; p = p->next) {
        for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
            const struct yaml_node *addresses = meta_at(subset, lists[i]);
            const struct yaml_item *it = addresses ? addresses->first : NULL;
            for (; it && !code; it = it->next)
                code =
                    add_endpoint(w, common, it->value, p->value, i ? "false" : "true", namespace);
        }
    }
    return code;
}

static int add_endpoints(struct walk *w, const struct yaml_node *endpoints)
{
    const struct yaml_node *subsets = meta_at(endpoints, "subsets");
    struct str namespace = meta_text(endpoints, "metadata.namespace");
    struct meta common;
    int code = 0;

    meta_init(&common, &w->to->arena);
    set_namespace(&common, endpoints);
    set_endpoints(&common, endpoints);
    attach_service(w, &common, namespace, meta_text(endpoints, "metadata.name"));
    for (const struct yaml_item *it = subsets ? subsets->first : NULL; it && !code; it = it->next)
        code = add_subset(w, &common, it->value, namespace);
    return code ? code : add_rest(w, &common);
}

/* ---- endpointslices ---- */

static void set_condition(struct meta *m, const struct yaml_node *endpoint, const char *path,
                          const char *label)
{
    meta_set(m, label, meta_text(endpoint, path));
}

static int add_slice_address(struct walk *w, const struct meta *common, struct str address,
                             const struct yaml_node *endpoint, const struct yaml_node *port,
                             struct str namespace)
{
    const struct yaml_node *reference = meta_at(endpoint, "targetRef");
    struct str number = meta_text(port, "port"), node = meta_text(endpoint, "nodeName");
    struct meta m;

    meta_copy(&m, common);
    if (number.len)
        meta_host_port(&m, "__address__", address, number);
    else
        meta_set(&m, "__address__", address);
    meta_set(&m, LABEL "endpointslice_port_name", meta_text(port, "name"));
    meta_set(&m, LABEL "endpointslice_port_protocol", meta_text(port, "protocol"));
    meta_set(&m, LABEL "endpointslice_port", number);
    meta_set(&m, LABEL "endpointslice_port_app_protocol", meta_text(port, "appProtocol"));
    set_condition(&m, endpoint, "conditions.ready",
                  LABEL "endpointslice_endpoint_conditions_ready");
    set_condition(&m, endpoint, "conditions.serving",
                  LABEL "endpointslice_endpoint_conditions_serving");
    set_condition(&m, endpoint, "conditions.terminating",
                  LABEL "endpointslice_endpoint_conditions_terminating");
    meta_set(&m, LABEL "endpointslice_endpoint_hostname", meta_text(endpoint, "hostname"));
    meta_set(&m, LABEL "endpointslice_endpoint_node_name", node);
    meta_set(&m, LABEL "endpointslice_endpoint_zone", meta_text(endpoint, "zone"));
    if (reference) {
        meta_set(&m, LABEL "endpointslice_address_target_kind", meta_text(reference, "kind"));
        meta_set(&m, LABEL "endpointslice_address_target_name", meta_text(reference, "name"));
    }
    meta_map(&m, LABEL "endpointslice_endpoint_topology_",
             LABEL "endpointslice_endpoint_topology_present_",
             meta_at(endpoint, "deprecatedTopology"));
    if (node.len)
        attach_node(w, &m, node);
    else if (reference && str_is(meta_text(reference, "kind"), "Node"))
        attach_node(w, &m, meta_text(reference, "name"));
    if (reference)
        set_behind(w, &m, reference, namespace, number);
    return meta_add(&m, w->to);
}

static int add_slice(struct walk *w, const struct yaml_node *slice)
{
    const struct yaml_node *endpoints = meta_at(slice, "endpoints"),
                           *ports = meta_at(slice, "ports");
    const struct yaml_node *labels = meta_at(slice, "metadata.labels");
    const struct yaml_node *service =
        labels ? yaml_get(labels, "kubernetes.io/service-name") : NULL;
    struct str namespace = meta_text(slice, "metadata.namespace");
    struct meta common;
    int code = 0;

    meta_init(&common, &w->to->arena);
    set_namespace(&common, slice);
    set_slice(&common, slice);
    meta_set(&common, LABEL "endpointslice_address_type", meta_text(slice, "addressType"));
    if (service && service->kind == YAML_TEXT)
        attach_service(w, &common, namespace, service->text);
    for (const struct yaml_item *e = endpoints ? endpoints->first : NULL; e; e = e->next) {
        const struct yaml_node *addresses = meta_at(e->value, "addresses");
        for (const struct yaml_item *p = ports ? ports->first : NULL; p; p = p->next) {
            const struct yaml_item *it = addresses ? addresses->first : NULL;
            for (; it && !code; it = it->next)
                code = it->value->kind == YAML_TEXT
                           ? add_slice_address(w, &common, it->value->text, e->value, p->value,
                                               namespace)
                           : 0;
        }
    }
    return code ? code : add_rest(w, &common);
}

/* ---- ingresses ---- */

static bool host_matches(struct str pattern, struct str host)
{
    struct str star = STR("*.");

    if (str_equal(pattern, host))
        return true;
    if (!str_starts(pattern, star))
        return false;
    const char *dot = host.len ? memchr(host.ptr, '.', host.len) : NULL;
    return dot && dot > host.ptr &&
           str_equal(str_make(pattern.ptr + 1, pattern.len - 1),
                     str_make(dot, (size_t)(host.ptr + host.len - dot)));
}

static bool is_secured(const struct yaml_node *ingress, struct str host)
{
    const struct yaml_node *tls = meta_at(ingress, "spec.tls");

    for (const struct yaml_item *t = tls ? tls->first : NULL; t; t = t->next) {
        const struct yaml_node *hosts = meta_at(t->value, "hosts");
        for (const struct yaml_item *it = hosts ? hosts->first : NULL; it; it = it->next)
            if (it->value->kind == YAML_TEXT && host_matches(it->value->text, host))
                return true;
    }
    return false;
}

static int add_ingress(struct walk *w, const struct yaml_node *ingress)
{
    const struct yaml_node *rules = meta_at(ingress, "spec.rules");
    struct meta common;
    int code = 0;

    meta_init(&common, &w->to->arena);
    set_namespace(&common, ingress);
    set_ingress(&common, ingress);
    meta_set(&common, LABEL "ingress_class_name", meta_text(ingress, "spec.ingressClassName"));
    for (const struct yaml_item *r = rules ? rules->first : NULL; r; r = r->next) {
        const struct yaml_node *paths = meta_at(r->value, "http.paths");
        const struct yaml_item *p = paths ? paths->first : NULL;
        struct str host = meta_text(r->value, "host");
        do {
            struct str path = p ? meta_text(p->value, "path") : STR("");
            struct meta m;
            meta_copy(&m, &common);
            meta_set(&m, "__address__", host);
            meta_set(&m, LABEL "ingress_scheme",
                     is_secured(ingress, host) ? STR("https") : STR("http"));
            meta_set(&m, LABEL "ingress_host", host);
            meta_set(&m, LABEL "ingress_path", path.len ? path : STR("/"));
            code = meta_add(&m, w->to);
            p = p ? p->next : NULL;
        } while (p && !code);
        if (code)
            break;
    }
    return code;
}

/* ---- all of a role ---- */

int kubernetes_roles_read(enum kubernetes_role role, bool attach,
                          const struct kubernetes_objects *o, struct group_list *ret,
                          struct error *err)
{
    static int (*const add[])(struct walk *, const struct yaml_node *) = {
        [KUBERNETES_NODE] = add_node,           [KUBERNETES_POD] = add_pod,
        [KUBERNETES_SERVICE] = add_service,     [KUBERNETES_ENDPOINTS] = add_endpoints,
        [KUBERNETES_ENDPOINTSLICE] = add_slice, [KUBERNETES_INGRESS] = add_ingress,
    };
    struct walk w = {.objects = o, .to = ret, .attach_node = attach};

    arena_init(&w.scratch, 0);
    int code = index_objects(&w, &w.pods, KUBERNETES_POD);
    if (!code)
        code = index_objects(&w, &w.services, KUBERNETES_SERVICE);
    if (!code)
        code = index_objects(&w, &w.nodes, KUBERNETES_NODE);
    for (size_t i = 0; i < o->lists[role].len && !code; i++)
        code = add[role](&w, o->lists[role].items[i]);
    map_fini(&w.pods);
    map_fini(&w.services);
    map_fini(&w.nodes);
    arena_fini(&w.scratch);
    free(w.seen);
    return code ? error_errno(err, code, "objects of Kubernetes") : 0;
}
