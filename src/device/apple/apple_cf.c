/* apple_cf.c - objects of CoreFoundation, entries of the IORegistry. */
#include "apple_cf.h"

void apple_release(const struct apple_calls *c, apple_ref ref)
{
    if (ref)
        c->CFRelease(ref);
}

apple_ref apple_string(const struct apple_calls *c, const char *text)
{
    return c->CFStringCreateWithCString(NULL, text, APPLE_UTF8);
}

static bool is(const struct apple_calls *c, apple_ref ref, apple_id type)
{
    return ref && c->CFGetTypeID(ref) == type;
}

bool apple_text(const struct apple_calls *c, apple_ref ref, char *to, size_t size)
{
    to[0] = '\0';
    if (is(c, ref, c->CFStringGetTypeID())) {
        if (c->CFStringGetCString(ref, to, (apple_index)size, APPLE_UTF8))
            return true;
        to[0] = '\0'; /* what was written of a text that does not fit is no text */
        return false;
    }
    struct str bytes = apple_bytes(c, ref); /* the device tree's own form of a text */
    const char *end = bytes.len ? memchr(bytes.ptr, '\0', bytes.len) : NULL;
    bytes.len = end ? (size_t)(end - bytes.ptr) : bytes.len;
    if (!bytes.len || bytes.len >= size || !str_is_utf8(bytes))
        return false;
    str_copy(to, size, bytes);
    return true;
}

bool apple_number(const struct apple_calls *c, apple_ref ref, int64_t *ret)
{
    return is(c, ref, c->CFNumberGetTypeID()) && c->CFNumberGetValue(ref, APPLE_SINT64, ret);
}

struct str apple_bytes(const struct apple_calls *c, apple_ref ref)
{
    if (!is(c, ref, c->CFDataGetTypeID()))
        return str_make("", 0);
    apple_index len = c->CFDataGetLength(ref);
    const uint8_t *bytes = c->CFDataGetBytePtr(ref);
    return bytes && len > 0 ? str_make((const char *)bytes, (size_t)len) : str_make("", 0);
}

bool apple_is_dictionary(const struct apple_calls *c, apple_ref ref)
{
    return is(c, ref, c->CFDictionaryGetTypeID());
}

apple_ref apple_member(const struct apple_calls *c, apple_ref dictionary, const char *key)
{
    apple_ref name = apple_is_dictionary(c, dictionary) ? apple_string(c, key) : NULL;
    apple_ref found = name ? c->CFDictionaryGetValue(dictionary, name) : NULL;

    apple_release(c, name);
    return found;
}

size_t apple_len(const struct apple_calls *c, apple_ref ref)
{
    apple_index len = is(c, ref, c->CFArrayGetTypeID()) ? c->CFArrayGetCount(ref) : 0;

    return len > 0 ? (size_t)len : 0;
}

apple_port apple_services(const struct apple_calls *c, const char *class)
{
    apple_ref matching = c->IOServiceMatching(class);
    apple_port iterator = 0;

    /* It lets go of `matching` itself. */
    if (!matching || c->IOServiceGetMatchingServices(0, matching, &iterator) != APPLE_OK)
        return 0;
    return iterator;
}

apple_port apple_service(const struct apple_calls *c, const char *class)
{
    apple_port iterator = apple_services(c, class);
    apple_port first = iterator ? c->IOIteratorNext(iterator) : 0;

    if (iterator)
        c->IOObjectRelease(iterator);
    return first;
}

apple_ref apple_property(const struct apple_calls *c, apple_port entry, const char *key)
{
    apple_ref name = apple_string(c, key);
    apple_ref value = name ? c->IORegistryEntryCreateCFProperty(entry, name, NULL, 0) : NULL;

    apple_release(c, name);
    return value;
}

bool apple_property_text(const struct apple_calls *c, apple_port entry, const char *key, char *to,
                         size_t size)
{
    apple_ref value = apple_property(c, entry, key);
    bool found = apple_text(c, value, to, size);

    apple_release(c, value);
    return found;
}

bool apple_property_number(const struct apple_calls *c, apple_port entry, const char *key,
                           int64_t *ret)
{
    apple_ref value = apple_property(c, entry, key);
    bool found = apple_number(c, value, ret);

    apple_release(c, value);
    return found;
}
