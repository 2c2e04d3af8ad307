/* replay.c - gives a fuzz target the files of a folder, or the files named. */
#define _XOPEN_SOURCE 700
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"

enum { MAX_BYTES = 1 << 20 };

static int replay(const char *path)
{
    gcl_error err = GCL_ERROR_INIT;
    char *data;
    size_t bytes;

    if (gcl_file_read(&data, &bytes, path, MAX_BYTES, &err) != GCL_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 0;
    }
    fprintf(stderr, "%s\n", path); /* the last one, if it ends the process, is to blame */
    data = realloc(data, bytes + (bytes == 0)); /* so that sanitizers see its end */
    LLVMFuzzerTestOneInput((const uint8_t *)data, bytes);
    free(data);
    return 1;
}

int main(int argc, char **argv)
{
    struct dirent *entry;
    DIR *dir;
    char path[4096];
    int passed = 0, failed = 0;

    for (int i = 1; i < argc; i++) {
        dir = opendir(argv[i]);
        while (dir != NULL && (entry = readdir(dir)) != NULL) {
            snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
            if (entry->d_name[0] != '.')
                *(replay(path) ? &passed : &failed) += 1;
        }
        if (dir != NULL)
            closedir(dir);
        else
            *(replay(argv[i]) ? &passed : &failed) += 1;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed > 0 || passed == 0;
}
