/* What events make of a case. The same functions replay the record. */
#include "actors/growing_list.h"
#include "actors/patient_case.h"

static struct arena *state_of(struct patient_case *the_case) {
    return the_case->actor.state;
}

static void put_member(struct patient_case *the_case, const struct case_member *member) {
    struct case_member *place =
        (struct case_member *)case_member_in(&the_case->members, member->user);
    if (place == NULL) {
        place = growing_list_add(state_of(the_case), &the_case->members);
    }
    case_member_copy(state_of(the_case), place, member);
}

void case_apply_created(struct patient_case *the_case, const struct event_header *header,
                        const struct case_created *event) {
    the_case->created = true;
    the_case->stage.patient_case = the_case->actor.id;
    subject_copy(state_of(the_case), &the_case->subject, &event->subject);
    the_case->title = arena_text(state_of(the_case), event->title);
    the_case->status_at = header->at;
    the_case->organisation = event->organisation;
    the_case->asks_consent = event->asks_consent;
    for (uint32_t i = 0; i < event->members.count; i++) {
        put_member(the_case, &event->members.items[i]);
    }
}

void case_apply_message(struct patient_case *the_case, const struct event_header *header,
                        const struct message_posted *event) {
    struct chat_message *message = growing_list_add(state_of(the_case), &the_case->messages);
    *message = (struct chat_message){.message = event->message,
                                     .at = header->at,
                                     .by = header->by,
                                     .text = arena_text(state_of(the_case), event->text),
                                     .version = header->version};
    the_case->words += event->text.length;
}

void case_apply_view_saved(struct patient_case *the_case, const struct event_header *header,
                           const struct view_saved *event) {
    struct saved_view *view = (struct saved_view *)case_view(the_case, event->view);
    if (view == NULL) {
        view = growing_list_add(state_of(the_case), &the_case->views);
    }
    view->view = event->view;
    view->title = arena_text(state_of(the_case), event->title);
    view->note = arena_text(state_of(the_case), event->note);
    layout_copy(state_of(the_case), &view->layout, &event->layout);
    view->by = header->by;
    view->at = header->at;
}

void case_apply_view_moved(struct patient_case *the_case, const struct event_header *header,
                           const struct view_moved *event) {
    (void)header;
    const struct saved_view *found = case_view(the_case, event->view);
    if (found == NULL || event->position >= the_case->views.count) {
        return;
    }
    struct saved_view *views = the_case->views.items, moved = *found;
    uint32_t from = (uint32_t)(found - views), to = event->position;
    if (from < to) {
        memmove(&views[from], &views[from + 1], (to - from) * sizeof *views);
    } else {
        memmove(&views[to + 1], &views[to], (from - to) * sizeof *views);
    }
    views[to] = moved;
}

void case_apply_view_removed(struct patient_case *the_case, const struct event_header *header,
                             const struct view_removed *event) {
    (void)header;
    const struct saved_view *view = case_view(the_case, event->view);
    if (view != NULL) {
        uint32_t index = (uint32_t)(view - the_case->views.items);
        growing_list_remove(&the_case->views, index);
    }
}

void case_apply_access_granted(struct patient_case *the_case, const struct event_header *header,
                               const struct access_granted *event) {
    (void)header;
    put_member(the_case, &event->member);
}

static void remove_member(struct patient_case *the_case, struct uuid user) {
    const struct case_member *member = case_member_in(&the_case->members, user);
    if (member != NULL) {
        uint32_t index = (uint32_t)(member - the_case->members.items);
        growing_list_remove(&the_case->members, index);
    }
}

void case_apply_access_revoked(struct patient_case *the_case, const struct event_header *header,
                               const struct access_revoked *event) {
    (void)header;
    remove_member(the_case, event->user);
}

void case_apply_access_ended(struct patient_case *the_case, const struct event_header *header,
                             const struct access_ended *event) {
    (void)header;
    remove_member(the_case, event->user);
}

void case_apply_listed(struct patient_case *the_case, const struct event_header *header,
                       const struct listed_on_board *event) {
    (void)header;
    struct board_link *link = (struct board_link *)case_board(the_case, event->link.board);
    if (link == NULL) {
        link = growing_list_add(state_of(the_case), &the_case->boards);
    }
    board_link_copy(state_of(the_case), link, &event->link);
}

void case_apply_unlisted(struct patient_case *the_case, const struct event_header *header,
                         const struct unlisted_from_board *event) {
    (void)header;
    const struct board_link *link = case_board(the_case, event->board);
    if (link != NULL) {
        uint32_t index = (uint32_t)(link - the_case->boards.items);
        growing_list_remove(&the_case->boards, index);
    }
}

void case_apply_status(struct patient_case *the_case, const struct event_header *header,
                       const struct status_changed *event) {
    bool open = event->status != CASE_STATUS_IN_DISCUSSION;
    the_case->status = event->status;
    the_case->status_at = header->at;
    stage_set_open(&the_case->stage, open);
    if (!open) {
        stage_end_all_drafts(&the_case->stage, header->at);
    }
}

void case_apply_images(struct patient_case *the_case, const struct event_header *header,
                       const struct images_added *event) {
    (void)header;
    for (uint32_t i = 0; i < event->display_sets.count; i++) {
        const struct display_set *set = &event->display_sets.items[i];
        struct display_set *place =
            (struct display_set *)case_display_set(the_case, set->display_set);
        if (set->instances == 0) {
            if (place != NULL) {
                growing_list_remove(&the_case->display_sets,
                                    (uint32_t)(place - the_case->display_sets.items));
            }
            continue;
        }
        if (place == NULL) {
            place = growing_list_add(state_of(the_case), &the_case->display_sets);
        }
        display_set_copy(state_of(the_case), place, set);
    }
}
