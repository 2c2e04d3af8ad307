#!/usr/bin/env bash
# One job of ci/vendor.sh: compiles one program with one set of options for the targets of one vendor.
#
#     ci/vendor/compile.sh WORK "NUMBER VENDOR TARGET,... [*],KERNEL,... PROGRAM [OPTIONS]"
#
# These kernels must be there ("-" is none); without "*" the others are left out.
#
# VENDOR is amd, intel, nvidia, strict (OpenCL C 1.2 without extensions) or spirv (strict, and valid
# SPIR-V 1.0). The source is WORK/source/PROGRAM.cl, the tools are those of WORK/tools. Writes to
# WORK/out/NUMBER, tab-separated:
#
#     kernel TARGET PROGRAM OPTIONS KERNEL REGISTERS SPILLED SCRATCH LOCAL WIDTH OCCUPANCY
#     wrong  TARGET PROGRAM OPTIONS MESSAGE
#
# SCRATCH is bytes a work-item has in memory for spills and private arrays, LOCAL static local memory in
# bytes, WIDTH the work-items that run in step, OCCUPANCY (amd) waves a SIMD. A compiler that ends well
# is not believed: its words and the undefined symbols of its result are looked at.
set -uo pipefail
here=$(dirname "$0")
work=$1
read -r number vendor targets kernels program options <<<"$2"
IFS=, read -ra targets <<<"$targets"
IFS=, read -ra kernels <<<"$kernels"
clang='' llvm='' libclc='' clang_spirv='' llvm_spirv='' spirv_val='' ocloc='' ptxas=''
# shellcheck source=/dev/null
. "$work/tools"
source=$work/source/$program.cl
dir=$work/job/$number
mkdir -p "$dir"
exec >"$work/out/$number"
if [ "${kernels[0]}" != '*' ]; then
    awk -v kernels="${kernels[*]:1}" -f "$here/keep.awk" "$source" >"$dir/kept.cl"
    source=$dir/kept.cl
fi
read -ra flags <<<"-x cl -cl-std=CL1.2 $options"

# wrong TARGET MESSAGE: prints the finding.
wrong() {
    printf 'wrong\t%s\t%s\t%s\t%s\n' "$1" "$program" "$options" "$2"
}

# run COMMAND...: false when it fails or tells of an error; its words are in $dir/log.
run() {
    "$@" >"$dir/log" 2>&1 && ! grep -q 'error:' "$dir/log"
}

# said TARGET: the compiler's first error as a finding.
said() {
    wrong "$1" "$(grep -im 1 'error' "$dir/log" || tail -n 1 "$dir/log")"
}

# figures TARGET SCRIPT FILE...: what the script reads in the files, with what it is of.
figures() {
    awk -v target="$1" -v what="kernel"$'\t'"$1"$'\t'"$program"$'\t'"$options" -f "$here/$2.awk" "${@:3}"
}

amd() {
    run "$clang" "${flags[@]}" --target=amdgcn-amd-amdhsa "-mcpu=$1" \
        --rocm-device-lib-path="$work/amdgcn/bitcode" -O3 -Rpass-analysis=kernel-resource-usage \
        -fno-caret-diagnostics -c -o "$dir/$1" "$source" || { said "$1" && return; }
    figures "$1" amd "$dir/log"
}

amd_undefined() {
    "$llvm/llvm-nm" --print-file-name --undefined-only --just-symbol-name "$@"
}

# The front end runs once, for the first target: where extensions make a difference, a variant's predicate
# has told the targets apart.
intel() {
    local input=(-file "$source" -options "-cl-std=CL1.2 $options")
    [ -z "$spirv" ] || input=(-spirv_input -file "$spirv" -options -cl-std=CL1.2)
    run "$ocloc" compile "${input[@]}" -device "$1" --format zebin -out_dir "$dir" -output "of_$1" ||
        { said "$1" && return; }
    if ! mv "$dir/of_$1"_*.bin "$dir/$1" 2>/dev/null || grep -qi 'invalid' "$dir/log"; then
        wrong "$1" "ocloc: $(grep -im 1 'invalid' "$dir/log" || echo 'no binary')"
        return
    fi
    [ -n "$spirv" ] || spirv=$(compgen -G "$dir/of_$1_*.spv")
    sed -n '/^kernels:/,/^kernels_misc_info/p' "$dir/$1" >"$dir/ze_info"
    figures "$1" intel "$dir/log" "$dir/ze_info"
}

intel_undefined() {
    "$llvm/llvm-readelf" --symbols "$@" | awk -v file="$1" '
        $1 == "File:" { file = $2 }
        $7 == "UND" && $8 != "" && $8 !~ /^__INTEL_/ { print file ": " $8 }'
}

# libclc has no native functions of these for NVIDIA; the driver maps them to its own.
natives=()
for name in exp exp2 exp10 log log2 log10 sin cos tan powr; do
    natives+=("-Dnative_$name=$name")
done

# LLVM IR of the program for all targets: what a target adds is removed.
nvidia_front() {
    run "$clang" "${flags[@]}" "${natives[@]}" --target=nvptx64-nvidia-nvcl "-march=${targets[0]}" \
        -Xclang -mlink-builtin-bitcode -Xclang "$libclc" -O3 \
        -Wno-linker-warnings -S -emit-llvm -o "$dir/all.ll" "$source" || return 1
    sed -i 's/ "target-cpu"="[^"]*"//; s/ "target-features"="[^"]*"//' "$dir/all.ll"
}

nvidia() {
    run "$llvm/llc" -O3 "-mcpu=$1" -o "$dir/raw.ptx" "$dir/all.ll" || { said "$1" && return; }
    awk -f "$here/reqntid.awk" "$dir/all.ll" "$dir/raw.ptx" >"$dir/$1"
    if [ -z "$ptxas" ]; then
        figures "$1" ptx "$dir/$1"
        return
    fi
    run "$ptxas" "-arch=$1" -v -o "$dir/cubin" "$dir/$1" ||
        { grep -q 'Unresolved extern' "$dir/log" || said "$1"; return; }
    figures "$1" ptxas "$dir/log"
}

nvidia_undefined() {
    awk -f "$here/undefined.awk" "$@"
}

strict=(-Wall -Wextra -Wconversion -Wshadow -Wdouble-promotion -Wmissing-prototypes -Wcast-qual
    -Wimplicit-fallthrough -Wno-unknown-pragmas -Wno-unused-function -Werror)

front() {
    run "$clang_spirv" "${flags[@]}" --target=spir64-unknown-unknown -Xclang -cl-ext=-all \
        "${strict[@]}" "$@" "$source"
}

strict() {
    front -fsyntax-only || said "$1"
}

spirv() {
    front -Xclang -disable-llvm-passes -emit-llvm -c -o "$dir/bc" || { said "$1" && return; }
    run "$llvm_spirv" --spirv-max-version=1.0 "$dir/bc" -o "$dir/$1" || { said "$1" && return; }
    run "$spirv_val" --target-env opencl1.2 "$dir/$1" || said "$1"
}

spirv_undefined() {
    "${spirv_val%val}dis" --no-color "$1" | sed -n "s|.* LinkageAttributes \"\(.*\)\" Import$|$1: \1|p" |
        grep -v ': __spirv_BuiltIn'
}

spirv=
if [ "$vendor" = nvidia ] && ! nvidia_front; then
    for target in "${targets[@]}"; do
        said "$target"
    done
    exit 0
fi
results=()
for target in "${targets[@]}"; do
    "$vendor" "$target"
    [ ! -s "$dir/$target" ] || results+=("$dir/$target")
done
if [ "$vendor" != strict ] && [ ${#results[@]} -gt 0 ]; then
    while IFS=' ' read -r file symbol; do
        file=${file%:}
        wrong "${file##*/}" "undefined symbol: $symbol"
    done < <("${vendor}_undefined" "${results[@]}")
fi
if [[ $vendor == @(amd|intel|nvidia) ]]; then
    found=$(<"$work/out/$number")
    for target in "${targets[@]}"; do
        for kernel in "${kernels[@]:1}"; do
            [[ $kernel == - || $found == *wrong$'\t'"$target"$'\t'* ||
                $found == *kernel$'\t'"$target"$'\t'"$program"$'\t'"$options"$'\t'"$kernel"$'\t'* ]] ||
                wrong "$target" "there is no kernel $kernel"
        done
    done
fi
rm -rf "$dir"
