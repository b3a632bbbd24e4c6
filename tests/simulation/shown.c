#include "tests/simulation/shown.h"

#include <assert.h>
#include <string.h>

struct shown_item *shown_item(struct shown_board *shown, uint32_t item) {
    for (uint32_t i = 0; i < shown->count; i++) {
        if (shown->items[i].item == item) {
            return &shown->items[i];
        }
    }
    return NULL;
}

struct shown_item *shown_item_of(struct shown_board *shown, struct uuid patient_case) {
    for (uint32_t i = 0; i < shown->count; i++) {
        if (uuid_equal(shown->items[i].patient_case, patient_case)) {
            return &shown->items[i];
        }
    }
    return NULL;
}

static uint16_t mask_of(const struct card_topic_list *topics) {
    uint16_t mask = 0;
    for (uint32_t i = 0; i < topics->count; i++) {
        mask |= (uint16_t)(1u << topics->items[i]);
    }
    return mask;
}

/* In the place of the one for the same modality. */
static void hang(struct shown_board *shown, const struct hanging *hanging) {
    struct shown_hanging next = {
        .rows = hanging->rows, .columns = hanging->columns, .at = hanging->at};
    uint32_t at = 0;
    assert(hanging->modality.length < sizeof next.modality);
    memcpy(next.modality, hanging->modality.bytes, hanging->modality.length);
    while (at < shown->hanging_count && strcmp(shown->hangings[at].modality, next.modality) != 0) {
        at++;
    }
    assert(at < HANGINGS_MAX);
    shown->hanging_count += at == shown->hanging_count;
    shown->hangings[at] = next;
}

static void show_board(struct shown_board *shown, const struct board_snapshot *snapshot) {
    *shown = (struct shown_board){.known = true,
                                  .state = snapshot->state,
                                  .open = snapshot->open_item,
                                  .next_item = snapshot->next_item};
    for (uint32_t i = 0; i < snapshot->items.count; i++) {
        const struct agenda_item *item = &snapshot->items.items[i];
        assert(shown->count < SHOWN_ITEMS_MAX);
        shown->items[shown->count++] = (struct shown_item){.item = item->item,
                                                           .patient_case = item->patient_case,
                                                           .state = item->state,
                                                           .outcome = item->outcome,
                                                           .reason = item->reason,
                                                           .decision = item->decision,
                                                           .missing = mask_of(&item->missing),
                                                           .standard = item->standard,
                                                           .used = item->used_ms > 0};
    }
    for (uint32_t i = 0; i < snapshot->hangings.count; i++) {
        hang(shown, &snapshot->hangings.items[i]);
    }
}

static void add_item(struct shown_board *shown, const struct item_added *event) {
    assert(shown->count < SHOWN_ITEMS_MAX);
    shown->items[shown->count++] =
        (struct shown_item){.item = event->item, .patient_case = event->patient_case};
    shown->next_item = event->item + 1;
}

static void remove_item(struct shown_board *shown, uint32_t number) {
    struct shown_item *item = shown_item(shown, number);
    if (item != NULL) {
        *item = shown->items[--shown->count];
    }
}

/* As it was before it was opened, or asked to go. */
static enum item_state state_before(const struct shown_item *item) {
    bool is_over =
        item->outcome == ITEM_OUTCOME_NONE ? item->used : item->outcome != ITEM_OUTCOME_LATER;
    return is_over ? ITEM_STATE_DISCUSSED : ITEM_STATE_WAITING;
}

static void take_step_back(struct shown_board *shown, uint32_t number) {
    struct shown_item *opened = shown_item(shown, shown->open);
    struct shown_item *closed = shown_item(shown, number);
    if (opened != NULL) {
        opened->state = state_before(opened);
    }
    if (closed != NULL) {
        closed->state = ITEM_STATE_OPEN;
        closed->outcome = ITEM_OUTCOME_NONE;
        closed->reason = 0;
    }
    shown->open = number;
}

static void close_item(struct shown_board *shown, const struct item_closed *event) {
    struct shown_item *item = shown_item(shown, event->item);
    if (item != NULL) {
        item->outcome = event->outcome;
        item->reason = event->reason;
        item->used = event->used_ms > 0;
        item->state =
            event->outcome == ITEM_OUTCOME_LATER ? ITEM_STATE_WAITING : ITEM_STATE_DISCUSSED;
    }
}

static void confirm_standard(struct shown_board *shown, const struct standard_confirmed *event) {
    for (uint32_t i = 0; i < event->items.count; i++) {
        struct shown_item *item = shown_item(shown, event->items.items[i]);
        if (item != NULL) {
            item->state = ITEM_STATE_DISCUSSED;
            item->outcome = ITEM_OUTCOME_STANDARD;
            item->reason = 0;
        }
    }
}

static void put_off(struct shown_board *shown, const struct rest_put_off *event) {
    for (uint32_t i = 0; i < event->items.count; i++) {
        struct shown_item *item = shown_item(shown, event->items.items[i]);
        if (item != NULL) {
            bool was_to_come_back = item->outcome == ITEM_OUTCOME_LATER;
            item->state = ITEM_STATE_DISCUSSED;
            item->outcome = was_to_come_back ? ITEM_OUTCOME_DEFERRED : ITEM_OUTCOME_NOT_DISCUSSED;
            item->reason = event->reason;
        }
    }
}

static void set_state(struct shown_board *shown, uint32_t number, enum item_state state) {
    struct shown_item *item = shown_item(shown, number);
    if (item != NULL) {
        item->state = state;
    }
}

static void hear_of_item(struct shown_board *shown, uint8_t tag, const void *message) {
    struct shown_item *item = NULL;
    switch (tag) {
    case BOARD_ITEM_OPENED:
        shown->open = ((const struct item_opened *)message)->item;
        set_state(shown, shown->open, ITEM_STATE_OPEN);
        break;
    case BOARD_ITEM_LEAVING:
        set_state(shown, ((const struct item_leaving *)message)->item, ITEM_STATE_MOVING);
        break;
    case BOARD_ITEM_STAYED:
        item = shown_item(shown, ((const struct item_stayed *)message)->item);
        if (item != NULL) {
            item->state = state_before(item);
        }
        break;
    case BOARD_ITEM_SET:
        item = shown_item(shown, ((const struct item_set *)message)->item);
        if (item != NULL) {
            item->standard = ((const struct item_set *)message)->standard;
        }
        break;
    case BOARD_ITEM_REPORTED:
        item = shown_item(shown, ((const struct item_reported *)message)->item);
        if (item != NULL) {
            item->missing = mask_of(&((const struct item_reported *)message)->missing);
            item->decision = ((const struct item_reported *)message)->decision;
        }
        break;
    case BOARD_CLOSING_ANSWERED:
        item = shown_item(shown, ((const struct closing_answered *)message)->item);
        if (item != NULL) {
            item->decision = ((const struct closing_answered *)message)->decision;
        }
        break;
    default:
        break;
    }
}

static void hear_of_meeting(struct shown_board *shown, uint8_t tag, const void *message) {
    switch (tag) {
    case BOARD_GUEST_SNAPSHOT:
        shown->known = true;
        shown->state = ((const struct guest_snapshot *)message)->state;
        shown->open = ((const struct guest_snapshot *)message)->open;
        break;
    case BOARD_GUESTS_TOLD:
        shown->state = ((const struct guests_told *)message)->state;
        shown->open = ((const struct guests_told *)message)->open;
        break;
    case BOARD_MEETING_STARTED:
    case BOARD_CLOSING_CALLED_OFF:
        shown->state = MEETING_STATE_RUNNING;
        break;
    case BOARD_MEETING_CLOSING:
        shown->state = MEETING_STATE_CLOSING;
        break;
    case BOARD_MEETING_ENDED:
        shown->state = MEETING_STATE_ENDED;
        break;
    default:
        hear_of_item(shown, tag, message);
        break;
    }
}

void shown_board_hears(struct shown_board *shown, uint8_t tag, const void *message) {
    switch (tag) {
    case BOARD_BOARD_SNAPSHOT:
        show_board(shown, message);
        break;
    case BOARD_BOARD_CREATED:
        *shown = (struct shown_board){.known = true, .next_item = 1};
        break;
    case BOARD_ITEM_ADDED:
        add_item(shown, message);
        break;
    case BOARD_ITEM_REMOVED:
        remove_item(shown, ((const struct item_removed *)message)->item);
        break;
    case BOARD_ITEM_CLOSED:
        close_item(shown, message);
        break;
    case BOARD_STEP_UNDONE:
        take_step_back(shown, ((const struct step_undone *)message)->item);
        break;
    case BOARD_STANDARD_CONFIRMED:
        confirm_standard(shown, message);
        break;
    case BOARD_REST_PUT_OFF:
        put_off(shown, message);
        break;
    case BOARD_HANGING_REMEMBERED:
        hang(shown, &((const struct hanging_remembered *)message)->hanging);
        break;
    default:
        hear_of_meeting(shown, tag, message);
        break;
    }
}

/* Cases */

struct shown_decision *shown_decision(struct shown_case *shown, struct uuid decision) {
    for (uint32_t i = 0; i < shown->decision_count; i++) {
        if (uuid_equal(shown->decisions[i].decision, decision)) {
            return &shown->decisions[i];
        }
    }
    return NULL;
}

struct shown_decision *shown_decision_for(struct shown_case *shown, struct uuid board,
                                          uint32_t item) {
    for (uint32_t i = 0; i < shown->decision_count; i++) {
        struct shown_decision *decision = &shown->decisions[i];
        if (decision->item == item && uuid_equal(decision->board, board)) {
            return decision;
        }
    }
    return NULL;
}

static void put_task(struct shown_case *shown, const struct task *task) {
    assert(shown->task_count < SHOWN_TASKS_MAX);
    shown->tasks[shown->task_count++] =
        (struct shown_task){.task = task->task, .decision = task->decision, .state = task->state};
}

/* As the schema says what is signed. */
static struct sha256 content_of(struct uuid patient_case, const struct decision *decision,
                                const struct task_list *tasks) {
    struct task_content items[SHOWN_TASKS_MAX];
    struct decision_content content = {.form = TEXT("consilium decision"),
                                       .patient_case = patient_case,
                                       .decision = decision->decision,
                                       .board = decision->board,
                                       .item = decision->item,
                                       .revision = decision->revision,
                                       .template_version = decision->template_version,
                                       .fields = decision->fields,
                                       .side = decision->side,
                                       .standard = decision->standard,
                                       .by = decision->by,
                                       .at = decision->at,
                                       .tasks = {0, items}};
    for (uint32_t i = 0; i < tasks->count; i++) {
        const struct task *task = &tasks->items[i];
        if (uuid_equal(task->decision, decision->decision)) {
            items[content.tasks.count++] = (struct task_content){
                task->task, task->text, task->owner, task->owner_name, task->due_at};
        }
    }
    struct writer writer;
    writer_init(&writer, 1024 * 1024);
    decision_content_write(&writer, &content);
    assert(!writer.failed);
    struct sha256 hash = sha256_of(writer_bytes(&writer));
    writer_finish(&writer);
    return hash;
}

static void show_case(struct shown_case *shown, struct uuid patient_case,
                      const struct case_snapshot *snapshot) {
    *shown = (struct shown_case){.decision_count = 0};
    for (uint32_t i = 0; i < snapshot->card.count; i++) {
        shown->card_at[snapshot->card.items[i].topic] = snapshot->card.items[i].version;
    }
    for (uint32_t i = 0; i < snapshot->decisions.count; i++) {
        const struct decision *decision = &snapshot->decisions.items[i];
        assert(shown->decision_count < SHOWN_DECISIONS_MAX);
        shown->decisions[shown->decision_count++] = (struct shown_decision){
            .decision = decision->decision,
            .board = decision->board,
            .item = decision->item,
            .revision = decision->revision,
            .side = decision->side,
            .is_signed = decision->signed_at != 0,
            .content = content_of(patient_case, decision, &snapshot->tasks)};
    }
    for (uint32_t i = 0; i < snapshot->tasks.count; i++) {
        put_task(shown, &snapshot->tasks.items[i]);
    }
}

static struct sha256 content_of_event(struct uuid patient_case, const struct event_header *header,
                                      const struct decision_recorded *event) {
    struct decision decision = {.decision = event->decision,
                                .board = event->board,
                                .item = event->item,
                                .revision = event->revision,
                                .template_version = event->template_version,
                                .fields = event->fields,
                                .side = event->side,
                                .standard = event->standard,
                                .by = header->by,
                                .at = header->at};
    return content_of(patient_case, &decision, &event->tasks);
}

static void record_decision(struct shown_case *shown, const struct decision_recorded *event,
                            struct sha256 content) {
    struct shown_decision *decision = shown_decision(shown, event->decision);
    if (decision == NULL) {
        assert(shown->decision_count < SHOWN_DECISIONS_MAX);
        decision = &shown->decisions[shown->decision_count++];
        *decision = (struct shown_decision){
            .decision = event->decision, .board = event->board, .item = event->item};
    }
    decision->revision = event->revision;
    decision->side = event->side;
    decision->content = content;
    for (uint32_t i = shown->task_count; i > 0; i--) {
        if (uuid_equal(shown->tasks[i - 1].decision, event->decision)) {
            shown->tasks[i - 1] = shown->tasks[--shown->task_count];
        }
    }
    for (uint32_t i = 0; i < event->tasks.count; i++) {
        put_task(shown, &event->tasks.items[i]);
    }
}

static void close_task(struct shown_case *shown, const struct task_closed *event) {
    for (uint32_t i = 0; i < shown->task_count; i++) {
        if (uuid_equal(shown->tasks[i].task, event->task)) {
            shown->tasks[i].state = event->state;
        }
    }
}

void shown_case_hears(struct shown_case *shown, struct uuid patient_case,
                      const struct event_header *header, const void *message) {
    struct shown_decision *decision = NULL;
    switch (header->tag) {
    case PATIENT_CASE_CASE_SNAPSHOT:
        show_case(shown, patient_case, message);
        break;
    case PATIENT_CASE_CARD_SET:
        shown->card_at[((const struct card_set *)message)->topic] = header->version;
        break;
    case PATIENT_CASE_DECISION_RECORDED:
        record_decision(shown, message, content_of_event(patient_case, header, message));
        break;
    case PATIENT_CASE_DECISION_SIGNED:
        decision = shown_decision(shown, ((const struct decision_signed *)message)->decision);
        if (decision != NULL) {
            decision->is_signed = true;
        }
        break;
    case PATIENT_CASE_TASK_CLOSED:
        close_task(shown, message);
        break;
    default:
        break;
    }
}
