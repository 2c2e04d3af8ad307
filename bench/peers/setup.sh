#!/usr/bin/env bash
# Installs the peers of bench/peers/ at pinned versions in build-peers/, with --torch PyTorch too
# (5 GB, as CUDA comes along unless pip is told of a build for CPUs), and builds galip where that has
# not been done. Run again, it installs what has changed in requirements.txt.
set -euo pipefail
cd "$(dirname "$0")/../.."

python=${PYTHON:-python3}
venv=build-peers
wanted=(-r bench/peers/requirements.txt)
case "${1:-}" in
'') ;;
--torch) wanted+=(torch==2.13.0) ;;
*) echo "usage: bench/peers/setup.sh [--torch]" >&2 && exit 2 ;;
esac
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "setup: $python cannot make virtual environments (Debian: apt-get install python3-venv)" >&2
    exit 1
fi
[ -x build/galip ] || { ci/setup.sh && ci/build.sh; }
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
pip=("$venv/bin/python" -m pip --disable-pip-version-check)
"${pip[@]}" install --quiet "${wanted[@]}"
"${pip[@]}" list 2>/dev/null | grep -E '^(numpy|onnx|onnxruntime|openvino|torch) '
