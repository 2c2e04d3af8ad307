/** What `galip convert` shows. */
#ifndef GCL_CLI_CONVERT_REPORT_H
#define GCL_CLI_CONVERT_REPORT_H

#include <stdbool.h>

#include "model/convert.h"

/** Prints what was, or would be, written. @param path  of the new file; NULL: none was written */
gcl_status cli_convert_report(const gcl_conversion *c, const char *path, bool json, gcl_error *err);

#endif
