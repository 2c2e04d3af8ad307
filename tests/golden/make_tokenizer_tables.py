#!/usr/bin/env python3
"""Write the tokenizer's tables as C: what CLIP's own tokenizer knows through its libraries.

usage: make_tokenizer_tables.py html      > model/tokenizer_html_names.c
       make_tokenizer_tables.py classes   > model/tokenizer_classes.c
       make_tokenizer_tables.py mojibake  > model/tokenizer_mojibake_table.c

Needs from PyPI: ftfy==6.3.1 regex.
"""
import html
import re
import sys


def write(head, declaration, rows):
    """A C file with the rows packed to 100 columns."""
    print(f"/*\n * {head}\n *\n * Written by tests/golden/make_tokenizer_tables.py.\n */")
    print('#include "model/tokenizer_internal.h"\n\n/* clang-format off */')
    print(f"const {declaration} = {{")
    line = "   "
    for row in rows:
        if len(line) + len(row) + 2 > 100:
            print(line)
            line = "   "
        line += f" {row},"
    print(f"{line}\n}};\n/* clang-format on */")


def html_names():
    rows = []
    for name in sorted(html.entities.html5):
        runes = ", ".join(f"0x{ord(c):X}" for c in html.entities.html5[name])
        rows.append(f'{{"{name}", {{{runes}}}}}')
    write("tokenizer_html_names.c - HTML's named character references, in the order of strcmp; those that\n"
          " * may lack their semicolon stand here twice.",
          "gcl_html_name gcl_html_names[GCL_HTML_NAMES]", rows)


def ranges(pattern):
    import regex

    match = regex.compile(pattern).fullmatch
    found = []
    for c in range(0x110000):
        if 0xD800 <= c < 0xE000 or not match(chr(c)):
            continue
        if found and found[-1][1] == c - 1:
            found[-1][1] = c
        else:
            found.append([c, c])
    return found


def classes():
    import regex

    rows = [(a, b, kind) for kind, p in (("L", r"\p{L}"), ("N", r"\p{N}")) for a, b in ranges(p)]
    rows = [f"{{0x{a:X}, 0x{b:X}, '{kind}'}}" for a, b, kind in sorted(rows)]
    write("tokenizer_classes.c - Unicode's letters (L) and numbers (N), as the Python module regex\n"
          f" * {regex.__version__} has them.",
          "gcl_rune_range gcl_rune_ranges[GCL_RUNE_RANGES]", rows)


# The classes of ftfy, in the order of the bits of enum gcl_moji in tokenizer_internal.h.
BITS = ["common", "c1", "bad", "law", "currency", "start_punctuation", "end_punctuation", "numeric", "kaomoji",
        "upper_accented", "lower_accented", "upper_common", "lower_common", "box"]
CLUES = ["utf8_first_of_2", "utf8_first_of_3", "utf8_first_of_4", "utf8_continuation", "utf8_continuation_strict"]


def mojibake():
    from ftfy import bad_codecs, badness, chardata

    bad_codecs.ok()
    tests = [re.compile("[" + badness.MOJIBAKE_CATEGORIES[b] + "]") for b in BITS]
    tests += [re.compile("[" + chardata.UTF8_CLUES[c] + "]") for c in CLUES]
    bytes_of = {}
    encodings = chardata.CHARMAP_ENCODINGS[1:]
    for e, encoding in enumerate(encodings):
        for b in range(0x80, 0x100):
            try:
                bytes_of.setdefault(bytes([b]).decode(encoding), [0] * len(encodings))[e] = b
            except UnicodeDecodeError:
                pass
    rows = []
    for c in range(0x80, 0x10000):
        mask = sum(1 << i for i, t in enumerate(tests) if t.match(chr(c)))
        encoded = bytes_of.get(chr(c), [0] * len(encodings))
        if mask or any(encoded):
            rows.append(f"{{0x{c:X},0x{mask:X},{{{','.join(map(str, encoded))}}}}}")
    write("tokenizer_mojibake_table.c - the code points that mojibake is made of: their classes (bits of\n"
          " * gcl_moji), and the byte each is in Windows-1252, 1251, 1250, 1253, 1254, 1257, ISO 8859-2,\n"
          " * Mac Roman and code page 437, or 0. Classes as in ftfy 6.3.1 (Apache License 2.0).",
          "gcl_moji_rune gcl_moji_runes[GCL_MOJI_RUNES]", rows)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in ("html", "classes", "mojibake"):
        sys.exit(__doc__)
    {"html": html_names, "classes": classes, "mojibake": mojibake}[sys.argv[1]]()
