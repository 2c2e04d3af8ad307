/* cmd_devices.c - galip devices: the OpenCL devices of this machine. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/output.h"
#include "cli/options.h"
#include "host/device.h"

static const cli_flag flags[] = {
    {"verbose", 'v', NULL, "print everything that is known of each device"},
    CLI_FLAG_JSON,
    CLI_FLAG_HELP,
    {NULL, 0, NULL, NULL},
};

static gcl_status set(void *user, int key, char *value, gcl_error *err)
{
    (void)key, (void)value, (void)err;
    *(bool *)user = true;
    return GCL_OK;
}

static json_t *describe(const gcl_device_info *d)
{
    json_t *names =
        json_pack("{s:i, s:o, s:s, s:o, s:o, s:o, s:o}", "index", d->index, "name",
                  cli_json_text(d->name), "type", gcl_device_type_name(d), "platform",
                  cli_json_text(d->platform_name), "vendor", cli_json_text(d->vendor), "driver",
                  cli_json_text(d->driver), "version", cli_json_text(d->version));
    json_t *figures = json_pack(
        "{s:I, s:I, s:I, s:I, s:[I,I,I], s:I, s:I, s:I, s:I, s:b, s:b, s:b, s:I, s:s, s:s, s:b}",
        "compute_units", (json_int_t)d->compute_units, "clock_mhz", (json_int_t)d->clock_mhz,
        "vector_width_f32", (json_int_t)d->vector_width_f32, "max_work_group",
        (json_int_t)d->max_work_group, "max_work_item", (json_int_t)d->max_work_item[0],
        (json_int_t)d->max_work_item[1], (json_int_t)d->max_work_item[2], "mem_align_bytes",
        (json_int_t)d->mem_align_bytes, "global_mem_bytes", (json_int_t)d->global_mem_bytes,
        "max_alloc_bytes", (json_int_t)d->max_alloc_bytes, "local_mem_bytes",
        (json_int_t)d->local_mem_bytes, "fp16", d->fp16, "fp64", d->fp64, "subgroups", d->subgroups,
        "subgroup_size", (json_int_t)d->subgroup_size, "lanes_by", gcl_lanes_by_name(d->lanes_by),
        "matrix_unit", gcl_fragment_of(d->matrix_unit)->name, "unified_memory", d->unified_memory);

    if (names != NULL && json_object_update(names, figures) != 0) {
        json_decref(names);
        names = NULL;
    }
    json_decref(figures);
    return names;
}

static void print_record(const gcl_device_info *d)
{
    printf("device %d\n"
           "  name              %s\n"
           "  type              %s\n"
           "  platform          %s\n"
           "  vendor            %s\n"
           "  driver            %s\n"
           "  version           %s\n",
           d->index, d->name, gcl_device_type_name(d), d->platform_name, d->vendor, d->driver,
           d->version);
    printf("  compute units     %u at up to %u MHz\n"
           "  vector width      %u f32\n"
           "  work-group        up to %zu work-items, %zu x %zu x %zu\n"
           "  global memory     %" PRIu64 " bytes, a buffer up to %" PRIu64 "\n"
           "  local memory      %" PRIu64 " bytes\n"
           "  sub-buffer align  %zu bytes\n"
           "  unified memory    %s\n",
           d->compute_units, d->clock_mhz, d->vector_width_f32, d->max_work_group,
           d->max_work_item[0], d->max_work_item[1], d->max_work_item[2], d->global_mem_bytes,
           d->max_alloc_bytes, d->local_mem_bytes, d->mem_align_bytes,
           d->unified_memory ? "yes" : "no");
    printf("  fp16 %s, fp64 %s, sub-groups %s", d->fp16 ? "yes" : "no", d->fp64 ? "yes" : "no",
           d->subgroups ? "yes" : "no");
    if (d->subgroup_size > 0)
        printf(", %zu work-items in lock step", d->subgroup_size);
    printf("\n  lanes share by %s, matrix unit %s\n", gcl_lanes_by_name(d->lanes_by),
           gcl_fragment_of(d->matrix_unit)->name);
}

static void print_table(const gcl_device_info *list, size_t n)
{
    printf("%5s  %-36s %-11s %-28s %-16s %3s %9s %8s  %s\n", "index", "name", "type", "platform",
           "driver", "CUs", "memory", "local", "fp16/fp64/sub-groups");
    for (size_t i = 0; i < n; i++) {
        const gcl_device_info *d = &list[i];
        printf("%5d  %-36.36s %-11s %-28.28s %-16.16s %3u %5.1f GiB %4.0f KiB  %s/%s/%s\n",
               d->index, d->name, gcl_device_type_name(d), d->platform_name, d->driver,
               d->compute_units, (double)d->global_mem_bytes / (1 << 30),
               (double)d->local_mem_bytes / 1024, d->fp16 ? "yes" : "no", d->fp64 ? "yes" : "no",
               d->subgroups ? "yes" : "no");
    }
}

static gcl_status run(const cli_command *self, int argc, char **argv, gcl_error *err)
{
    gcl_status st = GCL_OK;
    cli_common common = {0};
    gcl_device_info *list = NULL;
    json_t *json = NULL;
    bool verbose = false;
    size_t n = 0;

    GCL_TRY(cli_parse(self, argc, argv, &common, set, &verbose, NULL, err));
    GCL_TRY(gcl_device_list(&list, &n, err));
    if (n == 0) {
        st = GCL_FAIL(err, GCL_E_NOT_FOUND,
                      "no OpenCL device: no platform of the ICD loader offers one (a GPU driver or "
                      "PoCL provides one)");
        goto done;
    }
    if (common.json) {
        json = json_array();
        for (size_t i = 0; i < n; i++)
            json_array_append_new(json, describe(&list[i]));
        GCL_TRY(cli_json_print(json, err));
    } else if (verbose) {
        for (size_t i = 0; i < n; i++)
            print_record(&list[i]);
    } else {
        print_table(list, n);
    }
done:
    free(list);
    return st;
}

const cli_command cli_devices = {
    "devices",
    "list the OpenCL devices",
    "[OPTIONS]",
    "Lists every OpenCL device that can compile kernels. The index, or a part of the name, is "
    "what\n"
    "--device and the environment variable GALIP_DEVICE of the other commands take. --json gives\n"
    "the whole record of each, sizes in bytes.",
    flags,
    "galip devices\n"
    "galip devices --verbose\n"
    "GALIP_DEVICE=pocl galip generate \"a red circle\"",
    run,
};
