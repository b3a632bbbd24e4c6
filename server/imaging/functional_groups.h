/*
 * The geometry of enhanced multi-frame images (PS3.3 C.7.6.16): what the shared and per-frame
 * functional groups say about pixel size, plane and values, gathered while the data set is walked.
 *
 * What is shared, or else said of the first frame, ends up in the index row; what is said of
 * another one is read of the metadata. Whether the frames make a volume is judged here, because
 * only here are all their positions at hand.
 */
#ifndef CONSILIUM_IMAGING_FUNCTIONAL_GROUPS_H
#define CONSILIUM_IMAGING_FUNCTIONAL_GROUPS_H

#include "protocol/values.h"
#include "server/imaging/element_walker.h"
#include "server/imaging/instance.h"
#include "server/imaging/json_scan.h"

struct functional_groups {
    /* Owned. */
    double *positions_lps; // three numbers a frame
    /* Derived. */
    size_t position_count;
    size_t position_capacity;
    bool mixed_orientation;
    bool mixed_spacing;
    struct instance first; // fields as the first group that has them says
};

void functional_groups_init(struct functional_groups *groups);
void functional_groups_finish(struct functional_groups *groups);

void functional_groups_event(struct functional_groups *groups, const struct element_walker *walker,
                             enum walk_event event, const struct dicom_element *element);

/* Fills the fields the instance itself lacks. */
void functional_groups_apply(struct functional_groups *groups, struct instance *instance);

/* What the metadata of an instance says of its frames, one after the other. */
struct frame_groups {
    struct json_members rest; // of the frames' own groups
    struct text item;         // of the last one, empty when there was none
    uint32_t frame;           // its number
    struct instance all;      // with the fields as they are said of all frames
};

/* `metadata`, the instance's own DICOM JSON, is borrowed until the last frame; what the instance
 * says of its patient is copied. */
void frame_groups_begin(struct frame_groups *groups, struct text metadata,
                        const struct instance *instance);
/* The instance with the fields of functional groups as they are of one frame, from 1 and not before
 * the last one; a field that is said of no such frame is absent. */
void frame_groups_of(struct frame_groups *groups, uint32_t frame, struct instance *ret_instance);

#endif
