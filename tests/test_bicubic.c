/*
 * test_bicubic.c - resize_bicubic against Pillow, byte for byte, and CLIP's window against
 * torchvision's arithmetic. tests/golden/make_bicubic.py made the expected values.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"
#include "host/context.h"
#include "host/ops/resize_bicubic.h"
#include "host/plan.h"

static const struct {
    size_t H, W, out_h, out_w, top, left, crop_h, crop_w;
    uint64_t checksum; /* FNV-1a of the window's bytes */
} cases[] = {
#include "data/bicubic/cases.inc"
};

static const struct {
    size_t width, height, size, out_h, out_w, top, left;
} windows[] = {
#include "data/bicubic/windows.inc"
};

static gcl_context *ctx;

static int open_device(void **state)
{
    gcl_error err = GCL_ERROR_INIT;
    gcl_device_info device;
    gcl_status st;

    (void)state;
    st = gcl_device_find(&device, NULL, &err);
    if (st == GCL_OK)
        st = gcl_context_create(&ctx, &device, &err);
    if (st != GCL_OK)
        print_error("%s\n", err.message);
    gcl_error_clear(&err);
    return st != GCL_OK;
}

static int close_device(void **state)
{
    (void)state;
    gcl_context_destroy(ctx);
    return 0;
}

/* The formula of make_bicubic.py's picture(). */
static uint8_t *picture(size_t bytes)
{
    uint8_t *x = malloc(bytes);

    assert_non_null(x);
    for (size_t i = 0; i < bytes; i++) {
        uint32_t h = (uint32_t)i * 0x9E3779B1u;
        h = (h ^ h >> 15) * 0x85EBCA77u;
        const int v = (int)(h >> 24) * 2 - 128;
        x[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
    }
    return x;
}

static void windows_are_pillows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gcl_status st = GCL_OK;
        gcl_error err = GCL_ERROR_INIT;
        gcl_graph *g = NULL;
        gcl_plan *plan = NULL;
        const size_t x_bytes = cases[i].H * cases[i].W * 3;
        const size_t y_bytes = cases[i].crop_h * cases[i].crop_w * 3;
        uint8_t *x = picture(x_bytes), *y = malloc(y_bytes);
        gcl_value v;

        assert_non_null(y);
        GCL_TRY(gcl_graph_create(&g, &err));
        v = gcl_graph_input(g, "x", GCL_U8, GCL_SHAPE(cases[i].H, cases[i].W, 3));
        v = gcl_resize_bicubic(g, v, cases[i].out_h, cases[i].out_w, cases[i].top, cases[i].left,
                               cases[i].crop_h, cases[i].crop_w);
        gcl_graph_output(g, v, "y");
        GCL_TRY(gcl_graph_status(g, &err));
        GCL_TRY(gcl_plan_create(&plan, ctx, g, NULL, NULL, &err));
        GCL_TRY(gcl_plan_write(plan, "x", x, x_bytes, &err));
        GCL_TRY(gcl_plan_run(plan, &err));
        GCL_TRY(gcl_plan_read(plan, "y", y, y_bytes, &err));
        if (gcl_fnv1a64(GCL_FNV1A64_INIT, y, y_bytes) != cases[i].checksum)
            fail_msg("%zu x %zu to %zu x %zu: other bytes than Pillow's; first pixel %d %d %d",
                     cases[i].W, cases[i].H, cases[i].out_w, cases[i].out_h, y[0], y[1], y[2]);
    done:
        gcl_plan_destroy(plan);
        gcl_graph_destroy(g);
        free(x);
        free(y);
        if (st != GCL_OK)
            fail_msg("%s", err.message);
        gcl_error_clear(&err);
    }
}

static void clip_window_is_torchvisions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
        size_t out_h, out_w, top, left;
        gcl_clip_resize_window(windows[i].width, windows[i].height, windows[i].size, &out_h, &out_w,
                               &top, &left);
        if (out_h != windows[i].out_h || out_w != windows[i].out_w || top != windows[i].top ||
            left != windows[i].left)
            fail_msg("%zu x %zu, size %zu: got %zu x %zu at %zu, %zu, want %zu x %zu at %zu, %zu",
                     windows[i].width, windows[i].height, windows[i].size, out_w, out_h, left, top,
                     windows[i].out_w, windows[i].out_h, windows[i].left, windows[i].top);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_are_pillows),
        cmocka_unit_test(clip_window_is_torchvisions),
    };

    return cmocka_run_group_tests(tests, open_device, close_device);
}
