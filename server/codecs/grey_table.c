#include "server/codecs/grey_table.h"

#include <math.h>

struct span {
    double least, most;
};

/* Bits beside the stored ones, an overlay's for example, are no part of the value (PS3.5 8.1.1). */
static int32_t stored_of(const struct pixel_form *form, unsigned shift, uint32_t sample) {
    uint32_t mask = (uint32_t)((UINT64_C(1) << form->bits_stored) - 1);
    uint32_t half = UINT32_C(1) << (form->bits_stored - 1);
    uint32_t value = sample >> shift & mask;
    return form->is_signed ? (int32_t)(value ^ half) - (int32_t)half : (int32_t)value;
}

static unsigned shift_of(const struct pixel_form *form, const struct shown_values *values) {
    bool higher = values->high_bit >= form->bits_stored && values->high_bit < form->bits_allocated;
    return higher ? values->high_bit + 1 - form->bits_stored : 0;
}

static uint16_t look_up(const struct value_table *table, double value) {
    double place = floor(value + 0.5) - table->first;
    uint32_t last = table->count - 1;
    return table->values[!(place > 0) ? 0 : place >= last ? last : (uint32_t)place];
}

static double modality(const struct shown_values *values, int32_t stored) {
    return values->modality.count > 0 ? look_up(&values->modality, stored)
                                      : stored * values->slope + values->intercept;
}

static double within(double part) {
    return part > 0 ? (part < 1 ? part : 1) : 0; // what is no number is black
}

/* From 0 to 1 (PS3.3 C.11.2.1.2.1, C.11.2.1.3). A linear window of less than 1 cannot be: its
 * writer meant the exact one. */
static double windowed(const struct value_window *window, double value) {
    double from_center = value - window->center;
    if (window->function == WINDOW_FUNCTION_SIGMOID) {
        return within(1 / (1 + exp(-4 * from_center / window->width)));
    }
    if (window->function == WINDOW_FUNCTION_LINEAR_EXACT || window->width < 1) {
        return within(from_center / window->width + 0.5);
    }
    if (window->width == 1) {
        return from_center + 0.5 > 0 ? 1 : 0;
    }
    return within((from_center + 0.5) / (window->width - 1) + 0.5);
}

static struct span span_of(const struct pixels *pixels, const struct shown_values *values) {
    size_t count = (size_t)pixels->form.rows * pixels->form.columns;
    unsigned shift = shift_of(&pixels->form, values);
    struct span span = {INFINITY, -INFINITY};
    for (size_t i = 0; i < count; i++) {
        double value = modality(values, stored_of(&pixels->form, shift, pixels_bits_at(pixels, i)));
        span.least = value < span.least ? value : span.least;
        span.most = value > span.most ? value : span.most;
    }
    return span;
}

void grey_table_make(const struct pixels *pixels, const struct shown_values *values,
                     const struct value_window *asked, uint16_t ret_table[GREY_TABLE_SIZE]) {
    const struct pixel_form *form = &pixels->form;
    const struct value_window *window = asked->width > 0 ? asked : &values->window;
    bool looked_up = !(window->width > 0) && values->voi.count > 0;
    struct span span = {0, 0};
    if (!(window->width > 0) && !looked_up) {
        span = span_of(pixels, values);
    }
    unsigned shift = shift_of(form, values);
    double most_looked_up = (double)((UINT32_C(1) << values->voi.bits) - 1);
    uint32_t samples = UINT32_C(1) << form->bits_allocated;
    for (uint32_t sample = 0; sample < samples; sample++) {
        double value = modality(values, stored_of(form, shift, sample));
        double part = window->width > 0 ? windowed(window, value)
                      : looked_up       ? within(look_up(&values->voi, value) / most_looked_up)
                      : span.most > span.least
                          ? within((value - span.least) / (span.most - span.least))
                          : 0;
        part = form->colour == COLOUR_MONOCHROME1 ? 1 - part : part;
        ret_table[sample] = (uint16_t)(part * 255 * GREY_ONE + 0.5);
    }
}
