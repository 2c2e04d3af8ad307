/*
 * tokenizer_nfc.c - normalization form C.
 *
 * utf8proc decomposes and composes. It would put combining marks in order by insertion, which
 * takes square time in a long run of them; here a stable counting sort does it first.
 */
#include "model/tokenizer_internal.h"

#include <stdlib.h>
#include <utf8proc.h>

enum {
    FIRST_NOT_NFC = 0x300, /* text below it is in the form already */
    MAX_DECOMPOSED = 4,    /* most code points that one decomposes to */
    CLASSES = 256          /* canonical combining classes */
};

static unsigned combining_class(int32_t c)
{
    return (unsigned)utf8proc_get_property(c)->combining_class;
}

/* Sorts n marks by class; spare has room for n. */
static void sort_marks(int32_t *at, size_t n, int32_t *spare)
{
    size_t count[CLASSES + 1] = {0};

    for (size_t i = 0; i < n; i++) {
        spare[i] = at[i];
        count[combining_class(at[i]) + 1]++;
    }
    for (size_t c = 1; c <= CLASSES; c++)
        count[c] += count[c - 1];
    for (size_t i = 0; i < n; i++)
        at[count[combining_class(spare[i])]++] = spare[i];
}

/* Puts every run of marks (class above 0) in order. */
static void order_marks(gcl_runes *r, int32_t *spare)
{
    for (size_t i = 0; i < r->n;) {
        const size_t begin = i;
        unsigned before = 0, now;
        bool ordered = true;

        for (; i < r->n && (now = combining_class(r->at[i])) > 0; i++) {
            ordered = ordered && now >= before;
            before = now;
        }
        if (!ordered)
            sort_marks(r->at + begin, i - begin, spare);
        i += i == begin;
    }
}

gcl_status gcl_runes_nfc(gcl_runes *r, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_runes apart = {NULL, 0}, spare = {NULL, 0};
    utf8proc_ssize_t n;
    size_t plain = 0;

    while (plain < r->n && r->at[plain] < FIRST_NOT_NFC)
        plain++;
    if (plain == r->n)
        return GCL_OK;
    GCL_TRY(gcl_runes_create(&apart, MAX_DECOMPOSED * r->n, err));
    GCL_TRY(gcl_runes_create(&spare, MAX_DECOMPOSED * r->n, err));
    for (size_t i = 0; i < r->n; i++)
        apart.n += (size_t)utf8proc_decompose_char(r->at[i], apart.at + apart.n, MAX_DECOMPOSED,
                                                   UTF8PROC_DECOMPOSE | UTF8PROC_STABLE, NULL);
    order_marks(&apart, spare.at);
    n = utf8proc_normalize_utf32(apart.at, (utf8proc_ssize_t)apart.n,
                                 UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    apart.n = (size_t)n;
    gcl_runes_destroy(r);
    *r = apart;
    apart = (gcl_runes){NULL, 0};
done:
    gcl_runes_destroy(&apart);
    gcl_runes_destroy(&spare);
    return st;
}
