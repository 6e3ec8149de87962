#include "doctor/redact_match.h"

#include <ctype.h>
#include <strings.h>

/* Names of labels, keys and fields whose value is of a kind. */
static const struct {
    const char *name;
    enum redact_kind kind;
} fields[] = {
    {"hostname", REDACT_HOST},
    {"host", REDACT_HOST},
    {"nodename", REDACT_HOST},
    {"instance", REDACT_HOST},
    {"user", REDACT_USER},
    {"job_user", REDACT_USER},
    {"username", REDACT_USER},
    {"pod", REDACT_NAME},
    {"pod_name", REDACT_NAME},
    {"namespace", REDACT_NAME},
    {"pod_namespace", REDACT_NAME},
    {"container", REDACT_NAME},
    {"container_name", REDACT_NAME},
    {"job", REDACT_NAME},
    {"slurm_job", REDACT_NAME},
    {"hpc_job", REDACT_NAME},
    {"batch_job", REDACT_NAME},
    {"holder", REDACT_NAME},
    {"vm", REDACT_NAME},
    {"vm_id", REDACT_NAME},
    {"vgpu_vm_id", REDACT_NAME},
    {"container_id", REDACT_ID},
    {"serial", REDACT_SERIAL},
    {"gpu_serial", REDACT_SERIAL},
    {"rack_serial", REDACT_SERIAL},
    {"chassis_serial", REDACT_SERIAL},
    {"serial_number", REDACT_SERIAL},
    {"command", REDACT_COMMAND},
    {"cmdline", REDACT_COMMAND},
};

static const char *const secrets[] = {"token", "password", "passwd", "secret", "key"};

static const char *const kept[] = {
    "",     "localhost", "127.0.0.1", "::1",  "0.0.0.0", "other",      "unknown",
    "none", "0",         "null",      "true", "false",   "default",    "kube-system",
    "lxc",  "docker",    "podman",    "crio", "cri-o",   "containerd", "kubernetes",
};

/* Accounts of Debian's base-passwd and systemd, Red Hat's setup, and of services with GPUs. */
static const char *const accounts[] = {
    "root",
    "daemon",
    "bin",
    "sys",
    "sync",
    "games",
    "man",
    "lp",
    "mail",
    "news",
    "uucp",
    "proxy",
    "www-data",
    "backup",
    "list",
    "irc",
    "gnats",
    "nobody",
    "_apt",
    "systemd-network",
    "systemd-resolve",
    "messagebus",
    "systemd-timesync",
    "systemd-coredump",
    "systemd-oom",
    "sshd",
    "adm",
    "shutdown",
    "halt",
    "operator",
    "ftp",
    "dbus",
    "tss",
    "polkitd",
    "avahi",
    "chrony",
    "rpc",
    "rpcuser",
    "statd",
    "ntp",
    "postfix",
    "uuidd",
    "syslog",
    "_chrony",
    "nvidia-persistenced",
    "munge",
    "slurm",
    "prometheus",
    "algalon",
    "landscape",
    "fwupd-refresh",
    "pollinate",
    "lxd",
    "usbmux",
    "tcpdump",
    "dnsmasq",
    "nfsnobody",
};

/* What a monitor's texts are made of. */
static const char *const common[] = {
    "algalon", "gpu",     "gpus",      "cpu",        "cpus",    "nvidia",   "amd",      "intel",
    "linux",   "kernel",  "memory",    "process",    "node",    "host",     "hostname", "user",
    "name",    "pod",     "namespace", "container",  "job",     "instance", "device",   "driver",
    "proc",    "root",    "home",      "etc",        "run",     "var",      "usr",      "tmp",
    "dev",     "log",     "pods",      "containers", "class",   "slice",    "scope",    "service",
    "system",  "docker",  "kubepods",  "slurm",      "lxc",     "machine",  "session",  "disk",
    "power",   "temp",    "state",     "type",       "mode",    "kind",     "the",      "and",
    "unit",    "version", "model",     "data",       "store",   "test",     "rw",       "ro",
    "ext4",    "xfs",     "nfs",       "tmpfs",      "overlay", "cgroup",   "cgroup2",  "sysfs",
    "procfs",  "train",   "python",    "python3",    "bash",    "sh",       "node",     "ok",
};

bool redact_is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static bool same(const char *a, const char *b, size_t n)
{
    return strncasecmp(a, b, n) == 0;
}

static bool is_in(const char *const *list, size_t len, struct str what)
{
    for (size_t i = 0; i < len; i++)
        if (what.len == strlen(list[i]) && same(what.ptr, list[i], what.len))
            return true;
    return false;
}

bool redact_is_kept(struct str what)
{
    return is_in(kept, ARRAY_LEN(kept), what) || redact_is_system_user(what);
}

bool redact_is_system_user(struct str name)
{
    return is_in(accounts, ARRAY_LEN(accounts), name);
}

bool redact_is_common(struct str what)
{
    return is_in(common, ARRAY_LEN(common), what);
}

static size_t run_of(struct str s, int (*is)(int))
{
    size_t n = 0;

    while (n < s.len && is((unsigned char)s.ptr[n]))
        n++;
    return n;
}

static struct str from(struct str s, size_t at)
{
    return str_make(s.ptr + at, s.len - at);
}

/* 8-4-4-4-12 hex digits with '-' or, in control groups, '_'. */
static bool match_uuid(struct str s, struct redact_hit *hit)
{
    static const unsigned char groups[] = {8, 4, 4, 4, 12};
    size_t at = 0;

    for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
        if (run_of(from(s, at), isxdigit) != groups[g])
            return false;
        at += groups[g];
        if (g + 1 == ARRAY_LEN(groups))
            break;
        if (at >= s.len || (s.ptr[at] != '-' && s.ptr[at] != '_'))
            return false;
        at++;
    }
    *hit = (struct redact_hit){REDACT_UUID, 0, at};
    return true;
}

/* 64 hex digits are a container, 32 a machine, a boot, or a static pod. */
static bool match_id(struct str s, struct redact_hit *hit)
{
    size_t n = run_of(s, isxdigit);

    if ((n != 64 && n != 32) || (n < s.len && redact_is_word(s.ptr[n])))
        return false;
    *hit = (struct redact_hit){REDACT_ID, 0, n};
    return true;
}

/* AMD's identity of a GPU: 16 hex digits. */
static bool match_amd(struct str s, struct redact_hit *hit)
{
    if (!str_starts(s, STR("GPU-")) || run_of(from(s, 4), isxdigit) != 16 ||
        (s.len > 20 && redact_is_word(s.ptr[20])))
        return false;
    *hit = (struct redact_hit){REDACT_SERIAL, 4, 16};
    return true;
}

static bool match_mac(struct str s, struct redact_hit *hit)
{
    size_t len = 17;

    if (s.len < len || (s.len > len && (isxdigit((unsigned char)s.ptr[len]) || s.ptr[len] == ':')))
        return false;
    for (size_t i = 0; i < len; i++)
        if (i % 3 == 2 ? s.ptr[i] != s.ptr[2] || (s.ptr[i] != ':' && s.ptr[i] != '-')
                       : !isxdigit((unsigned char)s.ptr[i]))
            return false;
    *hit = (struct redact_hit){REDACT_MAC, 0, len};
    return true;
}

/* Four numbers without zeros in front: versions of firmware have some. */
static bool match_ipv4(struct str s, struct redact_hit *hit)
{
    size_t at = 0;

    for (unsigned part = 0; part < 4; part++) {
        struct str rest = from(s, at);
        size_t n = run_of(rest, isdigit);
        unsigned value = 0;
        if (n == 0 || n > 3 || (n > 1 && rest.ptr[0] == '0'))
            return false;
        for (size_t i = 0; i < n; i++)
            value = value * 10 + (unsigned)(rest.ptr[i] - '0');
        at += n;
        if (value > 255 || (part < 3 && (at >= s.len || s.ptr[at++] != '.')))
            return false;
    }
    if (at < s.len && (redact_is_word(s.ptr[at]) || (s.ptr[at] == '.' && at + 1 < s.len &&
                                                     isdigit((unsigned char)s.ptr[at + 1]))))
        return false;
    if (s.ptr[0] == '0' || (at > 4 && same(s.ptr, "127.", 4)))
        return false;
    *hit = (struct redact_hit){REDACT_IP, 0, at};
    return true;
}

/* Eight groups, or fewer with one "::". */
static bool match_ipv6(struct str s, struct redact_hit *hit)
{
    size_t at = 0, groups = 0, colons = 0, gaps = 0;

    while (at < s.len && (isxdigit((unsigned char)s.ptr[at]) || s.ptr[at] == ':')) {
        size_t n = run_of(from(s, at), isxdigit);
        if (n > 4)
            return false;
        groups += n > 0;
        at += n;
        if (at >= s.len || s.ptr[at] != ':')
            break;
        if (at + 1 < s.len && s.ptr[at + 1] == ':') {
            gaps++;
            at++;
            colons++;
        }
        colons++;
        at++;
    }
    if (at < s.len && redact_is_word(s.ptr[at]))
        return false;
    if (gaps > 1 || groups < 2 || (gaps ? groups > 7 : groups != 8 || colons != 7))
        return false;
    *hit = (struct redact_hit){REDACT_IP, 0, at};
    return true;
}

/* Length of a value that may stand in quotes; *ret_skip: bytes of the opening quote. */
static size_t value_len(struct str s, bool to_end, size_t *ret_skip)
{
    size_t at = 0;

    *ret_skip = 0;
    if (s.len > 1 && s.ptr[0] == '\\' && s.ptr[1] == '"')
        *ret_skip = 2;
    else if (s.len && (s.ptr[0] == '"' || s.ptr[0] == '\''))
        *ret_skip = 1;
    if (*ret_skip) {
        char quote = s.ptr[*ret_skip - 1];
        for (at = *ret_skip; at < s.len && s.ptr[at] != quote && s.ptr[at] != '\n'; at++)
            if (*ret_skip == 1 && s.ptr[at] == '\\' && at + 1 < s.len)
                at++; /* an escaped quote is part of it */
        at = MIN(at, s.len);
        return at - *ret_skip - (*ret_skip == 2 && at > 2 && s.ptr[at - 1] == '\\');
    }
    while (at < s.len && !strchr(to_end ? "\n" : "\n\r\t \"'\\,;&}", s.ptr[at]))
        at++;
    return at;
}

static bool holds_secret(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(secrets); i++)
        for (size_t k = 0, n = strlen(secrets[i]); k + n <= name.len; k++)
            if (same(name.ptr + k, secrets[i], n))
                return true;
    return false;
}

static bool field_kind(struct str name, enum redact_kind *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        if (name.len == strlen(fields[i].name) && same(name.ptr, fields[i].name, name.len)) {
            *ret = fields[i].kind;
            return true;
        }
    return false;
}

/* Of "ns/pod" the first part, of "host:9400" what stands before the port: the rest is looked at on
 * its own. */
static size_t first_part(struct str s, size_t skip, size_t len, char end)
{
    const char *at = memchr(s.ptr + skip, end, len);

    return at && at > s.ptr + skip ? (size_t)(at - s.ptr) - skip : len;
}

static bool is_numbers(struct str s)
{
    size_t n = 0;

    while (n < s.len && (isdigit((unsigned char)s.ptr[n]) || s.ptr[n] == ':'))
        n++;
    return n == s.len;
}

static bool is_unit(struct str s)
{
    return str_ends(s, STR(".service")) || str_ends(s, STR(".scope")) || str_ends(s, STR(".slice"));
}

/* name=value, name="value", "name":"value", and name : value of /proc. */
static bool match_field(struct str s, struct redact_hit *hit)
{
    enum redact_kind kind = REDACT_SECRET;
    size_t name = 0, skip;

    while (name < s.len &&
           (redact_is_word(s.ptr[name]) || s.ptr[name] == '-' || s.ptr[name] == '.'))
        name++;
    bool known = name && field_kind(str_make(s.ptr, name), &kind);
    if (!name || (!known && !holds_secret(str_make(s.ptr, name))))
        return false;
    size_t at = name;
    if (at < s.len && (s.ptr[at] == '"' || s.ptr[at] == '\''))
        at++;
    while (at < s.len && (s.ptr[at] == ' ' || s.ptr[at] == '\t'))
        at++;
    if (at >= s.len || (s.ptr[at] != '=' && s.ptr[at] != ':'))
        return false;
    bool colon = s.ptr[at++] == ':';
    while (at < s.len && (s.ptr[at] == ' ' || s.ptr[at] == '\t'))
        at++;
    struct str value = from(s, at);
    size_t len = value_len(value, kind == REDACT_COMMAND, &skip);
    /* Without quotes a colon names serial numbers alone: "host: 3 GPUs" is a sentence. */
    if (!len || (colon && !skip && kind != REDACT_SERIAL))
        return false;
    if (kind == REDACT_HOST)
        len = first_part(value, skip, len, ':');
    if (kind == REDACT_NAME)
        len = first_part(value, skip, len, '/');
    struct str is = str_make(value.ptr + skip, len);
    /* "0:0" is a user in a line of Compose; units are programs. */
    if (redact_is_kept(is) || (kind == REDACT_USER && is_numbers(is)) ||
        (kind == REDACT_NAME && is_unit(is)))
        return false;
    *hit = (struct redact_hit){kind, at + skip, len};
    return true;
}

/* Of a name as hosts, users and pods have it. */
static size_t name_len(struct str s)
{
    size_t n = 0;

    while (n < s.len && (redact_is_word(s.ptr[n]) || s.ptr[n] == '-' || s.ptr[n] == '.'))
        n++;
    return n;
}

static bool hit_name(enum redact_kind kind, struct str s, size_t before, size_t len,
                     struct redact_hit *hit)
{
    *hit = (struct redact_hit){kind, before, len};
    return len && !redact_is_kept(str_make(s.ptr + before, len));
}

/* What stands behind a mark: "/home/ada", "(ada@build7)", "https://ada@build7:1/". */
static bool match_behind(struct str s, char left, struct redact_hit *hit)
{
    if (str_starts(s, STR("/home/")))
        return hit_name(REDACT_USER, s, 6, name_len(from(s, 6)), hit);
    if (str_starts(s, STR("://"))) {
        size_t n = 0;
        while (3 + n < s.len && !strchr("/?#:[] \t\r\n\"'\\,", s.ptr[3 + n]))
            n++;
        return hit_name(REDACT_HOST, s, 3, n, hit);
    }
    if (s.ptr[0] == '(') {
        size_t n = name_len(from(s, 1));
        return n + 1 < s.len && s.ptr[n + 1] == '@' && hit_name(REDACT_USER, s, 1, n, hit);
    }
    if (s.ptr[0] == '@' && redact_is_word(left)) {
        size_t n = name_len(from(s, 1));
        return n + 1 < s.len && s.ptr[n + 1] == ')' && hit_name(REDACT_HOST, s, 1, n, hit);
    }
    return false;
}

/* "nas7:/export" and "//nas7/share" of mounts; "job_77" of control groups. */
static bool match_place(struct str s, char left, struct redact_hit *hit)
{
    size_t n = name_len(s);

    if (n > 4 && same(s.ptr, "job_", 4) && run_of(from(s, 4), isdigit) == n - 4)
        return hit_name(REDACT_NAME, s, 4, n - 4, hit);
    if (n && n + 1 < s.len && s.ptr[n] == ':' && s.ptr[n + 1] == '/' &&
        !(n + 2 < s.len && s.ptr[n + 2] == '/') && left == ' ')
        return hit_name(REDACT_HOST, s, 0, n, hit);
    if (left == ' ' && str_starts(s, STR("//")))
        return hit_name(REDACT_HOST, s, 2, name_len(from(s, 2)), hit);
    return false;
}

bool redact_match(struct str text, size_t at, struct redact_hit *ret)
{
    struct str s = from(text, at);
    char left = at ? text.ptr[at - 1] : ' ';
    bool pod = at >= 3 && same(s.ptr - 3, "pod", 3); /* the mark before its UID in control groups */

    if (match_behind(s, left, ret))
        return true;
    if (redact_is_word(left) && left != '_' && !pod)
        return false;
    if (isxdigit((unsigned char)s.ptr[0]) && (match_uuid(s, ret) || match_id(s, ret)))
        return true;
    if (redact_is_word(left))
        return false;
    if (left != '.' && left != ':' && (match_mac(s, ret) || match_ipv4(s, ret)))
        return true;
    if (left != ':' && match_ipv6(s, ret))
        return true;
    return match_place(s, left, ret) || match_amd(s, ret) ||
           (left != '-' && left != '.' && match_field(s, ret));
}
