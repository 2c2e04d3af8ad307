/**
 * Measured choices: how nodes of one class run best on a device (`galip tune`), for the planner
 * (gcl_plan_options.choices). Rows come from a file, which a device's owner makes, and with the program
 * (host/tune/), for devices that were measured.
 *
 * One thread at a time may use a gcl_tunings and the plans that are made with it.
 */
#ifndef GCL_HOST_TUNING_H
#define GCL_HOST_TUNING_H

#include "host/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a choice holds for: gcl_op.dims and, of an op whose dims leave it out, the batch. */
typedef struct gcl_tuning_class {
    const gcl_op *op;
    size_t dim[GCL_MAX_DIMS];
    size_t batch; /* 0 where it is among dims */
} gcl_tuning_class;

enum { GCL_TUNING_TEXT = 160, GCL_TUNING_BY = 64 };

typedef struct gcl_tuning_row {
    gcl_tuning_class what;
    const gcl_variant *variant;
    gcl_tuning tuning;
    double ns, table_ns; /* device time of a node, median: of this choice, of the table's */
    double spread;       /* of ns: (p90 - p10) / median */
    double units;        /* the result's largest error, 2^-24 of its scale */
    char date[24];       /* ISO 8601 */
    char by[GCL_TUNING_BY];
} gcl_tuning_row;

/** False for a node whose op has no classes. */
bool gcl_tuning_class_of(gcl_tuning_class *out, const gcl_graph *g, const gcl_node *node);
/** The same class but for the batch. */
bool gcl_tuning_class_equal(const gcl_tuning_class *a, const gcl_tuning_class *b);
/** Writes "M=50 N=768 K=768" and returns out. */
const char *gcl_tuning_class_text(char *out, size_t room, const gcl_tuning_class *c);
/** Writes "block_f32:MR=10:NV=2", what a request has behind "OP=", and returns out. */
const char *gcl_tuning_text(char *out, size_t room, const gcl_variant *variant,
                            const gcl_tuning *tuning);

typedef struct gcl_tunings gcl_tunings;

/** Only the rows that come with the program. @param out  owned (gcl_tunings_destroy) */
gcl_status gcl_tunings_create(gcl_tunings **out, const gcl_device_info *device, gcl_error *err);
/** Legal on NULL. Plans that were made with it must be gone. */
void gcl_tunings_destroy(gcl_tunings *t);

/**
 * For gcl_plan_options.choices; borrowed from t. In this order: the device's own row of the class
 * ("tuned"; one of another batch gives the variant, which is the same in any), the row of its family that comes with the
 * program ("shipped: FAMILY"), and of the nearest class one that was clearly better than the table
 * ("nearest: CLASS"). Near is: equal where a dim is below 16, and together within a factor of two.
 */
const gcl_choices *gcl_tunings_choices(gcl_tunings *t);

/** Adds a row of this device, or replaces the one of its class and batch. */
gcl_status gcl_tunings_put(gcl_tunings *t, const gcl_tuning_row *row, gcl_error *err);

/** Makes the device's own rows such that have to be verified anew. */
void gcl_tunings_doubt(gcl_tunings *t);

/** Forgets the device's own row of a class and batch. */
void gcl_tunings_drop(gcl_tunings *t, const gcl_tuning_class *c);

/** The device's own row of a class and batch; NULL. Borrowed until the next put. */
const gcl_tuning_row *gcl_tunings_get(const gcl_tunings *t, const gcl_tuning_class *c);
/** Any own row of the class, whatever its batch. */
const gcl_tuning_row *gcl_tunings_get_any(const gcl_tunings *t, const gcl_tuning_class *c);
/** A row that was measured with another driver or other kernels, and is not used before it has been
 *  verified anew; NULL. */
const gcl_tuning_row *gcl_tunings_get_stale(const gcl_tunings *t, const gcl_tuning_class *c);

/** Hash of the kernels of an op, as they are now; 0 when they cannot be read. */
uint64_t gcl_tunings_sources(const gcl_tunings *t, const gcl_op *op);

/** Name of the device's family among the rows that come with the program; borrowed. */
const char *gcl_tunings_family(const gcl_tunings *t);

/* ---- the file: rows of any devices, one JSON object a line (docs/tuning.md) ---- */

/**
 * Where it is: the environment variable GALIP_TUNING, else $XDG_DATA_HOME/galip/tuning.json, else
 * ~/.local/share/galip/tuning.json.
 *
 * @return GCL_E_NOT_FOUND when GALIP_TUNING is "off", or no folder is known
 */
gcl_status gcl_tunings_path(char *out, size_t room, gcl_error *err);

/** Reads the rows of this device. No file means no rows. A file that is damaged is GCL_E_FORMAT and
 *  leaves t as it was; rows that this program does not understand are passed over. */
gcl_status gcl_tunings_read(gcl_tunings *t, const char *path, gcl_error *err);

/** Puts this device's rows into the file; other rows in it stay. A damaged file is kept as
 *  PATH.damaged. One writer at a time. */
gcl_status gcl_tunings_write(const gcl_tunings *t, const char *path, gcl_error *err);

/** A file of this device's rows alone, in place of what was there. */
gcl_status gcl_tunings_share(const gcl_tunings *t, const char *path, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
