/*
 * What a board decides about a case. A decision is recorded at once and signed later, by the
 * board's chair, with the patient and the side read back; whoever read another revision signs
 * nothing. A case takes one decision for each time it is on an agenda.
 */
#include "actors/patient_case.h"

struct decision *case_decision(const struct patient_case *the_case, struct uuid decision) {
    for (uint32_t i = 0; i < the_case->decisions.count; i++) {
        if (uuid_equal(the_case->decisions.items[i].decision, decision)) {
            return &the_case->decisions.items[i];
        }
    }
    return NULL;
}

const struct decision *case_decision_for(const struct patient_case *the_case, struct uuid board,
                                         uint32_t item) {
    for (uint32_t i = 0; i < the_case->decisions.count; i++) {
        const struct decision *decision = &the_case->decisions.items[i];
        if (uuid_equal(decision->board, board) && decision->item == item) {
            return decision;
        }
    }
    return NULL;
}

static bool is_signed(const struct decision *decision) {
    return decision->signed_at != 0;
}

enum decision_state case_decision_state(const struct patient_case *the_case, struct uuid board,
                                        uint32_t item) {
    const struct decision *decision = case_decision_for(the_case, board, item);
    if (decision == NULL) {
        return DECISION_STATE_NONE;
    }
    return is_signed(decision) ? DECISION_STATE_SIGNED : DECISION_STATE_RECORDED;
}

static const struct template_field *field_of(const struct template *template, struct text key) {
    for (uint32_t i = 0; i < template->fields.count; i++) {
        if (text_equal(template->fields.items[i].key, key)) {
            return &template->fields.items[i];
        }
    }
    return NULL;
}

static bool is_choice(const struct template_field *field, struct text value) {
    for (uint32_t i = 0; i < field->choices.count; i++) {
        if (text_equal(field->choices.items[i].text, value)) {
            return true;
        }
    }
    return value.length == 0;
}

/* Only what the template asks for, each once. The side is no field: it has a type of its own. */
static bool fits(const struct template *template, const struct field_value_list *fields) {
    for (uint32_t i = 0; i < fields->count; i++) {
        const struct field_value *value = &fields->items[i];
        const struct template_field *field = field_of(template, value->key);
        if (field == NULL || field->kind == FIELD_KIND_SIDE ||
            (field->kind == FIELD_KIND_CHOICE && !is_choice(field, value->value))) {
            return false;
        }
        for (uint32_t j = 0; j < i; j++) {
            if (text_equal(fields->items[j].key, value->key)) {
                return false;
            }
        }
    }
    return true;
}

static bool are_tasks(const struct patient_case *the_case, struct uuid decision,
                      const struct task_list *tasks) {
    for (uint32_t i = 0; i < tasks->count; i++) {
        const struct task *known = case_task(the_case, tasks->items[i].task);
        if (uuid_is_zero(tasks->items[i].task) || tasks->items[i].text.length == 0 ||
            (known != NULL && !uuid_equal(known->decision, decision))) {
            return false;
        }
        for (uint32_t j = 0; j < i; j++) {
            if (uuid_equal(tasks->items[j].task, tasks->items[i].task)) {
                return false;
            }
        }
    }
    return true;
}

static size_t bytes_of(const struct record_decision *command) {
    size_t bytes = 0;
    for (uint32_t i = 0; i < command->fields.count; i++) {
        bytes += command->fields.items[i].key.length + command->fields.items[i].value.length;
    }
    for (uint32_t i = 0; i < command->tasks.count; i++) {
        bytes += command->tasks.items[i].text.length + command->tasks.items[i].owner_name.length;
    }
    return bytes;
}

static bool has_space(const struct patient_case *the_case, const struct record_decision *command,
                      const struct decision *known) {
    return (known != NULL || the_case->decisions.count < CASE_DECISIONS_MAX) &&
           the_case->tasks.count + command->tasks.count <= CASE_TASKS_MAX &&
           case_record_bytes(the_case) + bytes_of(command) <= CASE_RECORD_MAX;
}

/* The link to the board that decides, while it may; NULL when the turn was refused. */
static const struct board_link *deciding(const struct patient_case *the_case, struct turn *turn,
                                         struct uuid board, uint32_t item) {
    const struct board_link *link = case_board(the_case, board);
    if (link == NULL) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (link->item != item) {
        turn_refuse_item(turn, REFUSAL_WRONG_ITEM, link->item);
        link = NULL;
    } else if (!link->has_template || link->sealed) {
        turn_refuse(turn, REFUSAL_BAD_STATE);
        link = NULL;
    }
    return link;
}

/* As they begin: what becomes of a task is said later, by others. */
static struct task_list fresh_tasks(struct turn *turn, const struct record_decision *command) {
    struct task_list tasks = {.count = command->tasks.count};
    tasks.items = arena_alloc(turn->arena, (tasks.count + 1) * sizeof *tasks.items);
    turn_check(turn, tasks.items != NULL);
    for (uint32_t i = 0; i < tasks.count; i++) {
        const struct task *said = &command->tasks.items[i];
        tasks.items[i] = (struct task){.task = said->task,
                                       .decision = command->decision,
                                       .text = said->text,
                                       .owner = said->owner,
                                       .owner_name = said->owner_name,
                                       .due_at = said->due_at};
    }
    return tasks;
}

static void record(const struct patient_case *the_case, struct turn *turn,
                   const struct record_decision *command, const struct board_link *link) {
    struct decision_recorded event = {.decision = command->decision,
                                      .board = command->board,
                                      .item = command->item,
                                      .revision = command->based + 1,
                                      .template_version = link->template.version,
                                      .fields = command->fields,
                                      .side = command->side,
                                      .tasks = fresh_tasks(turn, command)};
    turn_event(turn, decision_recorded_encode(turn->arena, &event));
    struct case_outlook outlook = case_outlook_of(the_case);
    case_report(turn, link, &outlook, DECISION_STATE_RECORDED);
}

void case_on_record_decision(const struct patient_case *the_case, struct turn *turn,
                             const struct record_decision *command) {
    const struct board_link *link = deciding(the_case, turn, command->board, command->item);
    if (link == NULL) {
        return;
    }
    const struct decision *known = case_decision_for(the_case, command->board, command->item);
    const struct decision *same = case_decision(the_case, command->decision);
    if (uuid_is_zero(command->decision) || !fits(&link->template, &command->fields) ||
        !are_tasks(the_case, command->decision, &command->tasks) ||
        (same != NULL && same != known)) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (known != NULL && same == NULL) {
        turn_refuse_subject(turn, REFUSAL_CONFLICT, known->by);
    } else if (known != NULL && is_signed(known)) {
        turn_refuse_subject(turn, REFUSAL_BAD_STATE, known->signed_by);
    } else if (command->based != (known == NULL ? 0 : known->revision)) {
        turn_refuse_subject(turn, REFUSAL_CHANGED, known == NULL ? (struct uuid){{0}} : known->by);
    } else if (!has_space(the_case, command, known)) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
    } else {
        record(the_case, turn, command, link);
    }
}

static bool is_complete(const struct decision *decision, const struct template *template) {
    for (uint32_t i = 0; i < template->fields.count; i++) {
        const struct template_field *field = &template->fields.items[i];
        bool filled = field->kind == FIELD_KIND_SIDE && decision->side != SIDE_UNKNOWN;
        for (uint32_t j = 0; j < decision->fields.count && !filled; j++) {
            const struct field_value *value = &decision->fields.items[j];
            filled = text_equal(value->key, field->key) && value->value.length > 0;
        }
        if (field->required && !filled) {
            return false;
        }
    }
    return true;
}

static void sign(struct turn *turn, const struct decision *decision,
                 const struct signature *signature) {
    struct decision_signed event = {.decision = decision->decision,
                                    .revision = decision->revision,
                                    .name = signature->name,
                                    .by = signature->by,
                                    .has_signature = true,
                                    .signature = *signature};
    case_seal(turn, &event.signature);
    turn_event(turn, decision_signed_encode(turn->arena, &event));
}

/* What was shown to the signer is what stands here, or nothing is signed. */
static bool signs_what_stands(const struct patient_case *the_case, struct turn *turn,
                              const struct sign_decision *command, const struct decision *decision,
                              const struct case_member *signer) {
    struct signature signature = {.by = signer->user,
                                  .name = signer->name,
                                  .discipline = signer->discipline,
                                  .meaning = command->meaning,
                                  .factor = (enum signing_factor)turn->sender.factor,
                                  .at = turn->now,
                                  .content =
                                      case_decision_content(the_case, decision, turn->arena)};
    if (!bytes_equal(command->content, signature.content)) {
        turn_refuse_subject(turn, REFUSAL_CHANGED, decision->by);
        return false;
    }
    sign(turn, decision, &signature);
    return true;
}

void case_on_sign_decision(const struct patient_case *the_case, struct turn *turn,
                           const struct sign_decision *command) {
    const struct decision *decision = case_decision(the_case, command->decision);
    if (decision == NULL) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
        return;
    }
    const struct board_link *link = deciding(the_case, turn, decision->board, decision->item);
    if (link == NULL) {
        return;
    }
    const struct case_member *signer = case_member_in(&link->members, turn->sender.user);
    if (signer == NULL || !signer->signs) {
        turn_refuse(turn, REFUSAL_NOT_PERMITTED);
    } else if (is_signed(decision)) {
        turn_refuse_subject(turn, REFUSAL_CONFLICT, decision->signed_by);
    } else if (command->meaning != SIGNING_MEANING_APPROVED) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (command->revision != decision->revision) {
        turn_refuse_subject(turn, REFUSAL_CHANGED, decision->by);
    } else if (!text_equal(command->patient_id, the_case->subject.patient_id) ||
               command->side != decision->side) {
        turn_refuse(turn, REFUSAL_MISREAD);
    } else if (!is_complete(decision, &link->template)) {
        turn_refuse(turn, REFUSAL_INCOMPLETE);
    } else if (!case_is_proved(turn, decision->board)) {
        turn_refuse(turn, REFUSAL_UNPROVED);
    } else if (signs_what_stands(the_case, turn, command, decision, signer)) {
        struct case_outlook outlook = case_outlook_of(the_case);
        case_report(turn, link, &outlook, DECISION_STATE_SIGNED);
        case_hand_out_tasks(the_case, turn, decision->decision);
    }
}

static bool has_voted(const struct decision *decision, struct uuid person) {
    for (uint32_t i = 0; i < decision->votes.count; i++) {
        if (uuid_equal(decision->votes.items[i].person, person)) {
            return true;
        }
    }
    return false;
}

static void cast_vote(const struct patient_case *the_case, struct turn *turn,
                      const struct cast_vote *command, const struct decision *decision,
                      struct text name) {
    bool own = uuid_is_zero(command->person);
    struct uuid person = own ? turn->sender.user : command->person;
    if (!has_voted(decision, person) && decision->votes.count == CASE_VOTES_MAX) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
        return;
    }
    if (case_record_bytes(the_case) + command->reason.length + name.length > CASE_RECORD_MAX) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
        return;
    }
    struct vote_cast event = {.decision = decision->decision,
                              .vote = {.person = person,
                                       .name = name,
                                       .choice = command->choice,
                                       .reason = command->reason,
                                       .revision = decision->revision,
                                       .by = turn->sender.user,
                                       .at = turn->now}};
    turn_event(turn, vote_cast_encode(turn->arena, &event));
}

void case_on_cast_vote(const struct patient_case *the_case, struct turn *turn,
                       const struct cast_vote *command) {
    const struct decision *decision = case_decision(the_case, command->decision);
    if (decision == NULL) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
        return;
    }
    const struct board_link *link = deciding(the_case, turn, decision->board, decision->item);
    if (link == NULL) {
        return;
    }
    const struct case_member *sender = case_member_in(&link->members, turn->sender.user);
    bool own = uuid_is_zero(command->person) || uuid_equal(command->person, turn->sender.user);
    bool is_member = case_member_in(&link->members, command->person) != NULL;
    if (!link->template.votes || sender == NULL || (own && !sender->votes)) {
        turn_refuse(turn, REFUSAL_NO_VOTE);
    } else if (!own && (sender->role != ROLE_COORDINATOR || is_member)) {
        turn_refuse(turn, REFUSAL_NOT_PERMITTED); /* who has a device votes on it */
    } else if (is_signed(decision)) {
        turn_refuse_subject(turn, REFUSAL_BAD_STATE, decision->signed_by);
    } else if (command->revision != decision->revision) {
        turn_refuse_subject(turn, REFUSAL_CHANGED, decision->by);
    } else if ((command->choice == VOTE_CHOICE_DISSENT && command->reason.length == 0) ||
               (!own && command->name.length == 0)) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else {
        cast_vote(the_case, turn, command, decision, own ? sender->name : command->name);
    }
}

/* The chair's act was for all cases at once; each gets a signature of its own. */
static void sign_standard(const struct patient_case *the_case, struct turn *turn,
                          const struct confirm_standard_care *command,
                          const struct decision_recorded *recorded) {
    struct decision decision = {.decision = recorded->decision,
                                .board = recorded->board,
                                .item = recorded->item,
                                .revision = recorded->revision,
                                .template_version = recorded->template_version,
                                .fields = recorded->fields,
                                .standard = true,
                                .by = turn->sender.user, /* as the event will say, */
                                .at = turn->now};        /* and since when */
    struct signature signature = {.by = command->by,
                                  .name = command->name,
                                  .discipline = command->discipline,
                                  .meaning = SIGNING_MEANING_STANDARD,
                                  .factor = command->factor,
                                  .at = command->at,
                                  .content =
                                      case_decision_content(the_case, &decision, turn->arena)};
    sign(turn, &decision, &signature);
}

void case_on_confirm_standard(const struct patient_case *the_case, struct turn *turn,
                              const struct confirm_standard_care *command) {
    const struct board_link *link = case_board(the_case, command->board);
    if (link == NULL || link->item != command->item || !link->has_template) {
        turn_refuse(turn, REFUSAL_BAD_STATE);
        return;
    }
    if (the_case->is_restricted) {
        turn_refuse(turn, REFUSAL_RESTRICTED); /* the board may say so, and nothing is decided */
        return;
    }
    if (case_decision_for(the_case, command->board, command->item) != NULL ||
        the_case->decisions.count == CASE_DECISIONS_MAX) {
        /* The board has closed the item; what was recorded meanwhile stands, and needs a signature.
         */
        case_note_discussion(the_case, turn, link, ITEM_OUTCOME_STANDARD, TEXT(""));
        return;
    }
    struct field_value recommendation = {.key = TEXT("recommendation"), .value = command->words};
    struct decision_recorded recorded = {.decision = turn_new_id(turn),
                                         .board = command->board,
                                         .item = command->item,
                                         .revision = 1,
                                         .template_version = link->template.version,
                                         .fields = {1, &recommendation},
                                         .standard = true};
    turn_event(turn, decision_recorded_encode(turn->arena, &recorded));
    sign_standard(the_case, turn, command, &recorded);
    case_note_discussion(the_case, turn, link, ITEM_OUTCOME_STANDARD, TEXT(""));
    struct case_outlook outlook = case_outlook_of(the_case);
    case_report(turn, link, &outlook, DECISION_STATE_SIGNED);
}
