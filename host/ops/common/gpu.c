/* gpu.c - sizes of groups and tiles of kernels with local memory. */
#include "host/ops/common/gpu.h"

#include <stdio.h>

bool gcl_is_intel_gpu(const gcl_device_info *device)
{
    return device->lanes_by == GCL_LANES_INTEL && !gcl_device_is_cpu(device);
}

size_t gcl_gpu_cores(const gcl_device_info *device)
{
    const bool counts_units = strstr(device->vendor, "Intel") != NULL && !gcl_device_is_cpu(device);
    const size_t n = device->compute_units / (counts_units ? 16 : 1);

    return n > 0 ? n : 1;
}

bool gcl_gpu_group_fits(const gcl_device_info *device, size_t n, size_t local_bytes, char *why,
                        size_t why_bytes)
{
    if (n > device->max_work_group || n > device->max_work_item[0])
        snprintf(why, why_bytes, "a group of %zu work-items, the device's limit is %zu", n,
                 device->max_work_item[0] < device->max_work_group ? device->max_work_item[0]
                                                                   : device->max_work_group);
    else if (local_bytes > device->local_mem_bytes)
        snprintf(why, why_bytes, "%zu bytes of local memory, the device has %zu", local_bytes,
                 (size_t)device->local_mem_bytes);
    else
        return true;
    return false;
}

bool gcl_gpu_floats_fit(const gcl_device_info *device, size_t n, char *why, size_t why_bytes)
{
    if (n <= device->max_alloc_bytes / sizeof(float))
        return true;
    snprintf(why, why_bytes, "a buffer of %zu bytes, the device's limit is %zu", n * sizeof(float),
             (size_t)device->max_alloc_bytes);
    return false;
}

bool gcl_gpu_rounds_fit(const gcl_device_info *device, size_t rounds, char *why, size_t why_bytes)
{
    if (device->max_rounds == 0 || rounds <= device->max_rounds)
        return true;
    snprintf(why, why_bytes, "a work-item needs %zu rounds of its loops, the driver's limit is %zu",
             rounds, device->max_rounds);
    return false;
}

void gcl_gpu_launch(gcl_launch *l, size_t n, size_t nx, size_t ny, size_t nz)
{
    l->dims = 3;
    l->global[0] = nx * n;
    l->global[1] = ny;
    l->global[2] = nz;
    l->local[0] = n;
    l->local[1] = l->local[2] = 1;
}

gcl_tile gcl_tile_of(const gcl_tuning *tuning)
{
    const int *v = tuning->value;

    return (gcl_tile){(size_t)v[0], (size_t)v[1], (size_t)v[2], (size_t)v[3], (size_t)v[4]};
}

gcl_tuning gcl_tile_tuning(const gcl_tile *t)
{
    return (gcl_tuning){{(int)t->BM, (int)t->BN, (int)t->BK, (int)t->TM, (int)t->TN}};
}

void gcl_tile_options(const gcl_tile *t, gcl_launch *l)
{
    const size_t used = strlen(l->options);

    snprintf(l->options + used, sizeof l->options - used,
             "%s-DBM=%zu -DBN=%zu -DBK=%zu -DTM=%zu -DTN=%zu", used > 0 ? " " : "", t->BM, t->BN,
             t->BK, t->TM, t->TN);
}

size_t gcl_tile_group(const gcl_tile *t)
{
    return t->BM / t->TM * (t->BN / t->TN);
}

/* Sums that fit the registers beside the operands of a step and the loads under way. */
enum { MAX_SUMS = 64, MAX_SUMS_INTEL = 16 };

bool gcl_tile_fits(const gcl_tile *t, const gcl_device_info *device, char *why, size_t why_bytes)
{
    const size_t most = gcl_is_intel_gpu(device) ? MAX_SUMS_INTEL : MAX_SUMS;

    if (t->TM == 0 || t->TN == 0 || t->BK == 0 || t->TM % 4 != 0 || t->TN % 4 != 0 ||
        t->BM % t->TM != 0 || t->BN % t->TN != 0 || t->BM == 0 || t->BN == 0)
        snprintf(why, why_bytes, "a tile of %zux%zu in parts of %zux%zu: needs multiples of 4",
                 t->BM, t->BN, t->TM, t->TN);
    else if (t->TM * t->TN > most)
        snprintf(why, why_bytes, "%zux%zu sums of a work-item, limit %zu", t->TM, t->TN, most);
    else if (t->BM / t->TM * t->BN > t->BK * (t->BM + t->BN))
        snprintf(why, why_bytes, "BK %zu is too little local memory for %zu rows of %zu sums",
                 t->BK, t->BM / t->TM, t->BN);
    else
        return gcl_gpu_group_fits(device, gcl_tile_group(t),
                                  t->BK * (t->BM + t->BN) * sizeof(float), why, why_bytes);
    return false;
}

/* Work-items of a core that hide its latencies. */
enum { BUSY = 512 };

double gcl_gpu_cost(const gcl_device_info *device, size_t n_groups, size_t n, double work)
{
    const double on_core = (double)gcl_div_up(n_groups, gcl_gpu_cores(device));
    const double items = on_core * (double)n;
    const double idle = items < BUSY ? BUSY / items : 1.0;

    return on_core * work * (1.0 + 0.5 * (idle - 1.0));
}

double gcl_tile_cost(const gcl_tile *t, const gcl_device_info *device, size_t n_groups, size_t K)
{
    const double loads = (double)(t->TM + t->TN) / (double)(t->TM * t->TN); /* per multiply-add */

    return gcl_gpu_cost(device, n_groups, gcl_tile_group(t),
                        (double)(t->BM * t->BN) * (double)K * (1.0 + 2.0 * loads));
}

/* Multiply-adds that a GPU does in the time of moving a byte, or of a launch. */
enum { PER_BYTE = 8, LAUNCH = 1 << 19 };

double gcl_gpu_traffic_cost(const gcl_device_info *device, size_t bytes, size_t n_launches)
{
    return (double)bytes * PER_BYTE / (double)gcl_gpu_cores(device) +
           (double)(n_launches - 1) * LAUNCH;
}
