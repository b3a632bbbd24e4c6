/*
 * The display sets of a case as JSON.
 */
#include "server/imaging/bounded_output.h"
#include "server/imaging/imaging_state.h"
#include "server/imaging/metadata_value.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define COLUMN_OUTLINE 0
#define COLUMN_IDENTITY 1 // sealed; of one instance of each series, empty in the others

#define FIRST_CAPACITY 64

/* The instances of one series, in the order of the rows. Used for one series after the other: what
 * it takes follows the longest series, not the case. */
struct listed_series {
    struct instance *instances;
    struct display_slice *slices;
    size_t count;
    size_t capacity;
    struct instance identity; // of one of them, with descriptions and dates
    bool masked;              // for who is not told who the patient is
};

static void write_text_member(struct bounded_output *output, const char *name, const char *text) {
    bounded_output_format(output, ",\"%s\":", name);
    json_write_string(output, text, strlen(text));
}

static void write_numbers(struct bounded_output *output, const double *numbers, size_t count) {
    bounded_output_byte(output, '[');
    for (size_t i = 0; i < count; i++) {
        bounded_output_format(output, "%s%.15g", i ? "," : "", numbers[i]);
    }
    bounded_output_byte(output, ']');
}

static void write_instance(struct bounded_output *output, const struct instance *instance) {
    bounded_output_text(output, "{\"sopInstanceUid\":");
    json_write_string(output, instance->sop_instance_uid, strlen(instance->sop_instance_uid));
    bounded_output_format(output, ",\"frames\":%u,\"instanceNumber\":%d",
                          (unsigned)instance->frame_count, (int)instance->instance_number);
    write_text_member(output, "transferSyntaxUid", instance->transfer_syntax_uid);
    uint64_t size =
        instance_has(instance, INSTANCE_FRAME_SIZE) ? instance->frame_size : instance->file_size;
    bounded_output_format(output, ",\"bytes\":%llu", (unsigned long long)size);
    if (instance_has(instance, INSTANCE_POSITION)) {
        bounded_output_text(output, ",\"position\":");
        write_numbers(output, instance->position_lps, 3);
    }
    if (instance->document_type[0]) {
        write_text_member(output, "mediaType", instance->document_type);
    }
    bounded_output_byte(output, '}');
}

static void write_geometry(struct bounded_output *output, const struct display_pile *set,
                           const struct instance *head) {
    write_text_member(output, "kind", display_kind_word(set->kind));
    bool says_why = set->kind == DISPLAY_STACK;
    write_text_member(output, "reason", says_why ? volume_reason_word(set->reason) : "");
    write_text_member(output, "reasonText", says_why ? volume_reason_text(set->reason) : "");
    write_text_member(output, "frameOfReferenceUid", head->frame_of_reference_uid);
    bounded_output_format(output, ",\"rows\":%u,\"columns\":%u", (unsigned)head->rows,
                          (unsigned)head->columns);
    if (instance_has(head, INSTANCE_ORIENTATION)) {
        bounded_output_text(output, ",\"orientation\":");
        write_numbers(output, head->orientation_lps, 6);
    }
    if (instance_has(head, INSTANCE_PIXEL_SPACING)) {
        bounded_output_text(output, ",\"pixelSpacing\":");
        write_numbers(output, head->pixel_spacing, 2);
    }
    if (set->kind == DISPLAY_VOLUME) {
        bounded_output_text(output, ",\"sliceSpacing\":");
        write_numbers(output, &set->spacing_mm, 1);
    }
}

static void write_set(struct bounded_output *output, const struct listed_series *series,
                      const struct display_sets *sets, const struct display_pile *set) {
    const struct instance *head = &series->instances[sets->order[set->first]];
    const struct instance *identity = &series->identity;
    bounded_output_text(output, "{\"displaySet\":");
    json_write_string(output, set->id, strlen(set->id));
    write_text_member(output, "studyUid", head->study_uid);
    write_text_member(output, "seriesUid", head->series_uid);
    write_text_member(output, "modality", head->modality);
    write_geometry(output, set, head);
    write_text_member(output, "studyDate", identity->study_date);
    // Somebody typed these: left out for the same reason as in metadata_mask.
    bool masked = series->masked;
    write_text_member(output, "studyDescription", masked ? "" : identity->study_description);
    write_text_member(output, "seriesDescription", masked ? "" : identity->series_description);
    bounded_output_format(output, ",\"seriesNumber\":%d", (int)identity->series_number);
    write_text_member(output, "laterality",
                      identity->image_laterality[0] ? identity->image_laterality
                                                    : identity->laterality);
    bounded_output_text(output, ",\"instances\":[");
    for (size_t i = 0; i < set->count; i++) {
        if (i > 0) {
            bounded_output_byte(output, ',');
        }
        write_instance(output, &series->instances[sets->order[set->first + i]]);
    }
    bounded_output_text(output, "]}");
}

static bool write_series(struct bounded_output *output, const struct listed_series *series,
                         bool *any) {
    struct display_sets sets;
    if (!display_sets_split(series->instances[0].series_uid, series->slices, series->count,
                            &sets)) {
        return false;
    }
    for (size_t i = 0; i < sets.count; i++) {
        if (sets.sets[i].kind == DISPLAY_NOTHING) {
            continue;
        }
        if (*any) {
            bounded_output_byte(output, ',');
        }
        *any = true;
        write_set(output, series, &sets, &sets.sets[i]);
    }
    display_sets_finish(&sets);
    return !output->failed;
}

static bool grow(struct listed_series *series) {
    if (series->count < series->capacity) {
        return true;
    }
    size_t capacity = series->capacity ? 2 * series->capacity : FIRST_CAPACITY;
    struct instance *instances = realloc(series->instances, capacity * sizeof *instances);
    if (instances) {
        series->instances = instances;
    }
    struct display_slice *slices = realloc(series->slices, capacity * sizeof *slices);
    if (slices) {
        series->slices = slices;
    }
    series->capacity = instances && slices ? capacity : series->capacity;
    return instances && slices;
}

/* Reads rows from `first` on while they are of one series; returns how many, 0 when one is damaged.
 */
static size_t read_series(const struct kept_rows *rows, int first, struct uuid patient_case,
                          const struct case_keys *keys, struct listed_series *series) {
    series->count = 0;
    for (int row = first; row < rows->row_count && series->count < DISPLAY_SLICES_MAX; row++) {
        if (!grow(series)) {
            return 0;
        }
        struct instance *instance = &series->instances[series->count];
        struct bytes outline = kept_rows_cell(rows, row, COLUMN_OUTLINE);
        if (!instance_decode(instance, outline.bytes, outline.length)) {
            return 0;
        }
        if (series->count > 0 && strcmp(instance->series_uid, series->instances->series_uid) != 0) {
            break;
        }
        struct bytes sealed = kept_rows_cell(rows, row, COLUMN_IDENTITY);
        if (sealed.length > 0 && !record_open_identity(&series->identity, patient_case, keys,
                                                       instance->sop_instance_uid, sealed)) {
            return 0;
        }
        display_slice_of(instance, &series->slices[series->count++]);
    }
    return series->count;
}

bool display_list_write(const struct kept_rows *rows, struct uuid patient_case,
                        const struct case_keys *keys, bool masked, struct bounded_output *output) {
    struct listed_series *series = calloc(1, sizeof *series);
    bool written = series != NULL;
    if (series) {
        series->masked = masked;
    }
    bool any = false;
    bounded_output_text(output, "{\"displaySets\":[");
    for (int row = 0; written && row < rows->row_count;) {
        size_t count = read_series(rows, row, patient_case, keys, series);
        written = count > 0 && write_series(output, series, &any);
        row += (int)count;
    }
    bounded_output_text(output, "]}");
    if (series) {
        free(series->instances);
        free(series->slices);
        OPENSSL_cleanse(series, sizeof *series);
    }
    free(series);
    return written && !output->failed;
}
