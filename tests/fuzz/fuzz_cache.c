/*
 * fuzz_cache.c - what the program keeps of a device: a compiled program is used only when it is, to the
 * byte, what is stored for its binary; of JSON, as measured choices and as ceilings, what is read can be
 * written and is then read back the same.
 */
#define _XOPEN_SOURCE 700 /* setenv */
#include "fuzz.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "bench/ceiling_internal.h"
#include "host/ops/attention.h"
#include "host/ops/conv2d.h"
#include "host/ops/linear.h"
#include "host/program_cache.h"
#include "host/tuning.h"

enum { LIMIT_BYTES = 1 << 20, NODES = 3 };

static const char key[] = "device, driver, options, source";

/* Compares the file with the bytes. */
static void check_stored(const char *path, const void *data, size_t bytes)
{
    char *stored;
    size_t stored_bytes;

    FUZZ_CHECK(gcl_file_read(&stored, &stored_bytes, path, LIMIT_BYTES, NULL) == GCL_OK);
    FUZZ_CHECK(stored_bytes == bytes && memcmp(stored, data, bytes) == 0);
    free(stored);
}

static void check_program(const uint8_t *data, size_t bytes)
{
    char name[80], *path;
    size_t n;
    void *binary;

    snprintf(name, sizeof name, "galip/fuzz-%016" PRIx64 ".bin",
             gcl_fnv1a64(GCL_FNV1A64_INIT, key, sizeof key));
    setenv("XDG_CACHE_HOME", fuzz_path(""), 1);
    gcl_program_cache_store("fuzz", key, sizeof key, data, bytes);
    binary = gcl_program_cache_load("fuzz", key, sizeof key, &n);
    FUZZ_CHECK(bytes == 0 || (binary != NULL && n == bytes && memcmp(binary, data, n) == 0));
    free(binary);
    FUZZ_CHECK(remove(fuzz_path(name)) == 0); /* stored where the bytes are put now */

    path = strdup(fuzz_file(name, data, bytes));
    FUZZ_CHECK(path != NULL);
    binary = gcl_program_cache_load("fuzz", key, sizeof key, &n);
    if (binary != NULL) {
        gcl_program_cache_store("fuzz", key, sizeof key, binary, n);
        check_stored(path, data, bytes);
    }
    FUZZ_CHECK((binary == NULL) == (n == 0));
    free(binary);
    free(path);
}

/* ---- measured choices ---- */

/* One graph for each op that has rows: dims of the corpus. */
static const gcl_node *make_node(gcl_graph **g, int i)
{
    FUZZ_CHECK(gcl_graph_create(g, NULL) == GCL_OK);
    if (i == 0)
        gcl_linear_nobias(*g, gcl_graph_input(*g, "x", GCL_F32, GCL_SHAPE(24, 128)),
                          gcl_graph_weight(*g, "w", GCL_SHAPE(512, 128)), GCL_LINEAR_NK);
    else if (i == 1)
        gcl_conv2d_nobias(*g, gcl_graph_input(*g, "x", GCL_F32, GCL_SHAPE(1, 64, 32, 32)),
                          gcl_graph_weight(*g, "w", GCL_SHAPE(64, 64, 3, 3)), 1, 1);
    else
        gcl_attention(*g, gcl_graph_input(*g, "x", GCL_F32, GCL_SHAPE(1, 50, 384)), 2, 50, false);
    FUZZ_CHECK(gcl_graph_status(*g, NULL) == GCL_OK);
    return gcl_graph_node_at(*g, 0);
}

/* What the planner asks of a choice before it uses its values. */
static void check_choice(gcl_tunings *t, const gcl_graph *g, const gcl_node *node,
                         const gcl_device_info *device)
{
    const gcl_choices *choices = gcl_tunings_choices(t);
    gcl_choice c = {0};
    char why[256] = "";
    bool allowed;

    if (!choices->find(choices->user, &c, g, node) || c.variant->tunables == NULL)
        return;
    allowed = c.variant->allows(g, node, device, &c.tuning, why, sizeof why);
    FUZZ_CHECK(allowed == (why[0] == '\0'));
}

/* Rows that were read and are written, twice: the second file is the first. */
static void check_shared(const gcl_tunings *t, const gcl_device_info *device)
{
    char first[300], *text;
    size_t bytes;
    gcl_tunings *again;

    strcpy(first, fuzz_path("first.json"));
    FUZZ_CHECK(gcl_tunings_share(t, first, NULL) == GCL_OK);
    FUZZ_CHECK(gcl_tunings_create(&again, device, NULL) == GCL_OK);
    FUZZ_CHECK(gcl_tunings_read(again, first, NULL) == GCL_OK);
    FUZZ_CHECK(gcl_tunings_share(again, fuzz_path("second.json"), NULL) == GCL_OK);
    FUZZ_CHECK(gcl_file_read(&text, &bytes, first, LIMIT_BYTES, NULL) == GCL_OK);
    check_stored(fuzz_path("second.json"), text, bytes);
    free(text);
    gcl_tunings_destroy(again);
}

static void check_tunings(const uint8_t *data, size_t bytes, cl_device_type type)
{
    static gcl_graph *graphs[NODES];
    static const gcl_node *nodes[NODES];
    const gcl_device_info device = {.type = type,
                                    .name = "fuzz",
                                    .platform_name = "fuzz",
                                    .driver = "1",
                                    .compute_units = 4,
                                    .vector_width_f32 = 16,
                                    .max_work_group = 1024,
                                    .max_work_item = {1024, 1024, 64},
                                    .local_mem_bytes = 32 << 10,
                                    .max_alloc_bytes = 1 << 30,
                                    .mem_align_bytes = 128};
    gcl_tunings *t;

    for (int i = 0; i < NODES && graphs[i] == NULL; i++)
        nodes[i] = make_node(&graphs[i], i);
    /* without kernels their hash is 0: rows stay the device's own whatever becomes of kernels */
    setenv("GALIP_KERNEL_DIR", fuzz_path("none"), 1);
    FUZZ_CHECK(gcl_tunings_create(&t, &device, NULL) == GCL_OK);
    if (gcl_tunings_read(t, fuzz_file("in.json", data, bytes), NULL) == GCL_OK) {
        for (int i = 0; i < NODES; i++)
            check_choice(t, graphs[i], nodes[i], &device);
        check_shared(t, &device);
    }
    gcl_tunings_destroy(t);
}

/* ---- ceilings ---- */

static void check_ceilings(const uint8_t *data, size_t bytes)
{
    json_t *root = json_loadb((const char *)data, bytes, JSON_REJECT_DUPLICATES, NULL);
    json_t *records = NULL;
    bench_ceilings c, copy;

    if (bench_ceiling_parse(&c, json_object_get(root, "ceilings"), NULL) == GCL_OK) {
        for (int id = 0; id < BENCH_N_CEILINGS; id++)
            FUZZ_CHECK(c.of[id].n <= BENCH_CEILING_SAMPLES &&
                       (c.of[id].n == 0 || (isfinite(c.of[id].value) && c.of[id].value > 0.0)));
        FUZZ_CHECK(bench_ceiling_records(&records, &c, NULL, NULL) == GCL_OK);
        FUZZ_CHECK(bench_ceiling_parse(&copy, records, NULL) == GCL_OK);
        FUZZ_CHECK(strcmp(c.date, copy.date) == 0);
    }
    json_decref(records);
    json_decref(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    check_program(data, bytes);
    if (bytes > 0 && data[0] == '{') {
        check_tunings(data, bytes, CL_DEVICE_TYPE_CPU);
        check_tunings(data, bytes, CL_DEVICE_TYPE_GPU);
        check_ceilings(data, bytes);
    }
    return 0;
}
