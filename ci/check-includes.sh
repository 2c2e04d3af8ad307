#!/usr/bin/env bash
# Checks that every include points the allowed way through the layers (the table below), first on
# made-up wrong includes, which it must catch, then on the tree.
set -euo pipefail
cd "$(dirname "$0")/.."

# What a file of each layer may include. A layer is a folder of this table with what is below it.
declare -A may=(
    [base]='base'
    [weights]='weights base'
    [image]='image base'
    [host]='host base'
    [host/ops]='host/ops host base'
    [model]='model host host/ops weights image base'
    [cli]='cli bench model host host/ops weights image base'
    [tests/suite]='tests/suite host base'
    [tests/ops]='tests/suite host host/ops base'
    [bench]='bench tests/suite model host host/ops weights image base'
    [tests]='tests tests/suite bench model host host/ops weights image base'
    [kernels]='kernels/common'
    [kernels/common]='kernels/common'
)

# layer_of FILE: sets layer to the deepest folder of the table that holds the file, or to nothing.
layer_of() {
    layer=$1
    while [[ $layer == */* ]]; do
        layer=${layer%/*}
        [ -z "${may[$layer]:-}" ] || return 0
    done
    layer=
}

# check ROOT FILE...: prints each include that the table forbids; fails when there is one.
check() {
    local root=$1 wrong=0 file line text name target from dir
    shift
    while IFS=: read -r file line text; do
        name=${text#*[\"<]}
        name=${name%%[\">]*}
        target=
        for dir in '' "${file%/*}/" kernels/; do
            [ -n "$target" ] || [ ! -e "$root/$dir$name" ] || target=$dir$name
        done
        layer_of "$file"
        from=$layer
        # a system header: not of this tree, and nothing for a kernel
        [ -n "$target" ] || [[ $from == kernels* ]] || continue
        # the manifest of the ops is a table without code
        [[ $target != host/ops/ops.def || $from != @(host|tests/suite) ]] || continue
        layer_of "$target"
        [[ $name != *..* && -n $layer && " ${may[$from]} " == *" $layer "* ]] || {
            echo "$file:$line: includes $name; $from may include only: ${may[$from]}"
            wrong=1
        }
    done < <(cd "$root" && grep -HnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]' "$@")
    return $wrong
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# self_test FILE INCLUDE: the wrong include must be caught.
self_test() {
    mkdir -p "$scratch/${1%/*}" "$scratch/${2%/*}"
    printf '  # include "%s"\n' "$2" >"$scratch/$1"
    touch "$scratch/$2"
    ! check "$scratch" "$1" >"$scratch/out" || {
        echo "check-includes: self-test: '$1 includes $2' was not caught" >&2
        exit 1
    }
}
self_test base/a.c host/a.h
self_test weights/a.c image/a.h
self_test host/a.c host/ops/a.h
self_test host/ops/a.c model/a.h
self_test model/a.c cli/a.h
self_test tests/ops/a.c cli/a.h
self_test bench/a.c tests/a.h
self_test model/a.c bench/a.h
self_test kernels/a.cl base/a.h
self_test kernels/a.cl kernels/b.cl
self_test kernels/common/a.h kernels/c.h

mapfile -t files < <(for layer in "${!may[@]}"; do
    git ls-files -co --exclude-standard "$layer/*.c" "$layer/*.h" "$layer/*.cl"
done | sort -u)
check . "${files[@]}"
echo "check-includes: ${#files[@]} files, every include points the allowed way"
