#!/usr/bin/env bash
# Set-up, build and all tests; where CI=true also the checks of the source, the kernels in GPU vendors'
# compilers, a build with clang, the tests under sanitizers and an installation. Closes with the number
# of executed cases; each check counts as one. In CI a skipped case is a failed one unless it names its
# reason.
set -euo pipefail
cd "$(dirname "$0")/.."

passed=0 failed=0 skipped=0

# count STATUS COMMAND: one case more, passed or failed, or skipped where the command has ended with 77,
# having said why; the work goes on.
count() {
    case $1 in
    0) passed=$((passed + 1)) ;;
    77) skipped=$((skipped + 1)) ;;
    *) failed=$((failed + 1)) && echo "FAILED: $2" ;;
    esac
}

# check COMMAND...
check() {
    local status=0 start=$SECONDS
    echo "== $*"
    "$@" || status=$?
    count $status "$*"
    echo "== $((SECONDS - start)) s"
}

# check_together 'COMMAND'...: at once, as each of them leaves cores idle; shows one's output after the
# other's.
check_together() {
    local status i logs pids=() start=$SECONDS
    logs=$(mktemp -d)
    trap 'kill "${pids[@]}" 2>/dev/null; rm -r "$logs"' EXIT
    for ((i = 1; i <= $#; i++)); do
        ${!i} >"$logs/$i" 2>&1 &
        pids[i]=$!
    done
    for ((i = 1; i <= $#; i++)); do
        status=0
        wait "${pids[i]}" || status=$?
        echo "== ${!i}"
        cat "$logs/$i"
        count $status "${!i}"
    done
    trap - EXIT
    rm -r "$logs"
    echo "== together $((SECONDS - start)) s"
}

# build_with COMPILER: everything compiles with warnings as errors.
build_with() {
    CC=$1 cmake -S . -B "build-$1" -DGALIP_WERROR=ON >/dev/null || return 1
    cmake --build "build-$1" --parallel "$(nproc)" >"build-$1/build.log" 2>&1 && return 0
    cat "build-$1/build.log"
    return 1
}

run_tests() {
    local status=0 p f s
    ctest --test-dir build --parallel "$(nproc)" --output-on-failure || status=$?
    grep -h 'faults injected\|runs to kill' build/Testing/Temporary/LastTest.log || true
    read -r p f s < <(awk -v strict="${CI:+1}" -f ci/count.awk \
        build/Testing/Temporary/LastTest.log)
    [ $status = 0 ] || [ "$f" -gt 0 ] || f=1
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

if [ -z "${CI:-}" ]; then
    ci/setup.sh --tests
    ci/build.sh --tests
    run_tests
else
    ci/setup.sh --all
    export CMAKE_GENERATOR=Ninja # of every configuration below; make need not be there
    check ci/check-includes.sh
    check ci/check-format.sh
    check ci/check-headers.sh
    check ci/check-kernels.sh
    ci/build.sh --tests
    check ci/check-device.sh
    check ci/vendor.sh
    run_tests
    check ci/checkpoints.sh
    check_together ci/oclgrind.sh 'ci/second-opinion.sh rusticl' 'ci/second-opinion.sh intel'
    check build_with clang
    check ci/sanitize.sh
    check ci/fuzz.sh 10
    check ci/check-install.sh
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
