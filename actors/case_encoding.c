/* How a case is shown to each audience, and saved. */
#include "actors/age.h"
#include "actors/growing_list.h"
#include "actors/patient_case.h"

static struct encoded show_status(const struct patient_case *the_case, uint8_t audiences,
                                  struct arena *arena) {
    struct case_status_snapshot snapshot = {.status = the_case->status,
                                            .status_at = the_case->status_at};
    if ((audiences & AUDIENCE_PATIENT) != 0) {
        snapshot.asks_consent = the_case->asks_consent;
        snapshot.consents = the_case->consents;
        snapshot.emergencies = the_case->emergencies;
        snapshot.viewers = case_viewers(the_case, arena);
        snapshot.has_restriction = the_case->is_restricted;
        snapshot.restriction = the_case->restriction;
    }
    return case_status_snapshot_encode(arena, &snapshot);
}

struct encoded case_show(const struct actor *actor, uint8_t audiences, struct arena *arena) {
    const struct patient_case *the_case = (const struct patient_case *)actor;
    if ((audiences & (AUDIENCE_CLINICAL | AUDIENCE_WORKFLOW)) == 0) {
        return show_status(the_case, audiences, arena);
    }
    struct case_snapshot snapshot = {
        .status = the_case->status,
        .status_at = the_case->status_at,
        .masked = (audiences & AUDIENCE_IDENTITY) == 0,
    };
    if ((audiences & (AUDIENCE_CLINICAL | AUDIENCE_IDENTITY)) != 0) {
        snapshot.title = the_case->title;
    }
    if (snapshot.masked && (audiences & AUDIENCE_CLINICAL) == 0) {
        snapshot.subject = (struct subject){0}; /* who runs the workflow needs nothing of them */
    } else if (snapshot.masked) {
        snapshot.subject.sex = the_case->subject.sex;
        snapshot.age = age_text(arena, the_case->subject.birth_date, the_case->status_at);
    } else {
        snapshot.subject = the_case->subject;
    }
    if ((audiences & AUDIENCE_WORKFLOW) != 0) {
        snapshot.members = the_case->members;
        snapshot.boards = the_case->boards;
        snapshot.organisation = the_case->organisation;
        snapshot.asks_consent = the_case->asks_consent;
        snapshot.consents = the_case->consents;
        snapshot.emergencies = the_case->emergencies;
        snapshot.has_hold = the_case->has_hold;
        snapshot.hold = the_case->hold;
        snapshot.has_restriction = the_case->is_restricted;
        snapshot.restriction = the_case->restriction;
    }
    if (!snapshot.masked) {
        snapshot.held_images = the_case->held_images;
        snapshot.held_studies = the_case->held_studies;
        snapshot.held_decisions = the_case->held_decisions;
    }
    if ((audiences & AUDIENCE_CLINICAL) != 0) {
        snapshot.display_sets = the_case->display_sets;
        snapshot.annotations = the_case->annotations;
        snapshot.views = the_case->views;
        snapshot.links = the_case->links;
        snapshot.messages = snapshot.masked ? (struct chat_message_list){0} : the_case->messages;
        snapshot.card = the_case->card;
        snapshot.key_images = the_case->key_images;
        snapshot.decisions = the_case->decisions;
        snapshot.tasks = the_case->tasks;
        snapshot.discussions = the_case->discussions;
        snapshot.has_stage = true;
        snapshot.stage = stage_snapshot(&the_case->stage, arena);
        snapshot.stage.arrivals = case_arrivals_told(the_case, NULL, arena);
    }
    return case_snapshot_encode(arena, &snapshot);
}

struct encoded case_save(const struct actor *actor, struct arena *arena) {
    const struct patient_case *the_case = (const struct patient_case *)actor;
    struct case_snapshot snapshot = {
        .subject = the_case->subject,
        .title = the_case->title,
        .status = the_case->status,
        .status_at = the_case->status_at,
        .members = the_case->members,
        .boards = the_case->boards,
        .display_sets = the_case->display_sets,
        .annotations = the_case->annotations,
        .views = the_case->views,
        .links = the_case->links,
        .messages = the_case->messages,
        .has_stage = true,
        .stage = stage_save(&the_case->stage, arena),
        .card = the_case->card,
        .key_images = the_case->key_images,
        .decisions = the_case->decisions,
        .tasks = the_case->tasks,
        .discussions = the_case->discussions,
        .organisation = the_case->organisation,
        .asks_consent = the_case->asks_consent,
        .consents = the_case->consents,
        .emergencies = the_case->emergencies,
        .has_hold = the_case->has_hold,
        .hold = the_case->hold,
        .erased = the_case->erased,
        .has_restriction = the_case->is_restricted,
        .restriction = the_case->restriction,
        .held_images = the_case->held_images,
        .held_studies = the_case->held_studies,
        .held_entry = the_case->held_entry,
        .held_decisions = the_case->held_decisions,
    };
    return case_snapshot_encode(arena, &snapshot);
}

#define RESTORE_LIST(list, copy)                                                                   \
    for (uint32_t i = 0; i < saved->list.count; i++) {                                             \
        copy(state, growing_list_add(state, &the_case->list), &saved->list.items[i]);              \
    }

static void take_over(struct patient_case *the_case, const struct case_snapshot *saved) {
    struct arena *state = the_case->actor.state;
    the_case->created = true;
    the_case->organisation = saved->organisation;
    the_case->asks_consent = saved->asks_consent;
    subject_copy(state, &the_case->subject, &saved->subject);
    the_case->title = arena_text(state, saved->title);
    the_case->status = saved->status;
    the_case->status_at = saved->status_at;
    RESTORE_LIST(members, case_member_copy)
    RESTORE_LIST(boards, board_link_copy)
    RESTORE_LIST(display_sets, display_set_copy)
    RESTORE_LIST(annotations, stored_annotation_copy)
    RESTORE_LIST(views, saved_view_copy)
    RESTORE_LIST(links, stored_link_copy)
    RESTORE_LIST(held_decisions, held_decision_copy)
    the_case->held_images = saved->held_images;
    the_case->held_studies = saved->held_studies;
    the_case->held_entry = saved->held_entry;
    RESTORE_LIST(messages, chat_message_copy)
    RESTORE_LIST(card, card_entry_copy)
    RESTORE_LIST(key_images, key_image_copy)
    RESTORE_LIST(tasks, task_copy)
    RESTORE_LIST(discussions, discussion_copy)
    RESTORE_LIST(consents, consent_copy)
    RESTORE_LIST(emergencies, emergency_copy)
    for (uint32_t i = 0; i < saved->decisions.count; i++) {
        case_put_decision(the_case, &saved->decisions.items[i]);
    }
    for (uint32_t i = 0; i < saved->messages.count; i++) {
        the_case->words += saved->messages.items[i].text.length;
    }
    the_case->has_hold = saved->has_hold;
    if (saved->has_hold) {
        legal_hold_copy(state, &the_case->hold, &saved->hold);
    }
    the_case->is_restricted = saved->has_restriction;
    if (saved->has_restriction) {
        restriction_copy(state, &the_case->restriction, &saved->restriction);
    }
    the_case->erased = saved->erased;
    the_case->stage.patient_case = the_case->actor.id;
    stage_restore(&the_case->stage, &saved->stage);
}

bool case_restore(struct actor *actor, struct encoded saved) {
    struct arena scratch;
    arena_init(&scratch, STATE_BYTES_MAX);
    struct reader reader = reader_of(saved.fields);
    struct case_snapshot snapshot;
    bool readable = case_snapshot_read(&reader, &scratch, &snapshot) && snapshot.has_stage;
    if (readable) {
        take_over((struct patient_case *)actor, &snapshot);
    }
    arena_finish(&scratch);
    return readable;
}
