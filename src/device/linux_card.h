/* linux_card.h - what the kernel's classes drm and accel list: which driver has each card, where it
 * is, whether it sleeps. The classes are shared by all vendors: the driver tells, not the number.
 */
#ifndef ALGALON_DEVICE_LINUX_CARD_H
#define ALGALON_DEVICE_LINUX_CARD_H

#include "device/device.h"
#include "device/linux_drm.h"

#define LINUX_CARDS     64
#define LINUX_CARD_PATH 64

struct linux_card {
    char folder[LINUX_CARD_PATH]; /* below sysfs: "class/drm/card0", "class/accel/accel0" */
    char driver[24];
    char bus_id[24]; /* 0000:03:00.0; "" off the PCI bus */
    char place[64];  /* what tells it from others: the address, or the name in the device tree */
    char compatible[48]; /* of the device tree: "brcm,2712-v3d"; "" */
    unsigned number;     /* N of card<N>, which may have holes */
    unsigned vendor, device, revision;
    bool virtual_function; /* of SR-IOV, seen from the host */
    char nodes[2][16];     /* of /dev, where no class numbers them: "accel0", "vfio/12"; "" */
    bool render;           /* it has a node for programs that draw or compute without a display */
};

/** Lists the cards of a class ("drm", "accel", "tenstorrent", "habanalabs") that `wanted` (of a
 * card that is filled in) says yes to, in order of their places; at most LINUX_CARDS. */
size_t linux_card_list(const char *sysfs, const char *class,
                       bool (*wanted)(const struct linux_card *card), struct linux_card *to);

/** Looks again: cards of `now` that came stand behind those that were there, so that no number
 * changes; one that went keeps its place, and gets it back when it comes again, under whatever
 * number of the kernel. Returns the new length. */
size_t linux_card_join(struct linux_card *cards, size_t len, const struct linux_card *now,
                       size_t n);

/** Whether it is there and awake. Reads nothing that wakes it. */
enum accelerator_state linux_card_state(const char *sysfs, const struct linux_card *c);

/** Adds its device nodes to `to`, as uses of device `index`. Returns the new length. */
size_t linux_card_nodes(const char *sysfs, const struct linux_card *c, unsigned index,
                        struct linux_drm_node *to, size_t len);

/** N of its first hwmon<N> that is called `name` (NULL: any); UINT_MAX when there is none. */
unsigned linux_card_hwmon(const char *sysfs, const struct linux_card *c, const char *name);

/** N of "`prefix`N"; UINT_MAX for other names. */
unsigned linux_card_number(const char *name, const char *prefix);

/** The value of KEY=value lines, as files called uevent have them; "" where it is not. */
struct str linux_card_uevent(struct str text, const char *key);

/** "16.0 GT/s PCIe" -> 4; NAN for what is no speed of PCI Express. */
double linux_card_generation(const char *text);

/**
 * The address of the port that has the slot: the card's own, or where `on_board` vendors put a
 * switch on the board, the switch's upper port. False when the bus does not tell.
 */
bool linux_card_slot(const char *sysfs, const struct linux_card *c, unsigned on_board, char to[24]);

/** Writes the link of a port below bus/pci/devices into `a`. */
void linux_card_link(const char *sysfs, const char *bus_id, struct accelerator *a);

/** The name that the list of PCI numbers below rootfs has, "DG2 [Arc A770]" as "Arc A770"; false
 * without one. */
bool linux_card_name(const char *rootfs, unsigned vendor, unsigned device, char *to, size_t size);

/** One line of that list: `*ret_level` 0 for a vendor, 1 for a device, 2 for what is below. */
bool linux_card_name_line(struct str line, unsigned *ret_level, unsigned *ret_number,
                          struct str *ret_name);

#endif
