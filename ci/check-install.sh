#!/usr/bin/env bash
# Installs build/ to a temporary prefix, builds a small program on it with the CMake package and
# with pkg-config, shared and static, and runs these and the installed galip from there.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
cmake --install build --prefix "$prefix" >/dev/null

mkdir "$work/consumer"
cat >"$work/consumer/main.c" <<'C'
#define CL_TARGET_OPENCL_VERSION 120
#include <stdio.h>
#include <stdlib.h>
#include "host/device.h"
#include "image/image.h"

int main(int argc, char **argv)
{
    gcl_image image = {0};
    gcl_device_info *devices = NULL;
    size_t n = 0;

    if (argc != 2 || gcl_image_read(&image, argv[1], NULL) != GCL_OK ||
        gcl_device_list(&devices, &n, NULL) != GCL_OK)
        return 1;
    printf("%zu x %zu\n", image.width, image.height);
    gcl_image_free(&image);
    free(devices);
    return 0;
}
C
cat >"$work/consumer/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(consumer C)
find_package(galip 0.1 REQUIRED)
foreach(kind IN ITEMS galip galip_static)
  add_executable(with_${kind} main.c)
  target_link_libraries(with_${kind} PRIVATE galip::${kind})
endforeach()
CMAKE
cmake -S "$work/consumer" -B "$work/build" -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
cmake --build "$work/build" >/dev/null

libdir=$(dirname "$(find "$prefix" -name libgalip.a)")
export PKG_CONFIG_PATH=$libdir/pkgconfig
# shellcheck disable=SC2046 # pkg-config prints words
cc -std=c11 "$work/consumer/main.c" -o "$work/pc_shared" $(pkg-config --cflags --libs galip)
static=$(pkg-config --static --libs galip)
# shellcheck disable=SC2046,SC2086 # as above
cc -std=c11 "$work/consumer/main.c" -o "$work/pc_static" $(pkg-config --cflags galip) \
    ${static/-lgalip/-l:libgalip.a}

picture=$work/picture.png
(cd "$work" && prefix/bin/galip generate "a red circle on a blue square" --seed 1 -o "$picture" \
    >/dev/null)
for program in build/with_galip build/with_galip_static pc_shared pc_static; do
    [ "$(LD_LIBRARY_PATH=$libdir "$work/$program" "$picture")" = "56 x 56" ]
done
[[ $(LD_LIBRARY_PATH=$libdir ldd "$work/pc_shared") == *"$libdir/libgalip"* ]]
[[ $(ldd "$work/pc_static") != *libgalip* ]]
echo "check-install: CMake package, pkg-config and the installed program work from a new prefix"
