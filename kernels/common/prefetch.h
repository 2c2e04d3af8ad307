/*
 * prefetch.h - asks for the cache line at p, which will be read or written later; p may be past the end.
 *
 * Needs      clang for x86-64 or aarch64, as CPU runtimes are; nothing is asked for elsewhere.
 *            OpenCL's own prefetch() would do, but PoCL leaves it empty.
 */
#if defined(__clang__) && (defined(__x86_64__) || defined(__aarch64__))
#define PREFETCH(p) __builtin_prefetch((const void *)(size_t)(p))
#else
#define PREFETCH(p) ((void)(p))
#endif
