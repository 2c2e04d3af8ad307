/* fuzz_jpeg.c - JPEG files: an accepted picture is within the limits, and all of it is there. */
#include "fuzz.h"

#include "image/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    gcl_image image = {0};
    gcl_error err = GCL_ERROR_INIT;
    const gcl_status st = gcl_jpeg_decode(&image, "in.jpg", data, bytes, &err);

    FUZZ_CHECK((st == GCL_OK) == (err.message[0] == '\0'));
    if (st == GCL_OK) {
        FUZZ_CHECK(gcl_image_check_size("in.jpg", image.width, image.height, NULL) == GCL_OK);
        image.rgb[3 * image.width * image.height - 1] ^= 1;
    }
    gcl_image_free(&image);
    gcl_error_clear(&err);
    return 0;
}
