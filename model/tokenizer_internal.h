/** What the tokenizer's files share; not part of the interface. */
#ifndef GCL_MODEL_TOKENIZER_INTERNAL_H
#define GCL_MODEL_TOKENIZER_INTERNAL_H

#include "model/tokenizer.h"

/* tokenizer_merges.c */

#define GCL_TOKENIZER_MERGES 464

extern const char *const gcl_tokenizer_merges[GCL_TOKENIZER_MERGES];

/* tokenizer_text.c: text as code points */

enum { GCL_REPLACEMENT = 0xFFFD };

typedef struct gcl_runes {
    int32_t *at; /* [n]; owned */
    size_t n;
} gcl_runes;

/** Room for n code points, n set to 0; never a NULL pointer on success. */
gcl_status gcl_runes_create(gcl_runes *out, size_t n, gcl_error *err);

/** A copy of n code points. */
gcl_status gcl_runes_copy(gcl_runes *out, const int32_t *at, size_t n, gcl_error *err);

/** Legal on a zeroed one. */
void gcl_runes_destroy(gcl_runes *r);

bool gcl_runes_equal(const gcl_runes *a, const gcl_runes *b);

/**
 * The code point that n >= 1 bytes begin with; returns how many bytes it takes. Where they are not
 * UTF-8, *c is -1 and what is taken is what Python and browsers replace as one: the longest
 * beginning of a character, or one byte.
 */
size_t gcl_rune_next(const char *text, size_t n, int32_t *c);

/** Decodes UTF-8; what is not becomes U+FFFD. */
gcl_status gcl_runes_from_utf8(gcl_runes *out, const char *text, size_t bytes, gcl_error *err);

/** *out is owned by the caller and NUL-terminated; the NUL is not counted. */
gcl_status gcl_runes_to_utf8(char **out, size_t *out_bytes, const gcl_runes *r, gcl_error *err);

/** Python's str.lower: simple lower case, but for U+0130 and the final sigma. */
gcl_status gcl_runes_lower(gcl_runes *r, gcl_error *err);

/** White space as Python's str.isspace has it. */
bool gcl_rune_is_space(int32_t c);

/** U+0080..U+009F read as Windows-1252, as browsers do; those it leaves open stay. */
int32_t gcl_rune_from_c1(int32_t c);

/* tokenizer_nfc.c */

/** Unicode's normalization form C, in linear time. */
gcl_status gcl_runes_nfc(gcl_runes *r, gcl_error *err);

/* tokenizer_classes.c, tokenizer_split.c */

#define GCL_RUNE_RANGES 842

typedef struct gcl_rune_range {
    int32_t from, to;
    char kind; /* 'L' letters, 'N' numbers */
} gcl_rune_range;

extern const gcl_rune_range gcl_rune_ranges[GCL_RUNE_RANGES]; /* ascending */

/** 'L' for a letter, 'N' for a number, else 0. */
char gcl_rune_kind(int32_t c);

/**
 * Finds the next word of clean text, from byte *at on; *at is then where it begins. False at the
 * end of the text.
 */
bool gcl_tokenizer_next_word(const char *text, size_t bytes, size_t *at, size_t *len);

/* tokenizer_html_names.c, tokenizer_html.c */

#define GCL_HTML_NAMES 2231

typedef struct gcl_html_name {
    const char *name; /* "amp;"; also "amp" when the semicolon may be missing */
    int32_t runes[2]; /* the second may be 0: none */
} gcl_html_name;

extern const gcl_html_name gcl_html_names[GCL_HTML_NAMES];

typedef enum gcl_html_mode {
    GCL_HTML_PYTHON, /* html.unescape: the semicolon may be missing */
    GCL_HTML_FTFY    /* ftfy: only what ends in a semicolon, and names in capitals */
} gcl_html_mode;

/** Replaces character references in place; the text never grows. */
void gcl_html_unescape(gcl_runes *r, gcl_html_mode mode);

/* tokenizer_mojibake_table.c, tokenizer_badness.c, tokenizer_mojibake.c */

/** Classes of code points in mojibake; the first 19 as the table has them. */
enum gcl_moji {
    GCL_MOJI_COMMON = 1 << 0,
    GCL_MOJI_C1 = 1 << 1,
    GCL_MOJI_BAD = 1 << 2, /* hardly ever meant */
    GCL_MOJI_LAW = 1 << 3,
    GCL_MOJI_CURRENCY = 1 << 4,
    GCL_MOJI_OPENS = 1 << 5,  /* stands before a word */
    GCL_MOJI_CLOSES = 1 << 6, /* stands behind a word */
    GCL_MOJI_NUMERIC = 1 << 7,
    GCL_MOJI_FACE = 1 << 8, /* used in emoticons */
    GCL_MOJI_UPPER_ACCENTED = 1 << 9,
    GCL_MOJI_LOWER_ACCENTED = 1 << 10,
    GCL_MOJI_UPPER_COMMON = 1 << 11,
    GCL_MOJI_LOWER_COMMON = 1 << 12,
    GCL_MOJI_BOX = 1 << 13,
    GCL_MOJI_FIRST_OF_2 = 1 << 14, /* a UTF-8 lead byte in a Latin-1-like encoding */
    GCL_MOJI_FIRST_OF_3 = 1 << 15,
    GCL_MOJI_FIRST_OF_4 = 1 << 16,
    GCL_MOJI_CONTINUES = 1 << 17,        /* 0x80..0xBF there, or ' ' for 0xA0 */
    GCL_MOJI_CONTINUES_STRICT = 1 << 18, /* but for spaces, dashes, quotes and the like */
    GCL_MOJI_LOWER_ASCII = 1 << 19,
    GCL_MOJI_UPPER_ASCII = 1 << 20,
    GCL_MOJI_NOT_ASCII_LETTER = 1 << 21,
    GCL_MOJI_SPACE = 1 << 22,
    GCL_MOJI_WORD = 1 << 23,
    GCL_MOJI_IN_LINE = 1 << 24, /* any but '\n' */
    GCL_MOJI_START = 1 << 25    /* before the text */
};

#define GCL_MOJI_RUNES 484
#define GCL_MOJI_ENCODINGS 9 /* of the table; Latin-1 needs none */

typedef struct gcl_moji_rune {
    uint16_t rune;
    uint32_t classes;
    uint8_t bytes[GCL_MOJI_ENCODINGS]; /* what it is in each encoding; 0: it is not */
} gcl_moji_rune;

extern const gcl_moji_rune gcl_moji_runes[GCL_MOJI_RUNES]; /* ascending */

/** The table's row of a code point, or NULL. */
const gcl_moji_rune *gcl_moji_find(int32_t c);

uint32_t gcl_moji_classes(int32_t c);

/** Whether n code points hold a sequence that hardly anything but mojibake has. */
bool gcl_moji_is_bad(const int32_t *at, size_t n);

/**
 * Repairs text that was UTF-8 and was decoded as something else, until nothing changes or *work,
 * code points still to be looked at, is used up. The text never grows.
 */
gcl_status gcl_runes_fix_encoding(gcl_runes *r, size_t *work, gcl_error *err);

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
