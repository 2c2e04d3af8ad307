/** FNV-1a, 64 bits: names of cache files, keys of synthetic tensors. Not cryptographic. */
#ifndef GCL_BASE_HASH_H
#define GCL_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define GCL_FNV1A64_INIT UINT64_C(0xcbf29ce484222325)

/** Continues hash h over bytes; start with GCL_FNV1A64_INIT. */
static inline uint64_t gcl_fnv1a64(uint64_t h, const void *data, size_t bytes)
{
    const unsigned char *p = (const unsigned char *)data;

    for (size_t i = 0; i < bytes; i++)
        h = (h ^ p[i]) * UINT64_C(0x100000001b3);
    return h;
}

#endif
