/* What the omniscient see: every frame that leaves a node and every row that is committed, at that
 * very moment; and, at rest, what everybody holds beside what is true. */
#include "tests/simulation/person.h"
#include "tests/simulation/world.h"

#include "actors/kinds.h"
#include "actors/runtime/activation.h"
#include "protocol/frame.h"
#include "protocol/generated/patient_case.h"
#include "protocol/generated/user.h"
#include "server/node/node_state.h"

#include <string.h>

enum { READ_BYTES = 8 << 20 };

static uint8_t audiences_of(const struct heard *heard, uint8_t tag) {
    const struct message_rule *rules = heard->kind == CHANNEL_KIND_BOARD ? board_rules
                                       : heard->kind == CHANNEL_KIND_PATIENT_CASE
                                           ? patient_case_rules
                                           : user_rules;
    return rules[tag].audiences;
}

/* Who may see what, told apart from the program's own table: places never change their right to
 * know. */
static bool may_see(struct link *link, const struct heard *heard, uint8_t audiences) {
    const struct person *person = link->person;
    if (heard->kind == CHANNEL_KIND_USER) {
        return uuid_equal(heard->id, person->user);
    }
    if (person->index == OUTSIDER) {
        return false;
    }
    if (person->index == REFERRER) {
        return heard->kind == CHANNEL_KIND_PATIENT_CASE && (audiences & AUDIENCE_STATUS) != 0;
    }
    if (person->index == GUEST) {
        return watch_guest_may_see(link, heard->kind, heard->id, audiences);
    }
    return true;
}

/* The policy itself, asked at the moment of sending, of the actor in that process. */
static bool is_granted(struct link *link, const struct heard *heard, uint8_t audiences) {
    const struct person *person = link->person;
    struct activation *activation =
        directory_find(&link->process->node->runtime->directory, heard->kind, heard->id);
    const struct actor *actor = activation == NULL ? NULL : activation_actor(activation);
    for (size_t i = 0; actor != NULL && i < ACTOR_KIND_COUNT; i++) {
        if (actor_kinds[i]->number == heard->kind) {
            struct grant grant = actor_kinds[i]->grant(actor, person->user, person->rights,
                                                       link->process->world->time.now);
            return (grant.audiences & audiences) != 0;
        }
    }
    return true; /* being built anew: nothing can be asked */
}

static void watch_event(struct world *world, struct link *link, const struct heard *heard,
                        const struct frame *frame) {
    struct person *person = link->person;
    world->events_sent++;
    if (!is_granted(link, heard, audiences_of(heard, frame->tag))) {
        world_fault(world, "%s was sent an event that the policy denies by now (tag %u of kind %u)",
                    person->name, frame->tag, heard->kind);
    }
    if (!may_see(link, heard, audiences_of(heard, frame->tag))) {
        world_fault(world, "%s was sent an event that is not for them (tag %u of kind %u)",
                    person->name, frame->tag, heard->kind);
    }
    if (model_event(&world->database.tables, heard->id, frame->version) == NULL) {
        world_fault(world, "%s was shown version %llu before it was committed", person->name,
                    (unsigned long long)frame->version);
    }
}

static bool makes_an_event(const struct said *said) {
    if (said->channel >= CHANNEL_FIRST_CASE && said->channel < CHANNEL_OWN) {
        return said->tag == PATIENT_CASE_POST_MESSAGE ||
               said->tag == PATIENT_CASE_RECORD_DECISION ||
               said->tag == PATIENT_CASE_SIGN_DECISION || said->tag == PATIENT_CASE_CAST_VOTE;
    }
    return said->tag == BOARD_CREATE_BOARD || said->tag == BOARD_UNDO_STEP ||
           said->tag == BOARD_END_MEETING || said->tag == BOARD_MOVE_TO_MEETING;
}

static void watch_accepted(struct world *world, struct person *person, const struct frame *frame) {
    for (size_t i = 0; i < person->said_count; i++) {
        const struct said *said = &person->said[i];
        if (said->seq != frame->seq || said->channel != frame->channel || !makes_an_event(said)) {
            continue;
        }
        if (person->index >= OBSERVER && person->index != GUEST) {
            world_fault(world, "%s was told yes and may only look", person->name);
        }
        if (model_command(&world->database.tables, person_channel(person, said->channel)->id,
                          said->command_id, 0) == NULL) {
            world_fault(world, "%s was told yes before it was committed", person->name);
        }
    }
}

void watch_frame(struct world *world, struct link *link, const struct frame *frame) {
    struct person *person = link->person;
    struct heard *heard = person_channel(person, frame->channel);
    if (frame->channel == 0 || heard == NULL) {
        return;
    }
    if (frame->form == FRAME_EVENT) {
        watch_event(world, link, heard, frame);
    } else if (frame->form == FRAME_NUMBERED && frame->tag == REPLY_ACCEPTED) {
        watch_accepted(world, person, frame);
    } else if ((frame->tag == BOARD_BOARD_SNAPSHOT || frame->tag == STAGE_EPHEMERA) &&
               !may_see(link, heard, AUDIENCE_CLINICAL)) {
        if (heard->kind != CHANNEL_KIND_USER) {
            world_fault(world, "%s was shown a stage", person->name);
        }
    }
    watch_identity(world, link, heard->kind, heard->id, frame->fields);
}

void watch_write(struct world *world, const struct database_batch *batch) {
    const struct model_tables *tables = &world->database.tables;
    if (batch->event_count == 0) {
        return;
    }
    if (model_incarnation(tables, batch->node) != batch->incarnation) {
        world_fault(world, "a stale writer got through the fence");
    }
    for (size_t i = 0; i < batch->event_count; i++) {
        if (!uuid_equal(tables->owner[store_shard(batch->events[i].stream)], batch->node)) {
            world_fault(world, "a node wrote to a shard that is not its own");
        }
    }
}

static size_t count_command(const struct model_tables *tables, struct uuid stream,
                            struct uuid command_id) {
    size_t count = 0;
    for (size_t i = 0; i < tables->event_count; i++) {
        count += tables->events[i].part == 0 &&
                 uuid_equal(tables->events[i].command_id, command_id) &&
                 uuid_equal(tables->events[i].stream, stream);
    }
    return count;
}

static void check_said(struct world *world, struct person *person) {
    for (size_t i = 0; i < person->said_count; i++) {
        const struct said *said = &person->said[i];
        struct heard *heard = person_channel(person, said->channel);
        size_t count = count_command(&world->database.tables, heard->id, said->command_id);
        if (said->accepted && makes_an_event(said) && count == 0) {
            world_fault(world, "%s was told yes and it is lost", person->name);
        }
        if (count > 1) {
            world_fault(world, "a command of %s happened %zu times", person->name, count);
        }
    }
}

/* Everything of the channel's audience after its snapshot, in order, nothing twice, nothing
 * missing. */
static void check_heard(struct world *world, struct person *person, const struct heard *heard) {
    size_t at = 0;
    const struct event_row *row;
    for (uint64_t version = heard->snapshot_version + 1;
         (row = model_event(&world->database.tables, heard->id, version)) != NULL; version++) {
        if ((audiences_of(heard, row->type) & heard->audience) == 0) {
            continue;
        }
        if (at == heard->version_count || heard->versions[at] != version) {
            world_fault(world, "%s has not heard version %llu of kind %u", person->name,
                        (unsigned long long)version, heard->kind);
            return;
        }
        at++;
    }
    if (at != heard->version_count) {
        world_fault(world, "%s has heard more than there is", person->name);
    }
}

static struct process *owner_of(struct world *world, struct uuid stream) {
    struct uuid owner = world->database.tables.owner[store_shard(stream)];
    for (unsigned i = 0; i < WORLD_PROCESSES; i++) {
        if (uuid_equal(world->processes[i].id, owner) && world->processes[i].node != NULL) {
            return &world->processes[i];
        }
    }
    return NULL;
}

const struct actor *world_actor(struct world *world, uint8_t kind, struct uuid id) {
    struct process *process = owner_of(world, id);
    return process == NULL ? NULL
                           : activation_actor(runtime_activate(process->node->runtime, kind, id));
}

static void check_stage(struct world *world, const struct board_snapshot *truth) {
    for (unsigned i = 0; i < WORLD_PEOPLE; i++) {
        struct person *person = world->people[i];
        const struct heard *heard = &person->heard[CHANNEL_BOARD - 1];
        bool sees = heard->open && (heard->audience & AUDIENCE_CLINICAL) != 0;
        const char *differs = sees ? mirror_differs(&person->mirror, &truth->stage) : NULL;
        if (differs != NULL) {
            world_fault(world, "at rest %s %s", person->name, differs);
        }
    }
}

static void check_members(struct world *world, const struct actor *board) {
    for (unsigned i = 0; i < WORLD_PEOPLE; i++) {
        struct person *person = world->people[i];
        struct grant grant =
            board->kind->grant(board, person->user, person->rights, world->time.now);
        if ((grant.audiences != 0) != person->heard[CHANNEL_BOARD - 1].open) {
            world_fault(world, "at rest %s is %s the board wrongly", person->name,
                        grant.audiences != 0 ? "kept off" : "still on");
        }
    }
}

/* Of the actor itself, where its owner has it in memory. */
static const struct board_snapshot *truth_of(struct world *world, struct uuid id,
                                             const struct actor **ret_actor, struct arena *arena) {
    struct process *process = owner_of(world, id);
    struct activation *activation =
        process == NULL ? NULL : runtime_find(process->node->runtime, id);
    const struct actor *board = activation == NULL ? NULL : activation_actor(activation);
    if (board == NULL) {
        world_fault(world, "at rest nobody has the board; the verifier says: %.150s",
                    world->damage[0] == '\0' ? "nothing" : world->damage);
        return NULL;
    }
    struct encoded encoded =
        board->kind->snapshot(board, AUDIENCE_CLINICAL | AUDIENCE_WORKFLOW, arena);
    struct reader reader = reader_of(encoded.fields);
    const struct board_snapshot *truth = board_decode_down(encoded.tag, &reader, arena);
    if (truth == NULL || !truth->has_stage) {
        world_fault(world, "the board's snapshot cannot be read");
        return NULL;
    }
    *ret_actor = board;
    return truth;
}

static void check_meetings(struct world *world) {
    const struct actor *board = NULL, *next = NULL;
    struct arena arena;
    arena_init(&arena, READ_BYTES);
    const struct board_snapshot *truth = truth_of(world, world->board, &board, &arena);
    const struct board_snapshot *next_truth = truth_of(world, world->next_board, &next, &arena);
    if (truth != NULL && next_truth != NULL) {
        check_stage(world, truth);
        check_members(world, board);
        watch_windows(world, truth, next_truth);
        watch_agreement(world, truth, next_truth);
    }
    arena_finish(&arena);
}

void watch_rest(struct world *world) {
    for (unsigned i = 0; i < WORLD_PEOPLE; i++) {
        struct person *person = world->people[i];
        check_said(world, person);
        for (unsigned j = 0; j < PERSON_CHANNELS; j++) {
            if (person->heard[j].open) {
                check_heard(world, person, &person->heard[j]);
            }
        }
    }
    for (unsigned i = 0; i < WORLD_PROCESSES; i++) {
        if (world->processes[i].node != NULL) {
            watch_metrics(&world->processes[i]);
        }
    }
    watch_holds(world);
    check_meetings(world);
}
