#!/usr/bin/env bash
# Compares `galip encode` on converted CLIPs with Hugging Face transformers and open_clip themselves
# (compare.py), which it installs at pinned versions in build-libraries/: 6 GB, as CUDA comes along
# unless pip is told of a build of PyTorch for CPUs. Not part of CI: 3 minutes besides the download.
set -euo pipefail
cd "$(dirname "$0")/../.."

python=${PYTHON:-python3}
venv=build-libraries
[ -x build/galip ] || { ci/setup.sh && ci/build.sh; }
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip --disable-pip-version-check install --quiet \
    -r tests/libraries/requirements.txt
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$venv/bin/python" tests/libraries/compare.py build/galip "$scratch"
