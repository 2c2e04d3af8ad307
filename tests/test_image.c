/* test_image.c - picture files against Pillow's pixels, round trips, damaged files, failed writes.
 *
 * The fixtures and what Pillow reads from them come from tests/golden/make_images.py. PNG must
 * agree exactly. JPEG may differ by JPEG_TOLERANCE a channel: 0 was measured with libjpeg-turbo
 * 2.1.5 on both sides; other decoders round their inverse DCT and chroma upsampling otherwise.
 */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/file.h"
#include "image/image.h"

#define IMAGES TEST_DATA "/image/"
#define LIMIT_BYTES ((size_t)1 << 24)

#ifndef JPEG_TOLERANCE
#define JPEG_TOLERANCE 0
#endif

static const struct {
    const char *name;
    size_t width, height;
} fixtures[] = {
#include "data/image/images.inc"
};

static char folder[] = "/tmp/test_image.XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder); /* fails when a test left a file behind */
}

/* folder/name; the buffer lasts until the next call. */
static const char *in_folder(const char *name)
{
    static char path[256];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static char *load(const char *path, size_t *bytes)
{
    gcl_error err = GCL_ERROR_INIT;
    char *data = NULL;

    if (gcl_file_read(&data, bytes, path, LIMIT_BYTES, &err) != GCL_OK)
        fail_msg("%s", err.message);
    return data;
}

static void assert_pixels(const char *name, const gcl_image *got, const uint8_t *want)
{
    const int allowed = strstr(name, ".jpg") != NULL ? JPEG_TOLERANCE : 0;

    for (size_t i = 0; i < 3 * got->width * got->height; i++)
        if (abs(got->rgb[i] - want[i]) > allowed)
            fail_msg("%s: first difference at [%zu,%zu,%zu]: got %d, want %d, allowed %d", name,
                     i / 3 / got->width, i / 3 % got->width, i % 3, got->rgb[i], want[i], allowed);
}

static void reads_what_pillow_reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof fixtures / sizeof fixtures[0]; i++) {
        gcl_error err = GCL_ERROR_INIT;
        gcl_image image;
        char path[512];
        size_t bytes;
        char *want;

        snprintf(path, sizeof path, IMAGES "%s", fixtures[i].name);
        if (gcl_image_read(&image, path, &err) != GCL_OK)
            fail_msg("%s", err.message);
        snprintf(path, sizeof path, IMAGES "%s.rgb", fixtures[i].name);
        want = load(path, &bytes);
        assert_int_equal(image.width, fixtures[i].width);
        assert_int_equal(image.height, fixtures[i].height);
        assert_int_equal(bytes, 3 * image.width * image.height);
        assert_pixels(fixtures[i].name, &image, (const uint8_t *)want);
        free(want);
        gcl_image_free(&image);
    }
}

/* Reads `bytes` bytes as a file; a failure must be a clean one that names the file. */
static gcl_status read_bytes(gcl_image *image, const char *data, size_t bytes)
{
    const char *path = in_folder("part");
    gcl_error err = GCL_ERROR_INIT;
    gcl_status st;

    assert_int_equal(gcl_file_write(path, data, bytes, &err), GCL_OK);
    st = gcl_image_read(image, path, &err);
    if (st != GCL_OK) {
        assert_null(image->rgb);
        assert_int_equal(err.status, st);
        assert_non_null(strstr(err.message, path));
    }
    unlink(path);
    return st;
}

static const char *const damaged[] = {
    "rgb_8.png",   "palette_4_trns_adam7.png", "grey.jpg",
    "ycc_420.jpg", "ycc_420_progressive.jpg",  "ycck.jpg",
};

static void a_file_cut_anywhere_is_an_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        char path[512];
        size_t bytes;
        char *data;

        snprintf(path, sizeof path, IMAGES "%s", damaged[i]);
        data = load(path, &bytes);
        for (size_t n = 0; n < bytes; n++) {
            gcl_image image;
            if (read_bytes(&image, data, n) != GCL_E_FORMAT)
                fail_msg("%s: %zu of %zu bytes were accepted", damaged[i], n, bytes);
        }
        free(data);
    }
}

/* A changed byte may be read as another picture (JPEG has no checksums), but never crashes; in PNG
 * every byte of these fixtures is checked. */
static void a_changed_byte_is_survived(void **state)
{
    static const unsigned char masks[] = {0x01, 0x80, 0xff};

    (void)state;
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        char path[512];
        size_t bytes;
        char *data;

        snprintf(path, sizeof path, IMAGES "%s", damaged[i]);
        data = load(path, &bytes);
        for (size_t n = 0; n < bytes * sizeof masks; n++) {
            const char old = data[n / sizeof masks];
            gcl_image image;
            gcl_status st;

            data[n / sizeof masks] = (char)(old ^ masks[n % sizeof masks]);
            st = read_bytes(&image, data, bytes);
            if (strstr(damaged[i], "rgb_8.png") != NULL)
                assert_int_equal(st, GCL_E_FORMAT);
            gcl_image_free(&image);
            data[n / sizeof masks] = old;
        }
        free(data);
    }
}

static void messages_carry_the_decoders_words(void **state)
{
    static const struct {
        const char *name, *words;
    } cases[] = {
        {IMAGES "rgb_8.png", "is cut short"},
        {IMAGES "ycc_420.jpg", "Premature end of input file"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gcl_error err = GCL_ERROR_INIT;
        gcl_image image;
        size_t bytes;
        char *data = load(cases[i].name, &bytes);

        gcl_file_write(in_folder("cut"), data, bytes - 5, NULL);
        assert_int_equal(gcl_image_read(&image, in_folder("cut"), &err), GCL_E_FORMAT);
        assert_non_null(strstr(err.message, cases[i].words));
        assert_non_null(strstr(err.message, in_folder("cut")));
        unlink(in_folder("cut"));
        free(data);
    }
}

static void other_files_are_refused(void **state)
{
    static const char text[] = "P6 is a picture too, but not one of ours\n";
    gcl_error err = GCL_ERROR_INIT;
    gcl_image image;
    char *value;

    (void)state;
    assert_int_equal(read_bytes(&image, text, sizeof text - 1), GCL_E_FORMAT);
    assert_int_equal(read_bytes(&image, "", 0), GCL_E_FORMAT);
    assert_int_equal(gcl_image_read(&image, folder, &err), GCL_E_FILE);
    assert_non_null(strstr(err.message, folder));
    assert_int_equal(gcl_image_read(&image, in_folder("none.png"), NULL), GCL_E_FILE);
    assert_int_equal(gcl_png_read_text(IMAGES "grey.jpg", "key", &value, &err), GCL_E_FORMAT);
    assert_non_null(strstr(err.message, "Not a PNG file"));
    assert_null(value);
}

static void put_u32(char *to, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        to[i] = (char)(v >> (24 - 8 * i));
}

static void sizes_beyond_the_limits_are_refused(void **state)
{
    static const struct {
        uint32_t width, height;
        gcl_status want;
    } cases[] = {
        {32769, 1, GCL_E_UNSUPPORTED},
        {1, 32769, GCL_E_UNSUPPORTED},
        {32768, 8193, GCL_E_UNSUPPORTED},
        {0x7fffffff, 5, GCL_E_UNSUPPORTED},
        {0, 5, GCL_E_FORMAT},        /* libpng's own check */
        {32768, 8192, GCL_E_FORMAT}, /* allowed, but the pixels are missing */
    };
    gcl_error err = GCL_ERROR_INIT;
    gcl_image image;
    size_t bytes;
    char *data = load(IMAGES "rgb_8.png", &bytes);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char found[64];

        put_u32(data + 16, cases[i].width);
        put_u32(data + 20, cases[i].height);
        put_u32(data + 29,
                (uint32_t)crc32(0, (const Bytef *)data + 12, 17)); /* IHDR: kind and 13 bytes */
        gcl_file_write(in_folder("large.png"), data, bytes, NULL);
        assert_int_equal(gcl_image_read(&image, in_folder("large.png"), &err), cases[i].want);
        snprintf(found, sizeof found, "%u x %u pixels", (unsigned)cases[i].width,
                 (unsigned)cases[i].height);
        if (cases[i].want == GCL_E_UNSUPPORTED) {
            assert_non_null(strstr(err.message, found));
            assert_non_null(strstr(err.message, "32768 a side and at most 268435456"));
        }
        unlink(in_folder("large.png"));
    }
    put_u32(data + 33, 0x57000022); /* the length of the chunk behind IHDR */
    gcl_file_write(in_folder("large.png"), data, bytes, NULL);
    assert_int_equal(gcl_image_read(&image, in_folder("large.png"), &err), GCL_E_FORMAT);
    assert_non_null(strstr(err.message, "the chunk at byte 33 is cut short"));
    unlink(in_folder("large.png"));
    free(data);
}

/* The first place of the two bytes FF and marker. */
static size_t find_marker(const char *data, size_t bytes, int marker)
{
    size_t at = 0;

    while (at + 2 < bytes && ((data[at] & 0xff) != 0xff || (data[at + 1] & 0xff) != marker))
        at++;
    return at;
}

static void assert_refused(const char *data, size_t bytes, gcl_status want, const char *words)
{
    gcl_error err = GCL_ERROR_INIT;
    gcl_image image;

    gcl_file_write(in_folder("bad.jpg"), data, bytes, NULL);
    assert_int_equal(gcl_image_read(&image, in_folder("bad.jpg"), &err), want);
    unlink(in_folder("bad.jpg"));
    if (strstr(err.message, words) == NULL)
        fail_msg("wanted '%s', got: %s", words, err.message);
}

/* A small file must not stand for a large picture, or for the work of many. */
static void a_jpeg_is_not_believed(void **state)
{
    enum { SOF2 = 0xc2, DHT = 0xc4, SOS = 0xda, EOI = 0xd9, SCANS = 101 };
    size_t bytes, scan, scan_bytes;
    char *data = load(IMAGES "grey.jpg", &bytes), *many;

    (void)state;
    data[bytes - 100] = (char)0xff; /* the pixels end here */
    data[bytes - 99] = (char)EOI;
    assert_refused(data, bytes, GCL_E_FORMAT, "premature end of data segment");
    free(data);

    data = load(IMAGES "grey_progressive.jpg", &bytes);
    scan = find_marker(data, bytes, SOS);
    scan_bytes = find_marker(data + scan, bytes - scan, DHT);
    many = malloc(scan + SCANS * scan_bytes);
    assert_non_null(many);
    memcpy(many, data, scan);
    for (size_t i = 0; i < SCANS; i++)
        memcpy(many + scan + i * scan_bytes, data + scan, scan_bytes);
    assert_refused(many, scan + SCANS * scan_bytes, GCL_E_FORMAT, "more than 100 scans");
    free(many);

    put_u32(data + find_marker(data, bytes, SOF2) + 5, 16384u << 16 | 16384); /* height, width */
    assert_refused(data, bytes, GCL_E_UNSUPPORTED,
                   "16384 x 16384 pixels; a JPEG picture of several");
    free(data);
}

static uint8_t *noise(size_t bytes)
{
    uint8_t *data = malloc(bytes);
    uint32_t seed = 12345;

    assert_non_null(data);
    for (size_t i = 0; i < bytes; i++) {
        seed = seed * 1664525u + 1013904223u;
        data[i] = (uint8_t)(seed >> 24);
    }
    return data;
}

static void assert_text(const char *path, const char *key, const char *want)
{
    gcl_error err = GCL_ERROR_INIT;
    char *value;

    if (gcl_png_read_text(path, key, &value, &err) != GCL_OK)
        fail_msg("%s", err.message);
    assert_string_equal(value, want);
    free(value);
}

static void what_is_written_reads_back(void **state)
{
    enum { W = 37, H = 23, LONG = 300000 };
    static char longer[LONG + 1];
    const gcl_png_text text[] = {
        {"prompt", "a small bird\nwith a red head"},
        {"Title", "Gr\xc3\xbc\xc3\x9f"
                  "e \xe9\xb8\x9f \xf0\x9f\x90\xa6"},
        {"long", longer},
        {"empty", ""},
        {"prompt", "the second of a name is not found"},
    };
    const char *path = in_folder("out.png");
    gcl_error err = GCL_ERROR_INIT;
    uint8_t *rgb = noise(3 * W * H);
    char *file, *value;
    gcl_image image;
    size_t bytes;

    (void)state;
    memset(longer, 'x', LONG);
    assert_int_equal(gcl_image_write_png(path, rgb, W, H, text, 5, &err), GCL_OK);
    assert_int_equal(gcl_image_read(&image, path, &err), GCL_OK);
    assert_int_equal(image.width, W);
    assert_int_equal(image.height, H);
    assert_memory_equal(image.rgb, rgb, 3 * W * H);
    for (size_t i = 0; i < 4; i++)
        assert_text(path, text[i].key, text[i].value);
    assert_int_equal(gcl_png_read_text(path, "Prompt", &value, &err), GCL_E_NOT_FOUND);
    assert_non_null(strstr(err.message, "'Prompt'"));

    file = load(path, &bytes); /* signature, IHDR, then the first text chunk's kind */
    assert_memory_equal(file + 37, "tEXtprompt", 11);
    assert_memory_equal(file + 37 + 4 + 7 + 28 + 4 + 4, "iTXtTitle", 10);
    free(file);

    assert_int_equal(gcl_image_write_png(path, rgb, 1, 1, NULL, 0, &err), GCL_OK);
    assert_int_equal(gcl_png_read_text(path, "prompt", &value, &err), GCL_E_NOT_FOUND);
    gcl_image_free(&image);
    gcl_image_free(&image); /* legal on an empty one */
    unlink(path);
    free(rgb);
}

/* rgb_8.png with one chunk more behind IHDR. */
static void write_with_chunk(const char *path, const char *kind, const void *content, size_t n)
{
    enum { IHDR_END = 33 };
    size_t bytes;
    char *data = load(IMAGES "rgb_8.png", &bytes), *chunk = malloc(n + 12);
    FILE *f = fopen(path, "wb");

    assert_non_null(chunk);
    put_u32(chunk, (uint32_t)n);
    memcpy(chunk + 4, kind, 4);
    memcpy(chunk + 8, content, n);
    put_u32(chunk + 8 + n, (uint32_t)crc32_z(0, (const Bytef *)chunk + 4, n + 4));
    assert_non_null(f);
    fwrite(data, 1, IHDR_END, f);
    fwrite(chunk, 1, n + 12, f);
    fwrite(data + IHDR_END, 1, bytes - IHDR_END, f);
    fclose(f);
    free(chunk);
    free(data);
}

static void latin1_text_becomes_utf8(void **state)
{
    const char *path = in_folder("latin1.png");

    (void)state;
    write_with_chunk(path, "tEXt", "name\0Gr\xfc", 8);
    assert_text(path, "name", "Gr\xc3\xbc");
    unlink(path);
}

static void compressed_texts_have_a_limit(void **state)
{
    enum { LIMIT = 1 << 20, KEY_BYTES = 5 }; /* with NUL and method; counted too */
    const char *path = in_folder("packed.png");
    char *text = malloc(LIMIT), *value, chunk[4096] = "key\0";

    (void)state;
    assert_non_null(text);
    memset(text, 'x', LIMIT);
    for (int bytes = LIMIT - 2 * KEY_BYTES; bytes <= LIMIT; bytes += 2 * KEY_BYTES) {
        uLongf packed = sizeof chunk - KEY_BYTES;
        assert_int_equal(compress((Bytef *)chunk + KEY_BYTES, &packed, (Bytef *)text, (uLong)bytes),
                         Z_OK);
        write_with_chunk(path, "zTXt", chunk, KEY_BYTES + packed);
        assert_int_equal(gcl_png_read_text(path, "key", &value, NULL),
                         bytes < LIMIT ? GCL_OK : GCL_E_NOT_FOUND);
        free(value);
    }
    unlink(path);
    free(text);
}

static void a_hundred_texts_are_read(void **state)
{
    enum { TEXTS = 101 };
    const char *path = in_folder("texts.png");
    gcl_png_text text[TEXTS];
    char *value;

    (void)state;
    for (size_t i = 0; i < TEXTS; i++)
        text[i] = (gcl_png_text){i < 99 ? "first" : i == 99 ? "last" : "beyond", "x"};
    assert_int_equal(gcl_image_write_png(path, (const uint8_t *)"rgb", 1, 1, text, TEXTS, NULL),
                     GCL_OK);
    assert_text(path, "last", "x");
    assert_int_equal(gcl_png_read_text(path, "beyond", &value, NULL), GCL_E_NOT_FOUND);
    unlink(path);
}

static void bad_keys_and_sizes_are_refused(void **state)
{
    static const char *const keys[] = {
        "",
        " a",
        "a ",
        "a  b",
        "a\nb",
        "\xc3\xa9",
        "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
    };
    const uint8_t rgb[3] = {0};
    gcl_error err = GCL_ERROR_INIT;

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const gcl_png_text text[] = {{"fine", "1"}, {keys[i], "2"}};
        assert_int_equal(gcl_image_write_png(in_folder("k.png"), rgb, 1, 1, text, 2, &err),
                         GCL_E_ARG);
        assert_non_null(strstr(err.message, "k.png"));
    }
    assert_int_equal(gcl_image_write_png(in_folder("k.png"), rgb, 0, 1, NULL, 0, &err),
                     GCL_E_UNSUPPORTED);
    assert_int_equal(gcl_image_write_png(in_folder("k.png"), rgb, 1, 32769, NULL, 0, &err),
                     GCL_E_UNSUPPORTED);
    assert_int_not_equal(access(in_folder("k.png"), F_OK), 0);
}

static size_t count_files(void)
{
    DIR *dir = opendir(folder);
    size_t n = 0;

    assert_non_null(dir);
    for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
        n += e->d_name[0] != '.';
    closedir(dir);
    return n;
}

static void a_failed_write_changes_nothing(void **state)
{
    enum { SIDE = 256, BOUND = 4500 };
    static const size_t sides[] = {16, 40, SIDE}; /* below the bound; fails in the flush; earlier */
    const char *path = in_folder("kept.png");
    uint8_t *rgb = noise(3 * SIDE * SIDE);
    struct rlimit old, tight;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    tight = old;
    tight.rlim_cur = BOUND;
    signal(SIGXFSZ, SIG_IGN);
    for (size_t i = 0; i < 3; i++) {
        gcl_error err = GCL_ERROR_INIT;
        size_t bytes = 0;
        gcl_status st;
        char *data;

        assert_int_equal(gcl_file_write(path, "before", 6, &err), GCL_OK);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
        st = gcl_image_write_png(path, rgb, sides[i], sides[i], NULL, 0, &err);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
        assert_int_equal(st, i == 0 ? GCL_OK : GCL_E_FILE);
        assert_int_equal(count_files(), 1);
        if (st != GCL_OK) {
            assert_non_null(strstr(err.message, path));
            data = load(path, &bytes);
            assert_string_equal(data, "before");
            free(data);
        }
    }
    signal(SIGXFSZ, SIG_DFL);
    unlink(path);
    free(rgb);
}

static void an_unwritable_path_leaves_nothing(void **state)
{
    const uint8_t rgb[3] = {1, 2, 3};
    gcl_error err = GCL_ERROR_INIT;

    (void)state;
    assert_int_equal(gcl_image_write_png(in_folder("none/x.png"), rgb, 1, 1, NULL, 0, &err),
                     GCL_E_FILE);
    assert_non_null(strstr(err.message, "none/x.png"));
    assert_int_equal(mkdir(in_folder("taken"), 0777), 0);
    assert_int_equal(gcl_image_write_png(in_folder("taken"), rgb, 1, 1, NULL, 0, &err), GCL_E_FILE);
    assert_int_equal(rmdir(in_folder("taken")), 0);
    assert_int_equal(count_files(), 0);
}

static void a_grid_holds_its_tiles(void **state)
{
    enum { N = 5, W = 3, H = 2, GAP = 2, COLS = 3, GREY = 77, GW = 13, GH = 6 };
    uint8_t *tiles = noise(3 * N * W * H);
    gcl_image grid;

    (void)state;
    assert_int_equal(gcl_image_grid(&grid, tiles, N, W, H, COLS, GAP, GREY, NULL), GCL_OK);
    assert_int_equal(grid.width, GW);
    assert_int_equal(grid.height, GH);
    for (size_t y = 0; y < GH; y++)
        for (size_t x = 0; x < GW; x++)
            for (size_t c = 0; c < 3; c++) {
                const size_t i = y / (H + GAP) * COLS + x / (W + GAP);
                const size_t h = y % (H + GAP), w = x % (W + GAP);
                const int inside = i < N && h < H && w < W;
                assert_int_equal(grid.rgb[3 * (y * GW + x) + c],
                                 inside ? tiles[3 * ((i * H + h) * W + w) + c] : GREY);
            }
    gcl_image_free(&grid);

    /* more columns than tiles: one row, no empty places */
    assert_int_equal(gcl_image_grid(&grid, tiles, 2, W, H, SIZE_MAX, 0, GREY, NULL), GCL_OK);
    assert_int_equal(grid.width, 2 * W);
    assert_int_equal(grid.height, H);
    gcl_image_free(&grid);
    free(tiles);
}

static void a_grid_out_of_bounds_is_refused(void **state)
{
    const uint8_t tile[3] = {0};
    gcl_image grid;

    (void)state;
    assert_int_equal(gcl_image_grid(&grid, tile, 0, 1, 1, 1, 0, 0, NULL), GCL_E_ARG);
    assert_int_equal(gcl_image_grid(&grid, tile, 1, 1, 1, 0, 0, 0, NULL), GCL_E_ARG);
    assert_int_equal(gcl_image_grid(&grid, tile, 1, 0, 1, 1, 0, 0, NULL), GCL_E_UNSUPPORTED);
    assert_int_equal(gcl_image_grid(&grid, tile, 2, 32768, 1, 2, 0, 0, NULL), GCL_E_UNSUPPORTED);
    assert_int_equal(gcl_image_grid(&grid, tile, 2, 1, 32768, 1, 0, 0, NULL), GCL_E_UNSUPPORTED);
    assert_int_equal(gcl_image_grid(&grid, tile, 2, 1, 1, 2, SIZE_MAX, 0, NULL), GCL_E_UNSUPPORTED);
    assert_int_equal(gcl_image_grid(&grid, tile, SIZE_MAX, 9, 9, 2, 0, 0, NULL), GCL_E_UNSUPPORTED);
    assert_null(grid.rgb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_pillow_reads),
        cmocka_unit_test(a_file_cut_anywhere_is_an_error),
        cmocka_unit_test(a_changed_byte_is_survived),
        cmocka_unit_test(messages_carry_the_decoders_words),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(sizes_beyond_the_limits_are_refused),
        cmocka_unit_test(a_jpeg_is_not_believed),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(latin1_text_becomes_utf8),
        cmocka_unit_test(compressed_texts_have_a_limit),
        cmocka_unit_test(a_hundred_texts_are_read),
        cmocka_unit_test(bad_keys_and_sizes_are_refused),
        cmocka_unit_test(a_failed_write_changes_nothing),
        cmocka_unit_test(an_unwritable_path_leaves_nothing),
        cmocka_unit_test(a_grid_holds_its_tiles),
        cmocka_unit_test(a_grid_out_of_bounds_is_refused),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
