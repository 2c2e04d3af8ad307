#!/usr/bin/env bash
# From a fresh checkout to a picture: set-up, build, one generated picture in build/demo.png or in
# the file named by the first argument.
set -euo pipefail
out=$(realpath -m "${1:-$(dirname "$0")/../build/demo.png}")
cd "$(dirname "$0")/.."

ci/setup.sh
echo "demo: building"
ci/build.sh
echo "demo: drawing 'a red circle on a blue square'"
build/galip generate "a red circle on a blue square" --seed 1 -o "$out"
echo "demo: the picture is $out"
