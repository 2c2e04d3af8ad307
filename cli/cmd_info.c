/* cmd_info.c - galip info: what a weight file or a picture holds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/info.h"
#include "cli/output.h"
#include "cli/options.h"
#include "image/image.h"

enum { KEY_TENSORS = CLI_KEY_OWN };

static const cli_flag flags[] = {
    {"tensors", KEY_TENSORS, NULL, "of a weight file: list every tensor too"},
    CLI_FLAG_JSON,
    CLI_FLAG_HELP,
    {NULL, 0, NULL, NULL},
};

static gcl_status set(void *user, int key, char *value, gcl_error *err)
{
    (void)key, (void)value, (void)err;
    *(bool *)user = true;
    return GCL_OK;
}

static gcl_status show_png(const char *path, bool json, gcl_error *err)
{
    static const char *const keys[] = {"prompt", "prompt2",  "seed",      "seed2",
                                       "noise",  "index",    "weights",   "preset",
                                       "device", "software", "parameters"};
    gcl_status st = GCL_OK;
    gcl_image image = {0};
    json_t *text = json_object();
    const char *key;
    json_t *value;

    GCL_TRY(gcl_image_read(&image, path, err));
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        char *found = NULL;
        st = gcl_png_read_text(path, keys[i], &found, err);
        if (st == GCL_OK)
            json_object_set_new(text, keys[i], cli_json_text(found));
        free(found);
        if (st != GCL_E_NOT_FOUND)
            GCL_TRY(st);
        st = GCL_OK;
        gcl_error_clear(err);
    }
    if (json) {
        GCL_TRY(cli_json_print(json_pack("{s:o, s:s, s:I, s:I, s:O}", "file", cli_json_text(path),
                                         "format", "png", "width", (json_int_t)image.width,
                                         "height", (json_int_t)image.height, "text", text),
                               err));
        goto done;
    }
    printf("PNG picture, %zu x %zu pixels%s\n", image.width, image.height,
           json_object_size(text) > 0 ? "" : ", without galip's text");
    json_object_foreach(text, key, value) cli_print_pair(key, value);
done:
    json_decref(text);
    gcl_image_free(&image);
    return st;
}

static gcl_status run(const cli_command *self, int argc, char **argv, gcl_error *err)
{
    gcl_status st = GCL_OK;
    cli_common common = {0};
    bool tensors = false;
    gcl_map map = {0};
    int first;

    GCL_TRY(cli_parse(self, argc, argv, &common, set, &tensors, &first, err));
    if (argc - first != 1) {
        st = CLI_USAGE(err, "needs one file, got %d", argc - first);
        goto done;
    }
    GCL_TRY(gcl_map_open(&map, argv[first], err));
    if (map.bytes >= 4 && memcmp(map.data, "\x89PNG", 4) == 0)
        st = show_png(argv[first], common.json, err);
    else
        st = cli_info_weights(argv[first], common.json, tensors, err);
done:
    gcl_map_close(&map);
    return st;
}

const cli_command cli_info = {
    "info",
    "show what a weight file or a picture holds",
    "[OPTIONS] FILE",
    "Of a weight file: how many tensors, values and bytes each part and each type has, and its\n"
    "metadata; of a .safetensors file also the model that its tensor shapes describe. Read are\n"
    ".safetensors files and what torch.save and torch.jit.save write, whatever their names; no\n"
    "code of theirs is run. Of a PNG written by galip: its size and its text chunks.",
    flags,
    "galip info galip-56-demo.safetensors\n"
    "galip info galip-56-demo.safetensors --tensors --json\n"
    "galip info pre_cc12m.pth --tensors\n"
    "galip info circle.png",
    run,
};
