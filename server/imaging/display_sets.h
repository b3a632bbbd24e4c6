/*
 * Splits the instances of one series into display sets: what a person drags into one viewport.
 *
 * A display set is a pile of single-frame images that share orientation, size, acquisition, phase
 * and kind of image; or one multi-frame instance; or all resolutions of one slide (PS3.3 C.8.12.4),
 * which is one glass (Container Identifier) and one frame of reference; or one document. (The
 * acquisition counts only when it groups slices: some scanners number every slice as one of its
 * own.) The answer depends on the set of instances alone, not on the order in which they arrived,
 * and an id depends on the series and the key of the split alone, so that it stays when images are
 * added.
 */
#ifndef CONSILIUM_IMAGING_DISPLAY_SETS_H
#define CONSILIUM_IMAGING_DISPLAY_SETS_H

#include "server/imaging/instance.h"
#include "server/imaging/volume_geometry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISPLAY_SETS_MAX 64       // of one series; the rest are not shown, and counted
#define DISPLAY_SET_ID_SIZE 32    // hexadecimal digits
#define DISPLAY_SLICES_MAX 20000u // instances of one series

enum display_kind {
    DISPLAY_VOLUME,   // a stack that may also be cut in other planes
    DISPLAY_STACK,    // a stack or film without volume geometry; `reason` says why
    DISPLAY_DOCUMENT, // an encapsulated document
    DISPLAY_SLIDE,    // a tiled whole-slide pyramid, viewed by position and magnification
    DISPLAY_LABEL,    // label or overview of a slide: may carry names, shown when asked for
    DISPLAY_NOTHING,  // neither pixels nor document (a report, a plan): kept, not drawn
};

/* What splitting and sorting need of an instance; holds nothing that identifies a person. */
struct display_slice {
    char sop_instance_uid[65];
    char frame_of_reference_uid[65];
    char image_flavor[17]; // third value of Image Type
    bool slide;            // VL Whole Slide Microscopy Image
    uint64_t container;    // which glass, 0 when nobody says
    uint64_t present;      // of struct instance
    uint32_t frame_count;
    uint32_t rows, columns;
    uint32_t bits_allocated, samples_per_pixel;
    int32_t instance_number, acquisition_number, temporal_position, echo_number;
    double diffusion_b_value;
    double position_lps[3], orientation_lps[6];
    double pixel_spacing[2];
    uint32_t frames_volume; // enum volume_reason of a multi-frame instance
    double frames_spacing;  // mm
};

struct display_pile {
    char id[DISPLAY_SET_ID_SIZE + 1];
    enum display_kind kind;
    enum volume_reason reason; // VOLUME_IS_VOLUME exactly when kind is DISPLAY_VOLUME
    double spacing_mm;         // between slices of a volume
    double normal[3];          // of a volume
    size_t first;              // place in display_sets.order
    size_t count;
};

struct display_sets {
    /* Owned. */
    size_t *order; // indexes of slices, set after set, each in display order
    /* Derived. */
    struct display_pile sets[DISPLAY_SETS_MAX];
    size_t count;
    size_t left_out; // instances over DISPLAY_SETS_MAX
};

void display_slice_of(const struct instance *instance, struct display_slice *ret_slice);

/* False when there is no memory. `slices` is borrowed for the call. */
bool display_sets_split(const char *series_uid, const struct display_slice *slices, size_t count,
                        struct display_sets *ret_sets);
void display_sets_finish(struct display_sets *sets);

const char *display_kind_word(enum display_kind kind);

#endif
