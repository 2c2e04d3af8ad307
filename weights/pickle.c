/* pickle.c - a stack machine for pickles that builds values and calls nothing. */
#include "weights/pickle_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef gcl_pickle_machine machine;
typedef gcl_pickle_value value;

/* A row of the table of opcodes: how it is run, and what tells it from others that run alike. */
typedef struct opcode {
    gcl_status (*run)(machine *m, const struct opcode *op, gcl_error *err);
    gcl_pickle_kind kind; /* of the value that it makes or adds to */
    int width;            /* bytes of the number behind it; of a tuple, values in it */
    bool flag;
} opcode;

/* ---- values ---- */

/* flag: of a bool. */
static gcl_status run_value(machine *m, const opcode *op, gcl_error *err)
{
    gcl_status st = GCL_OK;
    value *v;

    GCL_TRY(gcl_pickle_push(m, &v, op->kind, err));
    if (op->kind == GCL_PICKLE_BOOL)
        v->integer = op->flag;
done:
    return st;
}

/* flag: the number is in two's complement; width 0: its width is the byte before it. */
static gcl_status run_integer(machine *m, const opcode *op, gcl_error *err)
{
    gcl_status st = GCL_OK;
    uint64_t width = (uint64_t)op->width, bits = 0;
    value *v;

    if (op->width == 0)
        GCL_TRY(gcl_pickle_take_number(m, &width, 1, err));
    if (width > 8) {
        st = GCL_FAIL(err, GCL_E_FORMAT,
                      "%s, byte %zu: an integer of %" PRIu64 " bytes, at most 8 allowed",
                      GCL_PICKLE_WHERE(m), width);
        goto done;
    }
    if (width > 0)
        GCL_TRY(gcl_pickle_take_number(m, &bits, (int)width, err));
    if (op->flag && width > 0) {
        const uint64_t sign = UINT64_C(1) << (8 * width - 1);
        bits = (bits ^ sign) - sign;
    }
    GCL_TRY(gcl_pickle_push(m, &v, GCL_PICKLE_INT, err));
    v->integer = (int64_t)bits;
done:
    return st;
}

static gcl_status run_float(machine *m, const opcode *op, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const uint8_t *p;
    uint64_t bits = 0;
    value *v;

    (void)op;
    GCL_TRY(gcl_pickle_take(m, &p, 8, err));
    for (int i = 0; i < 8; i++) /* big-endian, unlike all else */
        bits = bits << 8 | p[i];
    GCL_TRY(gcl_pickle_push(m, &v, GCL_PICKLE_FLOAT, err));
    memcpy(&v->real, &bits, sizeof bits);
done:
    return st;
}

static gcl_status run_text(machine *m, const opcode *op, gcl_error *err)
{
    gcl_status st = GCL_OK;
    uint64_t bytes;
    const uint8_t *data;
    value *v;

    GCL_TRY(gcl_pickle_take_number(m, &bytes, op->width, err));
    GCL_TRY(gcl_pickle_take(m, &data, bytes, err));
    if (op->kind == GCL_PICKLE_TEXT && !gcl_pickle_is_text((const char *)data, (size_t)bytes)) {
        st = GCL_FAIL(err, GCL_E_FORMAT,
                      "%s, byte %zu: a text of %" PRIu64 " bytes is not UTF-8 or holds a NUL",
                      GCL_PICKLE_WHERE(m), bytes);
        goto done;
    }
    GCL_TRY(gcl_pickle_push(m, &v, op->kind, err));
    v->text.data = (const char *)data;
    v->text.bytes = (size_t)bytes;
done:
    return st;
}

/* ---- containers ---- */

static gcl_status run_mark(machine *m, const opcode *op, gcl_error *err)
{
    (void)op;
    return gcl_pickle_append(m, &m->stack, NULL, err);
}

/* Width 0: all values above the mark. */
static gcl_status run_tuple(machine *m, const opcode *op, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_pickle_items items = {0};
    value **from, *v;
    size_t count = (size_t)op->width;

    GCL_TRY(count == 0 ? gcl_pickle_pop_marked(m, &from, &count, err)
                       : gcl_pickle_pop_many(m, &from, count, err));
    for (size_t i = 0; i < count; i++)
        GCL_TRY(gcl_pickle_append(m, &items, from[i], err));
    GCL_TRY(gcl_pickle_push(m, &v, GCL_PICKLE_TUPLE, err));
    v->items = items;
    items.at = NULL; /* ownership moved to the value */
done:
    free(items.at);
    return st;
}

/* Adds to a list or dict what is above the mark, with width that many values. */
static gcl_status run_add(machine *m, const opcode *op, gcl_error *err)
{
    gcl_status st = GCL_OK;
    value **from, *to;
    size_t count = (size_t)op->width;

    GCL_TRY(count == 0 ? gcl_pickle_pop_marked(m, &from, &count, err)
                       : gcl_pickle_pop_many(m, &from, count, err));
    GCL_TRY(gcl_pickle_top(m, &to, err));
    if (to->kind != op->kind || (op->kind == GCL_PICKLE_DICT && count % 2 != 0)) {
        st = GCL_FAIL(err, GCL_E_FORMAT, "%s, byte %zu: cannot add %zu values to %s",
                      GCL_PICKLE_WHERE(m), count, gcl_pickle_kind_name(to->kind));
        goto done;
    }
    for (size_t i = 0; i < count; i++)
        GCL_TRY(gcl_pickle_append(m, &to->items, from[i], err));
done:
    return st;
}

/* ---- the memo ---- */

/* PyTorch numbers without gaps, so that the memo cannot grow beyond what was read. */
static gcl_status run_put(machine *m, const opcode *op, gcl_error *err)
{
    gcl_status st = GCL_OK;
    uint64_t index = m->memo.count;
    value *v;

    if (op->width > 0)
        GCL_TRY(gcl_pickle_take_number(m, &index, op->width, err));
    GCL_TRY(gcl_pickle_top(m, &v, err));
    if (index < m->memo.count)
        m->memo.at[index] = v;
    else if (index == m->memo.count)
        st = gcl_pickle_append(m, &m->memo, v, err);
    else
        st =
            GCL_FAIL(err, GCL_E_FORMAT, "%s, byte %zu: memo index %" PRIu64 ", the next one is %zu",
                     GCL_PICKLE_WHERE(m), index, m->memo.count);
done:
    return st;
}

static gcl_status run_get(machine *m, const opcode *op, gcl_error *err)
{
    gcl_status st = GCL_OK;
    uint64_t index;

    GCL_TRY(gcl_pickle_take_number(m, &index, op->width, err));
    if (index < m->memo.count)
        st = gcl_pickle_append(m, &m->stack, m->memo.at[index], err);
    else
        st = GCL_FAIL(err, GCL_E_FORMAT,
                      "%s, byte %zu: memo index %" PRIu64 ", but only %zu are set",
                      GCL_PICKLE_WHERE(m), index, m->memo.count);
done:
    return st;
}

/* ---- globals and what is made of them ---- */

static bool allows(const gcl_pickle_global *g, const gcl_pickle_text *module,
                   const gcl_pickle_text *name)
{
    const size_t n = strlen(g->module);

    if (module->bytes < n || memcmp(g->module, module->data, n) != 0)
        return false;
    if (g->name == NULL)
        return module->bytes == n || module->data[n] == '.';
    return module->bytes == n && strlen(g->name) == name->bytes &&
           memcmp(g->name, name->data, name->bytes) == 0;
}

static gcl_status push_global(machine *m, const gcl_pickle_text *module,
                              const gcl_pickle_text *name, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_pickle_global *g = m->allowed, *end = m->allowed + m->n_allowed;
    value *v;

    while (g < end && !allows(g, module, name))
        g++;
    if (g == end)
        return GCL_FAIL(
            err, GCL_E_UNSUPPORTED,
            "%s, byte %zu: asks for %.*s.%.*s; only tensors and plain data are read, as "
            "in a state_dict()",
            GCL_PICKLE_WHERE(m), (int)(module->bytes < 200 ? module->bytes : 200), module->data,
            (int)(name->bytes < 200 ? name->bytes : 200), name->data);
    GCL_TRY(gcl_pickle_push(m, &v, GCL_PICKLE_GLOBAL, err));
    v->global = g;
done:
    return st;
}

static gcl_status run_global(machine *m, const opcode *op, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_pickle_text module, name;

    (void)op;
    GCL_TRY(gcl_pickle_take_line(m, &module, err));
    GCL_TRY(gcl_pickle_take_line(m, &name, err));
    GCL_TRY(push_global(m, &module, &name, err));
done:
    return st;
}

static gcl_status run_stack_global(machine *m, const opcode *op, gcl_error *err)
{
    gcl_status st = GCL_OK;
    value *module, *name;

    (void)op;
    GCL_TRY(gcl_pickle_pop(m, &name, GCL_PICKLE_TEXT, err));
    GCL_TRY(gcl_pickle_pop(m, &module, GCL_PICKLE_TEXT, err));
    GCL_TRY(push_global(m, &module->text, &name->text, err));
done:
    return st;
}

/* flag: NEWOBJ, which makes an object of a class; else REDUCE, which calls a function. */
static gcl_status run_call(machine *m, const opcode *op, gcl_error *err)
{
    gcl_status st = GCL_OK;
    value *args, *callee, *v;
    const gcl_pickle_global *g;

    GCL_TRY(gcl_pickle_pop(m, &args, GCL_PICKLE_TUPLE, err));
    GCL_TRY(gcl_pickle_pop(m, &callee, GCL_PICKLE_GLOBAL, err));
    g = callee->global;
    if (g->use == GCL_PICKLE_AS_NAME || (g->use == GCL_PICKLE_AS_CLASS) != op->flag ||
        (g->use != GCL_PICKLE_AS_FUNCTION && args->items.count > 0)) {
        st = GCL_FAIL(err, GCL_E_FORMAT,
                      "%s, byte %zu: %s.%s cannot be called by %s with %zu arguments",
                      GCL_PICKLE_WHERE(m), g->module, g->name != NULL ? g->name : "*",
                      op->flag ? "NEWOBJ" : "REDUCE", args->items.count);
        goto done;
    }
    if (g->use == GCL_PICKLE_AS_DICT) {
        GCL_TRY(gcl_pickle_push(m, &v, GCL_PICKLE_DICT, err));
        goto done;
    }
    GCL_TRY(gcl_pickle_push(m, &v, GCL_PICKLE_CALL, err));
    v->call.callee = g;
    v->call.args = args;
done:
    return st;
}

/* What a dict has beside its items (`_metadata` of a state_dict) is passed over. */
static gcl_status run_build(machine *m, const opcode *op, gcl_error *err)
{
    gcl_status st = GCL_OK;
    value **state, *v;

    (void)op;
    GCL_TRY(gcl_pickle_pop_many(m, &state, 1, err));
    GCL_TRY(gcl_pickle_top(m, &v, err));
    if (v->kind == GCL_PICKLE_CALL && v->call.callee->use == GCL_PICKLE_AS_CLASS &&
        v->call.state == NULL)
        v->call.state = state[0];
    else if (v->kind != GCL_PICKLE_DICT)
        st = GCL_FAIL(err, GCL_E_FORMAT, "%s, byte %zu: cannot set the state of %s",
                      GCL_PICKLE_WHERE(m), gcl_pickle_kind_name(v->kind));
done:
    return st;
}

static gcl_status run_persistent(machine *m, const opcode *op, gcl_error *err)
{
    gcl_status st = GCL_OK;
    value **id, *v;
    const value *kept;

    (void)op;
    GCL_TRY(gcl_pickle_pop_many(m, &id, 1, err));
    kept = id[0];
    GCL_TRY(gcl_pickle_push(m, &v, GCL_PICKLE_PERSISTENT, err));
    v->id = kept;
done:
    return st;
}

/* ---- the whole ---- */

/* A frame groups opcodes for readers of streams. */
static gcl_status run_frame(machine *m, const opcode *op, gcl_error *err)
{
    gcl_status st = GCL_OK;
    uint64_t bytes;

    GCL_TRY(gcl_pickle_take_number(m, &bytes, op->width, err));
    if (bytes > m->bytes - m->at)
        st = GCL_FAIL(err, GCL_E_FORMAT,
                      "%s, byte %zu: a frame of %" PRIu64 " bytes, but only %zu are left",
                      GCL_PICKLE_WHERE(m), bytes, m->bytes - m->at);
done:
    return st;
}

enum { STOP = '.', PROTO = 0x80 };

static const opcode opcodes[256] = {
    ['('] = {run_mark, 0, 0, false},
    [')'] = {run_value, GCL_PICKLE_TUPLE, 0, false}, /* EMPTY_TUPLE */
    ['B'] = {run_text, GCL_PICKLE_BYTES, 4, false},  /* BINBYTES */
    ['C'] = {run_text, GCL_PICKLE_BYTES, 1, false},  /* SHORT_BINBYTES */
    ['G'] = {run_float, 0, 0, false},                /* BINFLOAT */
    ['J'] = {run_integer, 0, 4, true},               /* BININT */
    ['K'] = {run_integer, 0, 1, false},              /* BININT1 */
    ['M'] = {run_integer, 0, 2, false},              /* BININT2 */
    ['N'] = {run_value, GCL_PICKLE_NONE, 0, false},  /* NONE */
    ['Q'] = {run_persistent, 0, 0, false},           /* BINPERSID */
    ['R'] = {run_call, 0, 0, false},                 /* REDUCE */
    ['X'] = {run_text, GCL_PICKLE_TEXT, 4, false},   /* BINUNICODE */
    [']'] = {run_value, GCL_PICKLE_LIST, 0, false},  /* EMPTY_LIST */
    ['a'] = {run_add, GCL_PICKLE_LIST, 1, false},    /* APPEND */
    ['b'] = {run_build, 0, 0, false},                /* BUILD */
    ['c'] = {run_global, 0, 0, false},               /* GLOBAL */
    ['e'] = {run_add, GCL_PICKLE_LIST, 0, false},    /* APPENDS */
    ['h'] = {run_get, 0, 1, false},                  /* BINGET */
    ['j'] = {run_get, 0, 4, false},                  /* LONG_BINGET */
    ['q'] = {run_put, 0, 1, false},                  /* BINPUT */
    ['r'] = {run_put, 0, 4, false},                  /* LONG_BINPUT */
    ['s'] = {run_add, GCL_PICKLE_DICT, 2, false},    /* SETITEM */
    ['t'] = {run_tuple, 0, 0, false},                /* TUPLE */
    ['u'] = {run_add, GCL_PICKLE_DICT, 0, false},    /* SETITEMS */
    ['}'] = {run_value, GCL_PICKLE_DICT, 0, false},  /* EMPTY_DICT */
    [0x81] = {run_call, 0, 0, true},                 /* NEWOBJ */
    [0x85] = {run_tuple, 0, 1, false},               /* TUPLE1 */
    [0x86] = {run_tuple, 0, 2, false},               /* TUPLE2 */
    [0x87] = {run_tuple, 0, 3, false},               /* TUPLE3 */
    [0x88] = {run_value, GCL_PICKLE_BOOL, 0, true},  /* NEWTRUE */
    [0x89] = {run_value, GCL_PICKLE_BOOL, 0, false}, /* NEWFALSE */
    [0x8a] = {run_integer, 0, 0, true},              /* LONG1 */
    [0x8c] = {run_text, GCL_PICKLE_TEXT, 1, false},  /* SHORT_BINUNICODE */
    [0x8d] = {run_text, GCL_PICKLE_TEXT, 8, false},  /* BINUNICODE8 */
    [0x8e] = {run_text, GCL_PICKLE_BYTES, 8, false}, /* BINBYTES8 */
    [0x93] = {run_stack_global, 0, 0, false},        /* STACK_GLOBAL */
    [0x94] = {run_put, 0, 0, false},                 /* MEMOIZE */
    [0x95] = {run_frame, 0, 8, false},               /* FRAME */
};

static gcl_status check_head(machine *m, gcl_error *err)
{
    if (m->bytes > GCL_PICKLE_MAX_BYTES)
        return GCL_FAIL(err, GCL_E_FORMAT, "%s: a pickle of %zu bytes, at most %d allowed",
                        m->label, m->bytes, GCL_PICKLE_MAX_BYTES);
    if (m->bytes < 2 || m->data[0] != PROTO)
        return GCL_FAIL(err, GCL_E_FORMAT, "%s: does not begin as a pickle of protocol 2 or later",
                        m->label);
    if (m->data[1] < 2 || m->data[1] > 5)
        return GCL_FAIL(err, GCL_E_FORMAT, "%s: pickle protocol %d, 2 to 5 are read", m->label,
                        m->data[1]);
    m->at = 2;
    return GCL_OK;
}

/* Runs every opcode before STOP. */
static gcl_status run(machine *m, gcl_error *err)
{
    for (size_t steps = 0; steps < GCL_PICKLE_MAX_STEPS; steps++) {
        const opcode *op;
        gcl_status st;
        m->opcode_at = m->at;
        if (m->at == m->bytes)
            return GCL_FAIL(err, GCL_E_FORMAT, "%s, byte %zu: ends without STOP",
                            GCL_PICKLE_WHERE(m));
        if (m->data[m->at] == STOP)
            return GCL_OK;
        op = &opcodes[m->data[m->at++]];
        if (op->run == NULL)
            return GCL_FAIL(err, GCL_E_FORMAT,
                            "%s, byte %zu: opcode 0x%02x is none that PyTorch's files have",
                            GCL_PICKLE_WHERE(m), m->data[m->opcode_at]);
        st = op->run(m, op, err);
        if (st != GCL_OK)
            return st;
    }
    return GCL_FAIL(err, GCL_E_FORMAT, "%s, byte %zu: more than %d opcodes", GCL_PICKLE_WHERE(m),
                    GCL_PICKLE_MAX_STEPS);
}

static gcl_status read_all(machine *m, gcl_error *err)
{
    gcl_status st = GCL_OK;
    value **root;

    GCL_TRY(check_head(m, err));
    GCL_TRY(run(m, err));
    GCL_TRY(gcl_pickle_pop_many(m, &root, 1, err));
    if (m->stack.count > 0 || m->at + 1 < m->bytes) {
        st = GCL_FAIL(err, GCL_E_FORMAT,
                      "%s, byte %zu: STOP leaves %zu values on the stack and %zu bytes unread",
                      GCL_PICKLE_WHERE(m), m->stack.count, m->bytes - m->at - 1);
        goto done;
    }
    m->pickle->root = root[0];
done:
    return st;
}

gcl_status gcl_pickle_read(gcl_pickle **out, const char *label, const void *data, size_t bytes,
                           const gcl_pickle_global *allowed, size_t n_allowed, gcl_error *err)
{
    gcl_status st = GCL_OK;
    machine m = {
        .label = label, .data = data, .bytes = bytes, .allowed = allowed, .n_allowed = n_allowed};

    *out = NULL;
    m.pickle = calloc(1, sizeof *m.pickle);
    if (m.pickle == NULL) {
        st =
            GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation of %zu bytes", label, sizeof *m.pickle);
        goto done;
    }
    GCL_TRY(read_all(&m, err));
    *out = m.pickle;
    m.pickle = NULL; /* ownership moved to the caller */
done:
    free(m.stack.at);
    free(m.memo.at);
    gcl_pickle_free(m.pickle);
    return st;
}
