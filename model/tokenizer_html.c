/* tokenizer_html.c - HTML character references, as Python's html.unescape and as ftfy read them. */
#include "model/tokenizer_internal.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum {
    NAME_ROOM = 32,      /* longest run of characters that Python takes for a name */
    FTFY_NAME_ROOM = 24, /* and ftfy, also of digits */
    BARE_ROOM = 6        /* longest name that needs no semicolon */
};

typedef struct reference {
    size_t length;    /* code points it takes from the '&' on; 0: not a reference */
    int32_t runes[3]; /* what it stands for */
    size_t n;
} reference;

static int digit_value(int32_t c, int base)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (base == 16 && c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (base == 16 && c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The rules of HTML5 for numbers that are no character, in html.unescape's order; -1: nothing. */
static int32_t numeric_rune(int32_t c)
{
    if (c == 0 || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
        return GCL_REPLACEMENT;
    if (c >= 0x80 && c < 0xA0)
        return gcl_rune_from_c1(c);
    if (c < 0x20)
        return c == '\t' || c == '\n' || c == '\f' || c == '\r' ? c : -1;
    if (c == 0x7F || (c >= 0xFDD0 && c <= 0xFDEF) || (c & 0xFFFE) == 0xFFFE)
        return -1;
    return c;
}

/* at[0] is '&', at[1] is '#'. */
static reference read_numeric(const int32_t *at, size_t n, gcl_html_mode mode)
{
    const reference none = {0};
    const int base = n > 2 && (at[2] == 'x' || at[2] == 'X') ? 16 : 10;
    const size_t first = base == 16 ? 3 : 2;
    reference ref = {first, {0}, 1};

    while (ref.length < n && digit_value(at[ref.length], base) >= 0) {
        if (ref.runes[0] <= 0x10FFFF)
            ref.runes[0] = ref.runes[0] * base + digit_value(at[ref.length], base);
        ref.length++;
    }
    if (ref.length == first)
        return none;
    ref.runes[0] = numeric_rune(ref.runes[0]);
    ref.n = ref.runes[0] >= 0;
    if (ref.length < n && at[ref.length] == ';')
        ref.length++;
    else if (mode == GCL_HTML_FTFY)
        return none;
    if (mode == GCL_HTML_FTFY && (ref.runes[0] == ';' || ref.length > 2 + FTFY_NAME_ROOM + 1))
        return none;
    return ref;
}

static int by_name(const void *key, const void *row)
{
    return strcmp(key, ((const gcl_html_name *)row)->name);
}

/* name[0 .. n) with end behind it, "" or ";". */
static const gcl_html_name *find_name(const char *name, size_t n, const char *end)
{
    char key[NAME_ROOM + 2];

    memcpy(key, name, n);
    strcpy(key + n, end);
    return bsearch(key, gcl_html_names, GCL_HTML_NAMES, sizeof gcl_html_names[0], by_name);
}

/* The longest beginning of a name, its end included, that needs no semicolon. */
static const gcl_html_name *find_beginning(const char *name, size_t n, size_t *len)
{
    const gcl_html_name *row = NULL;

    for (*len = n < BARE_ROOM ? n : BARE_ROOM; *len > 1; (*len)--) {
        row = find_name(name, *len, "");
        if (row != NULL)
            break;
    }
    return row;
}

static reference refer(size_t length, const gcl_html_name *row)
{
    return (reference){
        length,
        {row->runes[0], row->runes[1]},
        row->runes[1] != 0 ? 2 : 1,
    };
}

static bool ends_name(int32_t c)
{
    return c == '\t' || c == '\n' || c == '\f' || c == ' ' || c == '<' || c == '&' || c == '#' ||
           c == ';';
}

/* at[0] is '&'. A name without its semicolon may also begin a longer word: "&ampx" is "&x". */
static reference read_named(const int32_t *at, size_t n)
{
    const gcl_html_name *row = NULL;
    char name[NAME_ROOM];
    size_t run = 0, ascii = 0, len;

    for (; run < NAME_ROOM && 1 + run < n && !ends_name(at[1 + run]); run++) {
        if (ascii == run && at[1 + run] < 0x80)
            name[ascii++] = (char)at[1 + run];
    }
    if (ascii == run && 1 + run < n && at[1 + run] == ';')
        row = find_name(name, run, ";");
    if (row != NULL)
        return refer(1 + run + 1, row);
    row = find_beginning(name, ascii, &len);
    return row != NULL ? refer(1 + len, row) : (reference){0};
}

/* Python's str.upper of what a name stands for; but for these, it is one for one. */
static reference in_capitals(reference ref)
{
    static const struct {
        int32_t from, to[3];
    } longer[] = {
        {0xDF, {'S', 'S'}},        {0x149, {0x2BC, 'N'}}, {0xFB00, {'F', 'F'}},
        {0xFB01, {'F', 'I'}},      {0xFB02, {'F', 'L'}},  {0xFB03, {'F', 'F', 'I'}},
        {0xFB04, {'F', 'F', 'L'}},
    };

    for (size_t i = 0; i < sizeof longer / sizeof longer[0]; i++) {
        if (ref.runes[0] != longer[i].from)
            continue;
        memcpy(ref.runes, longer[i].to, sizeof ref.runes);
        ref.n = ref.runes[2] != 0 ? 3 : 2;
        return ref;
    }
    for (size_t i = 0; i < ref.n; i++)
        ref.runes[i] = utf8proc_toupper(ref.runes[i]);
    return ref;
}

/*
 * at[0] is '&'. A name in capitals that means nothing in HTML is read in lower case and gives
 * capitals: "&EACUTE;".
 */
static reference read_named_ftfy(const int32_t *at, size_t n)
{
    const gcl_html_name *row;
    char name[NAME_ROOM], low[NAME_ROOM];
    bool capitals = true;
    size_t run = 0, len;

    for (; run < FTFY_NAME_ROOM && 1 + run < n; run++) {
        const int32_t c = at[1 + run];
        const bool upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z';
        if (!upper && !lower && !(c >= '0' && c <= '9'))
            break;
        capitals = capitals && !lower;
        name[run] = (char)c;
        low[run] = (char)(upper ? c - 'A' + 'a' : c);
    }
    if (run == 0 || 1 + run >= n || at[1 + run] != ';')
        return (reference){0};
    row = find_name(name, run, ";");
    if (row != NULL)
        return refer(1 + run + 1, row);
    row = find_name(low, run, ";");
    if (!capitals || row == NULL || find_beginning(name, run, &len) != NULL)
        return (reference){0};
    return in_capitals(refer(1 + run + 1, row));
}

static reference read_reference(const int32_t *at, size_t n, gcl_html_mode mode)
{
    if (at[0] != '&' || n < 2)
        return (reference){0};
    if (at[1] == '#')
        return read_numeric(at, n, mode);
    return mode == GCL_HTML_FTFY ? read_named_ftfy(at, n) : read_named(at, n);
}

void gcl_html_unescape(gcl_runes *r, gcl_html_mode mode)
{
    size_t used = 0;

    for (size_t i = 0; i < r->n;) {
        const reference ref = read_reference(r->at + i, r->n - i, mode);
        if (ref.length == 0) {
            r->at[used++] = r->at[i++];
            continue;
        }
        for (size_t k = 0; k < ref.n; k++)
            r->at[used++] = ref.runes[k];
        i += ref.length;
    }
    r->n = used;
}
