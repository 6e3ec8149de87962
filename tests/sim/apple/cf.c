/* cf.c - objects that are counted: the part of CoreFoundation that is used. */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>

enum type {
    TEXT = 1,
    NUMBER,
    DATA,
    ARRAY,
    DICTIONARY
};

struct object {
    enum type type;
    int holders;
    char *bytes; /* a text's, data's, and of keys one after the other */
    size_t len;
    int64_t number;
    struct object **values;
    char **keys;
    size_t count;
    struct sim_channel *channel;
};

_Noreturn void sim_die(const char *what)
{
    fprintf(stderr, "apple-sim: %s\n", what);
    abort();
}

static struct object *new_object(enum type type)
{
    struct object *o = xnew(struct object);

    o->type = type;
    o->holders = 1;
    apple_sim.objects++;
    return o;
}

static const struct object *as(apple_ref ref, enum type type)
{
    const struct object *o = ref;

    if (!o || o->holders < 1 || o->type != type)
        sim_die("an object is used as what it is not");
    return o;
}

static struct object *hold(apple_ref ref)
{
    struct object *o = (struct object *)(uintptr_t)ref;

    o->holders++;
    apple_sim.objects++;
    return o;
}

void CFRelease(apple_ref ref)
{
    struct object *o = (struct object *)(uintptr_t)ref;

    if (!o || o->holders < 1)
        sim_die("an object is let go of twice");
    apple_sim.objects--;
    if (--o->holders)
        return;
    for (size_t i = 0; i < o->count; i++) {
        CFRelease(o->values[i]);
        if (o->keys)
            free(o->keys[i]);
    }
    free(o->values);
    free(o->keys);
    free(o->bytes);
    free(o->channel);
    free(o);
}

apple_id CFGetTypeID(apple_ref ref)
{
    return ((const struct object *)ref)->type;
}
apple_id CFStringGetTypeID(void)
{
    return TEXT;
}
apple_id CFNumberGetTypeID(void)
{
    return NUMBER;
}
apple_id CFDataGetTypeID(void)
{
    return DATA;
}
apple_id CFArrayGetTypeID(void)
{
    return ARRAY;
}
apple_id CFDictionaryGetTypeID(void)
{
    return DICTIONARY;
}

apple_ref CFStringCreateWithCString(apple_ref allocator, const char *text, uint32_t encoding)
{
    (void)allocator;
    return encoding == APPLE_UTF8 && !sim_refused("CFStringCreateWithCString") ? sim_text(text)
                                                                               : NULL;
}

unsigned char CFStringGetCString(apple_ref ref, char *to, apple_index size, uint32_t encoding)
{
    const struct object *o = as(ref, TEXT);

    if (sim_refused("CFStringGetCString") || encoding != APPLE_UTF8 || size <= 0)
        return 0;
    bool fits = o->len < (size_t)size;
    memcpy(to, o->bytes, MIN(o->len, (size_t)size - 1));
    to[MIN(o->len, (size_t)size - 1)] = '\0';
    return fits;
}

unsigned char CFNumberGetValue(apple_ref ref, apple_index type, void *ret)
{
    if (sim_refused("CFNumberGetValue") || type != APPLE_SINT64)
        return 0;
    memcpy(ret, &as(ref, NUMBER)->number, sizeof(int64_t));
    return 1;
}

apple_index CFDataGetLength(apple_ref ref)
{
    return (apple_index)as(ref, DATA)->len;
}

const uint8_t *CFDataGetBytePtr(apple_ref ref)
{
    return sim_refused("CFDataGetBytePtr") ? NULL : (const uint8_t *)as(ref, DATA)->bytes;
}

apple_index CFArrayGetCount(apple_ref ref)
{
    return (apple_index)as(ref, ARRAY)->count;
}

apple_ref CFArrayGetValueAtIndex(apple_ref ref, apple_index i)
{
    const struct object *o = as(ref, ARRAY);

    if (i < 0 || (size_t)i >= o->count)
        sim_die("beyond the end of an array");
    return o->values[i];
}

apple_ref CFDictionaryGetValue(apple_ref ref, apple_ref key)
{
    const struct object *o = as(ref, DICTIONARY), *k = as(key, TEXT);

    for (size_t i = 0; i < o->count; i++)
        if (!strcmp(o->keys[i], k->bytes))
            return o->values[i];
    return NULL;
}

apple_index CFDictionaryGetCount(apple_ref ref)
{
    return (apple_index)as(ref, DICTIONARY)->count;
}

apple_ref CFDictionaryCreateMutableCopy(apple_ref allocator, apple_index size, apple_ref ref)
{
    const struct object *o = as(ref, DICTIONARY);

    (void)allocator;
    (void)size;
    if (sim_refused("CFDictionaryCreateMutableCopy"))
        return NULL;
    apple_ref copy = sim_dictionary();
    for (size_t i = 0; i < o->count; i++)
        sim_put(copy, o->keys[i], hold(o->values[i]));
    return copy;
}

/* ---- making them ---- */

apple_ref sim_text(const char *text)
{
    struct object *o = new_object(TEXT);

    o->bytes = xstrdup(text);
    o->len = strlen(text);
    return o;
}

apple_ref sim_number(int64_t value)
{
    struct object *o = new_object(NUMBER);

    o->number = value;
    return o;
}

apple_ref sim_data(const void *bytes, size_t len)
{
    struct object *o = new_object(DATA);

    o->bytes = xcalloc(1, len ? len : 1);
    memcpy(o->bytes, bytes, len);
    o->len = len;
    return o;
}

apple_ref sim_array(void)
{
    return new_object(ARRAY);
}

apple_ref sim_dictionary(void)
{
    return new_object(DICTIONARY);
}

void sim_put(apple_ref into, const char *key, apple_ref value)
{
    struct object *o = (struct object *)(uintptr_t)into;
    struct object **values = xcalloc(o->count + 1, sizeof(*values));
    char **keys = key ? xcalloc(o->count + 1, sizeof(*keys)) : NULL;

    if (o->count) {
        memcpy(values, o->values, o->count * sizeof(*values));
        if (keys)
            memcpy(keys, o->keys, o->count * sizeof(*keys));
    }
    free(o->values);
    free(o->keys);
    values[o->count] = (struct object *)(uintptr_t)value;
    if (keys)
        keys[o->count] = xstrdup(key);
    o->values = values;
    o->keys = keys;
    o->count++;
}

void sim_set_channel(apple_ref dictionary, const struct sim_channel *channel)
{
    struct object *o = (struct object *)(uintptr_t)dictionary;

    o->channel = xnew(struct sim_channel);
    *o->channel = *channel;
}

const struct sim_channel *sim_channel_of(apple_ref dictionary)
{
    return as(dictionary, DICTIONARY)->channel;
}
