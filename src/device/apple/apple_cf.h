/* apple_cf.h - objects of CoreFoundation and entries of the IORegistry, with a look at what an
 * object is before it is used: a property may be anything in the next release of macOS. */
#ifndef ALGALON_DEVICE_APPLE_APPLE_CF_H
#define ALGALON_DEVICE_APPLE_APPLE_CF_H

#include "apple_calls.h"

/** Lets go of an object that is the caller's; NULL is fine. */
void apple_release(const struct apple_calls *c, apple_ref ref);

/** A string of the caller's, to apple_release(); NULL without memory. */
apple_ref apple_string(const struct apple_calls *c, const char *text);

/** The text of a string, or of bytes that a zero may end; false, and "", when `ref` is neither or
 * does not fit. */
bool apple_text(const struct apple_calls *c, apple_ref ref, char *to, size_t size);

/** The value of a number; false when `ref` is none. */
bool apple_number(const struct apple_calls *c, apple_ref ref, int64_t *ret);

/** The bytes of data, borrowed from `ref`; empty when it is none. */
struct str apple_bytes(const struct apple_calls *c, apple_ref ref);

/** What a dictionary has under `key`, borrowed; NULL: nothing, or `dictionary` is none. */
apple_ref apple_member(const struct apple_calls *c, apple_ref dictionary, const char *key);

/** The length of an array, 0 when `ref` is none; its elements are CFArrayGetValueAtIndex()'s. */
size_t apple_len(const struct apple_calls *c, apple_ref ref);

/** True of a dictionary. */
bool apple_is_dictionary(const struct apple_calls *c, apple_ref ref);

/** An iterator over the services of a class, to IOObjectRelease(); 0: there is none. */
apple_port apple_services(const struct apple_calls *c, const char *class);

/** The first of them, to IOObjectRelease(); 0: there is none. */
apple_port apple_service(const struct apple_calls *c, const char *class);

/** A property of an entry, to apple_release(); NULL: it has none of that name. */
apple_ref apple_property(const struct apple_calls *c, apple_port entry, const char *key);

/** Properties that are text and number. */
bool apple_property_text(const struct apple_calls *c, apple_port entry, const char *key, char *to,
                         size_t size);
bool apple_property_number(const struct apple_calls *c, apple_port entry, const char *key,
                           int64_t *ret);

#endif
