/*
 * lanes.h - work-items of a sub-group read each other's numbers, without local memory where they can.
 *
 * Launch     one dimension; LANES consecutive work-items are a sub-group, lane 0 first. What a lane shows
 *            and reads, all lanes do together, and all of a work-group between fences. The kernel is
 *            marked LANES_KERNEL.
 *            local mem = 4 * LANES bytes a number shown and sub-group, where LANES_BY = 0 only
 *
 * Tunables   LANES_BY  0 through local memory
 *                      1 Intel's sub-groups, cl_intel_subgroups and cl_intel_required_subgroup_size
 *                      2 NVIDIA's warps: shfl.sync
 *                      3 AMD's wavefronts: v_readlane
 *                      default 0
 *            LANES     work-items of a sub-group   default 32   of the device, but where LANES_BY = 0
 *
 * Numerics   exact
 * Needs      OpenCL C 1.2; what the table says where LANES_BY > 0.
 * Source     cl_intel_subgroups; PTX ISA, shfl.sync; the AMDGPU builtins of clang
 */
#ifndef LANES_BY
#define LANES_BY 0
#endif
#ifndef LANES
#define LANES 32
#endif

#define LANES_SHOWN (LANES_BY == 0 ? LANES : 1) /* numbers of local memory a number shown */

#if LANES_BY == 1
#define LANES_KERNEL __attribute__((intel_reqd_sub_group_size(LANES)))
#else
#define LANES_KERNEL
#endif

/* Before lanes_show, and between it and lane_value. */
static inline void lanes_fence(void)
{
#if LANES_BY == 0
    barrier(CLK_LOCAL_MEM_FENCE);
#endif
}

/* shown: [LANES_SHOWN] of this sub-group and number */
static inline void lanes_show(__local float *shown, float v, int lane)
{
    if (LANES_BY == 0)
        shown[lane] = v;
}

/* The number v of lane `from`, the same for all lanes, which it has shown. */
static inline float lane_value(__local const float *shown, float v, int from)
{
#if LANES_BY == 0
    (void)v;
    return shown[from];
#elif LANES_BY == 1
    (void)shown;
    return intel_sub_group_shuffle(v, (uint)from);
#elif LANES_BY == 2
    float value;

    (void)shown;
    __asm__ volatile("shfl.sync.idx.b32 %0, %1, %2, 0x1f, 0xffffffff;"
                     : "=f"(value)
                     : "f"(v), "r"(from));
    return value;
#else
    (void)shown;
    return as_float(__builtin_amdgcn_readlane(as_int(v), from));
#endif
}
