#include "server/case_identity.h"

#include "protocol/generated/patient_case.h"
#include "server/log.h"

#include <stdlib.h>

enum { ARENA_MAX = 8 * 1024 * 1024, COMMAND_ARENA_MAX = 4096 };

/* One who waits for the case's actor; outlives the answer that was given at the end. */
struct asked_identity {
    struct case_images *images; /* NULL = it was answered already */
    struct uuid patient_case;
    imaging_identified answer;
    void *data;
    struct asked_identity *next, **link;
};

static void leave(struct asked_identity *asked) {
    *asked->link = asked->next;
    if (asked->next != NULL) {
        asked->next->link = asked->link;
    }
    asked->images = NULL;
}

static void answer(struct asked_identity *asked, const struct case_snapshot *snapshot) {
    struct case_identity identity = {
        .patient = {.name = snapshot->subject.name,
                    .birth_date = snapshot->subject.birth_date,
                    .sex = snapshot->subject.sex,
                    .patient_id = snapshot->subject.patient_id},
        .decisions = &snapshot->held_decisions,
    };
    asked->answer(asked->data, &identity);
}

static void on_grant(void *data, struct grant grant) {
    struct asked_identity *asked = data;
    (void)grant; /* nobody's: what is asked for is that the case was read */
    if (asked->images != NULL) {
        struct arena shown, read;
        struct case_snapshot snapshot;
        arena_init(&shown, ARENA_MAX);
        arena_init(&read, ARENA_MAX);
        struct encoded encoded =
            node_show(asked->images->node, CHANNEL_KIND_PATIENT_CASE, asked->patient_case,
                      AUDIENCE_IDENTITY | AUDIENCE_WORKFLOW, &shown);
        struct reader reader = reader_of(encoded.fields);
        bool known = encoded.tag == PATIENT_CASE_CASE_SNAPSHOT &&
                     case_snapshot_read(&reader, &read, &snapshot);
        leave(asked);
        if (known) {
            answer(asked, &snapshot);
        } else {
            asked->answer(asked->data, NULL);
        }
        arena_finish(&read);
        arena_finish(&shown);
    }
    free(asked);
}

void case_images_identify(void *data, struct uuid patient_case, imaging_identified answer_to,
                          void *answer_data) {
    static const struct uuid nobody = {{0}};
    struct case_images *images = data;
    struct asked_identity *asked = images->closing ? NULL : calloc(1, sizeof(*asked));
    if (asked == NULL) {
        answer_to(answer_data, NULL);
        return;
    }
    *asked = (struct asked_identity){.images = images,
                                     .patient_case = patient_case,
                                     .answer = answer_to,
                                     .data = answer_data,
                                     .next = images->asked,
                                     .link = &images->asked};
    if (asked->next != NULL) {
        asked->next->link = &asked->next;
    }
    images->asked = asked;
    node_ask_grant(images->node, CHANNEL_KIND_PATIENT_CASE, patient_case, nobody, on_grant, asked);
}

void case_images_answer_all(struct case_images *images) {
    while (images->asked != NULL) {
        struct asked_identity *asked = images->asked;
        leave(asked);
        asked->answer(asked->data, NULL);
    }
}

struct noting {
    struct case_images *images;
    struct held_count held;
};

static void on_noted(void *data, bool accepted, enum refusal why, uint64_t version) {
    struct noting *noting = data;
    struct imaging_service *imaging = noting->images->imaging; /* NULL = it ended meanwhile */
    (void)version;
    if (accepted && imaging != NULL) {
        imaging_held_noted(imaging, &noting->held);
        if (noting->held.kept_count > 0) {
            imaging_held_not_noted(imaging, noting->held.patient_case); // those are settled now
        }
    } else if (!accepted && imaging != NULL) {
        log_warning("imaging", "a case was not told what is held reason=%d", (int)why);
        if (why == REFUSAL_BUSY || why == REFUSAL_UNAVAILABLE) {
            imaging_held_not_noted(imaging, noting->held.patient_case);
        }
    }
    free(noting);
}

void case_images_on_held(void *data, const struct held_count *held) {
    static const struct uuid nobody = {{0}};
    struct case_images *images = data;
    struct note_held command = {.images = (uint32_t)held->images,
                                .studies = (uint32_t)held->studies,
                                .kept = {held->kept_count, (uint64_t *)(uintptr_t)held->kept}};
    struct noting *noting = malloc(sizeof(*noting));
    struct arena arena;
    if (noting == NULL) {
        imaging_held_not_noted(images->imaging, held->patient_case);
        return;
    }
    *noting = (struct noting){images, *held};
    images->clock->random(images->clock, command.command_id.bytes,
                          sizeof(command.command_id.bytes));
    arena_init(&arena, COMMAND_ARENA_MAX);
    node_command(images->node, CHANNEL_KIND_PATIENT_CASE, held->patient_case, nobody,
                 note_held_encode(&arena, &command), on_noted, noting);
    arena_finish(&arena);
}
