/* panels.c - weights in panels: sizes, and the launch that packs them. */
#include "host/ops/common/panels.h"

#include <stdio.h>

/* Columns that a work-item of pack/panels packs. */
enum { KB = 256 };

/* A packing's parameter: rows of a panel, and these. */
enum { HALF = 64, KN = 128 };

typedef struct layout {
    size_t N, K, nr;
    bool half, kn;
} layout;

static layout layout_of(const gcl_shape *s, size_t param)
{
    const bool kn = (param & KN) != 0;
    const size_t N = s->dim[kn ? 1 : 0];

    return (layout){N, gcl_shape_count(s) / N, param % HALF, (param & HALF) != 0, kn};
}

static size_t bytes(const gcl_shape *s, size_t param)
{
    const layout p = layout_of(s, param);

    return gcl_round_up(p.N, p.nr) * p.K * (p.half ? sizeof(uint16_t) : sizeof(float));
}

static void launch(gcl_launch *l, const gcl_device_info *device, const gcl_shape *s, size_t param)
{
    const layout p = layout_of(s, param);

    l->program = "pack/panels";
    l->kernel = "pack_panels";
    snprintf(l->options, sizeof l->options, "-DNR=%zu -DKB=%d -DKN=%d -DW_HALF=%d", p.nr, KB, p.kn,
             p.half);
    gcl_launch_arg(l, gcl_arg_slot(GCL_PACK_FROM));
    gcl_launch_arg(l, gcl_arg_slot(GCL_PACK_TO));
    gcl_launch_arg(l, gcl_arg_int(p.N));
    gcl_launch_arg(l, gcl_arg_int(p.K));
    gcl_launch_tiles(l, device, gcl_div_up(p.K, KB), gcl_div_up(p.N, p.nr), 1);
}

/* Layouts of panels of nr rows, [kn][half]. */
#define PANELS(nr)                                                           \
    {                                                                        \
        {{"panels_nk" #nr, nr, false, bytes, launch},                        \
         {"panels_nk" #nr "_f16", nr | HALF, true, bytes, launch}},          \
            {{"panels_kn" #nr, nr | KN, false, bytes, launch},               \
             {"panels_kn" #nr "_f16", nr | KN | HALF, true, bytes, launch}}, \
    }

const gcl_packing *gcl_panels(size_t nr, bool kn, bool half)
{
    static const gcl_packing packings[][2][2] = {PANELS(8), PANELS(16), PANELS(32)};

    return &packings[nr == 8 ? 0 : nr == 16 ? 1 : 2][kn][half];
}
