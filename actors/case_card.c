/* The case card, and the images that go into the minutes. */
#include "actors/patient_case.h"

const struct card_entry *case_card_entry(const struct patient_case *the_case,
                                         enum card_topic topic) {
    for (uint32_t i = 0; i < the_case->card.count; i++) {
        if (the_case->card.items[i].topic == topic) {
            return &the_case->card.items[i];
        }
    }
    return NULL;
}

size_t case_record_bytes(const struct patient_case *the_case) {
    size_t bytes = 0;
    for (uint32_t i = 0; i < the_case->card.count; i++) {
        bytes += the_case->card.items[i].text.length;
    }
    for (uint32_t i = 0; i < the_case->decisions.count; i++) {
        const struct decision *decision = &the_case->decisions.items[i];
        for (uint32_t j = 0; j < decision->fields.count; j++) {
            bytes += decision->fields.items[j].key.length + decision->fields.items[j].value.length;
        }
        for (uint32_t j = 0; j < decision->votes.count; j++) {
            bytes += decision->votes.items[j].name.length + decision->votes.items[j].reason.length;
        }
        for (uint32_t j = 0; j < decision->addenda.count; j++) {
            bytes += decision->addenda.items[j].text.length;
        }
        bytes += decision->following_why.length + decision->signed_name.length;
    }
    for (uint32_t i = 0; i < the_case->tasks.count; i++) {
        const struct task *task = &the_case->tasks.items[i];
        bytes += task->text.length + task->owner_name.length + task->reason.length;
    }
    return bytes;
}

void case_on_set_card(const struct patient_case *the_case, struct turn *turn,
                      const struct set_card *command) {
    const struct card_entry *known = case_card_entry(the_case, command->topic);
    uint64_t stands_at = known == NULL ? 0 : known->version;
    if (!the_case->created) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (command->topic == CARD_TOPIC_IMAGES) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (command->based != stands_at) {
        turn_refuse_subject(turn, REFUSAL_CHANGED, known == NULL ? (struct uuid){{0}} : known->by);
    } else if (case_record_bytes(the_case) + command->text.length > CASE_RECORD_MAX) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
    } else if (known == NULL ? command->text.length > 0 : !text_equal(known->text, command->text)) {
        struct card_set event = {.topic = command->topic, .text = command->text};
        turn_event(turn, card_set_encode(turn->arena, &event));
        struct case_outlook outlook = case_outlook_of(the_case);
        bool has = command->text.length > 0;
        if (outlook.has[command->topic] != has) {
            outlook.has[command->topic] = has;
            case_report_to_all(the_case, turn, &outlook);
        }
    }
}

static const struct key_image *key_image_of(const struct patient_case *the_case, struct uuid key) {
    for (uint32_t i = 0; i < the_case->key_images.count; i++) {
        if (uuid_equal(the_case->key_images.items[i].key, key)) {
            return &the_case->key_images.items[i];
        }
    }
    return NULL;
}

void case_on_mark_key_image(const struct patient_case *the_case, struct turn *turn,
                            const struct mark_key_image *command) {
    if (!the_case->created) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (uuid_is_zero(command->key) || !stage_layout_is_whole(&command->layout)) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (key_image_of(the_case, command->key) != NULL) {
        turn_refuse_subject(turn, REFUSAL_CONFLICT, command->key);
    } else if (the_case->key_images.count == CASE_KEY_IMAGES_MAX) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
    } else {
        struct key_image_marked event = {
            .key = command->key, .title = command->title, .layout = command->layout};
        event.layout.item = 0;
        event.layout.has_saved_view = false;
        turn_event(turn, key_image_marked_encode(turn->arena, &event));
    }
}

void case_on_unmark_key_image(const struct patient_case *the_case, struct turn *turn,
                              const struct unmark_key_image *command) {
    const struct key_image *known = key_image_of(the_case, command->key);
    if (known == NULL) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (!uuid_equal(known->by, turn->sender.user) &&
               (turn->sender.roles & 1u << ROLE_COORDINATOR) == 0) {
        turn_refuse_subject(turn, REFUSAL_NOT_YOURS, known->by);
    } else {
        struct key_image_unmarked event = {.key = command->key};
        turn_event(turn, key_image_unmarked_encode(turn->arena, &event));
    }
}
