/* conv2d_bilinear.c - convolutions on a CPU by bilinear algorithms, Winograd's among them. */
#include "host/ops/common/conv2d_bilinear.h"

#include <stdio.h>

#include "host/ops/common/conv2d_attr.h"
#include "host/ops/common/conv2d_blocked.h"

enum {
    NRV = 2,
    AHEAD_FLOATS = 2048,
    CACHED_BYTES = 512 << 10 /* of weights that a core's second cache keeps from tile to tile */
};

enum { AT_TR, AT_SPLIT, AT_AHEAD };

const gcl_tunable gcl_conv2d_bilinear_tunables[] = {
    [AT_TR] = {"TR", 7, {2, 4, 6, 8, 10, 12, 13}},
    [AT_SPLIT] = {"SPLIT", 2, {0, 1}},
    [AT_AHEAD] = {"AHEAD", 4, {512, 1024, 2048, 4096}},
    {NULL, 0, {0}},
};

static size_t count_tiles(const gcl_bilinear *b, const gcl_shape *y)
{
    return y->dim[0] * gcl_bilinear_tiles(b, y->dim[2]) * gcl_bilinear_tiles(b, y->dim[3]);
}

/* Larger tiles multiply less for an output. But the largest must fit the picture, whose rest they
 * fill with zeros; and the weights to be read grow with the products, which takes some tiles to
 * share them, or a second cache that keeps them. The batch size does not count: a picture is the
 * same bit for bit in any batch. */
static bool large_enough(gcl_bilinear_name name, const gcl_shape *w, const gcl_shape *y)
{
    const gcl_bilinear *b = gcl_bilinear_get(name);
    const size_t tiles = gcl_bilinear_tiles(b, y->dim[2]) * gcl_bilinear_tiles(b, y->dim[3]);
    const size_t bytes = b->NU * b->NU * w->dim[0] * w->dim[1] * sizeof(float);
    /* instead of F4, which multiplies 1.44 times as often, or of X2_4, 1.23 times */
    const size_t few = name == GCL_BILINEAR_F8 ? 16 : 48;

    switch (name) {
    case GCL_BILINEAR_F8:
    case GCL_BILINEAR_X2_8:
        return (tiles >= few || bytes <= CACHED_BYTES) &&
               100 * tiles * b->NO * b->NO <= 112 * y->dim[2] * y->dim[3];
    case GCL_BILINEAR_F4:
    case GCL_BILINEAR_F2_5:
    case GCL_BILINEAR_X2_4:
        return tiles >= 12;
    default:
        return true;
    }
}

typedef struct layout {
    bool split;
    size_t TR; /* tiles of a register tile */
    size_t T;  /* tiles of a block */
    size_t workers;
    size_t v_vecs, m_vecs; /* of one worker; v of all tiles when split */
} layout;

/* What the work is counted in. */
typedef struct work {
    size_t tiles, IB, panels, terms, products, VW, cores;
} work;

static work count_work(const gcl_bilinear *b, const gcl_device_info *device, const gcl_shape *x,
                       const gcl_shape *y)
{
    const size_t VW = gcl_block_channels(device);

    return (work){.tiles = count_tiles(b, y),
                  .IB = x->dim[1] / VW,
                  .panels = gcl_div_up(y->dim[1], NRV * VW),
                  .terms = b->NV * b->NV,
                  .products = b->NU * b->NU,
                  .VW = VW,
                  .cores = device->compute_units};
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Vectors of the transformed inputs and the products of T tiles, in groups of TR. */
static size_t v_vecs(const work *w, size_t TR, size_t T)
{
    return gcl_div_up(T, TR) * w->terms * (w->IB * TR + 1);
}

static size_t m_vecs(const work *w, size_t TR, size_t T)
{
    return gcl_div_up(T, TR) * w->products * (TR * NRV + 1);
}

/* Vectors that a core's second-level cache, 0.5 to 2 MiB, keeps beside what streams through it. */
static size_t cache_vecs(const work *w)
{
    return ((size_t)768 << 10) / (w->VW * sizeof(float));
}

/* What the slowest worker does. */
typedef struct share {
    size_t blocks; /* whose inputs it transforms; none where the layout is split */
    size_t panels; /* that it goes over, of all blocks together */
    size_t tiles;  /* of a panel */
} share;

/* A fused layout's workers have blocks to themselves, then several of them share the panels of one. */
static share count_share(const work *w, const layout *l)
{
    const size_t blocks = gcl_div_up(w->tiles, l->T), left = blocks % l->workers;
    share s = {0, gcl_div_up(w->panels, l->workers), gcl_round_up(w->tiles, l->TR)};

    if (!l->split) {
        s.blocks = gcl_div_up(blocks, l->workers);
        s.panels = blocks / l->workers * w->panels;
        s.panels += left == 0 ? 0 : gcl_div_up(w->panels, l->workers / left);
        s.tiles = l->T;
    }
    return s;
}

/* About how long the slowest worker takes, in multiply-adds of a vector, fitted on a Zen 5. Beside them
 * a vector of weights takes 1 where the third cache keeps it, else 8; it keeps about KEPT_BYTES of
 * them. A vector of transformed inputs takes 6, or 16 where all workers read it; and 8 to read beyond
 * one and a half times cache_vecs, of which the second cache still keeps a good part. */
enum {
    KEPT_WEIGHT = 1,
    WEIGHT = 8,
    KEPT_BYTES = 12 << 20,
    INPUT = 6,
    WRITE_INPUT = 16,
    READ_INPUT = 8
};

static double cost(const work *w, const layout *l)
{
    const double weights = (double)(w->products * w->IB * w->VW * NRV); /* vectors of a panel */
    const double per_load = 1.0 + 0.25 / (double)l->TR; /* loads of w beside the products */
    const double all_bytes = weights * (double)(w->panels * w->VW * sizeof(float));
    const double kept = all_bytes <= KEPT_BYTES ? 1.0 : KEPT_BYTES / all_bytes;
    const double fetch = weights * (WEIGHT - (WEIGHT - KEPT_WEIGHT) * kept);
    const share s = count_share(w, l);
    const double products = weights * (double)s.tiles * per_load;
    const size_t inputs = v_vecs(w, l->TR, l->split ? w->tiles : l->T);
    const size_t far = inputs - least(inputs, 3 * cache_vecs(w) / 2);
    const double read = READ_INPUT * (double)far; /* by each panel */

    if (!l->split)
        return (double)s.panels * (products + fetch + read) + INPUT * (double)(s.blocks * inputs);
    return (double)s.panels * (products + fetch * (double)gcl_div_up(w->tiles, l->T) + read) +
           WRITE_INPUT * (double)inputs / (double)w->cores;
}

/* The blocks of tiles that suit TR and split. */
static layout layout_of(const work *w, size_t rows, bool split)
{
    layout best = {0}, l = {.split = split, .TR = rows};

    for (l.T = l.TR; l.T < w->tiles + l.TR; l.T += l.TR) {
        l.v_vecs = v_vecs(w, l.TR, l.split ? w->tiles : l.T);
        l.m_vecs = m_vecs(w, l.TR, l.T);
        if (l.T > l.TR && l.m_vecs + (l.split ? 0 : l.v_vecs) > cache_vecs(w))
            break;
        l.workers = least(l.split ? w->panels : gcl_div_up(w->tiles, l.T) * w->panels, w->cores);
        if (best.T == 0 || cost(w, &l) < cost(w, &best))
            best = l;
    }
    return best;
}

/* TR * NRV accumulators, NRV weights and an element of V fit the vector registers, 32 of 16 elements or
 * 16 of 8, and one more is left: with 14 tiles in 31 registers PoCL 3.1 spills. */
static size_t most_rows(const work *w)
{
    return w->VW == 16 ? 13 : 6;
}

/* Fused: every block reads all weights. Split: every panel reads all transformed inputs, and so the
 * weights are read once. Sums are the same whatever is chosen. */
static layout choose_layout(const work *w)
{
    const size_t fewest = w->VW == 16 ? 8 : 4;
    layout best = {0};

    for (int split = 0; split < 2; split++)
        for (size_t rows = fewest; rows <= most_rows(w); rows++) {
            const layout l = layout_of(w, rows, split != 0);
            if (best.T == 0 || cost(w, &l) < cost(w, &best))
                best = l;
        }
    return best;
}

static work work_of(gcl_bilinear_name name, const gcl_graph *g, const gcl_node *node,
                    const gcl_device_info *device)
{
    const gcl_bilinear *b = gcl_bilinear_get(name);
    const gcl_shape picture = gcl_conv2d_picture(g, node);
    const gcl_shape *x = b->up != b->down ? gcl_in_shape(g, node, CONV2D_X) : &picture;

    return count_work(b, device, x, gcl_out_shape(g, node));
}

void gcl_conv2d_bilinear_choose(gcl_bilinear_name name, const gcl_graph *g, const gcl_node *node,
                                const gcl_device_info *device, gcl_tuning *out)
{
    const work w = work_of(name, g, node, device);
    const layout l = choose_layout(&w);

    out->value[AT_TR] = (int)l.TR;
    out->value[AT_SPLIT] = l.split;
    out->value[AT_AHEAD] = AHEAD_FLOATS;
}

/* About how often the loops of a worker go round where no loop is unrolled: twice for a vector. */
static size_t rounds_of(const gcl_bilinear *b, const work *w, const layout *l)
{
    const share s = count_share(w, l);
    const size_t sums = s.panels * w->products * s.tiles * NRV * w->IB * w->VW;
    const size_t inputs = s.blocks * s.tiles * w->IB * 2 * w->terms;
    const size_t outputs = s.panels * s.tiles * NRV * (w->products + b->NO * b->NO);

    return 2 * (sums + inputs + outputs);
}

bool gcl_conv2d_bilinear_allows(gcl_bilinear_name name, const gcl_graph *g, const gcl_node *node,
                                const gcl_device_info *device, const gcl_tuning *t, char *why,
                                size_t why_bytes)
{
    const work w = work_of(name, g, node, device);
    layout l;

    if (t->value[AT_TR] < 1 || (size_t)t->value[AT_TR] > most_rows(&w) || t->value[AT_SPLIT] < 0 ||
        t->value[AT_SPLIT] > 1 || t->value[AT_AHEAD] < 0) {
        snprintf(why, why_bytes, "TR=%d, SPLIT=%d and AHEAD=%d, needs 1 .. %zu, 0 .. 1 and 0 ..",
                 t->value[AT_TR], t->value[AT_SPLIT], t->value[AT_AHEAD], most_rows(&w));
        return false;
    }
    l = layout_of(&w, (size_t)t->value[AT_TR], t->value[AT_SPLIT] != 0);
    if (device->max_rounds == 0 || rounds_of(gcl_bilinear_get(name), &w, &l) <= device->max_rounds)
        return true;
    snprintf(why, why_bytes, "a work-item needs %zu rounds of its loops, the driver's limit is %zu",
             rounds_of(gcl_bilinear_get(name), &w, &l), device->max_rounds);
    return false;
}

bool gcl_conv2d_bilinear_accepts(gcl_bilinear_name name, const gcl_graph *g, const gcl_node *node,
                                 const gcl_device_info *device, char *why, size_t why_bytes)
{
    const gcl_bilinear *b = gcl_bilinear_get(name);
    const gcl_conv2d_attr a = gcl_conv2d_attr_of(node);
    const gcl_shape *x = gcl_in_shape(g, node, CONV2D_X), *w = gcl_in_shape(g, node, CONV2D_W);
    const gcl_shape *y = gcl_out_shape(g, node);
    const size_t up = (size_t)b->up, down = (size_t)b->down;
    const gcl_shape picture = gcl_conv2d_picture(g, node);

    if (!gcl_device_is_cpu(device))
        snprintf(why, why_bytes, "a work-item does the work of a CPU core");
    else if (gcl_graph_tensor(g, node->in[CONV2D_W])->kind != GCL_VALUE_WEIGHT)
        snprintf(why, why_bytes, "w is not a weight and cannot be transformed ahead");
    else if (w->dim[2] != b->taps || w->dim[3] != b->taps || a.stride != 1 ||
             (size_t)a.pad != b->taps / 2)
        snprintf(why, why_bytes, "kernel %zux%zu, stride %d and pad %d, needs %zux%zu, 1 and %zu",
                 w->dim[2], w->dim[3], a.stride, a.pad, b->taps, b->taps, b->taps / 2);
    else if (up != down &&
             (picture.dim[2] * down != x->dim[2] * up || picture.dim[3] * down != x->dim[3] * up))
        snprintf(why, why_bytes, "resize from %zux%zu to %zux%zu, needs %d/%d", x->dim[2],
                 x->dim[3], picture.dim[2], picture.dim[3], b->up, b->down);
    else if (!gcl_has_blocks(g, node->in[CONV2D_X], device) ||
             !gcl_has_blocks(g, node->out, device))
        snprintf(why, why_bytes, "%zu to %zu channels, needs multiples of %zu", x->dim[1],
                 w->dim[0], gcl_block_channels(device));
    else if (!large_enough(name, w, y))
        snprintf(why, why_bytes, "%zux%zu outputs of %zu to %zu channels do not suit tiles of %zu",
                 y->dim[2], y->dim[3], x->dim[1], w->dim[0], b->NO);
    else
        return true;
    return false;
}

static void set_sizes(gcl_launch *l, const gcl_shape *x, const gcl_shape *y)
{
    for (int d = 0; d < 4; d++)
        gcl_launch_arg(l, gcl_arg_int(x->dim[d]));
    for (int d = 1; d < 4; d++)
        gcl_launch_arg(l, gcl_arg_int(y->dim[d]));
}

/* A launch of n0 x n1 workers. */
static void set_workers(gcl_launch *l, size_t n0, size_t n1)
{
    l->dims = 2;
    l->global[0] = n0;
    l->global[1] = n1;
    l->local[0] = l->local[1] = 1;
}

/* Appends x and the affine of a dfblk of it; x stands for one that is not there. */
static void set_input(gcl_launch *l, gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                      gcl_slot x)
{
    const gcl_conv2d_attr a = gcl_conv2d_attr_of(node);
    const int before = gcl_conv2d_before(&a);

    gcl_launch_arg(l, gcl_arg_slot(x));
    gcl_launch_arg(l, gcl_arg_slot(before < 0 ? x : gcl_emit_value(e, node->in[before])));
    gcl_launch_arg(l, gcl_arg_int(before < 0 ? 0 : gcl_in_shape(g, node, before)->dim[1]));
    gcl_launch_arg(l, gcl_arg_int((size_t)a.before_at));
}

/* The launch that transforms the inputs, which a split layout needs first: from the slot *in to it. */
static gcl_status emit_input(gcl_slot *in, gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                             const work *w, const layout *t, const gcl_shape *x,
                             const gcl_launch *like, gcl_error *err)
{
    const gcl_slot v = gcl_emit_temp(e, t->v_vecs * w->VW * sizeof(float));
    gcl_launch l = *like;

    l.kernel = "conv2d_bilinear_input_f32";
    set_input(&l, e, g, node, *in);
    gcl_launch_arg(&l, gcl_arg_slot(v));
    set_sizes(&l, x, gcl_out_shape(g, node));
    gcl_launch_arg(&l, gcl_arg_int(gcl_round_up(w->tiles, t->TR)));
    set_workers(&l, w->IB, gcl_div_up(w->tiles, t->TR));
    *in = v;
    return gcl_emit_launch(e, &l, err);
}

gcl_status gcl_conv2d_bilinear_emit(gcl_bilinear_name name, gcl_emit *e, const gcl_graph *g,
                                    const gcl_node *node, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_bilinear *b = gcl_bilinear_get(name);
    const bool resizes = b->up != b->down;
    const gcl_shape picture = gcl_conv2d_picture(g, node), *y = gcl_out_shape(g, node);
    const gcl_shape *x = resizes ? gcl_in_shape(g, node, CONV2D_X) : &picture;
    const work w = work_of(name, g, node, gcl_emit_device(e));
    const gcl_tuning *tuning = gcl_emit_tuning(e);
    const layout t = layout_of(&w, (size_t)tuning->value[AT_TR], tuning->value[AT_SPLIT] != 0);
    const size_t worker = (t.split ? t.m_vecs : t.v_vecs + t.m_vecs) * w.VW;
    gcl_slot in = gcl_emit_blocked(e, node->in[CONV2D_X]);
    gcl_launch l = {.program = "conv2d/bilinear",
                    .kernel = t.split ? "conv2d_bilinear_panels_f32" : "conv2d_bilinear_fused_f32"};

    snprintf(l.options, sizeof l.options, "-DVW=%zu -DNRV=%d -DALG=%d -DHAS_BEFORE=%d", w.VW, NRV,
             b->alg, gcl_conv2d_attr_of(node).has_before);
    gcl_emit_tuning_options(e, &l);
    gcl_conv2d_tail_options(g, node, &l);
    if (!resizes)
        GCL_TRY(gcl_conv2d_blocked_picture(&in, e, g, node, 0, err));
    if (t.split) {
        GCL_TRY(emit_input(&in, e, g, node, &w, &t, x, &l, err));
        gcl_launch_arg(&l, gcl_arg_slot(in));
    } else {
        set_input(&l, e, g, node, in);
    }
    gcl_launch_arg(
        &l, gcl_arg_slot(gcl_emit_packed(e, node->in[CONV2D_W], gcl_bilinear_packing(name, w.VW))));
    gcl_conv2d_tail_buffers(e, node, true, in, &l);
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_blocked(e, node->out)));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_temp(e, t.workers * worker * sizeof(float))));
    set_sizes(&l, x, y);
    gcl_conv2d_tail_values(g, node, &l);
    gcl_launch_arg(&l, gcl_arg_int(t.T));
    gcl_launch_arg(&l, gcl_arg_ulong(worker));
    set_workers(&l, t.workers, 1);
    GCL_TRY(gcl_emit_launch(e, &l, err));
done:
    return st;
}
