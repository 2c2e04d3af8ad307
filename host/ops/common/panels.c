/* panels.c - weights in panels: sizes, and the launch that packs them. */
#include "host/ops/common/panels.h"

#include <stdio.h>

/* Columns that a work-item of pack/panels packs. */
enum { KB = 256 };

static void launch(gcl_launch *l, const gcl_device_info *device, size_t N, size_t K, size_t nr,
                   bool kn)
{
    l->program = "pack/panels";
    l->kernel = "pack_panels_f32";
    snprintf(l->options, sizeof l->options, "-DNR=%zu -DKB=%d -DKN=%d", nr, KB, kn);
    gcl_launch_arg(l, gcl_arg_slot(GCL_PACK_FROM));
    gcl_launch_arg(l, gcl_arg_slot(GCL_PACK_TO));
    gcl_launch_arg(l, gcl_arg_int(N));
    gcl_launch_arg(l, gcl_arg_int(K));
    gcl_launch_tiles(l, device, gcl_div_up(K, KB), gcl_div_up(N, nr), 1);
}

static size_t bytes_nk(const gcl_shape *s, size_t nr)
{
    return gcl_round_up(s->dim[0], nr) * (gcl_shape_count(s) / s->dim[0]) * sizeof(float);
}

static void launch_nk(gcl_launch *l, const gcl_device_info *device, const gcl_shape *s, size_t nr)
{
    launch(l, device, s->dim[0], gcl_shape_count(s) / s->dim[0], nr, false);
}

static size_t bytes_kn(const gcl_shape *s, size_t nr)
{
    return gcl_round_up(s->dim[1], nr) * s->dim[0] * sizeof(float);
}

static void launch_kn(gcl_launch *l, const gcl_device_info *device, const gcl_shape *s, size_t nr)
{
    launch(l, device, s->dim[1], s->dim[0], nr, true);
}

const gcl_packing *gcl_panels(size_t nr, bool kn)
{
    static const gcl_packing packings[][2] = {
        {{"panels_nk8", 8, bytes_nk, launch_nk}, {"panels_kn8", 8, bytes_kn, launch_kn}},
        {{"panels_nk16", 16, bytes_nk, launch_nk}, {"panels_kn16", 16, bytes_kn, launch_kn}},
        {{"panels_nk32", 32, bytes_nk, launch_nk}, {"panels_kn32", 32, bytes_kn, launch_kn}},
    };

    return &packings[nr == 8 ? 0 : nr == 16 ? 1 : 2][kn];
}
