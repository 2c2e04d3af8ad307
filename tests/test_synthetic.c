/* test_synthetic.c - synthetic weights against checksums of the Python reference, bit for bit. */
#include "weights/synthetic.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "weights/tensor.h"

typedef struct row {
    char amplitude[32]; /* "-": weights */
    uint64_t seed;
    uint32_t crc;
    float first, last;
    char name[128];
    int rank;
    uint64_t shape[GCL_TENSOR_MAX_RANK];
    size_t count;
} row;

static row parse(const char *line)
{
    row r;
    char shape[64];
    size_t bytes;

    memset(&r, 0, sizeof r);
    if (sscanf(line, "%31s %" SCNu64 " %" SCNx32 " %f %f %63s %127s", r.amplitude, &r.seed, &r.crc,
               &r.first, &r.last, shape, r.name) != 7)
        fail_msg("cannot parse: %s", line);
    for (char *s = shape; *s != '\0' && *s != '-'; s += *s == 'x')
        r.shape[r.rank++] = strtoull(s, &s, 10);
    assert_true(gcl_tensor_size(&r.count, &bytes, GCL_TENSOR_F32, r.rank, r.shape));
    return r;
}

static void check(const row *r)
{
    float *values = malloc((r->count + 1) * sizeof *values);
    uint32_t crc;

    assert_non_null(values);
    values[r->count] = 42.0f; /* canary */
    if (strcmp(r->amplitude, "-") == 0)
        assert_int_equal(gcl_synthetic_fill(r->name, r->rank, r->shape, r->seed, values, NULL),
                         GCL_OK);
    else
        gcl_synthetic_uniform(r->name, r->seed, strtod(r->amplitude, NULL), r->count, values);
    crc = (uint32_t)crc32_z(crc32_z(0, NULL, 0), (const unsigned char *)values,
                            r->count * sizeof *values);
    if (values[0] != r->first || values[r->count - 1] != r->last || crc != r->crc)
        fail_msg("%s seed %" PRIu64 ": CRC %08" PRIx32 " first %a last %a, wanted %08" PRIx32
                 " %a %a",
                 r->name, r->seed, crc, (double)values[0], (double)values[r->count - 1], r->crc,
                 (double)r->first, (double)r->last);
    assert_true(values[r->count] == 42.0f);
    free(values);
}

static void values_equal_the_reference(void **state)
{
    FILE *f = fopen(TEST_DATA "/synthetic_checksums.txt", "r");
    char line[512];
    size_t tensors = 0, values = 0;

    (void)state;
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL) {
        row r;
        if (line[0] == '#')
            continue;
        r = parse(line);
        check(&r);
        tensors++;
        values += r.count;
    }
    fclose(f);
    assert_true(tensors > 600);
    print_message("%zu tensors, %zu values\n", tensors, values);
}

static void units_are_exact_in_f32(void **state)
{
    float values[1000];

    (void)state;
    gcl_synthetic_uniform("in.tokens.0", 1, 1.0, 1000, values);
    for (int i = 0; i < 1000; i++) {
        const float steps = (values[i] + 1.0f) * 0x1p23f;
        assert_true(steps >= 0.0f && steps < 0x1p24f && steps == (float)(int32_t)steps);
    }
}

static void odd_shapes_are_handled(void **state)
{
    const uint64_t empty[2] = {5, 0}, huge[2] = {UINT64_C(1) << 40, UINT64_C(1) << 40};
    float value = 42.0f;
    gcl_error err = GCL_ERROR_INIT;

    (void)state;
    assert_int_equal(gcl_synthetic_fill("a.weight", 2, empty, 1, &value, NULL), GCL_OK);
    assert_int_equal(gcl_synthetic_fill("a.weight", 2, huge, 1, &value, &err), GCL_E_SHAPE);
    assert_string_equal(err.message, "tensor a.weight: the size of its shape overflows");
    assert_true(value == 42.0f);
    assert_int_equal(gcl_synthetic_fill("text_projection", 0, NULL, 1, &value, NULL), GCL_OK);
    assert_true(value >= -1.7321f && value <= 1.7321f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_equal_the_reference),
        cmocka_unit_test(units_are_exact_in_f32),
        cmocka_unit_test(odd_shapes_are_handled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
