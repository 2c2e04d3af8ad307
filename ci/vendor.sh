#!/usr/bin/env bash
# Compiles every kernel, with the options that the program would launch it with on GPUs of three vendors
# (which of them: vendor/jobs.awk), offline, and holds registers, spills, memory and occupancy against
# docs/vendor-table.md.
#
#     ci/vendor.sh            fails where something does not compile, has an undefined symbol, spills,
#                             or got worse than the table says; first on planted faults, which it must
#                             find
#     ci/vendor.sh --write    the same, but for the table, which is written anew
#     ci/vendor.sh PROGRAM... only these ("linear", "conv2d/few"): prints their lines of the table
#
# What is launched tells build/tests/kernel_rows, from the variants' own predicates: what a variant
# refuses on a target is not compiled for it. Exits with 77 and a reason where the compilers of
# ci/setup.sh --all are not there.
set -euo pipefail
cd "$(dirname "$0")/.."

table=docs/vendor-table.md
vendors=(amd intel nvidia)
declare -A targets=(
    [amd]='gfx906 gfx90a gfx1030 gfx1100'
    [intel]='skl tgllp dg2 pvc'
    [nvidia]='sm_75 sm_80 sm_90'
)
read -ra all_targets <<<"${targets[amd]} ${targets[intel]} ${targets[nvidia]}"
rows=build/tests/kernel_rows
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/source" "$work/out"

# first WORD...: the first that is a program or a path.
first() {
    local word
    for word; do
        command -v "$word" || compgen -G "$word" || continue
        return 0
    done
    return 1
}

# need WORD...: the same; without one nothing can be checked.
need() {
    first "$@" && return
    echo "skipped: $*: not here (ci/setup.sh --all installs it)" >&2
    return 77
}

# version PACKAGE: as Debian calls what is installed.
version() {
    dpkg-query -W -f '${Version}' "$1" 2>/dev/null || echo unknown
}

# ocloc answers in a file named as the question.
ocloc_version() {
    (cd "$work" && "$ocloc" query OCL_DRIVER_VERSION >/dev/null 2>&1 && tr -d '\0' <OCL_DRIVER_VERSION)
}

# Finds the tools of compile.sh and sets compilers[VENDOR], which the table names.
declare -A compilers
find_tools() {
    clang=$(need clang-19)
    llvm=$(need /usr/lib/llvm-19/bin)
    libclc=$(need /usr/lib/clc/nvptx64--nvidiacl.bc)
    bitcode=$(need /usr/lib/x86_64-linux-gnu/amdgcn/bitcode)
    clang_spirv=$(need clang-15)
    llvm_spirv=$(need llvm-spirv-15)
    spirv_val=$(need spirv-val)
    ocloc=$(need "$PWD/build-ocloc/usr/bin/ocloc" ocloc)
    ptxas=$(first "$PWD/build-ptxas/ptxas" ptxas || true)
    declare -p clang llvm libclc clang_spirv llvm_spirv spirv_val ocloc ptxas >"$work/tools"
    [[ $ocloc != "$PWD"/* ]] || export LD_LIBRARY_PATH=$PWD/build-ocloc/usr/lib/x86_64-linux-gnu
    compilers=(
        [amd]="clang $(version clang-19), rocm-device-libs $(version rocm-device-libs)"
        [intel]="ocloc $(ocloc_version), libigc1 $(version libigc1)"
        [nvidia]="clang $(version clang-19), no ptxas: only the text of PTX is checked"
    )
    [ -z "$ptxas" ] ||
        compilers[nvidia]="clang $(version clang-19), ptxas $("$ptxas" --version | sed -n 's/.*, V//p')"
}

# Debian's device libraries lack the constants that tell of some newer targets.
complete_device_libraries() {
    local target number
    mkdir -p "$work/amdgcn/bitcode"
    ln -s "$bitcode"/*.bc "$work/amdgcn/bitcode/"
    for target in ${targets[amd]}; do
        number=${target#gfx}
        [ ! -e "$bitcode/oclc_isa_version_$number.bc" ] || continue
        "$llvm/llvm-dis" -o - "$bitcode/oclc_isa_version_1030.bc" | sed "s/i32 10300/i32 ${number}0/" |
            "$llvm/llvm-as" -o "$work/amdgcn/bitcode/oclc_isa_version_$number.bc"
    done
}

# list_jobs: from $work/rows the arguments of compile.sh, a line a job, the slow ones first.
list_jobs() {
    awk -v amd="${targets[amd]}" -v intel="${targets[intel]}" -v nvidia="${targets[nvidia]}" \
        -f ci/vendor/jobs.awk "$work/rows" "$work/rows" | sort -k1,1n | cut -d' ' -f2- | nl -w1 -s' '
}

# compile_all: compiles what $work/rows asks for; results in $work/results.
compile_all() {
    local program
    awk '{ print $2 }' "$work/rows" | sort -u | while read -r program; do
        mkdir -p "$work/source/$(dirname "$program")"
        "$rows" --source "$program" >"$work/source/$program.cl"
    done
    list_jobs >"$work/jobs"
    xargs -P "$(nproc)" -d '\n' -n 1 ci/vendor/compile.sh "$work" <"$work/jobs"
    cat "$work/out"/* >"$work/results"
    rm "$work/out"/*
}

# Rows of the kernel files that no op launches (bench/, check/): whether they compile as they are is all
# that matters.
other_rows() {
    local file program target
    for file in kernels/*.cl kernels/*/*.cl; do
        program=${file#kernels/}
        program=${program%.cl}
        ! grep -q "^[^ ]* $program " "$work/rows" || continue
        for target in cl12 "${all_targets[@]}"; do
            echo "$target $program - other 64 0 other"
        done
    done
}

# findings: what is wrong, a line each, by $work/results and $work/rows.
findings() {
    awk -F '\t' '$1 == "wrong" { print $2 ": " $3 ".cl " $4 ": " $5 }' "$work/results"
    awk -f ci/vendor/join.awk "$work/rows" "$work/results" | awk -F '\t' '
        $6 + 0 > 0 { print $1 ": " $2 ".cl " $4 ": " $3 " (" $11 ") spills " $6 }'
}

# planted FAULT FINDING TARGET...: whether it was found on each target in tests/kernels/vendor/FAULT.cl.
planted() {
    local fault=$1 finding=$2 target
    shift 2
    for target; do
        grep -q "^$target: vendor/$fault.cl .*$finding" "$work/findings" || {
            echo "vendor: self-test: planted and not found on $target: $fault" >&2
            return 1
        }
    done
}

self_test() {
    local target fault
    for target in gfx906 skl sm_75 cl12; do
        for fault in spill undefined extension right; do
            echo "$target vendor/$fault vendor_$fault other 64 0 planted"
        done
    done >"$work/rows"
    GALIP_KERNEL_DIR=tests/kernels compile_all
    findings >"$work/findings"
    planted spill 'vendor_spill (planted) spills' gfx906 skl ${ptxas:+sm_75}
    planted undefined 'undefined symbol: vendor_missing' gfx906 skl sm_75 cl12
    planted extension 'cl_khr_fp64' cl12
    if grep ': vendor/right.cl ' "$work/findings" >&2; then
        echo "vendor: self-test: a right kernel was found wrong" >&2
        return 1
    fi
    echo "vendor: found a spill, an undefined function and an undeclared extension"
}

# table_text: the table of $work/rows and $work/results.
table_text() {
    cat <<'TEXT'
# What three vendors' compilers make of the kernels

Written by `ci/vendor.sh --write`; CI fails when a figure gets worse than it is here, and always when a
kernel spills. A row is a kernel on a target over the sets of options with which the program launches it
there: the most registers, spills and bytes, the least width and occupancy.

- registers: vector registers a work-item (AMD), 32-byte registers a thread (Intel), registers a
  work-item (NVIDIA)
- scratch: bytes of memory a work-item, for spills and for private arrays that are not in registers
- local: bytes of local memory a group, arguments included
- width: work-items that run in step
- occupancy: percent of the threads that a core holds at most, as far as registers and local memory
  (Intel: registers) allow

TEXT
    for vendor in "${vendors[@]}"; do
        echo "$vendor: ${compilers[$vendor]}  "
    done
    echo
    table_lines
}

table_lines() {
    printf '| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n' kernel target options registers \
        spilled scratch local width 'occupancy %'
    echo '|---|---|--:|--:|--:|--:|--:|--:|--:|'
    awk -f ci/vendor/join.awk "$work/rows" "$work/results" |
        awk -F '\t' -v order="${all_targets[*]}" -f ci/vendor/table.awk
}

# worse: lines of the new table that are worse than the committed one's, or not in it. Where a vendor's
# compilers are others than the table's, figures mean nothing; said, not compared.
worse() {
    local vendor compared=
    for vendor in "${vendors[@]}"; do
        if grep -qxF "$vendor: ${compilers[$vendor]}  " "$table"; then
            compared+=" ${targets[$vendor]}"
        else
            echo "vendor: $vendor is not compared, the table was made by other compilers" >&2
        fi
    done
    awk -F ' *[|] *' -v compared="$compared" -f ci/vendor/worse.awk "$table" "$work/table"
}

if [[ ${1:-} == -* && "$*" != --write ]]; then
    echo "usage: ci/vendor.sh [--write | PROGRAM...]" >&2
    exit 2
fi
find_tools
complete_device_libraries
self_test

"$rows" >"$work/rows"
if [[ $# -gt 0 && $1 != --write ]]; then
    awk -v programs=" $* " 'index(programs, " " $2 " ")' "$work/rows" >"$work/some"
    mv "$work/some" "$work/rows"
    compile_all
    table_lines
    findings | tee "$work/findings"
    [ ! -s "$work/findings" ]
    exit
fi
other_rows >"$work/other"
cat "$work/other" >>"$work/rows"
compile_all
findings | tee "$work/findings"
table_text >"$work/table"
[ "${1:-}" != --write ] || cp "$work/table" "$table"
worse | tee "$work/worse"
for vendor in "${vendors[@]}"; do
    echo "vendor: $vendor, ${compilers[$vendor]}: ${targets[$vendor]}"
done
awk '{ n[$2 ~ /strict|spirv/ ? $2 : "vendor"] += gsub(/,/, ",", $3) + 1 }
     END { printf "vendor: %d compilations, %d by the front end without extensions, %d of them to SPIR-V\n",
                  n["vendor"], n["strict"] + n["spirv"], n["spirv"] }' "$work/jobs"
if [ -s "$work/findings" ] || [ -s "$work/worse" ]; then
    echo "vendor: $(wc -l <"$work/findings") findings, $(wc -l <"$work/worse") figures worse than $table" >&2
    exit 1
fi
