/*
 * fuzz_torch.c - PyTorch files: bytes that begin as a zip archive are taken as one, others as the
 * data.pkl of an archive that is made around them, in which CRCs are right.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "weights/torch_file.h"

/* ---- the archive ---- */

enum { MAX_ENTRIES = 6, LOCAL_BYTES = 30, CENTRAL_BYTES = 46, END_BYTES = 22, STORAGE_BYTES = 256 };

typedef struct entry {
    const char *name;
    const void *data;
    size_t bytes;
} entry;

static uint8_t *put(uint8_t *at, size_t number, int width)
{
    for (int i = 0; i < width; i++)
        *at++ = (uint8_t)(number >> 8 * i);
    return at;
}

/* What local and central heads have in common, from the version needed to the extra field's length. */
static uint8_t *put_head(uint8_t *at, const entry *e)
{
    at = put(at, 20, 2); /* version needed */
    at = put(at, 0, 2);  /* flags */
    at = put(at, 0, 2);  /* stored */
    at = put(at, 0, 4);  /* time */
    at = put(at, crc32_z(0, e->data, e->bytes), 4);
    at = put(at, e->bytes, 4);
    at = put(at, e->bytes, 4);
    at = put(at, strlen(e->name), 2);
    return put(at, 0, 2);
}

/* An archive of stored entries; owned by the caller. Source: APPNOTE.TXT 6.3 of PKWARE. */
static uint8_t *make_archive(const entry *entries, size_t n, size_t *bytes)
{
    size_t room = END_BYTES, offset[MAX_ENTRIES], central;
    uint8_t *archive, *at;

    for (size_t i = 0; i < n; i++)
        room += LOCAL_BYTES + CENTRAL_BYTES + 2 * strlen(entries[i].name) + entries[i].bytes;
    archive = at = malloc(room);
    FUZZ_CHECK(archive != NULL);
    for (size_t i = 0; i < n; i++) {
        offset[i] = (size_t)(at - archive);
        at = put_head(put(at, 0x04034b50, 4), &entries[i]);
        memcpy(at, entries[i].name, strlen(entries[i].name));
        at += strlen(entries[i].name);
        memcpy(at, entries[i].data, entries[i].bytes);
        at += entries[i].bytes;
    }
    central = (size_t)(at - archive);
    for (size_t i = 0; i < n; i++) {
        at = put_head(put(put(at, 0x02014b50, 4), 20, 2), &entries[i]);
        at = put(put(at, 0, 6), 0, 4); /* comment, disk, attributes */
        at = put(at, offset[i], 4);
        memcpy(at, entries[i].name, strlen(entries[i].name));
        at += strlen(entries[i].name);
    }
    room = (size_t)(at - archive) - central;
    at = put(put(put(put(at, 0x06054b50, 4), 0, 4), n, 2), n, 2);
    at = put(put(put(at, room, 4), central, 4), 0, 2);
    *bytes = (size_t)(at - archive);
    return archive;
}

/* ---- the file ---- */

static void check_file(gcl_torch_file *file)
{
    for (size_t i = 0; i < gcl_torch_file_count(file); i++) {
        const gcl_tensor_view *t = gcl_torch_file_at(file, i);
        uint8_t sum = 0;
        FUZZ_CHECK(gcl_torch_file_find(file, t->name) == t);
        if (gcl_torch_file_load(file, i, NULL) != GCL_OK)
            continue;
        for (size_t k = 0; k < t->bytes; k++) /* sanitizers see whether all of it is there */
            sum ^= ((const uint8_t *)t->data)[k];
        FUZZ_CHECK(t->bytes > 0 || sum == 0);
    }
    for (size_t i = 0; i < gcl_torch_file_metadata_count(file); i++)
        FUZZ_CHECK(gcl_torch_file_metadata(file, gcl_torch_file_metadata_key(file, i)) != NULL);
}

static void read_archive(const void *data, size_t bytes)
{
    gcl_torch_file *file = NULL;
    gcl_error err = GCL_ERROR_INIT;

    if (gcl_torch_file_open_memory(&file, "in.pt", data, bytes, &err) == GCL_OK)
        check_file(file);
    FUZZ_CHECK((file == NULL) == (err.message[0] != '\0'));
    gcl_torch_file_close(file);
    gcl_error_clear(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const uint8_t storage[STORAGE_BYTES] = {1, 2, 3};
    const entry entries[MAX_ENTRIES] = {{"a/data.pkl", data, bytes}, {"a/byteorder", "little", 6},
                                        {"a/data/0", storage, 16},   {"a/data/1", storage, 256},
                                        {"a/data/2", storage, 0},    {"a/constants.pkl", "", 0}};
    uint8_t *archive;
    size_t archive_bytes;

    if (bytes >= 4 && memcmp(data, "PK\3\4", 4) == 0) {
        read_archive(data, bytes);
        return 0;
    }
    for (size_t n = MAX_ENTRIES - 1; n <= MAX_ENTRIES;
         n++) { /* the last one makes it TorchScript */
        archive = make_archive(entries, n, &archive_bytes);
        read_archive(archive, archive_bytes);
        free(archive);
    }
    return 0;
}
