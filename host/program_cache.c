/* program_cache.c - the binary cache on disk. */
#include "host/program_cache.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/verbose.h"

/* Header of a cache file; key and binary follow. Native byte order: a cache never travels. */
typedef struct cache_head {
    char magic[8];
    uint64_t key_bytes;
    uint64_t binary_bytes;
    uint64_t crc; /* of key and binary */
} cache_head;

static const char magic[8] = {'G', 'C', 'L', 'B', 'I', 'N', '0', '1'};

static int folder(char *out, size_t room)
{
    const char *xdg = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    int n = -1;

    if (xdg != NULL && xdg[0] == '/') /* the XDG specification: relative paths are ignored */
        n = snprintf(out, room, "%s/galip", xdg);
    else if (home != NULL && home[0] == '/')
        n = snprintf(out, room, "%s/.cache/galip", home);
    return n > 0 && (size_t)n < room;
}

static int file_path(char *out, size_t room, const char *dir, const char *program, const void *key,
                     size_t key_bytes)
{
    const uint64_t hash = gcl_fnv1a64(GCL_FNV1A64_INIT, key, key_bytes);
    const char *slash = strrchr(program, '/');
    const int n = snprintf(out, room, "%s/%s-%016" PRIx64 ".bin", dir,
                           slash != NULL ? slash + 1 : program, hash);

    return n > 0 && (size_t)n < room;
}

static uint64_t checksum(const void *key, size_t key_bytes, const void *binary, size_t bytes)
{
    uLong crc = crc32_z(0, key, key_bytes);

    return crc32_z(crc, binary, bytes);
}

void *gcl_program_cache_load(const char *program, const void *key, size_t key_bytes, size_t *bytes)
{
    char dir[3072], path[4096];
    gcl_map map = {0};
    cache_head head;
    void *binary = NULL;

    *bytes = 0;
    if (!folder(dir, sizeof dir) || !file_path(path, sizeof path, dir, program, key, key_bytes) ||
        gcl_map_open(&map, path, NULL) != GCL_OK)
        return NULL;
    if (map.bytes > sizeof head) {
        const uint8_t *body = map.data + sizeof head;
        const uint64_t body_bytes = map.bytes - sizeof head;

        memcpy(&head, map.data, sizeof head);
        if (memcmp(head.magic, magic, sizeof magic) == 0 && head.key_bytes == key_bytes &&
            head.key_bytes < body_bytes && head.binary_bytes == body_bytes - head.key_bytes &&
            memcmp(body, key, key_bytes) == 0 &&
            head.crc == checksum(body, key_bytes, body + key_bytes, (size_t)head.binary_bytes) &&
            (binary = malloc((size_t)head.binary_bytes)) != NULL) {
            memcpy(binary, body + key_bytes, (size_t)head.binary_bytes);
            *bytes = (size_t)head.binary_bytes;
        } else {
            gcl_verbose("cache: %s does not fit and is rebuilt", path);
        }
    }
    gcl_map_close(&map);
    return binary;
}

void gcl_program_cache_store(const char *program, const void *key, size_t key_bytes,
                             const void *binary, size_t bytes)
{
    char dir[3072], path[4096];
    gcl_writer w = {0};
    gcl_error err = GCL_ERROR_INIT;
    cache_head head = {.key_bytes = key_bytes, .binary_bytes = bytes};

    memcpy(head.magic, magic, sizeof magic);
    head.crc = checksum(key, key_bytes, binary, bytes);
    if (!folder(dir, sizeof dir) || !file_path(path, sizeof path, dir, program, key, key_bytes))
        return;
    if (gcl_make_dirs(dir, &err) == GCL_OK && gcl_writer_open(&w, path, &err) == GCL_OK) {
        /* A short write shows in ferror, which commit checks. */
        fwrite(&head, sizeof head, 1, w.file);
        fwrite(key, 1, key_bytes, w.file);
        fwrite(binary, 1, bytes, w.file);
        gcl_writer_commit(&w, &err);
    }
    if (err.status != GCL_OK)
        gcl_verbose("cache: not stored: %s", err.message);
    gcl_writer_abort(&w);
    gcl_error_clear(&err);
}
