/*
 * fuzz_png_text.c - the bytes are keys and values, each ended by a NUL: texts that the writer accepts
 * are read back the same.
 */
#include "fuzz.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "image/image.h"

enum { MAX_TEXTS = 32 };

/* Of texts with one key the first is found. */
static void check_text(const char *path, const gcl_png_text *text, size_t n, size_t i)
{
    char *value = NULL;
    size_t first = 0;

    while (first < n && strcmp(text[first].key, text[i].key) != 0)
        first++;
    FUZZ_CHECK(gcl_png_read_text(path, text[i].key, &value, NULL) == GCL_OK);
    FUZZ_CHECK(strcmp(value, text[first].value) == 0);
    free(value);
}

/* The string at *at, and moves there behind it; `end` is the last NUL. */
static const char *take(char **at, char *end)
{
    char *string = *at;

    *at += strlen(string);
    *at += *at < end ? 1 : 0;
    return string;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const uint8_t rgb[] = {1, 2, 3, 4, 5, 6};
    char *all = malloc(bytes + 1), *at = all;
    gcl_png_text text[MAX_TEXTS];
    size_t n = 0;
    gcl_image image = {0};
    gcl_error err = GCL_ERROR_INIT;
    const char *path = fuzz_path("out.png");

    FUZZ_CHECK(all != NULL);
    memcpy(all, data, bytes);
    all[bytes] = '\0';
    for (; n < MAX_TEXTS && at < all + bytes; n++) {
        text[n].key = take(&at, all + bytes);
        text[n].value = take(&at, all + bytes);
    }
    if (gcl_image_write_png(path, rgb, 2, 1, text, n, &err) == GCL_OK) {
        for (size_t i = 0; i < n; i++)
            check_text(path, text, n, i);
        FUZZ_CHECK(gcl_image_read(&image, path, NULL) == GCL_OK);
        FUZZ_CHECK(image.width == 2 && memcmp(image.rgb, rgb, sizeof rgb) == 0);
        gcl_image_free(&image);
    } else {
        FUZZ_CHECK(err.status == GCL_E_ARG);
    }
    gcl_error_clear(&err);
    free(all);
    return 0;
}
