/* convert.c - opening the inputs, checking them against the model they describe, and writing. */
#include "model/convert_internal.h"

#include <stdlib.h>
#include <string.h>

#include "model/names.h"

/* ---- opening ---- */

static gcl_status join_origin(gcl_conversion *c, const gcl_conversion_options *o, gcl_error *err)
{
    size_t bytes = 1;

    for (size_t i = 0; i < o->n_inputs; i++)
        bytes += strlen(o->inputs[i]) + 2;
    c->origin = calloc(bytes, 1);
    if (c->origin == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "convert: host allocation of %zu bytes", bytes);
    for (size_t i = 0; i < o->n_inputs; i++) {
        strcat(c->origin, i > 0 ? ", " : "");
        strcat(c->origin, o->inputs[i]);
    }
    return GCL_OK;
}

/* The weight files; *has_json: one of the inputs was the configuration of a CLIP. */
static gcl_status open_inputs(gcl_conversion *c, const gcl_conversion_options *o,
                              gcl_clip_json *json, bool *has_json, gcl_error *err)
{
    gcl_status st = GCL_OK;

    *has_json = false;
    for (size_t i = 0; i < o->n_inputs; i++) {
        if (!gcl_clip_json_is(o->inputs[i])) {
            GCL_TRY(gcl_conversion_add_file(c, o->inputs[i], err));
            continue;
        }
        if (*has_json) {
            st = GCL_FAIL(err, GCL_E_FORMAT, "%s: a second configuration of a CLIP", o->inputs[i]);
            goto done;
        }
        GCL_TRY(gcl_clip_json_read(json, o->inputs[i], err));
        *has_json = true;
    }
    if (c->n_files == 0)
        st = GCL_FAIL(err, GCL_E_FORMAT, "%s: no input holds weights", c->origin);
done:
    return st;
}

/* ---- checking ---- */

static gcl_status check_weight(gcl_conversion *c, const gcl_tensor *t, gcl_error *err)
{
    gcl_item *item = gcl_item_find(&c->items, t->name);
    uint64_t shape[GCL_TENSOR_MAX_RANK] = {0};
    char need[GCL_TENSOR_SHAPE_TEXT_BYTES], found[GCL_TENSOR_SHAPE_TEXT_BYTES];

    for (int i = 0; i < t->shape.rank; i++)
        shape[i] = t->shape.dim[i];
    gcl_tensor_shape_text(need, t->shape.rank, shape);
    if (item == NULL)
        return GCL_FAIL(err, GCL_E_NOT_FOUND, "%s: there is no tensor %s, which should be %s",
                        c->origin, t->name, need);
    if (item->view.rank != t->shape.rank || memcmp(item->view.shape, shape, sizeof shape) != 0)
        return GCL_FAIL(err, GCL_E_SHAPE, "%s: tensor %s is %s, should be %s", item->view.file,
                        t->name, gcl_tensor_shape_text(found, item->view.rank, item->view.shape),
                        need);
    item->is_read = true;
    return GCL_OK;
}

/* Whether the configuration has what the part needs. netG's copy of the image tower lacks its end. */
static bool is_there(const gcl_conversion *c, gcl_part part)
{
    const gcl_config *k = &c->config;
    const bool has_vit = k->vision_width > 0;

    switch (part) {
    case GCL_PART_TEXT:
        return k->text_width > 0;
    case GCL_PART_NOISE:
        return k->nz > 0;
    case GCL_PART_NETG:
        return k->nz > 0 && has_vit;
    case GCL_PART_IMAGE:
        return has_vit &&
               !(c->notes.copy_is_used && gcl_item_find(&c->items, "visual.proj") == NULL);
    default:
        return k->has_netd && has_vit;
    }
}

/* The graph of a part. Without netD the image tower need not have its features. */
static gcl_status build_part(gcl_graph **out, const gcl_conversion *c, gcl_part part,
                             gcl_error *err)
{
    const gcl_config *k = &c->config;
    gcl_error why = GCL_ERROR_INIT;
    gcl_status st = part == GCL_PART_IMAGE && !k->has_netd
                        ? gcl_photo_graph(out, k, k->image_size, k->image_size, &why)
                        : gcl_part_graph(out, k, part, 1, 0, &why);

    if (st != GCL_OK)
        st = GCL_FAIL(err, st == GCL_E_NOMEM ? st : GCL_E_FORMAT, "%s: %s", c->origin, why.message);
    gcl_error_clear(&why);
    return st;
}

/* The projection decides the embedding's length; a tower without one has no graph. */
static gcl_status check_projection(const gcl_conversion *c, gcl_part part, gcl_error *err)
{
    const char *name = part == GCL_PART_TEXT    ? "text_projection"
                       : part == GCL_PART_IMAGE ? "visual.proj"
                                                : NULL;

    if (name == NULL || gcl_item_find(&c->items, name) != NULL)
        return GCL_OK;
    return GCL_FAIL(err, GCL_E_NOT_FOUND,
                    "%s: there is no tensor %s, which should be [width, embed_dim]", c->origin,
                    name);
}

/* Of the image tower that netG's mapper reads, CLIP's and netG's copy have the same tensors. */
static gcl_status check_twin(const gcl_conversion *c, const char *name, gcl_error *err)
{
    if (c->copies.n == 0 || gcl_name_part(name) != GCL_MODEL_IMAGE_TOWER ||
        gcl_item_find(&c->copies, name) != NULL)
        return GCL_OK;
    return GCL_FAIL(err, GCL_E_MISMATCH,
                    "netG was trained with another CLIP: of CLIP and netG's copy only %s has %s",
                    gcl_item_find(&c->items, name)->view.file, name);
}

/* Every weight that the graph of a part reads. */
static gcl_status check_part(gcl_conversion *c, gcl_part part, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_graph *g = NULL;

    c->notes.has_part[part] = is_there(c, part);
    if (!c->notes.has_part[part])
        return GCL_OK;
    GCL_TRY(check_projection(c, part, err));
    GCL_TRY(build_part(&g, c, part, err));
    for (gcl_value v = 0; v < gcl_graph_n_values(g); v++) {
        const gcl_tensor *t = gcl_graph_tensor(g, v);
        if (t->kind != GCL_VALUE_WEIGHT)
            continue;
        GCL_TRY(check_weight(c, t, err));
        if (part == GCL_PART_NETG)
            GCL_TRY(check_twin(c, t->name, err));
    }
done:
    gcl_graph_destroy(g);
    return st;
}

/* Whether results may do without a tensor that no graph reads: logit_scale, the shortcut that netD has
 * even where its channels are the same, and all of a part that is not there as a whole. */
static bool is_spare(const gcl_conversion *c, const char *name)
{
    static const gcl_part parts[GCL_MODEL_PART_COUNT_] = {
        [GCL_MODEL_IMAGE_TOWER] = GCL_PART_IMAGE, [GCL_MODEL_TEXT_TOWER] = GCL_PART_TEXT,
        [GCL_MODEL_NETG] = GCL_PART_NETG,         [GCL_MODEL_NETD] = GCL_PART_NETD,
        [GCL_MODEL_NETC] = GCL_PART_NETD,
    };
    const gcl_model_part part = gcl_name_part(name);

    return part == GCL_MODEL_LOGIT_SCALE || !c->notes.has_part[parts[part]] ||
           (part == GCL_MODEL_NETD && strstr(name, ".conv_s.") != NULL);
}

static gcl_status check_tensors(gcl_conversion *c, gcl_error *err)
{
    gcl_status st = GCL_OK;

    for (int p = 0; p < GCL_PART_COUNT_; p++)
        GCL_TRY(check_part(c, (gcl_part)p, err));
    for (size_t i = 0; i < c->items.n; i++) {
        const gcl_tensor_view *t = &c->items.items[i].view;
        if (!c->items.items[i].is_read && !is_spare(c, t->name)) {
            st = GCL_FAIL(
                err, GCL_E_UNSUPPORTED,
                "%s: tensor %s belongs to no layer that galip computes; without it results "
                "would be others",
                t->file, t->name);
            goto done;
        }
    }
    for (size_t i = 0; i < c->copies.n; i++)
        GCL_TRY(gcl_item_check_equal(&c->copies.items[i],
                                     gcl_item_find(&c->items, c->copies.items[i].view.name), err));
done:
    return st;
}

/* ---- the whole ---- */

static gcl_status make_set(gcl_conversion *c, gcl_error *err)
{
    c->views = calloc(c->items.n + 1, sizeof *c->views);
    if (c->views == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation for %zu tensors", c->origin,
                        c->items.n);
    for (size_t i = 0; i < c->items.n; i++)
        c->views[i] = &c->items.items[i].view;
    c->set.origin = c->origin;
    c->set.tensors = c->views;
    c->set.count = c->items.n;
    return GCL_OK;
}

static uint64_t seed_of(const gcl_conversion *c)
{
    return c->made != NULL ? gcl_checkpoint_seed(c->made) : 0;
}

static gcl_status open_files(gcl_conversion *c, const gcl_conversion_options *o, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_clip_json json;
    bool has_json;

    GCL_TRY(open_inputs(c, o, &json, &has_json, err));
    GCL_TRY(gcl_conversion_gather(c, err));
    GCL_TRY(make_set(c, err));
    GCL_TRY(gcl_conversion_read_config(c, o, has_json ? &json : NULL, err));
    GCL_TRY(check_tensors(c, err));
done:
    return st;
}

static gcl_status open_synthetic(gcl_conversion *c, const gcl_conversion_options *o, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_conversion_options named = *o;

    GCL_TRY(gcl_checkpoint_open(&c->made, o->inputs[0], o->preset, err));
    c->config = *gcl_checkpoint_config(c->made);
    named.preset = c->config.preset;
    GCL_TRY(gcl_conversion_gather_synthetic(c, err));
    GCL_TRY(make_set(c, err));
    GCL_TRY(gcl_conversion_read_config(c, &named, NULL, err));
    GCL_TRY(check_tensors(c, err));
done:
    return st;
}

gcl_status gcl_conversion_open(gcl_conversion **out, const gcl_conversion_options *o,
                               gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_conversion *c = calloc(1, sizeof *c);
    const bool is_synthetic = o->n_inputs == 1 && strncmp(o->inputs[0], "synthetic:", 10) == 0;

    *out = NULL;
    if (c == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "convert: host allocation of %zu bytes", sizeof *c);
        goto done;
    }
    GCL_TRY(join_origin(c, o, err));
    GCL_TRY(is_synthetic ? open_synthetic(c, o, err) : open_files(c, o, err));
    for (size_t i = 0; i < c->items.n; i++) {
        gcl_tensor_view *t = &c->items.items[i].view;
        GCL_TRY(gcl_item_choose_dtype(&c->items.items[i], o->store, seed_of(c), err));
        t->bytes = t->count * gcl_tensor_dtype_bytes(t->dtype);
    }
    *out = c;
    c = NULL;
done:
    gcl_conversion_close(c);
    return st;
}

void gcl_conversion_close(gcl_conversion *c)
{
    if (c == NULL)
        return;
    gcl_conversion_free_metadata(c);
    free(c->views);
    gcl_item_list_free(&c->items);
    gcl_item_list_free(&c->copies);
    free(c->unknown);
    for (size_t i = 0; i < c->n_files; i++)
        gcl_tensor_file_close(c->files[i]);
    free(c->files);
    gcl_checkpoint_close(c->made);
    free(c->origin);
    free(c);
}

/* ---- writing ---- */

/* One tensor after the other. */
typedef struct reader {
    const gcl_conversion *c;
    const gcl_item *item; /* whose data is loaded; NULL: none */
    void *owned;
} reader;

static void unload(reader *r)
{
    if (r->item != NULL)
        gcl_item_unload(r->item, r->owned);
    r->item = NULL;
}

/* gcl_tensor_source.read */
static gcl_status read_item(void *self, const gcl_tensor_view *t, const void **data, gcl_error *err)
{
    reader *r = self;

    unload(r);
    r->item = gcl_item_find(&r->c->items, t->name);
    return gcl_item_load(r->item, seed_of(r->c), data, &r->owned, err);
}

gcl_status gcl_conversion_write(gcl_conversion *c, const char *path, gcl_error *err)
{
    gcl_status st = GCL_OK;
    reader r = {.c = c};
    const gcl_tensor_source source = {&r, read_item};
    gcl_tensor_view *views = calloc(c->items.n + 1, sizeof *views);

    if (views == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation for %zu tensors", path, c->items.n);
    for (size_t i = 0; i < c->items.n; i++)
        views[i] = c->items.items[i].view;
    st = gcl_safetensors_write_from(path, views, c->items.n, c->set.metadata, c->set.n_metadata,
                                    &source, err);
    unload(&r);
    free(views);
    return st;
}

const gcl_config *gcl_conversion_config(const gcl_conversion *c)
{
    return &c->config;
}

const gcl_tensor_set *gcl_conversion_tensors(const gcl_conversion *c)
{
    return &c->set;
}

const gcl_conversion_notes *gcl_conversion_about(const gcl_conversion *c)
{
    return &c->notes;
}
