/*
 * fuzz_png.c - PNG files as they are and with the CRCs of their chunks made right: a picture that the
 * reader accepts can be written and is then read back the same.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "image/codec.h"

enum { MAGIC = 8, HEAD = 8, CRC = 4, UNPACKED_BYTES = 1 << 20 };

static size_t big_endian(const uint8_t *p)
{
    return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

static void correct(uint8_t *data, size_t bytes)
{
    for (size_t at = MAGIC; at + HEAD + CRC <= bytes;) {
        const size_t n = big_endian(data + at);
        uLong crc;
        if (n > bytes - at - HEAD - CRC)
            break;
        crc = crc32_z(0, data + at + 4, n + 4); /* of kind and data */
        for (int i = 0; i < CRC; i++)
            data[at + HEAD + n + (size_t)i] = (uint8_t)(crc >> (24 - 8 * i));
        at += HEAD + n + CRC;
    }
}

static void check_copy(const gcl_image *image)
{
    gcl_image copy = {0};

    FUZZ_CHECK(gcl_image_write_png(fuzz_path("copy"), image->rgb, image->width, image->height, NULL,
                                   0, NULL) == GCL_OK);
    FUZZ_CHECK(gcl_image_read(&copy, fuzz_path("copy"), NULL) == GCL_OK);
    FUZZ_CHECK(copy.width == image->width && copy.height == image->height);
    FUZZ_CHECK(memcmp(copy.rgb, image->rgb, 3 * copy.width * copy.height) == 0);
    gcl_image_free(&copy);
}

static void read_picture(const uint8_t *data, size_t bytes)
{
    gcl_image image = {0};
    gcl_error err = GCL_ERROR_INIT;
    const gcl_status st = gcl_png_decode(&image, "in.png", data, bytes, &err);

    FUZZ_CHECK((st == GCL_OK) == (err.message[0] == '\0'));
    if (st == GCL_OK && image.width * image.height <= 1 << 16)
        check_copy(&image);
    gcl_image_free(&image);
    gcl_error_clear(&err);
}

static void read_text(const uint8_t *data, size_t bytes)
{
    char *text = NULL;
    const gcl_status st =
        gcl_png_read_text(fuzz_file("in.png", data, bytes), "prompt", &text, NULL);

    FUZZ_CHECK((st == GCL_OK) == (text != NULL));
    FUZZ_CHECK(text == NULL || strlen(text) <= 2 * bytes + 2 * UNPACKED_BYTES); /* Latin-1 grows */
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    uint8_t *corrected = malloc(bytes + 1);

    FUZZ_CHECK(corrected != NULL);
    read_picture(data, bytes);
    read_text(data, bytes);
    memcpy(corrected, data, bytes);
    correct(corrected, bytes);
    if (memcmp(corrected, data, bytes) != 0) {
        read_picture(corrected, bytes);
        read_text(corrected, bytes);
    }
    free(corrected);
    return 0;
}
