/*
 * tokenizer_vocab.c - CLIP's byte units, the merges, and the two lookups they need: a piece's id
 * while the lines are read, and a pair's rank afterwards.
 */
#include "model/tokenizer_internal.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/hash.h"

#define PRINTABLE 188 /* bytes that are their own code point: '!'..'~', 0xA1..0xAC, 0xAE..0xFF */
#define UNIT_PIECE_BYTES 6 /* a code point below 0x800, and "</w>" */
#define NO_PAIR UINT64_MAX

/* What only reading the merges needs. */
typedef struct reader {
    gcl_tokenizer *tok;
    uint32_t *ids; /* [mask + 1] piece id + 1 by hash of the piece, open addressing; owned */
    size_t mask;
    const char *origin;
    size_t line; /* from 1 */
    gcl_error *err;
} reader;

typedef struct span {
    const char *at;
    size_t n;
} span;

/* A power of two with at least half of the slots free. */
static size_t table_size(size_t entries)
{
    size_t n = 16;

    while (n < 2 * entries)
        n *= 2;
    return n;
}

static bool is_printable(unsigned b)
{
    return (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
}

/* Printable bytes first, then the others, each group in its own order. */
static void number_units(gcl_tokenizer *tok)
{
    unsigned printable = 0, other = PRINTABLE;

    for (unsigned b = 0; b < GCL_UNITS; b++) {
        const unsigned unit = is_printable(b) ? printable++ : other++;
        tok->unit_of_byte[b] = (uint8_t)unit;
        tok->byte_of_unit[unit] = (uint8_t)b;
    }
}

/* Slot of a piece: its own, or the free one where it would go. */
static uint32_t *piece_slot(const reader *rd, span piece)
{
    const gcl_tokenizer *tok = rd->tok;
    size_t slot = (size_t)gcl_fnv1a64(GCL_FNV1A64_INIT, piece.at, piece.n) & rd->mask;

    while (rd->ids[slot] != 0) {
        const uint32_t id = rd->ids[slot] - 1;
        const uint32_t begin = tok->piece_at[id];
        if (tok->piece_at[id + 1] - begin == piece.n &&
            memcmp(tok->pool + begin, piece.at, piece.n) == 0)
            break;
        slot = (slot + 1) & rd->mask;
    }
    return &rd->ids[slot];
}

/* Ends the piece whose n bytes were just written behind the pool's last; false if it was known. */
static bool piece_add(reader *rd, size_t n)
{
    gcl_tokenizer *tok = rd->tok;
    const uint32_t begin = tok->piece_at[tok->n_pieces];
    const span piece = {tok->pool + begin, n};
    uint32_t *slot = piece_slot(rd, piece);

    if (*slot != 0)
        return false;
    tok->piece_at[++tok->n_pieces] = begin + (uint32_t)n;
    *slot = (uint32_t)tok->n_pieces;
    return true;
}

static void units_add(reader *rd)
{
    gcl_tokenizer *tok = rd->tok;

    for (int end = 0; end < 2; end++) {
        for (int unit = 0; unit < GCL_UNITS; unit++) {
            char *at = tok->pool + tok->piece_at[tok->n_pieces];
            size_t n = (size_t)utf8proc_encode_char(unit < PRINTABLE ? tok->byte_of_unit[unit]
                                                                     : 256 + unit - PRINTABLE,
                                                    (utf8proc_uint8_t *)at);
            if (end) {
                memcpy(at + n, "</w>", 4);
                n += 4;
            }
            piece_add(rd, n);
        }
    }
}

size_t gcl_tokenizer_piece_bytes(const gcl_tokenizer *tok, size_t id, char *out)
{
    const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)tok->pool + tok->piece_at[id];
    const utf8proc_uint8_t *end = (const utf8proc_uint8_t *)tok->pool + tok->piece_at[id + 1];
    size_t n = 0;

    while (at < end) {
        utf8proc_int32_t c = 0;
        at += utf8proc_iterate(at, end - at, &c);
        out[n++] = (char)(c < 256 ? (unsigned)c : tok->byte_of_unit[c - 256 + PRINTABLE]);
    }
    return n;
}

static size_t pair_slot(const gcl_tokenizer *tok, uint64_t key)
{
    size_t slot = (size_t)(key * UINT64_C(0x9E3779B97F4A7C15) >> 32) & tok->pair_mask;

    while (tok->pairs[slot].key != NO_PAIR && tok->pairs[slot].key != key)
        slot = (slot + 1) & tok->pair_mask;
    return slot;
}

static uint64_t pair_key(int32_t left, int32_t right)
{
    return (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
}

uint32_t gcl_tokenizer_rank(const gcl_tokenizer *tok, int32_t left, int32_t right)
{
    const gcl_pair_slot *p = &tok->pairs[pair_slot(tok, pair_key(left, right))];

    return p->key == NO_PAIR ? GCL_NO_RANK : p->rank;
}

static gcl_status piece_find(const reader *rd, span piece, int32_t *id)
{
    const uint32_t slot = *piece_slot(rd, piece);

    if (slot == 0)
        return GCL_FAIL(rd->err, GCL_E_FORMAT, "%s:%zu: no earlier line makes the piece '%.*s'",
                        rd->origin, rd->line, (int)(piece.n < 64 ? piece.n : 64), piece.at);
    *id = (int32_t)slot - 1;
    return GCL_OK;
}

/* One line "LEFT RIGHT" becomes the next piece. */
static gcl_status merge_add(reader *rd, span line)
{
    gcl_status st = GCL_OK;
    gcl_tokenizer *tok = rd->tok;
    const char *gap = line.n > 0 ? memchr(line.at, ' ', line.n) : NULL;
    span left = {line.at, 0}, right = {NULL, 0};
    int32_t left_id = 0, right_id = 0;
    gcl_pair_slot *slot;
    char *at;

    if (gap != NULL) {
        left.n = (size_t)(gap - line.at);
        right.at = gap + 1;
        right.n = line.n - left.n - 1;
    }
    if (left.n == 0 || right.n == 0 || memchr(right.at, ' ', right.n) != NULL)
        return GCL_FAIL(rd->err, GCL_E_FORMAT,
                        "%s:%zu: a merge is two pieces with one space between, this is '%.*s'",
                        rd->origin, rd->line, (int)(line.n < 64 ? line.n : 64), line.at);
    GCL_TRY(piece_find(rd, left, &left_id));
    GCL_TRY(piece_find(rd, right, &right_id));

    at = tok->pool + tok->piece_at[tok->n_pieces];
    memcpy(at, left.at, left.n);
    memcpy(at + left.n, right.at, right.n);
    if (!piece_add(rd, left.n + right.n)) {
        st = GCL_FAIL(rd->err, GCL_E_FORMAT, "%s:%zu: the piece '%.*s' exists already", rd->origin,
                      rd->line, (int)(line.n < 64 ? line.n - 1 : 63), at);
        goto done;
    }
    slot = &tok->pairs[pair_slot(tok, pair_key(left_id, right_id))];
    slot->key = pair_key(left_id, right_id);
    slot->rank = (uint32_t)(tok->n_pieces - 1 - 2 * GCL_UNITS);
done:
    return st;
}

static bool is_header(span line)
{
    static const char mark[] = "#version:";

    for (size_t i = 0; i + sizeof mark - 1 <= line.n; i++) {
        if (memcmp(line.at + i, mark, sizeof mark - 1) == 0)
            return true;
    }
    return false;
}

static gcl_status merges_read(reader *rd, const char *text, size_t bytes)
{
    gcl_status st = GCL_OK;
    const char *end = text + bytes;

    for (rd->line = 1; text < end && rd->tok->n_pieces < rd->tok->vocab - 2; rd->line++) {
        const char *eol = memchr(text, '\n', (size_t)(end - text));
        span line = {text, (size_t)((eol != NULL ? eol : end) - text)};
        text += line.n + (eol != NULL);
        if (line.n > 0 && line.at[line.n - 1] == '\r')
            line.n--;
        if (rd->line > 1 || !is_header(line))
            GCL_TRY(merge_add(rd, line));
    }
done:
    return st;
}

/* Reserves for as many merges as there are lines, or as the vocabulary takes. */
static gcl_status tables_create(reader *rd, const char *text, size_t bytes)
{
    gcl_tokenizer *tok = rd->tok;
    const size_t pool_bytes = bytes + (size_t)2 * GCL_UNITS * UNIT_PIECE_BYTES;
    size_t merges = 1, n_pairs;

    for (size_t i = 0; i < bytes; i++)
        merges += text[i] == '\n';
    if (merges > tok->vocab - 2 - 2 * GCL_UNITS)
        merges = tok->vocab - 2 - 2 * GCL_UNITS;
    n_pairs = table_size(merges);
    rd->mask = table_size(2 * GCL_UNITS + merges) - 1;
    rd->ids = calloc(rd->mask + 1, sizeof *rd->ids);
    tok->pool = malloc(pool_bytes);
    tok->piece_at = calloc(2 * GCL_UNITS + merges + 1, sizeof *tok->piece_at);
    tok->pairs = malloc(n_pairs * sizeof *tok->pairs);
    if (rd->ids == NULL || tok->pool == NULL || tok->piece_at == NULL || tok->pairs == NULL)
        return GCL_FAIL(rd->err, GCL_E_NOMEM, "%s: host allocation for %zu merges", rd->origin,
                        merges);
    tok->pair_mask = n_pairs - 1;
    for (size_t i = 0; i < n_pairs; i++)
        tok->pairs[i].key = NO_PAIR;
    return GCL_OK;
}

gcl_status gcl_tokenizer_read(gcl_tokenizer *tok, const char *merges, size_t bytes,
                              const char *origin, gcl_error *err)
{
    gcl_status st = GCL_OK;
    reader rd = {tok, NULL, 0, origin, 0, err};

    if (bytes > GCL_MERGES_BYTES)
        return GCL_FAIL(err, GCL_E_FORMAT, "%s: merges of %zu bytes, at most %zu are read", origin,
                        bytes, GCL_MERGES_BYTES);
    GCL_TRY(tables_create(&rd, merges, bytes));
    number_units(tok);
    units_add(&rd);
    GCL_TRY(merges_read(&rd, merges, bytes));
done:
    free(rd.ids);
    return st;
}
