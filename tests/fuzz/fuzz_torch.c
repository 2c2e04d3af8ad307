/*
 * fuzz_torch.c - PyTorch files: bytes that begin as a zip archive are taken as one, others as the
 * data.pkl of an archive that is made around them, in which CRCs are right.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "tests/torch_archive.h"
#include "weights/kind.h"
#include "weights/torch_file.h"

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
    static const uint8_t storage[256] = {1, 2, 3};
    const archive_entry entries[] = {
        {.name = "a/data.pkl", .data = data, .bytes = bytes},
        {.name = "a/data/0", .data = storage, .bytes = 16},
        {.name = "a/data/1", .data = storage, .bytes = sizeof storage},
        {.name = "a/data/2", .data = storage, .bytes = 0},
        {.name = "a/constants.pkl", .data = "", .bytes = 0}, /* makes it TorchScript */
    };
    enum { N = sizeof entries / sizeof entries[0] };

    if (gcl_weights_kind_of_bytes(data, bytes) != GCL_WEIGHTS_UNKNOWN) {
        read_archive(data, bytes);
        return 0;
    }
    for (size_t n = N - 1; n <= N; n++) {
        size_t archive_bytes;
        void *archive = archive_write(&archive_bytes, entries, n);
        read_archive(archive, archive_bytes);
        free(archive);
    }
    return 0;
}
