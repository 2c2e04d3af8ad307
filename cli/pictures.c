/* pictures.c - drawing a run of pictures and writing them. */
#include "cli/pictures.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "image/image.h"

void cli_pictures_free(cli_pictures *p)
{
    free(p->noise);
    free(p->sentences);
    p->noise = p->sentences = NULL;
}

gcl_status cli_random_seed(uint64_t *seed, gcl_error *err)
{
    FILE *f = fopen("/dev/urandom", "rb");
    uint32_t v = 0;
    const bool ok = f != NULL && fread(&v, sizeof v, 1, f) == 1;

    if (f != NULL)
        fclose(f);
    *seed = v;
    return ok ? GCL_OK : GCL_FAIL(err, GCL_E_FILE, "cannot read /dev/urandom; give a --seed");
}

/* ---- before the work ---- */

static gcl_status check_grid(const cli_pictures *p, size_t side, gcl_error *err)
{
    const size_t cols = p->columns < p->n ? p->columns : p->n;
    const size_t rows = (p->n + cols - 1) / cols;
    const size_t width = cols * side + (cols - 1) * CLI_GRID_GAP;
    const size_t height = rows * side + (rows - 1) * CLI_GRID_GAP;

    if (width > GCL_IMAGE_MAX_SIDE || height > GCL_IMAGE_MAX_SIDE ||
        width * height > GCL_IMAGE_MAX_PIXELS)
        return GCL_FAIL(err, GCL_E_UNSUPPORTED,
                        "%zu pictures in %zu columns make a picture of %zu x %zu pixels; the limit "
                        "is %zu a side and %zu in all",
                        p->n, cols, width, height, GCL_IMAGE_MAX_SIDE, GCL_IMAGE_MAX_PIXELS);
    return GCL_OK;
}

static gcl_status check_paths(const cli_pictures *p, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const size_t n_files = p->columns > 0 ? 1 : p->n;

    for (size_t i = 0; i < n_files && st == GCL_OK; i++) {
        char *path = NULL;
        st = cli_pattern_path(&p->output, i, &path, err);
        if (st == GCL_OK)
            st = cli_check_writable(path, err);
        free(path);
    }
    return st;
}

gcl_status cli_pictures_prepare(cli_pictures *p, const cli_session *s, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_config *c = gcl_model_config(s->model);

    if (c->nz == 0) {
        st = GCL_FAIL(err, GCL_E_NOT_FOUND, "%s has no generator (tensor netG.fc_code.weight)",
                      cli_session_weights(s));
        goto done;
    }
    if (c->cond_dim != c->embed_dim) {
        st = GCL_FAIL(err, GCL_E_SHAPE,
                      "%s: sentences of the text tower have %zu elements, netG needs %zu",
                      cli_session_weights(s), c->embed_dim, c->cond_dim);
        goto done;
    }
    if (p->columns > 0)
        GCL_TRY(check_grid(p, c->image_size, err));
    GCL_TRY(check_paths(p, err));
    GCL_TRY(cli_alloc(&p->noise, p->n, c->nz * sizeof *p->noise, "noise", err));
    GCL_TRY(cli_alloc(&p->sentences, p->n, c->cond_dim * sizeof *p->sentences, "sentences", err));
done:
    return st;
}

/* ---- what is written into a file ---- */

/* The prompts of pictures first .. first + count - 1, joined by line ends; owned (free). */
static char *joined_prompts(const cli_pictures *p, size_t first, size_t count)
{
    const size_t each = p->n / p->n_prompts, from = first / each, to = (first + count - 1) / each;
    size_t bytes = 1;
    char *text, *out;

    for (size_t i = from; i <= to; i++)
        bytes += strlen(p->prompts[i]) + 1;
    text = out = malloc(bytes);
    for (size_t i = from; out != NULL && i <= to; i++)
        out += sprintf(out, "%s%s", i > from ? "\n" : "", p->prompts[i]);
    return text;
}

/* The prompt, then one line of settings: what stable-diffusion.cpp and others write and read. */
static char *parameters(const cli_pictures *p, const cli_session *s, const char *prompt,
                        const char *index, const char *seed)
{
    const size_t side = gcl_model_config(s->model)->image_size;
    const char *weights = cli_session_weights(s);
    const size_t room = strlen(prompt) + strlen(weights) + 256;
    char *text = malloc(room);

    if (text != NULL)
        snprintf(text, room, "%s\n%s: %s, Index: %s, Size: %zux%zu, Model: %s, Version: galip %s",
                 prompt, p->noise_file != NULL ? "Noise" : "Seed", seed, index, side, side, weights,
                 GALIP_VERSION);
    return text;
}

/* Writes one PNG with its text. */
static gcl_status write_picture(const cli_pictures *p, const cli_session *s, const char *path,
                                const uint8_t *rgb, size_t width, size_t height, size_t first,
                                size_t count, gcl_error *err)
{
    gcl_status st = GCL_OK;
    char *raw = joined_prompts(p, first, count), *line = NULL;
    json_t *prompt = raw != NULL ? cli_json_text(raw) : NULL; /* now valid UTF-8 */
    json_t *prompt2 = p->prompt2 != NULL ? cli_json_text(p->prompt2) : NULL;
    char seed[24], seed2[24], index[48];
    size_t n = 0;
    gcl_png_text text[12];

    snprintf(seed, sizeof seed, "%" PRIu64, p->seed);
    snprintf(seed2, sizeof seed2, "%" PRIu64, p->seed2);
    snprintf(index, sizeof index, count > 1 ? "%zu-%zu" : "%zu", first, first + count - 1);
    if (prompt != NULL)
        line = parameters(p, s, json_string_value(prompt), index,
                          p->noise_file != NULL ? cli_base_name(p->noise_file) : seed);
    if (line == NULL || (p->prompt2 != NULL && prompt2 == NULL)) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation failed", path);
        goto done;
    }
    text[n++] = (gcl_png_text){"prompt", json_string_value(prompt)};
    if (p->prompt2 != NULL)
        text[n++] = (gcl_png_text){"prompt2", json_string_value(prompt2)};
    text[n++] = p->noise_file != NULL ? (gcl_png_text){"noise", cli_base_name(p->noise_file)}
                                      : (gcl_png_text){"seed", seed};
    if (p->prompt2 != NULL)
        text[n++] = (gcl_png_text){"seed2", seed2};
    text[n++] = (gcl_png_text){"index", index};
    text[n++] = (gcl_png_text){"weights", cli_session_weights(s)};
    text[n++] = (gcl_png_text){"preset", gcl_model_config(s->model)->preset};
    text[n++] = (gcl_png_text){"device", s->device.name};
    text[n++] = (gcl_png_text){"software", "galip " GALIP_VERSION};
    text[n++] = (gcl_png_text){"parameters", line};
    GCL_TRY(gcl_image_write_png(path, rgb, width, height, text, n, err));
done:
    json_decref(prompt);
    json_decref(prompt2);
    free(raw);
    free(line);
    return st;
}

/* ---- the work ---- */

static const char *prompt_of(const cli_pictures *p, size_t i)
{
    return p->prompts[i / (p->n / p->n_prompts)];
}

/* One entry of the JSON array. */
static void report_json(const cli_pictures *p, json_t *list, const char *path, size_t i,
                        double seconds)
{
    json_t *entry = json_pack("{s:o, s:o, s:o, s:I, s:f}", "path", cli_json_text(path), "prompt",
                              cli_json_text(prompt_of(p, i)), "seed",
                              p->noise_file != NULL ? json_null() : cli_json_seed(p->seed), "index",
                              (json_int_t)i, "seconds", seconds);

    if (p->prompt2 != NULL) {
        json_object_set_new(entry, "prompt2", cli_json_text(p->prompt2));
        json_object_set_new(entry, "seed2", cli_json_seed(p->seed2));
    }
    if (p->noise_file != NULL)
        json_object_set_new(entry, "noise", cli_json_text(p->noise_file));
    json_array_append_new(list, entry);
}

static void report_line(const cli_pictures *p, const char *path, size_t first, size_t count)
{
    printf("%s  ", path);
    if (p->noise_file != NULL)
        printf("noise %s", p->noise_file);
    else
        printf("seed %" PRIu64, p->seed);
    if (p->prompt2 != NULL && p->seed2 != p->seed)
        printf(" to %" PRIu64, p->seed2);
    if (count > 1)
        printf("  pictures %zu-%zu\n", first, first + count - 1);
    else
        printf("  picture %zu\n", first);
}

/* Writes pictures first .. first + count - 1 and reports them: into a file each, or as a grid. */
static gcl_status finish(const cli_pictures *p, const cli_session *s, const uint8_t *rgb,
                         size_t first, size_t count, double seconds, json_t *list, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const size_t side = gcl_model_config(s->model)->image_size;
    const size_t in_file = p->columns > 0 ? count : 1;
    gcl_image grid = {0};
    char *path = NULL;

    if (p->columns > 0)
        GCL_TRY(gcl_image_grid(&grid, rgb, count, side, side, p->columns, CLI_GRID_GAP, 255, err));
    for (size_t i = 0; i < count; i += in_file) {
        const uint8_t *pixels = grid.rgb != NULL ? grid.rgb : rgb + i * side * side * 3;

        free(path);
        GCL_TRY(cli_pattern_path(&p->output, first + i, &path, err));
        GCL_TRY(write_picture(p, s, path, pixels, grid.rgb != NULL ? grid.width : side,
                              grid.rgb != NULL ? grid.height : side, first + i, in_file, err));
        if (list == NULL)
            report_line(p, path, first + i, in_file);
        for (size_t k = 0; list != NULL && k < in_file; k++)
            report_json(p, list, path, first + i + k, seconds / (double)count);
    }
done:
    free(path);
    gcl_image_free(&grid);
    return st;
}

gcl_status cli_pictures_draw(const cli_pictures *p, cli_session *s, bool json, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_config *c = gcl_model_config(s->model);
    const size_t batch = p->batch < p->n ? p->batch : p->n;
    const size_t picture_bytes = c->image_size * c->image_size * 3;
    uint8_t *rgb = NULL;
    json_t *list = json ? json_array() : NULL;
    gcl_plan *plan;
    double start;

    GCL_TRY(cli_alloc(&rgb, p->columns > 0 ? p->n : batch, picture_bytes, "pictures", err));
    cli_progress(0, p->n);
    GCL_TRY(gcl_model_plan(s->model, &plan, GCL_PART_NETG, batch, 0, err)); /* compiles, untimed */
    start = cli_seconds();
    for (size_t i = 0; i < p->n; i += batch) {
        const size_t count = p->n - i < batch ? p->n - i : batch;
        uint8_t *to = p->columns > 0 ? rgb + i * picture_bytes : rgb;
        const double begun = cli_seconds();

        cli_progress(i, p->n);
        GCL_TRY(gcl_model_draw(s->model, p->noise + i * c->nz, p->sentences + i * c->cond_dim,
                               count, batch, to, NULL, NULL, err));
        if (p->columns > 0)
            continue;
        cli_progress(p->n, p->n);
        GCL_TRY(finish(p, s, rgb, i, count, cli_seconds() - begun, list, err));
    }
    cli_progress(p->n, p->n);
    if (p->columns > 0)
        GCL_TRY(finish(p, s, rgb, 0, p->n, cli_seconds() - start, list, err));
    if (json)
        GCL_TRY(cli_json_print(json_incref(list), err));
done:
    cli_progress(p->n, p->n);
    json_decref(list);
    free(rgb);
    return st;
}
