/* nvml.c - loads libnvidia-ml and looks its symbols up. */
#include "device/nvidia/nvml.h"

#include "device/nvidia/nvidia_text.h"

#include <dlfcn.h>

#define SONAME "libnvidia-ml.so.1"

/* Where it lies when the loader does not find it: the loader's cache may be out of date in a
 * container, and some systems keep drivers apart. */
static const struct {
    const char *folder;
    bool wsl;
} places[] = {
    {"/usr/lib/x86_64-linux-gnu", false},
    {"/usr/lib/aarch64-linux-gnu", false},
    {"/usr/lib64", false},
    {"/usr/lib/wsl/lib", true},                             /* the Windows subsystem */
    {"/run/nvidia/driver/usr/lib/x86_64-linux-gnu", false}, /* NVIDIA's GPU operator */
    {"/run/nvidia/driver/usr/lib/aarch64-linux-gnu", false},
    {"/run/nvidia/driver/usr/lib64", false},
    {"/usr/local/nvidia/lib64", false},           /* GKE, in a container */
    {"/home/kubernetes/bin/nvidia/lib64", false}, /* and on its host */
    {"/run/opengl-driver/lib", false},            /* NixOS */
    {"/usr/lib/aarch64-linux-gnu/nvidia", false}, /* Jetson, since JetPack 6 */
    {"/usr/lib/aarch64-linux-gnu/tegra", false},  /* and before */
};

struct symbol {
    size_t offset; /* of the member in struct nvml */
    const char *names[2];
};

#define SYMBOL(name, args, newest, older) {offsetof(struct nvml, name), {newest, older}},
static const struct symbol symbols[] = {NVML_CALLS(SYMBOL)};
#undef SYMBOL

static void look_up(struct nvml *n)
{
    for (size_t i = 0; i < ARRAY_LEN(symbols); i++) {
        void *address = NULL;
        for (size_t k = 0; k < ARRAY_LEN(symbols[i].names) && !address; k++)
            if (symbols[i].names[k])
                address = dlsym(n->library, symbols[i].names[k]);
        /* ISO C knows no cast from data to function pointers; POSIX promises equal bits. */
        memcpy((char *)n + symbols[i].offset, &address, sizeof(address));
    }
}

static void load(struct nvml *n, const char *path, const char *rootfs, char *why, size_t size)
{
    char full[512];

    n->library = dlopen(path ? path : SONAME, RTLD_NOW | RTLD_LOCAL);
    if (n->library)
        return;
    const char *text = dlerror(); /* its first complaint is the one that helps */
    snprintf(why, size, "%s", text ? text : "cannot be loaded");
    if (path)
        return;
    for (size_t i = 0; i < ARRAY_LEN(places) && !n->library; i++) {
        snprintf(full, sizeof(full), "%s%s/%s", strcmp(rootfs, "/") == 0 ? "" : rootfs,
                 places[i].folder, SONAME);
        n->library = dlopen(full, RTLD_NOW | RTLD_LOCAL);
        n->wsl = n->library && places[i].wsl;
    }
}

int nvml_open(struct nvml *n, const char *path, const char *rootfs, struct error *err)
{
    char why[160] = "";

    *n = (struct nvml){0};
    load(n, path, rootfs, why, sizeof(why));
    if (!n->library)
        return error_set(err, -ENOENT, "%s", why);
    look_up(n);
    if (!n->init || !n->shutdown || !n->count || !n->by_index) {
        nvml_close(n);
        return error_set(err, -ENOSYS, "%s is no NVML, or older than 2013", path ? path : SONAME);
    }
    return 0;
}

void nvml_close(struct nvml *n)
{
    if (n->initialised && n->shutdown)
        n->shutdown();
    if (n->library)
        dlclose(n->library);
    *n = (struct nvml){0};
}

void nvml_abandon(struct nvml *n)
{
    *n = (struct nvml){0};
}

int nvml_initialise(struct nvml *n, unsigned flags)
{
    int code = NVML_SUCCESS;

    if (n->initialised)
        return code;
    code = flags && n->init_flags ? n->init_flags(flags) : n->init();
    n->initialised = code == NVML_SUCCESS;
    return code;
}

void nvml_version(const struct nvml *n, char *to, size_t size)
{
    char text[80] = "";

    to[0] = '\0';
    if (!n->library_version || n->library_version(text, sizeof(text) - 1) != NVML_SUCCESS)
        return;
    const char *dot = strchr(text, '.');
    bool prefixed = dot && strchr(dot + 1, '.');
    nvidia_text_clean(to, size, prefixed ? dot + 1 : text, strlen(prefixed ? dot + 1 : text));
}

const char *nvml_code_text(int code)
{
    static const struct {
        int code;
        const char *text;
    } texts[] = {
        {NVML_SUCCESS, "success"},
        {NVML_UNINITIALIZED, "not initialised"},
        {NVML_INVALID_ARGUMENT, "invalid argument"},
        {NVML_NOT_SUPPORTED, "not supported"},
        {NVML_NO_PERMISSION, "no permission"},
        {NVML_NOT_FOUND, "not found"},
        {NVML_INSUFFICIENT_SIZE, "insufficient size"},
        {NVML_DRIVER_NOT_LOADED, "driver not loaded"},
        {NVML_TIMEOUT, "timeout"},
        {NVML_LIBRARY_NOT_FOUND, "a library of the driver was not found"},
        {NVML_FUNCTION_NOT_FOUND, "unknown to this driver"},
        {NVML_GPU_IS_LOST, "GPU is lost"},
        {NVML_RESET_REQUIRED, "GPU needs a reset"},
        {NVML_OPERATING_SYSTEM, "refused by the operating system (device cgroup)"},
        {NVML_VERSION_MISMATCH, "library and kernel module are of different versions"},
        {NVML_IN_USE, "in use"},
        {NVML_MEMORY, "out of memory"},
        {NVML_NO_DATA, "no data"},
        {NVML_GPU_NOT_FOUND, "GPU not found"},
        {NVML_UNKNOWN, "unknown error"},
    };

    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (texts[i].code == code)
            return texts[i].text;
    return "an error without a name";
}

bool nvml_code_is_stale(int code)
{
    return code == NVML_UNINITIALIZED || code == NVML_DRIVER_NOT_LOADED ||
           code == NVML_VERSION_MISMATCH;
}

bool nvml_code_is_lost(int code)
{
    return code == NVML_GPU_IS_LOST || code == NVML_RESET_REQUIRED || code == NVML_GPU_NOT_FOUND;
}

bool nvml_code_is_refusal(int code)
{
    return code == NVML_NO_PERMISSION || code == NVML_OPERATING_SYSTEM;
}

bool nvml_code_is_permanent(int code)
{
    return code == NVML_NOT_SUPPORTED || code == NVML_FUNCTION_NOT_FOUND ||
           code == NVML_DEPRECATED || code == NVML_ARGUMENT_VERSION_MISMATCH ||
           code == NVML_NO_PERMISSION;
}
