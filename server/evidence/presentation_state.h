/*
 * A view of one image as a Grayscale Softcopy Presentation State (PS3.3 A.33.1), or of colours as a
 * Color one (A.33.2): what part of it is seen, turned and mirrored how, with which window, and what
 * was drawn on it then.
 *
 * What such a state cannot say is the nearest that it can: a rotation becomes a multiple of 90
 * degrees, the part seen whole pixels. A reformatted plane is no image and has none.
 */
#ifndef CONSILIUM_EVIDENCE_PRESENTATION_STATE_H
#define CONSILIUM_EVIDENCE_PRESENTATION_STATE_H

#include "protocol/generated/stage.h"
#include "server/evidence/evidence_header.h"

#define GRAYSCALE_PRESENTATION_STATE "1.2.840.10008.5.1.4.1.1.11.1"
#define COLOR_PRESENTATION_STATE "1.2.840.10008.5.1.4.1.1.11.2"

/* Borrows all. */
struct presentation_state {
    struct evidence_header header; // class and modality are filled in
    const struct instance *image;
    const struct viewport *viewport;
    const char *label; // CS: what kind of view
    struct text title;
    struct text author;                       // person name
    const struct annotation *const *drawings; // on this very image and frame
    size_t drawing_count;
};

/* Whether one can be written of this view: of an image itself, not of a plane, a page or a slide,
 * nor of an image that another's state shows: that one is in the study, and says more. */
bool presentation_state_fits(const struct instance *image, const struct viewport *viewport);

/* False when it cannot be written. */
bool presentation_state_write(const struct presentation_state *state, uint8_t **ret_bytes,
                              size_t *ret_size);

/* What is seen, in whole pixels from 1, and how the image is turned clockwise and then mirrored
 * left to right (PS3.3 C.10.4, C.10.6). */
struct displayed_area {
    int32_t top_left[2], bottom_right[2]; // column, row; as on the screen, after turning
    uint16_t rotation;                    // 0, 90, 180, 270
    bool flip;
};
struct displayed_area displayed_area(const struct instance *image, const struct viewport *viewport);

#endif
