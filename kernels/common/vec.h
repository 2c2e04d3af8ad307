/*
 * vec.h - a vector of VW floats.
 *
 * Tunables   VW   elements of a vector   default 8    8 | 16
 * Needs      OpenCL C 1.2, no extensions. PREFETCH(p) asks for the cache line at p before it is
 *            needed, where the compiler is clang for x86-64, and is nothing elsewhere. OpenCL's own
 *            prefetch() is empty in PoCL 3.1.
 */
#ifndef VW
#define VW 8
#endif

#if VW == 8
typedef float8 vec;
#define VLOAD vload8
#define VSTORE vstore8
#elif VW == 16
typedef float16 vec;
#define VLOAD vload16
#define VSTORE vstore16
#else
#error "VW must be 8 or 16"
#endif

#if defined(__x86_64__) && defined(__has_builtin)
#if __has_builtin(__builtin_prefetch)
#define PREFETCH(p) __builtin_prefetch((const void *)(size_t)(p))
#endif
#endif
#ifndef PREFETCH
#define PREFETCH(p)
#endif
