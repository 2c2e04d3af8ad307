/* tuning_internal.h - the insides of gcl_tunings, shared by what chooses, reads and writes. */
#ifndef GCL_HOST_TUNING_INTERNAL_H
#define GCL_HOST_TUNING_INTERNAL_H

#include "host/tuning.h"

/* Entries are never removed, since plans hold on to their texts. */
typedef enum tuning_origin {
    TUNING_OWN,
    TUNING_SHIPPED,
    TUNING_STALE,
    TUNING_DROPPED
} tuning_origin;

typedef struct tuning_entry {
    gcl_tuning_row row;
    tuning_origin origin;
    char nearest[GCL_TUNING_TEXT]; /* source of a choice that a near class takes from here */
} tuning_entry;

enum { TUNING_MAX_OPS = 64, TUNING_FAMILY = 32 };

struct gcl_tunings {
    gcl_device_info device;
    char family[TUNING_FAMILY], shipped[TUNING_FAMILY + 16];
    tuning_entry **entries; /* owned, each by itself */
    int n, room;
    uint64_t sources[TUNING_MAX_OPS]; /* of each op of gcl_ops */
    gcl_choices choices;
};

/** Adds an entry or replaces the one of the same origin, class and batch. */
gcl_status gcl_tunings_add(gcl_tunings *t, const gcl_tuning_row *row, tuning_origin origin,
                           gcl_error *err);

/** Adds the rows of host/tune/ that are of the device's family. */
gcl_status gcl_tunings_ship(gcl_tunings *t, gcl_error *err);

#endif
