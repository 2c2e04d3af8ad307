/* test_device.c - what is read from a device's description. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/device_internal.h"

#define POCL "OpenCL 3.0 PoCL HSTR: pthread-x86_64-pc-linux-gnu-"

/* Vectors of the CPU that PoCL compiles for, where it is known and the host has them. */
static void vectors_are_those_of_the_target(void **state)
{
    static const struct {
        const char *version;
        unsigned host, width;
    } cases[] = {
        {POCL "haswell", 16, 8},
        {POCL "haswell", 8, 8},
        {POCL "haswell", 4, 4}, /* narrower than the target */
        {POCL "sandybridge", 16, 8},
        {POCL "ivybridge", 16, 8},
        {POCL "bdver1", 16, 8},
        {POCL "penryn", 8, 4},
        {POCL "core2", 8, 4},
        {POCL "x86-64", 16, 4},
        {POCL "x86-64", 1, 1},
        {POCL "skylake-avx512", 16, 16}, /* of none that is known */
        {POCL "haswell-2", 16, 16},
        {POCL "x86-64-v3", 8, 8},
        {"OpenCL 1.2 pocl HSTR: pthread-haswell", 16, 8},
        {"haswell", 16, 16},
        {"", 16, 16},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const unsigned width = gcl_pocl_vector_width(cases[i].version, cases[i].host);
        if (width != cases[i].width)
            fail_msg("\"%s\" on a host of %u: %u, wanted %u", cases[i].version, cases[i].host,
                     width, cases[i].width);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_are_those_of_the_target),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
