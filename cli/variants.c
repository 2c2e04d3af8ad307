/* variants.c - the flag --variant. */
#include "cli/variants.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"

gcl_status cli_variants_add(char **list, const char *variant, gcl_error *err)
{
    const size_t before = *list != NULL ? strlen(*list) : 0;
    const size_t room = before + strlen(variant) + 2;
    const char *equals = strchr(variant, '=');
    char *grown;

    if (equals == NULL || equals == variant || equals[1] == '\0')
        return CLI_USAGE(err, "--variant is \"%s\", needs OP=NAME", variant);
    grown = realloc(*list, room);
    if (grown == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "--variant: host allocation of %zu bytes", room);
    snprintf(grown + before, room - before, "%s%s", before > 0 ? "," : "", variant);
    *list = grown;
    return GCL_OK;
}
