/*
 * op_main.c - op_test's command line.
 *
 * usage: op_test [--op NAME] [--case NAME] [--variant NAME] [--seed N] [--device D]
 *                [--as gpu|narrow|small|many] [--max-work N] [--apart]
 *                [--corners | --list | --self-test | --fault NAME]
 * --as        makes the choices of another kind of device (tiles, group sizes) run on this one
 * --max-work  leaves out cases of more than N FLOPs plus elements; for simulators
 * --apart     gives each tensor a buffer of exactly its size and no canaries; for tools that know
 *             the size of a buffer, and see what a kernel touches beyond it
 * --variant   may have values of tunables behind it: tiled_f32:TM=8:TN=32
 * --corners   runs one case of each op with each value of each tunable, instead of all cases
 * --list      prints what the options leave, "OP CASE VARIANT" a line, and runs none
 * --fault     runs one wrong kernel for such a tool to find: race, overrun, overread, uninitialised
 * exit 0 only when every case that the tables name, and no option leaves out, ran and passed.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "op_test.h"

static int run_suites(gcl_context *ctx, const char *op, const op_options *opt)
{
    op_tally total = {0};

    for (int i = 0; op_suites[i] != NULL; i++) {
        op_tally t;
        if (op != NULL && strcmp(op, op_suites[i]->op) != 0)
            continue;
        t = opt->corners ? op_run_corners(ctx, op_suites[i], gcl_op_find(op_suites[i]->op), opt)
                         : op_run_suite(ctx, op_suites[i], gcl_op_find(op_suites[i]->op), opt);
        if (opt->list || t.expected == 0)
            continue;
        printf("%-16s %3d passed, %d failed, %d refused by a faster variant", op_suites[i]->op,
               t.passed, t.failed, t.refused);
        printf(t.too_large > 0 ? ", %d too large\n" : "\n", t.too_large);
        total.passed += t.passed;
        total.failed += t.failed;
        total.refused += t.refused;
        total.expected += t.expected - t.too_large;
    }
    if (opt->list)
        return 0;
    if (total.expected == 0 || total.passed + total.failed + total.refused != total.expected) {
        printf("FAIL executed %d of %d in the tables\n",
               total.passed + total.failed + total.refused, total.expected);
        total.failed++;
    }
    printf("%d passed, %d failed\n", total.passed, total.failed);
    return total.failed == 0 ? 0 : 1;
}

/* Changes what the planner believes of the device, never beyond what the device can do, were it slowly. */
static bool pretend(gcl_device_info *d, const char *kind)
{
    if (strcmp(kind, "gpu") == 0) {
        d->type = CL_DEVICE_TYPE_GPU; /* groups of tiles */
        d->vector_width_f32 = 1;
    } else if (strcmp(kind, "narrow") == 0) {
        d->vector_width_f32 = 8;
    } else if (strcmp(kind, "small") == 0) {
        d->max_work_group = 8;
        d->max_work_item[0] = 8;
        d->max_work_item[1] = d->max_work_item[2] = 1;
    } else if (strcmp(kind, "many") == 0) {
        d->compute_units = 5; /* workers; what is left over is shared unevenly */
    } else {
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    static const struct option flags[] = {
        {"op", required_argument, NULL, 'o'},
        {"case", required_argument, NULL, 'c'},
        {"variant", required_argument, NULL, 'v'},
        {"seed", required_argument, NULL, 's'},
        {"device", required_argument, NULL, 'd'},
        {"self-test", no_argument, NULL, 't'},
        {"as", required_argument, NULL, 'a'},
        {"max-work", required_argument, NULL, 'w'},
        {"apart", no_argument, NULL, 'p'},
        {"fault", required_argument, NULL, 'f'},
        {"list", no_argument, NULL, 'l'},
        {"corners", no_argument, NULL, 'k'},
        {NULL, 0, NULL, 0},
    };
    op_options opt = {.seed = 1};
    const char *op = NULL, *which = NULL, *kind = NULL, *fault = NULL;
    gcl_error err = GCL_ERROR_INIT;
    gcl_device_info device;
    gcl_context *ctx = NULL;
    bool self_test = false;
    int c, rc;

    while ((c = getopt_long(argc, argv, "", flags, NULL)) != -1) {
        switch (c) {
        case 'o':
            op = optarg;
            break;
        case 'c':
            opt.one_case = optarg;
            break;
        case 'v':
            opt.variant = optarg;
            break;
        case 's':
            opt.seed = strtoull(optarg, NULL, 10);
            break;
        case 'd':
            which = optarg;
            break;
        case 'a':
            kind = optarg;
            opt.pretends = true;
            break;
        case 'w':
            opt.max_work = strtod(optarg, NULL);
            break;
        case 'p':
            opt.apart = true;
            break;
        case 'l':
            opt.list = true;
            break;
        case 'k':
            opt.corners = true;
            break;
        case 'f':
            fault = optarg;
            break;
        case 't':
            self_test = true;
            break;
        default:
            return 2;
        }
    }
    if (gcl_device_find(&device, which, &err) != GCL_OK) {
        printf("FAIL %s\n", err.message);
        return 1;
    }
    if (kind != NULL && !pretend(&device, kind)) {
        printf("FAIL --as is %s, needs gpu, narrow, small or many\n", kind);
        return 2;
    }
    if (gcl_context_create(&ctx, &device, &err) != GCL_OK) {
        printf("FAIL %s\n", err.message);
        return 1;
    }
    if (!opt.list)
        printf("device %s, driver %s, seed %llu\n", device.name, device.driver,
               (unsigned long long)opt.seed);
    rc = self_test       ? !op_self_test(ctx)
         : fault != NULL ? !op_plant_fault(ctx, fault)
                         : run_suites(ctx, op, &opt);
    gcl_context_destroy(ctx);
    return rc;
}
