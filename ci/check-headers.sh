#!/usr/bin/env bash
# Checks that each public header compiles alone, as C11 and as C++17, with every warning an error.
set -euo pipefail
cd "$(dirname "$0")/.."

common=(-fsyntax-only -I. -Wall -Wextra -pedantic -Werror -DCL_TARGET_OPENCL_VERSION=120)
mapfile -t headers < <(for layer in base weights image host host/ops model; do
    compgen -G "$layer/*.h" | grep -v _internal || true
done)
[ ${#headers[@]} -gt 0 ]

wrong=0
for header in "${headers[@]}"; do
    echo "#include \"$header\"" | clang -std=c11 -x c "${common[@]}" - || wrong=1
    echo "#include \"$header\"" | clang++ -std=c++17 -x c++ "${common[@]}" - || wrong=1
done
[ $wrong = 0 ] || exit 1
echo "check-headers: ${#headers[@]} headers compile alone as C11 and as C++17"
