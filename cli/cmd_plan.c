/* cmd_plan.c - galip plan: how a part of the model runs on a device. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/session.h"
#include "cli/variants.h"
#include "host/op.h"
#include "weights/synthetic.h"

enum { KEY_PART = CLI_KEY_OWN, KEY_TOKENS, KEY_TIME, TIMED_RUNS = 3, MAX_BATCH = 4096 };

static const cli_flag flags[] = {
    {"part", KEY_PART, "PART", "text, noise, netG, image or netD (default netG)"},
    {"batch", 'b', "B", "batch size, 1 .. 4096 (default 1)"},
    {"tokens", KEY_TOKENS, "N",
     "text: tokens of a sentence, start and end included (default:\n"
     "all that the model can read)"},
    CLI_FLAG_VARIANT,
    {"time", KEY_TIME, NULL,
     "run it once, then three times timed, and show each node's\n"
     "shortest device time"},
    CLI_FLAG_WEIGHTS,
    CLI_FLAG_PRESET,
    CLI_FLAG_PRECISION,
    CLI_FLAG_WEIGHTS_PRECISION,
    CLI_FLAG_DEVICE,
    CLI_FLAG_JSON,
    CLI_FLAG_HELP,
    {NULL, 0, NULL, NULL},
};

typedef struct options {
    gcl_part part;
    size_t batch, tokens;
    bool time;
    char *variants; /* owned */
} options;

static gcl_status set(void *user, int key, char *value, gcl_error *err)
{
    options *o = user;

    switch (key) {
    case KEY_PART:
        return gcl_part_find(&o->part, value, err) == GCL_OK ? GCL_OK : CLI_E_USAGE;
    case 'b':
        return cli_size(&o->batch, "--batch", value, 1, MAX_BATCH, err);
    case KEY_TOKENS:
        return cli_size(&o->tokens, "--tokens", value, 1, INT32_MAX, err);
    case CLI_KEY_VARIANT:
        return cli_variants_add(&o->variants, value, err);
    default:
        o->time = true;
        return GCL_OK;
    }
}

/* Legal inputs: token ids and keys 0, pixels 0, numbers in [-1, 1). */
static gcl_status fill_inputs(gcl_plan *plan, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_graph *g = gcl_plan_graph(plan);
    void *data = NULL;

    for (gcl_value v = 0; v < gcl_graph_n_values(g); v++) {
        const gcl_tensor *t = gcl_graph_tensor(g, v);
        const size_t n = gcl_shape_count(&t->shape), bytes = n * gcl_dtype_bytes(t->dtype);

        if (t->kind != GCL_VALUE_INPUT)
            continue;
        free(data);
        GCL_TRY(cli_alloc(&data, n, gcl_dtype_bytes(t->dtype), t->name, err));
        memset(data, 0, bytes);
        if (t->dtype == GCL_F32)
            gcl_synthetic_uniform(t->name, 1, 1.0, n, data);
        GCL_TRY(gcl_plan_write(plan, t->name, data, bytes, err));
    }
done:
    free(data);
    return st;
}

/* Fills ns [n_nodes] with each node's shortest time. */
static gcl_status measure(gcl_plan *plan, uint64_t *ns, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const size_t n = (size_t)gcl_plan_n_nodes(plan);
    uint64_t *one = NULL;

    GCL_TRY(cli_alloc(&one, n, sizeof *one, "times", err));
    GCL_TRY(fill_inputs(plan, err));
    GCL_TRY(gcl_plan_run_timed(plan, one, err));
    memset(ns, 0xff, n * sizeof *ns);
    for (int i = 0; i < TIMED_RUNS; i++) {
        GCL_TRY(gcl_plan_run_timed(plan, one, err));
        for (size_t k = 0; k < n; k++)
            ns[k] = one[k] < ns[k] ? one[k] : ns[k];
    }
done:
    free(one);
    return st;
}

static size_t memory_bytes(const gcl_plan_totals *t)
{
    return t->arena_bytes + t->weight_bytes + t->const_bytes;
}

static void print_choice(const gcl_choice *c)
{
    printf("  %s", c->source);
    for (int i = 0; c->variant->tunables != NULL && c->variant->tunables[i].name != NULL; i++)
        printf(" %s=%d", c->variant->tunables[i].name, c->tuning.value[i]);
}

static json_t *describe_tuning(const gcl_choice *c)
{
    json_t *tuning = json_object();

    for (int i = 0; c->variant->tunables != NULL && c->variant->tunables[i].name != NULL; i++)
        json_object_set_new(tuning, c->variant->tunables[i].name, json_integer(c->tuning.value[i]));
    return tuning;
}

static void print_plan(const gcl_plan *plan, const uint64_t *ns)
{
    const gcl_graph *g = gcl_plan_graph(plan);
    const gcl_plan_totals t = gcl_plan_total(plan);
    uint64_t all = 0;

    printf("%4s  %-36s %-15s %-22s %-20s %7s %10s %8s %14s%s  %s\n", "node", "scope", "op",
           "variant", "output", "kernels", "MFLOP", "MB", "arena:offset",
           ns != NULL ? "    time/us" : "", "chosen by");
    for (int i = 0; i < gcl_plan_n_nodes(plan); i++) {
        const gcl_plan_node n = gcl_plan_node_at(plan, i);
        char shape[96], place[40];

        gcl_shape_text(shape, sizeof shape, gcl_out_shape(g, n.node));
        snprintf(place, sizeof place, "%d:%zu", n.arena, n.offset_bytes);
        printf("%4d  %-36s %-15s %-22s %-20s %7d %10.3f %8.3f %14s", i, n.node->scope,
               n.node->op->name, n.choice.variant->name, shape, n.n_steps, n.flops / 1e6,
               n.bytes / 1e6, place);
        if (ns != NULL)
            printf(" %10.1f", (double)ns[i] / 1e3);
        print_choice(&n.choice);
        all += ns != NULL ? ns[i] : 0;
        putchar('\n');
    }
    printf("\nnaive work     %.3f GFLOP in %d kernels\n", t.flops / 1e9, t.n_steps);
    if (ns != NULL)
        printf("time           %.3f ms, %.2f GFLOP/s\n", (double)all / 1e6,
               all > 0 ? t.flops / (double)all : 0.0);
    printf("weights        %.3f MB\n"
           "activations    %.3f MB in %d arenas, %.3f MB without reuse\n"
           "constants      %.3f MB\n"
           "memory         %.3f MB\n",
           (double)t.weight_bytes / 1e6, (double)t.arena_bytes / 1e6, t.n_arenas,
           (double)t.unshared_bytes / 1e6, (double)t.const_bytes / 1e6,
           (double)memory_bytes(&t) / 1e6);
}

static json_t *describe_node(const gcl_graph *g, int i, const gcl_plan_node *n, const uint64_t *ns)
{
    const gcl_shape *s = gcl_out_shape(g, n->node);
    json_t *shape = json_array();

    for (int k = 0; k < s->rank; k++)
        json_array_append_new(shape, json_integer((json_int_t)s->dim[k]));
    return json_pack("{s:i, s:s, s:s, s:s, s:o, s:s, s:o, s:i, s:I, s:I, s:i, s:I, s:o*}", "node",
                     i, "scope", n->node->scope, "op", n->node->op->name, "variant",
                     n->choice.variant->name, "tuning", describe_tuning(&n->choice), "chosen_by",
                     n->choice.source, "output", shape, "kernels", n->n_steps, "flops",
                     (json_int_t)n->flops, "bytes", (json_int_t)n->bytes, "arena", n->arena,
                     "offset_bytes", (json_int_t)n->offset_bytes, "time_ns",
                     ns != NULL ? json_integer((json_int_t)ns[i]) : NULL);
}

static json_t *describe(const gcl_plan *plan, const options *o, const cli_session *s,
                        const uint64_t *ns)
{
    const gcl_plan_totals t = gcl_plan_total(plan);
    json_t *nodes = json_array(), *totals;

    for (int i = 0; i < gcl_plan_n_nodes(plan); i++) {
        const gcl_plan_node n = gcl_plan_node_at(plan, i);
        json_array_append_new(nodes, describe_node(gcl_plan_graph(plan), i, &n, ns));
    }
    totals = json_pack("{s:I, s:i, s:I, s:i, s:I, s:I, s:I, s:I}", "flops", (json_int_t)t.flops,
                       "kernels", t.n_steps, "weight_bytes", (json_int_t)t.weight_bytes, "arenas",
                       t.n_arenas, "arena_bytes", (json_int_t)t.arena_bytes, "unshared_bytes",
                       (json_int_t)t.unshared_bytes, "const_bytes", (json_int_t)t.const_bytes,
                       "memory_bytes", (json_int_t)memory_bytes(&t));
    return json_pack("{s:s, s:I, s:o, s:o, s:o, s:o}", "part", gcl_part_name(o->part), "batch",
                     (json_int_t)o->batch, "device", cli_json_text(s->device.name), "weights",
                     cli_json_text(cli_session_weights(s)), "nodes", nodes, "totals", totals);
}

static gcl_status run(const cli_command *self, int argc, char **argv, gcl_error *err)
{
    gcl_status st = GCL_OK;
    cli_common common = {0};
    cli_session s = {0};
    options o = {.part = GCL_PART_NETG, .batch = 1};
    gcl_plan_options plan_options = {0};
    gcl_plan *plan = NULL;
    uint64_t *ns = NULL;

    GCL_TRY(cli_parse(self, argc, argv, &common, set, &o, NULL, err));
    if (o.tokens > 0 && o.part != GCL_PART_TEXT) {
        st = CLI_USAGE(err, "--tokens is of --part text, the part is %s", gcl_part_name(o.part));
        goto done;
    }
    plan_options.variants = o.variants;
    GCL_TRY(cli_session_open(&s, &common, &plan_options, err));
    GCL_TRY(gcl_model_plan(s.model, &plan, o.part, o.batch, o.tokens, err));
    if (o.time) {
        GCL_TRY(cli_alloc(&ns, (size_t)gcl_plan_n_nodes(plan), sizeof *ns, "times", err));
        GCL_TRY(measure(plan, ns, err));
    }
    if (common.json)
        GCL_TRY(cli_json_print(describe(plan, &o, &s, ns), err));
    else
        print_plan(plan, ns);
    cli_session_notes(&s);
done:
    free(ns);
    cli_session_close(&s);
    free(o.variants);
    return st;
}

const cli_command cli_plan = {
    "plan",
    "show how a part of the model runs on a device",
    "[OPTIONS]",
    "Plans a part of the model and shows, for each node in the order of running: what it belongs\n"
    "to, the op, the variant chosen for the device, the result's shape, kernels, naive work (a\n"
    "multiply-add is 2 FLOP), bytes of operands and result, where the result lies, and who chose "
    "the\n"
    "variant, with the values of its tunables: its op's table, a request or a measurement. Then "
    "the\n"
    "totals: work as the model is written, with what the planner saves, and device memory.\n"
    "1 MB is 10^6 bytes.",
    flags,
    "galip plan --part netG --batch 4\n"
    "galip plan --part text --tokens 12 --time --preset galip-224\n"
    "galip plan --variant conv2d=plain_f32 --variant linear=plain_f32 --json",
    run,
};
