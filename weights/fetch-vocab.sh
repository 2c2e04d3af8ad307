#!/usr/bin/env bash
# Gets CLIP's vocabulary, bpe_simple_vocab_16e6.txt.gz (OpenAI, MIT licence), out of the Python
# package clip-anytorch. Silent when it is there already.
#   weights/fetch-vocab.sh [FILE]    default: beside this script, where the tests look for it
set -euo pipefail

package=clip-anytorch==2.6.0
name=bpe_simple_vocab_16e6.txt.gz
sum=924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a
out=${1:-$(dirname "$0")/$name}

fail() {
    echo "fetch-vocab: $*" >&2
    exit 1
}

is_vocabulary() {
    sha256sum --check --status <<<"$sum  $1" 2>/dev/null
}

if [ -e "$out" ]; then
    is_vocabulary "$out" || fail "$out is another file: its SHA-256 is not $sum"
    exit 0
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch" "$out.tmp.$$"' EXIT
echo "fetch-vocab: downloading $package"
{ python3 -m venv "$scratch/venv" &&
    timeout 300 "$scratch/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps \
        --only-binary :all: --dest "$scratch" "$package" &&
    python3 -m zipfile --extract "$scratch"/*.whl "$scratch"; } >"$scratch/log" 2>&1 ||
    fail "cannot get $package: $(tail -n 1 "$scratch/log")"
is_vocabulary "$scratch/clip/$name" ||
    fail "clip/$name of $package: its SHA-256 is not $sum"
cp "$scratch/clip/$name" "$out.tmp.$$" || fail "cannot write $out"
mv "$out.tmp.$$" "$out"
