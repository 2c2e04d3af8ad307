/*
 * test_cli_cache.c - the program among drivers that offer nothing, and with a kernel cache that is
 * cold, shared or damaged.
 *
 * XDG_CACHE_HOME moves to the test's folder. PoCL would move its own cache along with it; it stays
 * where it was, so that a cold cache of ours does not mean to compile every kernel anew.
 */
#include "cli_run.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CL/cl.h>

#include "base/file.h"

#define PROMPT "'a red circle on a blue square' --seed 3"

enum { MAX_FILES = 256, LIMIT_BYTES = 1 << 26 };

/* ---- drivers ---- */

/* The drivers this test was started with: a folder, an .icd file, or NULL for the system's. */
static const char *usual_drivers;

static void use_usual_drivers(void)
{
    if (usual_drivers != NULL)
        setenv("OCL_ICD_VENDORS", usual_drivers, 1);
    else
        unsetenv("OCL_ICD_VENDORS");
}

/* Copies their .icd files into a folder; false when there are none. */
static bool copy_usual_drivers(const char *folder)
{
    const char *from = usual_drivers != NULL ? usual_drivers : "/etc/OpenCL/vendors";
    const bool is_file = strstr(from, ".icd") != NULL;

    return cli_shell("cp '%s'%s '%s'", from, is_file ? "" : "/*.icd", folder) == 0;
}

static void no_driver_at_all(void **state)
{
    (void)state;
    assert_int_equal(cli_shell("mkdir none missing && "
                               "echo libnosuchdriver.so >missing/nosuch.icd"),
                     0);
    for (int i = 0; i < 2; i++) {
        setenv("OCL_ICD_VENDORS", cli_path(i == 0 ? "none" : "missing"), 1);
        cli_fails(1, "no OpenCL device", "devices");
        cli_fails(1, "no OpenCL device", "devices --json");
        cli_fails(1, "no OpenCL device", "generate x -o none.png");
        assert_int_equal(cli_count("none.png"), 0);
        cli_run("info '%s/weights/galip-56-demo.safetensors'", SOURCE_DIR); /* needs no device */
    }
    use_usual_drivers();
}

/* This process, which has not asked for platforms before, must see the made-up driver. */
static void assert_driver_loads(void)
{
    cl_platform_id platform;
    cl_uint n = 0;
    char name[16] = "";

    assert_int_equal(clGetPlatformIDs(1, &platform, &n), CL_SUCCESS);
    assert_int_equal(n, 1);
    assert_int_equal(clGetPlatformInfo(platform, CL_PLATFORM_NAME, sizeof name, name, NULL),
                     CL_SUCCESS);
    assert_string_equal(name, "ZERO");
}

static void driver_without_devices(void **state)
{
    char *usual;

    (void)state;
    cli_run("devices");
    usual = strdup(cli_out);
    assert_non_null(usual);
    assert_int_equal(cli_shell("mkdir zero both && echo '%s' >zero/zero.icd && "
                               "echo '%s' >both/0.icd && echo libnosuchdriver.so >both/1.icd",
                               ICD_ZERO, ICD_ZERO),
                     0);
    setenv("OCL_ICD_VENDORS", cli_path("zero"), 1);
    assert_driver_loads();
    cli_fails(1, "no OpenCL device", "devices");
    if (!copy_usual_drivers("both")) {
        use_usual_drivers();
        free(usual);
        print_message("skipped: the system's drivers are not listed in a folder of .icd files\n");
        skip();
    }
    setenv("OCL_ICD_VENDORS", cli_path("both"), 1);
    cli_run("devices");
    assert_string_equal(cli_out, usual);
    use_usual_drivers();
    free(usual);
}

/* ---- cache ---- */

static int use_own_cache(void **state)
{
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char pocl[1024];

    if (cli_make_folder(state) != 0)
        return 1;
    if (xdg != NULL && xdg[0] == '/')
        snprintf(pocl, sizeof pocl, "%s/pocl/kcache", xdg);
    else
        snprintf(pocl, sizeof pocl, "%s/.cache/pocl/kcache", home != NULL ? home : cli_folder);
    return setenv("POCL_CACHE_DIR", pocl, 0) != 0 ||
           setenv("XDG_CACHE_HOME", cli_path("cache"), 1) != 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Paths of the cache's files, sorted, in the folder; owned (free each). */
static size_t cached(char *names[MAX_FILES])
{
    DIR *dir = opendir(cli_path("cache/galip"));
    struct dirent *entry;
    size_t n = 0;

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        assert_true(n < MAX_FILES);
        names[n] = malloc(strlen(entry->d_name) + 16);
        assert_non_null(names[n]);
        sprintf(names[n++], "cache/galip/%s", entry->d_name);
    }
    closedir(dir);
    qsort(names, n, sizeof *names, by_name);
    return n;
}

static void two_at_once_on_a_cold_cache(void **state)
{
    char *names[MAX_FILES];
    size_t n;

    (void)state;
    assert_int_equal(cli_shell("rm -rf cache; "
                               "\"$GALIP\" generate " PROMPT " -o a.png & a=$!; "
                               "\"$GALIP\" generate " PROMPT " -o b.png & b=$!; "
                               "wait $a && wait $b"),
                     0);
    cli_same_file("a.png", "b.png");
    n = cached(names);
    assert_true(n > 0);
    while (n > 0) {
        assert_null(strstr(names[--n], ".tmp")); /* nothing half-written stays */
        free(names[n]);
    }
}

static char *load(const char *name, size_t *bytes)
{
    char *data = NULL;

    assert_int_equal(gcl_file_read(&data, bytes, cli_path(name), LIMIT_BYTES, NULL), GCL_OK);
    return data;
}

/* A file behind file i whose header tells a key of the same length; NULL when there is none. */
static char *load_twin(char *const names[], size_t n, size_t i, size_t *bytes)
{
    size_t own_bytes;
    char *own = load(names[i], &own_bytes), *twin = NULL;

    for (size_t k = i + 1; k < n && twin == NULL; k++) {
        twin = load(names[k], bytes);
        if (memcmp(own, twin, 16) != 0) {
            free(twin);
            twin = NULL;
        }
    }
    free(own);
    return twin;
}

/* Damages files 0 .. n - 1 in turn: cut short, emptied, a bit flipped at one of three places, made
 * longer, and some replaced by what is right under another name. Returns how many of the latter. */
static size_t damage(char *const names[], size_t n)
{
    size_t n_twins = 0;

    for (size_t i = 0; i < n; i++) {
        size_t bytes = 0;
        char *data = i % 3 == 0 ? load_twin(names, n, i, &bytes) : NULL;

        n_twins += data != NULL;
        if (data == NULL) {
            data = load(names[i], &bytes);
            data[9] ^= i % 6 == 0;         /* in the header */
            data[48] ^= i % 6 == 1;        /* in the key */
            data[bytes - 1] ^= i % 6 == 2; /* in the program */
            bytes = i % 6 == 3 ? bytes / 2 : i % 6 == 4 ? 0 : bytes + (i % 6 == 5);
        }
        assert_int_equal(gcl_file_write(cli_path(names[i]), data, bytes, NULL), GCL_OK);
        free(data);
    }
    return n_twins;
}

static void damaged_cache_is_repaired(void **state)
{
    char *names[MAX_FILES], *damaged[MAX_FILES];
    size_t n, bytes[MAX_FILES];

    (void)state;
    cli_run("generate " PROMPT " -o good.png");
    n = cached(names);
    assert_true(damage(names, n) > 0);
    for (size_t i = 0; i < n; i++)
        damaged[i] = load(names[i], &bytes[i]);
    cli_run("generate " PROMPT " -o repaired.png");
    cli_same_file("good.png", "repaired.png");
    for (size_t i = 0; i < n; i++) {
        size_t now_bytes;
        char *now = load(names[i], &now_bytes);
        if (now_bytes == bytes[i] && memcmp(now, damaged[i], now_bytes) == 0)
            fail_msg("%s was not repaired", names[i]);
        free(now);
        free(damaged[i]);
    }
    assert_int_equal(cli_shell("GALIP_VERBOSE=1 \"$GALIP\" generate " PROMPT " -o last.png"), 0);
    assert_null(strstr(cli_err, "does not fit"));
    assert_null(strstr(cli_err, "refuses"));
    cli_same_file("good.png", "last.png");
    for (size_t i = 0; i < n; i++)
        free(names[i]);
}

static void cache_that_cannot_be_written(void **state)
{
    (void)state;
    cli_run("generate " PROMPT " -o with.png");
    assert_int_equal(cli_shell("rm -rf cache && echo >cache"), 0); /* a file where a folder goes */
    cli_run("generate " PROMPT " -o without.png");
    assert_string_equal(cli_err, "");
    cli_same_file("with.png", "without.png");
    assert_int_equal(cli_shell("rm cache"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_driver_at_all),
        cmocka_unit_test(driver_without_devices),
        cmocka_unit_test(two_at_once_on_a_cold_cache),
        cmocka_unit_test(damaged_cache_is_repaired),
        cmocka_unit_test(cache_that_cannot_be_written),
    };

    usual_drivers = getenv("OCL_ICD_VENDORS");
    return cmocka_run_group_tests(tests, use_own_cache, cli_remove_folder);
}
