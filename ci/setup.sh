#!/usr/bin/env bash
# Installs what is missing on Debian 12 and its relatives: what the program needs, with --tests also
# what its tests need, with --ci also what the checks of CI need. Silent when nothing is missing.
# --all adds a second OpenCL driver, GPU vendors' compilers and CLIP's vocabulary, which are not Debian's.
# Elsewhere it prints the list and goes on if there is a compiler, CMake and pkg-config.
set -euo pipefail
cd "$(dirname "$0")/.."

# A need is a Debian package and a probe: whether something else already provides the same.
needs=(
    'gcc                tool cc'
    'libc6-dev          links c stdio.h'
    'cmake              cmake_is_new_enough'
    'ninja-build        tool ninja'
    'pkg-config         tool pkg-config'
    'ocl-icd-opencl-dev links OpenCL CL/cl.h'
    'pocl-opencl-icd    opencl_has_device'
    'libclblast-dev     links clblast clblast_c.h'
    'libpng-dev         links png png.h'
    'libjpeg-dev        links jpeg stdio.h jpeglib.h'
    'libjansson-dev     links jansson jansson.h'
    'libutf8proc-dev    links utf8proc utf8proc.h'
    'libzip-dev         links zip zip.h'
    'zlib1g-dev         links z zlib.h'
)
needs_tests=('libcmocka-dev links cmocka stdarg.h stddef.h stdint.h setjmp.h cmocka.h')
needs_ci=(
    'clang           tool clang'
    'libclang-rt-dev clang_fuzzes'
    'clang-format    tool clang-format'
    'shellcheck      tool shellcheck'
    'oclgrind        tool oclgrind'
    'mesa-opencl-icd test -e /etc/OpenCL/vendors/rusticl.icd'
    # of ci/vendor.sh
    'clang-19         tool clang-19'
    'llvm-19          test -x /usr/lib/llvm-19/bin/llc'
    'libclc-15        test -e /usr/lib/clc/nvptx64--nvidiacl.bc' # that of mesa-opencl-icd
    'rocm-device-libs test -e /usr/lib/x86_64-linux-gnu/amdgcn/bitcode/ocml.bc'
    'clang-15         tool clang-15'
    'llvm-spirv-15    tool llvm-spirv-15'
    'spirv-tools      tool spirv-val'
    'libigc1          test -e /usr/lib/x86_64-linux-gnu/libigc.so.1'
    'libigdfcl1       test -e /usr/lib/x86_64-linux-gnu/libigdfcl.so.1'
)
needs_all=(
    'python3-venv  python_makes_venvs'
    'python3-torch debian_python_has_torch'
)
intel_rt=(intel-opencl-rt==2026.2.0 intel-cmplr-lib-rt==2026.2.0)
ptxas=(nvidia-cuda-nvcc-cu12==12.9.86)

tool() {
    command -v "$1" >/dev/null
}

# links LIB HEADER...: whether a program that includes the headers links with the library.
links() {
    local lib=$1
    shift
    { printf '#include <%s>\n' "$@" && echo 'int main(void) { return 0; }'; } |
        cc -DCL_TARGET_OPENCL_VERSION=120 -x c - -o "$scratch/probe" "-l$lib" 2>/dev/null
}

cmake_is_new_enough() {
    tool cmake && printf 'cmake_minimum_required(VERSION 3.25)\n' >"$scratch/version.cmake" &&
        cmake -P "$scratch/version.cmake" 2>/dev/null
}

opencl_has_device() {
    cc -DCL_TARGET_OPENCL_VERSION=120 -x c - -o "$scratch/device" -lOpenCL 2>/dev/null <<'C' &&
#include <CL/cl.h>
int main(void)
{
    cl_platform_id platform[16];
    cl_uint n = 0, devices = 0;

    if (clGetPlatformIDs(16, platform, &n) != CL_SUCCESS)
        return 1;
    for (cl_uint i = 0; i < n && i < 16 && devices == 0; i++)
        clGetDeviceIDs(platform[i], CL_DEVICE_TYPE_ALL, 0, NULL, &devices);
    return devices == 0;
}
C
        "$scratch/device" >/dev/null 2>&1
}

# clang recommends its sanitizers and libFuzzer only, and recommendations are not installed.
clang_fuzzes() {
    echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
        clang -fsanitize=fuzzer,address,undefined -x c - -o "$scratch/fuzz" 2>/dev/null
}

python_makes_venvs() {
    python3 -c 'import ensurepip, venv' 2>/dev/null
}

debian_python_has_torch() {
    /usr/bin/python3 -c 'import numpy, torch' 2>/dev/null
}

# install_wheels DIR FILE PACKAGE...: makes DIR a venv with the packages of the Python index. Where FILE
# is not among what they bring, DIR has the reason, and it is false.
install_wheels() {
    local dir=$PWD/$1 file=$2
    shift 2
    echo "setup: installing $* in ${dir##*/}/"
    rm -rf "$dir"
    if python3 -m venv "$dir" >"$scratch/log" 2>&1 &&
        timeout 600 "$dir/bin/pip" install --quiet --disable-pip-version-check "$@" \
            >>"$scratch/log" 2>&1 && compgen -G "$dir/$file" >/dev/null; then
        return
    fi
    no_tool "$dir" "$* cannot be installed: $(tail -n 1 "$scratch/log")"
}

# no_tool DIR REASON: leaves the reason in the folder; false.
no_tool() {
    rm -rf "$1"
    mkdir "$1"
    echo "$2" >"$1/reason"
    echo "setup: $2"
    return 1
}

# The packages name their libraries by paths of the machine that made them; hence the .icd file.
install_intel() {
    local dir=$PWD/build-intel-rt
    [ ! -e "$(cat "$dir/vendors/intel.icd" 2>/dev/null)" ] || return 0
    install_wheels build-intel-rt lib/libintelocl.so "${intel_rt[@]}" || return 0
    mkdir "$dir/vendors"
    echo "$dir/lib/libintelocl.so" >"$dir/vendors/intel.icd"
}

# A version of its own, so that the figures of docs/vendor-table.md are the same everywhere.
install_ptxas() {
    local dir=$PWD/build-ptxas file='lib/python3*/site-packages/nvidia/cuda_nvcc/bin/ptxas'
    [ ! -x "$dir/ptxas" ] || return 0
    install_wheels build-ptxas "$file" "${ptxas[@]}" || return 0
    ln -s "$(compgen -G "$dir/$file")" "$dir/ptxas"
}

# Intel's offline compiler, out of the package of its OpenCL driver: installed, that would add a platform
# without devices to every OpenCL program here.
install_ocloc() {
    local dir=$PWD/build-ocloc
    if tool ocloc || [ -x "$dir/usr/bin/ocloc" ]; then
        return
    fi
    echo "setup: unpacking intel-opencl-icd in build-ocloc/"
    if ! (cd "$scratch" && apt-get download intel-opencl-icd) >"$scratch/log" 2>&1 ||
        ! dpkg -x "$scratch"/intel-opencl-icd_*.deb "$dir" >>"$scratch/log" 2>&1; then
        no_tool "$dir" "intel-opencl-icd cannot be had: $(tail -n 1 "$scratch/log")" || true
    fi
}

# Installs the packages of `missing`.
install_packages() {
    as_root=()
    [ "$(id -u)" = 0 ] || as_root=(sudo)
    if ! tool apt-get || ! tool "${as_root[0]:-env}"; then
        echo "setup: nothing can be installed here (no apt-get, or neither root nor sudo)"
        echo "setup: not found, by the names of Debian packages: ${missing[*]}"
        tool cc && tool cmake && tool pkg-config && return 0
        echo "setup: a C compiler, CMake >= 3.25 and pkg-config are needed at least" >&2
        exit 1
    fi
    echo "setup: installing ${missing[*]}"
    apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -o DPkg::Lock::Timeout=120)
    if ! { "${apt[@]}" update && "${apt[@]}" install --no-install-recommends "${missing[@]}"; } \
        >"$scratch/log" 2>&1 </dev/null; then
        tail -n 20 "$scratch/log" >&2
        exit 1
    fi
}

want=${1:-}
case "$want" in
'') ;;
--tests) needs+=("${needs_tests[@]}") ;;
--ci) needs+=("${needs_tests[@]}" "${needs_ci[@]}") ;;
--all) needs+=("${needs_tests[@]}" "${needs_ci[@]}" "${needs_all[@]}") ;;
*) echo "usage: ci/setup.sh [--tests | --ci | --all]" >&2 && exit 2 ;;
esac

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
have=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${needs[@]%% *}" 2>/dev/null || true)
missing=()
for need in "${needs[@]}"; do
    read -r package probe <<<"$need"
    # shellcheck disable=SC2086 # the probe is a command with its arguments
    grep -qx "$package installed" <<<"$have" || $probe || missing+=("$package")
done
[ ${#missing[@]} = 0 ] || install_packages
if [ "$want" = --all ]; then
    install_intel
    install_ptxas
    install_ocloc
    weights/fetch-vocab.sh || echo "setup: without CLIP's vocabulary a test is skipped"
fi
