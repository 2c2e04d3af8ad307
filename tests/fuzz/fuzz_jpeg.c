/* fuzz_jpeg.c - JPEG files: every pixel of an accepted picture was written. */
#include "fuzz.h"

#include "image/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    gcl_image image = {0};
    gcl_error err = GCL_ERROR_INIT;
    const gcl_status st = gcl_jpeg_decode(&image, "in.jpg", data, bytes, &err);
    unsigned sum = 0;

    FUZZ_CHECK((st == GCL_OK) == (err.message[0] == '\0'));
    if (st == GCL_OK)
        for (size_t i = 0; i < 3 * image.width * image.height; i++)
            sum += image.rgb[i];
    FUZZ_CHECK(sum <= 255u * 3 * image.width * image.height);
    gcl_image_free(&image);
    gcl_error_clear(&err);
    return 0;
}
