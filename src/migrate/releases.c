/* releases.c - see releases.h. One more release is one more file beside this one, and a row. */
#include "migrate/releases.h"

#include "migrate/release_0_1_0.h"

#define RELEASE(version, list)                                                                     \
    {                                                                                              \
        version, list, ARRAY_LEN(list)                                                             \
    }

const struct release releases[] = {
    RELEASE("0.1.0", release_0_1_0),
};
const size_t releases_len = ARRAY_LEN(releases);

const struct release *release_find(struct str version)
{
    for (size_t i = 0; i < releases_len; i++)
        if (str_is(version, releases[i].version))
            return &releases[i];
    return NULL;
}
