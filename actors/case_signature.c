/*
 * Signatures (21 CFR 11.50, 11.70). What is signed has one canonical form: the encoding of the
 * schema's DecisionContent or AddendumContent. A signature holds its SHA-256, and a seal over that
 * and over who signed, when, as what and by which factor: whoever reads can compute both again, and
 * one flipped byte in either makes it a broken one.
 */
#include "actors/growing_list.h"
#include "actors/patient_case.h"
#include "protocol/sha256.h"

enum { CONTENT_BYTES_MAX = 256 * 1024, ADDENDA_MAX = 16 };

static_assert((int)SIGNING_FACTOR_PASSWORD == PROOF_PASSWORD &&
                  (int)SIGNING_FACTOR_CODE == PROOF_CODE &&
                  (int)SIGNING_FACTOR_PASSKEY == PROOF_PASSKEY,
              "the record names factors by the numbers of their proofs");

/* In the arena; empty when it could not be written. */
static struct bytes hash_of(struct arena *arena, const struct writer *writer) {
    uint8_t *bytes = arena_alloc(arena, SHA256_BYTES);
    if (writer->failed || bytes == NULL) {
        return (struct bytes){0};
    }
    struct sha256 hash = sha256_of(writer_bytes(writer));
    memcpy(bytes, hash.bytes, SHA256_BYTES);
    return (struct bytes){SHA256_BYTES, bytes};
}

static struct task_content_list tasks_of(const struct patient_case *the_case, struct uuid decision,
                                         struct arena *arena) {
    struct task_content_list list = {
        0, arena_alloc(arena, (the_case->tasks.count + 1) * sizeof *list.items)};
    for (uint32_t i = 0; i < the_case->tasks.count && list.items != NULL; i++) {
        const struct task *task = &the_case->tasks.items[i];
        if (uuid_equal(task->decision, decision)) {
            list.items[list.count++] = (struct task_content){.task = task->task,
                                                             .text = task->text,
                                                             .owner = task->owner,
                                                             .owner_name = task->owner_name,
                                                             .due_at = task->due_at};
        }
    }
    return list;
}

struct bytes case_decision_content(const struct patient_case *the_case,
                                   const struct decision *decision, struct arena *arena) {
    struct decision_content content = {.form = TEXT("consilium decision"),
                                       .patient_case = the_case->actor.id,
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
                                       .tasks = tasks_of(the_case, decision->decision, arena)};
    struct writer writer;
    writer_init_arena(&writer, arena, CONTENT_BYTES_MAX);
    decision_content_write(&writer, &content);
    return hash_of(arena, &writer);
}

struct bytes case_addendum_content(const struct patient_case *the_case,
                                   const struct decision *decision, struct uuid addendum,
                                   struct text text, struct arena *arena) {
    struct addendum_content content = {.form = TEXT("consilium addendum"),
                                       .patient_case = the_case->actor.id,
                                       .decision = decision->decision,
                                       .signature = decision->signature.seal,
                                       .addendum = addendum,
                                       .text = text};
    struct writer writer;
    writer_init_arena(&writer, arena, CONTENT_BYTES_MAX);
    addendum_content_write(&writer, &content);
    return hash_of(arena, &writer);
}

static struct bytes seal_of(const struct signature *signature, struct arena *arena) {
    struct signature_content content = {.form = TEXT("consilium signature"),
                                        .content = signature->content,
                                        .by = signature->by,
                                        .name = signature->name,
                                        .discipline = signature->discipline,
                                        .meaning = signature->meaning,
                                        .factor = signature->factor,
                                        .at = signature->at};
    struct writer writer;
    writer_init_arena(&writer, arena, CONTENT_BYTES_MAX);
    signature_content_write(&writer, &content);
    return hash_of(arena, &writer);
}

void case_seal(struct turn *turn, struct signature *signature) {
    signature->seal = seal_of(signature, turn->arena);
    turn_check(turn, signature->content.length > 0 && signature->seal.length > 0);
}

static bool is_sound(const struct signature *signature, struct bytes content, struct arena *arena) {
    return content.length > 0 && bytes_equal(signature->content, content) &&
           bytes_equal(signature->seal, seal_of(signature, arena));
}

bool case_decision_is_sound(const struct patient_case *the_case, const struct decision *decision,
                            struct arena *arena) {
    return decision->has_signature &&
           is_sound(&decision->signature, case_decision_content(the_case, decision, arena), arena);
}

bool case_addendum_is_sound(const struct patient_case *the_case, const struct decision *decision,
                            const struct addendum *addendum, struct arena *arena) {
    return is_sound(
        &addendum->signature,
        case_addendum_content(the_case, decision, addendum->addendum, addendum->text, arena),
        arena);
}

bool case_is_proved(const struct turn *turn, struct uuid board) {
    return turn->sender.factor != PROOF_NONE && uuid_equal(turn->sender.factor_board, board);
}

/* Addenda */

static bool is_known(const struct patient_case *the_case, struct uuid addendum) {
    for (uint32_t i = 0; i < the_case->decisions.count; i++) {
        const struct addendum_list *addenda = &the_case->decisions.items[i].addenda;
        for (uint32_t j = 0; j < addenda->count; j++) {
            if (uuid_equal(addenda->items[j].addendum, addendum)) {
                return true;
            }
        }
    }
    return false;
}

static void add(const struct patient_case *the_case, struct turn *turn,
                const struct add_addendum *command, const struct decision *decision,
                const struct case_member *signer) {
    struct bytes content =
        case_addendum_content(the_case, decision, command->addendum, command->text, turn->arena);
    if (!bytes_equal(command->content, content)) {
        turn_refuse_subject(turn, REFUSAL_CHANGED, decision->signed_by);
        return;
    }
    struct addendum_added event = {
        .decision = decision->decision,
        .addendum = {.addendum = command->addendum,
                     .text = command->text,
                     .signature = {.by = signer->user,
                                   .name = signer->name,
                                   .discipline = signer->discipline,
                                   .meaning = SIGNING_MEANING_ADDED,
                                   .factor = (enum signing_factor)turn->sender.factor,
                                   .at = turn->now,
                                   .content = content}}};
    case_seal(turn, &event.addendum.signature);
    turn_event(turn, addendum_added_encode(turn->arena, &event));
}

void case_on_add_addendum(const struct patient_case *the_case, struct turn *turn,
                          const struct add_addendum *command) {
    const struct decision *decision = case_decision(the_case, command->decision);
    if (decision == NULL) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
        return;
    }
    const struct board_link *link = case_board(the_case, decision->board);
    const struct case_member *signer =
        link == NULL ? NULL : case_member_in(&link->members, turn->sender.user);
    if (signer == NULL || !signer->signs) {
        turn_refuse(turn, REFUSAL_NOT_PERMITTED);
    } else if (!case_decision_is_sound(the_case, decision, turn->arena)) {
        turn_refuse(turn, REFUSAL_BAD_STATE); /* unsigned, or not what was signed */
    } else if (uuid_is_zero(command->addendum) || command->text.length == 0) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (is_known(the_case, command->addendum)) {
        turn_refuse_subject(turn, REFUSAL_CONFLICT, decision->signed_by);
    } else if (decision->addenda.count == ADDENDA_MAX ||
               case_record_bytes(the_case) + command->text.length > CASE_RECORD_MAX) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
    } else if (!case_is_proved(turn, decision->board)) {
        turn_refuse(turn, REFUSAL_UNPROVED);
    } else {
        add(the_case, turn, command, decision, signer);
    }
}

void case_apply_addendum(struct patient_case *the_case, const struct event_header *header,
                         const struct addendum_added *event) {
    (void)header;
    struct decision *decision = case_decision(the_case, event->decision);
    if (decision != NULL) {
        struct arena *state = the_case->actor.state;
        addendum_copy(state, growing_list_add(state, &decision->addenda), &event->addendum);
    }
}
