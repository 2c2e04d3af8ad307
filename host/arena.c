/* arena.c - memory assignment by liveness. */
#include "host/arena.h"

#include <stdlib.h>

static int by_size_descending(const void *a, const void *b)
{
    const gcl_life *x = *(gcl_life *const *)a, *y = *(gcl_life *const *)b;

    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? 1 : -1;
    return x < y ? -1 : x > y; /* a total order: plans are the same on every libc */
}

static int by_offset(const void *a, const void *b)
{
    const gcl_life *x = *(gcl_life *const *)a, *y = *(gcl_life *const *)b;

    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* Lowest aligned offset in one arena at which `want` fits. near: room for n pointers. */
static size_t lowest_fit(gcl_life **placed, int n_placed, const gcl_life *want, int arena,
                         size_t align, gcl_life **near)
{
    size_t at = 0;
    int n = 0;

    for (int i = 0; i < n_placed; i++)
        if (placed[i]->arena == arena && placed[i]->first <= want->last &&
            want->first <= placed[i]->last)
            near[n++] = placed[i];
    qsort(near, (size_t)n, sizeof *near, by_offset);
    for (int i = 0; i < n; i++) {
        size_t end;
        if (near[i]->offset >= at + want->bytes)
            break;
        end = (near[i]->offset + near[i]->bytes + align - 1) / align * align;
        if (end > at)
            at = end;
    }
    return at;
}

gcl_status gcl_arena_assign(gcl_life *lives, int n, size_t align, size_t max_bytes,
                            size_t **arena_bytes, int *n_arenas, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const size_t room = (size_t)n + 1;
    gcl_life **order = malloc(room * sizeof *order);
    gcl_life **near = malloc(room * sizeof *near);
    size_t *bytes = calloc(room, sizeof *bytes);
    int arenas = 0;

    *arena_bytes = NULL;
    *n_arenas = 0;
    if (order == NULL || near == NULL || bytes == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "arena: host allocation for %d slots", n);
        goto done;
    }
    for (int i = 0; i < n; i++)
        order[i] = &lives[i];
    qsort(order, (size_t)n, sizeof *order, by_size_descending);
    for (int i = 0; i < n; i++) {
        gcl_life *l = order[i];
        if (l->bytes > max_bytes) {
            st = GCL_FAIL(err, GCL_E_BUFFER,
                          "an activation needs %zu bytes, the device allows %zu in one buffer "
                          "(a smaller batch needs less)",
                          l->bytes, max_bytes);
            goto done;
        }
        for (l->arena = 0; l->arena < arenas; l->arena++) {
            l->offset = lowest_fit(order, i, l, l->arena, align, near);
            if (l->offset + l->bytes <= max_bytes)
                break;
        }
        if (l->arena == arenas) {
            arenas++;
            l->offset = 0;
        }
        if (l->offset + l->bytes > bytes[l->arena])
            bytes[l->arena] = l->offset + l->bytes;
    }
    *arena_bytes = bytes;
    *n_arenas = arenas;
    bytes = NULL;
done:
    free(order);
    free(near);
    free(bytes);
    return st;
}
