/* pickle_stack.c - the bytes, the values and the stack of the pickle reader. */
#include "weights/pickle_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

/* ---- bytes ---- */

gcl_status gcl_pickle_take(gcl_pickle_machine *m, const uint8_t **out, uint64_t bytes,
                           gcl_error *err)
{
    if (bytes > m->bytes - m->at)
        return GCL_FAIL(err, GCL_E_FORMAT,
                        "%s, byte %zu: needs %" PRIu64 " bytes, but only %zu are left",
                        GCL_PICKLE_WHERE(m), bytes, m->bytes - m->at);
    *out = m->data + m->at;
    m->at += (size_t)bytes;
    return GCL_OK;
}

gcl_status gcl_pickle_take_number(gcl_pickle_machine *m, uint64_t *out, int width, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const uint8_t *p = NULL;

    GCL_TRY(gcl_pickle_take(m, &p, (uint64_t)width, err));
    *out = 0;
    for (int i = 0; i < width; i++)
        *out |= (uint64_t)p[i] << 8 * i;
done:
    return st;
}

gcl_status gcl_pickle_take_line(gcl_pickle_machine *m, gcl_pickle_text *out, gcl_error *err)
{
    const uint8_t *begin = m->data + m->at;
    const uint8_t *end = memchr(begin, '\n', m->bytes - m->at);

    if (end == NULL || !gcl_pickle_is_text((const char *)begin, (size_t)(end - begin)))
        return GCL_FAIL(err, GCL_E_FORMAT, "%s, byte %zu: a name is cut short or not UTF-8",
                        GCL_PICKLE_WHERE(m));
    out->data = (const char *)begin;
    out->bytes = (size_t)(end - begin);
    m->at += out->bytes + 1;
    return GCL_OK;
}

bool gcl_pickle_is_text(const char *text, size_t bytes)
{
    const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)text;
    utf8proc_int32_t c;

    for (size_t at = 0; at < bytes;) {
        const utf8proc_ssize_t n = utf8proc_iterate(p + at, (utf8proc_ssize_t)(bytes - at), &c);
        if (n <= 0 || c == 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

/* ---- values and the stack ---- */

gcl_status gcl_pickle_append(gcl_pickle_machine *m, gcl_pickle_items *items, gcl_pickle_value *v,
                             gcl_error *err)
{
    if (items->count == items->room) {
        const size_t room = items->room == 0 ? 4 : 2 * items->room;
        gcl_pickle_value **at = realloc(items->at, room * sizeof *at);
        if (at == NULL)
            return GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation of %zu bytes", m->label,
                            room * sizeof *at);
        items->at = at;
        items->room = room;
    }
    items->at[items->count++] = v;
    return GCL_OK;
}

gcl_status gcl_pickle_push(gcl_pickle_machine *m, gcl_pickle_value **out, gcl_pickle_kind kind,
                           gcl_error *err)
{
    gcl_pickle_block *b = m->pickle->blocks;

    if (b == NULL || b->used == GCL_PICKLE_BLOCK_VALUES) {
        b = calloc(1, sizeof *b);
        if (b == NULL)
            return GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation of %zu bytes", m->label,
                            sizeof *b);
        b->next = m->pickle->blocks;
        m->pickle->blocks = b;
    }
    *out = &b->values[b->used++];
    (*out)->kind = kind;
    return gcl_pickle_append(m, &m->stack, *out, err);
}

gcl_status gcl_pickle_pop_many(gcl_pickle_machine *m, gcl_pickle_value ***out, size_t count,
                               gcl_error *err)
{
    for (size_t i = 1; i <= count; i++)
        if (i > m->stack.count || m->stack.at[m->stack.count - i] == NULL)
            return GCL_FAIL(err, GCL_E_FORMAT, "%s, byte %zu: needs %zu values, the stack has %zu",
                            GCL_PICKLE_WHERE(m), count, i - 1);
    m->stack.count -= count;
    *out = m->stack.at + m->stack.count;
    return GCL_OK;
}

gcl_status gcl_pickle_pop_marked(gcl_pickle_machine *m, gcl_pickle_value ***out, size_t *count,
                                 gcl_error *err)
{
    size_t from = m->stack.count;

    while (from > 0 && m->stack.at[from - 1] != NULL)
        from--;
    if (from == 0)
        return GCL_FAIL(err, GCL_E_FORMAT, "%s, byte %zu: there is no mark on the stack",
                        GCL_PICKLE_WHERE(m));
    *out = m->stack.at + from;
    *count = m->stack.count - from;
    m->stack.count = from - 1;
    return GCL_OK;
}

gcl_status gcl_pickle_pop(gcl_pickle_machine *m, gcl_pickle_value **out, gcl_pickle_kind kind,
                          gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_pickle_value **last;

    GCL_TRY(gcl_pickle_pop_many(m, &last, 1, err));
    *out = last[0];
    if (last[0]->kind != kind)
        st = GCL_FAIL(err, GCL_E_FORMAT, "%s, byte %zu: needs %s, got %s", GCL_PICKLE_WHERE(m),
                      gcl_pickle_kind_name(kind), gcl_pickle_kind_name(last[0]->kind));
done:
    return st;
}

gcl_status gcl_pickle_top(gcl_pickle_machine *m, gcl_pickle_value **out, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_pickle_value **last;

    GCL_TRY(gcl_pickle_pop_many(m, &last, 1, err));
    *out = last[0];
    m->stack.count++;
done:
    return st;
}

/* ---- the result ---- */

void gcl_pickle_free(gcl_pickle *pickle)
{
    if (pickle == NULL)
        return;
    while (pickle->blocks != NULL) {
        gcl_pickle_block *b = pickle->blocks;
        pickle->blocks = b->next;
        for (size_t i = 0; i < b->used; i++) {
            const gcl_pickle_kind kind = b->values[i].kind;
            if (kind == GCL_PICKLE_LIST || kind == GCL_PICKLE_TUPLE || kind == GCL_PICKLE_DICT)
                free(b->values[i].items.at);
        }
        free(b);
    }
    free(pickle);
}

const gcl_pickle_value *gcl_pickle_root(const gcl_pickle *pickle)
{
    return pickle->root;
}

const char *gcl_pickle_kind_name(gcl_pickle_kind kind)
{
    static const char *const names[GCL_PICKLE_KIND_COUNT_] = {
        [GCL_PICKLE_NONE] = "None",      [GCL_PICKLE_BOOL] = "a bool",
        [GCL_PICKLE_INT] = "an int",     [GCL_PICKLE_FLOAT] = "a float",
        [GCL_PICKLE_TEXT] = "a text",    [GCL_PICKLE_BYTES] = "bytes",
        [GCL_PICKLE_LIST] = "a list",    [GCL_PICKLE_TUPLE] = "a tuple",
        [GCL_PICKLE_DICT] = "a dict",    [GCL_PICKLE_GLOBAL] = "a global",
        [GCL_PICKLE_CALL] = "an object", [GCL_PICKLE_PERSISTENT] = "a persistent id",
    };

    return names[kind];
}
