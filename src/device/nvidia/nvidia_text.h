/* nvidia_text.h - texts of the driver made fit to be shown: names, bus ids, and its files below
 * /proc/driver/nvidia. Any bytes may come; none do harm. */
#ifndef ALGALON_DEVICE_NVIDIA_NVIDIA_TEXT_H
#define ALGALON_DEVICE_NVIDIA_NVIDIA_TEXT_H

#include "base/base.h"

/** Copies a text that ends at its first NUL or at `from_size` into `to`: trimmed, control bytes
 * left out; "" when it is not UTF-8. */
void nvidia_text_clean(char *to, size_t size, const char *from, size_t from_size);

/** A PCI address as sysfs spells it ("0000:3b:00.0") from any spelling of the driver
 * ("00000000:3B:00.0"); false and "" when it is none. */
bool nvidia_text_bus_id(char to[24], struct str from);

/** Order of two such addresses on the bus: <0, 0, >0. A domain may have more than four digits. */
int nvidia_text_bus_order(const char *a, const char *b);

/** The version in /proc/driver/nvidia/version ("580.95.05"); false and "" when there is none. */
bool nvidia_text_version(char *to, size_t size, struct str file);

/** The value of `key` in a file of "Key: \t value" lines; empty when it has no such line. */
struct str nvidia_text_value(struct str file, const char *key);

#endif
