#!/usr/bin/env bash
# Builds the fuzz targets with clang's libFuzzer and sanitizers into build-fuzz/ and runs each from its
# corpus, one a core.
#   ci/fuzz.sh [SECONDS [NAME...]]    SECONDS for each (default 20), of the named targets (default all)
# A case that fails is left in build-fuzz/found/; CONTRIBUTING.md tells what to do with it.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-20}
names=("${@:2}")
[ ${#names[@]} -gt 0 ] || mapfile -t names < <(basename -s .c tests/fuzz/fuzz_*.c | sed 's/^fuzz_//')

generator=()
! command -v ninja >/dev/null || generator=(-G Ninja)
[ ! -e build-fuzz/CMakeCache.txt ] || generator=()
CC=clang cmake -S . -B build-fuzz "${generator[@]}" -DCMAKE_BUILD_TYPE=None -DCMAKE_C_FLAGS=-O1 \
    -DGALIP_FUZZ=ON >/dev/null
cmake --build build-fuzz --parallel "$(nproc)" --target fuzz >build-fuzz/build.log || {
    cat build-fuzz/build.log >&2
    exit 1
}

found=build-fuzz/found
TMPDIR=$(mktemp -d) # also where the targets write
trap 'rm -rf "$TMPDIR"' EXIT
mkdir -p $found
export TMPDIR found seconds

# fuzz NAME: one line of figures, or the end of what libFuzzer says about a case that fails.
fuzz() {
    local log=$TMPDIR/$1.log dict=tests/fuzz/$1.dict options=()
    [ ! -e "$dict" ] || options=(-dict="$dict")
    mkdir "$TMPDIR/$1"
    if ! "build-fuzz/tests/fuzz/fuzz_$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
        -malloc_limit_mb=1000 -keep_seed=1 -print_final_stats=1 -artifact_prefix="$found/$1-" \
        "${options[@]}" "$TMPDIR/$1" "tests/fuzz/corpus/$1" >"$log" 2>&1; then
        tail -n 40 "$log"
        echo "FAILED: fuzz_$1"
        return 1
    fi
    awk -v name="$1" '/ cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") cov = $(i + 1) }
        /^stat::number_of_executed_units/ { runs = $2 }
        END { printf "fuzz_%-12s %9d executions, coverage %4d\n", name, runs, cov }' "$log"
}
export -f fuzz
printf '%s\n' "${names[@]}" | xargs -P "$(nproc)" -I {} bash -c 'fuzz {}'
