/** What the tokenizer's files share; not part of the interface. */
#ifndef GCL_MODEL_TOKENIZER_INTERNAL_H
#define GCL_MODEL_TOKENIZER_INTERNAL_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "model/tokenizer.h"

/* tokenizer_merges.c */

#define GCL_TOKENIZER_MERGES 464

extern const char *const gcl_tokenizer_merges[GCL_TOKENIZER_MERGES];

/* tokenizer_text.c: text as code points */

typedef struct gcl_runes {
    int32_t *at; /* [n]; owned */
    size_t n;
} gcl_runes;

/** Room for n code points, n set to 0; never a NULL pointer on success. */
gcl_status gcl_runes_create(gcl_runes *out, size_t n, gcl_error *err);

/** Legal on a zeroed one. */
void gcl_runes_destroy(gcl_runes *r);

/** Decodes UTF-8; each byte that is no part of a valid sequence, and NUL, becomes U+FFFD. */
gcl_status gcl_runes_from_utf8(gcl_runes *out, const char *text, size_t bytes, gcl_error *err);

/** *out is owned by the caller and NUL-terminated; the NUL is not counted. */
gcl_status gcl_runes_to_utf8(char **out, size_t *out_bytes, const gcl_runes *r, gcl_error *err);

/** Python's str.lower: simple lower case, but for U+0130 and the final sigma. */
gcl_status gcl_runes_lower(gcl_runes *r, gcl_error *err);

/** U+0080..U+009F read as Windows-1252, as browsers do; those it leaves open stay. */
int32_t gcl_rune_from_c1(int32_t c);

/* tokenizer_html.c */

typedef enum gcl_html_mode {
    GCL_HTML_PYTHON, /* html.unescape: the semicolon may be missing */
    GCL_HTML_FTFY    /* ftfy: only what ends in a semicolon */
} gcl_html_mode;

/** Replaces character references in place; the text never grows. Returns whether it changed. */
bool gcl_html_unescape(gcl_runes *r, gcl_html_mode mode);

/* tokenizer_clean.c */

/** CLIP's cleaning; *out is owned by the caller, valid UTF-8, its only white space is ' '. */
gcl_status gcl_tokenizer_clean(char **out, size_t *out_bytes, const char *text, size_t bytes,
                               gcl_error *err);

/* tokenizer_vocab.c */

typedef struct gcl_pair_slot {
    uint64_t key;  /* left id << 32 | right id */
    uint32_t rank; /* of the merge; its id is 512 + rank */
} gcl_pair_slot;

#define GCL_UNITS 256 /* byte units; ids GCL_UNITS..2*GCL_UNITS-1 end a word */
#define GCL_NO_RANK UINT32_MAX
#define GCL_MERGES_BYTES ((size_t)64 << 20) /* longest merge list, unpacked */

struct gcl_tokenizer {
    size_t vocab;
    size_t n_pieces;      /* 512 + merges */
    char *pool;           /* the pieces as a merges file writes them, end to end; owned */
    uint32_t *piece_at;   /* [n_pieces + 1] offsets into pool; owned */
    gcl_pair_slot *pairs; /* [pair_mask + 1] open addressing; owned */
    size_t pair_mask;
    uint8_t unit_of_byte[256];
    uint8_t byte_of_unit[256];
    pcre2_code *words; /* the split into words; owned */
};

/**
 * Fills the units and the merges of a zeroed tokenizer whose vocab is set; parameters as in
 * gcl_tokenizer_create. What it allocated belongs to tok, also on failure.
 */
gcl_status gcl_tokenizer_read(gcl_tokenizer *tok, const char *merges, size_t bytes,
                              const char *origin, gcl_error *err);

/** Rank of the merge of two neighbours, or GCL_NO_RANK. */
uint32_t gcl_tokenizer_rank(const gcl_tokenizer *tok, int32_t left, int32_t right);

/**
 * Bytes that piece id < n_pieces stands for, in CLIP's reading: "</w>" as it stands in the
 * file. Writes at most piece_at[id + 1] - piece_at[id] bytes and returns how many.
 */
size_t gcl_tokenizer_piece_bytes(const gcl_tokenizer *tok, size_t id, char *out);

/* tokenizer_bpe.c */

/** Working memory for one word, reused from word to word. Zero-initialise. */
typedef struct gcl_bpe {
    size_t room;    /* bytes of the longest word it can take */
    int32_t *id;    /* [room] piece at each node, -1 when merged away; owned */
    uint32_t *prev; /* [room]; owned */
    uint32_t *next; /* [room]; owned */
    uint64_t *heap; /* [3 * room] rank << 32 | node, smallest first; owned */
    size_t heap_n;
} gcl_bpe;

void gcl_bpe_release(gcl_bpe *b);

/** Merges one word of n >= 1 bytes; writes at most n ids and their number. */
gcl_status gcl_bpe_word(gcl_bpe *b, const gcl_tokenizer *tok, const char *word, size_t n,
                        int32_t *ids, size_t *n_ids, gcl_error *err);

#endif
