/*
 * test_convert_pair.c - a CLIP and a GALIP checkpoint, which brings a copy of CLIP's image tower: what
 * does not belong together is refused. Both are made of the synthetic weights of galip-56.
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

#include "model/convert.h"
#include "model/names.h"

static char folder[] = "/tmp/galip-pair-XXXXXX";
static char all_path[64], clip_path[64], galip_path[64];
static gcl_safetensors *all;

/* Writes a file of some of the tensors, all but those whose name begins with `without`. */
static void write_some(const char *path, bool clip, const char *without)
{
    const size_t n = gcl_safetensors_count(all);
    gcl_tensor_view *views = calloc(n, sizeof *views);
    char(*names)[GCL_TENSOR_MAX_NAME] = calloc(n, sizeof *names);
    size_t used = 0;

    assert_non_null(views);
    assert_non_null(names);
    for (size_t i = 0; i < n; i++) {
        const gcl_tensor_view *t = gcl_safetensors_at(all, i);
        const gcl_model_part part = gcl_name_part(t->name);
        const bool is_copied = part == GCL_MODEL_IMAGE_TOWER &&
                               strncmp(t->name, "visual.ln_post.", 15) != 0 &&
                               strcmp(t->name, "visual.proj") != 0;
        if (strncmp(t->name, without, strlen(without)) == 0 ||
            !(clip ? part <= GCL_MODEL_LOGIT_SCALE : is_copied || part >= GCL_MODEL_NETG))
            continue;
        snprintf(names[used], sizeof names[used], "%s%s",
                 !clip && is_copied ? "netG.mapping.CLIP_ViT." : "",
                 t->name + (!clip && is_copied ? 7 : 0));
        views[used] = *t;
        views[used].name = names[used];
        used++;
    }
    assert_int_equal(gcl_safetensors_write(path, views, used, NULL, 0, NULL), GCL_OK);
    free(names);
    free(views);
}

static gcl_status convert(gcl_conversion **out, bool with_clip, gcl_error *err)
{
    const char *const inputs[2] = {galip_path, clip_path};
    const gcl_conversion_options o = {.inputs = inputs, .n_inputs = with_clip ? 2 : 1};

    return gcl_conversion_open(out, &o, err);
}

static void expect(bool with_clip, gcl_status want, const char *words, const char *file)
{
    gcl_conversion *c = NULL;
    gcl_error err = GCL_ERROR_INIT;
    const gcl_status st = convert(&c, with_clip, &err);

    assert_null(c);
    if (st != want || strstr(err.message, words) == NULL || strstr(err.message, file) == NULL)
        fail_msg("%s \"%s\" is not %s and does not say \"%s\" and \"%s\"", gcl_status_name(st),
                 err.message, gcl_status_name(want), words, file);
    gcl_error_clear(&err);
}

static void a_pair_is_converted(void **state)
{
    gcl_conversion *c = NULL;

    (void)state;
    write_some(clip_path, true, "no");
    write_some(galip_path, false, "no");
    assert_int_equal(convert(&c, true, NULL), GCL_OK);
    assert_true(gcl_conversion_about(c)->copied > 0);
    assert_false(gcl_conversion_about(c)->copy_is_used);
    assert_string_equal(gcl_conversion_config(c)->preset, "galip-56");
    gcl_conversion_close(c);
    assert_int_equal(convert(&c, false, NULL), GCL_OK);
    assert_true(gcl_conversion_about(c)->copy_is_used);
    assert_true(gcl_conversion_about(c)->has_part[GCL_PART_NETG]);
    assert_false(gcl_conversion_about(c)->has_part[GCL_PART_IMAGE]);
    gcl_conversion_close(c);
}

/* Equal as far as both go, but one of them has a block more. */
static void towers_of_other_depth_are_refused(void **state)
{
    (void)state;
    write_some(clip_path, true, "visual.transformer.resblocks.3.");
    write_some(galip_path, false, "no");
    expect(true, GCL_E_MISMATCH, "has visual.transformer.resblocks.3.", galip_path);
    write_some(clip_path, true, "no");
    write_some(galip_path, false, "visual.transformer.resblocks.3.");
    expect(true, GCL_E_MISMATCH, "has visual.transformer.resblocks.3.", clip_path);
}

/* NetD reads blocks 1, 4 and 8 where nothing else is said. */
static void a_tower_too_short_for_netd_is_refused(void **state)
{
    (void)state;
    write_some(galip_path, false, "visual.transformer.resblocks.3.");
    expect(false, GCL_E_FORMAT, "feature_layers 1, 4, 8 must rise within the image tower's 3",
           galip_path);
    write_some(clip_path, true, "visual.transformer.resblocks.3.");
    expect(true, GCL_E_FORMAT, "feature_layers 1, 4, 8", galip_path);
}

static int make_files(void **state)
{
    static const char *const made_up[] = {"synthetic:1"};
    const gcl_conversion_options o = {.inputs = made_up, .n_inputs = 1, .preset = "galip-56"};
    gcl_conversion *c = NULL;
    int failed = mkdtemp(folder) == NULL;

    (void)state;
    snprintf(all_path, sizeof all_path, "%s/all.safetensors", folder);
    snprintf(clip_path, sizeof clip_path, "%s/clip.safetensors", folder);
    snprintf(galip_path, sizeof galip_path, "%s/galip.safetensors", folder);
    failed = failed || gcl_conversion_open(&c, &o, NULL) != GCL_OK ||
             gcl_conversion_write(c, all_path, NULL) != GCL_OK ||
             gcl_safetensors_open(&all, all_path, NULL) != GCL_OK;
    gcl_conversion_close(c);
    return failed;
}

static int remove_files(void **state)
{
    (void)state;
    gcl_safetensors_close(all);
    unlink(all_path);
    unlink(clip_path);
    unlink(galip_path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pair_is_converted),
        cmocka_unit_test(towers_of_other_depth_are_refused),
        cmocka_unit_test(a_tower_too_short_for_netd_is_refused),
    };

    return cmocka_run_group_tests(tests, make_files, remove_files);
}
