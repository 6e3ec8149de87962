/* jetson_text.h - the texts of a Jetson board: which board and release it is, its power mode, who
 * holds memory of its GPU. None of them is trusted. */
#ifndef ALGALON_DEVICE_JETSON_JETSON_TEXT_H
#define ALGALON_DEVICE_JETSON_JETSON_TEXT_H

#include "device/device.h"

/** "36.4.3" from the first line of /etc/nv_tegra_release; false when it says something else. */
bool jetson_text_release(struct str text, char *to, size_t size);

/** The JetPack that a release belongs to ("6.2" for "36.4.3"); "" when it is not in the table. */
const char *jetson_text_jetpack(const char *l4t);

/** "tegra234" from the list of /proc/device-tree/compatible, whose entries end in NUL; false when
 * no NVIDIA SoC stands in it. */
bool jetson_text_soc(struct str text, char *to, size_t size);

/** The number in "pmode:0002"; false when there is none. */
bool jetson_text_mode(struct str text, uint64_t *ret);

/** The name of power mode `id` in /etc/nvpmodel.conf ("< POWER_MODEL ID=0 NAME=MAXN >"); false when
 * it has none. */
bool jetson_text_mode_name(struct str text, uint64_t id, char *to, size_t size);

/** CUDA's version in version.json: the "version" of its "cuda"; false when that is not there. */
bool jetson_text_cuda(struct str text, char *to, size_t size);

/** A line of nvmap's lists, "user  python3  4321  812340K": who holds how many bytes. False for
 * headings, sums, mappings, and memory of the kernel's own. */
bool jetson_text_client(struct str line, int *ret_pid, uint64_t *ret_bytes);

/** A frequency in Hz, or NAN: the highest of a list as in available_frequencies. */
double jetson_text_highest_mhz(struct str text);

#endif
