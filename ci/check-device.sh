#!/usr/bin/env bash
# Shows the OpenCL devices the program sees, and fails where one must be there and is not: any
# device at all, and PoCL's on a machine without a GPU, whose kernels nothing else could have run.
set -euo pipefail
cd "$(dirname "$0")/.."

devices=$(build/galip devices)
echo "$devices"
[ -n "$devices" ]
if compgen -G '/dev/nvidia[0-9]*' >/dev/null || compgen -G '/dev/dri/renderD*' >/dev/null; then
    exit 0
fi
grep -qiE 'pocl|portable computing language' <<<"$devices" || {
    echo "check-device: no GPU here, and none of these devices is PoCL's" >&2
    exit 1
}
