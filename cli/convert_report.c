/* convert_report.c - what a conversion found, gathered into JSON and printed in either form. */
#include "cli/convert_report.h"

#include <stdio.h>
#include <string.h>

#include "cli/info.h"
#include "cli/output.h"
#include "model/names.h"

enum { SHOWN_UNKNOWN = 5 };

/* ---- gathering ---- */

static json_int_t number(json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* Counts the tensor in the row of its part, type and input. */
static void count(json_t *rows, const gcl_tensor_view *t)
{
    const char *part = gcl_model_part_name(gcl_name_part(t->name));
    const char *dtype = gcl_tensor_dtype_name(t->dtype);
    json_t *source = cli_json_text(t->file != NULL ? cli_base_name(t->file) : "synthetic");
    json_t *row = NULL;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        if (strcmp(json_string_value(json_object_get(row, "part")), part) == 0 &&
            strcmp(json_string_value(json_object_get(row, "dtype")), dtype) == 0 &&
            json_equal(json_object_get(row, "source"), source))
            break;
    }
    if (i == json_array_size(rows)) {
        row = json_pack("{s:s, s:i, s:i, s:i, s:s, s:O}", "part", part, "tensors", 0, "values", 0,
                        "bytes", 0, "dtype", dtype, "source", source);
        json_array_append_new(rows, row);
    }
    json_object_set_new(row, "tensors", json_integer(number(row, "tensors") + 1));
    json_object_set_new(row, "values", json_integer(number(row, "values") + (json_int_t)t->count));
    json_object_set_new(row, "bytes", json_integer(number(row, "bytes") + (json_int_t)t->bytes));
    json_decref(source);
}

static bool is_learnable(const char *part)
{
    return strncmp(part, "net", 3) == 0;
}

static json_int_t sum_values(json_t *rows, bool learnable)
{
    json_int_t sum = 0;
    json_t *row;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        if (is_learnable(json_string_value(json_object_get(row, "part"))) == learnable)
            sum += number(row, "values");
    }
    return sum;
}

/* The commands that the weights serve, or with served = false those that they do not. */
static json_t *commands(const bool *has_part, bool served)
{
    const bool text = has_part[GCL_PART_TEXT], image = has_part[GCL_PART_IMAGE];
    const struct {
        const char *name;
        bool is_served;
    } all[] = {
        {"generate", text && has_part[GCL_PART_NETG]},
        {"encode text", text},
        {"encode image", image},
        {"score", text && image},
    };
    json_t *list = json_array();

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i].is_served == served)
            json_array_append_new(list, json_string(all[i].name));
    return list;
}

static json_t *missing_parts(const gcl_conversion_notes *notes)
{
    const struct {
        gcl_part part;
        const char *name;
    } all[] = {
        {GCL_PART_TEXT, "CLIP text tower"},
        {GCL_PART_IMAGE, notes->copy_is_used ? "end of the CLIP image tower" : "CLIP image tower"},
        {GCL_PART_NETG, "netG"},
        {GCL_PART_NETD, "netD and netC"},
    };
    json_t *list = json_array();

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (!notes->has_part[all[i].part])
            json_array_append_new(list, json_string(all[i].name));
    return list;
}

static json_t *gather(const gcl_conversion *c, const char *path)
{
    const gcl_conversion_notes *notes = gcl_conversion_about(c);
    const gcl_tensor_set *set = gcl_conversion_tensors(c);
    const char *activation = gcl_tensor_set_metadata(set, "activation");
    json_t *rows = json_array(), *unknown = json_array();

    for (gcl_model_part p = 0; p < GCL_MODEL_PART_COUNT_; p++)
        for (size_t i = 0; i < set->count; i++)
            if (gcl_name_part(set->tensors[i]->name) == p)
                count(rows, set->tensors[i]);
    for (size_t i = 0; i < notes->n_unknown; i++)
        json_array_append_new(unknown, cli_json_text(notes->unknown[i]));
    return json_pack(
        "{s:o, s:s, s:o, s:o, s:I, s:I, s:{s:I, s:I, s:b}, s:s?, s:b, s:o, s:o, s:o, s:I, s:o}",
        "file", path != NULL ? cli_json_text(path) : json_null(), "format", "safetensors", "config",
        cli_info_config(gcl_conversion_config(c)), "parts", rows, "learnable",
        sum_values(rows, true), "frozen", sum_values(rows, false), "image_tower_copy", "tensors",
        (json_int_t)notes->copied, "values", (json_int_t)notes->copy_values, "used",
        notes->copy_is_used, "activation", activation, "has_merges", notes->has_merges, "serves",
        commands(notes->has_part, true), "does_not_serve", commands(notes->has_part, false),
        "missing", missing_parts(notes), "useless_tensors", (json_int_t)notes->n_useless,
        "unknown_tensors", unknown);
}

/* ---- printing ---- */

static void print_list(const char *title, json_t *list)
{
    json_t *name;
    size_t i;

    if (json_array_size(list) == 0)
        return;
    printf("%-11s ", title);
    json_array_foreach(list, i, name) printf("%s%s", i > 0 ? ", " : "", json_string_value(name));
    printf("\n");
}

static void print_rows(json_t *rows)
{
    json_t *row;
    size_t i;

    printf("%-17s %8s %12s  %-5s %s\n", "part", "tensors", "values", "type", "source");
    json_array_foreach(rows, i, row)
    {
        printf("%-17s %8" JSON_INTEGER_FORMAT " %12" JSON_INTEGER_FORMAT "  %-5s ",
               json_string_value(json_object_get(row, "part")), number(row, "tensors"),
               number(row, "values"), json_string_value(json_object_get(row, "dtype")));
        cli_print_text(stdout, json_string_value(json_object_get(row, "source")));
        putchar('\n');
    }
}

/* The paper's figures are those of its comparison with other models; its 0.24 billion count CLIP's image
 * tower twice, as netG has a copy. Source: arXiv:2301.12959. */
static void print_learnable(const gcl_conversion *c, json_t *all)
{
    json_t *copy = json_object_get(all, "image_tower_copy");
    const bool is_published = strcmp(gcl_conversion_config(c)->preset, "galip-224") == 0;

    printf("%-11s %12" JSON_INTEGER_FORMAT "%s\n", "learnable", number(all, "learnable"),
           is_published ? "  (paper: 0.08 billion, with netD and netC)" : "");
    printf("%-11s %12" JSON_INTEGER_FORMAT "%s\n", "frozen", number(all, "frozen"),
           is_published ? "  (paper: 0.24 billion, with netG's copy of the image tower)" : "");
    if (number(copy, "tensors") > 0)
        printf("%-11s %12" JSON_INTEGER_FORMAT "  netG's, %s\n", "copy", number(copy, "values"),
               json_is_true(json_object_get(copy, "used"))
                   ? "taken for the image tower, as no CLIP was given"
                   : "equal to the image tower and not stored again");
}

static void print_report(const gcl_conversion *c, json_t *all)
{
    const gcl_conversion_notes *notes = gcl_conversion_about(c);
    const bool has_clip = notes->has_part[GCL_PART_TEXT] || notes->has_part[GCL_PART_IMAGE];

    print_rows(json_object_get(all, "parts"));
    print_learnable(c, all);
    print_list("serves", json_object_get(all, "serves"));
    print_list("not", json_object_get(all, "does_not_serve"));
    print_list("missing", json_object_get(all, "missing"));
    if (has_clip && !notes->activation_is_known && gcl_conversion_config(c)->preset[0] == '\0')
        printf(
            "activation  QuickGELU, as OpenAI's: no input tells; open_clip's own models mostly use "
            "GELU (--activation)\n");
    if (notes->has_part[GCL_PART_TEXT] && !notes->has_merges)
        printf("vocabulary  none: give --vocab here, or with every command\n");
    if (notes->n_useless > 0)
        printf("left out    %zu tensors that nothing depends on\n", notes->n_useless);
}

static void warn_unknown(const gcl_conversion_notes *notes)
{
    if (notes->n_unknown == 0)
        return;
    fprintf(stderr, "galip: warning: %zu unknown tensors left out: ", notes->n_unknown);
    for (size_t i = 0; i < notes->n_unknown && i < SHOWN_UNKNOWN; i++) {
        fprintf(stderr, i > 0 ? ", " : "");
        cli_print_text(stderr, notes->unknown[i]);
    }
    fprintf(stderr, "%s\n", notes->n_unknown > SHOWN_UNKNOWN ? ", ..." : "");
}

gcl_status cli_convert_report(const gcl_conversion *c, const char *path, bool json, gcl_error *err)
{
    json_t *all = gather(c, path);

    warn_unknown(gcl_conversion_about(c));
    if (json || all == NULL)
        return cli_json_print(all, err);
    print_report(c, all);
    json_decref(all);
    return GCL_OK;
}
