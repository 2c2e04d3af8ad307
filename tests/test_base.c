/* test_base.c - errors, files that appear whole or not at all, hashing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"

static char folder[] = "/tmp/galip-base-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder); /* fails when a test left something behind */
}

static const char *in_folder(const char *name)
{
    static char path[256];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void statuses_have_names(void **unused)
{
    (void)unused;
    for (int i = 0; i < GCL_E_COUNT_; i++)
        assert_int_equal(strncmp(gcl_status_name(i), "GCL_", 4), 0);
    assert_string_equal(gcl_status_name(-54), "CL_INVALID_WORK_GROUP_SIZE");
    assert_string_equal(gcl_status_name(-1001), "CL_PLATFORM_NOT_FOUND_KHR");
    assert_string_equal(gcl_status_name(-999), "unknown OpenCL status");
    assert_string_equal(gcl_status_name(99), "unknown status");
}

static void messages_are_one_harmless_line(void **unused)
{
    gcl_error err = GCL_ERROR_INIT;
    char longer[3000];

    (void)unused;
    GCL_FAIL(&err, GCL_E_FILE, "a\nb\x1b[31m\x7f %s",
             "\xc2\x9b"
             "c \xc3\xa9 \xe2\x82\xac");
    assert_string_equal(err.message, "a?b?[31m? ??c \xc3\xa9 \xe2\x82\xac");
    assert_non_null(strstr(err.file, "test_base.c"));
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    GCL_FAIL(&err, GCL_E_FILE, "%s", longer);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
    GCL_FAIL_CL(&err, -5, "clFinish", "step %d", 7);
    assert_string_equal(err.message, "clFinish: CL_OUT_OF_RESOURCES (-5): step 7");
    assert_int_equal(GCL_FAIL(NULL, GCL_E_ARG, "nobody listens"), GCL_E_ARG);
    gcl_error_clear(&err);
    gcl_error_clear(NULL);
}

static void only_regular_files_are_mapped(void **unused)
{
    gcl_error err = GCL_ERROR_INIT;
    gcl_map map;

    (void)unused;
    assert_int_equal(gcl_map_open(&map, folder, &err), GCL_E_FILE);
    assert_int_equal(gcl_map_open(&map, in_folder("missing"), &err), GCL_E_FILE);
    assert_int_equal(mkfifo(in_folder("fifo"), 0600), 0);
    assert_int_equal(gcl_map_open(&map, in_folder("fifo"), &err), GCL_E_FILE); /* and no wait */
    unlink(in_folder("fifo"));
    assert_int_equal(gcl_file_write(in_folder("empty"), "", 0, &err), GCL_OK);
    assert_int_equal(gcl_map_open(&map, in_folder("empty"), &err), GCL_OK);
    assert_int_equal(map.bytes, 0);
    gcl_map_close(&map);
    unlink(in_folder("empty"));
    gcl_error_clear(&err);
}

static void files_are_read_up_to_a_limit(void **unused)
{
    gcl_error err = GCL_ERROR_INIT;
    char *data = NULL;
    size_t bytes = 0;

    (void)unused;
    assert_int_equal(gcl_file_write(in_folder("ten"), "0123456789", 10, &err), GCL_OK);
    assert_int_equal(gcl_file_read(&data, &bytes, in_folder("ten"), 10, &err), GCL_OK);
    assert_int_equal(bytes, 10);
    assert_string_equal(data, "0123456789");
    free(data);
    assert_int_equal(gcl_file_read(&data, &bytes, in_folder("ten"), 9, &err), GCL_E_FORMAT);
    assert_null(data);
    assert_int_equal(gcl_file_read(&data, &bytes, folder, 9, &err), GCL_E_FILE);
    unlink(in_folder("ten"));
    gcl_error_clear(&err);
}

static void an_aborted_write_changes_nothing(void **unused)
{
    gcl_writer w = {0};
    gcl_map map;

    (void)unused;
    assert_int_equal(gcl_file_write(in_folder("kept"), "old", 3, NULL), GCL_OK);
    assert_int_equal(gcl_writer_open(&w, in_folder("kept"), NULL), GCL_OK);
    fputs("new", w.file);
    gcl_writer_abort(&w);
    gcl_writer_abort(&w);
    assert_int_equal(gcl_map_open(&map, in_folder("kept"), NULL), GCL_OK);
    assert_memory_equal(map.data, "old", 3);
    gcl_map_close(&map);
    assert_int_equal(gcl_writer_open(&w, in_folder("no/such/folder"), NULL), GCL_E_FILE);
    assert_null(w.file);
    /* a folder stands where the file should go: rename fails, the temporary file is removed */
    assert_int_equal(mkdir(in_folder("taken"), 0700), 0);
    assert_int_equal(gcl_file_write(in_folder("taken"), "x", 1, NULL), GCL_E_FILE);
    rmdir(in_folder("taken"));
    unlink(in_folder("kept"));
}

static void two_writers_do_not_meet(void **unused)
{
    gcl_writer a = {0}, b = {0};

    (void)unused;
    assert_int_equal(gcl_writer_open(&a, in_folder("both"), NULL), GCL_OK);
    assert_int_equal(gcl_writer_open(&b, in_folder("both"), NULL), GCL_OK);
    assert_string_not_equal(a.temp_path, b.temp_path);
    assert_int_equal(gcl_writer_commit(&a, NULL), GCL_OK);
    assert_int_equal(gcl_writer_commit(&b, NULL), GCL_OK);
    unlink(in_folder("both"));
}

static void folders_are_made_with_their_parents(void **unused)
{
    gcl_error err = GCL_ERROR_INIT;

    (void)unused;
    assert_int_equal(gcl_make_dirs(in_folder("a/b/c"), NULL), GCL_OK);
    assert_int_equal(gcl_make_dirs(in_folder("a/b/c"), NULL), GCL_OK);
    rmdir(in_folder("a/b/c"));
    rmdir(in_folder("a/b"));
    rmdir(in_folder("a"));
    assert_int_equal(gcl_make_dirs("", &err), GCL_E_ARG);
    gcl_error_clear(&err);
}

static void hash_is_fnv1a(void **unused)
{
    (void)unused; /* published vectors, Noll */
    assert_true(gcl_fnv1a64(GCL_FNV1A64_INIT, "", 0) == UINT64_C(0xcbf29ce484222325));
    assert_true(gcl_fnv1a64(GCL_FNV1A64_INIT, "a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(gcl_fnv1a64(GCL_FNV1A64_INIT, "foobar", 6) == UINT64_C(0x85944171f73967e8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_have_names),
        cmocka_unit_test(messages_are_one_harmless_line),
        cmocka_unit_test(only_regular_files_are_mapped),
        cmocka_unit_test(files_are_read_up_to_a_limit),
        cmocka_unit_test(an_aborted_write_changes_nothing),
        cmocka_unit_test(two_writers_do_not_meet),
        cmocka_unit_test(folders_are_made_with_their_parents),
        cmocka_unit_test(hash_is_fnv1a),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
