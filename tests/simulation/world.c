#include "tests/simulation/world.h"

#include "tests/simulation/chronicle.h"
#include "tests/simulation/person.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SECOND = 1000000,
    REGISTER_SECONDS = 1,
    PREPARE_SECONDS = 4,
    REST_SECONDS = 30,
    LONGER_RESTS_MAX = 60, /* of a second each */
    STILL_SECONDS = 3,
    WISH_LOW_US = 5000,
    WISH_HIGH_US = 150000,
    FAULT_LOW_US = 300000,
    FAULT_HIGH_US = 2500000,
};

void world_fault(struct world *world, const char *format, ...) {
    if (world->fault[0] != '\0') {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(world->fault, sizeof world->fault, format, arguments);
    va_end(arguments);
}

static void on_committed(void *data, const struct database_batch *batch) {
    struct world *world = data;
    watch_write(data, batch);
    chronicle_commits(world->chronicle, batch);
    watch_sealed(data, batch);
}

static void on_tried(void *data, const struct database_batch *batch) {
    watch_try(data, batch);
}

static struct uuid id_of(uint8_t first, uint8_t last) {
    struct uuid id = {{0}};
    id.bytes[0] = first;
    id.bytes[15] = last;
    return id;
}

void world_init(struct world *world, uint64_t seed, enum sabotage sabotage) {
    *world = (struct world){.sabotage = sabotage};
    virtual_time_init(&world->time, seed);
    model_database_init(&world->database, &world->time);
    world->database.committed = on_committed;
    world->database.committed_data = world;
    world->database.tried = on_tried;
    world->database.ignores_fence = sabotage == SABOTAGE_IGNORE_THE_FENCE;
    world->tenant = id_of(0x7e, 1);
    world->board = id_of(0xb0, 7);
    world->next_board = id_of(0xb1, 9);
    world->chronicle = chronicle_create(world);
    for (unsigned i = 0; i < WORLD_CASES; i++) {
        world->cases[i] = id_of(0xca, (uint8_t)(40 + i * 50));
    }
    for (unsigned i = 0; i < WORLD_PROCESSES; i++) {
        world->processes[i] = (struct process){.world = world, .id = id_of(0x0d, (uint8_t)(i + 1))};
    }
    for (unsigned i = 0; i < WORLD_PEOPLE; i++) {
        world->people[i] = person_create(world, i);
    }
}

void world_finish(struct world *world) {
    for (unsigned i = 0; i < WORLD_PROCESSES; i++) {
        process_kill(&world->processes[i]);
    }
    world->quiet = true;
    while (let_next_happen(&world->time, world->time.now + 60 * (int64_t)SECOND)) {
    }
    for (unsigned i = 0; i < WORLD_PEOPLE; i++) {
        person_destroy(world->people[i]);
    }
    while (world->links != NULL) {
        struct link *link = world->links;
        world->links = link->next;
        free(link);
    }
    chronicle_destroy(world->chronicle);
    model_database_finish(&world->database);
    virtual_time_finish(&world->time);
}

static void pass(struct world *world, int64_t seconds) {
    int64_t until = world->time.now + seconds * SECOND;
    while (world->fault[0] == '\0' && let_next_happen(&world->time, until)) {
        watch_bounds(world);
    }
}

bool world_is_late(const struct world *world) {
    return world->time.now > world->late_at;
}

bool world_may_ask(const struct world *world) {
    return world->time.now < world->quiet_at + REST_SECONDS * SECOND / 2;
}

static bool somebody_reads(const struct world *world) {
    for (const struct link *link = world->links; link != NULL; link = link->next) {
        if ((link->news > 0 || link->blocked) && !link->cut && !link->closed) {
            return true;
        }
    }
    return false;
}

/* The slow ones read what waits for them, too; and what the last of it brought about is shown. */
static void rest(struct world *world) {
    pass(world, REST_SECONDS);
    int still = somebody_reads(world) ? 0 : STILL_SECONDS;
    for (int i = 0; i < LONGER_RESTS_MAX && still < STILL_SECONDS; i++) {
        pass(world, 1);
        still = somebody_reads(world) ? 0 : still + 1;
    }
}

static void wish(void *data) {
    struct person *person = data;
    struct world *world = person->world;
    if (world->finished) {
        return;
    }
    person_wishes(person);
    plan_after(&world->time, chance_between(&world->time, WISH_LOW_US, WISH_HIGH_US), wish, person);
}

static void start_again(void *data) {
    struct process *process = data;
    if (process->node == NULL && !process->world->finished) {
        process_start(process);
    }
}

static void restart_database(void *data) {
    model_restart(data);
}

static void empty_disk(void *data) {
    ((struct model_database *)data)->disk_full = false;
}

static void cut_somebody(struct world *world) {
    struct person *person = world->people[chance_below(&world->time, WORLD_PEOPLE)];
    if (person->link != NULL) {
        link_cut(person->link);
    }
}

static void one_fault(struct world *world) {
    struct process *process = &world->processes[chance_below(&world->time, WORLD_PROCESSES)];
    world->faults_injected++;
    switch (chance_below(&world->time, 12)) {
    case 0:
        process_kill(process);
        plan_after(&world->time, chance_between(&world->time, 50000, 5 * SECOND), start_again,
                   process);
        break;
    case 1: /* longer than a lease: a zombie when it continues */
        process_pause(process, chance_between(&world->time, SECOND, 7 * SECOND));
        break;
    case 2:
        model_crash(&world->database);
        plan_after(&world->time, chance_between(&world->time, 50000, 2 * SECOND), restart_database,
                   &world->database);
        break;
    case 3:
    case 4:
        if (process->node != NULL) {
            model_cut(process->connection);
        }
        break;
    case 5:
        world->database.disk_full = true;
        plan_after(&world->time, chance_between(&world->time, 50000, 3 * SECOND), empty_disk,
                   &world->database);
        break;
    case 6:
    case 7:
        process_save_all(process);
        break;
    default:
        cut_somebody(world);
    }
}

static void fault(void *data) {
    struct world *world = data;
    if (!world->quiet) {
        one_fault(world);
        plan_after(&world->time, chance_between(&world->time, FAULT_LOW_US, FAULT_HIGH_US), fault,
                   world);
    }
}

/* One event of the board, neither the first nor the last: what its owner would alter or take away
 * who does not like what was decided. */
static void tamper(struct world *world) {
    struct model_tables *tables = &world->database.tables;
    uint64_t last = 0;
    while (model_event(tables, world->board, last + 1) != NULL) {
        last++;
    }
    world->tampered = last < 3 ? 1 : 2 + chance_below(&world->time, last - 2);
    size_t at = (size_t)(model_event(tables, world->board, world->tampered) - tables->events);
    struct bytes payload = tables->events[at].payload;
    if (world->sabotage == SABOTAGE_CHANGE_A_ROW) {
        ((uint8_t *)(uintptr_t)payload.bytes)[payload.length / 2] ^= 1;
    } else {
        free((void *)(uintptr_t)payload.bytes);
        tables->events[at] = tables->events[--tables->event_count];
    }
    /* Or they would be read in place of the rows. */
    while (tables->snapshot_count > 0) {
        free((void *)(uintptr_t)tables->snapshots[--tables->snapshot_count].payload.bytes);
    }
}

/* Everybody gone and back: what they get must come from the record alone. */
static void restart_all(struct world *world) {
    for (unsigned i = 0; i < WORLD_PROCESSES; i++) {
        process_kill(&world->processes[i]);
    }
    if (world->sabotage == SABOTAGE_CHANGE_A_ROW || world->sabotage == SABOTAGE_DELETE_A_ROW) {
        tamper(world);
    }
    process_start(&world->processes[0]);
    rest(world);
    if (world->fault[0] == '\0') {
        watch_rest(world);
    }
}

static void begin(struct world *world) {
    for (unsigned i = 0; i < WORLD_PROCESSES; i++) {
        process_start(&world->processes[i]);
    }
    pass(world, REGISTER_SECONDS);
    for (unsigned i = 0; i < WORLD_PEOPLE * WORLD_PROCESSES; i++) {
        struct person *person = world->people[i % WORLD_PEOPLE];
        process_register(&world->processes[i / WORLD_PEOPLE], person->user,
                         (struct text){(uint32_t)strlen(person->login), person->login});
    }
    pass(world, REGISTER_SECONDS);
    for (unsigned i = 0; i < WORLD_PEOPLE; i++) {
        person_connects(world->people[i]);
        plan_after(&world->time, PREPARE_SECONDS * SECOND, wish, world->people[i]);
    }
    person_prepares(world->people[1]);
    pass(world, PREPARE_SECONDS / 2);
    person_plans(world->people[1]);
    pass(world, PREPARE_SECONDS / 2);
    world->database.forgets_commits = world->sabotage == SABOTAGE_ACKNOWLEDGE_UNSTORED;
}

void world_run(struct world *world, int64_t seconds) {
    begin(world);
    world->late_at = world->time.now + seconds * SECOND / 2;
    plan_after(&world->time, FAULT_LOW_US, fault, world);
    pass(world, seconds);
    world->quiet = true;
    world->quiet_at = world->time.now;
    rest(world);
    if (world->fault[0] == '\0') {
        watch_rest(world);
    }
    if (world->fault[0] == '\0') {
        restart_all(world);
    }
    world->finished = true;
}
