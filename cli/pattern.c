/* pattern.c - output paths with a number in them. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/pictures.h"

/* Length of the %d or %0Nd that text begins with, 0 when it does not; *digits is N. */
static size_t conversion(const char *text, int *digits)
{
    size_t n = 1;

    *digits = 1;
    if (text[1] == '0' && isdigit((unsigned char)text[2])) {
        *digits = text[2] - '0';
        n = 3;
    }
    return text[n] == 'd' && *digits > 0 ? n + 1 : 0;
}

gcl_status cli_pattern_parse(cli_pattern *out, const char *text, gcl_error *err)
{
    size_t n_conversions = 0;
    int digits;

    *out = (cli_pattern){text, false};
    for (const char *p = text; (p = strchr(p, '%')) != NULL;) {
        const size_t n = conversion(p, &digits);
        if (n == 0 && p[1] != '%')
            return CLI_USAGE(err,
                             "--output is \"%s\": after a %% only d, 0Nd (N: 1 .. 9) or another "
                             "%% may follow",
                             text);
        n_conversions += n > 0;
        p += n > 0 ? n : 2;
    }
    if (n_conversions > 1)
        return CLI_USAGE(err, "--output is \"%s\": it may hold one %%d only", text);
    if (*text == '\0')
        return CLI_USAGE(err, "--output is empty");
    out->numbered = n_conversions == 1;
    return GCL_OK;
}

gcl_status cli_pattern_path(const cli_pattern *p, size_t index, char **path, gcl_error *err)
{
    const size_t room = strlen(p->text) + 24; /* the digits of any size_t */
    const gcl_status st = cli_alloc(path, room, 1, "path", err);
    char *out = *path;

    if (st != GCL_OK)
        return st;
    for (const char *in = p->text; *in != '\0';) {
        int digits;
        const size_t n = *in == '%' ? conversion(in, &digits) : 0;
        if (n > 0)
            out += snprintf(out, room - (size_t)(out - *path), "%0*zu", digits, index);
        else
            *out++ = *in;
        in += n > 0 ? n : *in == '%' ? 2 : 1;
    }
    *out = '\0';
    return GCL_OK;
}
