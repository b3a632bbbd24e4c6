/*
 * What handlers may ask for. Everything is collected in the turn and carried out after the handler
 * has returned, so a handler that fails half-way has done nothing.
 */
#include "actors/runtime/activation.h"

#include <assert.h>

enum { MESSAGES_FIRST = 4 };

void turn_event(struct turn *turn, struct encoded event) {
    struct effects *effects = &turn->effects;
    turn_check(turn, effects->event_count < EFFECT_EVENTS_MAX && event.fields.bytes != NULL);
    assert(turn->kind == 0 || event.tag >= TAG_DOWN);
    effects->events[effects->event_count++] = event;
}

void turn_about(struct turn *turn, struct uuid about) {
    struct effects *effects = &turn->effects;
    turn_check(turn, uuid_is_zero(effects->about) || uuid_equal(effects->about, about));
    effects->about = about;
}

void turn_refuse(struct turn *turn, enum refusal reason) {
    assert(reason != REFUSAL_NONE);
    turn->effects.refused = true;
    turn->effects.refusal = (struct refused){.reason = reason};
}

void turn_refuse_item(struct turn *turn, enum refusal reason, uint32_t item) {
    turn_refuse(turn, reason);
    turn->effects.refusal.item = item;
}

void turn_refuse_subject(struct turn *turn, enum refusal reason, struct uuid subject) {
    turn_refuse(turn, reason);
    turn->effects.refusal.has_subject = true;
    turn->effects.refusal.subject = subject;
}

void turn_reply(struct turn *turn, struct encoded reply) {
    turn_check(turn, reply.fields.bytes != NULL);
    turn->effects.replied = true;
    turn->effects.reply = reply;
}

/* Filled in where it lies: copying it about would cost more than the rest of a volatile send. */
static struct effect_message *add_message(struct turn *turn, uint8_t kind, struct uuid target,
                                          struct encoded command) {
    struct effects *effects = &turn->effects;
    uint32_t count = effects->message_count;
    turn_check(turn, command.fields.bytes != NULL && count < EFFECT_MESSAGES_MAX);
    if (count == 0) {
        effects->messages = arena_alloc(turn->arena, MESSAGES_FIRST * sizeof *effects->messages);
    } else if (count >= MESSAGES_FIRST && (count & (count - 1)) == 0) {
        size_t size = count * sizeof *effects->messages;
        effects->messages = arena_extend(turn->arena, effects->messages, size, 2 * size);
    }
    turn_check(turn, effects->messages != NULL);
    struct effect_message *message = &effects->messages[effects->message_count++];
    message->target_kind = kind;
    message->target = target;
    message->command = command;
    message->command_id = (struct uuid){{0}};
    message->due_at = 0;
    message->durable = false;
    return message;
}

void turn_send(struct turn *turn, uint8_t kind, struct uuid target, struct encoded command) {
    add_message(turn, kind, target, command)->durable = true;
}

void turn_send_volatile(struct turn *turn, uint8_t kind, struct uuid target,
                        struct encoded command) {
    add_message(turn, kind, target, command);
}

void turn_timer(struct turn *turn, int64_t due_at, struct encoded command) {
    add_message(turn, turn->kind, turn->self, command)->due_at = due_at;
}

void turn_durable_timer(struct turn *turn, int64_t due_at, struct encoded command) {
    struct effect_message *message = add_message(turn, turn->kind, turn->self, command);
    message->due_at = due_at;
    message->durable = true;
}

void turn_row(struct turn *turn, const char *list, struct bytes key, struct bytes row) {
    struct effects *effects = &turn->effects;
    turn_check(turn, effects->row_count < EFFECT_ROWS_MAX);
    effects->rows[effects->row_count++] = (struct effect_row){list, key, row};
}

void turn_ephemera(struct turn *turn) {
    turn->effects.ephemera_changed = true;
}

void turn_check(struct turn *turn, bool holds) {
    if (holds) {
        return;
    }
    struct turn_frame *frame =
        (struct turn_frame *)((uint8_t *)turn - offsetof(struct turn_frame, turn));
    assert(frame->runtime->guard != NULL);
    longjmp(*frame->runtime->guard, 1);
}

uint16_t turn_rights_in(const struct turn *turn, struct uuid organisation) {
    const struct turn_frame *frame =
        (const struct turn_frame *)((const uint8_t *)turn - offsetof(struct turn_frame, turn));
    struct host *host = frame->runtime->host;
    int64_t until;
    return host->rights == NULL ? 0 : host->rights(host, turn->sender.user, &organisation, &until);
}

struct uuid_list turn_holders_in(struct turn *turn, enum role role, struct uuid organisation) {
    const struct turn_frame *frame =
        (const struct turn_frame *)((const uint8_t *)turn - offsetof(struct turn_frame, turn));
    struct host *host = frame->runtime->host;
    struct uuid *holders = arena_alloc(turn->arena, HOLDERS_MAX * sizeof *holders);
    turn_check(turn, holders != NULL);
    uint32_t count =
        host->holders == NULL ? 0 : host->holders(host, role, organisation, holders, HOLDERS_MAX);
    return (struct uuid_list){count, holders};
}

struct uuid turn_new_id(struct turn *turn) {
    return message_command_id(turn->self, turn->random, turn->effects.message_count);
}

static uint64_t finalize(uint64_t value) {
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

struct uuid message_command_id(struct uuid stream, uint64_t version, uint32_t index) {
    uint64_t high, low;
    memcpy(&high, stream.bytes, sizeof high);
    memcpy(&low, stream.bytes + 8, sizeof low);
    /* Each half sees all three inputs; the odd constants keep the halves apart. */
    uint64_t place = finalize(version * UINT64_C(0x9e3779b97f4a7c15) + index + 1);
    uint64_t one = finalize(high ^ finalize(low + place));
    uint64_t two = finalize(low ^ finalize(high + place + UINT64_C(0xd1b54a32d192ed03)) ^ one);
    struct uuid id;
    memcpy(id.bytes, &one, sizeof one);
    memcpy(id.bytes + 8, &two, sizeof two);
    id.bytes[6] = (uint8_t)((id.bytes[6] & 0x0f) | 0x80);
    id.bytes[8] = (uint8_t)((id.bytes[8] & 0x3f) | 0x80);
    return id;
}
