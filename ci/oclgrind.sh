#!/usr/bin/env bash
# Runs the small cases of every op, with every variant, in Oclgrind (an OpenCL device that interprets
# kernels and watches each access): data races and accesses out of bounds, with the launches of each
# kind of device that op_test can pretend, then uninitialised values. Oclgrind's exit code is the
# program's; what tells is its log. It must be empty, and must name each fault planted first.
set -euo pipefail
cd "$(dirname "$0")/.."

max_work=200000 # FLOPs and elements of a case; interpreting a million takes seconds
races=(--data-races)
# --uninitialized ends at instructions that only optimised code has
unset_values=(--uninitialized --max-errors 1000000 --build-options -cl-opt-disable)
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# grind FLAGS... -- OP_TEST_FLAGS...: words in $work/out, findings in $work/log. A cache of programs
# for each set of flags: a cached program ignores --build-options.
grind() {
    local flags=()
    while [ "$1" != -- ]; do
        flags+=("$1")
        shift
    done
    shift
    : >"$work/log"
    XDG_CACHE_HOME=$work/${flags[*]} timeout 600 oclgrind "${flags[@]}" --log "$work/log" \
        build/tests/op_test --apart "$@" >"$work/out" 2>&1
}

# clean ARGUMENTS_OF_GRIND...: whether the tests passed and nothing was found.
clean() {
    grind "$@" && [ ! -s "$work/log" ]
}

# fail WHAT: says what failed and shows the beginning of why.
fail() {
    failed=1
    echo "FAILED: oclgrind, $1"
    { grep FAIL "$work/out" || true; } | head -n 10
    head -n 20 "$work/log"
}

# plant FAULT FINDING FLAGS...: the finding must be told of the kernel broken_FAULT.
plant() {
    grind "${@:3}" -- --fault "$1" || true
    if ! grep -q "$2" "$work/log" || ! grep -q "Kernel: broken_$1" "$work/log"; then
        fail "planted and not found: $1"
    fi
}
plant race 'data race' "${races[@]}"
plant overrun 'Invalid write' "${races[@]}"
plant overread 'Invalid read' "${races[@]}"
plant uninitialised 'Uninitialized value' "${unset_values[@]}"
for flags in races unset_values; do
    declare -n chosen=$flags
    clean "${chosen[@]}" -- --fault right || fail "a right kernel, $flags"
done
[ $failed = 1 ] || echo "oclgrind: found a race, an overrun, an overread and an uninitialised value"

for kind in '' gpu small; do
    what="races and bounds${kind:+, as $kind}"
    clean "${races[@]}" -- --max-work $max_work ${kind:+--as "$kind"} || fail "$what"
    [ -n "$kind" ] || head -n 1 "$work/out"
    echo "oclgrind: $what: $(tail -n 1 "$work/out")"
done

# Not of CLBlast's kernels, whose names begin with a capital, and not of the epilogues that read their
# products: each result that XgemmDirect stores is reported, right as it is.
theirs='Kernel: ([A-Z]|(linear_epilogue|conv2d_finish)_f32\n)'
passed=0
build/tests/op_test --list --max-work $((max_work / 4)) >"$work/cases"
# A process for each case and variant: where new buffers take the place of old ones, Oclgrind 21.10
# calls bytes uninitialised that were written.
while read -r op row variant; do
    flags=("${unset_values[@]}")
    # it crashes in functions that take small vectors unless the optimiser inlines them
    [ "$op" != normal_noise ] || flags=(--uninitialized --max-errors 1000000)
    ran=0
    grind "${flags[@]}" -- --op "$op" --case "$row" --variant "$variant" || ran=$?
    awk -v theirs="$theirs" 'BEGIN { RS = ""; ORS = "\n\n" } $0 !~ theirs' "$work/log" >"$work/findings"
    mv "$work/findings" "$work/log"
    if [ $ran != 0 ] || [ -s "$work/log" ]; then
        fail "uninitialised values, op $op, case $row, variant $variant"
    else
        count=$(tail -n 1 "$work/out")
        passed=$((passed + ${count%% *}))
    fi
done <"$work/cases"
echo "oclgrind: uninitialised values, $(wc -l <"$work/cases") cases and variants: $passed passed"
[ $failed = 0 ] && [ $passed -gt 0 ]
