/*
 * How a picture is wanted: the query parameters of rendered resources (PS3.18 8.3.5). Pure.
 */
#ifndef CONSILIUM_DICOMWEB_RENDER_ASKED_H
#define CONSILIUM_DICOMWEB_RENDER_ASKED_H

#include "server/imaging/imaging_service.h"

#include <stdbool.h>

struct render_asked {
    uint32_t frame;                     /* 0 = the middle one */
    uint32_t rows, columns;             /* at most; 0 = as many as there are */
    double window_center, window_width; /* width 0 = the frame's own */
    enum window_function window_function;
    unsigned quality;       /* 1 to 100; 0 = as we choose; of JPEG alone */
    enum picture_form form; /* by what the client takes */
};

/* Each from the value of its parameter; an empty one changes nothing. False when it is malformed or
 * says what we do not do: a part of the image, or a function that nobody knows. */
bool render_take_viewport(struct render_asked *asked, struct text value);
bool render_take_window(struct render_asked *asked, struct text value);
bool render_take_quality(struct render_asked *asked, struct text value);

/* Everything of it but the frame. */
void render_asked_apply(const struct render_asked *asked, struct render_wanted *wanted);

#endif
