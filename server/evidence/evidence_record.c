#include "server/evidence/evidence_record.h"

#include <string.h>

enum { FIRST_SPACE = 16, EVENT_ARENA_MAX = 4 * 1024 * 1024 };

void evidence_record_init(struct evidence_record *record) {
    memset(record, 0, sizeof *record);
    arena_init(&record->arena, EVIDENCE_RECORD_MAX);
    arena_init(&record->settled_arena, EVENT_ARENA_MAX);
}

void evidence_record_finish(struct evidence_record *record) {
    arena_finish(&record->arena);
    arena_finish(&record->settled_arena);
}

/* Space for one more; the list moves. NULL = full. */
static void *more(struct evidence_record *record, void **list, uint32_t *count, uint32_t *space,
                  size_t size) {
    if (*count == *space) {
        uint32_t wanted = *space == 0 ? FIRST_SPACE : *space * 2;
        void *grown = wanted > EVIDENCE_ENTRIES_MAX * 2 ? NULL
                      : *list == NULL
                          ? arena_alloc(&record->arena, wanted * size)
                          : arena_extend(&record->arena, *list, *space * size, wanted * size);
        if (grown == NULL) {
            record->full = true;
            return NULL;
        }
        *list = grown;
        *space = wanted;
    }
    void *item = (uint8_t *)*list + (size_t)(*count)++ * size;
    memset(item, 0, size);
    return item;
}

static struct evidence_span span_from(const struct event_header *header) {
    return (struct evidence_span){.from = header->version, .from_at = header->at, .by = header->by};
}

static void end(struct evidence_span *span, const struct event_header *header) {
    if (span->to == 0) {
        span->to = header->version;
        span->to_at = header->at;
    }
}

static void add_drawing(struct evidence_record *record, const struct event_header *header,
                        const struct annotation_added *event) {
    struct recorded_drawing *drawing =
        more(record, (void **)&record->drawings, &record->drawing_count, &record->drawing_space,
             sizeof *record->drawings);
    if (drawing != NULL) {
        annotation_copy(&record->arena, &drawing->annotation, &event->annotation);
        drawing->span = span_from(header);
    }
}

static void end_drawing(struct evidence_record *record, const struct event_header *header,
                        struct uuid annotation) {
    for (uint32_t i = 0; i < record->drawing_count; i++) {
        if (uuid_equal(record->drawings[i].annotation.annotation, annotation)) {
            end(&record->drawings[i].span, header);
        }
    }
}

/* The same drawing with other words from here on. */
static void label_drawing(struct evidence_record *record, const struct event_header *header,
                          const struct annotation_labelled *event) {
    for (uint32_t i = 0; i < record->drawing_count; i++) {
        struct recorded_drawing before = record->drawings[i];
        if (before.span.to == 0 && uuid_equal(before.annotation.annotation, event->annotation)) {
            end(&record->drawings[i].span, header);
            before.annotation.label = event->label;
            struct event_header author = *header;
            author.by = before.span.by;
            add_drawing(record, &author, &(struct annotation_added){before.annotation});
            return;
        }
    }
}

static void end_view(struct evidence_record *record, const struct event_header *header,
                     enum recorded_view_kind kind, struct uuid id) {
    for (uint32_t i = 0; i < record->view_count; i++) {
        if (record->views[i].kind == kind && uuid_equal(record->views[i].id, id)) {
            end(&record->views[i].span, header);
        }
    }
}

/* One with the same id is replaced. */
static void add_view(struct evidence_record *record, const struct event_header *header,
                     const struct recorded_view *given) {
    end_view(record, header, given->kind, given->id);
    struct recorded_view *view = more(record, (void **)&record->views, &record->view_count,
                                      &record->view_space, sizeof *record->views);
    if (view != NULL) {
        view->kind = given->kind;
        view->id = given->id;
        view->title = arena_text(&record->arena, given->title);
        view->note = arena_text(&record->arena, given->note);
        layout_copy(&record->arena, &view->layout, &given->layout);
        view->span = span_from(header);
    }
}

static void settle(struct evidence_record *record, struct bytes fields) {
    arena_reset(&record->settled_arena);
    struct reader reader = reader_of(fields);
    const struct stage_settled *event =
        patient_case_decode_down(STAGE_STAGE_SETTLED, &reader, &record->settled_arena);
    record->has_settled = event != NULL;
    if (event != NULL) {
        struct layout borrowed = event->layout;
        layout_copy(&record->settled_arena, &record->settled, &borrowed);
    }
}

static void apply(struct evidence_record *record, const struct event_header *header,
                  const void *event) {
    switch (header->tag) {
    case PATIENT_CASE_ANNOTATION_ADDED:
        add_drawing(record, header, event);
        break;
    case PATIENT_CASE_ANNOTATION_REMOVED:
        end_drawing(record, header, ((const struct annotation_removed *)event)->annotation);
        break;
    case PATIENT_CASE_ANNOTATION_LABELLED:
        label_drawing(record, header, event);
        break;
    case PATIENT_CASE_VIEW_SAVED: {
        const struct view_saved *saved = event;
        add_view(record, header,
                 &(struct recorded_view){
                     RECORDED_SAVED, saved->view, saved->title, saved->note, saved->layout, {0}});
        break;
    }
    case PATIENT_CASE_VIEW_REMOVED:
        end_view(record, header, RECORDED_SAVED, ((const struct view_removed *)event)->view);
        break;
    case PATIENT_CASE_KEY_IMAGE_MARKED: {
        const struct key_image_marked *marked = event;
        add_view(record, header,
                 &(struct recorded_view){
                     RECORDED_KEY, marked->key, marked->title, {0, NULL}, marked->layout, {0}});
        break;
    }
    case PATIENT_CASE_KEY_IMAGE_UNMARKED:
        end_view(record, header, RECORDED_KEY, ((const struct key_image_unmarked *)event)->key);
        break;
    case PATIENT_CASE_DECISION_SIGNED:
        if (record->has_settled) {
            static const struct text title = {8, "Decision"};
            add_view(record, header,
                     &(struct recorded_view){RECORDED_DECIDED,
                                             ((const struct decision_signed *)event)->decision,
                                             title,
                                             {0, NULL},
                                             record->settled,
                                             {0}});
        }
        break;
    default:
        break;
    }
}

void evidence_record_add(struct evidence_record *record, const struct event_header *header,
                         struct bytes fields) {
    switch (header->tag) {
    case PATIENT_CASE_USE_RESTRICTED:
        record->restricted = true;
        return;
    case PATIENT_CASE_RESTRICTION_LIFTED:
        record->restricted = false;
        record->version = header->version;
        return;
    case PATIENT_CASE_ERASURE_ORDERED:
        record->erased = true;
        return;
    case STAGE_STAGE_SETTLED:
    case PATIENT_CASE_ANNOTATION_ADDED:
    case PATIENT_CASE_ANNOTATION_REMOVED:
    case PATIENT_CASE_ANNOTATION_LABELLED:
    case PATIENT_CASE_VIEW_SAVED:
    case PATIENT_CASE_VIEW_REMOVED:
    case PATIENT_CASE_KEY_IMAGE_MARKED:
    case PATIENT_CASE_KEY_IMAGE_UNMARKED:
    case PATIENT_CASE_DECISION_SIGNED:
        break;
    default:
        return;
    }
    if (header->tag == STAGE_STAGE_SETTLED) {
        settle(record, fields);
        return;
    }
    struct arena arena;
    arena_init(&arena, EVENT_ARENA_MAX);
    struct reader reader = reader_of(fields);
    const void *event = patient_case_decode_down(header->tag, &reader, &arena);
    if (event != NULL) {
        apply(record, header, event);
    }
    record->version = header->version;
    record->full |= event == NULL;
    record->full |= record->arena.failed;
    arena_finish(&arena);
}
