#include "server/evidence/evidence_plan.h"

#include "server/evidence/drawing_kinds.h"
#include "server/evidence/measurement_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Series of a study; numbers that scanners do not reach. */
static const struct {
    const char *name; // of which the UIDs are made: never changed
    const char *description;
    int32_t number;
} series[] = {
    [EVIDENCE_MEASUREMENTS] = {"measurements", "Consilium: measurements", 9001},
    [EVIDENCE_VIEW] = {"views", "Consilium: views", 9002},
    [EVIDENCE_KEY_IMAGES] = {"key images", "Consilium: key images", 9003},
};

/* Images by their UIDs */

static int compare_uids(const void *a, const void *b) {
    const struct instance *const *one = a;
    const struct instance *const *other = b;
    return strcmp((*one)->sop_instance_uid, (*other)->sop_instance_uid);
}

static const struct instance *image_of(const struct evidence_plan *plan, struct text uid) {
    size_t low = 0;
    size_t high = uid.length > 0 ? plan->image_count : 0;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct instance *image = plan->by_uid[middle];
        size_t length = strlen(image->sop_instance_uid);
        size_t shorter = length < uid.length ? length : uid.length;
        int order = memcmp(image->sop_instance_uid, uid.bytes, shorter);
        order = order != 0 ? order : (length > uid.length) - (length < uid.length);
        if (order == 0) {
            return image;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

static int compare_texts(const void *a, const void *b) {
    const struct text *one = a;
    const struct text *other = b;
    uint32_t shorter = one->length < other->length ? one->length : other->length;
    int order = memcmp(one->bytes, other->bytes, shorter);
    return order != 0 ? order : (one->length > other->length) - (one->length < other->length);
}

struct text *evidence_images(const struct evidence_record *record, struct arena *arena,
                             size_t *ret_count) {
    size_t space = record->drawing_count + 1;
    for (uint32_t i = 0; i < record->view_count; i++) {
        space += record->views[i].layout.viewports.count;
    }
    struct text *uids = arena_alloc(arena, space * sizeof *uids);
    size_t count = 0;
    for (uint32_t i = 0; uids != NULL && i < record->drawing_count; i++) {
        if (record->drawings[i].annotation.image.sop_instance_uid.length > 0) {
            uids[count++] = record->drawings[i].annotation.image.sop_instance_uid;
        }
    }
    for (uint32_t i = 0; uids != NULL && i < record->view_count; i++) {
        const struct viewport_list *list = &record->views[i].layout.viewports;
        for (uint32_t j = 0; j < list->count; j++) {
            if (list->items[j].has_image && list->items[j].image.sop_instance_uid.length > 0) {
                uids[count++] = list->items[j].image.sop_instance_uid;
            }
        }
    }
    if (count > 0) {
        qsort(uids, count, sizeof *uids, compare_texts);
    }
    *ret_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (*ret_count == 0 || compare_texts(&uids[*ret_count - 1], &uids[i]) != 0) {
            uids[(*ret_count)++] = uids[i];
        }
    }
    return uids;
}

/* The plan */

static bool same_study(const struct instance *image, const struct instance *other) {
    return image != NULL && strcmp(image->study_uid, other->study_uid) == 0;
}

static void name_it(const struct evidence_plan *plan, struct evidence_document *document) {
    const char *study = document->image->study_uid;
    const char *name = series[document->kind].name;
    struct name_part parts[5] = {{&plan->patient_case, sizeof plan->patient_case},
                                 {study, strlen(study)}};
    char words[64];
    evidence_uid(name, parts, 2, document->series_uid);
    int length = snprintf(words, sizeof words, "%llu/%u", (unsigned long long)document->version,
                          (unsigned)document->viewport);
    parts[2] = (struct name_part){words, (size_t)length};
    if (document->view != NULL) {
        parts[3] = (struct name_part){&document->view->id, sizeof document->view->id};
    }
    evidence_uid(name, parts, document->view != NULL ? 4 : 3, document->sop_instance_uid);
}

static void add(struct evidence_plan *plan, const struct evidence_document *document) {
    if (plan->count == plan->space) {
        plan->too_many = true;
        return;
    }
    plan->documents[plan->count] = *document;
    name_it(plan, &plan->documents[plan->count++]);
}

static void touch(struct evidence_document *document, const struct evidence_span *span) {
    uint64_t version = evidence_touched(span);
    if (version > document->version) {
        document->version = version;
        document->at = evidence_touched_at(span);
    }
    document->empty = document->empty && span->to != 0;
}

static void plan_measurements(struct evidence_plan *plan, const struct instance *study) {
    struct evidence_document document = {
        .kind = EVIDENCE_MEASUREMENTS, .image = study, .empty = true};
    for (uint32_t i = 0; i < plan->record->drawing_count; i++) {
        const struct recorded_drawing *drawing = &plan->record->drawings[i];
        const struct instance *image = image_of(plan, drawing->annotation.image.sop_instance_uid);
        if (same_study(image, study) && drawing_kind(drawing->annotation.tool) != NULL) {
            touch(&document, &drawing->span);
        }
    }
    if (document.version > 0) {
        add(plan, &document);
    }
}

bool evidence_plan_make(struct evidence_plan *plan, struct uuid patient_case,
                        const struct evidence_record *record, const struct instance *images,
                        size_t image_count) {
    *plan = (struct evidence_plan){.patient_case = patient_case,
                                   .record = record,
                                   .images = images,
                                   .image_count = image_count,
                                   .space = EVIDENCE_DOCUMENTS_MAX};
    plan->by_uid = calloc(image_count + 1, sizeof(const struct instance *));
    plan->documents = calloc(plan->space, sizeof *plan->documents);
    if (plan->by_uid == NULL || plan->documents == NULL) {
        return false;
    }
    for (size_t i = 0; i < image_count; i++) {
        plan->by_uid[i] = &images[i];
    }
    qsort(plan->by_uid, image_count, sizeof(const struct instance *), compare_uids);
    for (size_t i = 0; i < image_count; i++) {
        if (i == 0 || !same_study(&images[i - 1], &images[i])) {
            plan_measurements(plan, &images[i]);
        }
    }
    return true;
}

void evidence_plan_finish(struct evidence_plan *plan) {
    free(plan->by_uid);
    free(plan->documents);
    memset(plan, 0, sizeof *plan);
}

/* Writing */

static struct evidence_header header_of(const struct evidence_document *document) {
    struct evidence_header header = {.source = document->image,
                                     .series_description = series[document->kind].description,
                                     .series_number = series[document->kind].number,
                                     .version = document->version,
                                     .at = document->at};
    memcpy(header.sop_instance_uid, document->sop_instance_uid, sizeof header.sop_instance_uid);
    memcpy(header.series_uid, document->series_uid, sizeof header.series_uid);
    return header;
}

/* A name is borrowed until the next call, so that each is copied. */
static bool write_measurements(const struct evidence_plan *plan,
                               const struct evidence_document *document,
                               const struct evidence_names *names, const char *predecessor_uid,
                               uint8_t **ret_bytes, size_t *ret_size) {
    const struct evidence_record *record = plan->record;
    struct measured_drawing *drawings = calloc(record->drawing_count + 1, sizeof *drawings);
    if (drawings == NULL) {
        return false;
    }
    struct arena arena;
    arena_init(&arena, EVIDENCE_RECORD_MAX);
    struct measurement_report report = {
        .header = header_of(document), .drawings = drawings, .predecessor_uid = predecessor_uid};
    for (uint32_t i = 0; i < record->drawing_count; i++) {
        const struct recorded_drawing *drawing = &record->drawings[i];
        const struct instance *image = image_of(plan, drawing->annotation.image.sop_instance_uid);
        if (same_study(image, document->image) &&
            evidence_stands(&drawing->span, document->version)) {
            struct text name = names->name_of(names->data, drawing->span.by);
            drawings[report.count++] = (struct measured_drawing){
                &drawing->annotation, image, arena_text(&arena, name), drawing->span.from_at};
        }
    }
    bool written = measurement_report_write(&report, ret_bytes, ret_size);
    arena_finish(&arena);
    free(drawings);
    return written;
}

bool evidence_document_write(const struct evidence_plan *plan,
                             const struct evidence_document *document,
                             const struct evidence_names *names, const char *predecessor_uid,
                             uint8_t **ret_bytes, size_t *ret_size) {
    switch (document->kind) {
    case EVIDENCE_MEASUREMENTS:
        return write_measurements(plan, document, names, predecessor_uid, ret_bytes, ret_size);
    case EVIDENCE_VIEW:
    case EVIDENCE_KEY_IMAGES:
        break;
    }
    return false;
}
