#!/usr/bin/env bash
# Downloads published weights from their official addresses and converts them for galip.
#   weights/fetch.sh [--to FOLDER] [--dry-run] MODEL...
#   weights/fetch.sh --list
# A download that was cut short goes on where it ended; a file whose SHA-256 is published is checked.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

models=(galip-cc12m galip-coco clip clip-hf)
about() {
    case $1 in
    galip-cc12m) echo "GALIP trained on CC12M, with CLIP ViT-B/32" ;;
    galip-coco) echo "GALIP trained on COCO, with CLIP ViT-B/32" ;;
    clip) echo "CLIP ViT-B/32 alone, as OpenAI published it" ;;
    clip-hf) echo "the same from Hugging Face" ;;
    esac
}

# files_of MODEL: what `galip convert` gets, the vocabulary last: Hugging Face's, with OpenAI's merges.
files_of() {
    case $1 in
    galip-*) echo "ViT-B-32.pt pre_${1#galip-}.pth hf/merges.txt" ;;
    clip) echo "ViT-B-32.pt hf/merges.txt" ;;
    clip-hf) echo "hf/pytorch_model.bin hf/config.json hf/merges.txt" ;;
    esac
}

# Of each file: MB, SHA-256 or -, address, licence. Google Drive publishes no sums.
openai=https://openaipublic.azureedge.net/clip/models
hf=https://huggingface.co/openai/clip-vit-base-patch32/resolve/3d74acf9a28c67741b2f4f2ea7635f0aaf6f0268
drive="https://drive.usercontent.google.com/download?export=download&confirm=t&id="
mit="MIT (github.com/openai/CLIP)"
galip="CC BY-NC-SA 4.0, academic research only: NON-COMMERCIAL (github.com/tobran/GALIP)"
describe() {
    local sum
    case $1 in
    ViT-B-32.pt)
        sum=40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af
        file=(354 "$sum" "$openai/$sum/$1" "$mit")
        ;;
    hf/pytorch_model.bin)
        file=(605 a63082132ba4f97a80bea76823f544493bffa8082296d62d71581a4feff1576f "$hf/${1#hf/}" "$mit")
        ;;
    hf/config.json)
        file=(1 b575ef3c36f2a057fa19e221650105052d61cc9c1a972ec15019c6261ec98770 "$hf/${1#hf/}" "$mit")
        ;;
    hf/merges.txt)
        file=(1 f526393189112391ce6f9795d4695f704121ce452c3aad1f5335cc41337eba85 "$hf/${1#hf/}" "$mit")
        ;;
    pre_cc12m.pth) file=(- - "${drive}1VnONvNRjuyHTzuLKBbozZ38-WIt7XZMC" "$galip") ;;
    pre_coco.pth) file=(- - "${drive}1gbfwDeD7ftZmdOFxfffCjKCyYfF4ptdl" "$galip") ;;
    esac
}

usage() {
    echo "usage: weights/fetch.sh [--to FOLDER] [--dry-run] MODEL... | --list

Makes FOLDER/MODEL.safetensors (default: weights/published) from the files that are published, which
it downloads with curl or wget. --dry-run tells what would be done. Needs galip (build/galip, or on
the path). A file that cannot be had from here can be put into FOLDER by hand.

models:"
    for model in "${models[@]}"; do
        printf '  %-12s %s\n' "$model" "$(about "$model")"
    done
}

list() {
    local model name
    for model in "${models[@]}"; do
        echo "$model: $(about "$model")"
        for name in $(files_of "$model"); do
            describe "$name"
            printf '    %-28s %4s MB  %s\n        sha256   %s\n        licence  %s\n' \
                "$name" "${file[0]}" "${file[2]}" "${file[1]/#-/none is published}" "${file[3]}"
        done
    done
}

fail() {
    echo "fetch: $*" >&2
    exit 1
}

# run WORDS...: does it, or tells.
run() {
    if [ -n "$dry" ]; then
        printf '%q ' "$@"
        echo
    else
        "$@"
    fi
}

# is_right FILE: its SHA-256 is the one published; where none is, a zip archive, as PyTorch writes.
is_right() {
    if [ "${file[1]}" != - ]; then
        sha256sum --check --status <<<"${file[1]}  $1"
    else
        [ "$(head -c 2 "$1")" = PK ]
    fi
}

# fetch NAME: into $to, unless it is there.
fetch() {
    local name=$1 path=$to/$1
    describe "$name"
    if [ -e "$path" ]; then
        is_right "$path" || fail "$path is not the file that is published${by_hand[$name]:-}"
        echo "fetch: $name is there"
        return
    fi
    echo "fetch: $name, licence: ${file[3]}"
    run mkdir -p "$(dirname "$path")"
    if [ "${file[1]}" != - ] && [ -e "$path.part" ] && is_right "$path.part"; then
        : # all of it came before
    elif command -v curl >/dev/null; then
        run curl --fail --location --retry 3 --continue-at - --output "$path.part" "${file[2]}"
    elif command -v wget >/dev/null; then
        run wget --continue --tries 3 --output-document "$path.part" "${file[2]}"
    else
        fail "needs curl or wget"
    fi || fail "cannot download $name; run this again to go on${by_hand[$name]:-}"
    [ -n "$dry" ] || is_right "$path.part" ||
        { rm -f "$path.part" && fail "$name came damaged, or is not what was asked for${by_hand[$name]:-}"; }
    run mv "$path.part" "$path"
}

declare -A by_hand # Google Drive may answer with a page that asks, or refuse for a day
for name in pre_cc12m.pth:1VnONvNRjuyHTzuLKBbozZ38-WIt7XZMC pre_coco.pth:1gbfwDeD7ftZmdOFxfffCjKCyYfF4ptdl; do
    by_hand[${name%:*}]="; by hand: open https://drive.google.com/file/d/${name#*:}/view in a browser, \
save the file as ${name%:*} in the folder of the others, and run this again"
done

to=$here/published dry='' wanted=()
while [ $# -gt 0 ]; do
    case $1 in
    --help | -h) usage && exit ;;
    --list) list && exit ;;
    --dry-run) dry=1 ;;
    --to)
        [ $# -gt 1 ] || { usage >&2 && exit 2; }
        to=$2
        shift
        ;;
    *)
        [ -n "$(about "$1")" ] || { echo "fetch: no model \"$1\"" >&2 && usage >&2 && exit 2; }
        wanted+=("$1")
        ;;
    esac
    shift
done
[ ${#wanted[@]} -gt 0 ] || { usage >&2 && exit 2; }
program=$here/../build/galip
[ -x "$program" ] || program=$(command -v galip) || [ -n "$dry" ] ||
    fail "galip is not built: ci/setup.sh && ci/build.sh"

for model in "${wanted[@]}"; do
    paths=()
    for name in $(files_of "$model"); do
        fetch "$name"
        paths+=("$to/$name")
    done
    last=$((${#paths[@]} - 1))
    run "${program:-galip}" convert "${paths[@]:0:last}" --vocab "${paths[last]}" \
        -o "$to/$model.safetensors"
done
