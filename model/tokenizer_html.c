/*
 * tokenizer_html.c - HTML character references, as Python's html.unescape and as ftfy read them.
 *
 * Numeric references and the names every page uses. A name without its semicolon is also looked
 * for as the beginning of a longer word ("&ampx" is "&x"), as HTML demands.
 */
#include "model/tokenizer_internal.h"

#include <string.h>
#include <utf8proc.h>

enum { REPLACEMENT = 0xFFFD, NAME_MAX_RUNES = 32 };

typedef struct entity {
    const char *name;
    int32_t rune;
    bool bare; /* legal without a semicolon */
} entity;

static const entity entities[] = {
    {"amp", '&', true},   {"AMP", '&', true},    {"lt", '<', true},   {"LT", '<', true},
    {"gt", '>', true},    {"GT", '>', true},     {"quot", '"', true}, {"QUOT", '"', true},
    {"nbsp", 0xA0, true}, {"apos", '\'', false},
};

typedef struct reference {
    size_t length; /* code points it takes from the '&' on; 0: not a reference */
    int32_t rune;  /* what it stands for; -1: nothing */
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

/* The rules of HTML5 for numbers that are no character, in html.unescape's order. */
static int32_t numeric_rune(int32_t c)
{
    if (c == 0 || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
        return REPLACEMENT;
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
    const reference none = {0, 0};
    const int base = n > 2 && (at[2] == 'x' || at[2] == 'X') ? 16 : 10;
    const size_t first = base == 16 ? 3 : 2;
    reference ref = {first, 0};

    while (ref.length < n && digit_value(at[ref.length], base) >= 0) {
        if (ref.rune <= 0x10FFFF)
            ref.rune = ref.rune * base + digit_value(at[ref.length], base);
        ref.length++;
    }
    if (ref.length == first)
        return none;
    ref.rune = numeric_rune(ref.rune);
    if (ref.length < n && at[ref.length] == ';')
        ref.length++;
    else if (mode == GCL_HTML_FTFY)
        return none;
    if (mode == GCL_HTML_FTFY && (ref.rune == ';' || ref.length > 2 + 24 + 1))
        return none;
    return ref;
}

static bool ends_name(int32_t c)
{
    return c == '\t' || c == '\n' || c == '\f' || c == ' ' || c == '<' || c == '&' || c == '#' ||
           c == ';';
}

/* at[0] is '&'. */
static reference read_named(const int32_t *at, size_t n, gcl_html_mode mode)
{
    reference ref = {0, 0};
    size_t run = 0;

    while (run < NAME_MAX_RUNES && 1 + run < n && !ends_name(at[1 + run]))
        run++;
    for (size_t e = 0; e < sizeof entities / sizeof entities[0]; e++) {
        const size_t len = strlen(entities[e].name);
        size_t same = 0;
        while (same < len && same < run && at[1 + same] == entities[e].name[same])
            same++;
        if (same < len)
            continue;
        if (1 + len < n && at[1 + len] == ';')
            ref.length = 1 + len + 1;
        else if (entities[e].bare && mode == GCL_HTML_PYTHON)
            ref.length = 1 + len;
        else
            continue;
        ref.rune = entities[e].rune;
        break;
    }
    return ref;
}

bool gcl_html_unescape(gcl_runes *r, gcl_html_mode mode)
{
    size_t used = 0;
    bool changed = false;

    for (size_t i = 0; i < r->n;) {
        reference ref = {0, 0};
        if (r->at[i] == '&' && i + 1 < r->n) {
            ref = r->at[i + 1] == '#' ? read_numeric(r->at + i, r->n - i, mode)
                                      : read_named(r->at + i, r->n - i, mode);
        }
        if (ref.length == 0) {
            r->at[used++] = r->at[i++];
            continue;
        }
        if (ref.rune >= 0)
            r->at[used++] = ref.rune;
        i += ref.length;
        changed = true;
    }
    r->n = used;
    return changed;
}
