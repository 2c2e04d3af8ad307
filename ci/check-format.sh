#!/usr/bin/env bash
# Checks the format of the C files against .clang-format (with Debian 12's clang-format) and the
# shell scripts with bash -n and shellcheck.
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t sources < <(git ls-files '*.c' '*.h')
mapfile -t scripts < <(git ls-files '*.sh' .ci/run)
unformatted=$(clang-format --dry-run "${sources[@]}" 2>&1 | sed -n 's/:.*clang-format-vio.*//p' | uniq)
if [ -n "$unformatted" ]; then
    printf 'not as .clang-format says (clang-format -i repairs it):\n%s\n' "$unformatted" >&2
    exit 1
fi
for script in "${scripts[@]}"; do
    bash -n "$script"
done
shellcheck "${scripts[@]}"
echo "check-format: ${#sources[@]} C files and ${#scripts[@]} scripts"
