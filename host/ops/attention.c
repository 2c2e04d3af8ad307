/* attention.c - the attention op. */
#include "host/ops/attention.h"

#include <math.h>
#include <stdio.h>

#include "host/ops/common/gpu.h"

enum { QKV };

typedef struct attention_attr {
    size_t n_heads, n_queries;
    int causal;
} attention_attr;

static attention_attr attr_of(const gcl_node *node)
{
    attention_attr a;

    memcpy(&a, node->attr, sizeof a);
    return a;
}

/* Keys of a query, where it sees all. */
static size_t tokens_of(const gcl_graph *g, const gcl_node *node)
{
    return gcl_in_shape(g, node, QKV)->dim[1];
}

gcl_value gcl_attention(gcl_graph *g, gcl_value qkv, size_t n_heads, size_t n_queries, bool causal)
{
    const attention_attr attr = {n_heads, n_queries, causal};

    return gcl_graph_node(g, &gcl_op_attention, &qkv, 1, &attr);
}

static gcl_status infer(const gcl_graph *g, const gcl_node *node, gcl_dtype *dtype,
                        gcl_shape *shape, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_shape *qkv = gcl_in_shape(g, node, QKV);
    const size_t n_heads = attr_of(node).n_heads, n_queries = attr_of(node).n_queries;
    char text[96];

    GCL_TRY(gcl_check_operand(g, node, QKV, "qkv", GCL_F32, 3, err));
    if (n_heads == 0) {
        st = GCL_FAIL(err, GCL_E_ARG, "attention: n_heads is 0, needs 1 or more");
        goto done;
    }
    if (qkv->dim[2] % 3 != 0 || qkv->dim[2] / 3 % n_heads != 0) {
        st = GCL_FAIL(err, GCL_E_SHAPE,
                      "attention: qkv is %s, needs a multiple of 3 * n_heads, n_heads = %zu, last",
                      gcl_shape_text(text, sizeof text, qkv), n_heads);
        goto done;
    }
    if (n_queries < 1 || n_queries > qkv->dim[1]) {
        st =
            GCL_FAIL(err, GCL_E_SHAPE, "attention: qkv is %s, %zu queries are wanted, needs 1 .. T",
                     gcl_shape_text(text, sizeof text, qkv), n_queries);
        goto done;
    }
    if (qkv->dim[1] > GCL_ATTENTION_MAX_T) {
        st = GCL_FAIL(err, GCL_E_UNSUPPORTED, "attention: qkv is %s, T is supported up to %d",
                      gcl_shape_text(text, sizeof text, qkv), GCL_ATTENTION_MAX_T);
        goto done;
    }
    *dtype = GCL_F32;
    *shape = GCL_SHAPE(qkv->dim[0], n_queries, qkv->dim[2] / 3);
done:
    return st;
}

/* Two products per query, key and channel; scaling, maximum, difference, exp, sum per score. */
static double flops(const gcl_graph *g, const gcl_node *node)
{
    const attention_attr a = attr_of(node);
    const gcl_shape *y = gcl_out_shape(g, node);
    const double B = (double)y->dim[0], Q = (double)y->dim[1], d_model = (double)y->dim[2];
    const double pairs = a.causal ? Q * (Q + 1) / 2 : Q * (double)tokens_of(g, node);

    return B * (pairs * (4.0 * d_model + 5.0 * (double)a.n_heads) + Q * d_model);
}

static const char *const dim_names[] = {"Q", "T", "d_head", "n_heads", "causal", NULL};

static void dims(const gcl_graph *g, const gcl_node *node, size_t *dim)
{
    const attention_attr a = attr_of(node);
    const gcl_shape *y = gcl_out_shape(g, node);
    const size_t all[] = {y->dim[1], tokens_of(g, node), y->dim[2] / a.n_heads, a.n_heads,
                          (size_t)a.causal};

    memcpy(dim, all, sizeof all);
}

/* ---- head_f32 ---- */

enum { MAX_D_HEAD = 128 };

/* Tunables of attention_head, and the queries of a block. */
typedef struct head_tile {
    size_t VW, TK, T_ROOM, NB;
} head_tile;

/* TK * 2 sums, two vectors of queries and an element of a key fit the vector registers: 32 of 16
 * elements, or 16 of 8. */
static head_tile choose_tile(const gcl_device_info *device, size_t T)
{
    const bool wide = device->vector_width_f32 >= 16;
    const size_t VW = wide ? 16 : 8, most = wide ? 12 : 6;
    const size_t TK = gcl_div_up(T, gcl_div_up(T, most));

    return (head_tile){VW, TK, gcl_round_up(T, TK), 2 * VW};
}

/* Rounds of all loops of a work-item, at most. */
static size_t count_rounds(head_tile t, size_t Q, size_t T, size_t d_head)
{
    const size_t tiles = 4 * gcl_div_up(d_head, t.NB); /* NB/4 queries by NB channels */

    return gcl_div_up(Q, t.NB) *
           (t.NB / 4 * gcl_div_up(d_head, 4) + t.T_ROOM / t.TK * d_head + (t.NB + 2 + tiles) * T);
}

static bool head_accepts(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                         char *why, size_t why_bytes)
{
    const gcl_shape *y = gcl_out_shape(g, node);
    const size_t d_head = y->dim[2] / attr_of(node).n_heads;
    const size_t T = tokens_of(g, node);
    const head_tile t = choose_tile(device, T);
    const size_t rounds = count_rounds(t, y->dim[1], T, d_head);

    if (!gcl_device_is_cpu(device))
        snprintf(why, why_bytes, "a work-item does the work of a CPU core");
    else if (d_head < t.NB || d_head > MAX_D_HEAD)
        snprintf(why, why_bytes, "d_head is %zu, needs %zu to %d", d_head, t.NB, MAX_D_HEAD);
    else if (device->max_rounds != 0 && rounds > device->max_rounds)
        snprintf(why, why_bytes,
                 "a work-item needs %zu rounds of its loops, the driver's limit is %zu", rounds,
                 device->max_rounds);
    else
        return true;
    return false;
}

static gcl_status emit_head(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const attention_attr a = attr_of(node);
    const gcl_shape *y = gcl_out_shape(g, node);
    const size_t T = tokens_of(g, node), d_head = y->dim[2] / a.n_heads;
    const head_tile t = choose_tile(gcl_emit_device(e), T);
    const double log2_e = 1.4426950408889634;
    gcl_launch l = {.program = "attention", .kernel = "attention_head_f32"};

    snprintf(l.options, sizeof l.options, "-DVW=%zu -DD_HEAD=%zu -DT_ROOM=%zu -DTK=%zu", t.VW,
             d_head, t.T_ROOM, t.TK);
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[QKV])));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    gcl_launch_arg(&l, gcl_arg_int(y->dim[1]));
    gcl_launch_arg(&l, gcl_arg_int(T));
    gcl_launch_arg(&l, gcl_arg_int((size_t)a.causal));
    gcl_launch_arg(&l, gcl_arg_float((float)(log2_e / sqrt((double)d_head))));
    gcl_launch_tiles(&l, gcl_emit_device(e), a.n_heads, y->dim[0], 1);
    return gcl_emit_launch(e, &l, err);
}

/* ---- group_f32 ---- */

enum { WG, TQ, TK };
enum { GROUP_D_HEAD = 256 };

static const gcl_tunable group_tunables[] = {
    {"WG", 3, {32, 64, 128}},
    {"TQ", 3, {4, 8, 16}},
    {"TK", 3, {16, 32, 64}},
    {.name = NULL},
};

static bool group_allows(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                         const gcl_tuning *tuning, char *why, size_t why_bytes)
{
    const gcl_shape *y = gcl_out_shape(g, node);
    const size_t n = (size_t)tuning->value[WG], tq = (size_t)tuning->value[TQ],
                 tk = (size_t)tuning->value[TK];
    const size_t d4 = gcl_div_up(y->dim[2] / attr_of(node).n_heads, 4);

    if (n == 0 || tq == 0 || tk == 0 || n % tq != 0 || n % tk != 0 || tq * tk % n != 0) {
        snprintf(why, why_bytes,
                 "%zu work-items for %zu queries and %zu keys: a multiple of both, which divides "
                 "their product, is needed",
                 n, tq, tk);
        return false;
    }
    return gcl_gpu_group_fits(device, n,
                              4 * sizeof(float) * (tq * d4 + tk * (d4 + 1)) +
                                  sizeof(float) * (n + tq * gcl_round_up(tokens_of(g, node), tk)),
                              why, why_bytes);
}

/* Groups of 64, which is a wavefront or two warps: there are few queries, so that more groups help. */
static void group_choose(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                         gcl_tuning *out)
{
    const gcl_tuning less = {{64, 4, 16}};
    char why[256];

    *out = (gcl_tuning){{64, 8, 32}};
    if (!group_allows(g, node, device, out, why, sizeof why))
        *out = less;
}

static bool group_accepts(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                          char *why, size_t why_bytes)
{
    const size_t d_head = gcl_out_shape(g, node)->dim[2] / attr_of(node).n_heads;

    (void)device;
    if (d_head <= GROUP_D_HEAD)
        return true;
    snprintf(why, why_bytes, "d_head is %zu, needs up to %d", d_head, GROUP_D_HEAD);
    return false;
}

static gcl_status emit_group(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const attention_attr a = attr_of(node);
    const int *v = gcl_emit_tuning(e)->value;
    const gcl_shape *y = gcl_out_shape(g, node);
    const size_t Q = y->dim[1], T = tokens_of(g, node), d_head = y->dim[2] / a.n_heads;
    const size_t score_bytes = (size_t)v[TQ] * gcl_round_up(T, (size_t)v[TK]) * sizeof(float);
    gcl_launch l = {.program = "attention/group", .kernel = "attention_group_f32"};

    gcl_emit_tuning_options(e, &l);
    snprintf(l.options + strlen(l.options), sizeof l.options - strlen(l.options), " -DD4=%zu",
             gcl_div_up(d_head, 4));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[QKV])));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    gcl_launch_arg(&l, gcl_arg_local(score_bytes));
    gcl_launch_arg(&l, gcl_arg_int(Q));
    gcl_launch_arg(&l, gcl_arg_int(T));
    gcl_launch_arg(&l, gcl_arg_int(d_head));
    gcl_launch_arg(&l, gcl_arg_int((size_t)a.causal));
    gcl_launch_arg(&l, gcl_arg_float(1.0f / sqrtf((float)d_head)));
    gcl_gpu_launch(&l, (size_t)v[WG], gcl_div_up(Q, (size_t)v[TQ]), a.n_heads, y->dim[0]);
    return gcl_emit_launch(e, &l, err);
}

/* ---- plain_f32 ---- */

static gcl_status emit_plain(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const attention_attr a = attr_of(node);
    const gcl_shape *y = gcl_out_shape(g, node);
    const size_t Q = y->dim[1], T = tokens_of(g, node), d_head = y->dim[2] / a.n_heads;
    gcl_launch l = {.program = "attention", .kernel = "attention_plain_f32"};

    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[QKV])));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    gcl_launch_arg(&l, gcl_arg_local(T * sizeof(float)));
    gcl_launch_arg(&l, gcl_arg_int(Q));
    gcl_launch_arg(&l, gcl_arg_int(T));
    gcl_launch_arg(&l, gcl_arg_int(d_head));
    gcl_launch_arg(&l, gcl_arg_int((size_t)a.causal));
    gcl_launch_arg(&l, gcl_arg_float(1.0f / sqrtf((float)d_head)));
    gcl_launch_groups(&l, gcl_emit_device(e), Q, a.n_heads, y->dim[0]);
    return gcl_emit_launch(e, &l, err);
}

static const gcl_variant variants[] = {
    {.name = "head_f32", .accepts = head_accepts, .emit = emit_head},
    {.name = "group_f32",
     .accepts = group_accepts,
     .emit = emit_group,
     .tunables = group_tunables,
     .choose = group_choose,
     .allows = group_allows},
    {.name = "plain_f32", .emit = emit_plain},
    {.name = NULL},
};

const gcl_op gcl_op_attention = {
    .name = "attention",
    .attr_bytes = sizeof(attention_attr),
    .infer = infer,
    .flops = flops,
    .variants = variants,
    .dim_names = dim_names,
    .dims = dims,
    .any_batch = true,
};
