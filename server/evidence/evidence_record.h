/*
 * What evidence is made of, as a case's events tell it: drawings, saved views, key images and the
 * view at a signed decision, each with the versions of the stream between which it stood. So the
 * state at any version is known, and what is made of the same events is the same.
 */
#ifndef CONSILIUM_EVIDENCE_EVIDENCE_RECORD_H
#define CONSILIUM_EVIDENCE_EVIDENCE_RECORD_H

#include "protocol/arena.h"
#include "protocol/generated/patient_case.h"

#define EVIDENCE_RECORD_MAX ((size_t)64 << 20) // bytes
#define EVIDENCE_ENTRIES_MAX 20000u            // drawings, and views

struct evidence_span {
    uint64_t from, to; // versions: it stands at from <= v < to; to 0 = still
    int64_t from_at, to_at;
    struct uuid by;
};

struct recorded_drawing {
    struct annotation annotation;
    struct evidence_span span;
};

enum recorded_view_kind { RECORDED_SAVED, RECORDED_KEY, RECORDED_DECIDED };

struct recorded_view {
    enum recorded_view_kind kind;
    struct uuid id; // of the view, the key image, the decision
    struct text title, note;
    struct layout layout;
    struct evidence_span span;
};

struct evidence_record {
    /* Owned. */
    struct arena arena;
    struct arena settled_arena;        // of `settled` alone, which is replaced often
    struct recorded_drawing *drawings; // in the arena, like all below
    struct recorded_view *views;
    /* Derived. */
    uint32_t drawing_count, drawing_space, view_count, view_space;
    struct layout settled; // on the case's own stage
    bool has_settled;
    uint64_t version; // of the last event that evidence is made of
    bool restricted;  // nothing may be made of it now
    bool erased;
    bool full; // there was more than fits: nothing is made
};

void evidence_record_init(struct evidence_record *record);
void evidence_record_finish(struct evidence_record *record);
/* One event after the other, in order. */
void evidence_record_add(struct evidence_record *record, const struct event_header *header,
                         struct bytes fields);

static inline bool evidence_stands(const struct evidence_span *span, uint64_t version) {
    return span->from <= version && (span->to == 0 || span->to > version);
}
/* When it changed last. */
static inline uint64_t evidence_touched(const struct evidence_span *span) {
    return span->to > span->from ? span->to : span->from;
}
static inline int64_t evidence_touched_at(const struct evidence_span *span) {
    return span->to > span->from ? span->to_at : span->from_at;
}

#endif
