/* verbose.c - optional lines on stderr. */
#include "base/verbose.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void gcl_verbose(const char *fmt, ...)
{
    const char *v = getenv("GALIP_VERBOSE");
    va_list ap;

    if (v == NULL || *v == '\0' || strcmp(v, "0") == 0)
        return;
    va_start(ap, fmt);
    fputs("galip: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
}
