#!/usr/bin/env bash
# Runs the op suites and `galip check` on an OpenCL implementation other than the default one.
#   ci/second-opinion.sh rusticl    Mesa's, on llvmpipe
#   ci/second-opinion.sh intel      Intel's CPU runtime, as ci/setup.sh --all has installed it
# Exits with 77 and a reason where the implementation is not there.
set -euo pipefail
cd "$(dirname "$0")/.."

max_work=20000000 # FLOPs and elements of a case where a GPU is pretended
# Faults of op_test --self-test that this implementation hides, and must hide.
hidden=
case "${1:-}" in
rusticl)
    export OCL_ICD_VENDORS=/etc/OpenCL/vendors/rusticl.icd RUSTICL_ENABLE=llvmpipe
    hidden=broken_overread # llvmpipe checks bounds: a read behind the end gives 0
    absent="Debian's mesa-opencl-icd is not installed"
    ;;
intel)
    export OCL_ICD_VENDORS=$PWD/build-intel-rt/vendors LD_LIBRARY_PATH=$PWD/build-intel-rt/lib
    absent=$(cat build-intel-rt/reason 2>/dev/null || echo "ci/setup.sh --all has not run")
    ;;
*) echo "usage: ci/second-opinion.sh rusticl | intel" >&2 && exit 2 ;;
esac
if [ ! -e "$OCL_ICD_VENDORS" ]; then
    echo "skipped: $1: $absent"
    exit 77
fi

XDG_CACHE_HOME=$(mktemp -d)
export XDG_CACHE_HOME
trap 'rm -rf "$XDG_CACHE_HOME"' EXIT
failed=0

build/galip devices
out=$(timeout 1200 build/galip check --math strict 2>&1) || failed=1
grep -A 2 '^FAIL' <<<"$out" || true
echo "$1, galip check: $(tail -n 1 <<<"$out")"
out=$(timeout 600 build/tests/op_test --as gpu --max-work $max_work 2>&1) || failed=1
grep -A 2 FAIL <<<"$out" || true
echo "$1, as gpu: $(tail -n 1 <<<"$out")"
out=$(timeout 120 build/tests/op_test --self-test 2>&1) || true
missed=$(sed -n 's/: NOT CAUGHT$//p' <<<"$out")
echo "$1, self-test: $(tail -n 1 <<<"$out")${missed:+, not caught: $missed}"
if [ "$missed" != "$hidden" ] || ! grep -q 'broken_right: as expected' <<<"$out"; then
    echo "FAILED: $1, self-test: expected not to be caught: ${hidden:-nothing}"
    failed=1
fi
exit $failed
