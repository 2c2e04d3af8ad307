/** The library's only output: what it decided, for a person who asks. */
#ifndef GCL_BASE_VERBOSE_H
#define GCL_BASE_VERBOSE_H

#ifdef __cplusplus
extern "C" {
#endif

/** Prints one line to stderr when the environment variable GALIP_VERBOSE is set and not "0". */
void gcl_verbose(const char *fmt, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 1, 2)))
#endif
    ;

#ifdef __cplusplus
}
#endif
#endif
