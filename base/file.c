/* file.c - whole-file reading, mapping, and write-beside-then-rename (POSIX). */
#define _DEFAULT_SOURCE /* madvise */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static gcl_status open_regular(int *fd, size_t *bytes, const char *path, gcl_error *err)
{
    struct stat sb;

    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*fd < 0)
        return GCL_FAIL(err, GCL_E_FILE, "cannot open %s: %s", path, strerror(errno));
    if (fstat(*fd, &sb) != 0)
        return GCL_FAIL(err, GCL_E_FILE, "cannot stat %s: %s", path, strerror(errno));
    if (!S_ISREG(sb.st_mode))
        return GCL_FAIL(err, GCL_E_FILE, "%s is not a regular file", path);
    *bytes = (size_t)sb.st_size;
    return GCL_OK;
}

gcl_status gcl_map_open(gcl_map *out, const char *path, gcl_error *err)
{
    gcl_status st = GCL_OK;
    int fd = -1;
    size_t bytes = 0;
    void *p;

    out->data = NULL;
    out->bytes = 0;
    GCL_TRY(open_regular(&fd, &bytes, path, err));
    if (bytes > 0) {
        p = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
        if (p == MAP_FAILED) {
            st = GCL_FAIL(err, GCL_E_FILE, "cannot map %zu bytes of %s: %s", bytes, path,
                          strerror(errno));
            goto done;
        }
        out->data = p;
        out->bytes = bytes;
    }
done:
    if (fd >= 0)
        close(fd);
    return st;
}

void gcl_map_close(gcl_map *map)
{
    if (map->data != NULL)
        munmap((void *)(uintptr_t)map->data, map->bytes);
    map->data = NULL;
    map->bytes = 0;
}

void gcl_map_drop(const void *data, size_t bytes)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    const uintptr_t from = (uintptr_t)data / page * page;

    /* posix_madvise's advice of this name does nothing on Linux. A refusal costs memory only. */
    madvise((void *)from, (uintptr_t)data + bytes - from, MADV_DONTNEED);
}

/* Reads to the end of the file whatever its announced size, so that pipes work too. */
gcl_status gcl_file_read(char **out, size_t *out_bytes, const char *path, size_t limit_bytes,
                         gcl_error *err)
{
    gcl_status st = GCL_OK;
    FILE *f = NULL;
    char *data = NULL;
    size_t used = 0, room = 0;

    *out = NULL;
    *out_bytes = 0;
    f = fopen(path, "rbe");
    if (f == NULL) {
        st = GCL_FAIL(err, GCL_E_FILE, "cannot open %s: %s", path, strerror(errno));
        goto done;
    }
    for (;;) {
        size_t got;
        if (used == room) {
            const size_t more = room == 0 ? 4096 : 2 * room;
            char *p = realloc(data, more + 1);
            if (p == NULL) {
                st = GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation of %zu bytes", path, more);
                goto done;
            }
            data = p;
            room = more;
        }
        got = fread(data + used, 1, room - used, f);
        used += got;
        if (used > limit_bytes) {
            st = GCL_FAIL(err, GCL_E_FORMAT, "%s is longer than the %zu bytes allowed here", path,
                          limit_bytes);
            goto done;
        }
        if (got == 0)
            break;
    }
    if (ferror(f)) {
        st = GCL_FAIL(err, GCL_E_FILE, "cannot read %s: %s", path, strerror(errno));
        goto done;
    }
    data[used] = '\0';
    *out = data;
    *out_bytes = used;
    data = NULL;
done:
    free(data);
    if (f != NULL)
        fclose(f);
    return st;
}

/* The temporary files of open writers; any beyond 16 are left by a signal. */
static char *volatile open_temps[16];

/* Puts `to` where `from` is. */
static void note_temp(const char *from, char *to)
{
    size_t i = 0;

    while (i < sizeof open_temps / sizeof open_temps[0] && open_temps[i] != from)
        i++;
    if (i < sizeof open_temps / sizeof open_temps[0])
        open_temps[i] = to;
}

void gcl_writers_discard(void)
{
    for (size_t i = 0; i < sizeof open_temps / sizeof open_temps[0]; i++) {
        const char *path = open_temps[i];
        if (path != NULL)
            unlink(path);
    }
}

/* Creates PATH.tmp.PID.N, with the permissions that fopen would give it; -1 with errno. */
static int create_beside(char *temp_path, size_t room, const char *path)
{
    int fd = -1;

    for (unsigned n = 0; fd < 0 && n < 1000; n++) {
        snprintf(temp_path, room, "%s.tmp.%ld.%u", path, (long)getpid(), n);
        fd = open(temp_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    return fd;
}

gcl_status gcl_writer_open(gcl_writer *w, const char *path, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const size_t room = strlen(path) + 40;
    int fd = -1;

    memset(w, 0, sizeof *w);
    w->path = malloc(room);
    w->temp_path = malloc(room);
    if (w->path == NULL || w->temp_path == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation of %zu bytes", path, room);
        goto done;
    }
    memcpy(w->path, path, strlen(path) + 1);
    fd = create_beside(w->temp_path, room, path);
    if (fd < 0) {
        st = GCL_FAIL(err, GCL_E_FILE, "cannot write %s: %s", path, strerror(errno));
        goto done;
    }
    w->file = fdopen(fd, "wb");
    if (w->file == NULL) {
        st = GCL_FAIL(err, GCL_E_FILE, "cannot write %s: %s", path, strerror(errno));
        close(fd);
        unlink(w->temp_path);
        goto done;
    }
    note_temp(NULL, w->temp_path);
done:
    if (st != GCL_OK) {
        free(w->path);
        free(w->temp_path);
        memset(w, 0, sizeof *w);
    }
    return st;
}

gcl_status gcl_writer_commit(gcl_writer *w, gcl_error *err)
{
    gcl_status st = GCL_OK;
    int bad = fflush(w->file) != 0 || ferror(w->file);

    bad |= fclose(w->file) != 0;
    w->file = NULL;
    if (bad)
        st = GCL_FAIL(err, GCL_E_FILE, "cannot write %s: %s", w->path, strerror(errno));
    else if (rename(w->temp_path, w->path) != 0)
        st = GCL_FAIL(err, GCL_E_FILE, "cannot rename %s to %s: %s", w->temp_path, w->path,
                      strerror(errno));
    if (st == GCL_OK) {
        note_temp(w->temp_path, NULL);
        free(w->temp_path);
        w->temp_path = NULL; /* nothing left to remove */
    }
    gcl_writer_abort(w);
    return st;
}

void gcl_writer_abort(gcl_writer *w)
{
    if (w->file != NULL)
        fclose(w->file);
    if (w->temp_path != NULL) {
        unlink(w->temp_path);
        note_temp(w->temp_path, NULL);
    }
    free(w->path);
    free(w->temp_path);
    memset(w, 0, sizeof *w);
}

gcl_status gcl_file_write(const char *path, const void *data, size_t bytes, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_writer w = {0};

    GCL_TRY(gcl_writer_open(&w, path, err));
    if (fwrite(data, 1, bytes, w.file) != bytes) {
        st = GCL_FAIL(err, GCL_E_FILE, "cannot write %s: %s", path, strerror(errno));
        goto done;
    }
    GCL_TRY(gcl_writer_commit(&w, err));
done:
    gcl_writer_abort(&w);
    return st;
}

gcl_status gcl_make_dirs(const char *path, gcl_error *err)
{
    gcl_status st = GCL_OK;
    char *copy = *path == '\0' ? NULL : malloc(strlen(path) + 1);

    if (*path == '\0')
        return GCL_FAIL(err, GCL_E_ARG, "a folder's name is empty");
    if (copy == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "host allocation of %zu bytes", strlen(path) + 1);
    strcpy(copy, path);
    for (char *p = copy + 1; st == GCL_OK; p++) {
        const char c = *p;
        if (c != '/' && c != '\0')
            continue;
        *p = '\0';
        if (mkdir(copy, 0777) != 0 && errno != EEXIST)
            st = GCL_FAIL(err, GCL_E_FILE, "cannot create folder %s: %s", copy, strerror(errno));
        *p = c;
        if (c == '\0')
            break;
    }
    free(copy);
    return st;
}
