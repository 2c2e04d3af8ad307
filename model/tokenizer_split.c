/*
 * tokenizer_split.c - CLIP's split of clean text into words.
 *
 * As its regular expression, ignoring case,
 *   <\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+
 * does it: the text is in lower case already and its only white space is ' ', but U+017F still
 * counts as an s. U+0345 is in no alternative: where Python's regex module looks for non-letters,
 * it takes it for its upper case, the letter iota, but not where it looks for letters.
 */
#include "model/tokenizer_internal.h"

#include <string.h>

enum { IOTA_BELOW = 0x345 };

char gcl_rune_kind(int32_t c)
{
    size_t low = 0, high = GCL_RUNE_RANGES;

    while (low < high) {
        const size_t mid = (low + high) / 2;
        if (c > gcl_rune_ranges[mid].to)
            low = mid + 1;
        else
            high = mid;
    }
    return low < GCL_RUNE_RANGES && c >= gcl_rune_ranges[low].from ? gcl_rune_ranges[low].kind : 0;
}

/* How many bytes of the text match a word of ASCII, 0 if it is not there. */
static size_t match(const char *text, size_t bytes, const char *word)
{
    size_t at = 0;

    for (; *word != '\0'; word++) {
        if (at < bytes && text[at] == *word)
            at++;
        else if (*word == 's' && bytes - at >= 2 && memcmp(text + at, "\u017F", 2) == 0)
            at += 2;
        else
            return 0;
    }
    return at;
}

/* Bytes of a special token or a contraction that the text begins with, or 0. */
static size_t match_fixed(const char *text, size_t bytes)
{
    static const char *const fixed[] = {
        "<|startoftext|>", "<|endoftext|>", "'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};
    size_t len = 0;

    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0] && len == 0; i++)
        len = match(text, bytes, fixed[i]);
    return len;
}

/* ' ' what no word contains, 'L' a letter, 'N' a number, 0 any other. */
static char kind_at(const char *text, size_t bytes, size_t *len)
{
    int32_t c;

    *len = gcl_rune_next(text, bytes, &c);
    return c == ' ' || c == IOTA_BELOW ? ' ' : gcl_rune_kind(c);
}

bool gcl_tokenizer_next_word(const char *text, size_t bytes, size_t *at, size_t *len)
{
    size_t step = 0;
    char kind = ' ';

    while (*at < bytes && (kind = kind_at(text + *at, bytes - *at, &step)) == ' ')
        *at += step;
    if (*at == bytes)
        return false;
    *len = match_fixed(text + *at, bytes - *at);
    if (*len > 0)
        return true;
    *len = step;
    while (kind != 'N' && *at + *len < bytes &&
           kind_at(text + *at + *len, bytes - *at - *len, &step) == kind)
        *len += step;
    return true;
}
