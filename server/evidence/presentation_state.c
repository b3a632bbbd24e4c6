#include "server/evidence/presentation_state.h"

#include "server/evidence/drawing_kinds.h"
#include "server/evidence/image_pixels.h"
#include "server/evidence/srgb_profile.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define HALF_PIXEL 0.5  // from the corner of a pixel, where DICOM counts from, to its centre
#define AREA_MAX 100000 // pixels; a view far out shows no more
#define LAYER "DRAWINGS"

static bool is_grey(const struct instance *image) {
    return strncmp(image->photometric, "MONOCHROME", 10) == 0;
}

static bool is_colour(const struct instance *image) {
    return strcmp(image->photometric, "RGB") == 0 || strncmp(image->photometric, "YBR_", 4) == 0 ||
           strcmp(image->photometric, "PALETTE COLOR") == 0;
}

bool presentation_state_fits(const struct instance *image, const struct viewport *viewport) {
    return viewport->has_image && !viewport->has_plane && viewport->page == 0 &&
           viewport->presentation_state.length == 0 && instance_has(image, INSTANCE_ROWS) &&
           instance_has(image, INSTANCE_COLUMNS) && image->rows > 0 && image->columns > 0 &&
           image->document_type[0] == '\0' && !instance_is_slide(image) &&
           (is_grey(image) || is_colour(image));
}

/* What is seen */

/* Turned, then mirrored top to bottom: the same as turned half a circle more and mirrored left to
 * right. */
static void spatial(const struct viewport *viewport, struct displayed_area *area) {
    long quarters = isfinite(viewport->rotation) ? lround(viewport->rotation / 90) : 0;
    quarters = ((quarters + (viewport->flip_v ? 2 : 0)) % 4 + 4) % 4;
    area->rotation = (uint16_t)(quarters * 90);
    area->flip = viewport->flip_h != viewport->flip_v;
}

struct edges {
    double left, right, top, bottom; // of pixels of the stored image, from 0
};

static struct edges edges_of(const struct instance *image, const struct viewport *viewport,
                             bool sideways) {
    if (!(viewport->shown > 0) || !(viewport->aspect > 0)) {
        return (struct edges){0, image->columns, 0, image->rows};
    }
    struct pixel spacing = image_pixel_spacing(image);
    struct pixel center = image_pixel_at(image, &viewport->center);
    bool wide = viewport->aspect >= 1;
    double width = wide ? viewport->shown * (double)viewport->aspect : viewport->shown;
    double height = wide ? viewport->shown : viewport->shown / (double)viewport->aspect;
    double half_width = (sideways ? height : width) / spacing.column / 2;
    double half_height = (sideways ? width : height) / spacing.row / 2;
    return (struct edges){
        center.column + HALF_PIXEL - half_width, center.column + HALF_PIXEL + half_width,
        center.row + HALF_PIXEL - half_height, center.row + HALF_PIXEL + half_height};
}

static int32_t whole(double edge) {
    return !isfinite(edge)    ? 0
           : edge < -AREA_MAX ? -AREA_MAX
           : edge > AREA_MAX  ? AREA_MAX
                              : (int32_t)lround(edge);
}

struct displayed_area displayed_area(const struct instance *image,
                                     const struct viewport *viewport) {
    struct displayed_area area;
    spatial(viewport, &area);
    struct edges edges = edges_of(image, viewport, area.rotation % 180 != 0);
    int32_t left = whole(edges.left) + 1;
    int32_t top = whole(edges.top) + 1;
    int32_t right = whole(edges.right) > left ? whole(edges.right) : left;
    int32_t bottom = whole(edges.bottom) > top ? whole(edges.bottom) : top;
    /* The corner that is at the upper left after turning; mirrored, the one at the upper right. */
    bool from_right = area.rotation == 180 || area.rotation == 270;
    bool from_bottom = area.rotation == 90 || area.rotation == 180;
    if (area.flip) {
        bool sideways = area.rotation % 180 != 0;
        from_right = sideways ? from_right : !from_right;
        from_bottom = sideways ? !from_bottom : from_bottom;
    }
    area.top_left[0] = from_right ? right : left;
    area.top_left[1] = from_bottom ? bottom : top;
    area.bottom_right[0] = from_right ? left : right;
    area.bottom_right[1] = from_bottom ? top : bottom;
    return area;
}

static void write_images(struct dataset_writer *writer, const struct presentation_state *state) {
    dataset_writer_sequence_begin(writer, 0x00081140);
    dataset_writer_item_begin(writer);
    evidence_reference_write(writer, state->image, state->viewport->image.frame);
    dataset_writer_item_end(writer);
    dataset_writer_sequence_end(writer);
}

static void write_references(struct dataset_writer *writer, const void *data) {
    const struct presentation_state *state = data;
    dataset_writer_sequence_begin(writer, 0x00081115);
    dataset_writer_item_begin(writer);
    write_images(writer, state);
    dataset_writer_string(writer, 0x0020000E, "UI", state->image->series_uid);
    dataset_writer_item_end(writer);
    dataset_writer_sequence_end(writer);
}

static void write_area(struct dataset_writer *writer, const struct presentation_state *state,
                       const struct displayed_area *area) {
    dataset_writer_sequence_begin(writer, 0x0070005A);
    dataset_writer_item_begin(writer);
    dataset_writer_i32(writer, 0x00700052, area->top_left, 2);
    dataset_writer_i32(writer, 0x00700053, area->bottom_right, 2);
    dataset_writer_string(writer, 0x00700100, "CS", "SCALE TO FIT");
    if (instance_has(state->image, INSTANCE_PIXEL_SPACING)) {
        dataset_writer_decimals(writer, 0x00700101, state->image->pixel_spacing, 2);
    } else {
        static const int32_t square[2] = {1, 1};
        dataset_writer_integers(writer, 0x00700102, square, 2);
    }
    dataset_writer_item_end(writer);
    dataset_writer_sequence_end(writer);
}

/* Grey values: modality, window, polarity (PS3.3 C.11.1, C.11.8, C.11.6) */

static void write_modality(struct dataset_writer *writer, const struct instance *image) {
    if (!instance_has(image, INSTANCE_RESCALE_SLOPE) ||
        !instance_has(image, INSTANCE_RESCALE_INTERCEPT)) {
        return;
    }
    bool typed = image->rescale_type[0] != '\0';
    dataset_writer_decimals(writer, 0x00281052, image->rescale_intercept, 1);
    dataset_writer_decimals(writer, 0x00281053, image->rescale_slope, 1);
    dataset_writer_string(writer, 0x00281054, "LO",
                          typed                                ? image->rescale_type
                          : strcmp(image->modality, "CT") == 0 ? "HU"
                                                               : "US");
}

/* Without one of the view, the image's own: a state takes the place of what the image says. */
static bool window_of(const struct presentation_state *state, struct window *ret) {
    const struct instance *image = state->image;
    if (state->viewport->has_window && state->viewport->window.unit != WINDOW_UNIT_SUVBW) {
        *ret = state->viewport->window;
        return ret->width > 0;
    }
    *ret = (struct window){.center = image->window_center[0], .width = image->window_width[0]};
    return instance_has(image, INSTANCE_WINDOW_CENTER) &&
           instance_has(image, INSTANCE_WINDOW_WIDTH) && ret->width > 0;
}

static void write_window(struct dataset_writer *writer, const struct presentation_state *state) {
    struct window window;
    if (!window_of(state, &window)) {
        return;
    }
    dataset_writer_sequence_begin(writer, 0x00283110);
    dataset_writer_item_begin(writer);
    dataset_writer_decimals(writer, 0x00281050, &window.center, 1);
    dataset_writer_decimals(writer, 0x00281051, &window.width, 1);
    if (window.function == VOI_FUNCTION_SIGMOID) {
        dataset_writer_string(writer, 0x00281056, "CS", "SIGMOID");
    } else if (window.function == VOI_FUNCTION_LINEAR_EXACT || window.width < 1) {
        dataset_writer_string(writer, 0x00281056, "CS", "LINEAR_EXACT");
    }
    dataset_writer_item_end(writer);
    dataset_writer_sequence_end(writer);
}

/* What browsers take colours for that do not say it (PS3.3 C.11.15). */
static void write_colour_space(struct dataset_writer *writer) {
    uint8_t profile[SRGB_PROFILE_SIZE];
    srgb_profile_make(profile);
    dataset_writer_bytes(writer, 0x00282000, "OB", profile, sizeof profile);
    dataset_writer_string(writer, 0x00282002, "CS", "SRGB");
}

/* Drawings, in pixels that count from the corner of the first one (PS3.3 C.10.5) */

static double inside(double value, uint32_t size) {
    return value > 0 ? (value < size ? value : size) : 0;
}

static void write_graphic(struct dataset_writer *writer, const struct presentation_state *state,
                          const struct point *points, size_t count, const char *type) {
    double numbers[2 * DRAWING_POINTS_MAX];
    count = count < DRAWING_POINTS_MAX ? count : DRAWING_POINTS_MAX;
    for (size_t i = 0; i < count; i++) {
        struct pixel pixel = image_pixel_at(state->image, &points[i]);
        numbers[2 * i] = inside(pixel.column + HALF_PIXEL, state->image->columns);
        numbers[2 * i + 1] = inside(pixel.row + HALF_PIXEL, state->image->rows);
    }
    uint16_t dimensions = 2;
    uint16_t said = (uint16_t)count;
    dataset_writer_item_begin(writer);
    dataset_writer_string(writer, 0x00700005, "CS", "PIXEL");
    dataset_writer_u16(writer, 0x00700020, &dimensions, 1);
    dataset_writer_u16(writer, 0x00700021, &said, 1);
    dataset_writer_floats(writer, 0x00700022, numbers, 2 * count);
    dataset_writer_string(writer, 0x00700023, "CS", type);
    dataset_writer_string(writer, 0x00700024, "CS", "N");
    dataset_writer_item_end(writer);
}

static void write_drawing(struct dataset_writer *writer, const struct presentation_state *state,
                          const struct annotation *annotation) {
    const struct drawing_kind *kind = drawing_kind(annotation->tool);
    if (kind->region != NULL) {
        write_graphic(writer, state, annotation->points.items, annotation->points.count,
                      kind->region);
    }
    for (uint8_t i = 0; i < kind->number_count; i++) {
        struct point points[4];
        drawing_points(annotation, &kind->numbers[i], points);
        write_graphic(writer, state, points, kind->numbers[i].count, kind->numbers[i].graphic);
    }
}

static void write_words(struct dataset_writer *writer, const struct presentation_state *state,
                        const struct annotation *annotation) {
    char words[256];
    const struct text *label = &annotation->label;
    const struct drawing_kind *kind = drawing_kind(annotation->tool);
    int length = snprintf(words, sizeof words, "%.*s", (int)label->length,
                          label->length > 0 ? label->bytes : "");
    if (kind->number_count > 0 && length < (int)sizeof words - 32) {
        snprintf(words + length, sizeof words - (size_t)length, "%s%.1f %.*s",
                 length > 0 ? " " : "", annotation->value, (int)annotation->unit.length,
                 annotation->unit.length > 0 ? annotation->unit.bytes : "");
    }
    if (words[0] == '\0') {
        return;
    }
    struct pixel at = image_pixel_at(state->image, &annotation->points.items[0]);
    double anchor[2] = {inside(at.column + HALF_PIXEL, state->image->columns),
                        inside(at.row + HALF_PIXEL, state->image->rows)};
    dataset_writer_item_begin(writer);
    dataset_writer_string(writer, 0x00700004, "CS", "PIXEL");
    dataset_writer_string(writer, 0x00700006, "ST", words);
    dataset_writer_floats(writer, 0x00700014, anchor, 2);
    dataset_writer_string(writer, 0x00700015, "CS", "N");
    dataset_writer_item_end(writer);
}

static bool has_words(const struct annotation *annotation) {
    return annotation->label.length > 0 || drawing_kind(annotation->tool)->number_count > 0;
}

static void write_graphics(struct dataset_writer *writer, const struct presentation_state *state) {
    bool words = false;
    for (size_t i = 0; i < state->drawing_count; i++) {
        words = words || has_words(state->drawings[i]);
    }
    dataset_writer_sequence_begin(writer, 0x00700001);
    dataset_writer_item_begin(writer);
    write_images(writer, state);
    dataset_writer_string(writer, 0x00700002, "CS", LAYER);
    if (words) {
        dataset_writer_sequence_begin(writer, 0x00700008);
        for (size_t i = 0; i < state->drawing_count; i++) {
            write_words(writer, state, state->drawings[i]);
        }
        dataset_writer_sequence_end(writer);
    }
    dataset_writer_sequence_begin(writer, 0x00700009);
    for (size_t i = 0; i < state->drawing_count; i++) {
        write_drawing(writer, state, state->drawings[i]);
    }
    dataset_writer_sequence_end(writer);
    dataset_writer_item_end(writer);
    dataset_writer_sequence_end(writer);
}

static void write_layer(struct dataset_writer *writer) {
    dataset_writer_sequence_begin(writer, 0x00700060);
    dataset_writer_item_begin(writer);
    dataset_writer_string(writer, 0x00700002, "CS", LAYER);
    dataset_writer_integer(writer, 0x00700062, 1);
    dataset_writer_string(writer, 0x00700068, "LO", "What the board drew");
    dataset_writer_item_end(writer);
    dataset_writer_sequence_end(writer);
}

static void write_state(struct dataset_writer *writer, const void *data) {
    const struct presentation_state *state = data;
    struct evidence_header header = state->header;
    bool grey = is_grey(state->image);
    header.sop_class_uid = grey ? GRAYSCALE_PRESENTATION_STATE : COLOR_PRESENTATION_STATE;
    header.modality = "PR";
    evidence_header_write(writer, &header, write_references, state);
    struct displayed_area area = displayed_area(state->image, state->viewport);
    struct evidence_time time = evidence_time(state->header.at);
    bool dark_is_high = strcmp(state->image->photometric, "MONOCHROME1") == 0;
    bool drawn = state->drawing_count > 0;
    if (grey) {
        write_modality(writer, state->image);
        write_window(writer, state);
    } else {
        write_colour_space(writer);
    }
    if (drawn) {
        write_graphics(writer, state);
    }
    dataset_writer_string(writer, 0x00700041, "CS", area.flip ? "Y" : "N");
    dataset_writer_u16(writer, 0x00700042, &area.rotation, 1);
    write_area(writer, state, &area);
    if (drawn) {
        write_layer(writer);
    }
    dataset_writer_string(writer, 0x00700080, "CS", state->label);
    dataset_writer_text(writer, 0x00700081, "LO", state->title);
    dataset_writer_string(writer, 0x00700082, "DA", time.date);
    dataset_writer_string(writer, 0x00700083, "TM", time.time);
    dataset_writer_text(writer, 0x00700084, "PN", state->author);
    if (grey) {
        dataset_writer_string(writer, 0x20500020, "CS",
                              state->viewport->invert != dark_is_high ? "INVERSE" : "IDENTITY");
    }
}

bool presentation_state_write(const struct presentation_state *state, uint8_t **ret_bytes,
                              size_t *ret_size) {
    return evidence_write(write_state, state, ret_bytes, ret_size);
}
