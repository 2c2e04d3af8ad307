/* tensor_set.c - looking up in sorted lists. */
#include "weights/tensor_set.h"

#include <stdlib.h>
#include <string.h>

static int compare_name(const void *name, const void *tensor)
{
    return strcmp(name, (*(const gcl_tensor_view *const *)tensor)->name);
}

const gcl_tensor_view *gcl_tensor_set_find(const gcl_tensor_set *set, const char *name)
{
    const gcl_tensor_view *const *hit =
        set->count == 0
            ? NULL
            : bsearch(name, set->tensors, set->count, sizeof *set->tensors, compare_name);

    return hit != NULL ? *hit : NULL;
}

static int compare_key(const void *key, const void *pair)
{
    return strcmp(key, ((const gcl_metadata_pair *)pair)->key);
}

const char *gcl_tensor_set_metadata(const gcl_tensor_set *set, const char *key)
{
    const gcl_metadata_pair *hit =
        set->n_metadata == 0
            ? NULL
            : bsearch(key, set->metadata, set->n_metadata, sizeof *set->metadata, compare_key);

    return hit != NULL ? hit->value : NULL;
}
