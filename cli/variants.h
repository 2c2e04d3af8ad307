/**
 * The flag --variant of the commands that plan.
 */
#ifndef GCL_CLI_VARIANTS_H
#define GCL_CLI_VARIANTS_H

#include "base/error.h"

enum { CLI_KEY_VARIANT = 512 };

#define CLI_FLAG_VARIANT                                                  \
    {                                                                     \
        "variant", CLI_KEY_VARIANT, "OP=NAME",                            \
            "use this variant of an op instead of choosing one, and of\n" \
            "its tunables these values: OP=NAME:TUNABLE=VALUE:...; may\n" \
            "be repeated"                                                 \
    }

/** Appends OP=NAME to the list for gcl_plan_options.variants. @param list  owned (free) */
gcl_status cli_variants_add(char **list, const char *variant, gcl_error *err);

#endif
