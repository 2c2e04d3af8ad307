/* test_weight_set.c - weights from memory and files, read and packed by the device. */
#include "host/weight_set.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "host/ops/common/bilinear.h"
#include "host/ops/common/panels.h"
#include "model/checkpoint.h"
#include "weights/tensor.h"

static gcl_device_info device;

static int find_device(void **state)
{
    (void)state;
    return gcl_device_find(&device, NULL, NULL) != GCL_OK;
}

/* ---- a source in memory ---- */

typedef struct memory {
    const void *data;
    gcl_weight_dtype dtype;
    size_t copy_bytes; /* give a copy, to be freed, of so many bytes */
} memory;

static gcl_status view(void *self, const char *name, const gcl_shape *required,
                       gcl_weight_view *out, gcl_error *err)
{
    const memory *m = self;

    (void)name, (void)required, (void)err;
    out->data = m->data;
    out->dtype = m->dtype;
    if (m->copy_bytes > 0) {
        out->data = out->owned = malloc(m->copy_bytes);
        assert_non_null(out->owned);
        memcpy(out->owned, m->data, m->copy_bytes);
    }
    return GCL_OK;
}

typedef struct fixture {
    gcl_context *ctx;
    gcl_weight_set *set;
} fixture;

static fixture open_set(const gcl_device_info *on, gcl_weight_source source)
{
    fixture f = {NULL, NULL};
    gcl_error err = GCL_ERROR_INIT;

    if (gcl_context_create(&f.ctx, on, &err) != GCL_OK ||
        gcl_weight_set_create(&f.set, f.ctx, source, &err) != GCL_OK)
        fail_msg("%s", err.message);
    return f;
}

static void close_set(fixture *f)
{
    gcl_weight_set_destroy(f->set);
    gcl_context_destroy(f->ctx);
}

/* The weight as the device holds it; to be freed. */
static float *get(fixture *f, const char *name, gcl_shape shape, const gcl_packing *packing,
                  size_t *count)
{
    gcl_error err = GCL_ERROR_INIT;
    cl_mem mem = NULL;
    size_t bytes = 0;
    float *out;

    if (gcl_weight_set_get(f->set, &mem, &bytes, name, &shape, packing, &err) != GCL_OK)
        fail_msg("%s", err.message);
    out = malloc(bytes);
    assert_non_null(out);
    assert_int_equal(
        clEnqueueReadBuffer(gcl_context_queue(f->ctx), mem, CL_TRUE, 0, bytes, out, 0, NULL, NULL),
        CL_SUCCESS);
    *count = bytes / sizeof *out;
    return out;
}

/* Random numbers of all sizes that a weight may have. */
static float *random_weights(size_t n)
{
    uint64_t z = 1;
    float *w = malloc(n * sizeof *w);

    assert_non_null(w);
    for (size_t i = 0; i < n; i++) {
        z = z * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX */
        w[i] = (float)ldexp((double)(int32_t)(z >> 32), -31 - (int)(z >> 20 & 15));
    }
    return w;
}

/* ---- element types ---- */

static void every_half_is_read_exactly(void **state)
{
    enum { N = 1 << 16 };
    static uint16_t bits[N];
    memory m = {bits, GCL_WEIGHT_F16, 0};
    fixture f = open_set(&device, (gcl_weight_source){&m, view, NULL});
    size_t count;

    (void)state;
    for (size_t i = 0; i < N; i++)
        bits[i] = (uint16_t)i;
    for (int type = 0; type < 2; type++) {
        float *got;
        m.dtype = type == 0 ? GCL_WEIGHT_F16 : GCL_WEIGHT_BF16;
        got = get(&f, type == 0 ? "f16" : "bf16", GCL_SHAPE(N), NULL, &count);
        assert_int_equal(count, N);
        for (uint32_t i = 0; i < N; i++) {
            const uint32_t wide = i << 16;
            float want = gcl_f16_to_f32(bits[i]);
            if (type == 1)
                memcpy(&want, &wide, sizeof want);
            /* a device may take a subnormal f32, which only BF16 has, for 0 */
            if (isnan(want) ? !isnan(got[i])
                            : got[i] != want && !(got[i] == 0 && fabsf(want) < 0x1p-126f))
                fail_msg("type %d, bits %04x: %a, wanted %a", type, i, (double)got[i],
                         (double)want);
        }
        free(got);
    }
    close_set(&f);
}

/* ---- layouts ---- */

/* to[p,k,j] = from[p*nr+j,k]; from is [K, N] with kn. */
static void compare_panels(const float *got, const float *from, size_t N, size_t K, size_t nr,
                           bool kn)
{
    for (size_t i = 0; i < gcl_round_up(N, nr) * K; i++) {
        const size_t j = i % nr, k = i / nr % K, n = i / nr / K * nr + j;
        const float want = n >= N ? 0.0f : kn ? from[k * N + n] : from[n * K + k];
        if (got[i] != want)
            fail_msg("N %zu, K %zu, nr %zu, kn %d, [%zu]: %g, wanted %g", N, K, nr, kn, i,
                     (double)got[i], (double)want);
    }
}

static void check_panels(fixture *f, const float *from, size_t N, size_t K, size_t nr, bool kn)
{
    char name[32];
    size_t count;
    float *got;

    snprintf(name, sizeof name, "%zux%zu", N, K);
    got = get(f, name, kn ? GCL_SHAPE(K, N) : GCL_SHAPE(N, K), gcl_panels(nr, kn, false), &count);
    assert_int_equal(count, gcl_round_up(N, nr) * K);
    compare_panels(got, from, N, K, nr, kn);
    free(got);
}

static void panels_are_as_described(void **state)
{
    static const size_t sizes[][2] = {{1, 1}, {7, 63}, {8, 64}, {33, 65}, {64, 131}, {100, 3}};
    float *from = random_weights(64 * 131);
    memory m = {from, GCL_WEIGHT_F32, 0};
    gcl_device_info apart = device; /* as if it had memory of its own */

    (void)state;
    apart.unified_memory = false;
    for (size_t nr = 8; nr <= 32; nr *= 2)
        for (int kn = 0; kn < 2; kn++)
            for (int own = 0; own < 2; own++) {
                fixture f = open_set(own ? &apart : &device, (gcl_weight_source){&m, view, NULL});
                for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
                    check_panels(&f, from, sizes[i][0], sizes[i][1], nr, kn);
                close_set(&f);
            }
    free(from);
}

static void f16_panels_are_rounded_once(void **state)
{
    enum { N = 33, K = 65, NR = 16 };
    float *from = random_weights(N * K);
    memory m = {from, GCL_WEIGHT_F32, 0};
    fixture f = open_set(&device, (gcl_weight_source){&m, view, NULL});

    (void)state;
    for (int kn = 0; kn < 2; kn++) {
        size_t count;
        float *got = get(&f, kn ? "kn" : "nk", kn ? GCL_SHAPE(K, N) : GCL_SHAPE(N, K),
                         gcl_panels(NR, kn, true), &count);
        assert_int_equal(2 * count, gcl_round_up(N, NR) * K);
        for (size_t i = 0; i < 2 * count; i++) {
            const size_t k = i / NR % K, n = i / NR / K * NR + i % NR;
            const uint16_t want = n >= N ? 0 : gcl_f32_to_f16(from[kn ? k * N + n : n * K + k]);
            assert_int_equal(((const uint16_t *)got)[i], want);
        }
        free(got);
    }
    close_set(&f);
    free(from);
}

/* Members of a list lie in one buffer, which is made once for the same members in the same order. */
static void lists_are_one_buffer(void **state)
{
    enum { N0 = 7, K0 = 3, N1 = 33, K1 = 5, NR = 8 };
    const gcl_packing *packing = gcl_panels(NR, false, false);
    const size_t second = gcl_round_up(8 * K0 * sizeof(float), device.mem_align_bytes);
    float *from = random_weights(N1 * K1), *got;
    memory m = {from, GCL_WEIGHT_F32, N1 * K1 * sizeof *from};
    fixture f = open_set(&device, (gcl_weight_source){&m, view, NULL});
    gcl_graph *g = NULL;
    gcl_value list, again, turned, w0, w1;
    cl_mem mem, other;
    size_t bytes;

    (void)state;
    assert_int_equal(gcl_graph_create(&g, NULL), GCL_OK);
    w0 = gcl_graph_weight(g, "w0", GCL_SHAPE(N0, K0));
    w1 = gcl_graph_weight(g, "w1", GCL_SHAPE(N1, K1));
    gcl_graph_list_add(g, list = gcl_graph_list(g), w0);
    gcl_graph_list_add(g, list, w1);
    gcl_graph_list_add(g, again = gcl_graph_list(g), w0);
    gcl_graph_list_add(g, again, w1);
    gcl_graph_list_add(g, turned = gcl_graph_list(g), w1);
    gcl_graph_list_add(g, turned, w0);

    assert_int_equal(gcl_weight_set_get_list(f.set, &mem, &bytes, g, list, packing, NULL), GCL_OK);
    assert_int_equal(bytes, second + 40 * K1 * sizeof(float));
    assert_int_equal(bytes, gcl_packed_bytes(g, list, packing, &device));
    got = malloc(bytes);
    assert_non_null(got);
    assert_int_equal(
        clEnqueueReadBuffer(gcl_context_queue(f.ctx), mem, CL_TRUE, 0, bytes, got, 0, NULL, NULL),
        CL_SUCCESS);
    compare_panels(got, from, N0, K0, NR, false);
    compare_panels(got + second / sizeof *got, from, N1, K1, NR, false);
    free(got);

    assert_int_equal(gcl_weight_set_get_list(f.set, &other, &bytes, g, again, packing, NULL),
                     GCL_OK);
    assert_ptr_equal(other, mem);
    assert_int_equal(gcl_weight_set_get_list(f.set, &other, &bytes, g, turned, packing, NULL),
                     GCL_OK);
    assert_ptr_not_equal(other, mem);
    gcl_graph_destroy(g);
    close_set(&f);
    free(from);
}

static gcl_status get_halves(fixture *f, const char *name, gcl_error *err)
{
    const gcl_shape shape = GCL_SHAPE(2, 3);
    cl_mem mem;
    size_t bytes;

    return gcl_weight_set_get(f->set, &mem, &bytes, name, &shape, gcl_panels(8, false, true), err);
}

/* 65520 is halfway between the largest f16 and what would follow. */
static void what_f16_does_not_hold_is_an_error(void **state)
{
    float from[6] = {1, -65504.0f, 65519.0f, INFINITY, 2, -65520.0f};
    const uint16_t bf16[6] = {0x3f80, 0, 0, 0x4780 /* 65536 */, 0, 0};
    memory m = {from, GCL_WEIGHT_F32, 0};
    fixture f = open_set(&device, (gcl_weight_source){&m, view, NULL});
    gcl_error err = GCL_ERROR_INIT;

    (void)state;
    assert_int_equal(get_halves(&f, "a.weight", &err), GCL_E_UNSUPPORTED);
    assert_string_equal(err.message, "weight a.weight: element 5 is -65520, F16 holds up to 65504");
    m = (memory){bf16, GCL_WEIGHT_BF16, 0};
    assert_int_equal(get_halves(&f, "b", &err), GCL_E_UNSUPPORTED);
    assert_string_equal(err.message, "weight b: element 3 is 65536, F16 holds up to 65504");
    from[5] = 65504.0f;
    m = (memory){from, GCL_WEIGHT_F32, 0};
    assert_int_equal(get_halves(&f, "a.weight", &err), GCL_OK);
    gcl_error_clear(&err);
    close_set(&f);
}

/* G of an algorithm, row by row. */
typedef struct matrix {
    size_t taps;
    const double *rows;
} matrix;

/* Element [u,v] of G w G^T in double. */
static double transformed(matrix G, size_t u, size_t v, const float *w)
{
    double sum = 0;

    for (size_t a = 0; a < G.taps; a++)
        for (size_t b = 0; b < G.taps; b++)
            sum += G.rows[u * G.taps + a] * G.rows[v * G.taps + b] * (double)w[G.taps * a + b];
    return sum;
}

static void check_bilinear(fixture *f, gcl_bilinear_name name, matrix G, size_t vw, const float *w,
                           size_t O, size_t I)
{
    const size_t NU = gcl_bilinear_get(name)->NU, nr = 2 * vw, wide = gcl_round_up(I, vw);
    const size_t kernel = G.taps * G.taps;
    size_t count;
    char text[32];
    float *got;

    assert_int_equal(gcl_bilinear_get(name)->taps, G.taps);
    snprintf(text, sizeof text, "%zux%zu", O, I);
    got = get(f, text, GCL_SHAPE(O, I, G.taps, G.taps), gcl_bilinear_packing(name, vw), &count);
    assert_int_equal(count, gcl_round_up(O, nr) * NU * NU * wide);
    for (size_t at = 0; at < count; at++) {
        const size_t j = at % nr, i = at / nr % wide, uv = at / nr / wide % (NU * NU);
        const size_t o = at / nr / wide / (NU * NU) * nr + j;
        const double want =
            o >= O || i >= I ? 0 : transformed(G, uv / NU, uv % NU, w + (o * I + i) * kernel);
        /* the exact number rounded once, with room for double's own rounding and a near tie */
        const double allowed = fabs(want) * (0x1p-24 + 0x1p-40) + 0x1p-149;
        if (!(fabs((double)got[at] - want) <= allowed))
            fail_msg("algorithm %d, vw %zu, O %zu, I %zu, o %zu, i %zu, product %zu: %a, wanted %a",
                     (int)name, vw, O, I, o, i, uv, (double)got[at], want);
    }
    free(got);
}

static void transformed_weights_are_rounded_once(void **state)
{
    /* clang-format off */
    static const double F2[] = {1,   0,    0,
                                0.5, 0.5,  0.5,
                                0.5, -0.5, 0.5,
                                0,   0,    1};
    static const double F4[] = {1.0 / 4,  0,         0,
                                1.0 / 6,  1.0 / 6,   1.0 / 6,
                                1.0 / 6,  -1.0 / 6,  1.0 / 6,
                                1.0 / 24, 1.0 / 12,  1.0 / 6,
                                1.0 / 24, -1.0 / 12, 1.0 / 6,
                                0,        0,         1};
    static const double F8[] = {1,         0,           0,
                                25.0 / 32, 10.0 / 32,   4.0 / 32,
                                25.0 / 32, -10.0 / 32,  4.0 / 32,
                                25.0 / 32, 20.0 / 32,   16.0 / 32,
                                25.0 / 32, -20.0 / 32,  16.0 / 32,
                                16.0 / 32, 20.0 / 32,   25.0 / 32,
                                16.0 / 32, -20.0 / 32,  25.0 / 32,
                                4.0 / 32,  10.0 / 32,   25.0 / 32,
                                4.0 / 32,  -10.0 / 32,  25.0 / 32,
                                0,         0,           1};
    static const double F2_5[] = {1.0 / 4,  0,         0,       0,        0,
                                  1.0 / 6,  1.0 / 6,   1.0 / 6, 1.0 / 6,  1.0 / 6,
                                  1.0 / 6,  -1.0 / 6,  1.0 / 6, -1.0 / 6, 1.0 / 6,
                                  1.0 / 24, 1.0 / 12,  1.0 / 6, 1.0 / 3,  2.0 / 3,
                                  1.0 / 24, -1.0 / 12, 1.0 / 6, -1.0 / 3, 2.0 / 3,
                                  0,        0,         0,       0,        1};
    static const double X2_2[] = {1, 1, 1,
                                  1, 0, 0,
                                  0, 0, 1};
    static const double X2_4[] = {1,   0,    0,
                                  0.5, 0.5,  0.5,
                                  0.5, -0.5, -0.5,
                                  0.5, 0.5,  -0.5,
                                  0,   0,    1};
    static const double X2_8[] = {1,         0,         0,
                                  1.0 / 3,   1.0 / 3,   1.0 / 3,
                                  1.0 / 3,   -1.0 / 3,  -1.0 / 3,
                                  1.0 / 3,   1.0 / 3,   -1.0 / 3,
                                  1.0 / 15,  2.0 / 15,  2.0 / 15,
                                  1.0 / 15,  1.0 / 15,  2.0 / 15,
                                  16.0 / 15, -8.0 / 15, -8.0 / 15,
                                  16.0 / 15, 16.0 / 15, -8.0 / 15,
                                  0,         0,         1};
    static const double X7_4[] = {1,       0,        0,
                                  1.0 / 3, 1.0 / 3,  1.0 / 3,
                                  1,       -1,       -1,
                                  1,       1,        -1,
                                  8.0 / 3, -4.0 / 3, -4.0 / 3,
                                  8.0 / 3, 8.0 / 3,  -4.0 / 3,
                                  0,       0.5,      0.5,
                                  0,       0,        0.5,
                                  0,       0,        1};
    /* clang-format on */
    static const matrix matrices[] = {
        [GCL_BILINEAR_F2] = {3, F2},     [GCL_BILINEAR_F4] = {3, F4},
        [GCL_BILINEAR_F8] = {3, F8},     [GCL_BILINEAR_F2_5] = {5, F2_5},
        [GCL_BILINEAR_X2_2] = {3, X2_2}, [GCL_BILINEAR_X2_4] = {3, X2_4},
        [GCL_BILINEAR_X2_8] = {3, X2_8}, [GCL_BILINEAR_X7_4] = {3, X7_4}};
    float *w = random_weights(37 * 19 * 25);
    memory m = {w, GCL_WEIGHT_F32, 0};

    (void)state;
    for (int name = 0; name <= GCL_BILINEAR_X7_4; name++)
        for (size_t vw = 8; vw <= 16; vw *= 2) {
            fixture f = open_set(&device, (gcl_weight_source){&m, view, NULL});
            check_bilinear(&f, (gcl_bilinear_name)name, matrices[name], vw, w, 37, 19);
            check_bilinear(&f, (gcl_bilinear_name)name, matrices[name], vw, w, 1, 1);
            close_set(&f);
        }
    free(w);
}

/* ---- memory ---- */

/* More weights than may be under way at a time, from memory that is freed as soon as it was read. */
static void many_weights_are_packed_in_turn(void **state)
{
    enum { N = 1000, COUNT = 1 << 15 };
    float *from = random_weights(COUNT);
    memory m = {from, GCL_WEIGHT_F32, COUNT * sizeof *from};
    fixture f = open_set(&device, (gcl_weight_source){&m, view, NULL});
    gcl_shape shape = GCL_SHAPE(COUNT / 64, 64);
    char name[16];
    cl_mem mem;
    size_t bytes;

    (void)state;
    for (int i = 0; i < N; i++) {
        snprintf(name, sizeof name, "w%d", i);
        from[0] = (float)i;
        assert_int_equal(gcl_weight_set_get(f.set, &mem, &bytes, name, &shape,
                                            gcl_panels(8, false, false), NULL),
                         GCL_OK);
    }
    assert_int_equal(gcl_weight_set_finish(f.set, NULL), GCL_OK);
    assert_int_equal(gcl_weight_set_bytes(f.set), N * COUNT * sizeof *from);
    for (int i = 0; i < N; i++) {
        float *got;
        size_t count;
        snprintf(name, sizeof name, "w%d", i);
        got = get(&f, name, shape, gcl_panels(8, false, false), &count);
        assert_true(got[0] == (float)i);
        assert_true(got[count - 1] == from[COUNT - 1]);
        free(got);
    }
    close_set(&f);
    free(from);
}

/* Row-major f32 data that suits the device is used where it lies, on a CPU. */
static void data_stays_in_place(void **state)
{
    float *from = aligned_alloc(4096, 4096);
    memory m = {from, GCL_WEIGHT_F32, 0};
    fixture f = open_set(&device, (gcl_weight_source){&m, view, NULL});
    const bool shared = gcl_device_is_cpu(&device) && device.unified_memory;

    (void)state;
    assert_non_null(from);
    memset(from, 0, 4096);
    for (int moved = 0; moved < 2; moved++) {
        const gcl_shape shape = GCL_SHAPE(100);
        cl_mem mem;
        size_t bytes;
        void *host = NULL;
        m.data = from + moved;
        assert_int_equal(
            gcl_weight_set_get(f.set, &mem, &bytes, moved ? "moved" : "placed", &shape, NULL, NULL),
            GCL_OK);
        assert_int_equal(clGetMemObjectInfo(mem, CL_MEM_HOST_PTR, sizeof host, &host, NULL),
                         CL_SUCCESS);
        assert_ptr_equal(host, shared && !moved ? m.data : NULL);
    }
    close_set(&f);
    free(from);
}

/* ---- files ---- */

/* A tensor of a file may lie at any byte. */
static void tensors_are_read_from_any_place(void **state)
{
    enum { ROWS = 514, WIDTH = 2, N = ROWS * WIDTH };
    static const char header[] = "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                                 "\"token_embedding.weight\":{\"dtype\":\"F16\",\"shape\":[514,2],"
                                 "\"data_offsets\":[1,2057]},"
                                 "\"positional_embedding\":{\"dtype\":\"F16\",\"shape\":[1,2],"
                                 "\"data_offsets\":[2057,2061]}}";
    char path[] = "/tmp/test_weight_set.XXXXXX";
    unsigned char file[8 + sizeof header - 1 + 1 + 2 * N + 4] = {sizeof header - 1};
    gcl_error err = GCL_ERROR_INIT;
    gcl_checkpoint *c = NULL;
    fixture f;
    size_t count;
    float *got;
    const int fd = mkstemp(path);

    (void)state;
    memcpy(file + 8, header, sizeof header - 1);
    for (size_t i = 0; i < N; i++) {
        const uint16_t half = gcl_f32_to_f16((float)i);
        memcpy(file + sizeof header + 8 + 2 * i, &half, sizeof half);
    }
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(gcl_file_write(path, file, sizeof file, NULL), GCL_OK);
    if (gcl_checkpoint_open(&c, path, NULL, &err) != GCL_OK)
        fail_msg("%s", err.message);
    f = open_set(&device, gcl_checkpoint_source(c));
    got = get(&f, "token_embedding.weight", GCL_SHAPE(ROWS, WIDTH), NULL, &count);
    assert_int_equal(count, N);
    for (size_t i = 0; i < N; i++)
        assert_true(got[i] == (float)i);
    free(got);
    close_set(&f);
    gcl_checkpoint_close(c);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_half_is_read_exactly),
        cmocka_unit_test(panels_are_as_described),
        cmocka_unit_test(lists_are_one_buffer),
        cmocka_unit_test(f16_panels_are_rounded_once),
        cmocka_unit_test(what_f16_does_not_hold_is_an_error),
        cmocka_unit_test(transformed_weights_are_rounded_once),
        cmocka_unit_test(many_weights_are_packed_in_turn),
        cmocka_unit_test(data_stays_in_place),
        cmocka_unit_test(tensors_are_read_from_any_place),
    };

    return cmocka_run_group_tests(tests, find_device, NULL);
}
