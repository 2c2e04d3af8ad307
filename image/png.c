/* png.c - PNG in and out, and its text chunks, through libpng. */
#include <assert.h>
#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "base/file.h"
#include "image/codec.h"
#include "image/image.h"

/* A compressed text may be a thousand times as large as its chunk. */
#define MAX_TEXTS 100
#define MAX_UNPACKED_TEXT_BYTES ((size_t)1 << 20)

/* Lives in the caller of the function that calls setjmp, so that longjmp leaves it as it is. */
typedef struct png_job {
    png_structp png;
    png_infop info;
    const uint8_t *data; /* the file being read, all of it; borrowed */
    size_t bytes, at;
    char reason[160]; /* what libpng said */
} png_job;

static void on_error(png_structp png, png_const_charp message)
{
    png_job *job = png_get_error_ptr(png);

    snprintf(job->reason, sizeof job->reason, "%s", message);
    png_longjmp(png, 1);
}

/* libpng's own would print to stderr. */
static void on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void on_read(png_structp png, png_bytep to, size_t n)
{
    png_job *job = png_get_io_ptr(png);

    if (n > job->bytes - job->at)
        png_error(png, "the file ends too early");
    memcpy(to, job->data + job->at, n);
    job->at += n;
}

/* libpng takes as much memory as a chunk says that it has, and only then reads it. */
static gcl_status check_lengths(const png_job *job, const char *path, gcl_error *err)
{
    enum { MAGIC = 8, HEAD = 8, CRC = 4 };

    if (job->bytes < MAGIC || png_sig_cmp(job->data, 0, MAGIC) != 0)
        return GCL_OK; /* libpng will tell */
    for (size_t at = MAGIC; at < job->bytes;) {
        const size_t left = job->bytes - at;
        const size_t n = left < HEAD ? 0 : png_get_uint_32(job->data + at);
        if (left < HEAD + CRC || n > left - HEAD - CRC)
            return GCL_FAIL(err, GCL_E_FORMAT,
                            "%s: not a readable PNG file: the chunk at byte %zu is cut short", path,
                            at);
        if (memcmp(job->data + at + 4, "IEND", 4) == 0)
            break;
        at += HEAD + n + CRC;
    }
    return GCL_OK;
}

static gcl_status open_reader(png_job *job, const char *path, const void *data, size_t bytes,
                              gcl_error *err)
{
    memset(job, 0, sizeof *job);
    job->data = data;
    job->bytes = bytes;
    job->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, job, on_error, on_warning);
    if (job->png != NULL)
        job->info = png_create_info_struct(job->png);
    if (job->info == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation for the PNG decoder", path);
    png_set_read_fn(job->png, job, on_read);
    return check_lengths(job, path, err);
}

/* Every kind of pixel becomes 8-bit RGB; alpha is cut off, not blended. */
static void set_transforms(png_structp png)
{
    png_set_expand(png); /* palettes to colours, small greys to 8 bit, tRNS to alpha */
    png_set_strip_16(png);
    png_set_strip_alpha(png);
    png_set_gray_to_rgb(png);
}

static gcl_status decode(png_job *job, gcl_image *image, const char *path, gcl_error *err)
{
    gcl_status st;
    int passes;

    if (setjmp(png_jmpbuf(job->png)) != 0)
        return GCL_FAIL(err, GCL_E_FORMAT, "%s: not a readable PNG file: %s", path, job->reason);
    /* libpng's limits off: gcl_image_alloc checks ours, with both numbers in the message */
    png_set_user_limits(job->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_chunk_cache_max(job->png, 1); /* 1: keep no texts */
    png_read_info(job->png, job->info);
    st = gcl_image_alloc(image, path, png_get_image_width(job->png, job->info),
                         png_get_image_height(job->png, job->info), err);
    if (st != GCL_OK)
        return st;

    set_transforms(job->png);
    passes = png_set_interlace_handling(job->png);
    png_read_update_info(job->png, job->info);
    assert(png_get_rowbytes(job->png, job->info) == 3 * image->width);
    for (int pass = 0; pass < passes; pass++)
        for (size_t y = 0; y < image->height; y++)
            png_read_row(job->png, image->rgb + 3 * image->width * y, NULL); /* rgb[y,:,:] */
    png_read_end(job->png, NULL);
    return GCL_OK;
}

gcl_status gcl_png_decode(gcl_image *out, const char *path, const uint8_t *data, size_t bytes,
                          gcl_error *err)
{
    gcl_status st = GCL_OK;
    png_job job;

    GCL_TRY(open_reader(&job, path, data, bytes, err));
    GCL_TRY(decode(&job, out, path, err));
done:
    png_destroy_read_struct(&job.png, &job.info, NULL);
    return st;
}

/* The text of a chunk as UTF-8; tEXt and zTXt hold Latin-1. NULL when memory ran out. */
static char *copy_text(const png_text *chunk)
{
    const int is_utf8 = chunk->compression >= PNG_ITXT_COMPRESSION_NONE;
    char *copy = malloc(2 * strlen(chunk->text) + 1);
    char *to = copy;

    if (copy == NULL)
        return NULL;
    for (const unsigned char *s = (const unsigned char *)chunk->text; *s != '\0'; s++) {
        if (is_utf8 || *s < 0x80) {
            *to++ = (char)*s;
        } else {
            *to++ = (char)(0xc0 | *s >> 6);
            *to++ = (char)(0x80 | (*s & 0x3f));
        }
    }
    *to = '\0';
    return copy;
}

static gcl_status find_text(png_job *job, const char *path, const char *key, char **value,
                            gcl_error *err)
{
    png_textp chunks = NULL;
    int n = 0;

    if (setjmp(png_jmpbuf(job->png)) != 0)
        return GCL_FAIL(err, GCL_E_FORMAT, "%s: not a readable PNG file: %s", path, job->reason);
    png_set_chunk_cache_max(job->png, MAX_TEXTS + 2); /* 0 and 1 have other meanings */
    png_set_chunk_malloc_max(job->png, MAX_UNPACKED_TEXT_BYTES);
    png_read_info(job->png, job->info);
    png_get_text(job->png, job->info, &chunks, &n);
    for (int i = 0; i < n; i++) {
        if (strcmp(chunks[i].key, key) != 0)
            continue;
        *value = copy_text(&chunks[i]);
        if (*value == NULL)
            return GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation for text '%s'", path, key);
        return GCL_OK;
    }
    return GCL_FAIL(err, GCL_E_NOT_FOUND, "%s: no text chunk '%s' before the pixels", path, key);
}

gcl_status gcl_png_read_text(const char *path, const char *key, char **value, gcl_error *err)
{
    gcl_status st = GCL_OK;
    png_job job = {0};
    char *data = NULL;
    size_t bytes = 0;

    *value = NULL;
    GCL_TRY(gcl_file_read(&data, &bytes, path, GCL_IMAGE_MAX_FILE_BYTES, err));
    GCL_TRY(open_reader(&job, path, data, bytes, err));
    GCL_TRY(find_text(&job, path, key, value, err));
done:
    png_destroy_read_struct(&job.png, &job.info, NULL);
    free(data);
    return st;
}

static int is_ascii(const char *s)
{
    while (*s != '\0' && (unsigned char)*s < 0x80)
        s++;
    return *s == '\0';
}

/* PNG 11.3.3.1; libpng would silently write another key. */
static gcl_status check_key(const char *path, const char *key, gcl_error *err)
{
    const size_t n = strlen(key);
    int ok = n >= 1 && n <= 79 && key[0] != ' ' && key[n - 1] != ' ' && strstr(key, "  ") == NULL;

    for (size_t i = 0; i < n; i++)
        ok &= key[i] >= 0x20 && key[i] < 0x7f;
    if (ok)
        return GCL_OK;
    return GCL_FAIL(err, GCL_E_ARG,
                    "%s: PNG text key '%s' must be 1 to 79 printable ASCII characters without "
                    "leading, trailing or double spaces",
                    path, key);
}

static gcl_status make_chunks(png_text **out, const char *path, const gcl_png_text *text, size_t n,
                              gcl_error *err)
{
    gcl_status st = GCL_OK;
    png_text *chunks = calloc(n + 1, sizeof *chunks); /* + 1: never of size 0 */

    *out = NULL;
    if (chunks == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation for %zu text chunks", path, n);
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        GCL_TRY(check_key(path, text[i].key, err));
        chunks[i].compression =
            is_ascii(text[i].value) ? PNG_TEXT_COMPRESSION_NONE : PNG_ITXT_COMPRESSION_NONE;
        chunks[i].key = (char *)text[i].key; /* libpng copies both */
        chunks[i].text = (char *)text[i].value;
    }
    *out = chunks;
    chunks = NULL;
done:
    free(chunks);
    return st;
}

static gcl_status encode(png_job *job, const gcl_writer *w, const uint8_t *rgb, size_t width,
                         size_t height, const png_text *chunks, size_t n_chunks, gcl_error *err)
{
    errno = 0;
    if (setjmp(png_jmpbuf(job->png)) != 0)
        return GCL_FAIL(err, GCL_E_FILE, "cannot write %s: %s (%s)", w->path, job->reason,
                        strerror(errno));
    png_init_io(job->png, w->file);
    png_set_user_limits(job->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_IHDR(job->png, job->info, (png_uint_32)width, (png_uint_32)height, 8,
                 PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_set_text(job->png, job->info, chunks, (int)n_chunks);
    png_write_info(job->png, job->info);
    for (size_t y = 0; y < height; y++)
        png_write_row(job->png, rgb + 3 * width * y); /* rgb[y,:,:] */
    png_write_end(job->png, NULL);
    return GCL_OK;
}

gcl_status gcl_image_write_png(const char *path, const uint8_t *rgb, size_t width, size_t height,
                               const gcl_png_text *text, size_t n_text, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_writer w = {0};
    png_job job = {0};
    png_text *chunks = NULL;

    GCL_TRY(gcl_image_check_size(path, width, height, err));
    GCL_TRY(make_chunks(&chunks, path, text, n_text, err));
    job.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &job, on_error, on_warning);
    if (job.png != NULL)
        job.info = png_create_info_struct(job.png);
    if (job.info == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation for the PNG encoder", path);
        goto done;
    }
    GCL_TRY(gcl_writer_open(&w, path, err));
    GCL_TRY(encode(&job, &w, rgb, width, height, chunks, n_text, err));
    GCL_TRY(gcl_writer_commit(&w, err));
done:
    png_destroy_write_struct(&job.png, &job.info);
    gcl_writer_abort(&w);
    free(chunks);
    return st;
}
