/* kind.c - kinds of weight files by their first bytes. */
#include "weights/kind.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/file.h"

/* A pickle of protocol 2 that holds the number 0x1950a86a20f9469cfc6c alone. */
static const uint8_t legacy_magic[] = {0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46,
                                       0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.'};

static bool begins_with(const uint8_t *data, size_t bytes, const void *magic, size_t magic_bytes)
{
    return bytes >= magic_bytes && memcmp(data, magic, magic_bytes) == 0;
}

gcl_weights_kind gcl_weights_kind_of_bytes(const void *data, size_t bytes)
{
    const uint8_t *p = data;

    if (begins_with(p, bytes, "PK\3\4", 4))
        return GCL_WEIGHTS_TORCH;
    if (begins_with(p, bytes, legacy_magic, sizeof legacy_magic))
        return GCL_WEIGHTS_TORCH_LEGACY;
    if (bytes > 8 && p[8] == '{' && memcmp(p + 4, "\0\0\0\0", 4) == 0)
        return GCL_WEIGHTS_SAFETENSORS;
    return GCL_WEIGHTS_UNKNOWN;
}

gcl_status gcl_weights_kind_of(gcl_weights_kind *out, const char *path, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_map map;

    *out = GCL_WEIGHTS_UNKNOWN;
    GCL_TRY(gcl_map_open(&map, path, err));
    *out = gcl_weights_kind_of_bytes(map.data, map.bytes);
done:
    gcl_map_close(&map);
    return st;
}
