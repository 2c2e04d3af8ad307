#!/usr/bin/env bash
# Builds the host code with AddressSanitizer and UndefinedBehaviorSanitizer into build-sanitize/ and
# runs the tests on it, leak checks included. Kernels themselves are not instrumented.
set -euo pipefail
cd "$(dirname "$0")/.."

generator=()
! command -v ninja >/dev/null || generator=(-G Ninja)
[ ! -e build-sanitize/CMakeCache.txt ] || generator=()
cmake -S . -B build-sanitize "${generator[@]}" -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DGALIP_SANITIZE=address,undefined >/dev/null
cmake --build build-sanitize --parallel "$(nproc)" >/dev/null

# What the OpenCL driver and its compiler keep until the process ends is theirs.
export LSAN_OPTIONS="suppressions=$PWD/ci/lsan.supp:print_suppressions=0"
# One driver, so that the others' own leaks are not looked at.
[ ! -e /etc/OpenCL/vendors/pocl.icd ] || export OCL_ICD_VENDORS=/etc/OpenCL/vendors/pocl.icd
export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1

run() {
    ctest --test-dir build-sanitize --parallel "$(nproc)" --output-on-failure "$@"
}
# The host code of op.* is that of op.as_* and op.corners too.
run -E '^op\.(as_|corners)' && exit
# LeakSanitizer's tracer at times fails by a signal of its own while the driver's threads end, also in
# programs that a test starts. What failed runs once more: what always happens fails again, what happens
# at times is in the output only.
run --rerun-failed
