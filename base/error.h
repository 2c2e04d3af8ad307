/**
 * The one error type of the project, and the macros that carry it upwards.
 *
 * A function that can fail returns a gcl_status and takes a `gcl_error *err` last. The message is
 * written once, where the fact is known; callers pass the status up untouched. Nothing here or
 * above prints: the program decides what to show.
 */
#ifndef GCL_BASE_ERROR_H
#define GCL_BASE_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

/**
 * 0 is success. A negative value is OpenCL's own status, unchanged (-54 is
 * CL_INVALID_WORK_GROUP_SIZE). A positive value is one of the list below.
 */
typedef int gcl_status;

enum {
    GCL_OK = 0,
    GCL_E_ARG,         /* an argument or flag is outside what the function accepts */
    GCL_E_SHAPE,       /* operand shapes do not fit each other, or a tensor is not as required */
    GCL_E_BUFFER,      /* a buffer is too small for what was asked */
    GCL_E_NOMEM,       /* host memory ran out */
    GCL_E_FILE,        /* the operating system refused: open, read, write, rename, map */
    GCL_E_FORMAT,      /* a file was read and is not what it should be */
    GCL_E_NOT_FOUND,   /* a name (device, tensor, kernel, op) that does not exist */
    GCL_E_UNSUPPORTED, /* legal, but neither this build nor this device can do it */
    GCL_E_MISMATCH,    /* a check ran to its end and found a difference */
    GCL_E_COUNT_
};

typedef struct gcl_error {
    gcl_status status;
    int line;           /* source line that raised it */
    const char *file;   /* source file that raised it; static string */
    char *log;          /* compiler's build log when a kernel build failed, else NULL; owned */
    char message[1024]; /* one line: what, what was required, what came */
} gcl_error;

#define GCL_ERROR_INIT   \
    {                    \
        GCL_OK, 0, 0, 0, \
        {                \
            0            \
        }                \
    }

/** Frees what the error holds and makes it empty again. Legal on an empty one and on NULL. */
void gcl_error_clear(gcl_error *err);

/** Symbol of a status, ours or OpenCL's ("GCL_E_SHAPE", "CL_OUT_OF_RESOURCES"); static string. */
const char *gcl_status_name(gcl_status status);

/**
 * Writes a formatted message into err (replacing what it held; err may be NULL) and returns
 * status. Control characters that came in from outside are shown as '?', so that a message is
 * always one line and never drives a terminal.
 */
gcl_status gcl_fail_at(gcl_error *err, gcl_status status, const char *file, int line,
                       const char *fmt, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 5, 6)))
#endif
    ;

/** Writes "CALL: SYMBOL" plus the formatted values, for an OpenCL call that returned status. */
gcl_status gcl_fail_cl_at(gcl_error *err, gcl_status status, const char *call, const char *file,
                          int line, const char *fmt, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 6, 7)))
#endif
    ;

#define GCL_FAIL(err, st, ...) gcl_fail_at((err), (st), __FILE__, __LINE__, __VA_ARGS__)
#define GCL_FAIL_CL(err, st, call, ...) \
    gcl_fail_cl_at((err), (st), (call), __FILE__, __LINE__, __VA_ARGS__)

/** The only hidden control flow in the code base: leave through `done:` on failure. */
#define GCL_TRY(expr)                \
    do {                             \
        if ((st = (expr)) != GCL_OK) \
            goto done;               \
    } while (0)

#ifdef __cplusplus
}
#endif
#endif
