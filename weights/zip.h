/**
 * Reader of zip archives in memory, for stored and deflated entries: libzip reads the directory and
 * inflates; stored entries are used where they lie.
 *
 * Source: libzip 1.7; APPNOTE.TXT 6.3 of PKWARE.
 */
#ifndef GCL_WEIGHTS_ZIP_H
#define GCL_WEIGHTS_ZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gcl_zip gcl_zip;

typedef struct gcl_zip_entry {
    const char *name;
    uint64_t index; /* in the directory */
    size_t bytes;   /* uncompressed */
    bool is_stored;
    uint32_t crc;
    const uint8_t *data; /* [bytes]; NULL until it is loaded, or when bytes is 0 */
    bool is_owned;       /* data was inflated */
} gcl_zip_entry;

/**
 * Reads the directory and checks it against the entries' own heads; contents are not looked at.
 *
 * @param out   owned by the caller (gcl_zip_close); NULL after an error
 * @param path  for messages; borrowed until gcl_zip_close
 * @param data  the archive; borrowed until gcl_zip_close
 *
 * @return GCL_OK; GCL_E_NOMEM; GCL_E_FORMAT for what is no archive, is cut short or contradicts
 *         itself, and for names that occur twice or lead elsewhere (absolute, "..", backslashes);
 *         GCL_E_UNSUPPORTED for encrypted entries and other compressions.
 */
gcl_status gcl_zip_open(gcl_zip **out, const char *path, const void *data, size_t bytes,
                        gcl_error *err);

/** Legal on NULL. Every entry and what was loaded is invalid afterwards. */
void gcl_zip_close(gcl_zip *zip);

size_t gcl_zip_count(const gcl_zip *zip);

/** Entry i < count, in byte order of the names; borrowed. */
gcl_zip_entry *gcl_zip_at(gcl_zip *zip, size_t i);

/** Entry of that name, O(log count); borrowed; NULL when there is none. */
gcl_zip_entry *gcl_zip_find(gcl_zip *zip, const char *name);

/**
 * Sets the data of an entry, once, and checks its CRC. A caller checks entry->bytes first: so much
 * memory a deflated entry takes.
 *
 * @return GCL_OK; GCL_E_NOMEM; GCL_E_FORMAT when the contents are cut short, cannot be inflated, or
 *         have another size or CRC than the directory says. Data is then NULL.
 */
gcl_status gcl_zip_load(gcl_zip *zip, gcl_zip_entry *entry, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
