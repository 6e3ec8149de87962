/* intel_name.c - a list of our own: the kernel has numbers and no names. Numbers after the kernel's
 * include/drm/intel/pciids.h, names after Intel's product pages and the list of PCI numbers. */
#include "intel_name.h"

#include "device/linux_card.h"

static const struct {
    unsigned device;
    const char *name, *architecture;
} gpus[] = {
    {0x56a0, "Intel Arc A770 Graphics", "Xe-HPG"},
    {0x56a1, "Intel Arc A750 Graphics", "Xe-HPG"},
    {0x56a2, "Intel Arc A580 Graphics", "Xe-HPG"},
    {0x56a5, "Intel Arc A380 Graphics", "Xe-HPG"},
    {0x56a6, "Intel Arc A310 Graphics", "Xe-HPG"},
    {0x5690, "Intel Arc A770M Graphics", "Xe-HPG"},
    {0x5691, "Intel Arc A730M Graphics", "Xe-HPG"},
    {0x5692, "Intel Arc A550M Graphics", "Xe-HPG"},
    {0x5693, "Intel Arc A370M Graphics", "Xe-HPG"},
    {0x5694, "Intel Arc A350M Graphics", "Xe-HPG"},
    {0x56c0, "Intel Data Center GPU Flex 170", "Xe-HPG"},
    {0x56c1, "Intel Data Center GPU Flex 140", "Xe-HPG"},
    {0xe20b, "Intel Arc B580 Graphics", "Xe2-HPG"},
    {0xe20c, "Intel Arc B570 Graphics", "Xe2-HPG"},
    {0xe211, "Intel Arc Pro B60 Graphics", "Xe2-HPG"},
    {0xe212, "Intel Arc Pro B50 Graphics", "Xe2-HPG"},
    {0x0bd5, "Intel Data Center GPU Max 1550", "Xe-HPC"},
    {0x0bda, "Intel Data Center GPU Max 1100", "Xe-HPC"},
    {0x4905, "Intel Iris Xe MAX Graphics", "Xe-LP"},
    {0x4907, "Intel Server GPU SG-18M", "Xe-LP"},
    {0x9a49, "Intel Iris Xe Graphics", "Xe-LP"},
    {0x9a40, "Intel Iris Xe Graphics", "Xe-LP"},
    {0x46a6, "Intel Iris Xe Graphics", "Xe-LP"},
    {0x46a8, "Intel Iris Xe Graphics", "Xe-LP"},
    {0xa7a0, "Intel Iris Xe Graphics", "Xe-LP"},
    {0xa7a1, "Intel Iris Xe Graphics", "Xe-LP"},
    {0x4680, "Intel UHD Graphics 770", "Xe-LP"},
    {0x4690, "Intel UHD Graphics 770", "Xe-LP"},
    {0x4692, "Intel UHD Graphics 730", "Xe-LP"},
    {0xa780, "Intel UHD Graphics 770", "Xe-LP"},
    {0x46d1, "Intel UHD Graphics", "Xe-LP"},
    {0x4c8a, "Intel UHD Graphics 750", "Xe-LP"},
    {0x7d55, "Intel Arc Graphics", "Xe-LPG"},
    {0x7d45, "Intel Graphics", "Xe-LPG"},
    {0x7d67, "Intel Graphics", "Xe-LPG"},
    {0x7d51, "Intel Arc 140T GPU", "Xe-LPG"},
    {0x64a0, "Intel Arc 140V GPU", "Xe2-LPG"},
    {0x3e92, "Intel UHD Graphics 630", "Gen9"},
    {0x3e9b, "Intel UHD Graphics 630", "Gen9"},
    {0x9bc5, "Intel UHD Graphics 630", "Gen9"},
    {0x5912, "Intel HD Graphics 630", "Gen9"},
    {0x5917, "Intel UHD Graphics 620", "Gen9"},
    {0x1912, "Intel HD Graphics 530", "Gen9"},
    {0x1916, "Intel HD Graphics 520", "Gen9"},
    {0x8a52, "Intel Iris Plus Graphics", "Gen11"},
};

void intel_name(const struct host_paths *paths, unsigned device, char *to, size_t size,
                char *architecture, size_t architecture_size)
{
    char name[96];

    architecture[0] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(gpus); i++)
        if (gpus[i].device == device) {
            str_copy(to, size, str_of(gpus[i].name));
            str_copy(architecture, architecture_size, str_of(gpus[i].architecture));
            return;
        }
    if (linux_card_name(paths->rootfs, 0x8086, device, name, sizeof(name)))
        snprintf(to, size, "Intel %s", name);
    else
        snprintf(to, size, "Intel GPU 8086:%04x", device);
}
