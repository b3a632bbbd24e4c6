/* What people do from time to time: talk, point, move the stage, ask for the floor, change the
 * roster, say things twice. What they do in a meeting beside that is in meeting_wishes.c. */
#include "tests/simulation/person.h"

#include "actors/stage.h"
#include "protocol/generated/patient_case.h"

#include <assert.h>
#include <string.h>

enum { ARENA_BYTES = 64 * 1024 };

struct uuid person_new_id(struct world *world) {
    struct uuid id;
    for (unsigned i = 0; i < sizeof id.bytes; i++) {
        id.bytes[i] = (uint8_t)chance(&world->time);
    }
    id.bytes[6] = (uint8_t)((id.bytes[6] & 0x0f) | 0x40); /* RFC 9562 5.4 */
    return id;
}

static uint32_t open_item(const struct person *person) {
    return person->mirror.layout.item;
}

static void post_message(struct person *person, struct arena *arena) {
    struct world *world = person->world;
    struct post_message post = {.command_id = person_new_id(world), .text = TEXT(WORDS_SAID)};
    uint16_t channel = (uint16_t)(CHANNEL_FIRST_CASE + chance_below(&world->time, WORLD_CASES));
    person_commands(person, channel, PATIENT_CASE_POST_MESSAGE, post.command_id,
                    post_message_encode(arena, &post));
}

static void request_floor(struct person *person, struct arena *arena) {
    struct request_floor ask = {.command_id = person_new_id(person->world),
                                .item = open_item(person)};
    person_commands(person, CHANNEL_BOARD, STAGE_REQUEST_FLOOR, ask.command_id,
                    request_floor_encode(arena, &ask));
}

static void release_floor(struct person *person, struct arena *arena) {
    struct release_floor release = {.command_id = person_new_id(person->world),
                                    .item = open_item(person),
                                    .user = person->mirror.floor.holder};
    person_commands(person, CHANNEL_BOARD, STAGE_RELEASE_FLOOR, release.command_id,
                    release_floor_encode(arena, &release));
}

static struct viewport some_viewport(struct world *world) {
    return (struct viewport){
        .display_set = TEXT("ds-1"),
        .center = {(double)chance_below(&world->time, 500), 1, 2},
        .shown = 100 + (double)chance_below(&world->time, 100),
        .overlays = true,
        .aspect = 1,
    };
}

static void move_stage(struct person *person, struct arena *arena) {
    struct world *world = person->world;
    if (chance_percent(&world->time, 30) || person->mirror.layout.viewports.count == 0) {
        struct viewport viewports[2] = {some_viewport(world), some_viewport(world)};
        struct set_layout set = {
            .layout = {
                .item = open_item(person), .rows = 1, .columns = 2, .viewports = {2, viewports}}};
        person_signals(person, CHANNEL_BOARD, set_layout_encode(arena, &set));
        return;
    }
    struct set_viewport set = {.item = open_item(person),
                               .index = (uint8_t)chance_below(&world->time, 2),
                               .viewport = some_viewport(world)};
    person_signals(person, CHANNEL_BOARD, set_viewport_encode(arena, &set));
}

static void settle_stage(struct person *person, struct arena *arena) {
    struct settle_stage settle = {.command_id = person_new_id(person->world),
                                  .layout = person->mirror.layout};
    person_commands(person, CHANNEL_BOARD, STAGE_SETTLE_STAGE, settle.command_id,
                    settle_stage_encode(arena, &settle));
}

static void point(struct person *person, struct arena *arena) {
    struct world *world = person->world;
    struct move_pointer move = {
        .handle = person->handle, .x = (float)chance_below(&world->time, 300), .y = 1, .z = 2};
    person_signals(person, CHANNEL_BOARD,
                   set_pointing_encode(arena, &(struct set_pointing){.pointing = true}));
    person_signals(person, CHANNEL_BOARD, move_pointer_encode(arena, &move));
}

/* More than the schema allows, as a client of ours cannot write it: a legal message, its bytes
 * changed. */
static struct bytes lengthened(struct arena *arena, struct bytes fields, size_t at, uint8_t header,
                               struct bytes more) {
    uint8_t *bytes = arena_alloc(arena, fields.length + more.length);
    assert(bytes != NULL);
    memcpy(bytes, fields.bytes, fields.length);
    bytes[at] = header;
    memmove(bytes + at + 1 + more.length, bytes + at + 1, fields.length - at - 1);
    memcpy(bytes + at + 1, more.bytes, more.length);
    return (struct bytes){fields.length + more.length, bytes};
}

/* A name of 180 bytes: 128 is the most. Long texts are the byte 0xd9, the length, the text. */
static void say_too_long_a_name(struct person *person, struct arena *arena) {
    enum { LONGEST = 128, TOO_LONG = 180 };
    char name[TOO_LONG];
    memset(name, 'x', sizeof name);
    struct add_member add = {
        .command_id = person_new_id(person->world),
        .member = {.user = person->world->people[3]->user,
                   .role = ROLE_MEMBER,
                   .name = {LONGEST, name}},
    };
    struct encoded message = add_member_encode(arena, &add);
    size_t at = 0;
    while (message.fields.bytes[at] != 0xd9 || message.fields.bytes[at + 1] != LONGEST) {
        at++;
    }
    message.fields = lengthened(arena, message.fields, at + 1, TOO_LONG,
                                (struct bytes){TOO_LONG - LONGEST, (const uint8_t *)name});
    person_commands(person, CHANNEL_BOARD, BOARD_ADD_MEMBER, add.command_id, message);
}

/* Ten viewports: nine are the most. They are the last of the message, behind 0x90 + their count. */
static void show_too_many(struct person *person, struct arena *arena) {
    struct viewport viewports[STAGE_VIEWPORTS_MAX];
    for (unsigned i = 0; i < STAGE_VIEWPORTS_MAX; i++) {
        viewports[i] = (struct viewport){.display_set = TEXT("ds-1"), .shown = 100, .aspect = 1};
    }
    struct set_layout set = {.layout = {.item = open_item(person),
                                        .rows = STAGE_SIDE_MAX,
                                        .columns = STAGE_SIDE_MAX,
                                        .viewports = {STAGE_VIEWPORTS_MAX - 1, viewports}}};
    struct encoded fewer = set_layout_encode(arena, &set);
    set.layout.viewports.count++;
    struct encoded message = set_layout_encode(arena, &set);
    uint32_t one = message.fields.length - fewer.fields.length;
    size_t at = message.fields.length - (size_t)one * STAGE_VIEWPORTS_MAX - 1;
    assert(message.fields.bytes[at] == 0x90 + STAGE_VIEWPORTS_MAX);
    message.fields = lengthened(arena, message.fields, at, 0x90 + STAGE_VIEWPORTS_MAX + 1,
                                (struct bytes){one, message.fields.bytes + at + 1});
    person_signals(person, CHANNEL_BOARD, message);
}

/* Takes the fourth person off the board, or puts them back: grants change while they listen. */
static void change_roster(struct person *person, struct arena *arena) {
    struct world *world = person->world;
    struct person *other = world->people[3];
    if (chance_percent(&world->time, 50)) {
        struct remove_member remove = {.command_id = person_new_id(world), .user = other->user};
        person_commands(person, CHANNEL_BOARD, BOARD_REMOVE_MEMBER, remove.command_id,
                        remove_member_encode(arena, &remove));
        return;
    }
    struct add_member add = {
        .command_id = person_new_id(world),
        .member = {.user = other->user,
                   .role = chance_percent(&world->time, 50) ? ROLE_MEMBER : ROLE_OBSERVER,
                   .name = {(uint32_t)strlen(other->name), other->name}},
    };
    person_commands(person, CHANNEL_BOARD, BOARD_ADD_MEMBER, add.command_id,
                    add_member_encode(arena, &add));
}

static void say_again(struct person *person) {
    if (person->said_count > 0) {
        size_t which = chance_below(&person->world->time, person->said_count);
        struct heard *heard = person_channel(person, person->said[which].channel);
        if (heard->open) {
            person_repeats(person, &person->said[which]);
        }
    }
}

static bool holds_floor(const struct person *person) {
    return uuid_equal(person->mirror.floor.holder, person->user);
}

static void wish_on_board(struct person *person, struct arena *arena) {
    struct world *world = person->world;
    uint64_t wish = chance_below(&world->time, 100);
    bool leads = person->board_role <= ROLE_COORDINATOR;
    if (leads && wish < 1) {
        say_too_long_a_name(person, arena);
    } else if (holds_floor(person) && wish < 2) {
        show_too_many(person, arena);
    } else if (leads && wish < 16) {
        wish_to_lead(person, arena);
    } else if (leads && wish < 18) {
        change_roster(person, arena);
    } else if (wish < 24) {
        request_floor(person, arena);
    } else if (wish < 60 && holds_floor(person)) {
        move_stage(person, arena);
    } else if (wish < 74 && holds_floor(person)) {
        settle_stage(person, arena);
    } else if (wish < 75 && (leads || holds_floor(person))) {
        wish_to_hang(person, arena);
    } else if (wish < 78 && holds_floor(person)) {
        release_floor(person, arena);
    } else if (person->handle == 0) {
        struct bind_handle bind = {.target = {.space = POINTER_SPACE_INSTANCE,
                                              .patient_case = world->cases[0],
                                              .study_uid = TEXT("1.2"),
                                              .uid = TEXT("1.2.3")}};
        struct encoded message = bind_handle_encode(arena, &bind);
        person_asks(person, CHANNEL_BOARD, message);
    } else {
        point(person, arena);
    }
}

void person_wishes(struct person *person) {
    struct world *world = person->world;
    if (person->link == NULL || !person->greeted) {
        return;
    }
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    /* Nobody's line dies of silence at the very moment that all is compared. */
    if (chance_percent(&world->time, world->quiet ? 30 : 3)) {
        person_asks(person, 0, ping_encode(&arena, &(struct ping){.sent_at = world->time.now}));
    }
    if (world->quiet) {
        if (person->index == 0 && world_may_ask(world)) {
            person_asks_for_answers(person, &arena);
        }
        arena_finish(&arena);
        return;
    }
    uint64_t wish = chance_below(&world->time, 100);
    bool talks = person->index == GUEST || person->heard[CHANNEL_FIRST_CASE - 1].open;
    bool on_board = person->heard[CHANNEL_BOARD - 1].open;
    if (wish < 12 && talks) {
        post_message(person, &arena); /* observers and referrers try too: refused */
    } else if (wish < 25) {
        wish_about_a_case(person, &arena);
    } else if (wish < 30) {
        say_again(person);
    } else if (on_board) {
        wish_on_board(person, &arena);
    }
    arena_finish(&arena);
}
