#include "server/dicomweb/render_asked.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SIDE_MAX = 16384, NUMBER_MAX = 32 };

/* The value before the next comma; *rest is what follows it. */
static struct text take_value(struct text *rest) {
    uint32_t length = 0;
    while (length < rest->length && rest->bytes[length] != ',') {
        length++;
    }
    struct text taken = {length, rest->bytes};
    uint32_t step = length < rest->length ? length + 1 : length;
    *rest = (struct text){rest->length - step, rest->bytes + step};
    return taken;
}

static bool read_number(struct text text, double *ret) {
    char digits[NUMBER_MAX];
    char *end;
    if (text.length == 0 || text.length >= sizeof digits) {
        return false;
    }
    memcpy(digits, text.bytes, text.length);
    digits[text.length] = 0;
    *ret = strtod(digits, &end);
    return *end == 0 && isfinite(*ret);
}

static bool read_side(struct text text, uint32_t *ret) {
    double number;
    if (!read_number(text, &number) || number < 1 || number > SIDE_MAX) {
        return false;
    }
    *ret = (uint32_t)number;
    return true;
}

bool render_take_viewport(struct render_asked *asked, struct text value) {
    if (value.length == 0) {
        return true;
    }
    struct text columns = take_value(&value);
    struct text rows = take_value(&value);
    return read_side(columns, &asked->columns) && read_side(rows, &asked->rows) &&
           value.length == 0;
}

/* A linear window begins at one value, the others are wider than nothing (PS3.3 C.11.2.1). */
static bool read_function(struct text text, enum window_function *ret, double *ret_least) {
    static const struct {
        const char *name;
        enum window_function function;
        double least;
    } functions[] = {{"", WINDOW_FUNCTION_LINEAR, 1},
                     {"linear", WINDOW_FUNCTION_LINEAR, 1},
                     {"linear-exact", WINDOW_FUNCTION_LINEAR_EXACT, 1e-6},
                     {"sigmoid", WINDOW_FUNCTION_SIGMOID, 1e-6}};
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (text.length == strlen(functions[i].name) &&
            strncasecmp(text.bytes, functions[i].name, text.length) == 0) {
            *ret = functions[i].function;
            *ret_least = functions[i].least;
            return true;
        }
    }
    return false;
}

bool render_take_window(struct render_asked *asked, struct text value) {
    double least;
    if (value.length == 0) {
        return true;
    }
    struct text center = take_value(&value);
    struct text width = take_value(&value);
    return read_function(value, &asked->window_function, &least) &&
           read_number(center, &asked->window_center) && read_number(width, &asked->window_width) &&
           asked->window_width >= least;
}

bool render_take_quality(struct render_asked *asked, struct text value) {
    double quality;
    if (value.length == 0) {
        return true;
    }
    if (!read_number(value, &quality) || quality < 1 || quality > 100) {
        return false;
    }
    asked->quality = (unsigned)quality;
    return true;
}

void render_asked_apply(const struct render_asked *asked, struct render_wanted *wanted) {
    wanted->rows_max = asked->rows;
    wanted->columns_max = asked->columns;
    wanted->window_center = asked->window_center;
    wanted->window_width = asked->window_width;
    wanted->window_function = asked->window_function;
    wanted->quality = asked->quality;
    wanted->form = asked->form;
}
