/* kernel_rows.c - prints every launch that the program would make on devices that need not be here.
 *
 *     kernel_rows                    a line for each target, program, kernel and set of options:
 *                                    TARGET PROGRAM KERNEL FROM GROUP LOCAL_BYTES CHOICE OPTIONS
 *     kernel_rows --source PROGRAM   the text that the host compiles
 *
 * The launches are those of the models' parts as they are planned without requests (FROM: model), and of
 * the op suites' cases with each variant that accepts them (FROM: suite, where no model does). CHOICE is
 * the variant with its tunables, OP=VARIANT:TUNABLE=VALUE. GROUP is in work-items, LOCAL_BYTES are
 * those of arguments, the largest of all launches. A device is a record of what its driver reports;
 * only memory that libraries size by a queue needs a real one, any.
 */
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/device_internal.h"
#include "host/kernel_source.h"
#include "host/plan_internal.h"
#include "model/config.h"
#include "model/parts.h"
#include "tests/suite/op_suite.h"

/* ---- devices ---- */

typedef struct target {
    const char *name; /* as compilers call it; cl12: a GPU without any extension */
    const char *vendor, *platform, *extensions;
    cl_device_type type;
    unsigned vector_width_f32, nv_major;
    size_t max_work_group, subgroup_sizes[4];
    uint64_t local_mem_bytes;
} target;

#define GPU CL_DEVICE_TYPE_GPU, 1
#define CPU CL_DEVICE_TYPE_CPU
#define AMD                                                                \
    "Advanced Micro Devices, Inc.", "AMD Accelerated Parallel Processing", \
        "cl_khr_fp16 cl_khr_fp64 cl_khr_subgroups", GPU, 0, 256
#define INTEL "Intel(R) Corporation", "Intel(R) OpenCL Graphics"
#define INTEL_EXTENSIONS \
    "cl_khr_fp16 cl_khr_subgroups cl_intel_subgroups cl_intel_required_subgroup_size"
#define DPAS " cl_intel_subgroup_matrix_multiply_accumulate"
#define NVIDIA "NVIDIA Corporation", "NVIDIA CUDA", "cl_khr_fp64", GPU
#define POCL "GenuineIntel", "Portable Computing Language", "cl_khr_fp64", CPU

/* What the vendors' drivers report. */
static const target targets[] = {
    {"gfx906", AMD, {64}, 64 << 10},
    {"gfx90a", AMD, {64}, 64 << 10},
    {"gfx1030", AMD, {32}, 64 << 10},
    {"gfx1100", AMD, {32}, 64 << 10},
    {"skl", INTEL, INTEL_EXTENSIONS " cl_khr_fp64", GPU, 0, 256, {8, 16, 32}, 64 << 10},
    {"tgllp", INTEL, INTEL_EXTENSIONS, GPU, 0, 512, {8, 16, 32}, 64 << 10},
    {"dg2", INTEL, INTEL_EXTENSIONS DPAS, GPU, 0, 1024, {8, 16, 32}, 64 << 10},
    {"pvc", INTEL, INTEL_EXTENSIONS DPAS " cl_khr_fp64", GPU, 0, 1024, {16, 32}, 128 << 10},
    {"sm_75", NVIDIA, 7, 1024, {32}, 48 << 10},
    {"sm_80", NVIDIA, 8, 1024, {32}, 48 << 10},
    {"sm_90", NVIDIA, 9, 1024, {32}, 48 << 10},
    {"cl12", "", "", "", GPU, 0, 256, {0}, 32 << 10},
    {"avx512", POCL, 16, 0, 4096, {0}, 1 << 20},
    {"avx2", POCL, 8, 0, 4096, {0}, 1 << 20},
};

enum { N_TARGETS = sizeof targets / sizeof targets[0] };

static void describe_subgroups(const target *t, gcl_device_info *d)
{
    gcl_subgroup_facts f = {.name = t->name, .extensions = t->extensions, .nv_major = t->nv_major};

    f.is_amd = strncmp(t->vendor, "Advanced Micro", 14) == 0;
    d->subgroups = strstr(t->extensions, "subgroups") != NULL;
    d->subgroup_sizes = 0;
    d->subgroup_size = 0;
    for (int i = 0; i < 4 && t->subgroup_sizes[i] > 0; i++) {
        f.sizes[i] = t->subgroup_sizes[i];
        d->subgroup_sizes |= (unsigned)f.sizes[i];
        d->subgroup_size = f.sizes[i];
    }
    d->lanes_by = gcl_lanes_by_from(&f);
    d->matrix_unit = gcl_matrix_unit_from(&f);
}

/* The record of a target, on a device that is here. */
static gcl_device_info describe(const target *t, const gcl_device_info *here)
{
    gcl_device_info d = *here;

    snprintf(d.name, sizeof d.name, "%s", t->name);
    snprintf(d.vendor, sizeof d.vendor, "%s", t->vendor);
    snprintf(d.platform_name, sizeof d.platform_name, "%s", t->platform);
    d.type = t->type;
    d.vector_width_f32 = t->vector_width_f32;
    d.max_work_group = t->max_work_group;
    for (int i = 0; i < 3; i++)
        d.max_work_item[i] = t->max_work_group;
    d.mem_align_bytes = 128;
    d.local_mem_bytes = t->local_mem_bytes;
    d.global_mem_bytes = (uint64_t)16 << 30;
    d.max_alloc_bytes = (uint64_t)4 << 30;
    d.cache_bytes = 4 << 20;
    d.fp16 = strstr(t->extensions, "cl_khr_fp16") != NULL;
    d.fp64 = strstr(t->extensions, "cl_khr_fp64") != NULL;
    d.max_rounds = 0;
    describe_subgroups(t, &d);
    return d;
}

/* ---- rows ---- */

typedef struct row {
    const char *target, *program, *kernel, *from;
    char options[256], choice[256];
    size_t group, local_bytes;
} row;

static void *rows;       /* of tsearch */
static const char *from; /* of rows that are added */

static int compare(const void *a, const void *b)
{
    const row *x = a, *y = b;
    int order = strcmp(x->target, y->target);

    order = order != 0 ? order : strcmp(x->program, y->program);
    order = order != 0 ? order : strcmp(x->kernel, y->kernel);
    return order != 0 ? order : strcmp(x->options, y->options);
}

static gcl_status add_row(const target *t, const gcl_launch *l, const char *more,
                          const char *choice, gcl_error *err)
{
    row *r = calloc(1, sizeof *r), **found, *kept;
    size_t local_bytes = 0;

    if (r == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "host allocation of %zu bytes", sizeof *r);
    for (int i = 0; i < l->n_args; i++)
        local_bytes += l->args[i].is_local ? l->args[i].bytes : 0;
    *r = (row){t->name, l->program, l->kernel, from, "", "", 1, local_bytes};
    snprintf(r->choice, sizeof r->choice, "%s", choice);
    for (int d = 0; d < l->dims; d++)
        r->group *= l->local[d] > 0 ? l->local[d] : 1;
    snprintf(r->options, sizeof r->options, "%s%s%s", l->options, *l->options && *more ? " " : "",
             more);
    found = tsearch(r, &rows, compare);
    if (found == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "host allocation failed");
    kept = *found;
    if (kept != r) {
        kept->group = kept->group > r->group ? kept->group : r->group;
        kept->local_bytes = kept->local_bytes > local_bytes ? kept->local_bytes : local_bytes;
        free(r);
    }
    return GCL_OK;
}

static void print_row(const void *node, VISIT visit, int depth)
{
    const row *r = *(row *const *)node;

    (void)depth;
    if (visit == postorder || visit == leaf)
        printf("%s %s %s %s %zu %zu %s %s\n", r->target, r->program, r->kernel, r->from, r->group,
               r->local_bytes, r->choice, r->options);
}

/* ---- plans ---- */

/* gcl_weight_source.view: nothing is uploaded. */
static gcl_status view(void *self, const char *name, const gcl_shape *required,
                       gcl_weight_view *out, gcl_error *err)
{
    (void)self;
    (void)required;
    (void)out;
    return GCL_FAIL(err, GCL_E_UNSUPPORTED, "weight %s is only described", name);
}

/* gcl_weight_source.allows_half */
static bool allows_half(void *self, const char *name, bool rounded)
{
    (void)self;
    (void)name;
    return rounded;
}

/* The kernels that pack a slot's weight, from each type that a file has. */
static gcl_status add_packing(const gcl_plan *p, const target *t, const plan_slot *s,
                              gcl_error *err)
{
    static const char *const source[] = {"-DSRC=0", "-DSRC=1", "-DSRC=2"};
    static const char *const choice[] = {"weight:SRC=0", "weight:SRC=1", "weight:SRC=2"};
    const gcl_tensor *w = gcl_graph_tensor(p->graph, s->value);
    gcl_launch l = {.program = "pack/row_major", .kernel = "pack_row_major_f32"};
    gcl_status st = GCL_OK;

    if (w->kind == GCL_VALUE_LIST)
        w = gcl_graph_tensor(p->graph, w->members[0]);
    if (s->packing != NULL)
        s->packing->launch(&l, gcl_context_device(p->ctx), &w->shape, s->packing->param);
    for (int i = 0; i < 3 && st == GCL_OK; i++)
        st = add_row(t, &l, source[i], choice[i], err);
    return st;
}

static gcl_status add_step(const gcl_plan *p, const target *t, const plan_step *step,
                           gcl_error *err)
{
    const gcl_choice *c = &p->choices[step->node];
    char text[256];
    size_t used;

    used = (size_t)snprintf(text, sizeof text, "%s=%s",
                            gcl_graph_node_at(p->graph, step->node)->op->name, c->variant->name);
    for (int i = 0; c->variant->tunables != NULL && c->variant->tunables[i].name != NULL; i++)
        used += (size_t)snprintf(text + used, used < sizeof text ? sizeof text - used : 0, ":%s=%d",
                                 c->variant->tunables[i].name, c->tuning.value[i]);
    return add_row(t, &step->launch, "", text, err);
}

/* What gcl_plan_create does, up to the point where it needs the device. */
static gcl_status add_plan(gcl_context *ctx, const target *t, const gcl_graph *g,
                           gcl_weight_set *weights, const gcl_plan_options *options, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_plan *p = calloc(1, sizeof *p);

    if (p == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "host allocation of %zu bytes", sizeof *p);
    p->ctx = ctx;
    p->weights = weights;
    p->options = *options;
    GCL_TRY(gcl_graph_clone(&p->graph, g, err));
    gcl_graph_prune(p->graph);
    GCL_TRY(gcl_plan_rewrite(p->graph, gcl_context_device(ctx), &p->options, err));
    GCL_TRY(gcl_plan_emit(p, err));
    for (int i = 0; i < p->n_steps; i++)
        if (!p->steps[i].is_call)
            GCL_TRY(add_step(p, t, &p->steps[i], err));
    for (int i = 0; i < p->n_slots; i++)
        if (p->slots[i].kind == SLOT_WEIGHT)
            GCL_TRY(add_packing(p, t, &p->slots[i], err));
done:
    gcl_plan_destroy(p);
    return st;
}

/* A graph in each precision. @param variants  as in gcl_plan_options */
static gcl_status add_graph(gcl_context *ctx, const target *t, const gcl_graph *g,
                            gcl_weight_set *weights, const char *variants, gcl_error *err)
{
    static const gcl_plan_options kinds[] = {
        {.precision = GCL_PRECISION_F32, .weights = GCL_WEIGHTS_F32},
        {.precision = GCL_PRECISION_F32, .weights = GCL_WEIGHTS_F16},
        {.precision = GCL_PRECISION_F16, .weights = GCL_WEIGHTS_F16},
    };
    gcl_status st = GCL_OK;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && st == GCL_OK; i++) {
        gcl_plan_options options = kinds[i];
        options.variants = variants;
        st = add_plan(ctx, t, g, weights, &options, err);
    }
    return st;
}

/* A suite's cases with each variant of its op. */
static gcl_status add_suite(gcl_context *ctx, const target *t, const op_suite *s,
                            gcl_weight_set *weights, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_graph *g = NULL;
    char request[96];

    for (int i = 0; i < s->n_cases; i++) {
        gcl_graph_destroy(g);
        GCL_TRY(gcl_graph_create(&g, err));
        gcl_graph_output(g, s->build(g, s->cases[i].p), "result");
        GCL_TRY(gcl_graph_status(g, err));
        for (const gcl_variant *v = gcl_op_find(s->op)->variants; v->name != NULL; v++) {
            snprintf(request, sizeof request, "%s=%s", s->op, v->name);
            GCL_TRY(add_graph(ctx, t, g, weights, request, err));
        }
    }
done:
    gcl_graph_destroy(g);
    return st;
}

/* Each part of the models as the program plans it. */
static gcl_status add_models(gcl_context *ctx, const target *t, gcl_weight_set *weights,
                             gcl_error *err)
{
    static const size_t batches[] = {1, 8};
    gcl_status st = GCL_OK;
    gcl_graph *g = NULL;
    gcl_config c;

    for (int i = 0; gcl_config_preset_name(i) != NULL; i++) {
        GCL_TRY(gcl_config_preset(&c, gcl_config_preset_name(i), err));
        for (int part = 0; part < GCL_PART_COUNT_; part++)
            for (int b = 0; b < 2; b++) {
                gcl_graph_destroy(g);
                GCL_TRY(gcl_part_graph(&g, &c, (gcl_part)part, batches[b], 0, err));
                GCL_TRY(add_graph(ctx, t, g, weights, NULL, err));
            }
    }
done:
    gcl_graph_destroy(g);
    return st;
}

static gcl_status add_target(const target *t, const gcl_device_info *here, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_device_info device = describe(t, here);
    gcl_context *ctx = NULL;
    gcl_weight_set *weights = NULL;

    GCL_TRY(gcl_context_create(&ctx, &device, err));
    GCL_TRY(
        gcl_weight_set_create(&weights, ctx, (gcl_weight_source){NULL, view, allows_half}, err));
    from = "model";
    GCL_TRY(add_models(ctx, t, weights, err));
    from = "suite";
    for (const op_suite *const *s = op_suites; *s != NULL; s++)
        GCL_TRY(add_suite(ctx, t, *s, weights, err));
done:
    gcl_weight_set_destroy(weights);
    gcl_context_destroy(ctx);
    return st;
}

static gcl_status print_rows(gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_device_info here;

    GCL_TRY(gcl_device_find(&here, NULL, err));
    for (int i = 0; i < N_TARGETS; i++)
        GCL_TRY(add_target(&targets[i], &here, err));
    twalk(rows, print_row);
done:
    return st;
}

static gcl_status print_source(const char *program, gcl_error *err)
{
    gcl_status st = GCL_OK;
    char *text = NULL;

    GCL_TRY(gcl_kernel_source(&text, program, err));
    fputs(text, stdout);
done:
    free(text);
    return st;
}

int main(int argc, char **argv)
{
    gcl_error err = GCL_ERROR_INIT;
    gcl_status st;

    if (argc == 1)
        st = print_rows(&err);
    else if (argc == 3 && strcmp(argv[1], "--source") == 0)
        st = print_source(argv[2], &err);
    else {
        fputs("usage: kernel_rows [--source PROGRAM]\n", stderr);
        return 2;
    }
    if (st != GCL_OK)
        fprintf(stderr, "kernel_rows: %s: %s\n", gcl_status_name(st), err.message);
    return st == GCL_OK && fflush(stdout) == 0 ? 0 : 1;
}
