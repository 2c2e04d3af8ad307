#!/usr/bin/env bash
# Configures and builds (Release) into build/ and leaves the program at build/galip beside the
# libraries; with --tests also the test programs. In CI a warning is an error.
set -euo pipefail
cd "$(dirname "$0")/.."

options=()
[ "${1:-}" != --tests ] || options+=(-DGALIP_TESTS=ON)
if [ ! -e build/CMakeCache.txt ]; then
    options=(-DCMAKE_BUILD_TYPE=Release -DGALIP_TESTS=OFF "${options[@]}")
    ! command -v ninja >/dev/null || options+=(-G Ninja)
fi
[ -z "${CI:-}" ] || options+=(-DGALIP_WERROR=ON)

# logged NAME COMMAND...: runs the command, its words in build/NAME.log, shown when it fails.
logged() {
    local log=build/$1.log
    shift
    "$@" >"$log" 2>&1 || { cat "$log" >&2 && exit 1; }
}

mkdir -p build
logged configure cmake -S . -B build "${options[@]}"
logged build cmake --build build --parallel "$(nproc)"
grep -A 5 'warning:' build/build.log >&2 || true
