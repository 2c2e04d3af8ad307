/**
 * The state of the pickle reader and what its opcodes are made of: bytes, values, the stack.
 *
 * Errors are those of gcl_pickle_read.
 */
#ifndef GCL_WEIGHTS_PICKLE_INTERNAL_H
#define GCL_WEIGHTS_PICKLE_INTERNAL_H

#include <stdbool.h>

#include "weights/pickle.h"

#define GCL_PICKLE_BLOCK_VALUES 512

typedef struct gcl_pickle_block {
    struct gcl_pickle_block *next;
    size_t used;
    gcl_pickle_value values[GCL_PICKLE_BLOCK_VALUES];
} gcl_pickle_block;

struct gcl_pickle {
    gcl_pickle_block *blocks;
    const gcl_pickle_value *root;
};

typedef struct gcl_pickle_machine {
    gcl_pickle *pickle;
    const char *label;
    const uint8_t *data;
    size_t bytes, at;       /* at: next byte to read */
    size_t opcode_at;       /* byte of the opcode at work */
    gcl_pickle_items stack; /* NULL stands for a mark */
    gcl_pickle_items memo;
    const gcl_pickle_global *allowed;
    size_t n_allowed;
} gcl_pickle_machine;

/** The first two values of a message that begins "%s, byte %zu: ". */
#define GCL_PICKLE_WHERE(m) (m)->label, (m)->opcode_at

gcl_status gcl_pickle_take(gcl_pickle_machine *m, const uint8_t **out, uint64_t bytes,
                           gcl_error *err);

/** An unsigned number of width bytes, 1 to 8, little-endian. */
gcl_status gcl_pickle_take_number(gcl_pickle_machine *m, uint64_t *out, int width, gcl_error *err);

/** Bytes up to a newline, which is passed over. */
gcl_status gcl_pickle_take_line(gcl_pickle_machine *m, gcl_pickle_text *out, gcl_error *err);

/** Whether the bytes are UTF-8 without NUL. */
bool gcl_pickle_is_text(const char *text, size_t bytes);

gcl_status gcl_pickle_append(gcl_pickle_machine *m, gcl_pickle_items *items, gcl_pickle_value *v,
                             gcl_error *err);

/** A new value of that kind, all else zero, on top of the stack. */
gcl_status gcl_pickle_push(gcl_pickle_machine *m, gcl_pickle_value **out, gcl_pickle_kind kind,
                           gcl_error *err);

/** Takes the last value, which has to be of that kind. */
gcl_status gcl_pickle_pop(gcl_pickle_machine *m, gcl_pickle_value **out, gcl_pickle_kind kind,
                          gcl_error *err);

/** Takes the last count values; *out, [count] in the order of the stack, lasts until the next push. */
gcl_status gcl_pickle_pop_many(gcl_pickle_machine *m, gcl_pickle_value ***out, size_t count,
                               gcl_error *err);

/** The last value, which stays. */
gcl_status gcl_pickle_top(gcl_pickle_machine *m, gcl_pickle_value **out, gcl_error *err);

/** The same with all that is above the last mark, which goes too. */
gcl_status gcl_pickle_pop_marked(gcl_pickle_machine *m, gcl_pickle_value ***out, size_t *count,
                                 gcl_error *err);

#endif
