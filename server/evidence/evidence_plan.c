#include "server/evidence/evidence_plan.h"

#include "server/evidence/drawing_kinds.h"
#include "server/evidence/key_object.h"
#include "server/evidence/measurement_report.h"
#include "server/evidence/presentation_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TITLES_MAX 16384 // bytes of the description of a selection

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

/* Frames by their names */

static int compare_names(const struct text *uid, uint32_t frame, const struct text *other_uid,
                         uint32_t other_frame) {
    uint32_t shorter = uid->length < other_uid->length ? uid->length : other_uid->length;
    int order = memcmp(uid->bytes, other_uid->bytes, shorter);
    order =
        order != 0 ? order : (uid->length > other_uid->length) - (uid->length < other_uid->length);
    return order != 0 ? order : (frame > other_frame) - (frame < other_frame);
}

static struct frame_name name_of(const struct described_frame *image) {
    const char *uid = image->instance.sop_instance_uid;
    return (struct frame_name){{(uint32_t)strlen(uid), uid}, image->frame};
}

static int compare_images(const void *a, const void *b) {
    const struct described_frame *const *one = a;
    const struct described_frame *const *other = b;
    struct frame_name name = name_of(*one), other_name = name_of(*other);
    return compare_names(&name.sop_instance_uid, name.frame, &other_name.sop_instance_uid,
                         other_name.frame);
}

static const struct instance *image_of(const struct evidence_plan *plan,
                                       const struct image_position *position) {
    size_t low = 0;
    size_t high = position->sop_instance_uid.length > 0 ? plan->image_count : 0;
    while (low < high) {
        size_t middle = (low + high) / 2;
        struct frame_name name = name_of(plan->by_name[middle]);
        int order = compare_names(&name.sop_instance_uid, name.frame, &position->sop_instance_uid,
                                  position->frame);
        if (order == 0) {
            return &plan->by_name[middle]->instance;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

static int compare_frames(const void *a, const void *b) {
    const struct frame_name *one = a;
    const struct frame_name *other = b;
    return compare_names(&one->sop_instance_uid, one->frame, &other->sop_instance_uid,
                         other->frame);
}

static size_t add_frame(struct frame_name *frames, size_t count,
                        const struct image_position *position) {
    if (position->sop_instance_uid.length > 0) {
        frames[count++] = (struct frame_name){position->sop_instance_uid, position->frame};
    }
    return count;
}

struct frame_name *evidence_frames(const struct evidence_record *record, struct arena *arena,
                                   size_t *ret_count) {
    size_t space = record->drawing_count + 1;
    for (uint32_t i = 0; i < record->view_count; i++) {
        space += record->views[i].layout.viewports.count;
    }
    struct frame_name *frames = arena_alloc(arena, space * sizeof *frames);
    size_t count = 0;
    for (uint32_t i = 0; frames != NULL && i < record->drawing_count; i++) {
        count = add_frame(frames, count, &record->drawings[i].annotation.image);
    }
    for (uint32_t i = 0; frames != NULL && i < record->view_count; i++) {
        const struct viewport_list *list = &record->views[i].layout.viewports;
        for (uint32_t j = 0; j < list->count; j++) {
            if (list->items[j].has_image) {
                count = add_frame(frames, count, &list->items[j].image);
            }
        }
    }
    if (count > 0) {
        qsort(frames, count, sizeof *frames, compare_frames);
    }
    *ret_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (*ret_count == 0 || compare_frames(&frames[*ret_count - 1], &frames[i]) != 0) {
            frames[(*ret_count)++] = frames[i];
        }
    }
    return frames;
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
        const struct instance *image = image_of(plan, &drawing->annotation.image);
        if (same_study(image, study) && drawing_kind(drawing->annotation.tool) != NULL) {
            touch(&document, &drawing->span);
        }
    }
    if (document.version > 0) {
        add(plan, &document);
    }
}

/* The image that a viewport shows; NULL = none, or no picture. */
static const struct instance *seen(const struct evidence_plan *plan,
                                   const struct viewport *viewport) {
    if (!viewport->has_image || viewport->page != 0) {
        return NULL;
    }
    const struct instance *image = image_of(plan, &viewport->image);
    return image != NULL && image->rows > 0 && image->document_type[0] == '\0' ? image : NULL;
}

static void plan_views(struct evidence_plan *plan) {
    for (uint32_t i = 0; i < plan->record->view_count; i++) {
        const struct recorded_view *view = &plan->record->views[i];
        const struct viewport_list *viewports = &view->layout.viewports;
        for (uint32_t j = 0; j < viewports->count; j++) {
            const struct instance *image = seen(plan, &viewports->items[j]);
            if (image != NULL && presentation_state_fits(image, &viewports->items[j])) {
                add(plan, &(struct evidence_document){.kind = EVIDENCE_VIEW,
                                                      .image = image,
                                                      .version = view->span.from,
                                                      .at = view->span.from_at,
                                                      .by = view->span.by,
                                                      .view = view,
                                                      .viewport = j});
            }
        }
    }
}

static bool shows_study(const struct evidence_plan *plan, const struct recorded_view *view,
                        const struct instance *study) {
    const struct viewport_list *viewports = &view->layout.viewports;
    for (uint32_t i = 0; i < viewports->count; i++) {
        if (same_study(seen(plan, &viewports->items[i]), study)) {
            return true;
        }
    }
    return false;
}

static void plan_key_images(struct evidence_plan *plan, const struct instance *study) {
    struct evidence_document document = {
        .kind = EVIDENCE_KEY_IMAGES, .image = study, .empty = true};
    for (uint32_t i = 0; i < plan->record->view_count; i++) {
        const struct recorded_view *view = &plan->record->views[i];
        if (view->kind == RECORDED_KEY && shows_study(plan, view, study)) {
            touch(&document, &view->span);
            document.by = view->span.by;
        }
    }
    if (document.version > 0) {
        add(plan, &document);
    }
}

static void for_each_study(struct evidence_plan *plan,
                           void (*planned)(struct evidence_plan *plan,
                                           const struct instance *study)) {
    for (size_t i = 0; i < plan->image_count; i++) {
        const struct instance *image = &plan->images[i].instance;
        if (i == 0 || !same_study(&plan->images[i - 1].instance, image)) {
            planned(plan, image);
        }
    }
}

bool evidence_plan_make(struct evidence_plan *plan, struct uuid patient_case,
                        const struct evidence_record *record, const struct described_frame *images,
                        size_t image_count) {
    *plan = (struct evidence_plan){.patient_case = patient_case,
                                   .record = record,
                                   .images = images,
                                   .image_count = image_count,
                                   .space = EVIDENCE_DOCUMENTS_MAX};
    plan->by_name = calloc(image_count + 1, sizeof(const struct described_frame *));
    plan->documents = calloc(plan->space, sizeof *plan->documents);
    if (plan->by_name == NULL || plan->documents == NULL) {
        return false;
    }
    for (size_t i = 0; i < image_count; i++) {
        plan->by_name[i] = &images[i];
    }
    qsort(plan->by_name, image_count, sizeof(const struct described_frame *), compare_images);
    for_each_study(plan, plan_measurements);
    plan_views(plan);
    for_each_study(plan, plan_key_images);
    return true;
}

void evidence_plan_finish(struct evidence_plan *plan) {
    free(plan->by_name);
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
        const struct instance *image = image_of(plan, &drawing->annotation.image);
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

static bool write_view(const struct evidence_plan *plan, const struct evidence_document *document,
                       const struct evidence_names *names, uint8_t **ret_bytes, size_t *ret_size) {
    static const char *const labels[] = {
        [RECORDED_SAVED] = "VIEW", [RECORDED_KEY] = "KEY_IMAGE", [RECORDED_DECIDED] = "DECISION"};
    const struct evidence_record *record = plan->record;
    const struct viewport *viewport = &document->view->layout.viewports.items[document->viewport];
    const struct annotation **drawings =
        calloc(record->drawing_count + 1, sizeof(const struct annotation *));
    if (drawings == NULL) {
        return false;
    }
    struct presentation_state state = {.header = header_of(document),
                                       .image = document->image,
                                       .viewport = viewport,
                                       .label = labels[document->view->kind],
                                       .title = document->view->title,
                                       .author = names->name_of(names->data, document->by),
                                       .drawings = drawings};
    for (uint32_t i = 0; viewport->overlays && i < record->drawing_count; i++) {
        const struct recorded_drawing *drawing = &record->drawings[i];
        const struct image_position *on = &drawing->annotation.image;
        const struct drawing_kind *kind = drawing_kind(drawing->annotation.tool);
        if (text_equal(on->sop_instance_uid, viewport->image.sop_instance_uid) &&
            on->frame == viewport->image.frame && kind != NULL &&
            drawing->annotation.points.count >= kind->points_min &&
            evidence_stands(&drawing->span, document->version)) {
            drawings[state.drawing_count++] = &drawing->annotation;
        }
    }
    bool written = presentation_state_write(&state, ret_bytes, ret_size);
    free(drawings);
    return written;
}

static int compare_key_images(const void *a, const void *b) {
    const struct key_object_image *one = a;
    const struct key_object_image *other = b;
    int order = strcmp(one->image->series_uid, other->image->series_uid);
    order =
        order != 0 ? order : strcmp(one->image->sop_instance_uid, other->image->sop_instance_uid);
    return order != 0 ? order : (one->frame > other->frame) - (one->frame < other->frame);
}

struct selection {
    struct key_object_image *images;
    size_t count;
    struct bounded_output titles;
};

static void select_view(const struct evidence_plan *plan, const struct evidence_document *document,
                        const struct recorded_view *view, struct selection *selection) {
    const struct viewport_list *viewports = &view->layout.viewports;
    for (uint32_t i = 0; i < viewports->count; i++) {
        const struct instance *image = seen(plan, &viewports->items[i]);
        if (same_study(image, document->image)) {
            selection->images[selection->count++] =
                (struct key_object_image){image, viewports->items[i].image.frame};
        }
    }
    if (view->title.length > 0) {
        bounded_output_text(&selection->titles, selection->titles.size > 0 ? "\r\n" : "");
        bounded_output_write(&selection->titles, view->title.bytes, view->title.length);
    }
}

/* Sorted, each once. */
static void settle_selection(struct selection *selection) {
    size_t count = 0;
    qsort(selection->images, selection->count, sizeof *selection->images, compare_key_images);
    for (size_t i = 0; i < selection->count; i++) {
        if (count == 0 ||
            compare_key_images(&selection->images[count - 1], &selection->images[i]) != 0) {
            selection->images[count++] = selection->images[i];
        }
    }
    selection->count = count;
}

static bool write_key_images(const struct evidence_plan *plan,
                             const struct evidence_document *document,
                             const struct evidence_names *names, uint8_t **ret_bytes,
                             size_t *ret_size) {
    const struct evidence_record *record = plan->record;
    size_t space = 1;
    for (uint32_t i = 0; i < record->view_count; i++) {
        space += record->views[i].layout.viewports.count;
    }
    struct selection selection = {.images = calloc(space, sizeof *selection.images)};
    bounded_output_init(&selection.titles, TITLES_MAX);
    for (uint32_t i = 0; selection.images != NULL && i < record->view_count; i++) {
        const struct recorded_view *view = &record->views[i];
        if (view->kind == RECORDED_KEY && evidence_stands(&view->span, document->version) &&
            shows_study(plan, view, document->image)) {
            select_view(plan, document, view, &selection);
        }
    }
    bool written = false;
    if (selection.count > 0) {
        settle_selection(&selection);
        struct key_object object = {
            .header = header_of(document),
            .description = {(uint32_t)selection.titles.size, (const char *)selection.titles.bytes},
            .author = names->name_of(names->data, document->by),
            .images = selection.images,
            .count = selection.count};
        written = key_object_write(&object, ret_bytes, ret_size);
    }
    bounded_output_finish(&selection.titles);
    free(selection.images);
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
        return write_view(plan, document, names, ret_bytes, ret_size);
    case EVIDENCE_KEY_IMAGES:
        return write_key_images(plan, document, names, ret_bytes, ret_size);
    }
    return false;
}
