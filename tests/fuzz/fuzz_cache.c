/*
 * fuzz_cache.c - files of the cache of compiled programs: one is used only when it is, to the byte, what
 * is stored for its binary.
 */
#define _XOPEN_SOURCE 700 /* setenv */
#include "fuzz.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "host/program_cache.h"

enum { LIMIT_BYTES = 1 << 20 };

static const char key[] = "device, driver, options, source";

/* Compares the file with the bytes. */
static void check_stored(const char *path, const uint8_t *data, size_t bytes)
{
    char *stored;
    size_t stored_bytes;

    FUZZ_CHECK(gcl_file_read(&stored, &stored_bytes, path, LIMIT_BYTES, NULL) == GCL_OK);
    FUZZ_CHECK(stored_bytes == bytes && memcmp(stored, data, bytes) == 0);
    free(stored);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char name[80], *path;
    size_t n;
    void *binary;

    snprintf(name, sizeof name, "galip/fuzz-%016" PRIx64 ".bin",
             gcl_fnv1a64(GCL_FNV1A64_INIT, key, sizeof key));
    setenv("XDG_CACHE_HOME", fuzz_path(""), 1);
    gcl_program_cache_store("fuzz", key, sizeof key, data, bytes);
    binary = gcl_program_cache_load("fuzz", key, sizeof key, &n);
    FUZZ_CHECK(bytes == 0 || (binary != NULL && n == bytes && memcmp(binary, data, n) == 0));
    free(binary);
    FUZZ_CHECK(remove(fuzz_path(name)) == 0); /* stored where the bytes are put now */

    path = strdup(fuzz_file(name, data, bytes));
    FUZZ_CHECK(path != NULL);
    binary = gcl_program_cache_load("fuzz", key, sizeof key, &n);
    if (binary != NULL) {
        gcl_program_cache_store("fuzz", key, sizeof key, binary, n);
        check_stored(path, data, bytes);
    }
    FUZZ_CHECK((binary == NULL) == (n == 0));
    free(binary);
    free(path);
    return 0;
}
