/* credentials.c - the one door to crypt(3). */
#include "http/credentials.h"

#include <crypt.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/random.h>
#include <unistd.h>

#define PAIR_MAX     512 /* bytes of "user:password", with its end; bcrypt itself stops at 72 */
#define REMEMBERED   256 /* verdicts kept; a power of two. The oldest in a place gives way */
#define DIGEST_BYTES 16

struct memory {
    uint8_t digest[DIGEST_BYTES];
    bool used, good;
};

struct credentials {
    uint64_t key[4];
    pthread_mutex_t lock; /* seen */
    struct memory seen[REMEMBERED];
};

int credentials_new(struct credentials **ret, struct error *err)
{
    struct credentials *c = xnew(struct credentials);

    if (getentropy(c->key, sizeof(c->key)) < 0) {
        int code = -errno;
        free(c);
        return error_errno(err, code, "random key for credentials");
    }
    pthread_mutex_init(&c->lock, NULL);
    *ret = c;
    return 0;
}

void credentials_free(struct credentials *c)
{
    if (!c)
        return;
    pthread_mutex_destroy(&c->lock);
    explicit_bzero(c, sizeof(*c));
    free(c);
}

/* ---- the keyed hash: SipHash-2-4 (Aumasson and Bernstein, 2012), twice with different keys ----
 */

static uint64_t rotate(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

static uint64_t sip_hash(const uint64_t key[2], const uint8_t *bytes, size_t n)
{
    uint64_t v[4] = {key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d),
                     key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573)};
    uint64_t last = (uint64_t)n << 56;

    for (size_t i = 0; i < n / 8 * 8; i += 8) {
        uint64_t word = 0;
        for (unsigned k = 0; k < 8; k++)
            word |= (uint64_t)bytes[i + k] << (8 * k);
        v[3] ^= word;
        sip_round(v);
        sip_round(v);
        v[0] ^= word;
    }
    for (unsigned k = 0; k < n % 8; k++)
        last |= (uint64_t)bytes[n / 8 * 8 + k] << (8 * k);
    v[3] ^= last;
    sip_round(v);
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    for (int i = 0; i < 4; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* Equal or not, in a time that does not depend on where they differ. */
static bool equal_bytes(const void *a, const void *b, size_t n)
{
    const volatile uint8_t *x = a, *y = b;
    uint8_t difference = 0;

    for (size_t i = 0; i < n; i++)
        difference |= x[i] ^ y[i];
    return difference == 0;
}

/* ---- the header ---- */

/* A user and a password out of "Basic dXNlcjpwYXNz". */
struct pair {
    char text[PAIR_MAX]; /* "user\0password\0" */
    size_t len;
    const char *user, *password;
};

static int base64_value(char c)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

static bool pair_read(struct str header, struct pair *ret)
{
    struct str rest = str_trim(header), scheme = str_cut(&rest, ' ');
    uint32_t bits = 0;
    unsigned have = 0;

    *ret = (struct pair){0};
    if (scheme.len != 5 || strncasecmp(scheme.ptr, "basic", 5) != 0 || !rest.ptr)
        return false;
    rest = str_trim(rest);
    while (rest.len && rest.ptr[rest.len - 1] == '=')
        rest.len--;
    for (size_t i = 0; i < rest.len; i++) {
        int value = base64_value(rest.ptr[i]);
        if (value < 0 || ret->len >= PAIR_MAX - 1)
            return false;
        bits = bits << 6 | (uint32_t)value;
        have += 6;
        if (have >= 8) {
            have -= 8;
            ret->text[ret->len++] = (char)(bits >> have);
        }
    }
    char *colon = memchr(ret->text, ':', ret->len);
    if (!colon || memchr(ret->text, '\0', ret->len))
        return false;
    *colon = '\0';
    ret->user = ret->text;
    ret->password = colon + 1;
    return true;
}

static const struct web_user *find_user(const struct web_config *config, const char *name)
{
    for (size_t i = 0; i < config->user_len; i++)
        if (strcmp(config->users[i].name, name) == 0)
            return &config->users[i];
    return NULL;
}

/* The digest of the pair and of the hash it is held against: a changed password makes it unknown.
 */
static void pair_digest(const struct credentials *c, const struct pair *pair,
                        const struct web_user *user, uint8_t to[DIGEST_BYTES])
{
    uint8_t bytes[PAIR_MAX + 64] = {0};
    size_t n = pair->len;

    memcpy(bytes, pair->text, n);
    if (user) {
        size_t hash_len = MIN(strlen(user->hash), sizeof(bytes) - n);
        memcpy(bytes + n, user->hash, hash_len);
        n += hash_len;
    }
    uint64_t halves[2] = {sip_hash(c->key, bytes, n), sip_hash(c->key + 2, bytes, n)};
    memcpy(to, halves, DIGEST_BYTES);
    explicit_bzero(bytes, sizeof(bytes));
}

static enum verdict recall(struct credentials *c, const uint8_t digest[DIGEST_BYTES])
{
    const struct memory *m = &c->seen[digest[0] % REMEMBERED];
    enum verdict verdict = VERDICT_UNKNOWN;

    pthread_mutex_lock(&c->lock);
    if (m->used && equal_bytes(m->digest, digest, DIGEST_BYTES))
        verdict = m->good ? VERDICT_GOOD : VERDICT_BAD;
    pthread_mutex_unlock(&c->lock);
    return verdict;
}

/* A wrong pair never pushes out a right one: a stranger cannot make the others wait for bcrypt. */
static void remember(struct credentials *c, const uint8_t digest[DIGEST_BYTES], bool good)
{
    struct memory *m = &c->seen[digest[0] % REMEMBERED];

    pthread_mutex_lock(&c->lock);
    if (good || !m->used || !m->good) {
        memcpy(m->digest, digest, DIGEST_BYTES);
        m->used = true;
        m->good = good;
    }
    pthread_mutex_unlock(&c->lock);
}

static bool password_fits(const char *password, const char *hash)
{
    struct crypt_data *data = xnew(struct crypt_data);
    const char *made = crypt_r(password, hash, data);
    size_t len = strlen(hash);
    bool same = made && strlen(made) == len && equal_bytes(made, hash, len);

    explicit_bzero(data, sizeof(*data));
    free(data);
    return same;
}

static enum verdict judge(struct credentials *c, const struct web_config *config,
                          struct str authorization, bool work)
{
    struct pair pair;
    uint8_t digest[DIGEST_BYTES];

    if (!config->user_len)
        return VERDICT_GOOD;
    if (!pair_read(authorization, &pair))
        return VERDICT_BAD;
    const struct web_user *user = find_user(config, pair.user);
    pair_digest(c, &pair, user, digest);
    enum verdict verdict = recall(c, digest);
    if (verdict == VERDICT_UNKNOWN && work) {
        /* An unknown name costs as much as a known one, so that time tells nobody who exists. */
        bool fits = password_fits(pair.password, user ? user->hash : config->users[0].hash);
        verdict = fits && user ? VERDICT_GOOD : VERDICT_BAD;
        remember(c, digest, verdict == VERDICT_GOOD);
    }
    explicit_bzero(&pair, sizeof(pair));
    return verdict;
}

enum verdict credentials_check(struct credentials *c, const struct web_config *config,
                               struct str authorization)
{
    return judge(c, config, authorization, false);
}

enum verdict credentials_verify(struct credentials *c, const struct web_config *config,
                                struct str authorization)
{
    return judge(c, config, authorization, true);
}
