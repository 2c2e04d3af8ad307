#!/usr/bin/env bash
# Checkpoints of every kind that `galip convert` reads, written by PyTorch itself
# (tests/fixtures/make_checkpoints.py, galip-56): each must become the file that the weights themselves
# become, byte for byte, and draw the same picture; wrong ones must be refused and leave no file.
# Exits with 77 where Debian's python3-torch is not there.
set -euo pipefail
cd "$(dirname "$0")/.."

python=/usr/bin/python3
if ! "$python" -c 'import torch' 2>/dev/null; then
    echo "skipped: Debian's python3-torch is not installed"
    exit 77
fi
galip=$PWD/build/galip
make=$PWD/tests/fixtures/make_checkpoints.py
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"$galip" convert synthetic:3 --preset galip-56 -o weights.safetensors >/dev/null
"$python" "$make" weights.safetensors .

passed=0 failed=0

# judge STATUS NAME: counts.
judge() {
    if [ "$1" = 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1)) && echo "FAILED: $2"
    fi
}

# draw FOLDER: FOLDER/model.safetensors draws FOLDER/picture.png.
draw() {
    (cd "$1" && "$galip" generate "a cat" --seed 5 -w model.safetensors \
        -o picture.png >/dev/null)
}

# same WANT IN...: the inputs become the model of folder WANT, and it draws the same.
same() {
    local want=$1 status=0
    shift
    rm -rf made && mkdir made
    "$galip" convert "$@" -o made/model.safetensors >/dev/null && draw made &&
        cmp "$want/model.safetensors" made/model.safetensors &&
        cmp "$want/picture.png" made/picture.png || status=1
    judge $status "$*"
}

# refused WORDS IN...: an error with these words, and no file.
refused() {
    local words=$1 status=0 wrong=0
    shift
    rm -rf made && mkdir made
    "$galip" convert "$@" -o made/model.safetensors >/dev/null 2>words || status=$?
    [ $status = 1 ] && grep -qF -- "$words" words && [ -z "$(ls made)" ] || wrong=1
    judge $wrong "$* must be refused: $words"
}

for kind in direct direct_f16; do
    mkdir $kind
    "$galip" convert $kind.safetensors -o $kind/model.safetensors >/dev/null
    draw $kind
done
same direct galip.pth openai.pt
same direct open_clip.pt galip_module.pth
same direct galip.pth open_clip_f64.pt
same direct hf/pytorch_model.bin galip.pth
same direct hf/model.safetensors galip.pth
same direct direct/model.safetensors --f32
same direct_f16 galip_f16.pth openai_f16.pt

mkdir with_vocab
"$galip" convert direct.safetensors hf/config.json --vocab hf/merges.txt \
    -o with_vocab/model.safetensors >/dev/null
draw with_vocab
same with_vocab hf/model.safetensors hf/config.json galip.pth --vocab hf/tokenizer.json

mkdir gelu
"$galip" convert direct.safetensors --activation gelu -o gelu/model.safetensors >/dev/null
draw gelu
differs=0
! cmp --silent direct/picture.png gelu/picture.png || differs=1
judge $differs "--activation gelu must draw another picture"

refused 'netG was trained with another CLIP' galip_other.pth openai.pt
refused 'needs three, for queries, keys and values' hf_thirds.bin
refused 'comes twice' galip.pth galip_module.pth
refused 'not of preset "galip-224"' galip.pth openai.pt --preset galip-224
refused 'is no weight file' hf/merges.txt
echo "checkpoints: $passed passed, $failed failed"
[ $failed = 0 ]
