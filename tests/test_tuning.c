/*
 * test_tuning.c - measured choices: which row a node gets, and the file they are in.
 *
 * Devices are made up: rows are chosen by what is known of a device, none runs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "host/ops/attention.h"
#include "host/ops/conv2d.h"
#include "host/ops/linear.h"
#include "host/tuning.h"

static char folder[] = "/tmp/test_tuning.XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(path, sizeof path, "%s/tuning.json", folder);
    return 0;
}

static int remove_folder(void **state)
{
    char damaged[80];

    (void)state;
    snprintf(damaged, sizeof damaged, "%s.damaged", path);
    unlink(damaged);
    unlink(path);
    return rmdir(folder);
}

static gcl_device_info cpu(const char *name, const char *driver)
{
    gcl_device_info d = {.type = CL_DEVICE_TYPE_CPU,
                         .compute_units = 4,
                         .vector_width_f32 = 16,
                         .max_work_group = 4096,
                         .mem_align_bytes = 128};

    snprintf(d.name, sizeof d.name, "%s", name);
    snprintf(d.driver, sizeof d.driver, "%s", driver);
    snprintf(d.platform_name, sizeof d.platform_name, "made up");
    return d;
}

static gcl_tunings *create(const gcl_device_info *d)
{
    gcl_tunings *t;

    assert_int_equal(gcl_tunings_create(&t, d, NULL), GCL_OK);
    return t;
}

/* A linear node of its own graph. */
static const gcl_node *linear(gcl_graph **g, size_t M, size_t N, size_t K)
{
    assert_int_equal(gcl_graph_create(g, NULL), GCL_OK);
    gcl_linear_nobias(*g, gcl_graph_input(*g, "x", GCL_F32, GCL_SHAPE(M, K)),
                      gcl_graph_weight(*g, "w", GCL_SHAPE(N, K)), GCL_LINEAR_NK);
    assert_int_equal(gcl_graph_status(*g, NULL), GCL_OK);
    return gcl_graph_node_at(*g, 0);
}

static const gcl_node *conv(gcl_graph **g, size_t batch, size_t side)
{
    assert_int_equal(gcl_graph_create(g, NULL), GCL_OK);
    gcl_conv2d_nobias(*g, gcl_graph_input(*g, "x", GCL_F32, GCL_SHAPE(batch, 64, side, side)),
                      gcl_graph_weight(*g, "w", GCL_SHAPE(64, 64, 3, 3)), 1, 1);
    assert_int_equal(gcl_graph_status(*g, NULL), GCL_OK);
    return gcl_graph_node_at(*g, 0);
}

/* Puts the row of a node's class, whose choice took so many times less than the table's. */
static void put(gcl_tunings *t, const gcl_graph *g, const gcl_node *node, const char *variant,
                const int *values, int n, double gain)
{
    gcl_tuning_row row = {.ns = 1000, .table_ns = 1000 * gain, .spread = 0.1, .units = 2.5};

    assert_true(gcl_tuning_class_of(&row.what, g, node));
    row.variant = gcl_op_variant(node->op, variant);
    assert_non_null(row.variant);
    memcpy(row.tuning.value, values, (size_t)n * sizeof *values);
    snprintf(row.date, sizeof row.date, "2026-01-02");
    snprintf(row.by, sizeof row.by, "a test");
    assert_int_equal(gcl_tunings_put(t, &row, NULL), GCL_OK);
}

/* The row of linear 200 x 768 x 768 that most tests begin with. */
static void put_linear(gcl_tunings *t, int MR, double gain)
{
    gcl_graph *g;
    const gcl_node *node = linear(&g, 200, 768, 768);

    put(t, g, node, "block_f32", (const int[]){MR, 1, 32}, 3, gain);
    gcl_graph_destroy(g);
}

/* What the planner gets for a node: the source, and "" for nothing. */
static const char *source_of(gcl_tunings *t, const gcl_graph *g, const gcl_node *node,
                             gcl_choice *out)
{
    const gcl_choices *c = gcl_tunings_choices(t);

    return c->find(c->user, out, g, node) ? out->source : "";
}

static const char *source_of_linear(gcl_tunings *t, size_t M, size_t N, size_t K, gcl_choice *out)
{
    gcl_graph *g;
    const gcl_node *node = linear(&g, M, N, K);
    const char *source = source_of(t, g, node, out);

    gcl_graph_destroy(g);
    return source;
}

static void own_rows_are_used_at_once(void **state)
{
    const gcl_device_info d = cpu("a", "1");
    gcl_tunings *t = create(&d);
    gcl_choice c;

    (void)state;
    assert_string_equal(source_of_linear(t, 200, 768, 768, &c), "");
    put_linear(t, 7, 1.2);
    assert_string_equal(source_of_linear(t, 200, 768, 768, &c), "tuned");
    assert_string_equal(c.variant->name, "block_f32");
    assert_int_equal(c.tuning.value[0], 7);
    put_linear(t, 9, 1.2); /* takes the place of the first */
    assert_string_equal(source_of_linear(t, 200, 768, 768, &c), "tuned");
    assert_int_equal(c.tuning.value[0], 9);
    gcl_tunings_destroy(t);
}

static void near_rows_are_used_if_they_gained(void **state)
{
    const gcl_device_info d = cpu("a", "1");
    gcl_tunings *t = create(&d);
    gcl_choice c;

    (void)state;
    put_linear(t, 7, 1.2);
    assert_string_equal(source_of_linear(t, 231, 768, 768, &c), "nearest: M=200 N=768 K=768");
    assert_int_equal(c.tuning.value[0], 7);
    assert_string_equal(source_of_linear(t, 400, 768, 768, &c), "nearest: M=200 N=768 K=768");
    assert_string_equal(source_of_linear(t, 401, 768, 768, &c), ""); /* beyond a factor of two */
    assert_string_equal(source_of_linear(t, 300, 1536, 768, &c), "");
    assert_string_equal(source_of_linear(t, 15, 768, 768, &c),
                        ""); /* small dims have to be equal */
    put_linear(t, 7, 1.05);
    assert_string_equal(source_of_linear(t, 231, 768, 768, &c), "");
    assert_string_equal(source_of_linear(t, 200, 768, 768, &c), "tuned");
    gcl_tunings_destroy(t);
}

static void small_dims_are_not_near(void **state)
{
    const gcl_device_info d = cpu("a", "1");
    gcl_tunings *t = create(&d);
    gcl_graph *g, *other;
    const gcl_node *node = conv(&g, 1, 32), *near = conv(&other, 1, 28), *strided;
    gcl_choice c;

    (void)state;
    put(t, g, node, "winograd4_f32", (const int[]){10, 0, 1024}, 3, 2.0);
    assert_string_equal(source_of(t, other, near, &c),
                        "nearest: I=64 O=64 kH=3 kW=3 stride=1 H=32 W=32 oH=32 oW=32");
    gcl_graph_destroy(other);
    assert_int_equal(gcl_graph_create(&other, NULL), GCL_OK);
    gcl_conv2d_nobias(other, gcl_graph_input(other, "x", GCL_F32, GCL_SHAPE(1, 64, 32, 32)),
                      gcl_graph_weight(other, "w", GCL_SHAPE(64, 64, 5, 5)), 1, 2);
    strided = gcl_graph_node_at(other, 0);
    assert_string_equal(source_of(t, other, strided, &c), "");
    gcl_graph_destroy(other);
    gcl_graph_destroy(g);
    gcl_tunings_destroy(t);
}

/* A picture is the same in any batch: so is the variant; values are those of the batch or its own. */
static void other_batches_get_the_variant(void **state)
{
    const gcl_device_info d = cpu("a", "1");
    gcl_tunings *t = create(&d);
    gcl_graph *g, *eight;
    const gcl_node *node = conv(&g, 1, 32), *other = conv(&eight, 8, 32);
    gcl_tuning chosen;
    gcl_choice c;

    (void)state;
    put(t, g, node, "winograd2_f32", (const int[]){4, 0, 512}, 3, 1.5);
    assert_string_equal(source_of(t, g, node, &c), "tuned");
    assert_int_equal(c.tuning.value[0], 4);
    assert_string_equal(source_of(t, eight, other, &c), "tuned");
    assert_string_equal(c.variant->name, "winograd2_f32");
    c.variant->choose(eight, other, &d, &chosen);
    assert_memory_equal(c.tuning.value, chosen.value, 3 * sizeof chosen.value[0]);
    put(t, eight, other, "winograd4_f32", (const int[]){6, 0, 512}, 3, 1.5); /* contradicts */
    source_of(t, eight, other, &c);
    assert_string_equal(c.variant->name, "winograd2_f32");
    gcl_graph_destroy(g);
    gcl_graph_destroy(eight);
    gcl_tunings_destroy(t);
}

/* A file may say any value: each is taken or refused with a reason, whatever is computed of it. */
static void judge(const gcl_graph *g, const gcl_node *node, const gcl_device_info *d,
                  const gcl_variant *v)
{
    static const int values[] = {0, 1, 3, 4, 8, 1 << 16, INT32_MAX};
    enum { N = sizeof values / sizeof values[0] };
    char why[256];

    for (int i = 0; v->tunables[i].name != NULL; i++)
        for (int k = 0; k < 2 * N; k++) {
            gcl_tuning t = {{0}};
            v->choose(g, node, d, &t);
            if (k < N)
                t.value[i] = values[k];
            for (int j = 0; k >= N && j <= i; j++)
                t.value[j] = values[k - N];
            why[0] = '\0';
            assert_true(v->allows(g, node, d, &t, why, sizeof why) == (why[0] == '\0'));
        }
}

static void any_values_are_judged(void **state)
{
    gcl_device_info devices[] = {cpu("a", "1"), cpu("b", "1")};
    gcl_graph *graphs[3];
    const gcl_node *nodes[3] = {linear(&graphs[0], 200, 768, 768), conv(&graphs[1], 1, 32)};
    int judged = 0;

    (void)state;
    assert_int_equal(gcl_graph_create(&graphs[2], NULL), GCL_OK);
    gcl_attention(graphs[2], gcl_graph_input(graphs[2], "x", GCL_F32, GCL_SHAPE(1, 50, 3 * 768)),
                  12, 50, false);
    nodes[2] = gcl_graph_node_at(graphs[2], 0);
    for (int d = 0; d < 2; d++) {
        devices[d].type = d == 0 ? CL_DEVICE_TYPE_CPU : CL_DEVICE_TYPE_GPU;
        devices[d].max_work_group = devices[d].max_work_item[0] = 1024;
        devices[d].local_mem_bytes = 32 << 10;
        devices[d].max_alloc_bytes = 1 << 30;
        for (int i = 0; i < 3; i++)
            for (const gcl_variant *v = nodes[i]->op->variants; v->name != NULL; v++) {
                char why[256];
                if (v->tunables != NULL &&
                    (v->accepts == NULL ||
                     v->accepts(graphs[i], nodes[i], &devices[d], why, sizeof why))) {
                    judge(graphs[i], nodes[i], &devices[d], v);
                    judged++;
                }
            }
    }
    assert_true(judged >= 10);
    for (int i = 0; i < 3; i++)
        gcl_graph_destroy(graphs[i]);
}

/* ---- the file ---- */

static void write_text(const char *text)
{
    assert_int_equal(gcl_file_write(path, text, strlen(text), NULL), GCL_OK);
}

static void rows_survive_the_file(void **state)
{
    const gcl_device_info d = cpu("a", "1");
    gcl_tunings *t = create(&d), *again = create(&d);
    const gcl_tuning_row *row;
    gcl_tuning_class what;
    gcl_graph *g;
    const gcl_node *node = linear(&g, 200, 768, 768);

    (void)state;
    unlink(path);
    assert_int_equal(gcl_tunings_read(again, path, NULL), GCL_OK); /* no file: no rows */
    put_linear(t, 7, 1.25);
    assert_int_equal(gcl_tunings_write(t, path, NULL), GCL_OK);
    assert_int_equal(gcl_tunings_read(again, path, NULL), GCL_OK);
    assert_true(gcl_tuning_class_of(&what, g, node));
    row = gcl_tunings_get(again, &what);
    assert_non_null(row);
    assert_true(row->ns == 1000 && row->table_ns == 1250 && row->units == 2.5);
    assert_string_equal(row->date, "2026-01-02");
    assert_string_equal(row->by, "a test");
    gcl_graph_destroy(g);
    gcl_tunings_destroy(t);
    gcl_tunings_destroy(again);
}

/* Rows of others stay, and are not used. */
static void devices_and_drivers_keep_apart(void **state)
{
    const gcl_device_info devices[] = {cpu("a", "1"), cpu("b", "1"), cpu("a", "2")};
    gcl_choice c;

    (void)state;
    unlink(path);
    for (int i = 0; i < 3; i++) {
        gcl_tunings *t = create(&devices[i]);
        assert_int_equal(gcl_tunings_read(t, path, NULL), GCL_OK);
        assert_string_equal(source_of_linear(t, 200, 768, 768, &c), "");
        put_linear(t, 5 + i, 1.5);
        assert_int_equal(gcl_tunings_write(t, path, NULL), GCL_OK);
        gcl_tunings_destroy(t);
    }
    for (int i = 0; i < 3; i++) {
        gcl_tunings *t = create(&devices[i]);
        assert_int_equal(gcl_tunings_read(t, path, NULL), GCL_OK);
        assert_string_equal(source_of_linear(t, 200, 768, 768, &c), "tuned");
        assert_int_equal(c.tuning.value[0], 5 + i);
        gcl_tunings_destroy(t);
    }
}

static void another_driver_leaves_a_row_in_doubt(void **state)
{
    const gcl_device_info before = cpu("a", "1"), after = cpu("a", "2");
    gcl_tunings *t = create(&before);
    gcl_tuning_class what;
    gcl_graph *g;
    const gcl_node *node = linear(&g, 200, 768, 768);
    gcl_choice c;

    (void)state;
    unlink(path);
    put_linear(t, 7, 1.5);
    assert_int_equal(gcl_tunings_write(t, path, NULL), GCL_OK);
    gcl_tunings_destroy(t);
    t = create(&after);
    assert_int_equal(gcl_tunings_read(t, path, NULL), GCL_OK);
    assert_string_equal(source_of_linear(t, 200, 768, 768, &c), "");
    assert_true(gcl_tuning_class_of(&what, g, node));
    assert_null(gcl_tunings_get(t, &what));
    assert_non_null(gcl_tunings_get_stale(t, &what));
    gcl_graph_destroy(g);
    gcl_tunings_destroy(t);
}

static void damaged_files_are_told_and_kept(void **state)
{
    static const char *const texts[] = {"",
                                        "{\"galip_tuning\": 1, \"rows\": [\n{\"device\": \"a\"",
                                        "[]",
                                        "{\"rows\": []}",
                                        "{\"galip_tuning\": 2, \"rows\": []}",
                                        "{\"galip_tuning\": 1, \"rows\": [7]}",
                                        "\xff\xfe"};
    const gcl_device_info d = cpu("a", "1");
    char damaged[80], *kept;
    size_t bytes;

    (void)state;
    snprintf(damaged, sizeof damaged, "%s.damaged", path);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        gcl_tunings *t = create(&d);
        gcl_error err = GCL_ERROR_INIT;
        gcl_choice c;
        put_linear(t, 7, 1.5);
        write_text(texts[i]);
        assert_int_equal(gcl_tunings_read(t, path, &err), GCL_E_FORMAT);
        assert_non_null(strstr(err.message, path));
        assert_string_equal(source_of_linear(t, 200, 768, 768, &c), "tuned");
        assert_int_equal(gcl_tunings_write(t, path, NULL), GCL_OK);
        assert_int_equal(gcl_file_read(&kept, &bytes, damaged, 4096, NULL), GCL_OK);
        assert_int_equal(bytes, strlen(texts[i]));
        free(kept);
        assert_int_equal(gcl_tunings_read(t, path, NULL), GCL_OK);
        gcl_tunings_destroy(t);
        gcl_error_clear(&err);
    }
}

/* What is read can be written: a text that is too long is cut between characters. */
static void long_texts_stay_texts(void **state)
{
    const gcl_device_info d = cpu("a", "1");
    gcl_tunings *t = create(&d);
    char *text, *by, longer[8192];
    size_t bytes;

    (void)state;
    put_linear(t, 7, 1.25);
    assert_int_equal(gcl_tunings_share(t, path, NULL), GCL_OK);
    assert_int_equal(gcl_file_read(&text, &bytes, path, 4096, NULL), GCL_OK);
    by = strstr(text, "a test");
    assert_non_null(by);
    for (int n = 0; n < 4; n++) { /* of a character of three bytes */
        snprintf(
            longer, sizeof longer, "%.*s%.*s%s%s", (int)(by - text), text, GCL_TUNING_BY - 4 + n,
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "\u20ac\u20ac", by);
        write_text(longer);
        assert_int_equal(gcl_tunings_read(t, path, NULL), GCL_OK);
        assert_int_equal(gcl_tunings_share(t, path, NULL), GCL_OK);
    }
    free(text);
    gcl_tunings_destroy(t);
}

/* Parsed, a long file would take gigabytes. */
static void a_long_file_is_refused(void **state)
{
    enum { LIMIT = 8 << 20 };
    static const char rows[] = "{\"galip_tuning\": 1, \"rows\": []}";
    const gcl_device_info d = cpu("a", "1");
    gcl_tunings *t = create(&d);
    char *text = malloc(LIMIT + 1);

    (void)state;
    assert_non_null(text);
    memset(text, ' ', LIMIT + 1);
    memcpy(text, rows, sizeof rows - 1);
    for (size_t n = LIMIT; n <= LIMIT + 1; n++) {
        assert_int_equal(gcl_file_write(path, text, n, NULL), GCL_OK);
        assert_int_equal(gcl_tunings_read(t, path, NULL), n <= LIMIT ? GCL_OK : GCL_E_FORMAT);
    }
    free(text);
    gcl_tunings_destroy(t);
}

/* Rows of another version of the program, or written by hand. */
static void rows_that_are_not_understood_are_passed_over(void **state)
{
#define ROW(rest)                                                                      \
    "{\"galip_tuning\": 1, \"rows\": [{\"device\": \"a\", \"platform\": \"made up\", " \
    "\"driver\": \"1\", " rest "}]}"
    static const char *const texts[] = {
        ROW("\"op\": \"linaer\""),
        ROW("\"op\": \"add\""),
        ROW("\"op\": 3"),
        ROW("\"op\": \"linear\", \"variant\": \"block_f32\""),
        ROW("\"op\": \"linear\", \"variant\": \"block_f33\", \"batch\": 0, \"dims\": {\"M\": 200, "
            "\"N\": 768, \"K\": 768}, \"tunables\": {}"),
        ROW("\"op\": \"linear\", \"variant\": \"block_f32\", \"batch\": 0, \"dims\": {\"M\": 200, "
            "\"N\": 768, \"K\": 768}, \"tunables\": {\"MR\": 4, \"NV\": 1}"),
        ROW("\"op\": \"linear\", \"variant\": \"block_f32\", \"batch\": 0, \"dims\": {\"M\": 200, "
            "\"N\": 768, \"K\": -1}, \"tunables\": {\"MR\": 4, \"NV\": 1, \"AHEAD\": 0}")};
    const gcl_device_info d = cpu("a", "1");
    gcl_choice c;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        gcl_tunings *t = create(&d);
        write_text(texts[i]);
        assert_int_equal(gcl_tunings_read(t, path, NULL), GCL_OK);
        assert_string_equal(source_of_linear(t, 200, 768, 768, &c), "");
        gcl_tunings_destroy(t);
    }
}

static void unreadable_files_are_errors(void **state)
{
    const gcl_device_info d = cpu("a", "1");
    gcl_tunings *t = create(&d);
    gcl_error err = GCL_ERROR_INIT;

    (void)state;
    assert_int_equal(gcl_tunings_read(t, folder, &err), GCL_E_FILE);
    assert_non_null(strstr(err.message, folder));
    assert_int_equal(gcl_tunings_write(t, "/proc/galip/tuning.json", &err), GCL_E_FILE);
    gcl_error_clear(&err);
    gcl_tunings_destroy(t);
}

static void the_path_follows_the_environment(void **state)
{
    char out[256];
    const char *xdg = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    char *old_xdg = xdg != NULL ? strdup(xdg) : NULL,
         *old_home = home != NULL ? strdup(home) : NULL;

    (void)state;
    setenv("GALIP_TUNING", "off", 1);
    assert_int_equal(gcl_tunings_path(out, sizeof out, NULL), GCL_E_NOT_FOUND);
    setenv("GALIP_TUNING", "a/b.json", 1);
    assert_int_equal(gcl_tunings_path(out, sizeof out, NULL), GCL_OK);
    assert_string_equal(out, "a/b.json");
    assert_int_equal(gcl_tunings_path(out, 8, NULL), GCL_E_BUFFER);
    unsetenv("GALIP_TUNING");
    setenv("XDG_DATA_HOME", "/x", 1);
    assert_int_equal(gcl_tunings_path(out, sizeof out, NULL), GCL_OK);
    assert_string_equal(out, "/x/galip/tuning.json");
    setenv("XDG_DATA_HOME", "relative", 1);
    setenv("HOME", "/h", 1);
    assert_int_equal(gcl_tunings_path(out, sizeof out, NULL), GCL_OK);
    assert_string_equal(out, "/h/.local/share/galip/tuning.json");
    setenv("HOME", "", 1);
    assert_int_equal(gcl_tunings_path(out, sizeof out, NULL), GCL_E_NOT_FOUND);
    unsetenv("XDG_DATA_HOME");
    if (old_xdg != NULL)
        setenv("XDG_DATA_HOME", old_xdg, 1);
    if (old_home != NULL)
        setenv("HOME", old_home, 1);
    free(old_xdg);
    free(old_home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_rows_are_used_at_once),
        cmocka_unit_test(near_rows_are_used_if_they_gained),
        cmocka_unit_test(small_dims_are_not_near),
        cmocka_unit_test(other_batches_get_the_variant),
        cmocka_unit_test(any_values_are_judged),
        cmocka_unit_test(rows_survive_the_file),
        cmocka_unit_test(devices_and_drivers_keep_apart),
        cmocka_unit_test(another_driver_leaves_a_row_in_doubt),
        cmocka_unit_test(damaged_files_are_told_and_kept),
        cmocka_unit_test(long_texts_stay_texts),
        cmocka_unit_test(a_long_file_is_refused),
        cmocka_unit_test(rows_that_are_not_understood_are_passed_over),
        cmocka_unit_test(unreadable_files_are_errors),
        cmocka_unit_test(the_path_follows_the_environment),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
