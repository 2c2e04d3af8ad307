/* layer_host.c - the fault layer before the C library. */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layer.h"

/* glibc's allocator under its second names: dlsym itself needs memory. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t n, size_t bytes);
void *__libc_realloc(void *p, size_t bytes);
void __libc_free(void *p);

/* ---- who calls ---- */

/* Beside the program; a library that OpenCL drivers use too (zlib) is not among them. */
#define LAYER_OURS "libpng", "libjansson", "libutf8proc", "libclblast"

enum { MAX_RANGES = 64 };
static struct {
    uintptr_t from, to;
} ranges[MAX_RANGES];
static int n_ranges;

static bool is_ours(const char *path)
{
    static const char *const ours[] = {LAYER_OURS};
    const char *slash = strrchr(path, '/');

    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (slash != NULL && strncmp(slash + 1, ours[i], strlen(ours[i])) == 0)
            return true;
    return path[0] == '\0'; /* the program */
}

static int add_ranges(struct dl_phdr_info *object, size_t size, void *user)
{
    (void)size, (void)user;
    for (int i = 0; is_ours(object->dlpi_name) && i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &object->dlpi_phdr[i];
        if (p->p_type != PT_LOAD || (p->p_flags & PF_X) == 0 || n_ranges == MAX_RANGES)
            continue;
        ranges[n_ranges].from = object->dlpi_addr + p->p_vaddr;
        ranges[n_ranges].to = ranges[n_ranges].from + p->p_memsz;
        n_ranges++;
    }
    return 0;
}

__attribute__((constructor)) static void begin(void)
{
    dl_iterate_phdr(add_ranges, NULL);
}

bool layer_is_ours(const void *address)
{
    const uintptr_t a = (uintptr_t)address;

    for (int i = 0; i < n_ranges; i++)
        if (a >= ranges[i].from && a < ranges[i].to)
            return true;
    return false;
}

#define OURS layer_is_ours(__builtin_return_address(0))

/* ---- memory ---- */

enum { N_BLOCKS = 1 << 20 }; /* open addressing; far more than the program ever holds */
static void *blocks[N_BLOCKS];
static pthread_mutex_t blocks_lock = PTHREAD_MUTEX_INITIALIZER;

static size_t place_of(const void *p)
{
    return (size_t)(((uintptr_t)p >> 4) * 0x9e3779b97f4a7c15u >> 44) % N_BLOCKS;
}

static void *remember(void *p)
{
    size_t i = place_of(p);

    if (p == NULL)
        return NULL;
    pthread_mutex_lock(&blocks_lock);
    while (blocks[i] != NULL)
        i = (i + 1) % N_BLOCKS;
    blocks[i] = p;
    pthread_mutex_unlock(&blocks_lock);
    layer_live(LIVE_MEMORY, 1);
    return p;
}

/* True when the block was remembered. What follows it in its run moves up. */
static bool forget(const void *p)
{
    size_t hole = place_of(p);
    bool found;

    pthread_mutex_lock(&blocks_lock);
    while (blocks[hole] != NULL && blocks[hole] != p)
        hole = (hole + 1) % N_BLOCKS;
    found = p != NULL && blocks[hole] == p;
    for (size_t i = (hole + 1) % N_BLOCKS; found && blocks[i] != NULL; i = (i + 1) % N_BLOCKS) {
        const size_t from_home = (i - place_of(blocks[i])) % N_BLOCKS;
        if (from_home < (i - hole) % N_BLOCKS)
            continue;
        blocks[hole] = blocks[i];
        hole = i;
    }
    if (found)
        blocks[hole] = NULL;
    pthread_mutex_unlock(&blocks_lock);
    if (found)
        layer_live(LIVE_MEMORY, -1);
    return found;
}

/* True when this call shall fail; errno is set. */
static bool fails(int call, const char *path)
{
    const int code = layer_hit(call, path);

    if (code != 0)
        errno = code;
    return code != 0;
}

void *malloc(size_t bytes)
{
    if (!OURS)
        return __libc_malloc(bytes);
    return fails(AT_malloc, NULL) ? NULL : remember(__libc_malloc(bytes));
}

void *calloc(size_t n, size_t bytes)
{
    if (!OURS)
        return __libc_calloc(n, bytes);
    return fails(AT_calloc, NULL) ? NULL : remember(__libc_calloc(n, bytes));
}

void *realloc(void *p, size_t bytes)
{
    const bool ours = OURS;
    bool known;
    void *moved;

    if (ours && fails(AT_realloc, NULL))
        return NULL;
    known = forget(p); /* first: another thread may get the address at once */
    moved = __libc_realloc(p, bytes);
    if (moved == NULL && known && bytes > 0)
        remember(p);
    return ours || known ? remember(moved) : moved;
}

void free(void *p)
{
    forget(p);
    __libc_free(p);
}

char *strdup(const char *s)
{
    const size_t bytes = strlen(s) + 1;
    const bool ours = OURS;
    char *copy;

    if (ours && fails(AT_strdup, NULL))
        return NULL;
    copy = __libc_malloc(bytes);
    if (copy != NULL)
        memcpy(copy, s, bytes);
    return ours ? remember(copy) : copy;
}

/* ---- files ---- */

#define FIND(name)              \
    static __typeof__(name) *f; \
    if (f == NULL)              \
    layer_find(&f, #name)

static const char *path_of(FILE *file)
{
    static _Thread_local char path[4096];
    char link[64];
    ssize_t n;

    snprintf(link, sizeof link, "/proc/self/fd/%d", file != NULL ? fileno(file) : -1);
    n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    return path;
}

static int mode_of(int flags, va_list ap)
{
    return (flags & O_CREAT) != 0 ? va_arg(ap, int) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list ap;
    int mode;

    FIND(open);
    if (OURS && fails(AT_open, path))
        return -1;
    va_start(ap, flags);
    mode = mode_of(flags, ap);
    va_end(ap);
    return f(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    va_list ap;
    int mode;

    FIND(openat);
    if (OURS && fails(AT_openat, path))
        return -1;
    va_start(ap, flags);
    mode = mode_of(flags, ap);
    va_end(ap);
    return f(folder, path, flags, mode);
}

FILE *fopen(const char *path, const char *mode)
{
    FIND(fopen);
    return OURS && fails(AT_fopen, path) ? NULL : f(path, mode);
}

FILE *fdopen(int fd, const char *mode)
{
    FILE *file;

    FIND(fdopen);
    if (!OURS)
        return f(fd, mode);
    file = fails(AT_fdopen, NULL) ? NULL : f(fd, mode);
    layer_streams += file != NULL;
    return file;
}

/* As ferror shall see it after a failed transfer. */
static void mark(FILE *file)
{
    file->_flags |= _IO_ERR_SEEN;
}

size_t fread(void *to, size_t size, size_t n, FILE *file)
{
    FIND(fread);
    if (!OURS || !fails(AT_fread, path_of(file)))
        return f(to, size, n, file);
    mark(file);
    return 0;
}

size_t fwrite(const void *from, size_t size, size_t n, FILE *file)
{
    FIND(fwrite);
    if (!OURS || !fails(AT_fwrite, path_of(file)))
        return f(from, size, n, file);
    mark(file);
    return 0;
}

int fflush(FILE *file)
{
    FIND(fflush);
    if (!OURS || !fails(AT_fflush, path_of(file)))
        return f(file);
    if (file != NULL)
        mark(file);
    return EOF;
}

/* The stream is gone whatever fclose says. */
int fclose(FILE *file)
{
    int code;

    FIND(fclose);
    if (!OURS)
        return f(file);
    layer_streams = 0; /* the program has one file open at a time */
    if (!fails(AT_fclose, path_of(file)))
        return f(file);
    code = errno;
    f(file);
    errno = code;
    return EOF;
}

ssize_t write(int fd, const void *from, size_t bytes)
{
    FIND(write);
    return OURS && fails(AT_write, NULL) ? -1 : f(fd, from, bytes);
}

int rename(const char *from, const char *to)
{
    const size_t n = strlen(to);

    FIND(rename);
    if (OURS && fails(AT_rename, to))
        return -1;
    layer_written |= n >= 4 && strcmp(to + n - 4, ".png") == 0;
    return f(from, to);
}

void *mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset)
{
    FIND(mmap);
    return OURS && fails(AT_mmap, NULL) ? MAP_FAILED : f(at, bytes, protection, flags, fd, offset);
}

int mkdir(const char *path, mode_t mode)
{
    FIND(mkdir);
    return OURS && fails(AT_mkdir, path) ? -1 : f(path, mode);
}
