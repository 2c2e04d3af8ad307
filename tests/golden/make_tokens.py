#!/usr/bin/env python3
"""Write prompts and their token ids by CLIP's own tokenizer, and compare a test program with them.

usage: make_tokens.py SEED COUNT OUT.jsonl [--every] [--builtin | --test PROGRAM]

Each line is {"class", "text", "ids"}, or "hex" for "text" where the bytes are not UTF-8; ids are
without start, end and padding. --builtin uses the merges of model/tokenizer_merges.c instead of
CLIP's vocabulary. --every adds each code point that Unicode assigns, in contexts where its class and
case matter, and each HTML name. --test runs PROGRAM, build/tests/test_tokenizer_vectors, on OUT.jsonl.

Needs from PyPI what this makes (no torch):
    python3 -m venv build-clip
    build-clip/bin/pip install ftfy==6.3.1 regex
    build-clip/bin/pip install --no-deps clip-anytorch==2.6.0
"""
import argparse
import gzip
import html
import importlib.util
import itertools
import json
import os
import random
import re
import subprocess
import tempfile
import unicodedata
from pathlib import Path

from ftfy import bad_codecs, chardata

ROOT = Path(__file__).resolve().parents[2]

NOUNS = "circle fox lighthouse bicycle teapot robot cathedral dragonfly violin iceberg Straße café naïve".split()
WORDS = "a the red tiny wooden two-headed on under next to made of painting photo it's don't we're they'll 4k 1970s".split()
LANGUAGES = ["ein grüner Frosch auf der Straße", "un château sous la pluie", "красный круг на синем фоне",
             "一只可爱的猫坐在窗边", "赤い丸と青い四角", "파란 바다 위의 배", "قطة على الطاولة", "חתול על השולחן",
             "μια γάτα ΣΤΟ ΤΡΑΠΕΖΙ ΤΟΥ ΟΔΥΣΣΕΥΣ", "बिल्ली मेज पर", "แมวบนโต๊ะ", "İstanbul'da IŞIK ve ıslak",
             "một con mèo đen", "žluťoučký kůň", "GROẞE STRASSE", "Ångström Å Å", "zażółć gęślą jaźń", "þorn Æsir"]
PUNCTUATION = list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~") + ["...", "—", "…", "«»", "“q”", "‘q’", "¿", "??!", "->", "::"]
NUMBERS = ["1", "42", "3.14", "1,000", "½", "²", "٣٤", "Ⅷ", "12:30", "50%", "$9", "№5", "१२३", "㊿", "〇", "𝟗"]
CONTRACTIONS = ["it's", "I've", "can't", "y'all", "rock'n'roll", "'tis", "he's'd", "IT'S", "x'LL", "x'ſ", "'ReD", "’s"]
EMOJI = ["😀", "👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇫🇷", "❤️", "☃", "🤖🎨", "⌚︎", "🧑‍🚀", "1️⃣", "🏴󠁧󠁢󠁷󠁬󠁳󠁿"]
SPECIALS = ["<|startoftext|>", "<|endoftext|>", "<|StartOfText|>", "<|ENDOFTEXT|>", "<|endoftext|", "<|ſtartoftext|>",
            "!<|endoftext|>", "</w>", "a</w>b", "Ġ", "Ċ", "&lt;|endoftext|&gt;"]
SPACES = [" ", "  ", "\t", "\n", "\r\n", "\r", "\u00a0", "\u3000", "\u2009", "\u200b", "\u2028", "\u2029", "\ufeff",
          "\x0b", "\x0c", "\x85", "\u1680", "\u180e", "\u202f", "\x1c", "\x1f"]
CONTROLS = ["\x00", "\x01", "\x1a", "\x1b[31m", "\x1b[1;2m", "\x1b[٣m", "\x1b[", "\x7f", "\x08", "\ufffe", "\u202e",
            "\u00ad", "\ufff9", "\u206a", "\x90", "\x81", "\ufffd"]
NAMES = sorted(html.entities.html5)
GARBLERS = ["latin-1", "windows-1252"] + chardata.CHARMAP_ENCODINGS

rng = random.Random()


def some(*pools, most=8):
    parts = [rng.choice(rng.choice(pools)) for _ in range(rng.randrange(1, most))]
    return rng.choice(["", " ", " "]).join(parts)


def caption():
    s = " ".join(rng.choice(WORDS + NOUNS) for _ in range(rng.randrange(1, 12)))
    return rng.choice([s, s, s.upper(), s.title()])


def is_assigned(c):
    return unicodedata.category(chr(c)) not in ("Cn", "Co", "Cs")


ASSIGNED = [c for c in range(0x110000) if is_assigned(c)]
MARKS = [chr(c) for c in ASSIGNED if unicodedata.combining(chr(c))]
CASED = [chr(c) for c in ASSIGNED if chr(c).lower() != chr(c) or chr(c).upper() != chr(c)]
COMPOSED = [chr(c) for c in ASSIGNED if unicodedata.normalize("NFC", chr(c)) != unicodedata.normalize("NFD", chr(c))]
WIDTHS = [chr(c) for c in range(0xFF01, 0xFFF0) if is_assigned(c)] + [chr(c) for c in chardata.LIGATURES] + ["\u3000"]


def neighbours():
    """Runs of assigned code points that stand together."""
    s = ""
    for _ in range(rng.randrange(1, 8)):
        at = rng.randrange(len(ASSIGNED)) if rng.random() < .5 else rng.randrange(0x3000)
        s += "".join(chr(ASSIGNED[(at + rng.randrange(64)) % len(ASSIGNED)]) for _ in range(rng.randrange(1, 5)))
        s += rng.choice(["", "", " "])
    return s


def any_runes():
    return "".join(chr(rng.choice(ASSIGNED)) for _ in range(rng.randrange(1, 12)))


def marks():
    s = ""
    for _ in range(rng.randrange(1, 6)):
        base = rng.choice([chr(rng.choice(ASSIGNED)), rng.choice("aeiouAEO ΑιУ"), rng.choice(COMPOSED), "각"])
        s += base + "".join(rng.choice(MARKS) for _ in range(rng.randrange(0, 5)))
        s = unicodedata.normalize(rng.choice(["NFC", "NFD", "NFC", "NFKD"]), s) if rng.random() < .3 else s
    return s


def cases():
    odd = ["Σ", "ΑΣ", "ΑΣ.", "'Σ", "Σ\u0301", "İ", "ı", "ß", "ẞ", "ǅ", "ﬀ", "ŉ", "ſ", "K", "Å", "ϒ", "\u0345", "ª", "ʰ", "Ⓐ", "🄰"]
    return "".join(rng.choice(rng.choice([odd, CASED, ["'", ".", "\u00ad", " ", ":", "a", "1", "\u0301", "·"]]))
                   for _ in range(rng.randrange(1, 12)))


def entity():
    """A reference: by name or number, cut, nested, in capitals, without its semicolon."""
    name = rng.choice(NAMES)
    number = rng.choice([rng.randrange(300), rng.randrange(0x110100), 0x10FFFF, 0xD800, 59, 38, rng.choice(ASSIGNED)])
    s = rng.choice(["&" + name] * 6 + [f"&#{number};", f"&#{number}", f"&#x{number:x};", f"&#X{number:X}", "&#;", "&#x;", "&"])
    s = rng.choice([s, s, s, s.upper(), s.lower(), s.title(), s[:-1], s + ";", s + "x", s[:rng.randrange(1, len(s) + 1)]])
    for _ in range(rng.choice([0, 0, 0, 0, 1, 2, 5])):
        s = s.replace("&", rng.choice(["&amp;", "&AMP;", "&amp", "&#38;", "&#x26;"]))
    return s


def entities():
    return rng.choice(["", " "]).join(rng.choice([entity, entity, lambda: some(NOUNS, PUNCTUATION, most=3)])()
                                      for _ in range(rng.randrange(1, 6)))


def lines():
    return rng.choice(["\n", "\r\n", "\n\n", "\r", "\u2028"]).join(
        rng.choice([entity, caption, garbled, lambda: "<b>", neighbours])() for _ in range(rng.randrange(2, 6)))


def garble(s):
    """UTF-8 read as a single-byte encoding, and what programs then do to it."""
    encoding = rng.choice(GARBLERS)
    s = s.encode("utf-8", "surrogatepass").decode(encoding, rng.choice(["replace", "ignore"]))
    if rng.random() < .2:
        s = s.replace("\xa0", " ")
    if rng.random() < .15:
        s = re.sub("[\x80-\x9f]", rng.choice(["?", "\ufffd", ""]), s)
    return s


def garbled():
    source = rng.choice([lambda: some(LANGUAGES, most=3), lambda: some(EMOJI, most=3), lambda: some(["“q”", "’s", "—", "…", "à la", "às ", "é"]),
                         neighbours, lambda: some(NOUNS, LANGUAGES, PUNCTUATION), any_runes])
    s = source()
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        s = garble(s)
    if rng.random() < .3:  # only a part of the text
        s = some(NOUNS, LANGUAGES, most=3) + rng.choice(["", " "]) + s + rng.choice(["", " "]) + some(NOUNS, PUNCTUATION, most=3)
    return s


TABLE = sorted(set("".join(bytes([b]).decode(e, "ignore") for e in chardata.CHARMAP_ENCODINGS for b in range(128, 256))))


def table_runes():
    """What mojibake is made of, at random, with letters and spaces between."""
    return "".join(rng.choice(rng.choice([TABLE, TABLE, "aZ ?.\n", "ÃÂâ€ðàØÙ √‚"])) for _ in range(rng.randrange(1, 12)))


def not_utf8():
    b = bytearray(some(LANGUAGES, EMOJI, NOUNS).encode())
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(b))
        cut = rng.randrange(3)
        b[at:at + cut] = bytes(rng.choice([rng.randrange(256), rng.randrange(0x80, 0x100), 0xED, 0xE0, 0xF0, 0xF4, 0xC0])
                               for _ in range(rng.randrange(3)))
    return bytes(b)


KINDS = {
    "caption": (caption, 8), "punctuation": (lambda: some(NOUNS, PUNCTUATION, CONTRACTIONS, NUMBERS), 10),
    "language": (lambda: some(LANGUAGES, NOUNS), 6), "unicode": (neighbours, 10), "any": (any_runes, 6),
    "marks": (marks, 6), "case": (cases, 8), "width": (lambda: some(WIDTHS, NOUNS), 3),
    "emoji": (lambda: some(EMOJI, NOUNS), 4), "entity": (entities, 12), "line": (lines, 5),
    "special": (lambda: some(SPECIALS, NOUNS), 3), "space": (lambda: some(SPACES, NOUNS), 3),
    "control": (lambda: some(CONTROLS, NOUNS, SPACES), 3), "invalid": (not_utf8, 3),
    "mojibake": (garbled, 14), "table": (table_runes, 8),
}


def reference(builtin):
    spec = importlib.util.find_spec("clip")
    path = spec.submodule_search_locations[0] + "/simple_tokenizer.py"
    spec = importlib.util.spec_from_file_location("simple_tokenizer", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not builtin:
        return module.SimpleTokenizer()
    source = (ROOT / "model/tokenizer_merges.c").read_text()
    merges = re.findall(r'"([^"]+)"', source[source.index("] = {"):])
    with tempfile.TemporaryDirectory() as folder:
        with gzip.open(folder + "/merges.gz", "wt") as f:
            f.write("\n".join(["#version: 0.2"] + merges))
        return module.SimpleTokenizer(folder + "/merges.gz")


def samples(count):
    names, weights = list(KINDS), [weight for _, weight in KINDS.values()]
    seen = set()
    while len(seen) < count:
        kind = rng.choices(names, weights)[0]
        text = KINDS[kind][0]()
        if isinstance(text, str):
            text = re.sub("[\ud800-\udfff]", "", text)  # no UTF-8 has them
        if text not in seen:
            seen.add(text)
            yield kind, text


def every():
    for c in map(chr, ASSIGNED):
        yield "rune", f"aΣ{c}b a{c}Σ {c}Σ {c} x{c}e\u0301"
    for name in sorted(set(NAMES) | {name.upper() for name in NAMES}):
        for text in (f"&{name}", f"&{name} &{name};x", f"a&{name}z", f"&amp;{name}", f"<&{name}z", f"e&{name}\u0301"):
            yield "name", text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seed", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("out")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--builtin", action="store_true")
    parser.add_argument("--every", action="store_true")
    which.add_argument("--test", metavar="PROGRAM")
    args = parser.parse_args()

    bad_codecs.ok()
    rng.seed(args.seed)
    tok = reference(args.builtin)
    with open(args.out, "w", encoding="utf-8") as f:
        for kind, text in itertools.chain(samples(args.count), every() if args.every else ()):
            row = {"class": kind}
            if isinstance(text, bytes):
                row["hex"] = text.hex()
                text = text.decode("utf-8", "replace")
            else:
                row["text"] = text
            row["ids"] = tok.encode(text)
            f.write(json.dumps(row) + "\n")
    if args.test:
        subprocess.run([args.test], env={**os.environ, "GALIP_CLIP_TOKENS": args.out}, check=True)


if __name__ == "__main__":
    main()
