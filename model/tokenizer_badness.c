/*
 * tokenizer_badness.c - does a text look like mojibake?
 *
 * It does when somewhere in it code points stand side by side that hardly ever do in a text that
 * was decoded as it was encoded, such as an accented small letter before a currency sign. The
 * sequences are those of ftfy 6.3.1 (badness.py, Apache License 2.0), written as a table.
 */
#include "model/tokenizer_internal.h"

#include <uchar.h>

#define COMMON GCL_MOJI_COMMON
#define C1 GCL_MOJI_C1
#define BAD GCL_MOJI_BAD
#define LAW GCL_MOJI_LAW
#define CURRENCY GCL_MOJI_CURRENCY
#define OPENS GCL_MOJI_OPENS
#define CLOSES GCL_MOJI_CLOSES
#define NUMERIC GCL_MOJI_NUMERIC
#define UPPER GCL_MOJI_UPPER_ACCENTED
#define LOWER GCL_MOJI_LOWER_ACCENTED
#define ACCENTED (UPPER | LOWER)
#define BOX GCL_MOJI_BOX
#define LATIN (GCL_MOJI_LOWER_ASCII | GCL_MOJI_UPPER_ASCII)
#define SMALL GCL_MOJI_LOWER_ASCII
#define SPACE GCL_MOJI_SPACE
#define START GCL_MOJI_START

enum { MAX_SEQUENCE = 7 };

/* A code point of one of the classes, or one of the list; neither: the sequence has ended. */
typedef struct place {
    uint32_t classes;
    const char16_t *list;
} place;

typedef struct sequence {
    place at[MAX_SEQUENCE];
} sequence;

static const sequence sequences[] = {
    {{{C1, 0}}},
    {{{BAD | ACCENTED | BOX | OPENS | CLOSES | CURRENCY | NUMERIC | LAW, 0}, {BAD, 0}}},
    {{{BAD, 0}, {ACCENTED | BOX | OPENS | CLOSES | CURRENCY | NUMERIC | LAW, 0}}},
    {{{LATIN, 0}, {GCL_MOJI_LOWER_COMMON | GCL_MOJI_UPPER_COMMON, 0}, {BAD, 0}}},
    {{{LOWER | GCL_MOJI_LOWER_COMMON | BOX | CLOSES | CURRENCY | NUMERIC, 0}, {UPPER, 0}}},
    {{{BOX | CLOSES | CURRENCY | NUMERIC, 0}, {LOWER, 0}}},
    {{{LOWER | BOX | CLOSES, 0}, {CURRENCY, 0}}},
    {{{SPACE, 0}, {UPPER, 0}, {CURRENCY, 0}}},
    {{{UPPER | BOX, 0}, {NUMERIC | LAW, 0}}},
    {{{ACCENTED | BOX | CURRENCY | CLOSES, 0}, {OPENS, 0}, {NUMERIC, 0}}},
    {{{ACCENTED | CURRENCY | NUMERIC | BOX | LAW, 0}, {CLOSES, 0}, {OPENS, 0}}},
    {{{CURRENCY | NUMERIC | BOX, 0}, {OPENS, 0}}},
    {{{SMALL, 0}, {UPPER, 0}, {OPENS | CURRENCY, 0}}},
    {{{BOX, 0}, {GCL_MOJI_FACE | CLOSES, 0}}},
    {{{ACCENTED | CURRENCY | NUMERIC | OPENS | CLOSES | LAW, 0}, {BOX, 0}}},
    {{{ACCENTED, 0}, {OPENS | CLOSES, 0}, {GCL_MOJI_WORD, 0}}},
    {{{0, u"Œœ"}, {GCL_MOJI_NOT_ASCII_LETTER, 0}}},
    {{{UPPER, 0}, {0, u"°"}}},
    /* UTF-8's lead bytes C2, C3, CE, D0 in Windows-1252, and what may follow */
    {{{0, u"ÂÃÎÐ"}, {OPENS | CLOSES, u"€œŠš¢£Ÿž\u00A0\u00AD®©°·»–—´"}}},
    {{{0, u"×"}, {0, u"²³"}}},
    /* Arabic there: twice two */
    {{{0, u"ØÙ"},
      {COMMON | CURRENCY | BAD | NUMERIC | OPENS, u"ŸŠ®°µ»"},
      {0, u"ØÙ"},
      {COMMON | CURRENCY | BAD | NUMERIC | OPENS, u"ŸŠ®°µ»"}}},
    {{{0, u"à"}, {0, u"²µ¹¼½¾"}}}, /* Indic scripts */
    /* Mac Roman */
    {{{0, u"√"}, {0, u"±∂†≠®™´≤≥¥µø"}}},
    {{{0, u"≈"}, {0, u"°¢"}}},
    {{{0, u"‚"}, {0, u"Ä"}, {0, u"ìîïòôúùû†°¢π"}}},
    {{{0, u"‚"}, {0, u"âó"}, {0, u"àä°ê"}}},
    /* Windows-1251 */
    {{{0, u"в"}, {0, u"Ђ"}}},
    {{{0, u"ВГРС"}, {C1 | BAD | OPENS | CLOSES | CURRENCY, u"°µ"}, {0, u"ВГРС"}}},
    {{{0, u"Г"}, {0, u"ў"}, {0, u"В"}, {0, u"Ђ"}, {0, u"В"}, {GCL_MOJI_IN_LINE, 0}, {LATIN, u" "}}},
    /* "à", "á" and U+00A0 in Windows-1252, their second byte maybe a space by now */
    {{{0, u"Ã"}, {0, u"\u00A0¡"}}},
    {{{SMALL, 0}, {0, u"ÃÂ"}, {0, u" "}}},
    {{{SMALL, 0}, {SPACE, 0}, {0, u"ÃÂ"}, {0, u" "}}},
    {{{START, 0}, {0, u"ÃÂ"}, {0, u" "}}},
    {{{SMALL | CLOSES, u".,?!"}, {0, u"Â"}, {OPENS | CLOSES, u" "}}},
    /* Windows-1253, 1257 */
    {{{0, u"β"}, {0, u"€"}, {0, u"™\u00A0Ά\u00AD®°"}}},
    {{{0, u"ΒΓΞΟ"}, {C1 | BAD | OPENS | CLOSES | CURRENCY, u"°"}, {0, u"ΒΓΞΟ"}}},
    {{{0, u"ā"}, {0, u"€"}}},
};

const gcl_moji_rune *gcl_moji_find(int32_t c)
{
    size_t low = 0, high = GCL_MOJI_RUNES;

    while (low < high) {
        const size_t mid = (low + high) / 2;
        if (c > gcl_moji_runes[mid].rune)
            low = mid + 1;
        else
            high = mid;
    }
    return low < GCL_MOJI_RUNES && c == gcl_moji_runes[low].rune ? &gcl_moji_runes[low] : NULL;
}

uint32_t gcl_moji_classes(int32_t c)
{
    uint32_t classes = c != '\n' ? GCL_MOJI_IN_LINE : 0;

    if (c >= 'a' && c <= 'z')
        return classes | GCL_MOJI_LOWER_ASCII | GCL_MOJI_WORD;
    if (c >= 'A' && c <= 'Z')
        return classes | GCL_MOJI_UPPER_ASCII | GCL_MOJI_WORD;
    classes |= GCL_MOJI_NOT_ASCII_LETTER;
    if (gcl_rune_is_space(c))
        classes |= GCL_MOJI_SPACE;
    if (c == '_' || gcl_rune_kind(c) != 0)
        classes |= GCL_MOJI_WORD;
    if (c == ' ')
        classes |= GCL_MOJI_CONTINUES;
    if (c >= 0x80) {
        const gcl_moji_rune *row = gcl_moji_find(c);
        classes |= row != NULL ? row->classes : 0;
    }
    return classes;
}

typedef struct looked_at {
    int32_t rune;
    uint32_t classes;
} looked_at;

static bool fits(place p, looked_at l)
{
    if ((p.classes & l.classes) != 0)
        return true;
    for (const char16_t *c = p.list; c != NULL && *c != 0; c++) {
        if (*c == l.rune)
            return true;
    }
    return false;
}

static bool begins_sequence(const looked_at *at)
{
    for (size_t s = 0; s < sizeof sequences / sizeof sequences[0]; s++) {
        const place *p = sequences[s].at;
        size_t n = 0;
        while (n < MAX_SEQUENCE && (p[n].classes != 0 || p[n].list != NULL) && fits(p[n], at[n]))
            n++;
        if (n == MAX_SEQUENCE || (p[n].classes == 0 && p[n].list == NULL))
            return true;
    }
    return false;
}

bool gcl_moji_is_bad(const int32_t *at, size_t n)
{
    const looked_at outside = {-1, 0};
    looked_at window[MAX_SEQUENCE]; /* what follows position i, which is -1 at first */

    window[0] = (looked_at){-1, START};
    for (size_t k = 1; k < MAX_SEQUENCE; k++)
        window[k] = k <= n ? (looked_at){at[k - 1], gcl_moji_classes(at[k - 1])} : outside;
    for (size_t i = 0; i <= n; i++) {
        /* no sequence has its first code point that is not ASCII behind its third place */
        if ((window[0].rune >= 0x80 || window[1].rune >= 0x80 || window[2].rune >= 0x80) &&
            begins_sequence(window))
            return true;
        for (size_t k = 0; k + 1 < MAX_SEQUENCE; k++)
            window[k] = window[k + 1];
        window[MAX_SEQUENCE - 1] = outside;
        if (i + MAX_SEQUENCE <= n)
            window[MAX_SEQUENCE - 1] =
                (looked_at){at[i + MAX_SEQUENCE - 1], gcl_moji_classes(at[i + MAX_SEQUENCE - 1])};
    }
    return false;
}
