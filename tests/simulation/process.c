/* A consilium process: started, killed, stopped and continued. */
#include "actors/kinds.h"
#include "protocol/generated/patient_case.h"
#include "protocol/generated/user.h"
#include "server/node/node_state.h"
#include "server/store/store_state.h"
#include "tests/simulation/person.h"
#include "tests/simulation/world.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const uint8_t process_key_encryption_key[KEY_BYTES] = {1, 2, 3};

struct planned_tick {
    struct process *process;
    uint64_t life;
    int64_t at;
};

static int64_t clock_now(struct host_clock *clock) {
    struct process *process = (struct process *)((char *)clock - offsetof(struct process, clock));
    return process->world->time.now;
}

static void clock_random(struct host_clock *clock, void *bytes, size_t length) {
    struct process *process = (struct process *)((char *)clock - offsetof(struct process, clock));
    for (size_t i = 0; i < length; i++) {
        ((uint8_t *)bytes)[i] = (uint8_t)chance(&process->world->time);
    }
}

static uint16_t affiliated(struct affiliations *affiliations, struct uuid user,
                           const struct uuid *organisation, int64_t *ret_until) {
    (void)organisation;
    (void)ret_until; /* never by itself */
    struct process *process =
        (struct process *)((char *)affiliations - offsetof(struct process, affiliations));
    for (unsigned i = 0; i < WORLD_PEOPLE; i++) {
        if (uuid_equal(process->world->people[i]->user, user)) {
            return process->world->people[i]->rights;
        }
    }
    return 0;
}

/* A grant that looks at nobody: what a node without a policy would do. */
static struct grant grant_everybody_all(const struct actor *actor, struct uuid user,
                                        uint16_t rights, int64_t now) {
    (void)actor;
    (void)user;
    (void)rights;
    (void)now;
    return (struct grant){.audiences = AUDIENCE_CLINICAL | AUDIENCE_WORKFLOW | AUDIENCE_IDENTITY,
                          .roles = 1u << ROLE_OBSERVER};
}

/* Messages as a node reads them, looked at once more. decode knows no world; there is one at a
 * time.
 */
static struct world *decoding;

static const void *decode_watched(uint8_t kind, uint8_t tag, struct reader *reader,
                                  struct arena *arena) {
    const void *message = NULL;
    for (size_t i = 0; i < ACTOR_KIND_COUNT; i++) {
        if (actor_kinds[i]->number == kind) {
            message = actor_kinds[i]->decode(tag, reader, arena);
        }
    }
    if (message != NULL) {
        watch_decoded(decoding, kind, tag, message);
    }
    return message;
}

static const void *decode_for_board(uint8_t tag, struct reader *reader, struct arena *arena) {
    return decode_watched(CHANNEL_KIND_BOARD, tag, reader, arena);
}

static const void *decode_for_case(uint8_t tag, struct reader *reader, struct arena *arena) {
    return decode_watched(CHANNEL_KIND_PATIENT_CASE, tag, reader, arena);
}

static void offer_kinds(struct process *process) {
    decoding = process->world;
    for (size_t i = 0; i < ACTOR_KIND_COUNT; i++) {
        process->kinds[i] = *actor_kinds[i];
        if (process->kinds[i].number == CHANNEL_KIND_BOARD) {
            process->kinds[i].decode = decode_for_board;
        } else if (process->kinds[i].number == CHANNEL_KIND_PATIENT_CASE) {
            process->kinds[i].decode = decode_for_case;
        }
        process->kind_list[i] = &process->kinds[i];
        if (process->world->sabotage == SABOTAGE_SHOW_EVERYBODY_ALL &&
            process->kinds[i].number != CHANNEL_KIND_USER && process->life > 1) {
            process->kinds[i].grant = grant_everybody_all;
        }
    }
}

static void plan_tick(struct process *process, int64_t at);

static void tick(void *data) {
    struct planned_tick later = *(struct planned_tick *)data;
    struct process *process = later.process;
    free(data);
    if (process->node == NULL || process->life != later.life || process->tick_at != later.at) {
        return;
    }
    process->tick_at = 0;
    if (process->paused) {
        return; /* process_continue plans one */
    }
    process->touched = true;
    int64_t next = node_tick(process->node, process->world->time.now, 0.2);
    if (next != 0) {
        plan_tick(process, next);
    }
}

static void plan_tick(struct process *process, int64_t at) {
    int64_t now = process->world->time.now;
    at = at < now ? now : at;
    if (process->tick_at != 0 && process->tick_at <= at) {
        return;
    }
    process->tick_at = at;
    struct planned_tick *later = malloc(sizeof *later);
    assert(later != NULL);
    *later = (struct planned_tick){process, process->life, at};
    plan_after(&process->world->time, at - now, tick, later);
}

void process_soon(struct process *process) {
    if (process->node != NULL) {
        process->touched = true;
        plan_tick(process, process->world->time.now);
    }
}

static void on_delivered(void *data) {
    process_soon(data);
}

/* Messages between actors, broken on purpose */

struct late_message {
    uint8_t target_kind;
    struct uuid target, command_id;
    struct encoded command; /* behind this struct */
};

static void lose_a_roster(void *data, uint8_t target_kind, struct uuid target,
                          struct uuid command_id, struct encoded command) {
    struct process *process = data;
    bool roster =
        target_kind == CHANNEL_KIND_PATIENT_CASE && command.tag == PATIENT_CASE_LIST_ON_BOARD;
    if (!roster || !chance_percent(&process->world->time, 50)) {
        process->on_pending(process->on_pending_data, target_kind, target, command_id, command);
    } else {
        store_settle(process->store, target, command_id);
    }
}

static void let_one_overtake(void *data, uint8_t target_kind, struct uuid target,
                             struct uuid command_id, struct encoded command) {
    struct process *process = data;
    struct late_message *late = process->late;
    if (late == NULL) {
        late = malloc(sizeof *late + command.fields.length);
        assert(late != NULL);
        *late = (struct late_message){target_kind, target, command_id, command};
        memcpy(late + 1, command.fields.bytes, command.fields.length);
        late->command.fields.bytes = (const uint8_t *)(late + 1);
        process->late = late;
        return;
    }
    process->on_pending(process->on_pending_data, target_kind, target, command_id, command);
    if (uuid_equal(target, late->target)) {
        process->late = NULL;
        process->on_pending(process->on_pending_data, late->target_kind, late->target,
                            late->command_id, late->command);
        free(late);
    }
}

static void break_messages(struct process *process) {
    enum sabotage sabotage = process->world->sabotage;
    process->on_pending = process->store->pending.on_pending;
    process->on_pending_data = process->store->pending.data;
    if (sabotage == SABOTAGE_LOSE_A_ROSTER) {
        store_on_due(process->store, lose_a_roster, process);
    } else if (sabotage == SABOTAGE_REORDER_MESSAGES) {
        store_on_due(process->store, let_one_overtake, process);
    }
}

void process_register(struct process *process, struct uuid user, struct text login) {
    struct arena arena;
    arena_init(&arena, 4096);
    struct register_user command = {
        .command_id = user, .login = login, .name = login, .verifier = TEXT("$argon2id$")};
    node_command(process->node, CHANNEL_KIND_USER, user, (struct uuid){{0}},
                 register_user_encode(&arena, &command), NULL, NULL);
    arena_finish(&arena);
    process_soon(process);
}

static void save(struct process *process, struct uuid id) {
    struct activation *activation = runtime_find(process->node->runtime, id);
    if (activation != NULL && activation_actor(activation) != NULL &&
        activation_version(activation) > 0) {
        process->node->host.save(&process->node->host, activation);
    }
}

void process_save_all(struct process *process) {
    struct world *world = process->world;
    if (process->node == NULL || process->paused) {
        return;
    }
    save(process, world->board);
    save(process, world->next_board);
    for (unsigned i = 0; i < WORLD_CASES; i++) {
        save(process, world->cases[i]);
    }
    process_soon(process);
}

void process_start(struct process *process) {
    struct world *world = process->world;
    process->life++;
    process->tick_at = 0;
    process->clock = (struct host_clock){.now = clock_now, .random = clock_random};
    process->transport = (struct transport){
        .send = link_transport_send, .close = link_transport_close, .pause = link_transport_pause};
    offer_kinds(process);
    process->connection = model_connect(&world->database);
    process->connection->delivered = on_delivered;
    process->connection->delivered_data = process;
    process->keys = keys_for_test(process_key_encryption_key);
    process->store = store_create(&(struct store_config){.database = &process->connection->database,
                                                         .keys = process->keys,
                                                         .clock = &process->clock,
                                                         .node = process->id,
                                                         .tenant = world->tenant,
                                                         .report = watch_report,
                                                         .data = process});
    process->affiliations.rights = affiliated;
    process->node = node_create(&(struct node_config){
        .affiliations = &process->affiliations,
        .clock = &process->clock,
        .store = process->store,
        .transport = &process->transport,
        .kinds = process->kind_list,
        .kind_count = ACTOR_KIND_COUNT,
        .node_number = (uint16_t)(process - world->processes + 1),
        .crash_marker = &process->marker,
        .trace = watch_trace,
        .data = process,
    });
    break_messages(process);
    plan_tick(process, world->time.now);
}

void process_kill(struct process *process) {
    if (process->node == NULL) {
        return;
    }
    for (struct link *link = process->world->links; link != NULL; link = link->next) {
        if (link->process == process && link->life == process->life) {
            link_cut(link);
        }
    }
    model_abandon(process->connection);
    struct node *node = process->node;
    process->node = NULL;
    process->paused = false;
    free(process->late);
    process->late = NULL;
    node_destroy(node);
    store_destroy(process->store);
    keys_close(process->keys);
}

struct planned_continue {
    struct process *process;
    uint64_t life;
};

static void process_continue(void *data) {
    struct planned_continue later = *(struct planned_continue *)data;
    free(data);
    if (later.process->life == later.life && later.process->node != NULL) {
        later.process->paused = false;
        later.process->connection->paused = false;
        process_soon(later.process);
    }
}

void process_pause(struct process *process, int64_t duration) {
    if (process->node == NULL || process->paused) {
        return;
    }
    process->paused = true;
    process->connection->paused = true;
    struct planned_continue *later = malloc(sizeof *later);
    assert(later != NULL);
    *later = (struct planned_continue){process, process->life};
    plan_after(&process->world->time, duration, process_continue, later);
}
