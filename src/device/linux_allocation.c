/* linux_allocation.c - asks the kubelet which devices it gave to which containers, where its
 * pod-resources socket can be reached: a second opinion beside what processes tell, and the only
 * one about a pod without any process. On its own thread and period: a kubelet that does not answer
 * holds up nothing else. */
#include "device/linux.h"

#include "device/linux_file.h"
#include "device/linux_grpc.h"
#include "device/linux_podres.h"

#include <sys/stat.h>
#include <unistd.h>

#define METHOD      "/v1.PodResourcesLister/List"
#define INTERVAL_MS 15000 /* the kubelet refuses more than ten questions a second */
#define ANSWER_MS   4000  /* what it may take */
#define ANSWER_MAX                                                                                 \
    ((size_t)16 << 20) /* bytes: answers of large nodes are past gRPC's usual 4 MiB */

struct state {
    char socket[LINUX_PATH_MAX];
    struct linux_grpc *grpc;
    struct buf answer;
};

static bool find_socket(const struct host_paths *paths, char to[LINUX_PATH_MAX])
{
    if (paths->kubelet_socket) {
        int n = snprintf(to, LINUX_PATH_MAX, "%s", paths->kubelet_socket);
        return n > 0 && n < LINUX_PATH_MAX;
    }
    return linux_file_path(to, paths->rootfs, "var/lib/kubelet/pod-resources/kubelet.sock");
}

static bool is_socket(const char *path)
{
    struct stat st;
    return !stat(path, &st) && S_ISSOCK(st.st_mode);
}

/* One that we may not use counts as none: an unprivileged worker beside a kubelet is healthy. */
static bool allocation_detect(const struct host_paths *paths)
{
    char path[LINUX_PATH_MAX];

    return find_socket(paths, path) && is_socket(path) && !access(path, W_OK);
}

static void allocation_close(void *state)
{
    struct state *s = state;

    if (!s)
        return;
    linux_grpc_close(s->grpc);
    buf_fini(&s->answer);
    free(s);
}

static int allocation_open(const struct host_paths *paths, void **ret, struct error *err)
{
    struct state *s = xnew(struct state);

    buf_init(&s->answer, ANSWER_MAX + 65536);
    if (!find_socket(paths, s->socket))
        s->socket[0] = '\0';
    int code = linux_grpc_open(&s->grpc, err);
    if (code) {
        allocation_close(s);
        return code;
    }
    *ret = s;
    return 0;
}

static int allocation_read(void *state, struct reading *out, struct error *err)
{
    struct state *s = state;

    if (!out->mono_ns)
        out->mono_ns = clock_mono_ns();
    buf_reset(&s->answer);
    int code = linux_grpc_call(s->grpc, s->socket, METHOD, STR(""), ANSWER_MAX, ANSWER_MS,
                               &s->answer, err);
    if (!code)
        code = linux_podres_read(buf_str(&s->answer), out->arena, &out->allocations,
                                 &out->allocation_len, err);
    out->allocations_known = !code;
    buf_rest(&s->answer);
    return code ? error_in(err, "pod-resources") : 0;
}

static void allocation_diagnose(const struct host_paths *paths, struct arena *a,
                                struct finding **ret, size_t *ret_len)
{
    struct reading reading;
    struct error error;
    char path[LINUX_PATH_MAX] = "";
    void *state;

    if (find_socket(paths, path) && is_socket(path) && access(path, W_OK)) {
        finding_add(a, ret, ret_len, FINDING_NOTE, "allocation",
                    "Run it as root, or as a user who may connect to the socket, to know what pods "
                    "were given before they use it.",
                    "this user may not ask the kubelet: %s", path);
        return;
    }
    if (!is_socket(path)) {
        if (paths->kubelet_socket)
            finding_add(a, ret, ret_len, FINDING_WARNING, "allocation",
                        "Mount the kubelet's pod-resources folder, or correct --kubelet-socket.",
                        "%s is no socket", paths->kubelet_socket);
        return; /* no Kubernetes here, or it is not mounted: processes tell */
    }
    reading_init(&reading, a);
    int code = allocation_open(paths, &state, &error);
    if (!code) {
        code = allocation_read(state, &reading, &error);
        allocation_close(state);
    }
    if (code)
        finding_add(a, ret, ret_len, FINDING_WARNING, "allocation",
                    "What pods were given is known by their processes alone until then.", "%s",
                    error.text);
    else
        finding_add(a, ret, ret_len, FINDING_OK, "allocation", "",
                    "the kubelet says which of %zu devices it gave to whom (%s)",
                    reading.allocation_len, path);
}

const struct collector linux_allocation_collector = {
    .name = "allocation",
    .detect = allocation_detect,
    .open = allocation_open,
    .read = allocation_read,
    .close = allocation_close,
    .diagnose = allocation_diagnose,
    .interval_ms = INTERVAL_MS,
};
