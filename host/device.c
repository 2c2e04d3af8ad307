/* device.c - listing and choosing OpenCL devices. */
#include "host/device.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/device_internal.h"

/* Vendor queries, from their extensions' registry entries; a device without them refuses. */
#define DEVICE_COMPUTE_CAPABILITY_MAJOR_NV 0x4000
#define DEVICE_WARP_SIZE_NV 0x4003
#define DEVICE_WAVEFRONT_WIDTH_AMD 0x4043
#define DEVICE_SUB_GROUP_SIZES_INTEL 0x4108

enum { MAX_PLATFORMS = 64, MAX_DEVICES = 64 };

/* A call that made a platform or a device be passed over; all 0: none. */
typedef struct refusal {
    const char *call;
    cl_int status;
} refusal;

static bool has_word(const char *list, const char *word)
{
    const size_t n = strlen(word);

    for (const char *p = list; (p = strstr(p, word)) != NULL; p += n)
        if ((p == list || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
            return true;
    return false;
}

static void get_string(cl_device_id id, cl_device_info what, char *out, size_t room)
{
    size_t n = 0;
    char *s = NULL;

    out[0] = '\0';
    if (clGetDeviceInfo(id, what, 0, NULL, &n) != CL_SUCCESS || (s = malloc(n + 1)) == NULL)
        return;
    s[0] = s[n] = '\0';
    if (clGetDeviceInfo(id, what, n, s, NULL) == CL_SUCCESS)
        snprintf(out, room, "%s", s + strspn(s, " "));
    free(s);
}

/* The widest sub-group's size; 0: none is known. */
static size_t widest(const gcl_subgroup_facts *f)
{
    const int n = (int)(sizeof f->sizes / sizeof f->sizes[0]);
    size_t size = 0;

    for (int i = 0; i < n && f->sizes[i] > 0; i++)
        size = f->sizes[i];
    return size;
}

gcl_matrix_unit gcl_matrix_unit_from(const gcl_subgroup_facts *f)
{
    static const char *const mfma[] = {"gfx908", "gfx90a", "gfx940", "gfx941", "gfx942", "gfx950"};

    if (f->nv_major >= 8)
        return GCL_UNIT_MMA;
    if (f->is_amd && strncmp(f->name, "gfx11", 5) == 0 && f->sizes[0] == 32)
        return GCL_UNIT_WMMA;
    for (size_t i = 0; f->is_amd && f->sizes[0] == 64 && i < sizeof mfma / sizeof mfma[0]; i++)
        if (strncmp(f->name, mfma[i], 6) == 0)
            return GCL_UNIT_MFMA;
    if (has_word(f->extensions, "cl_intel_subgroup_matrix_multiply_accumulate"))
        return f->sizes[0] == 8    ? GCL_UNIT_DPAS8
               : f->sizes[0] == 16 ? GCL_UNIT_DPAS16
                                   : GCL_UNIT_NONE;
    return GCL_UNIT_NONE;
}

gcl_lanes_by gcl_lanes_by_from(const gcl_subgroup_facts *f)
{
    if (f->nv_major >= 3) /* shfl.sync */
        return GCL_LANES_NV;
    if (f->is_amd && strncmp(f->name, "gfx", 3) == 0) /* not a driver that is no LLVM */
        return GCL_LANES_AMD;
    if (has_word(f->extensions, "cl_intel_subgroups") &&
        has_word(f->extensions, "cl_intel_required_subgroup_size"))
        return GCL_LANES_INTEL;
    return GCL_LANES_LOCAL;
}

static void get_subgroups(gcl_device_info *d, const char *extensions)
{
    gcl_subgroup_facts f = {.name = d->name, .extensions = extensions};
    cl_uint u = 0;

    if (clGetDeviceInfo(d->id, DEVICE_COMPUTE_CAPABILITY_MAJOR_NV, sizeof u, &u, NULL) ==
        CL_SUCCESS)
        f.nv_major = u;
    if (clGetDeviceInfo(d->id, DEVICE_WARP_SIZE_NV, sizeof u, &u, NULL) == CL_SUCCESS) {
        f.sizes[0] = u;
    } else if (clGetDeviceInfo(d->id, DEVICE_WAVEFRONT_WIDTH_AMD, sizeof u, &u, NULL) ==
               CL_SUCCESS) {
        f.is_amd = true;
        f.sizes[0] = u;
    } else {
        clGetDeviceInfo(d->id, DEVICE_SUB_GROUP_SIZES_INTEL, sizeof f.sizes, f.sizes, NULL);
    }
    for (size_t i = 0; i < sizeof f.sizes / sizeof f.sizes[0]; i++)
        d->subgroup_sizes |= (unsigned)f.sizes[i];
    d->subgroup_size = widest(&f);
    d->lanes_by = gcl_lanes_by_from(&f);
    d->matrix_unit = gcl_matrix_unit_from(&f);
}

static void get_extensions(gcl_device_info *d)
{
    char ext[16384];

    get_string(d->id, CL_DEVICE_EXTENSIONS, ext, sizeof ext);
    d->fp16 = has_word(ext, "cl_khr_fp16");
    d->fp64 = has_word(ext, "cl_khr_fp64");
    d->subgroups = has_word(ext, "cl_khr_subgroups") || has_word(ext, "cl_intel_subgroups");
    get_subgroups(d, ext);
}

/* PoCL reports the vectors of the host, also where it is told to compile for a lesser CPU
 * (POCL_KERNELLIB_NAME). That CPU's name ends the version; these are those of Debian's PoCL. */
unsigned gcl_pocl_vector_width(const char *version, unsigned host_width)
{
    static const struct {
        const char *suffix;
        unsigned width;
    } targets[] = {{"-haswell", 8}, {"-bdver1", 8}, {"-ivybridge", 8}, {"-sandybridge", 8},
                   {"-penryn", 4},  {"-core2", 4},  {"-x86-64", 4}};
    const size_t n = strlen(version);

    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        const size_t n_suffix = strlen(targets[i].suffix);
        if (n >= n_suffix && strcmp(version + n - n_suffix, targets[i].suffix) == 0 &&
            targets[i].width < host_width)
            return targets[i].width;
    }
    return host_width;
}

/* At least three dimensions by the standard, and every one of them at least 1. */
static void get_work_item_sizes(gcl_device_info *d)
{
    size_t sizes[16] = {0};

    clGetDeviceInfo(d->id, CL_DEVICE_MAX_WORK_ITEM_SIZES, sizeof sizes, sizes, NULL);
    for (int i = 0; i < 3; i++)
        d->max_work_item[i] = sizes[i] > 0 ? sizes[i] : 1;
}

/* Fills the record. Of what a device does not report, the least that the standard grants, or zero. */
static void describe(gcl_device_info *d)
{
    cl_uint u = 0;
    cl_bool b = CL_FALSE;
    char platform[sizeof d->platform_name] = "";

    get_string(d->id, CL_DEVICE_NAME, d->name, sizeof d->name);
    get_string(d->id, CL_DEVICE_VENDOR, d->vendor, sizeof d->vendor);
    get_string(d->id, CL_DRIVER_VERSION, d->driver, sizeof d->driver);
    get_string(d->id, CL_DEVICE_VERSION, d->version, sizeof d->version);
    get_extensions(d);
    if (clGetPlatformInfo(d->platform, CL_PLATFORM_NAME, sizeof platform - 1, platform, NULL) ==
        CL_SUCCESS)
        memcpy(d->platform_name, platform, sizeof platform);
    clGetDeviceInfo(d->id, CL_DEVICE_TYPE, sizeof d->type, &d->type, NULL);
    d->compute_units = 1;
    if (clGetDeviceInfo(d->id, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof u, &u, NULL) == CL_SUCCESS &&
        u > 0)
        d->compute_units = u;
    if (clGetDeviceInfo(d->id, CL_DEVICE_MAX_CLOCK_FREQUENCY, sizeof u, &u, NULL) == CL_SUCCESS)
        d->clock_mhz = u;
    if (clGetDeviceInfo(d->id, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, sizeof u, &u, NULL) ==
        CL_SUCCESS)
        d->vector_width_f32 =
            strstr(d->version, "PoCL") != NULL ? gcl_pocl_vector_width(d->version, u) : u;
    d->mem_align_bytes = 128;
    if (clGetDeviceInfo(d->id, CL_DEVICE_MEM_BASE_ADDR_ALIGN, sizeof u, &u, NULL) == CL_SUCCESS &&
        u / 8 > d->mem_align_bytes)
        d->mem_align_bytes = u / 8; /* reported in bits */
    d->max_work_group = 1;
    clGetDeviceInfo(d->id, CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof d->max_work_group,
                    &d->max_work_group, NULL);
    get_work_item_sizes(d);
    clGetDeviceInfo(d->id, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof d->global_mem_bytes,
                    &d->global_mem_bytes, NULL);
    clGetDeviceInfo(d->id, CL_DEVICE_LOCAL_MEM_SIZE, sizeof d->local_mem_bytes, &d->local_mem_bytes,
                    NULL);
    clGetDeviceInfo(d->id, CL_DEVICE_GLOBAL_MEM_CACHE_SIZE, sizeof d->cache_bytes, &d->cache_bytes,
                    NULL);
    if (clGetDeviceInfo(d->id, CL_DEVICE_HOST_UNIFIED_MEMORY, sizeof b, &b, NULL) == CL_SUCCESS)
        d->unified_memory = b == CL_TRUE;
    /* Mesa's gallivm ends all loops of a work-item after 65535 rounds (LP_MAX_TGSI_LOOP_ITERATIONS),
     * and unrolls few */
    if (strncmp(d->name, "llvmpipe", 8) == 0)
        d->max_rounds = 65535;
}

/* True when a call failed. The first is remembered, unless it only told of no device. */
static bool refuses(refusal *r, const char *call, cl_int status)
{
    if (status != CL_SUCCESS && (r->status == CL_SUCCESS || r->status == CL_DEVICE_NOT_FOUND))
        *r = (refusal){call, status};
    return status != CL_SUCCESS;
}

/* Whether a device can work at all. Fills in the one size without which nothing can be planned. */
static bool usable(gcl_device_info *d, refusal *r)
{
    cl_bool available = CL_FALSE, compiler = CL_FALSE;
    cl_int st = clGetDeviceInfo(d->id, CL_DEVICE_AVAILABLE, sizeof available, &available, NULL);

    if (st == CL_SUCCESS)
        st = clGetDeviceInfo(d->id, CL_DEVICE_COMPILER_AVAILABLE, sizeof compiler, &compiler, NULL);
    if (st == CL_SUCCESS)
        st = clGetDeviceInfo(d->id, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof d->max_alloc_bytes,
                             &d->max_alloc_bytes, NULL);
    return !refuses(r, "clGetDeviceInfo", st) && available == CL_TRUE && compiler == CL_TRUE;
}

static gcl_status list_devices(gcl_device_info **out, size_t *n, refusal *r, gcl_error *err)
{
    cl_platform_id platforms[MAX_PLATFORMS];
    cl_uint n_platforms = 0;

    *out = NULL;
    *n = 0;
    /* Any failure here means that the loader found no working platform. */
    if (refuses(r, "clGetPlatformIDs", clGetPlatformIDs(MAX_PLATFORMS, platforms, &n_platforms)))
        return GCL_OK;
    if (n_platforms > MAX_PLATFORMS)
        n_platforms = MAX_PLATFORMS;
    for (cl_uint p = 0; p < n_platforms; p++) {
        cl_device_id ids[MAX_DEVICES];
        cl_uint n_ids = 0;
        gcl_device_info *grown;

        if (refuses(r, "clGetDeviceIDs",
                    clGetDeviceIDs(platforms[p], CL_DEVICE_TYPE_ALL, MAX_DEVICES, ids, &n_ids)) ||
            n_ids == 0)
            continue;
        if (n_ids > MAX_DEVICES)
            n_ids = MAX_DEVICES;
        grown = realloc(*out, (*n + n_ids) * sizeof **out);
        if (grown == NULL) {
            free(*out);
            *out = NULL;
            *n = 0;
            return GCL_FAIL(err, GCL_E_NOMEM, "device list: host allocation of %zu bytes",
                            (*n + n_ids) * sizeof *grown);
        }
        *out = grown;
        for (cl_uint i = 0; i < n_ids; i++) {
            gcl_device_info *d = &(*out)[*n];
            memset(d, 0, sizeof *d);
            d->platform = platforms[p];
            d->id = ids[i];
            if (!usable(d, r))
                continue;
            d->index = (int)(*n)++;
            describe(d);
        }
    }
    return GCL_OK;
}

gcl_status gcl_device_list(gcl_device_info **out, size_t *n, gcl_error *err)
{
    refusal r = {0};

    return list_devices(out, n, &r, err);
}

static bool contains_ignoring_case(const char *text, const char *part)
{
    const size_t n = strlen(part);

    for (; *text != '\0'; text++) {
        size_t i = 0;
        while (i < n && tolower((unsigned char)text[i]) == tolower((unsigned char)part[i]))
            i++;
        if (i == n)
            return true;
    }
    return n == 0;
}

static const gcl_device_info *choose(const gcl_device_info *list, size_t n, const char *which)
{
    char *end = NULL;
    const long index = strtol(which, &end, 10);

    if (end != which && *end == '\0')
        return index >= 0 && (size_t)index < n ? &list[index] : NULL;
    for (size_t i = 0; i < n; i++)
        if (contains_ignoring_case(list[i].name, which) ||
            contains_ignoring_case(list[i].platform_name, which))
            return &list[i];
    return NULL;
}

static const gcl_device_info *choose_default(const gcl_device_info *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (list[i].type & CL_DEVICE_TYPE_GPU)
            return &list[i];
    return &list[0];
}

static gcl_status fail_no_match(const gcl_device_info *list, size_t n, const char *which,
                                gcl_error *err)
{
    char known[512] = "";
    size_t used = 0;

    for (size_t i = 0; i < n && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%zu = %s", i ? ", " : "", i,
                                 list[i].name);
    return GCL_FAIL(err, GCL_E_NOT_FOUND, "no OpenCL device matches \"%s\"; there are: %s", which,
                    known);
}

gcl_status gcl_device_find(gcl_device_info *out, const char *which, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_device_info *list = NULL;
    const gcl_device_info *found = NULL;
    size_t n = 0;
    refusal r = {0};

    if (which == NULL || *which == '\0')
        which = getenv("GALIP_DEVICE");
    GCL_TRY(list_devices(&list, &n, &r, err));
    if (n == 0) {
        st = GCL_FAIL(err, GCL_E_NOT_FOUND,
                      "no OpenCL device: no platform of the ICD loader offers one (a GPU driver "
                      "or PoCL provides one)%s%s%s%s",
                      r.call != NULL ? "; " : "", r.call != NULL ? r.call : "",
                      r.call != NULL ? ": " : "", r.call != NULL ? gcl_status_name(r.status) : "");
        goto done;
    }
    found = which == NULL || *which == '\0' ? choose_default(list, n) : choose(list, n, which);
    if (found == NULL)
        st = fail_no_match(list, n, which, err);
    else
        *out = *found;
done:
    free(list);
    return st;
}

const char *gcl_lanes_by_name(gcl_lanes_by by)
{
    static const char *const names[] = {"local memory", "intel", "nv", "amd"};

    return names[by];
}

const char *gcl_device_type_name(const gcl_device_info *device)
{
    if (device->type & CL_DEVICE_TYPE_GPU)
        return "GPU";
    if (gcl_device_is_cpu(device))
        return "CPU";
    if (device->type & CL_DEVICE_TYPE_ACCELERATOR)
        return "accelerator";
    return "other";
}
