#include "clients/native/demo/cranium.h"

#include "clients/native/demo/archive.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { PLIST_BYTES_MAX = 64 * 1024, MATRIX_BYTES_MAX = 256 * 1024 * 1024 };

// Reads the first `count` numbers of the array that follows a key of a property list.
static bool plist_numbers(const char *plist, const char *key, double *ret_numbers, size_t count) {
    const char *position = strstr(plist, key);
    const char *array = position ? strstr(position, "<array>") : NULL;
    const char *end = array ? strstr(array, "</array>") : NULL;
    if (end == NULL)
        return false;
    position = array + strlen("<array>");
    for (size_t i = 0; i < count; i++) {
        const char *number = strchr(position, '>'); // of <integer> or <real>
        if (number == NULL || number > end)
            return false;
        char *after;
        ret_numbers[i] = strtod(number + 1, &after);
        const char *closing = strchr(after, '>');
        if (after == number + 1 || *after != '<' || closing == NULL)
            return false;
        position = closing + 1;
    }
    return true;
}

static bool is_edge(double number) {
    return number >= 1 && number <= VOLUME_EDGE_MAX && number == (double)(size_t)number;
}

static bool is_spacing(double millimetres) {
    return millimetres > 0.01 && millimetres < 100;
}

static struct volume *shape_of(const char *plist) {
    double shape[3], spacing_mm[3];
    if (!plist_numbers(plist, "<key>shape</key>", shape, 3) ||
        !plist_numbers(plist, "<key>spacing</key>", spacing_mm, 3))
        return NULL;
    if (strstr(plist, "<string>int16</string>") == NULL)
        return NULL;
    for (int axis = 0; axis < 3; axis++) {
        if (!is_edge(shape[axis]) || !is_spacing(spacing_mm[axis]))
            return NULL;
    }
    struct volume *volume =
        volume_create((size_t)shape[2], (size_t)shape[1], (size_t)shape[0]); // stored z, y, x
    if (volume == NULL)
        return NULL;
    volume->column_mm = spacing_mm[0];
    volume->row_mm = spacing_mm[1];
    volume->slice_mm = spacing_mm[2];
    volume->origin_mm[0] = -0.5 * (double)(volume->columns - 1) * volume->column_mm;
    volume->origin_mm[1] = -0.5 * (double)(volume->rows - 1) * volume->row_mm;
    return volume;
}

static void fill_with_reversed_rows(struct volume *volume, const uint8_t *matrix) {
    for (size_t slice = 0; slice < volume->slices; slice++) {
        for (size_t row = 0; row < volume->rows; row++) {
            size_t stored_row = volume->rows - 1 - row;
            const uint8_t *stored =
                matrix + 2 * (slice * volume->rows + stored_row) * volume->columns;
            int16_t *values = volume_row(volume, slice, row);
            for (size_t column = 0; column < volume->columns; column++) {
                unsigned value = stored[2 * column] + 256u * stored[2 * column + 1];
                values[column] = (int16_t)(uint16_t)value;
            }
        }
    }
}

struct volume *cranium_read(const char *path) {
    struct archive_member members[] = {
        {.name = "main.plist", .length_max = PLIST_BYTES_MAX},
        {.name = "matrix.dat", .length_max = MATRIX_BYTES_MAX},
    };
    if (!archive_extract(path, members, 2))
        return NULL;
    struct volume *volume = shape_of((const char *)members[0].bytes);
    if (volume != NULL) {
        size_t bytes = 2 * volume->columns * volume->rows * volume->slices;
        if (bytes == members[1].length) {
            fill_with_reversed_rows(volume, members[1].bytes);
        } else {
            volume_destroy(volume);
            volume = NULL;
        }
    }
    free(members[0].bytes);
    free(members[1].bytes);
    return volume;
}
