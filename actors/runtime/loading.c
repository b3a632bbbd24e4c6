/*
 * From the record into memory: the first load, a rebuild after a failed check, and catching up
 * after an append whose outcome is unknown. In the last two, sessions are attached and hear of what
 * is new to them.
 */
#include "actors/runtime/activation.h"

#include <assert.h>

uint64_t runtime_load_after(const struct activation *activation) {
    return activation->version;
}

void activation_request_load(struct activation *activation) {
    struct host *host = activation->runtime->host;
    if (activation->awaiting_load) {
        return;
    }
    activation->awaiting_load = true;
    host->load(host, activation);
}

/* Should the process die of what is about to be read, the next one knows of which command. */
static void mark(struct activation *activation, struct uuid command_id, uint8_t tag) {
    struct crash_marker *marker = activation->runtime->marker;
    marker->stream = activation->id;
    marker->command_id = command_id;
    marker->kind = activation->kind->number;
    marker->tag = tag;
    marker->active = 1;
}

static bool restore(struct activation *activation, const struct saved_actor *saved) {
    mark(activation, (struct uuid){{0}}, saved->state.tag);
    bool readable = saved_restore(activation->actor, saved);
    activation->runtime->marker->active = 0;
    return readable;
}

static void forget_record(struct activation *activation) {
    activation->version = 0;
    activation->last_at = 0;
    activation->saved = 0;
    memset(activation->audience_versions, 0, sizeof activation->audience_versions);
    recent_commands_finish(&activation->recent);
}

bool runtime_load_snapshot(struct activation *activation, const struct saved_actor *saved) {
    assert(activation->awaiting_load);
    if (activation->phase == PHASE_GONE || activation->phase == PHASE_CATCHING_UP) {
        /* What is in memory is committed and at least as new as any snapshot made of it. */
        return true;
    }
    if (activation->version > 0) {
        /* An earlier reading broke off. Restored on top of what it left, every list would hold its
         * items twice. */
        activation_restart(activation);
        forget_record(activation);
    }
    const struct actor_kind *kind = activation->kind;
    if (saved->state_format != kind->state_format || !restore(activation, saved)) {
        activation_restart(activation);
        forget_record(activation);
        return false;
    }
    activation->version = saved->version;
    activation->saved = saved->version;
    activation->last_at = saved->last_at;
    memcpy(activation->audience_versions, saved->audience_versions,
           sizeof activation->audience_versions);
    for (uint32_t i = 0; i < saved->recent_count && i < RUNTIME_RECENT_COMMANDS; i++) {
        recent_commands_note(&activation->recent, saved->recent_commands[i],
                             saved->recent_versions[i]);
    }
    return true;
}

bool runtime_load_event(struct activation *activation, const struct event_header *header,
                        struct uuid command_id, struct bytes fields) {
    assert(activation->awaiting_load);
    if (activation->phase == PHASE_GONE || header->version <= activation->version) {
        return true;
    }
    if (header->version != activation->version + 1) {
        return false;
    }
    struct arena *arena = runtime_arena(activation->runtime);
    mark(activation, command_id, header->tag);
    bool readable = commit_apply(activation, header, fields, arena);
    runtime_give_arena(activation->runtime, arena);
    if (!readable) {
        return false;
    }
    recent_commands_note(&activation->recent, command_id, header->version);
    activation_compact(activation);
    bool is_news = header->version > activation->published && activation->attached_count > 0;
    activation->lacks |= is_news && fields.bytes == NULL;
    if (is_news && fields.bytes != NULL) {
        activation->publishing = true;
        commit_publish(activation, header, fields);
        activation->publishing = false;
        return true;
    }
    uint8_t audiences = activation->kind->rules[header->tag].audiences;
    for (uint32_t i = 0; i < AUDIENCE_COUNT; i++) {
        if ((audiences & (1u << i)) != 0) {
            activation->audience_versions[i] = header->version;
        }
    }
    return true;
}

bool saved_restore(struct actor *actor, const struct saved_actor *saved) {
    bool readable = actor->kind->restore(actor, saved->state);
    for (uint32_t i = 0; readable && i < saved->part_count; i++) {
        readable = actor->kind->restore_part != NULL &&
                   actor->kind->restore_part(actor, saved->parts[i].bytes);
    }
    return readable;
}

bool saved_take(const struct actor *actor, struct arena *arena, struct saved_actor *ret_saved) {
    const struct actor_kind *kind = actor->kind;
    ret_saved->state = kind->save(actor, arena);
    if (kind->save_parts != NULL) {
        ret_saved->parts = kind->save_parts(actor, arena, &ret_saved->part_count);
    }
    return ret_saved->state.fields.bytes != NULL && !arena->failed;
}

void runtime_save(struct activation *activation, struct arena *arena,
                  struct saved_actor *ret_saved) {
    assert(activation->actor != NULL && activation->phase != PHASE_LOADING);
    *ret_saved = (struct saved_actor){
        .version = activation->version,
        .state_format = activation->kind->state_format,
        .last_at = activation->last_at,
        .recent_count = activation->recent.count,
    };
    if (!saved_take(activation->actor, arena, ret_saved)) {
        ret_saved->state.fields = (struct bytes){0, NULL};
    }
    memcpy(ret_saved->audience_versions, activation->audience_versions,
           sizeof activation->audience_versions);
    for (uint8_t i = 0; i < activation->recent.count; i++) {
        struct recent_command command = recent_commands_at(&activation->recent, i);
        ret_saved->recent_commands[i] = command.id;
        ret_saved->recent_versions[i] = command.version;
    }
}
