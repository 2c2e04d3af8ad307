/* error.c - status names and the one place where error messages are written. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const own_names[GCL_E_COUNT_] = {
    "GCL_OK",     "GCL_E_ARG",    "GCL_E_SHAPE",     "GCL_E_BUFFER",      "GCL_E_NOMEM",
    "GCL_E_FILE", "GCL_E_FORMAT", "GCL_E_NOT_FOUND", "GCL_E_UNSUPPORTED", "GCL_E_MISMATCH",
};

/* OpenCL 1.2 status codes, CL/cl.h, written as numbers so that this layer needs no OpenCL. */
static const struct {
    int code;
    const char *name;
} cl_names[] = {
    {-1, "CL_DEVICE_NOT_FOUND"},
    {-2, "CL_DEVICE_NOT_AVAILABLE"},
    {-3, "CL_COMPILER_NOT_AVAILABLE"},
    {-4, "CL_MEM_OBJECT_ALLOCATION_FAILURE"},
    {-5, "CL_OUT_OF_RESOURCES"},
    {-6, "CL_OUT_OF_HOST_MEMORY"},
    {-7, "CL_PROFILING_INFO_NOT_AVAILABLE"},
    {-8, "CL_MEM_COPY_OVERLAP"},
    {-9, "CL_IMAGE_FORMAT_MISMATCH"},
    {-10, "CL_IMAGE_FORMAT_NOT_SUPPORTED"},
    {-11, "CL_BUILD_PROGRAM_FAILURE"},
    {-12, "CL_MAP_FAILURE"},
    {-13, "CL_MISALIGNED_SUB_BUFFER_OFFSET"},
    {-14, "CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST"},
    {-15, "CL_COMPILE_PROGRAM_FAILURE"},
    {-16, "CL_LINKER_NOT_AVAILABLE"},
    {-17, "CL_LINK_PROGRAM_FAILURE"},
    {-18, "CL_DEVICE_PARTITION_FAILED"},
    {-19, "CL_KERNEL_ARG_INFO_NOT_AVAILABLE"},
    {-30, "CL_INVALID_VALUE"},
    {-31, "CL_INVALID_DEVICE_TYPE"},
    {-32, "CL_INVALID_PLATFORM"},
    {-33, "CL_INVALID_DEVICE"},
    {-34, "CL_INVALID_CONTEXT"},
    {-35, "CL_INVALID_QUEUE_PROPERTIES"},
    {-36, "CL_INVALID_COMMAND_QUEUE"},
    {-37, "CL_INVALID_HOST_PTR"},
    {-38, "CL_INVALID_MEM_OBJECT"},
    {-39, "CL_INVALID_IMAGE_FORMAT_DESCRIPTOR"},
    {-40, "CL_INVALID_IMAGE_SIZE"},
    {-41, "CL_INVALID_SAMPLER"},
    {-42, "CL_INVALID_BINARY"},
    {-43, "CL_INVALID_BUILD_OPTIONS"},
    {-44, "CL_INVALID_PROGRAM"},
    {-45, "CL_INVALID_PROGRAM_EXECUTABLE"},
    {-46, "CL_INVALID_KERNEL_NAME"},
    {-47, "CL_INVALID_KERNEL_DEFINITION"},
    {-48, "CL_INVALID_KERNEL"},
    {-49, "CL_INVALID_ARG_INDEX"},
    {-50, "CL_INVALID_ARG_VALUE"},
    {-51, "CL_INVALID_ARG_SIZE"},
    {-52, "CL_INVALID_KERNEL_ARGS"},
    {-53, "CL_INVALID_WORK_DIMENSION"},
    {-54, "CL_INVALID_WORK_GROUP_SIZE"},
    {-55, "CL_INVALID_WORK_ITEM_SIZE"},
    {-56, "CL_INVALID_GLOBAL_OFFSET"},
    {-57, "CL_INVALID_EVENT_WAIT_LIST"},
    {-58, "CL_INVALID_EVENT"},
    {-59, "CL_INVALID_OPERATION"},
    {-60, "CL_INVALID_GL_OBJECT"},
    {-61, "CL_INVALID_BUFFER_SIZE"},
    {-62, "CL_INVALID_MIP_LEVEL"},
    {-63, "CL_INVALID_GLOBAL_WORK_SIZE"},
    {-64, "CL_INVALID_PROPERTY"},
    {-65, "CL_INVALID_IMAGE_DESCRIPTOR"},
    {-66, "CL_INVALID_COMPILER_OPTIONS"},
    {-67, "CL_INVALID_LINKER_OPTIONS"},
    {-68, "CL_INVALID_DEVICE_PARTITION_COUNT"},
    {-1001, "CL_PLATFORM_NOT_FOUND_KHR"},
};

const char *gcl_status_name(gcl_status status)
{
    if (status >= 0)
        return status < GCL_E_COUNT_ ? own_names[status] : "unknown status";
    for (size_t i = 0; i < sizeof cl_names / sizeof cl_names[0]; i++)
        if (cl_names[i].code == status)
            return cl_names[i].name;
    return "unknown OpenCL status";
}

void gcl_error_clear(gcl_error *err)
{
    if (err == NULL)
        return;
    free(err->log);
    memset(err, 0, sizeof *err);
}

static void set(gcl_error *err, gcl_status status, const char *file, int line)
{
    gcl_error_clear(err);
    err->status = status;
    err->file = file;
    err->line = line;
}

/* C0 and DEL, and the C1 controls in their UTF-8 form (c2 80 .. c2 9f). */
static void make_one_line(char *s)
{
    for (; *s != '\0'; s++) {
        const unsigned char c = (unsigned char)s[0], next = (unsigned char)s[1];
        if (c < 0x20 || c == 0x7f)
            s[0] = '?';
        else if (c == 0xc2 && next >= 0x80 && next <= 0x9f)
            s[0] = s[1] = '?';
    }
}

gcl_status gcl_fail_at(gcl_error *err, gcl_status status, const char *file, int line,
                       const char *fmt, ...)
{
    va_list ap;

    if (err == NULL)
        return status;
    set(err, status, file, line);
    va_start(ap, fmt);
    vsnprintf(err->message, sizeof err->message, fmt, ap);
    va_end(ap);
    make_one_line(err->message);
    return status;
}

gcl_status gcl_fail_cl_at(gcl_error *err, gcl_status status, const char *call, const char *file,
                          int line, const char *fmt, ...)
{
    va_list ap;
    int n;

    if (err == NULL)
        return status;
    set(err, status, file, line);
    n = snprintf(err->message, sizeof err->message, "%s: %s (%d): ", call, gcl_status_name(status),
                 status);
    va_start(ap, fmt);
    if (n > 0 && (size_t)n < sizeof err->message)
        vsnprintf(err->message + n, sizeof err->message - (size_t)n, fmt, ap);
    va_end(ap);
    make_one_line(err->message);
    return status;
}
