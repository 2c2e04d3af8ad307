/* tokenizer_text.c - text as code points: UTF-8 both ways, and Python's lower case. */
#include "model/tokenizer_internal.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { SIGMA = 0x3A3, FINAL_SIGMA = 0x3C2, I_WITH_DOT = 0x130 };

gcl_status gcl_runes_create(gcl_runes *out, size_t n, gcl_error *err)
{
    out->n = 0;
    out->at = malloc((n + 1) * sizeof *out->at);
    if (out->at == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "tokenizer: host allocation of %zu bytes",
                        (n + 1) * sizeof *out->at);
    return GCL_OK;
}

void gcl_runes_destroy(gcl_runes *r)
{
    free(r->at);
    r->at = NULL;
    r->n = 0;
}

gcl_status gcl_runes_copy(gcl_runes *out, const int32_t *at, size_t n, gcl_error *err)
{
    const gcl_status st = gcl_runes_create(out, n, err);

    if (st != GCL_OK)
        return st;
    memcpy(out->at, at, n * sizeof *at);
    out->n = n;
    return GCL_OK;
}

bool gcl_runes_equal(const gcl_runes *a, const gcl_runes *b)
{
    return a->n == b->n && memcmp(a->at, b->at, a->n * sizeof *a->at) == 0;
}

size_t gcl_rune_next(const char *text, size_t n, int32_t *c)
{
    const uint8_t *b = (const uint8_t *)text, lead = b[0];
    const size_t want = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    /* of the second byte: no overlong forms, no surrogates, nothing above U+10FFFF */
    uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    size_t got = 1;

    *c = -1;
    if (want == 0 || lead > 0xF4)
        return 1;
    while (got < want && got < n && b[got] >= low && b[got] <= high) {
        low = 0x80;
        high = 0xBF;
        got++;
    }
    if (got < want)
        return got;
    *c = want == 1 ? lead : lead & (0x7F >> want);
    for (size_t i = 1; i < want; i++)
        *c = *c << 6 | (b[i] & 0x3F);
    return want;
}

gcl_status gcl_runes_from_utf8(gcl_runes *out, const char *text, size_t bytes, gcl_error *err)
{
    const gcl_status st = gcl_runes_create(out, bytes, err);

    if (st != GCL_OK)
        return st;
    for (size_t i = 0; i < bytes; out->n++) {
        int32_t *c = &out->at[out->n];
        i += gcl_rune_next(text + i, bytes - i, c);
        if (*c < 0)
            *c = GCL_REPLACEMENT;
    }
    return GCL_OK;
}

gcl_status gcl_runes_to_utf8(char **out, size_t *out_bytes, const gcl_runes *r, gcl_error *err)
{
    size_t used = 0;

    *out_bytes = 0;
    *out = malloc(4 * r->n + 1);
    if (*out == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "tokenizer: host allocation of %zu bytes", 4 * r->n + 1);
    for (size_t i = 0; i < r->n; i++)
        used += (size_t)utf8proc_encode_char(r->at[i], (utf8proc_uint8_t *)*out + used);
    (*out)[used] = '\0';
    *out_bytes = used;
    return GCL_OK;
}

/* Unicode's Cased: by categories, case mappings, and the capitals among symbols that have none. */
static bool is_cased(int32_t c)
{
    const utf8proc_category_t category = utf8proc_category(c);

    return category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LL ||
           category == UTF8PROC_CATEGORY_LT || utf8proc_tolower(c) != c ||
           utf8proc_toupper(c) != c || c == 0xAA || c == 0xBA || /* ordinal indicators */
           (c >= 0x1F130 && c <= 0x1F149) || (c >= 0x1F150 && c <= 0x1F169) ||
           (c >= 0x1F170 && c <= 0x1F189); /* squared and circled */
}

/* Unicode's Case_Ignorable: marks, modifiers, formats, and the word-internal punctuation. */
static bool is_case_ignorable(int32_t c)
{
    static const int32_t inside_words[] = {'\'',   '.',    ':',    0xB7,   0x387,  0x55F,
                                           0x5F4,  0x2018, 0x2019, 0x2024, 0x2027, 0xFE13,
                                           0xFE52, 0xFE55, 0xFF07, 0xFF0E, 0xFF1A};

    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
        return true;
    default:
        break;
    }
    for (size_t i = 0; i < sizeof inside_words / sizeof inside_words[0]; i++) {
        if (c == inside_words[i])
            return true;
    }
    return false;
}

/* Whether the sigma at i, which follows a cased letter, ends its word. */
static bool ends_word(const gcl_runes *r, size_t i)
{
    do {
        i++;
    } while (i < r->n && is_case_ignorable(r->at[i]));
    return i == r->n || !is_cased(r->at[i]);
}

gcl_status gcl_runes_lower(gcl_runes *r, gcl_error *err)
{
    gcl_runes low = {NULL, 0};
    const gcl_status st = gcl_runes_create(&low, 2 * r->n, err);
    bool after_cased = false; /* the last that is not case-ignorable is cased */

    if (st != GCL_OK)
        return st;
    for (size_t i = 0; i < r->n; i++) {
        const int32_t c = r->at[i];
        if (c == I_WITH_DOT) {
            low.at[low.n++] = 'i';
            low.at[low.n++] = 0x307;
        } else if (c == SIGMA && after_cased && ends_word(r, i)) {
            low.at[low.n++] = FINAL_SIGMA;
        } else {
            low.at[low.n++] = utf8proc_tolower(c);
        }
        if (!is_case_ignorable(c))
            after_cased = is_cased(c);
    }
    gcl_runes_destroy(r);
    *r = low;
    return GCL_OK;
}

bool gcl_rune_is_space(int32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1C && c <= 0x1F) || c == 0x85 ||
           c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
           c == 0x202F || c == 0x205F || c == 0x3000;
}

int32_t gcl_rune_from_c1(int32_t c)
{
    static const uint16_t windows_1252[32] = {
        0x20AC, 0x81,   0x201A, 0x192,  0x201E, 0x2026, 0x2020, 0x2021, 0x2C6,  0x2030, 0x160,
        0x2039, 0x152,  0x8D,   0x17D,  0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
        0x2013, 0x2014, 0x2DC,  0x2122, 0x161,  0x203A, 0x153,  0x9D,   0x17E,  0x178};

    return c >= 0x80 && c < 0xA0 ? windows_1252[c - 0x80] : c;
}
