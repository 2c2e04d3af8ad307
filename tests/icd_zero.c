/*
 * icd_zero.c - an OpenCL driver with one platform and no device, as a machine has whose card was
 * taken out. Just enough for a loader to accept it.
 */
#include <string.h>

#include <CL/cl.h>
#include <CL/cl_icd.h>

struct _cl_platform_id {
    const cl_icd_dispatch *dispatch; /* the loader's contract: first member of every object */
};

static cl_int CL_API_CALL get_platform_info(cl_platform_id platform, cl_platform_info what,
                                            size_t room, void *out, size_t *n)
{
    const char *text;

    (void)platform;
    switch (what) {
    case CL_PLATFORM_PROFILE:
        text = "FULL_PROFILE";
        break;
    case CL_PLATFORM_VERSION:
        text = "OpenCL 1.2 zero";
        break;
    case CL_PLATFORM_EXTENSIONS:
        text = "cl_khr_icd";
        break;
    case CL_PLATFORM_NAME:
    case CL_PLATFORM_VENDOR:
    case CL_PLATFORM_ICD_SUFFIX_KHR:
        text = "ZERO";
        break;
    default:
        return CL_INVALID_VALUE;
    }
    if (n != NULL)
        *n = strlen(text) + 1;
    if (out == NULL)
        return CL_SUCCESS;
    if (room <= strlen(text))
        return CL_INVALID_VALUE;
    memcpy(out, text, strlen(text) + 1);
    return CL_SUCCESS;
}

static cl_int CL_API_CALL get_device_ids(cl_platform_id platform, cl_device_type type, cl_uint room,
                                         cl_device_id *out, cl_uint *n)
{
    (void)platform, (void)type, (void)room, (void)out;
    if (n != NULL)
        *n = 0;
    return CL_DEVICE_NOT_FOUND;
}

static const cl_icd_dispatch dispatch = {
    .clGetPlatformInfo = get_platform_info,
    .clGetDeviceIDs = get_device_ids,
};

static struct _cl_platform_id the_platform = {&dispatch};

CL_API_ENTRY cl_int CL_API_CALL clIcdGetPlatformIDsKHR(cl_uint room, cl_platform_id *out,
                                                       cl_uint *n)
{
    if (n != NULL)
        *n = 1;
    if (out != NULL && room > 0)
        out[0] = &the_platform;
    return CL_SUCCESS;
}

CL_API_ENTRY void *CL_API_CALL clGetExtensionFunctionAddress(const char *name)
{
    cl_int(CL_API_CALL * get)(cl_uint, cl_platform_id *, cl_uint *) = clIcdGetPlatformIDsKHR;
    void *address = NULL;

    if (strcmp(name, "clIcdGetPlatformIDsKHR") == 0)
        memcpy(&address, &get, sizeof address); /* ISO C has no cast for this */
    return address;
}

CL_API_ENTRY cl_int CL_API_CALL clGetPlatformInfo(cl_platform_id platform, cl_platform_info what,
                                                  size_t room, void *out, size_t *n)
{
    return get_platform_info(platform, what, room, out, n);
}
