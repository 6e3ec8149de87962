/* compose.c - the Compose file that a machine needs beside compose.worker.yml: written, for people
 * to read and use. */
#include "doctor/doctor.h"

#include "device/device.h"

#define COLUMNS 100 /* of a comment */
#define CAPS    16

static const char head[] =
    "# What a container with the worker needs on this machine beside compose.worker.yml, as\n"
    "# `algalon doctor --compose` found it. In deploy/:\n"
    "#   algalon doctor --compose > compose.machine.yml\n"
    "#   docker compose --env-file versions.env --env-file .env -f compose.worker.yml "
    "-f compose.machine.yml up -d\n"
    "# Write it anew when hardware or drivers change: a device that is not there keeps the "
    "container "
    "from\n"
    "# starting.\n#\n";

/* How NVIDIA's devices come in. */
static const char *const nvidia_words[] = {
    [CONTAINER_NVIDIA_NONE] = "",
    [CONTAINER_NVIDIA_CDI] = "by the CDI specification that is there (Docker 25 or later, Podman)",
    [CONTAINER_NVIDIA_RUNTIME] = "by the runtime that Docker's configuration names",
    [CONTAINER_NVIDIA_TOOLKIT] = "by a reservation, which the container toolkit serves",
    [CONTAINER_NVIDIA_NO_WAY] =
        ("there is no way into a container yet: install NVIDIA's container toolkit, then run "
         "`nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml` and this again"),
};

/* `who: text` as comments, broken at blanks. */
static void comment(struct buf *to, const char *who, const char *text)
{
    size_t at = 2 + strlen(who) + 1;

    buf_printf(to, "# %s:", who);
    for (struct str rest = str_of(text); rest.ptr;) {
        struct str word = str_cut(&rest, ' ');
        bool fits = at + 1 + word.len <= COLUMNS;
        buf_text(to, fits ? " " : "\n#   ");
        buf_str_add(to, word);
        at = (fits ? at + 1 : 4) + word.len;
    }
    buf_char(to, '\n');
}

static void print_platform(struct buf *to, const struct container_need *need)
{
    comment(to, need->platform, need->why);
    if (need->root && !need->node_len)
        buf_text(to, "#   No such node is there: its driver is not loaded, or this is a container "
                     "without the\n#   host's /dev below --path.rootfs.\n");
}

/* What all platforms together want. */
struct sum {
    struct str caps[CAPS];
    size_t cap_len, nodes;
    bool root;
};

static void add_caps(struct sum *sum, const char *caps)
{
    for (struct str rest = str_of(caps); rest.len;) {
        struct str cap = str_trim(str_cut(&rest, ','));
        size_t i = 0;
        while (i < sum->cap_len && !str_equal(sum->caps[i], cap))
            i++;
        if (i == sum->cap_len && i < CAPS)
            sum->caps[sum->cap_len++] = cap;
    }
}

static struct sum sum_of(const struct container_needs *needs)
{
    struct sum sum = {.nodes = needs->nvidia == CONTAINER_NVIDIA_CDI};

    for (size_t i = 0; i < needs->len; i++) {
        const struct container_need *n = &needs->items[i];
        sum.root |= n->root && (n->node_len || *n->caps);
        sum.nodes += n->node_len;
        add_caps(&sum, n->caps);
    }
    return sum;
}

static void print_rights_of_user(struct buf *to, const struct container_needs *needs,
                                 const struct sum *sum)
{
    if (sum->root)
        buf_text(to, "    # Root with no other capability: what is asked is the owner's to ask.\n"
                     "    user: \"0:0\"\n");
    for (size_t i = 0; i < sum->cap_len; i++)
        buf_printf(to, "%s%.*s%s", i ? ", " : "    cap_add: [", STR_ARG(sum->caps[i]),
                   i + 1 == sum->cap_len ? "]\n" : "");
    if (sum->cap_len && needs->apparmor)
        buf_text(to, "    # AppArmor's usual profile keeps processes of others from being looked "
                     "at.\n"
                     "    security_opt: [\"no-new-privileges:true\", \"apparmor:unconfined\"]\n");
}

static void print_nvidia(struct buf *to, enum container_nvidia way)
{
    if (way == CONTAINER_NVIDIA_NONE || way == CONTAINER_NVIDIA_NO_WAY)
        return;
    buf_text(to, "    environment:\n"
                 "      # `systemctl daemon-reload` can take a container's devices away.\n"
                 "      ALGALON_EXIT_WHEN_WITHDRAWN: \"true\"\n");
    if (way == CONTAINER_NVIDIA_RUNTIME)
        buf_text(to, "      NVIDIA_VISIBLE_DEVICES: all\n"
                     "      NVIDIA_DRIVER_CAPABILITIES: utility\n"
                     "    runtime: nvidia\n");
    if (way == CONTAINER_NVIDIA_TOOLKIT)
        buf_text(to, "    deploy:\n"
                     "      resources:\n"
                     "        reservations:\n"
                     "          devices:\n"
                     "            - {driver: nvidia, count: all, capabilities: [gpu, utility]}\n");
}

static void print_devices(struct buf *to, const struct container_needs *needs)
{
    buf_text(to, "    devices:\n");
    if (needs->nvidia == CONTAINER_NVIDIA_CDI)
        buf_text(to, "      - \"nvidia.com/gpu=all\"\n");
    for (size_t i = 0; i < needs->len; i++)
        for (size_t k = 0; k < needs->items[i].node_len; k++)
            buf_printf(to, "      - \"%s:%s\"\n", needs->items[i].nodes[k],
                       needs->items[i].nodes[k]);
}

/* compose.worker.yml grants these, and what is above those of devices. */
static bool is_granted(const struct right *r)
{
    static const char *const granted[] = {"pid: ", "cgroup: ", "volumes: ", "deploy: "};

    for (size_t i = 0; i < ARRAY_LEN(granted); i++)
        if (str_starts(str_of(r->compose), str_of(granted[i])))
            return true;
    return false;
}

/* Of what is here: rights that are nobody's need, and some people's wish. */
static void print_wishes(struct buf *to, const struct host_paths *paths, struct arena *a)
{
    struct right *rights = NULL;
    size_t len = 0, printed = 0;
    struct buf who;

    buf_init(&who, 0);
    rights_list(paths, a, &rights, &len);
    for (size_t i = 0; i < len; i++) {
        if (rights[i].state == RIGHT_MOOT || is_granted(&rights[i]))
            continue;
        if (!printed++)
            buf_text(to, "# More rights for more values: the right that opens them, and what goes "
                         "below `worker:`.\n");
        buf_reset(&who);
        buf_printf(&who, "%s (%s)", rights[i].values, rights[i].need);
        buf_char(&who, '\0');
        comment(to, who.failed ? rights[i].values : who.ptr, rights[i].compose);
    }
    buf_fini(&who);
}

int doctor_compose(const struct worker_options *options, struct buf *to, struct error *err)
{
    struct container_needs needs;
    struct arena arena;

    arena_init(&arena, 0);
    int code = container_look(&options->paths, &arena, &needs, err);
    if (!code) {
        struct sum sum = sum_of(&needs);
        buf_text(to, head);
        if (needs.nvidia != CONTAINER_NVIDIA_NONE)
            comment(to, "nvidia", nvidia_words[needs.nvidia]);
        for (size_t i = 0; i < needs.len; i++)
            print_platform(to, &needs.items[i]);
        bool something = sum.root || sum.cap_len || sum.nodes ||
                         needs.nvidia == CONTAINER_NVIDIA_RUNTIME ||
                         needs.nvidia == CONTAINER_NVIDIA_TOOLKIT;
        if (!something)
            buf_text(to, "# Nothing: compose.worker.yml has all that can be given.\n");
        buf_text(to, something ? "services:\n  worker:\n" : "services:\n  worker: {}\n");
        print_rights_of_user(to, &needs, &sum);
        print_nvidia(to, needs.nvidia);
        if (sum.nodes)
            print_devices(to, &needs);
        print_wishes(to, &options->paths, &arena);
    }
    arena_fini(&arena);
    return code;
}
