/* What people say and prepare about a patient. */
#include "actors/patient_case.h"

const struct display_set *case_display_set(const struct patient_case *the_case, struct text id) {
    for (uint32_t i = 0; i < the_case->display_sets.count; i++) {
        if (text_equal(the_case->display_sets.items[i].display_set, id)) {
            return &the_case->display_sets.items[i];
        }
    }
    return NULL;
}

const struct saved_view *case_view(const struct patient_case *the_case, struct uuid id) {
    for (uint32_t i = 0; i < the_case->views.count; i++) {
        if (uuid_equal(the_case->views.items[i].view, id)) {
            return &the_case->views.items[i];
        }
    }
    return NULL;
}

void case_on_post_message(const struct patient_case *the_case, struct turn *turn,
                          const struct post_message *command) {
    if (!the_case->created) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (command->text.length == 0) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (the_case->messages.count == CASE_MESSAGES_MAX ||
               the_case->words + command->text.length > CASE_WORDS_MAX) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
    } else {
        struct message_posted event = {.message = turn->command_id, .text = command->text};
        turn_event(turn, message_posted_encode(turn->arena, &event));
    }
}

void case_on_save_view(const struct patient_case *the_case, struct turn *turn,
                       const struct save_view *command) {
    const struct saved_view *known = case_view(the_case, command->view);
    if (!the_case->created) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (uuid_is_zero(command->view) || command->title.length == 0 ||
               !stage_layout_is_whole(&command->layout)) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (known != NULL && !uuid_equal(known->by, turn->sender.user)) {
        turn_refuse_subject(turn, REFUSAL_NOT_YOURS, known->by);
    } else if (known == NULL && the_case->views.count == CASE_VIEWS_MAX) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
    } else {
        struct view_saved event = {.view = command->view,
                                   .title = command->title,
                                   .layout = command->layout,
                                   .note = command->note};
        event.layout.item = 0; /* a view belongs to the case, not to one meeting's agenda */
        event.layout.has_saved_view = false;
        turn_event(turn, view_saved_encode(turn->arena, &event));
    }
}

void case_on_remove_view(const struct patient_case *the_case, struct turn *turn,
                         const struct remove_view *command) {
    const struct saved_view *known = case_view(the_case, command->view);
    if (known == NULL) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (!uuid_equal(known->by, turn->sender.user)) {
        turn_refuse_subject(turn, REFUSAL_NOT_YOURS, known->by);
    } else {
        struct view_removed event = {.view = command->view};
        turn_event(turn, view_removed_encode(turn->arena, &event));
    }
}

void case_on_move_view(const struct patient_case *the_case, struct turn *turn,
                       const struct move_view *command) {
    const struct saved_view *known = case_view(the_case, command->view);
    if (known == NULL) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (command->position >= the_case->views.count) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (known != &the_case->views.items[command->position]) {
        struct view_moved event = {.view = command->view, .position = command->position};
        turn_event(turn, view_moved_encode(turn->arena, &event));
    }
}

/* What is known of the series and not in the command any more follows what is, without images. */
static uint32_t add_gone(const struct patient_case *the_case, const struct add_images *command,
                         struct display_set sets[CASE_SETS_TOLD]) {
    uint32_t count = command->display_sets.count;
    for (uint32_t i = 0; i < the_case->display_sets.count && count < CASE_SETS_TOLD; i++) {
        struct display_set known = the_case->display_sets.items[i];
        bool gone =
            command->series_uid.length > 0 && text_equal(known.series_uid, command->series_uid);
        for (uint32_t k = 0; gone && k < command->display_sets.count; k++) {
            gone = !text_equal(command->display_sets.items[k].display_set, known.display_set);
        }
        if (gone) {
            known.instances = 0;
            sets[count++] = known;
        }
    }
    return count;
}

static void tell_images(const struct patient_case *the_case, struct turn *turn,
                        const struct images_added *event) {
    turn_event(turn, images_added_encode(turn->arena, event));
    struct case_outlook outlook = case_outlook_of(the_case);
    if (!outlook.has[CARD_TOPIC_IMAGES]) {
        outlook.has[CARD_TOPIC_IMAGES] = true;
        case_report_to_all(the_case, turn, &outlook);
    }
}

void case_on_add_images(const struct patient_case *the_case, struct turn *turn,
                        const struct add_images *command) {
    struct display_set sets[CASE_SETS_TOLD];
    uint32_t added = 0, shown = command->display_sets.count;
    bool changed = false;
    for (uint32_t i = 0; i < shown; i++) {
        const struct display_set *set = &command->display_sets.items[i];
        const struct display_set *known = case_display_set(the_case, set->display_set);
        added += known == NULL;
        changed = changed || known == NULL || !display_set_equal(known, set);
        if (set->display_set.length == 0) {
            turn_refuse(turn, REFUSAL_MALFORMED);
            return;
        }
        sets[i] = *set;
    }
    uint32_t told = add_gone(the_case, command, sets);
    if (!the_case->created) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (the_case->display_sets.count + added > CASE_DISPLAY_SETS_MAX) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
    } else if (changed || told > shown) {
        tell_images(the_case, turn, &(struct images_added){.display_sets = {told, sets}});
    }
}
