/** What the files of model/convert share; not part of the interface. */
#ifndef GCL_MODEL_CONVERT_INTERNAL_H
#define GCL_MODEL_CONVERT_INTERNAL_H

#include "model/clip_json.h"
#include "model/convert.h"
#include "weights/tensor_file.h"

/* A tensor of an input. */
typedef struct gcl_piece {
    gcl_tensor_file *file; /* borrowed; NULL: synthetic */
    size_t index;
} gcl_piece;

/* A tensor of the model. */
typedef struct gcl_item {
    gcl_tensor_view view; /* as it will be written, without data; its name is owned */
    gcl_piece pieces[3];  /* its rows; one, or q, k and v */
    int n_pieces;
    gcl_tensor_dtype dtype; /* of the pieces */
    bool is_transposed;     /* the piece is [out, in], the item [in, out] */
    bool is_read;           /* a graph reads it */
} gcl_item;

typedef struct gcl_item_list {
    gcl_item *items; /* [n] in byte order of the names */
    size_t n;
} gcl_item_list;

struct gcl_conversion {
    gcl_store store;
    gcl_checkpoint *made;    /* synthetic weights; NULL: from files */
    gcl_tensor_file **files; /* [n_files] */
    size_t n_files;
    gcl_item_list items;
    gcl_item_list copies; /* of netG's image tower, as far as CLIP's is in items */
    const char **unknown; /* [notes.n_unknown]; borrowed from the files */
    char *origin;         /* the inputs, for messages */

    gcl_config config;
    const gcl_tensor_view **views; /* [items.n], of the items */
    gcl_metadata_pair *metadata;   /* [set.n_metadata]; keys and values owned */
    gcl_tensor_set set;
    gcl_conversion_notes notes;
};

/* ---- convert_config.c ---- */

/* Metadata of the files, of a CLIP's JSON (NULL: none was given), of the preset and the vocabulary. */
gcl_status gcl_conversion_read_config(gcl_conversion *c, const gcl_conversion_options *options,
                                      const gcl_clip_json *json, gcl_error *err);

void gcl_conversion_free_metadata(gcl_conversion *c);

/* ---- convert_gather.c ---- */

/* Opens a weight file and remembers it. */
gcl_status gcl_conversion_add_file(gcl_conversion *c, const char *path, gcl_error *err);

/* Makes items and copies of all tensors of the files. */
gcl_status gcl_conversion_gather(gcl_conversion *c, gcl_error *err);

/* Makes items of what the graphs of all parts read. */
gcl_status gcl_conversion_gather_synthetic(gcl_conversion *c, gcl_error *err);

void gcl_item_list_free(gcl_item_list *list);

/* Item of that name; NULL when there is none. */
gcl_item *gcl_item_find(const gcl_item_list *list, const char *name);

/* ---- convert_data.c ---- */

/* Sets view.dtype, for which the values may have to be read. */
gcl_status gcl_item_choose_dtype(gcl_item *item, gcl_store store, uint64_t seed, gcl_error *err);

/* The item's values in the type of its view. *data is borrowed from *owned or from the files until
 * gcl_item_unload; *owned may be NULL. */
gcl_status gcl_item_load(const gcl_item *item, uint64_t seed, const void **data, void **owned,
                         gcl_error *err);

/* Frees, and gives back the memory of the pieces. */
void gcl_item_unload(const gcl_item *item, void *owned);

/* GCL_E_MISMATCH, naming both files, tensor and element, unless both hold the same numbers. */
gcl_status gcl_item_check_equal(const gcl_item *copy, const gcl_item *item, gcl_error *err);

#endif
