/* jpeg.c - JPEG in through libjpeg-turbo. */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "image/codec.h"

/* Encoders write about ten; a few bytes of each cost as much time as the whole picture. */
#define MAX_SCANS 100

/* A picture of several scans is kept as coefficients, 2 bytes each, until the last one was read. */
#define MAX_PIXELS_IN_SCANS (GCL_IMAGE_MAX_PIXELS / 4)

/* Lives in the caller of the function that calls setjmp, so that longjmp leaves it as it is. */
typedef struct jpeg_job {
    struct jpeg_decompress_struct info;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf jump;
    char reason[JMSG_LENGTH_MAX]; /* what libjpeg said */
} jpeg_job;

static void on_error(j_common_ptr info)
{
    jpeg_job *job = info->client_data;

    info->err->format_message(info, job->reason);
    longjmp(job->jump, 1);
}

/* Warnings and traces: libjpeg's own would print to stderr. A marker where pixels should be is where
 * the picture was cut short, and is an error. */
static void on_message(j_common_ptr info, int level)
{
    if (level < 0 && info->err->msg_code == JWRN_HIT_MARKER)
        on_error(info);
}

static void on_progress(j_common_ptr info)
{
    jpeg_job *job = info->client_data;

    if (job->info.input_scan_number <= MAX_SCANS)
        return;
    snprintf(job->reason, sizeof job->reason, "more than %d scans", MAX_SCANS);
    longjmp(job->jump, 1);
}

/* The whole file is in memory, so a request for more means that it was cut short; libjpeg's own
 * would only warn and make up the rest of the picture. */
static boolean on_end_of_data(j_decompress_ptr info)
{
    ERREXIT(info, JERR_INPUT_EOF);
    return FALSE;
}

/* cmyk[width, 4], inverted as Adobe stores it -> rgb[width, 3]: rgb = round(cmy * k / 255), which
 * is what Pillow's conversion comes to. */
static void convert_cmyk(uint8_t *rgb, const uint8_t *cmyk, size_t width)
{
    for (size_t x = 0; x < width; x++)
        for (size_t c = 0; c < 3; c++)
            rgb[3 * x + c] = (uint8_t)((cmyk[4 * x + c] * cmyk[4 * x + 3] + 127) / 255);
}

static gcl_status check_scans(jpeg_job *job, const char *path, gcl_error *err)
{
    struct jpeg_decompress_struct *info = &job->info;

    if (!jpeg_has_multiple_scans(info) ||
        info->image_width <= MAX_PIXELS_IN_SCANS / info->image_height)
        return GCL_OK;
    return GCL_FAIL(
        err, GCL_E_UNSUPPORTED,
        "%s: %u x %u pixels; a JPEG picture of several scans (progressive) may have %zu", path,
        info->image_width, info->image_height, MAX_PIXELS_IN_SCANS);
}

static gcl_status decode(jpeg_job *job, gcl_image *image, const char *path, const uint8_t *data,
                         size_t bytes, gcl_error *err)
{
    struct jpeg_decompress_struct *info = &job->info;
    JSAMPARRAY cmyk = NULL;
    gcl_status st;

    if (setjmp(job->jump) != 0)
        return GCL_FAIL(err, GCL_E_FORMAT, "%s: not a readable JPEG file: %s", path, job->reason);
    jpeg_create_decompress(info);
    jpeg_mem_src(info, data, (unsigned long)bytes);
    info->src->fill_input_buffer = on_end_of_data;
    info->progress = &job->progress;
    job->progress.progress_monitor = on_progress;
    jpeg_read_header(info, TRUE);
    st = check_scans(job, path, err);
    if (st == GCL_OK)
        st = gcl_image_alloc(image, path, info->image_width, info->image_height, err);
    if (st != GCL_OK)
        return st;

    info->out_color_space = info->num_components == 4 ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(info);
    if (info->out_color_space == JCS_CMYK)
        cmyk = info->mem->alloc_sarray((j_common_ptr)info, JPOOL_IMAGE,
                                       4 * (JDIMENSION)image->width, 1);
    while (info->output_scanline < info->output_height) {
        JSAMPROW row = image->rgb + 3 * image->width * info->output_scanline; /* rgb[y,:,:] */
        jpeg_read_scanlines(info, cmyk != NULL ? cmyk : &row, 1);
        if (cmyk != NULL)
            convert_cmyk(row, cmyk[0], image->width);
    }
    jpeg_finish_decompress(info);
    return GCL_OK;
}

gcl_status gcl_jpeg_decode(gcl_image *out, const char *path, const uint8_t *data, size_t bytes,
                           gcl_error *err)
{
    jpeg_job job;
    gcl_status st;

    memset(&job, 0, sizeof job);
    job.info.err = jpeg_std_error(&job.errors);
    job.info.client_data = &job;
    job.errors.error_exit = on_error;
    job.errors.emit_message = on_message;
    st = decode(&job, out, path, data, bytes, err);
    jpeg_destroy_decompress(&job.info);
    return st;
}
