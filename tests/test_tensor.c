/* test_tensor.c - conversions of file tensors to host numbers, against the formulas. */
#include "weights/tensor.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void expect_error(gcl_status got, gcl_status want, const gcl_error *err,
                         const char *fragment)
{
    if (got != want || strstr(err->message, fragment) == NULL)
        fail_msg("%s \"%s\", wanted %s with \"%s\"", gcl_status_name(got), err->message,
                 gcl_status_name(want), fragment);
}

static void every_f16_converts_exactly(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 0x10000; h++) {
        const int exponent = (int)(h >> 10 & 31), fraction = (int)(h & 1023);
        const double sign = h >> 15 != 0 ? -1.0 : 1.0;
        const float got = gcl_f16_to_f32((uint16_t)h);
        double want = ldexp(1024 + fraction, exponent - 25);
        if (exponent == 0)
            want = ldexp(fraction, -24);
        else if (exponent == 31)
            want = fraction == 0 ? INFINITY : NAN;
        if (isnan(want)) {
            assert_true(isnan(got) && !signbit(got) == !signbit(sign));
            assert_int_equal(gcl_f32_to_f16(got), h | 0x200);
        } else {
            assert_true((double)got == sign * want && !signbit(got) == !signbit(sign));
            assert_int_equal(gcl_f32_to_f16(got), h);
        }
    }
}

/* Between neighbours: the middle goes to the even one, the next f32 either side of it does not. */
static void f32_rounds_to_nearest_even_f16(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 0x7c00; h++) {
        const float low = gcl_f16_to_f32((uint16_t)h);
        const float high = h == 0x7bff ? 65536.0f : gcl_f16_to_f32((uint16_t)(h + 1));
        const float middle = low + (high - low) / 2;
        const uint32_t even = h + (h & 1);
        assert_int_equal(gcl_f32_to_f16(middle), even);
        assert_int_equal(gcl_f32_to_f16(-middle), even | 0x8000);
        assert_int_equal(gcl_f32_to_f16(nextafterf(middle, 0.0f)), h);
        assert_int_equal(gcl_f32_to_f16(nextafterf(middle, INFINITY)), h + 1);
    }
    assert_int_equal(gcl_f32_to_f16(3e38f), 0x7c00);
    assert_int_equal(gcl_f32_to_f16(-INFINITY), 0xfc00);
    assert_int_equal(gcl_f32_to_f16(1e-45f), 0);
}

static void tensors_convert_at_any_alignment(void **state)
{
    static const unsigned char f32[] = {0, 0, 0, 0x80, 0x3f, 1, 0, 0xa0, 0xff};
    static const unsigned char f16[] = {0, 0x00, 0xc0, 0x01, 0x7c};
    static const unsigned char bf16[] = {0, 0x80, 0x3f, 0xc0, 0xff};
    static const gcl_tensor_view views[] = {
        {.name = "f32", .dtype = GCL_TENSOR_F32, .data = f32 + 1, .bytes = 8, .count = 2},
        {.name = "f16", .dtype = GCL_TENSOR_F16, .data = f16 + 1, .bytes = 4, .count = 2},
        {.name = "bf16", .dtype = GCL_TENSOR_BF16, .data = bf16 + 1, .bytes = 4, .count = 2},
    };
    static const uint32_t want[][2] = {
        {0x3f800000, 0xffa00001}, {0xc0000000, 0x7f802000}, {0x3f800000, 0xffc00000}};
    float got[2];

    (void)state;
    for (size_t i = 0; i < COUNT(views); i++) {
        assert_int_equal(gcl_tensor_to_f32(&views[i], got, NULL), GCL_OK);
        assert_memory_equal(got, want[i], sizeof got);
    }
}

static void integers_are_checked(void **state)
{
    static const int64_t wide[] = {INT32_MIN, INT32_MAX, INT64_C(1) << 31};
    gcl_tensor_view t = {.file = "F", .name = "n", .dtype = GCL_TENSOR_I64, .data = wide};
    int32_t got[2];
    float value;
    gcl_error err = GCL_ERROR_INIT;

    (void)state;
    t.count = 2;
    assert_int_equal(gcl_tensor_to_i32(&t, got, &err), GCL_OK);
    assert_int_equal(got[0], INT32_MIN);
    assert_int_equal(got[1], INT32_MAX);
    t.data = wide + 2;
    t.count = 1;
    expect_error(gcl_tensor_to_i32(&t, got, &err), GCL_E_FORMAT, &err,
                 "F: tensor n: element 0 is 2147483648, outside 32 bits");
    expect_error(gcl_tensor_to_f32(&t, &value, &err), GCL_E_UNSUPPORTED, &err,
                 "F32, F16 or BF16 required, is I64");
    t.dtype = GCL_TENSOR_I32;
    t.bytes = 4;
    t.data = got;
    assert_int_equal(gcl_tensor_to_i32(&t, got + 1, &err), GCL_OK);
    assert_int_equal(got[1], INT32_MIN);
    t.dtype = GCL_TENSOR_U8;
    t.file = NULL;
    expect_error(gcl_tensor_to_i32(&t, got, &err), GCL_E_UNSUPPORTED, &err,
                 "memory: tensor n: I32 or I64 required, is U8");
}

static void shape_text_holds_the_largest_shape(void **state)
{
    const uint64_t m = UINT64_MAX, shape[GCL_TENSOR_MAX_RANK] = {m, m, m, m, m, m, m, m};
    char text[GCL_TENSOR_SHAPE_TEXT_BYTES];

    (void)state;
    assert_int_equal(strlen(gcl_tensor_shape_text(text, GCL_TENSOR_MAX_RANK, shape)), 176);
    assert_string_equal(gcl_tensor_shape_text(text, 0, shape), "[]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_f16_converts_exactly),
        cmocka_unit_test(f32_rounds_to_nearest_even_f16),
        cmocka_unit_test(tensors_convert_at_any_alignment),
        cmocka_unit_test(integers_are_checked),
        cmocka_unit_test(shape_text_holds_the_largest_shape),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
