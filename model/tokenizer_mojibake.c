/*
 * tokenizer_mojibake.c - repairs text that was UTF-8 and was decoded as something else.
 *
 * As ftfy 6.3.1's fix_encoding. While a text looks bad (tokenizer_badness.c): for each single-byte
 * encoding in turn that has all its code points, the bytes are looked at, and if they are UTF-8,
 * that is the text. Before, A0 is put back where it became a space, and a sequence that lost bytes
 * to U+FFFD becomes one. CESU-8 and Java's two-byte NUL count as UTF-8. If no encoding fits the
 * whole text, parts of it that look like UTF-8 are tried alone; then C1 controls are taken for
 * Windows-1252.
 */
#include "model/tokenizer_internal.h"

#include <stdlib.h>
#include <string.h>

enum {
    SUBSTITUTE = 0x1A, /* stands for U+FFFD in the sloppy encodings */
    LATIN_1 = -1,      /* the others are columns of the table */
    SLOPPY = 6,        /* how many of the columns are Windows' and pass bytes they do not use */
    MAC_ROMAN = 7,
    GROWTH = 5,     /* bytes a code point may become: one, A0 put back, U+FFFD for each */
    MIN_PASSES = 8, /* over a text, whatever the work */
    MAX_DEPTH = 32  /* of parts in parts; each is shorter by half */
};

/* ---- bytes ---- */

static bool is_sloppy(int encoding)
{
    return encoding >= 0 && encoding < SLOPPY;
}

/* The byte of a code point, or -1. */
static int encode(int32_t c, int encoding)
{
    const gcl_moji_rune *row;

    if (is_sloppy(encoding) && (c == SUBSTITUTE || c == GCL_REPLACEMENT))
        return c == SUBSTITUTE ? -1 : SUBSTITUTE;
    if (c < 0x80 || (encoding == LATIN_1 && c < 0x100))
        return (int)c;
    row = encoding == LATIN_1 ? NULL : gcl_moji_find(c);
    return row == NULL || row->bytes[encoding] == 0 ? -1 : row->bytes[encoding];
}

static bool encode_all(const gcl_runes *r, int encoding, uint8_t *out)
{
    for (size_t i = 0; i < r->n; i++) {
        const int b = encode(r->at[i], encoding);
        if (b < 0)
            return false;
        out[i] = (uint8_t)b;
    }
    return true;
}

static bool between(uint8_t b, uint8_t low, uint8_t high)
{
    return b >= low && b <= high;
}

static bool one_of(uint8_t b, const char *list)
{
    return b != 0 && strchr(list, b) != NULL;
}

/* ---- A0 that became a space ---- */

/* A continuation but for those that make rare characters beside A0. */
static bool is_usual(uint8_t b)
{
    return between(b, 0x80, 0xBF) && b != 0x85 && b != 0xA0;
}

/* Length of a sequence at b that would be UTF-8 with A0 for its one space, or 0. */
static size_t altered_length(const uint8_t *b, size_t n)
{
    if (n >= 2 && one_of(b[0], "\xC2\xC3\xC5\xCE\xD0\xD9") && b[1] == ' ')
        return 2;
    if (n >= 3 && between(b[0], 0xE0, 0xE3) &&
        ((b[0] >= 0xE2 && b[1] == ' ' && is_usual(b[2])) || (is_usual(b[1]) && b[2] == ' ')))
        return 3;
    if (n >= 4 && b[0] == 0xF0) {
        int spaces = 0;
        for (int i = 1; i < 4; i++) {
            if (b[i] != ' ' && !between(b[i], 0x80, 0xBF))
                return 0;
            spaces += b[i] == ' ';
        }
        return spaces == 1 ? 4 : 0;
    }
    return 0;
}

static bool has_altered(const uint8_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (altered_length(b + i, n - i) > 0)
            return true;
    }
    return false;
}

/* "\xC3 " is the word "à" and a space, but not where a Portuguese word goes on. */
static bool is_word_a_grave(const uint8_t *b, size_t n)
{
    static const char *const go_on[] = {" ", "quele", "quela", "quilo", "s "};

    if (n < 2 || b[0] != 0xC3 || b[1] != ' ')
        return false;
    for (size_t i = 0; i < sizeof go_on / sizeof go_on[0]; i++) {
        const size_t len = strlen(go_on[i]);
        if (n - 2 >= len && memcmp(b + 2, go_on[i], len) == 0)
            return false;
    }
    return true;
}

/* Puts A0 back; returns the length, at most 3/2 n. */
static size_t restore_a0(uint8_t *b, size_t n, uint8_t *spare)
{
    size_t used = 0;

    for (size_t i = 0; i < n; i++) {
        spare[used++] = b[i];
        if (is_word_a_grave(b + i, n - i))
            spare[used++] = 0xA0;
    }
    memcpy(b, spare, used);
    for (size_t i = 0, len; i<used; i += len> 0 ? len : 1) {
        len = altered_length(b + i, used - i);
        for (size_t k = 1; k < len; k++)
            b[i + k] = b[i + k] == ' ' ? 0xA0 : b[i + k];
    }
    return used;
}

/* ---- bytes that became U+FFFD ---- */

static bool is_lost(uint8_t b)
{
    return b == SUBSTITUTE || b == '?';
}

static bool is_there(uint8_t b)
{
    return b == SUBSTITUTE || between(b, 0x80, 0xBF);
}

/* ED A0..AF x ED B0..BF y: two surrogates as UTF-8, x or y lost. */
static bool is_lossy_pair(const uint8_t *b, size_t n)
{
    return n >= 6 && b[0] == 0xED && between(b[1], 0xA0, 0xAF) && b[3] == 0xED &&
           between(b[4], 0xB0, 0xBF) &&
           ((is_lost(b[2]) && (is_lost(b[5]) || is_there(b[5]))) ||
            ((is_lost(b[2]) || is_there(b[2])) && is_lost(b[5])));
}

/* Length of a sequence at b that lost a byte or more ('?' for one at most), or 0. */
static size_t lossy_length(const uint8_t *b, size_t n)
{
    const size_t len = between(b[0], 0xE0, 0xEF) ? 3 : between(b[0], 0xF0, 0xF4) ? 4 : 0;
    size_t lost = 0, there = 0, marks = 0;

    if (b[0] == SUBSTITUTE)
        return 1;
    if (n >= 2 && ((between(b[0], 0xC2, 0xDF) && b[1] == SUBSTITUTE) ||
                   (between(b[0], 0xC2, 0xC3) && b[1] == '?')))
        return 2;
    if (is_lossy_pair(b, n))
        return 6;
    if (len == 0 || n < len)
        return 0;
    for (size_t i = 1; i < len; i++) {
        lost += is_lost(b[i]);
        there += is_there(b[i]);
        marks += b[i] == '?';
    }
    return lost > 0 && there + marks == len - 1 && marks <= 1 ? len : 0;
}

/* Puts U+FFFD for them; returns the length, at most 3 n. */
static size_t replace_lossy(uint8_t *b, size_t n, uint8_t *spare)
{
    size_t used = 0;

    for (size_t i = 0; i < n;) {
        const size_t len = lossy_length(b + i, n - i);
        if (len > 0) {
            memcpy(spare + used, "\uFFFD", 3);
            used += 3;
        } else {
            spare[used++] = b[i];
        }
        i += len > 0 ? len : 1;
    }
    memcpy(b, spare, used);
    return used;
}

/* ---- UTF-8 ---- */

/* Takes CESU-8's pair of surrogates or Java's NUL; returns its length, or 0. */
static size_t decode_variant(const uint8_t *b, size_t n, int32_t *c)
{
    if (n >= 2 && b[0] == 0xC0 && (b[1] == 0x80 || (n == 2 && b[1] == '\n'))) { /* ftfy's '$' */
        *c = 0;
        return 2;
    }
    if (n < 6 || b[0] != 0xED || !between(b[1], 0xA0, 0xAF) || !between(b[2], 0x80, 0xBF) ||
        b[3] != 0xED || !between(b[4], 0xB0, 0xBF) || !between(b[5], 0x80, 0xBF))
        return 0;
    *c = 0x10000 + ((b[1] & 0x0F) << 16 | (b[2] & 0x3F) << 10 | (b[4] & 0x0F) << 6 | (b[5] & 0x3F));
    return 6;
}

/* False when b is not UTF-8; out has room for n. */
static bool decode(const uint8_t *b, size_t n, gcl_runes *out)
{
    out->n = 0;
    for (size_t i = 0, len; i < n; i += len) {
        int32_t *c = &out->at[out->n++];
        len = gcl_rune_next((const char *)b + i, n - i, c);
        if (*c < 0)
            len = decode_variant(b + i, n - i, c);
        if (len == 0)
            return false;
    }
    return true;
}

/* ---- the whole text ---- */

/* Looks for an encoding whose bytes are UTF-8; out is the text then, or has no memory. */
static gcl_status decode_whole(const gcl_runes *r, gcl_runes *out, gcl_error *err)
{
    gcl_status st = GCL_OK;
    uint8_t *b = malloc(2 * GROWTH * r->n);
    bool found = false;

    *out = (gcl_runes){NULL, 0};
    if (b == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "tokenizer: host allocation of %zu bytes",
                        2 * GROWTH * r->n);
    GCL_TRY(gcl_runes_create(out, GROWTH * r->n, err));
    for (int encoding = LATIN_1; encoding < GCL_MOJI_ENCODINGS && !found; encoding++) {
        size_t n = r->n;
        if (!encode_all(r, encoding, b))
            continue;
        if (encoding != MAC_ROMAN && has_altered(b, n))
            n = restore_a0(b, n, b + GROWTH * r->n);
        if (is_sloppy(encoding))
            n = replace_lossy(b, n, b + GROWTH * r->n);
        found = decode(b, n, out);
    }
done:
    free(b);
    if (!found)
        gcl_runes_destroy(out);
    return st;
}

/* ---- parts ---- */

static gcl_status fix(gcl_runes *r, int depth, size_t *work, gcl_error *err);

/* Length of the part at i that looks like UTF-8 in a Latin-1-like encoding, or 0. */
static size_t part_length(const gcl_runes *r, size_t i)
{
    static const struct {
        uint32_t first;
        size_t len;
    } forms[] = {{GCL_MOJI_FIRST_OF_2, 2}, {GCL_MOJI_FIRST_OF_3, 3}, {GCL_MOJI_FIRST_OF_4, 4}};
    const size_t begin = i;
    bool more = i == 0 || (gcl_moji_classes(r->at[i - 1]) & GCL_MOJI_CONTINUES_STRICT) == 0;

    while (more) {
        const uint32_t first = i < r->n ? gcl_moji_classes(r->at[i]) : 0;
        more = false;
        for (size_t f = 0; f < 3 && !more; f++) {
            size_t k = 1;
            while (k < forms[f].len && i + k < r->n &&
                   (gcl_moji_classes(r->at[i + k]) & GCL_MOJI_CONTINUES) != 0)
                k++;
            more = (first & forms[f].first) != 0 && k == forms[f].len;
            i += more ? k : 0;
        }
    }
    return i - begin;
}

static gcl_status fix_parts(gcl_runes *r, int depth, size_t *work, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_runes out = {NULL, 0}, part = {NULL, 0};

    GCL_TRY(gcl_runes_create(&out, r->n, err));
    for (size_t i = 0, len; i < r->n; i += len) {
        len = part_length(r, i);
        if (len == 0 || len == r->n || !gcl_moji_is_bad(r->at + i, len)) {
            len = len > 0 ? len : 1;
            memcpy(out.at + out.n, r->at + i, len * sizeof *r->at);
            out.n += len;
            continue;
        }
        GCL_TRY(gcl_runes_copy(&part, r->at + i, len, err));
        GCL_TRY(fix(&part, depth + 1, work, err));
        memcpy(out.at + out.n, part.at, part.n * sizeof *part.at);
        out.n += part.n;
        gcl_runes_destroy(&part);
    }
    gcl_runes_destroy(r);
    *r = out;
    out = (gcl_runes){NULL, 0};
done:
    gcl_runes_destroy(&out);
    gcl_runes_destroy(&part);
    return st;
}

/* ---- until nothing changes ---- */

static bool is_ascii(const gcl_runes *r)
{
    for (size_t i = 0; i < r->n; i++) {
        if (r->at[i] >= 0x80)
            return false;
    }
    return true;
}

static gcl_status fix_once(gcl_runes *r, int depth, size_t *work, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_runes fixed = {NULL, 0};

    GCL_TRY(decode_whole(r, &fixed, err));
    if (fixed.at != NULL) {
        gcl_runes_destroy(r);
        *r = fixed;
        return GCL_OK;
    }
    GCL_TRY(gcl_runes_copy(&fixed, r->at, r->n, err));
    if (depth < MAX_DEPTH)
        GCL_TRY(fix_parts(r, depth, work, err));
    if (gcl_runes_equal(r, &fixed)) {
        for (size_t i = 0; i < r->n; i++)
            r->at[i] = gcl_rune_from_c1(r->at[i]);
    }
done:
    gcl_runes_destroy(&fixed);
    return st;
}

static gcl_status fix(gcl_runes *r, int depth, size_t *work, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_runes before = {NULL, 0};
    bool changed = true;

    for (int pass = 0; changed && (pass < MIN_PASSES || *work > 0); pass++) {
        if (is_ascii(r) || !gcl_moji_is_bad(r->at, r->n))
            break;
        *work -= *work < r->n ? *work : r->n;
        GCL_TRY(gcl_runes_copy(&before, r->at, r->n, err));
        GCL_TRY(fix_once(r, depth, work, err));
        changed = !gcl_runes_equal(r, &before);
        gcl_runes_destroy(&before);
    }
done:
    gcl_runes_destroy(&before);
    return st;
}

gcl_status gcl_runes_fix_encoding(gcl_runes *r, size_t *work, gcl_error *err)
{
    return fix(r, 0, work, err);
}
