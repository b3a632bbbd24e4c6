#include "server/imaging/functional_groups.h"

#include "server/imaging/element_value.h"
#include "server/imaging/frame_table.h"
#include "server/imaging/json_scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TAG_SHARED_GROUPS DICOM_TAG(0x5200, 0x9229)
#define TAG_FRAME_GROUPS DICOM_TAG(0x5200, 0x9230)
#define LEVELS_OF_A_MACRO 4 // groups sequence, its item, macro sequence, its item
#define FIRST_CAPACITY 64

struct group_field {
    uint32_t macro; // the sequence it lies in
    uint32_t tag;
    enum instance_field field;
    size_t offset; // of the double, in struct instance
    size_t count;
};

#define GROUP_FIELD(macro, tag, field, member)                                                     \
    {                                                                                              \
        macro, tag, field, offsetof(struct instance, member),                                      \
            sizeof(((struct instance *)0)->member) / sizeof(double)                                \
    }

static const struct group_field group_fields[] = {
    GROUP_FIELD(0x00209113, 0x00200032, INSTANCE_POSITION, position_lps),
    GROUP_FIELD(0x00209116, 0x00200037, INSTANCE_ORIENTATION, orientation_lps),
    GROUP_FIELD(0x00289110, 0x00280030, INSTANCE_PIXEL_SPACING, pixel_spacing),
    GROUP_FIELD(0x00289110, 0x00180050, INSTANCE_SLICE_THICKNESS, slice_thickness),
    GROUP_FIELD(0x00289110, 0x00180088, INSTANCE_SPACING_BETWEEN_SLICES, spacing_between_slices),
    GROUP_FIELD(0x00289132, 0x00281050, INSTANCE_WINDOW_CENTER, window_center),
    GROUP_FIELD(0x00289132, 0x00281051, INSTANCE_WINDOW_WIDTH, window_width),
    GROUP_FIELD(0x00289145, 0x00281052, INSTANCE_RESCALE_INTERCEPT, rescale_intercept),
    GROUP_FIELD(0x00289145, 0x00281053, INSTANCE_RESCALE_SLOPE, rescale_slope),
};

#define GROUP_FIELD_COUNT (sizeof group_fields / sizeof group_fields[0])

void functional_groups_init(struct functional_groups *groups) {
    memset(groups, 0, sizeof *groups);
}

void functional_groups_finish(struct functional_groups *groups) {
    free(groups->positions_lps);
    functional_groups_init(groups);
}

static void add_position(struct functional_groups *groups, const double position_lps[3]) {
    if (groups->position_count == groups->position_capacity) {
        size_t capacity =
            groups->position_capacity ? groups->position_capacity * 2 : FIRST_CAPACITY;
        double *positions = capacity > 2 * FRAME_PIECES_MAX
                                ? NULL
                                : realloc(groups->positions_lps, capacity * 3 * sizeof(double));
        if (!positions) {
            return; // the count then differs from the frames', and no volume is claimed
        }
        groups->positions_lps = positions;
        groups->position_capacity = capacity;
    }
    memcpy(groups->positions_lps + 3 * groups->position_count++, position_lps, 3 * sizeof(double));
}

static void take(struct functional_groups *groups, const struct group_field *field,
                 const struct dicom_element *element, bool of_frame) {
    double numbers[6];
    if (element_numbers(element, numbers, field->count) != field->count) {
        return;
    }
    double *member = (double *)(void *)((char *)&groups->first + field->offset);
    if (field->field == INSTANCE_POSITION && of_frame) {
        add_position(groups, numbers);
    }
    if (!instance_has(&groups->first, field->field)) {
        memcpy(member, numbers, field->count * sizeof(double));
        groups->first.present |= UINT64_C(1) << field->field;
    } else if (field->field == INSTANCE_ORIENTATION && !volume_same_orientation(member, numbers)) {
        groups->mixed_orientation = true;
    } else if (field->field == INSTANCE_PIXEL_SPACING &&
               (fabs(member[0] - numbers[0]) >= 1e-4 || fabs(member[1] - numbers[1]) >= 1e-4)) {
        groups->mixed_spacing = true;
    }
}

void functional_groups_event(struct functional_groups *groups, const struct element_walker *walker,
                             enum walk_event event, const struct dicom_element *element) {
    if (event != WALK_ELEMENT || walker->level_count != LEVELS_OF_A_MACRO) {
        return;
    }
    uint32_t kind = walker->levels[0].tag;
    uint32_t macro = walker->levels[2].tag;
    if (kind != TAG_SHARED_GROUPS && kind != TAG_FRAME_GROUPS) {
        return;
    }
    for (size_t i = 0; i < GROUP_FIELD_COUNT; i++) {
        if (group_fields[i].macro == macro && group_fields[i].tag == element->tag) {
            take(groups, &group_fields[i], element, kind == TAG_FRAME_GROUPS);
            return;
        }
    }
}

struct along {
    double distance_mm;
    double position_lps[3];
};

static int nearer(const void *left, const void *right) {
    double first = ((const struct along *)left)->distance_mm;
    double second = ((const struct along *)right)->distance_mm;
    return (first > second) - (first < second);
}

static enum volume_reason judge_sorted(struct functional_groups *groups, const double normal[3],
                                       double *ret_spacing_mm) {
    struct along *slices = calloc(groups->position_count, sizeof *slices);
    if (!slices) {
        return VOLUME_NO_POSITION;
    }
    for (size_t i = 0; i < groups->position_count; i++) {
        memcpy(slices[i].position_lps, groups->positions_lps + 3 * i, 3 * sizeof(double));
        slices[i].distance_mm = volume_distance_along(slices[i].position_lps, normal);
    }
    qsort(slices, groups->position_count, sizeof *slices, nearer);
    for (size_t i = 0; i < groups->position_count; i++) {
        memcpy(groups->positions_lps + 3 * i, slices[i].position_lps, 3 * sizeof(double));
    }
    free(slices);
    return volume_judge(groups->positions_lps, groups->position_count, normal, ret_spacing_mm);
}

static enum volume_reason judge(struct functional_groups *groups, const struct instance *instance,
                                double *ret_spacing_mm) {
    double normal[3];
    if (!instance_has(instance, INSTANCE_FRAME_OF_REFERENCE_UID)) {
        return VOLUME_NO_FRAME_OF_REFERENCE;
    }
    if (groups->mixed_orientation) {
        return VOLUME_MIXED_ORIENTATION;
    }
    if (groups->position_count == 0 || groups->position_count != instance->number_of_frames ||
        !instance_has(instance, INSTANCE_ORIENTATION) ||
        !volume_normal(instance->orientation_lps, normal)) {
        return VOLUME_NO_POSITION;
    }
    if (!instance_has(instance, INSTANCE_PIXEL_SPACING)) {
        return VOLUME_NO_PIXEL_SPACING;
    }
    if (groups->mixed_spacing) {
        return VOLUME_MIXED_PIXELS;
    }
    return judge_sorted(groups, normal, ret_spacing_mm);
}

void functional_groups_apply(struct functional_groups *groups, struct instance *instance) {
    for (size_t i = 0; i < GROUP_FIELD_COUNT; i++) {
        const struct group_field *field = &group_fields[i];
        if (instance_has(&groups->first, field->field) && !instance_has(instance, field->field)) {
            memcpy((char *)instance + field->offset, (char *)&groups->first + field->offset,
                   field->count * sizeof(double));
            instance->present |= UINT64_C(1) << field->field;
        }
    }
    if (instance->number_of_frames > 1) {
        double spacing_mm = 0;
        instance->frames_volume = judge(groups, instance, &spacing_mm);
        instance->frames_spacing[0] = spacing_mm;
        instance->present |= UINT64_C(1) << INSTANCE_FRAMES_VOLUME | UINT64_C(1)
                                                                         << INSTANCE_FRAMES_SPACING;
    }
}

/* One frame, of the metadata */

/* The attribute of this tag, as it stands; empty without. */
static struct text member_of(struct text object, uint32_t wanted) {
    struct json_members members = json_members_of(object);
    struct text name, value;
    uint32_t tag;
    while (json_members_next(&members, &name, &value)) {
        if (json_tag_of(name, &tag) && tag == wanted) {
            return value;
        }
    }
    return (struct text){0, NULL};
}

/* An item of a sequence, counted from 1; empty without. */
static struct text item_of(struct text sequence, uint32_t number) {
    struct json_members members = json_members_of(sequence);
    struct text name, value, item;
    while (json_members_next(&members, &name, &value)) {
        struct json_members items = json_items_of(value);
        if (!text_equal(name, TEXT("Value"))) {
            continue;
        }
        for (uint32_t at = 1; json_items_next(&items, &item); at++) {
            if (at == number) {
                return item;
            }
        }
    }
    return (struct text){0, NULL};
}

static bool read_numbers(struct text attribute, double *ret_numbers, size_t count) {
    char vr[3], value[JSON_SCAN_VALUE_MAX];
    size_t length, found = 0;
    struct json_values values = json_values_of(attribute, vr);
    while (found < count && json_values_next(&values, value, &length)) {
        if (!element_parse_decimal(value, length, &ret_numbers[found])) {
            return false;
        }
        found++;
    }
    return found == count;
}

void functional_groups_of_frame(struct text metadata, uint32_t frame, struct instance *instance) {
    struct text places[] = {item_of(member_of(metadata, TAG_FRAME_GROUPS), frame),
                            item_of(member_of(metadata, TAG_SHARED_GROUPS), 1)};
    for (size_t i = 0; i < GROUP_FIELD_COUNT; i++) {
        const struct group_field *field = &group_fields[i];
        double numbers[6];
        bool found = false;
        for (size_t place = 0; place < 2 && !found; place++) {
            struct text macro = item_of(member_of(places[place], field->macro), 1);
            found = read_numbers(member_of(macro, field->tag), numbers, field->count);
        }
        found = found || read_numbers(member_of(metadata, field->tag), numbers, field->count);
        if (!found) {
            memset(numbers, 0, sizeof numbers);
        }
        memcpy((char *)instance + field->offset, numbers, field->count * sizeof(double));
        instance->present &= ~(UINT64_C(1) << field->field);
        instance->present |= (uint64_t)found << field->field;
    }
}
