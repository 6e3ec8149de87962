/* wal_file.c - names and headers of the log's segment files. */
#include "store/wal_file.h"

#include "store/varint.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

static const char magic[4] = {'A', 'L', 'G', 'w'};

struct wal_file_header wal_file_header_make(uint32_t number)
{
    struct wal_file_header h;

    memcpy(h.bytes, magic, sizeof(magic));
    put_le32(h.bytes + 4, WAL_FILE_VERSION);
    put_le32(h.bytes + 8, number);
    put_le32(h.bytes + 12, hash_crc32c(0, h.bytes, 12));
    return h;
}

int wal_file_header_check(const uint8_t *bytes, size_t n, uint32_t number)
{
    if (n < WAL_FILE_HEADER || memcmp(bytes, magic, sizeof(magic)) != 0 ||
        le32(bytes + 12) != hash_crc32c(0, bytes, 12))
        return -EBADMSG;
    if (le32(bytes + 4) > WAL_FILE_VERSION)
        return -EPROTONOSUPPORT;
    return le32(bytes + 8) == number ? 0 : -EBADMSG;
}

void wal_file_path(struct buf *to, const char *dir, uint32_t number)
{
    buf_printf(to, "%s/%010u.log", dir, number);
}

static bool number_of(const char *name, uint32_t *ret)
{
    struct str s = str_of(name);
    uint64_t number;

    if (s.len != 14 || !str_ends(s, STR(".log")))
        return false;
    s.len = 10;
    if (!num_parse_u64(s, &number) || number > UINT32_MAX)
        return false;
    *ret = (uint32_t)number;
    return true;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x, y;

    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return (x > y) - (x < y);
}

int wal_file_list(const char *dir, uint32_t **ret, size_t *ret_len, struct error *err)
{
    DIR *d = opendir(dir);
    uint32_t *numbers = NULL, number;
    size_t len = 0, cap = 0;
    struct dirent *entry;

    if (!d)
        return error_errno(err, -errno, "folder %s", dir);
    while ((entry = readdir(d))) {
        if (!number_of(entry->d_name, &number))
            continue;
        uint32_t *grown = array_grow(numbers, &cap, len + 1, sizeof(*numbers));
        if (!grown) {
            free(numbers);
            closedir(d);
            return error_errno(err, -ENOMEM, "folder %s", dir);
        }
        numbers = grown;
        numbers[len++] = number;
    }
    closedir(d);
    if (len)
        qsort(numbers, len, sizeof(*numbers), by_number);
    *ret = numbers;
    *ret_len = len;
    return 0;
}

static char *path_of(const char *dir, uint32_t number)
{
    struct buf path;

    buf_init(&path, 0);
    wal_file_path(&path, dir, number);
    return buf_take(&path);
}

uint32_t wal_file_oldest(const char *dir, uint32_t number, uint64_t *ret_bytes)
{
    uint32_t *numbers = NULL, oldest = number;
    size_t len = 0;

    *ret_bytes = 0;
    if (wal_file_list(dir, &numbers, &len, NULL))
        return number;
    for (size_t i = 0; i < len && numbers[i] < number; i++) {
        struct stat st;
        char *path = path_of(dir, numbers[i]);
        oldest = MIN(oldest, numbers[i]);
        if (path && stat(path, &st) == 0)
            *ret_bytes += (uint64_t)st.st_size;
        free(path);
    }
    free(numbers);
    return oldest;
}

int wal_file_remove(const char *dir, uint32_t number, uint64_t *freed)
{
    struct stat st;
    char *path = path_of(dir, number);
    int code = path ? 0 : -ENOMEM;

    if (path && stat(path, &st) == 0) {
        code = unlink(path) ? -errno : 0;
        *freed += code ? 0 : (uint64_t)st.st_size;
    }
    free(path);
    return code;
}
