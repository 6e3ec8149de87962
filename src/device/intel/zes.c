/* zes.c - loads libze_loader and looks its functions up. */
#include "zes.h"

#include <dlfcn.h>

#define SONAME "libze_loader.so.1"

static const struct {
    size_t offset; /* of the member in struct zes */
    const char *name;
} symbols[] = {
#define ZES_SYMBOL(name, args) {offsetof(struct zes, name), "zes" #name},
    ZES_CALLS(ZES_SYMBOL)
#undef ZES_SYMBOL
};

int zes_open(struct zes *z, const char *path, struct error *err)
{
    *z = (struct zes){.library = dlopen(path ? path : SONAME, RTLD_NOW | RTLD_LOCAL)};
    if (!z->library)
        return error_set(err, -ENOENT, "%s is not installed", path ? path : SONAME);
    for (size_t i = 0; i < ARRAY_LEN(symbols); i++) {
        void *address = dlsym(z->library, symbols[i].name);
        /* ISO C knows no cast from data to function pointers; POSIX promises equal bits. */
        memcpy((char *)z + symbols[i].offset, &address, sizeof(address));
        if (!address) {
            zes_close(z);
            return error_set(err, -ENOSYS, "%s is too old: it has no %s", path ? path : SONAME,
                             symbols[i].name);
        }
    }
    return 0;
}

void zes_close(struct zes *z)
{
    if (z->library)
        dlclose(z->library);
    *z = (struct zes){0};
}
