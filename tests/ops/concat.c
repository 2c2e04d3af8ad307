/* tests/ops/concat.c - cases and reference of the concat op. */
#include <stdio.h>

#include "host/ops/concat.h"
#include "host/ops/slice.h"
#include "tests/suite/op_suite.h"

/* x[i] is [OUTER, LENGTH_i, INNER], with leading dims of 1 up to RANK, without INNER where that is 0, and
 * without OUTER where RANK leaves no room; a LENGTH of 0 ends the list of operands. SLICED has a
 * decimal digit for each operand, the last one for x[0]: which of `ranges` is sliced from it. */
enum { OUTER, INNER, RANK, SLICED, LENGTHS };

/* Elements before and behind what is read. NESTED: by a slice that leaves one more, and another one. */
enum { NESTED = 4 };
static const struct {
    long before, behind;
} ranges[] = {{0, 0}, {0, 3}, {5, 0}, {1, 1}, {3, 2}};

/* clang-format off */
static const op_case cases[] = {
    /* name                outer  inner  rank  sliced  lengths */
    {"one",              {     1,     1,  3,      0,    1,   1}},
    {"group_minus_one",  {     1,     1,  3,      0,   63,   1}},
    {"group_plus_one",   {     5,     1,  4,      0,    2,  65}},
    {"prime",            {     7,    11,  5,      0,    3,  13,  5}},
    {"most_operands",    {     3,     2,  3,      0,    1,   2,  3,  4,  5,  6}},
    {"first_axis",       {     1,  1536,  2,      0,    2,   1}},
    {"only_axis",        {     1,     0,  1,      0,   31,  34}},
    {"slice_first",      {     3,     7,  3,      3,    1,  13}},
    {"slice_second",     {     3,     7,  3,     30,   13,   1}},
    {"slice_both",       {     5,     1,  4,     12,   61,   4}},
    {"slice_third",      {     2,     3,  3,    200,    2,   3,  5}},
    {"slice_five",       {     2,    11,  3,  12312,    1,   2,  3,  5,  7}},
    {"slice_nested",     {     3,     5,  3,     44,    7,   1}},
    {"slice_first_axis", {     1,    17,  2,     31,    3,   1}},
    {"slice_last_axis",  {    13,     0,  3,     23,    3,  11}},
    {"noise_sentence",   {     2,     0,  2,      0,  100, 512}},
    {"class_patches",    {     2,   768,  3,      0,    1,  49}},
    {"class_prompts",    {     1,   768,  3,     33,   50,   1}},
    {"features_map",     {     1,    49,  3,      0,  512, 512}},
    {"tiny_patches",     {     2,   128,  3,      0,    1,  49}},
};
/* clang-format on */

static int n_operands(const long *p)
{
    int n = 0;

    while (LENGTHS + n < OP_MAX_PARAMS && p[LENGTHS + n] > 0)
        n++;
    return n;
}

static int axis_of(const long *p)
{
    return (int)p[RANK] - (p[INNER] > 0 ? 2 : 1);
}

/* Index of operand i's range. */
static long range_of(const long *p, int i)
{
    long digits = p[SLICED];

    while (i-- > 0)
        digits /= 10;
    return digits % 10;
}

static gcl_value build_operand(gcl_graph *g, const long *p, int i)
{
    const int axis = axis_of(p);
    const size_t length = (size_t)p[LENGTHS + i];
    const long range = range_of(p, i);
    const size_t before = (size_t)ranges[range].before, behind = (size_t)ranges[range].behind;
    gcl_shape shape = {(int)p[RANK], {1, 1, 1, 1, 1}};
    char name[8];
    gcl_value x;

    if (axis > 0)
        shape.dim[axis - 1] = (size_t)p[OUTER];
    shape.dim[axis] = before + length + behind;
    if (p[INNER] > 0)
        shape.dim[axis + 1] = (size_t)p[INNER];
    snprintf(name, sizeof name, "x%d", i);
    x = gcl_graph_input(g, name, GCL_F32, shape);
    if (range == NESTED)
        return gcl_slice(g, gcl_slice(g, x, axis, before - 1, length + 2), axis, 1, length);
    return range == 0 ? x : gcl_slice(g, x, axis, before, length);
}

static gcl_value build(gcl_graph *g, const long *p)
{
    gcl_value x[GCL_MAX_OPERANDS];

    for (int i = 0; i < n_operands(p); i++)
        x[i] = build_operand(g, p, i);
    return gcl_concat(g, x, n_operands(p), axis_of(p));
}

static void reference(const long *p, const op_data *d, double *out, double *scale)
{
    const long inner = p[INNER] > 0 ? p[INNER] : 1;
    char name[8];

    (void)scale;
    for (long o = 0; o < p[OUTER]; o++)
        for (int k = 0; k < n_operands(p); k++) {
            const long before = ranges[range_of(p, k)].before, length = p[LENGTHS + k];
            const long all = before + length + ranges[range_of(p, k)].behind;
            snprintf(name, sizeof name, "x%d", k);
            for (long i = 0; i < length * inner; i++)
                *out++ = (double)op_f32(d, name)[(o * all + before) * inner + i];
        }
}

static double tolerance(const long *p)
{
    (void)p;
    return 0.0;
}

static gcl_value x_of(gcl_graph *g, const char *name, gcl_shape shape)
{
    return gcl_graph_input(g, name, GCL_F32, shape);
}

static void bad_shape(gcl_graph *g)
{
    const gcl_value x[] = {x_of(g, "a", GCL_SHAPE(2, 3)), x_of(g, "b", GCL_SHAPE(3, 3))};

    gcl_concat(g, x, 2, 1);
}

static void bad_rank(gcl_graph *g)
{
    const gcl_value x[] = {x_of(g, "a", GCL_SHAPE(2, 3)), x_of(g, "b", GCL_SHAPE(2, 3, 1))};

    gcl_concat(g, x, 2, 1);
}

static void bad_axis(gcl_graph *g)
{
    const gcl_value a = x_of(g, "a", GCL_SHAPE(2, 3)), x[] = {a, a};

    gcl_concat(g, x, 2, 2);
}

static void too_few(gcl_graph *g)
{
    const gcl_value a = x_of(g, "a", GCL_SHAPE(2, 3));

    gcl_concat(g, &a, 1, 0);
}

static void too_many(gcl_graph *g)
{
    const gcl_value a = x_of(g, "a", GCL_SHAPE(2, 3)), x[GCL_MAX_OPERANDS + 1] = {a, a, a, a};

    gcl_concat(g, x, GCL_MAX_OPERANDS + 1, 0);
}

static const op_bad_call bad_calls[] = {
    {"dims_differ", bad_shape, GCL_E_SHAPE,
     "concat: x[1] is [3, 3], needs the dims of [2, 3] outside of axis 1"},
    {"rank_differs", bad_rank, GCL_E_SHAPE, "concat: x[1] is [2, 3, 1] f32, needs f32 of rank 2"},
    {"axis_range", bad_axis, GCL_E_ARG, "concat: axis 2, needs 0 .. 1"},
    {"too_few", too_few, GCL_E_ARG, "concat: 1 operands, needs 2 .. 6"},
    {"too_many", too_many, GCL_E_ARG, "concat: more operands"},
};

const op_suite op_suite_concat = {
    .op = "concat",
    .params = {"outer", "inner", "rank", "sliced", "x0", "x1", "x2", "x3", "x4", "x5", NULL},
    .cases = cases,
    .n_cases = OP_COUNT(cases),
    .bad_calls = bad_calls,
    .n_bad_calls = OP_COUNT(bad_calls),
    .n_nodes = 1,
    .build = build,
    .reference = reference,
    .tolerance = tolerance,
    .bound = "0: a copy.",
};
