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

/* Of the metadata */

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

static struct json_members items_of(struct text sequence) {
    struct json_members members = json_members_of(sequence);
    struct text name, value;
    while (json_members_next(&members, &name, &value)) {
        if (text_equal(name, TEXT("Value"))) {
            return json_items_of(value);
        }
    }
    return (struct json_members){NULL, NULL};
}

/* Of a sequence; empty without. */
static struct text first_item_of(struct text sequence) {
    struct json_members items = items_of(sequence);
    struct text item;
    return json_items_next(&items, &item) ? item : (struct text){0, NULL};
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

/* What does not say it changes nothing. */
static void take_field(struct text attribute, const struct group_field *field,
                       struct instance *instance) {
    double numbers[6];
    if (read_numbers(attribute, numbers, field->count)) {
        memcpy((char *)instance + field->offset, numbers, field->count * sizeof(double));
        instance->present |= UINT64_C(1) << field->field;
    }
}

static void take_groups(struct text groups, struct instance *instance) {
    for (size_t i = 0; i < GROUP_FIELD_COUNT; i++) {
        const struct group_field *field = &group_fields[i];
        struct text macro = first_item_of(member_of(groups, field->macro));
        take_field(member_of(macro, field->tag), field, instance);
    }
}

void frame_groups_begin(struct frame_groups *groups, struct text metadata,
                        const struct instance *instance) {
    struct json_members members = json_members_of(metadata);
    struct text name, value, shared = {0, NULL};
    uint32_t tag;
    *groups = (struct frame_groups){.all = *instance};
    for (size_t i = 0; i < GROUP_FIELD_COUNT; i++) {
        const struct group_field *field = &group_fields[i];
        memset((char *)&groups->all + field->offset, 0, field->count * sizeof(double));
        groups->all.present &= ~(UINT64_C(1) << field->field);
    }
    while (json_members_next(&members, &name, &value)) {
        if (!json_tag_of(name, &tag)) {
            continue;
        }
        if (tag == TAG_FRAME_GROUPS) {
            groups->rest = items_of(value);
        } else if (tag == TAG_SHARED_GROUPS) {
            shared = first_item_of(value);
        }
        for (size_t i = 0; i < GROUP_FIELD_COUNT; i++) {
            if (group_fields[i].tag == tag) {
                take_field(value, &group_fields[i], &groups->all);
            }
        }
    }
    take_groups(shared, &groups->all);
}

void frame_groups_of(struct frame_groups *groups, uint32_t frame, struct instance *ret_instance) {
    while (groups->frame < frame) {
        bool found = json_items_next(&groups->rest, &groups->item);
        groups->frame = found ? groups->frame + 1 : UINT32_MAX;
        groups->item = found ? groups->item : (struct text){0, NULL};
    }
    *ret_instance = groups->all;
    take_groups(groups->item, ret_instance);
}
