#!/usr/bin/env bash
# Checks that each kernel file compiles alone as OpenCL C 1.2 with its default tunables, with every
# warning an error. No device is needed.
set -euo pipefail
cd "$(dirname "$0")/.."

kernels=(kernels/*.cl kernels/*/*.cl)
[ -e "${kernels[0]}" ]
wrong=0
for kernel in "${kernels[@]}"; do
    clang -x cl -cl-std=CL1.2 -fsyntax-only -Wall -Wextra -Werror -Ikernels "$kernel" || wrong=1
done
[ $wrong = 0 ] || exit 1
echo "check-kernels: ${#kernels[@]} kernel files compile alone as OpenCL C 1.2"
