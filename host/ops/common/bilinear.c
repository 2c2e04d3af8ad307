/* bilinear.c - sizes of the bilinear algorithms, and the launch that transforms weights. */
#include "host/ops/common/bilinear.h"

#include <stdio.h>

enum { N_ALGORITHMS = GCL_BILINEAR_X7_4 + 1 };

/* The numbers of kernels/common/bilinear.h. */
static const gcl_bilinear algorithms[N_ALGORITHMS] = {
    [GCL_BILINEAR_F2] = {2, 3, 1, 1, 4, 4, 2},    [GCL_BILINEAR_F4] = {4, 3, 1, 1, 6, 6, 4},
    [GCL_BILINEAR_F8] = {8, 3, 1, 1, 10, 10, 8},  [GCL_BILINEAR_F2_5] = {25, 5, 1, 1, 6, 6, 2},
    [GCL_BILINEAR_X2_2] = {12, 3, 2, 1, 3, 3, 2}, [GCL_BILINEAR_X2_4] = {14, 3, 2, 1, 4, 5, 4},
    [GCL_BILINEAR_X2_8] = {18, 3, 2, 1, 6, 9, 8}, [GCL_BILINEAR_X7_4] = {74, 3, 7, 4, 6, 9, 7},
};

const gcl_bilinear *gcl_bilinear_get(gcl_bilinear_name name)
{
    return &algorithms[name];
}

size_t gcl_bilinear_tiles(const gcl_bilinear *b, size_t n)
{
    return gcl_div_up(n, b->NO);
}

enum { GPU_VECTOR = 8 }; /* columns that a GPU's work-item has registers for */

/* param: the algorithm times 32, and the vector width. */
static size_t bytes(const gcl_shape *w, size_t param)
{
    const gcl_bilinear *b = &algorithms[param / 32];
    const size_t vw = param % 32;

    return gcl_round_up(w->dim[0], 2 * vw) * b->NU * b->NU * gcl_round_up(w->dim[1], vw) *
           sizeof(float);
}

static void launch(gcl_launch *l, const gcl_device_info *device, const gcl_shape *w, size_t param)
{
    const size_t NR = 2 * (param % 32), VW = gcl_device_is_cpu(device) ? NR / 2 : GPU_VECTOR;

    l->program = "pack/bilinear";
    l->kernel = "pack_bilinear_f32";
    snprintf(l->options, sizeof l->options, "-DVW=%zu -DNR=%zu -DALG=%d", VW, NR,
             algorithms[param / 32].alg);
    gcl_launch_arg(l, gcl_arg_slot(GCL_PACK_FROM));
    gcl_launch_arg(l, gcl_arg_slot(GCL_PACK_TO));
    gcl_launch_arg(l, gcl_arg_int(w->dim[0]));
    gcl_launch_arg(l, gcl_arg_int(w->dim[1]));
    gcl_launch_tiles(l, device, gcl_round_up(w->dim[1], NR / 2), gcl_div_up(w->dim[0], NR),
                     NR / VW);
}

#define PACKING(name, vw)                                                              \
    {                                                                                  \
        "bilinear_" #name "_" #vw, GCL_BILINEAR_##name * 32 + vw, false, bytes, launch \
    }
#define PACKINGS(name) [GCL_BILINEAR_##name] = {PACKING(name, 8), PACKING(name, 16)}

const gcl_packing *gcl_bilinear_packing(gcl_bilinear_name name, size_t vw)
{
    static const gcl_packing packings[N_ALGORITHMS][2] = {
        PACKINGS(F2),   PACKINGS(F4),   PACKINGS(F8),   PACKINGS(F2_5),
        PACKINGS(X2_2), PACKINGS(X2_4), PACKINGS(X2_8), PACKINGS(X7_4)};

    return &packings[name][vw == 16];
}
