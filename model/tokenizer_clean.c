/*
 * tokenizer_clean.c - CLIP's text cleaning.
 *
 * As in ftfy.fix_text, for each line: HTML references (unless this or an earlier line has a '<'),
 * mojibake, C1 controls as Windows-1252, Latin ligatures, half- and full-width forms, quotes, line
 * breaks, terminal escapes, control characters, NFC; repeated until nothing changes. Then
 * html.unescape twice, white space collapsed and stripped, lower case.
 */
#include "model/tokenizer_internal.h"

#include <string.h>
#include <utf8proc.h>

/*
 * "&amp;amp;amp;..." changes with every round, which takes ftfy square time. Here a line has at
 * least MIN_ROUNDS, and more while a text has not cost WORK code points: enough for any text of up
 * to 10,000, and a second or two.
 */
enum { MIN_ROUNDS = 8, WORK = 1 << 25 };

enum { MAX_LINE = 1000000 }; /* code points that ftfy looks at together */

/* Most code points that one becomes in map_rune ("ffi"). */
enum { MAX_MAPPED = 3 };

typedef struct ligature {
    int32_t from;
    int32_t to[MAX_MAPPED];
} ligature;

static const ligature ligatures[] = {
    {0x132, {'I', 'J'}},       {0x133, {'i', 'j'}},       {0x149, {0x2BC, 'n'}},
    {0x1F1, {'D', 'Z'}},       {0x1F2, {'D', 'z'}},       {0x1F3, {'d', 'z'}},
    {0x1C4, {'D', 0x17D}},     {0x1C5, {'D', 0x17E}},     {0x1C6, {'d', 0x17E}},
    {0x1C7, {'L', 'J'}},       {0x1C8, {'L', 'j'}},       {0x1C9, {'l', 'j'}},
    {0x1CA, {'N', 'J'}},       {0x1CB, {'N', 'j'}},       {0x1CC, {'n', 'j'}},
    {0xFB00, {'f', 'f'}},      {0xFB01, {'f', 'i'}},      {0xFB02, {'f', 'l'}},
    {0xFB03, {'f', 'f', 'i'}}, {0xFB04, {'f', 'f', 'l'}}, {0xFB05, {0x17F, 't'}},
    {0xFB06, {'s', 't'}},
};

/* Ligatures and width forms taken apart; returns how many code points were written to to[]. */
static size_t take_apart(int32_t c, int32_t to[MAX_MAPPED])
{
    to[0] = c;
    for (size_t i = 0; i < sizeof ligatures / sizeof ligatures[0]; i++) {
        if (ligatures[i].from != c)
            continue;
        memcpy(to, ligatures[i].to, sizeof ligatures[i].to);
        return to[2] != 0 ? 3 : 2;
    }
    if (c == 0x3000)
        to[0] = ' ';
    if (c > 0xFF00 && c < 0xFFF0) {
        const utf8proc_ssize_t n =
            utf8proc_decompose_char(c, to, MAX_MAPPED, UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE, NULL);
        return (size_t)n;
    }
    return 1;
}

static int32_t plain_quote_or_break(int32_t c)
{
    if (c == 0x2BC || (c >= 0x2018 && c <= 0x201B))
        return '\'';
    if (c >= 0x201C && c <= 0x201F)
        return '"';
    if (c == '\r' || c == 0x2028 || c == 0x2029)
        return '\n';
    return c;
}

/* Every fix that looks at one code point only. */
static gcl_status map_runes(gcl_runes *r, gcl_error *err)
{
    gcl_runes mapped = {NULL, 0};
    const gcl_status st = gcl_runes_create(&mapped, MAX_MAPPED * r->n, err);

    if (st != GCL_OK)
        return st;
    for (size_t i = 0; i < r->n; i++) {
        int32_t to[MAX_MAPPED];
        if (r->at[i] == '\r' && i + 1 < r->n && r->at[i + 1] == '\n')
            continue;
        const size_t n = take_apart(gcl_rune_from_c1(r->at[i]), to);
        for (size_t k = 0; k < n; k++)
            mapped.at[mapped.n++] = plain_quote_or_break(to[k]);
    }
    gcl_runes_destroy(r);
    *r = mapped;
    return GCL_OK;
}

/* Length of a terminal escape ESC [ digits-and-semicolons letter at at[0], or 0. */
static size_t escape_length(const int32_t *at, size_t n)
{
    size_t i = 2;

    if (n < 3 || at[0] != 0x1B || at[1] != '[')
        return 0;
    while (i < n && (at[i] == ';' || utf8proc_category(at[i]) == UTF8PROC_CATEGORY_ND))
        i++;
    if (i < n && ((at[i] >= 'a' && at[i] <= 'z') || (at[i] >= 'A' && at[i] <= 'Z')))
        return i + 1;
    return 0;
}

static bool is_unwanted_control(int32_t c)
{
    return c < 0x09 || c == 0x0B || (c >= 0x0E && c < 0x20) || c == 0x7F ||
           (c >= 0x206A && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFC);
}

static void strip_controls(gcl_runes *r)
{
    size_t used = 0;

    for (size_t i = 0; i < r->n;) {
        const size_t skip = escape_length(r->at + i, r->n - i);
        if (skip > 0) {
            i += skip;
            continue;
        }
        if (!is_unwanted_control(r->at[i]))
            r->at[used++] = r->at[i];
        i++;
    }
    r->n = used;
}

/* Whether nothing below would change it: printable ASCII and white space, no reference. */
static bool is_plain(const int32_t *at, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (at[i] >= 0x7F || at[i] == '&' ||
            (at[i] < 0x20 && at[i] != '\t' && at[i] != '\n' && at[i] != '\f'))
            return false;
    }
    return true;
}

static gcl_status fix_line(gcl_runes *r, bool unescape, size_t *work, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_runes before = {NULL, 0};
    bool changed = !is_plain(r->at, r->n);

    for (int round = 0; changed && (round < MIN_ROUNDS || *work > 0); round++) {
        *work -= *work < r->n ? *work : r->n;
        GCL_TRY(gcl_runes_copy(&before, r->at, r->n, err));
        if (unescape)
            gcl_html_unescape(r, GCL_HTML_FTFY);
        GCL_TRY(gcl_runes_fix_encoding(r, work, err));
        GCL_TRY(map_runes(r, err));
        strip_controls(r);
        GCL_TRY(gcl_runes_nfc(r, err));
        changed = !gcl_runes_equal(r, &before);
        gcl_runes_destroy(&before);
    }
done:
    gcl_runes_destroy(&before);
    return st;
}

static gcl_status fix_text(gcl_runes *r, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_runes line = {NULL, 0}, fixed = {NULL, 0};
    bool unescape = true;
    size_t work = WORK;

    GCL_TRY(gcl_runes_create(&fixed, MAX_MAPPED * r->n, err));
    for (size_t begin = 0, n; begin < r->n; begin += n) {
        for (n = 0; begin + n < r->n && n < MAX_LINE && (n == 0 || r->at[begin + n - 1] != '\n');
             n++)
            unescape = unescape && r->at[begin + n] != '<';
        GCL_TRY(gcl_runes_copy(&line, r->at + begin, n, err));
        GCL_TRY(fix_line(&line, unescape, &work, err));
        memcpy(fixed.at + fixed.n, line.at, line.n * sizeof *line.at);
        fixed.n += line.n;
        gcl_runes_destroy(&line);
    }
    gcl_runes_destroy(r);
    *r = fixed;
    fixed = (gcl_runes){NULL, 0};
done:
    gcl_runes_destroy(&line);
    gcl_runes_destroy(&fixed);
    return st;
}

static void collapse_spaces(gcl_runes *r)
{
    size_t used = 0;

    for (size_t i = 0; i < r->n; i++) {
        if (!gcl_rune_is_space(r->at[i]))
            r->at[used++] = r->at[i];
        else if (used > 0 && r->at[used - 1] != ' ')
            r->at[used++] = ' ';
    }
    if (used > 0 && r->at[used - 1] == ' ')
        used--;
    r->n = used;
}

gcl_status gcl_tokenizer_clean(char **out, size_t *out_bytes, const char *text, size_t bytes,
                               gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_runes r = {NULL, 0};

    *out = NULL;
    *out_bytes = 0;
    GCL_TRY(gcl_runes_from_utf8(&r, text, bytes, err));
    GCL_TRY(fix_text(&r, err));
    gcl_html_unescape(&r, GCL_HTML_PYTHON);
    gcl_html_unescape(&r, GCL_HTML_PYTHON);
    collapse_spaces(&r);
    GCL_TRY(gcl_runes_lower(&r, err));
    GCL_TRY(gcl_runes_to_utf8(out, out_bytes, &r, err));
done:
    gcl_runes_destroy(&r);
    return st;
}
