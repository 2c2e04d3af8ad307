/**
 * Reader of Python pickles as data: what they build is described by values, and nothing is executed.
 *
 * A global (module.name) has to be on the caller's list. Calling one makes a value that holds the
 * callee and its arguments; what that means is the caller's business.
 *
 * Read are the opcodes that PyTorch writes in protocols 2 to 5. Time and memory are linear in the
 * bytes; values are freed together.
 *
 * Source: cpython/Lib/pickletools.py; torch/csrc/jit/serialization/pickler.cpp.
 */
#ifndef GCL_WEIGHTS_PICKLE_H
#define GCL_WEIGHTS_PICKLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Longest pickle in bytes; that of a large model with its optimizer has under 1 MB. */
#define GCL_PICKLE_MAX_BYTES (64 << 20)
/** Most opcodes, and so an upper bound of values, stack, memo and items of lists and dicts. */
#define GCL_PICKLE_MAX_STEPS (1 << 22)

/** How an allowed global may be used. */
typedef enum gcl_pickle_use {
    GCL_PICKLE_AS_NAME,     /* only named: a type */
    GCL_PICKLE_AS_FUNCTION, /* REDUCE makes a CALL */
    GCL_PICKLE_AS_DICT,     /* REDUCE without arguments makes a DICT */
    GCL_PICKLE_AS_CLASS     /* NEWOBJ makes a CALL, BUILD sets its state */
} gcl_pickle_use;

typedef struct gcl_pickle_global {
    const char *module; /* exact; with name NULL also every module below it ("a" allows "a.b") */
    const char *name;   /* NULL: every name */
    gcl_pickle_use use;
    int id; /* the caller's own */
} gcl_pickle_global;

typedef enum gcl_pickle_kind {
    GCL_PICKLE_NONE,
    GCL_PICKLE_BOOL,
    GCL_PICKLE_INT,
    GCL_PICKLE_FLOAT,
    GCL_PICKLE_TEXT, /* UTF-8 without NUL */
    GCL_PICKLE_BYTES,
    GCL_PICKLE_LIST,
    GCL_PICKLE_TUPLE,
    GCL_PICKLE_DICT,
    GCL_PICKLE_GLOBAL,
    GCL_PICKLE_CALL,
    GCL_PICKLE_PERSISTENT, /* an object outside the pickle */
    GCL_PICKLE_KIND_COUNT_
} gcl_pickle_kind;

typedef struct gcl_pickle_value gcl_pickle_value;

/** Part of the pickle; no NUL follows. */
typedef struct gcl_pickle_text {
    const char *data;
    size_t bytes;
} gcl_pickle_text;

typedef struct gcl_pickle_items {
    gcl_pickle_value **at; /* [count] */
    size_t count, room;
} gcl_pickle_items;

typedef struct gcl_pickle_call {
    const gcl_pickle_global *callee;
    const gcl_pickle_value *args;  /* a TUPLE */
    const gcl_pickle_value *state; /* of an object of a class; NULL when BUILD did not set it */
} gcl_pickle_call;

/** A value; it may be used in several places and a list or dict may even hold itself. */
struct gcl_pickle_value {
    gcl_pickle_kind kind;
    union {
        int64_t integer;      /* BOOL, INT */
        double real;          /* FLOAT */
        gcl_pickle_text text; /* TEXT, BYTES */
        /* LIST, TUPLE; DICT: key, value, key, value, ... in the order of insertion */
        gcl_pickle_items items;
        const gcl_pickle_global *global; /* GLOBAL: the row of the caller's list */
        gcl_pickle_call call;            /* CALL */
        const gcl_pickle_value *id;      /* PERSISTENT */
    };
};

typedef struct gcl_pickle gcl_pickle;

/**
 * Reads one pickle, which has to fill the bytes.
 *
 * @param out      owned by the caller (gcl_pickle_free); NULL after an error
 * @param label    begins every message: file and entry
 * @param data     borrowed until gcl_pickle_free
 * @param allowed  [n_allowed] borrowed until gcl_pickle_free
 *
 * @return GCL_OK; GCL_E_NOMEM; GCL_E_UNSUPPORTED for a global that is not allowed, named; else
 *         GCL_E_FORMAT with the byte: cut short, an opcode that PyTorch does not write, one that does
 *         not fit the stack or the value that it works on, a number beyond int64_t, text that is not
 *         UTF-8 or holds a NUL, more than the limits above.
 */
gcl_status gcl_pickle_read(gcl_pickle **out, const char *label, const void *data, size_t bytes,
                           const gcl_pickle_global *allowed, size_t n_allowed, gcl_error *err);

/** Legal on NULL. Every value is invalid afterwards. */
void gcl_pickle_free(gcl_pickle *pickle);

const gcl_pickle_value *gcl_pickle_root(const gcl_pickle *pickle);

/** What a message calls it ("a dict"); static string. */
const char *gcl_pickle_kind_name(gcl_pickle_kind kind);

#ifdef __cplusplus
}
#endif
#endif
