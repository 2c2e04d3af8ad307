/**
 * A writer of small zip archives that may lie, for tests of readers.
 */
#ifndef GCL_TESTS_TORCH_ARCHIVE_H
#define GCL_TESTS_TORCH_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

/** One entry; what is 0 is as it should be. */
typedef struct archive_entry {
    const char *name;
    const void *data; /* what the archive holds: deflated bytes for method 8 */
    size_t bytes;
    uint16_t method, flags;
    const void *plain; /* of method 8: [plain_bytes], what the CRC is of */
    size_t plain_bytes;
    uint64_t says_bytes;    /* uncompressed size, 0: bytes */
    uint32_t crc_flip;      /* bits of the CRC turned over */
    const char *local_name; /* in the entry's own head, NULL: name */
    uint32_t says_offset;   /* of the entry's own head, 0: where it is */
    uint64_t zip64[2];      /* uncompressed and packed size in a zip64 field, 0: none */
} archive_entry;

/** The archive of n entries; free. */
void *archive_write(size_t *bytes, const archive_entry *entries, size_t n);

/** Raw deflate; free. */
void *archive_deflate(size_t *packed_bytes, const void *data, size_t bytes);

#endif
