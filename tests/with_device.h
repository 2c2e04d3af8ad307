/*
 * with_device.h - one context on the default device for all tests of a program: give open_device
 * and close_device to cmocka_run_group_tests. Included behind cmocka.h.
 */
#ifndef TESTS_WITH_DEVICE_H
#define TESTS_WITH_DEVICE_H

#include "host/context.h"

static gcl_context *ctx;

static int open_device(void **state)
{
    gcl_device_info device;
    gcl_error err = GCL_ERROR_INIT;

    (void)state;
    if (gcl_device_find(&device, NULL, &err) != GCL_OK ||
        gcl_context_create(&ctx, &device, &err) != GCL_OK) {
        print_message("%s\n", err.message);
        return 1;
    }
    print_message("device %s\n", device.name);
    return 0;
}

static int close_device(void **state)
{
    (void)state;
    gcl_context_destroy(ctx);
    return 0;
}

#endif
