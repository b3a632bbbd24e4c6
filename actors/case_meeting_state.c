/* What the events of preparing, deciding and following up make of a case. */
#include "actors/growing_list.h"
#include "actors/patient_case.h"

static struct arena *state_of(struct patient_case *the_case) {
    return the_case->actor.state;
}

void case_apply_card_set(struct patient_case *the_case, const struct event_header *header,
                         const struct card_set *event) {
    struct card_entry *entry = (struct card_entry *)case_card_entry(the_case, event->topic);
    if (entry == NULL) {
        entry = growing_list_add(state_of(the_case), &the_case->card);
    }
    *entry = (struct card_entry){.topic = event->topic,
                                 .text = arena_text(state_of(the_case), event->text),
                                 .by = header->by,
                                 .at = header->at,
                                 .version = header->version};
}

void case_apply_key_image_marked(struct patient_case *the_case, const struct event_header *header,
                                 const struct key_image_marked *event) {
    struct key_image *image = growing_list_add(state_of(the_case), &the_case->key_images);
    image->key = event->key;
    image->title = arena_text(state_of(the_case), event->title);
    image->by = header->by;
    image->at = header->at;
    layout_copy(state_of(the_case), &image->layout, &event->layout);
}

void case_apply_key_image_unmarked(struct patient_case *the_case, const struct event_header *header,
                                   const struct key_image_unmarked *event) {
    (void)header;
    for (uint32_t i = 0; i < the_case->key_images.count; i++) {
        if (uuid_equal(the_case->key_images.items[i].key, event->key)) {
            growing_list_remove(&the_case->key_images, i);
            return;
        }
    }
}

static void replace_tasks(struct patient_case *the_case, struct uuid decision,
                          const struct task_list *tasks) {
    for (uint32_t i = the_case->tasks.count; i > 0; i--) {
        if (uuid_equal(the_case->tasks.items[i - 1].decision, decision)) {
            growing_list_remove(&the_case->tasks, i - 1);
        }
    }
    for (uint32_t i = 0; i < tasks->count; i++) {
        task_copy(state_of(the_case), growing_list_add(state_of(the_case), &the_case->tasks),
                  &tasks->items[i]);
    }
}

void case_apply_decision_recorded(struct patient_case *the_case, const struct event_header *header,
                                  const struct decision_recorded *event) {
    struct decision *decision = case_decision(the_case, event->decision);
    if (decision == NULL) {
        decision = growing_list_add(state_of(the_case), &the_case->decisions);
        *decision = (struct decision){
            .decision = event->decision, .board = event->board, .item = event->item};
    }
    decision->revision = event->revision;
    decision->template_version = event->template_version;
    decision->side = event->side;
    decision->standard = event->standard;
    decision->by = header->by;
    decision->at = header->at;
    field_value_list_copy(state_of(the_case), &decision->fields, &event->fields);
    replace_tasks(the_case, event->decision, &event->tasks);
}

void case_apply_decision_signed(struct patient_case *the_case, const struct event_header *header,
                                const struct decision_signed *event) {
    struct decision *decision = case_decision(the_case, event->decision);
    if (decision != NULL) {
        decision->signed_by = event->by;
        decision->signed_name = arena_text(state_of(the_case), event->name);
        decision->signed_at = header->at;
        decision->has_signature = event->has_signature;
        signature_copy(state_of(the_case), &decision->signature, &event->signature);
    }
}

static void put_vote(struct patient_case *the_case, struct decision *decision,
                     const struct vote *vote) {
    struct vote *place = NULL;
    for (uint32_t i = 0; i < decision->votes.count && place == NULL; i++) {
        if (uuid_equal(decision->votes.items[i].person, vote->person)) {
            place = &decision->votes.items[i];
        }
    }
    if (place == NULL) {
        place = growing_list_add(state_of(the_case), &decision->votes);
    }
    vote_copy(state_of(the_case), place, vote);
}

void case_apply_vote(struct patient_case *the_case, const struct event_header *header,
                     const struct vote_cast *event) {
    (void)header;
    struct decision *decision = case_decision(the_case, event->decision);
    if (decision != NULL) {
        put_vote(the_case, decision, &event->vote);
    }
}

void case_apply_task_closed(struct patient_case *the_case, const struct event_header *header,
                            const struct task_closed *event) {
    struct task *task = case_task(the_case, event->task);
    if (task != NULL) {
        bool open = event->state == TASK_STATE_OPEN;
        task->state = event->state;
        task->reason = arena_text(state_of(the_case), event->reason);
        task->closed_by = open ? (struct uuid){{0}} : header->by;
        task->closed_at = open ? 0 : header->at;
    }
}

void case_apply_task_came_due(struct patient_case *the_case, const struct event_header *header,
                              const struct task_came_due *event) {
    (void)the_case;
    (void)header;
    (void)event; /* the record says so; the task itself is as open as before */
}

void case_apply_following(struct patient_case *the_case, const struct event_header *header,
                          const struct following_recorded *event) {
    struct decision *decision = case_decision(the_case, event->decision);
    if (decision != NULL) {
        decision->following = event->following;
        decision->following_why = arena_text(state_of(the_case), event->why);
        decision->following_at = header->at;
    }
}

void case_apply_opened(struct patient_case *the_case, const struct event_header *header,
                       const struct opened_for_board *event) {
    (void)header;
    struct board_link *link = (struct board_link *)case_board(the_case, event->board);
    if (link != NULL && link->item == event->item) {
        link->open = event->open;
    }
}

void case_apply_sealed(struct patient_case *the_case, const struct event_header *header,
                       const struct sealed_for_board *event) {
    (void)header;
    struct board_link *link = (struct board_link *)case_board(the_case, event->board);
    if (link != NULL && link->item == event->item) {
        link->sealed = event->sealed;
    }
}

void case_apply_discussed(struct patient_case *the_case, const struct event_header *header,
                          const struct discussed *event) {
    (void)header;
    const struct discussion *said = &event->discussion;
    struct discussion *place =
        (struct discussion *)case_discussion(the_case, said->board, said->item);
    if (place == NULL && the_case->discussions.count == CASE_DISCUSSIONS_MAX) {
        growing_list_remove(&the_case->discussions, 0); /* the record keeps it */
    }
    if (place == NULL) {
        place = growing_list_add(state_of(the_case), &the_case->discussions);
    }
    discussion_copy(state_of(the_case), place, said);
}

void case_put_decision(struct patient_case *the_case, const struct decision *decision) {
    struct decision *place = growing_list_add(state_of(the_case), &the_case->decisions);
    struct decision without = *decision;
    without.votes = (struct vote_list){0};
    without.addenda = (struct addendum_list){0};
    decision_copy(state_of(the_case), place, &without);
    for (uint32_t i = 0; i < decision->votes.count; i++) {
        put_vote(the_case, place, &decision->votes.items[i]);
    }
    for (uint32_t i = 0; i < decision->addenda.count; i++) {
        addendum_copy(state_of(the_case), growing_list_add(state_of(the_case), &place->addenda),
                      &decision->addenda.items[i]);
    }
}
