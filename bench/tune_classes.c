/* tune_classes.c - which classes a model has, and how much of its time each takes. */
#include <stdlib.h>

#include "bench/tune.h"
#include "bench/tune_space.h"

/* FLOPs that a device does while it moves a byte, about: what an estimate of shares needs. */
enum { CPU_BALANCE = 8, GPU_BALANCE = 20 };

/* In the time of a byte. */
static double estimate(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device)
{
    const double balance = gcl_device_is_cpu(device) ? CPU_BALANCE : GPU_BALANCE;
    double bytes = (double)gcl_shape_count(gcl_out_shape(g, node)) * sizeof(float);
    double compute = node->op->flops(g, node) / balance;

    for (int i = 0; i < node->n_in; i++) {
        const gcl_tensor *t = gcl_graph_tensor(g, node->in[i]);
        if (t->kind != GCL_VALUE_LIST)
            bytes += (double)(gcl_shape_count(&t->shape) * gcl_dtype_bytes(t->dtype));
    }
    return compute > bytes ? compute : bytes;
}

static gcl_status add_class(bench_tune_list *list, bench_tune_class **out, gcl_error *err)
{
    if (list->n == list->room) {
        const size_t room = list->room > 0 ? 2 * list->room : 64;
        bench_tune_class *grown = realloc(list->classes, room * sizeof *grown);
        if (grown == NULL)
            return GCL_FAIL(err, GCL_E_NOMEM, "tune: host allocation of %zu classes", room);
        list->classes = grown;
        list->room = room;
    }
    *out = &list->classes[list->n++];
    memset(*out, 0, sizeof **out);
    return GCL_OK;
}

static gcl_status add_node(bench_tune_list *list, const gcl_graph *g, const gcl_node *node,
                           const gcl_device_info *device, const bench_tune_options *opt,
                           gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_tuning_class what;
    tune_space space = {0};
    bench_tune_class *c = NULL;

    if ((opt->op != NULL && strcmp(opt->op, node->op->name) != 0) ||
        !gcl_tuning_class_of(&what, g, node))
        return GCL_OK;
    for (size_t i = 0; i < list->n && c == NULL; i++)
        if (gcl_tuning_class_equal(&list->classes[i].what, &what) &&
            list->classes[i].what.batch == what.batch)
            c = &list->classes[i];
    if (c == NULL) {
        GCL_TRY(tune_space_create(&space, g, node, device, opt->plan.precision, NULL, err));
        GCL_TRY(add_class(list, &c, err));
        *c = (bench_tune_class){.what = what, .graph = g, .node = node, .candidates = space.n};
    }
    c->nodes++;
    c->share += estimate(g, node, device);
done:
    tune_space_free(&space);
    return st;
}

/* The graph of a part as it would run. */
static gcl_status add_part(bench_tune_list *list, const gcl_config *config, gcl_part part,
                           size_t batch, const gcl_device_info *device,
                           const bench_tune_options *opt, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_graph **grown = realloc(list->graphs, (list->n_graphs + 1) * sizeof *grown), *g = NULL;

    if (grown == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "tune: host allocation of %zu graphs",
                        list->n_graphs + 1);
    list->graphs = grown;
    GCL_TRY(gcl_part_graph(&g, config, part, batch, part == GCL_PART_TEXT ? opt->tokens : 0, err));
    list->graphs[list->n_graphs++] = g;
    gcl_graph_prune(g);
    GCL_TRY(gcl_plan_rewrite(g, device, &opt->plan, err));
    for (int i = 0; i < gcl_graph_n_nodes(g); i++)
        GCL_TRY(add_node(list, g, gcl_graph_node_at(g, i), device, opt, err));
done:
    return st;
}

static int longest_first(const void *a, const void *b)
{
    const bench_tune_class *x = a, *y = b;

    return (x->share < y->share) - (x->share > y->share);
}

gcl_status bench_tune_collect(bench_tune_list *out, const gcl_config *config,
                              const gcl_device_info *device, const bench_tune_options *opt,
                              gcl_error *err)
{
    gcl_status st = GCL_OK;
    const size_t one = 1, *batches = opt->batches != NULL ? opt->batches : &one;
    const size_t n_batches = opt->batches != NULL ? opt->n_batches : 1;
    double all = 0;

    for (int part = 0; part < GCL_PART_COUNT_; part++)
        for (size_t i = 0; i < n_batches; i++) {
            gcl_error lacks = GCL_ERROR_INIT;
            if (opt->parts != 0 && (opt->parts & 1u << part) == 0)
                continue;
            st = add_part(out, config, (gcl_part)part, batches[i], device, opt, &lacks);
            if (st == GCL_E_NOT_FOUND && opt->parts == 0)
                st = GCL_OK; /* not every model has every part */
            else if (st != GCL_OK && err != NULL)
                *err = lacks;
            if (st != GCL_OK)
                goto done;
            gcl_error_clear(&lacks);
        }
    for (size_t i = 0; i < out->n; i++)
        all += out->classes[i].share;
    for (size_t i = 0; i < out->n; i++)
        out->classes[i].share /= all;
    if (out->n > 0)
        qsort(out->classes, out->n, sizeof *out->classes, longest_first);
done:
    return st;
}

void bench_tune_free(bench_tune_list *list)
{
    for (size_t i = 0; i < list->n_graphs; i++)
        gcl_graph_destroy(list->graphs[i]);
    free(list->graphs);
    free(list->classes);
    memset(list, 0, sizeof *list);
}
