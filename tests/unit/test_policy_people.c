/* links: server_core actor_test_support */
/*
 * The policy's matrix on real actors: what somebody is granted, whether each message has its turn,
 * and whether each event reaches them.
 */
#include "protocol/sha256.h"
#include "server/node/node_state.h"
#include "tests/unit/support_meeting.h"
#include "tests/unit/support_policy.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Real actors, whose handlers only note what reaches them. */

static struct world world;
static struct actor_kind spied[ACTOR_KIND_COUNT];
static const struct actor_kind *spies[ACTOR_KIND_COUNT];
static bool spying;
static uint8_t reached; /* the last tag; 0 = none */

static void note_or_handle(struct actor *actor, struct turn *turn, uint8_t tag,
                           const void *message) {
    if (spying) {
        reached = tag;
        return;
    }
    for (size_t i = 0; i < ACTOR_KIND_COUNT; i++) {
        if (actor_kinds[i]->number == turn->kind) {
            actor_kinds[i]->handle(actor, turn, tag, message);
        }
    }
}

static void start(void) {
    for (size_t i = 0; i < ACTOR_KIND_COUNT; i++) {
        spied[i] = *actor_kinds[i];
        spied[i].handle = note_or_handle;
        spies[i] = &spied[i];
    }
    spying = false;
    world_start_with(&world, spies);
}

enum { UNMADE = 1 << 0 }; /* the first condition of every resource */

/* Somebody on an actor, and the cells that should be theirs. */
struct somebody {
    const char *who;
    uint32_t person;
    uint16_t rights;
    uint16_t roles; /* what the cells of these are together */
    uint8_t conditions;
};

static struct allowance expected(const struct resource *resource, const struct somebody *somebody) {
    struct allowance sum = {0};
    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        if ((somebody->roles & 1u << role) != 0) {
            sum = policy_both(sum, policy_cell(resource, role, somebody->conditions));
        }
    }
    return sum;
}

/* Whether a turn of the actor is given to a message of theirs. */
static bool gets_a_turn(uint32_t slot, const struct matrix_message *message) {
    struct arena *arena = runtime_arena(world.fake.runtime);
    struct uuid *blank = arena_alloc(arena, 64 * 1024); /* field 0 of a command is its id */
    assert_non_null(blank);
    memset(blank, 0, 64 * 1024);
    *blank = uuid_of(world.next_id++);
    struct world_session *session = &world.sessions[slot];
    struct incoming incoming = {
        .tag = message->tag,
        .message = blank,
        .arena = arena,
        /* All that the gate would have let through once: the turn asks again. */
        .sender = {.session = {1, slot, 1},
                   .user = session->user,
                   .roles = session->grant.roles,
                   .actions = session->grant.actions,
                   .participant = session->participant},
        .channel = 1,
        .seq = world.next_id,
    };
    reached = 0;
    spying = true;
    runtime_push(world.fake.runtime, session->activation, &incoming);
    fake_host_run(&world.fake);
    spying = false;
    return reached == message->tag;
}

static enum send_result take(struct transport *transport, void *connection,
                             struct shared_frame *frame) {
    (void)transport;
    (void)connection;
    (void)frame;
    return SEND_DONE;
}

/* The node's own loop over recipients, with this one alone in it. */
static bool is_sent(uint32_t slot, const struct grant *grant,
                    const struct matrix_message *message) {
    static struct node node; /* large */
    static struct transport transport = {.send = take};
    node = (struct node){.now = 1};
    struct session session = {.node = &node, .user = world.sessions[slot].user};
    outbox_init(&session.outbox, &transport, NULL);
    struct channel channel = {.session = &session,
                              .number = 1,
                              .kind = activation_kind(world.sessions[slot].activation),
                              .state = CHANNEL_LIVE,
                              .activation = world.sessions[slot].activation,
                              .grant = *grant};
    struct channel *subscribers[] = {&channel};
    struct hub hub = {
        .node = &node, .activation = channel.activation, .subscribers = subscribers, .count = 1};
    struct event_header header = {.tag = message->tag, .version = 1};
    const uint64_t previous[AUDIENCE_COUNT] = {0};
    static const uint8_t nothing[] = {0x90}; /* an empty array of fields */
    fanout_event(&hub, &header, message->audiences, (struct bytes){sizeof nothing, nothing},
                 previous);
    outbox_finish(&session.outbox);
    return node.counts.frames_out == 1;
}

static void try_messages(const struct resource *resource, const struct somebody *somebody,
                         uint32_t slot, struct allowance should) {
    const struct matrix_message *message = resource->messages;
    struct grant grant =
        activation_grant(world.sessions[slot].activation, world_person(somebody->person));
    for (; message->name != NULL; message++) {
        if (message->action != 0) {
            bool may = (should.actions & message->action) != 0;
            if (gets_a_turn(slot, message) != may) {
                fail_msg("%s by %s: %s", message->name, somebody->who,
                         may ? "was refused" : "had its turn");
            }
        } else {
            bool sees = (should.audiences & message->audiences) != 0;
            if (is_sent(slot, &grant, message) != sees) {
                fail_msg("%s to %s: %s", message->name, somebody->who,
                         sees ? "was not sent" : "was sent");
            }
        }
    }
}

static void hold(uint8_t kind, uint32_t id, const struct somebody *people, size_t count) {
    const struct resource *resource = policy_resources;
    while (resource->kind != kind) {
        resource++;
    }
    for (size_t i = 0; i < count; i++) {
        const struct somebody *somebody = &people[i];
        uint32_t slot = world_attach(&world, kind, uuid_of(id), world_person(somebody->person),
                                     somebody->rights);
        struct grant grant = world.sessions[slot].grant;
        struct allowance should = expected(resource, somebody);
        struct allowance is = {grant.audiences, grant.actions};
        if (should.audiences == 0) {
            should.actions = 0; /* who may not know of it can do nothing with it */
        }
        if (is.audiences != should.audiences || is.actions != should.actions) {
            fail_msg("%s: sees 0x%x does 0x%x, should be 0x%x and 0x%x", somebody->who,
                     is.audiences, is.actions, should.audiences, should.actions);
        }
        /* One that is not there and that they may not make is let go of at once. */
        if (world.sessions[slot].attached || (somebody->conditions & UNMADE) == 0) {
            try_messages(resource, somebody, slot, should);
            world_detach(&world, slot);
        }
    }
}
#define HOLD(kind, id, people) hold(kind, id, people, sizeof people / sizeof people[0])

/* Cases */

enum {
    PATIENT = 920,
    PROXY_WHO_SEES,
    PROXY_WHO_CONSENTS,
    PROXY_FOR_BOTH,
    PROXY_NO_MORE,
    SPECIALIST,
    MASKED,
    NAVIGATOR,
    PRIVACY,
    CASE_OBSERVER,
    ROOT,
    NAVIGATOR_OF_ALL,
};

enum {
    COVERED = PATIENT_CASE_WHEN_COVERED,
    NAMED = PATIENT_CASE_WHEN_NAMED,
    FREE = PATIENT_CASE_WHEN_FREE,
    OWN = PATIENT_CASE_WHEN_OWN,
    TREATS = COVERED | NAMED,
    MAY_SEE = PATIENT_CASE_WHEN_MAY_SEE,
    MAY_CONSENT = PATIENT_CASE_WHEN_MAY_CONSENT,
};
#define ONE(role) ((uint16_t)(1u << ROLE_##role))

static void let_in(uint32_t person, uint8_t role, uint8_t proxy, bool masked, int64_t until) {
    struct grant_access command = {.member = {.user = world_person(person),
                                              .role = role,
                                              .name = TEXT("Somebody"),
                                              .proxy = proxy,
                                              .masked = masked,
                                              .until = until}};
    uint32_t slot = world_attach(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                                 world_person(COORDINATOR), 0);
    assert_int_equal(world_say(&world, slot, PATIENT_CASE_GRANT_ACCESS, &command), REFUSAL_NONE);
    world_detach(&world, slot);
}

static void a_case(void) {
    start();
    world_meeting(&world, 1);
    let_in(PATIENT, ROLE_PATIENT, 0, false, 0);
    let_in(PROXY_WHO_SEES, ROLE_PROXY, 1, false, 0);
    let_in(PROXY_WHO_CONSENTS, ROLE_PROXY, 2, false, 0);
    let_in(PROXY_FOR_BOTH, ROLE_PROXY, 3, false, 0);
    let_in(PROXY_NO_MORE, ROLE_PROXY, 3, false, world.fake.now - 1);
    let_in(SPECIALIST, ROLE_SPECIALIST, 0, false, 0);
    let_in(MASKED, ROLE_OBSERVER, 0, true, 0);
    let_in(CASE_OBSERVER, ROLE_OBSERVER, 0, false, 0);
    let_in(NAVIGATOR, ROLE_NURSE_NAVIGATOR, 0, false, 0);
}

/* Everybody towards the case. `other`: conditions of those who take part but do not treat; `free`:
 * FREE, or 0 when its use is restricted. */
static void hold_case(uint8_t other, uint8_t free) {
    other |= free;
    const uint8_t treats = TREATS | free, own = OWN | free;
    const struct somebody people[] = {
        {"the coordinator", COORDINATOR, 0, ONE(COORDINATOR), treats | OWN},
        {"a navigator of the case", NAVIGATOR, 0, ONE(NURSE_NAVIGATOR), treats | OWN},
        {"a specialist", SPECIALIST, 0, ONE(SPECIALIST), other | OWN},
        {"a member of the board alone", MEMBER, 0, ONE(MEMBER), other},
        {"an observer of the board alone", OBSERVER, 0, ONE(OBSERVER), other},
        {"an observer of the case", CASE_OBSERVER, 0, ONE(OBSERVER), other | OWN},
        {"an observer who is not told names", MASKED, 0, ONE(OBSERVER),
         (uint8_t)(other & ~NAMED) | OWN},
        {"the referrer", REFERRER, 0, ONE(REFERRER), other | OWN},
        {"the patient", PATIENT, 0, ONE(PATIENT), other | OWN},
        {"a proxy who sees", PROXY_WHO_SEES, 0, ONE(PROXY), MAY_SEE | own},
        {"a proxy who consents", PROXY_WHO_CONSENTS, 0, ONE(PROXY), MAY_CONSENT | own},
        {"a proxy for both", PROXY_FOR_BOTH, 0, ONE(PROXY), MAY_SEE | MAY_CONSENT | own},
        {"a proxy whose time is over", PROXY_NO_MORE, 0, 0, 0},
        {"an administrator", ROOT, ONE(ADMINISTRATOR), ONE(ADMINISTRATOR), treats},
        {"a privacy officer", PRIVACY, ONE(PRIVACY_OFFICER), ONE(PRIVACY_OFFICER), treats},
        {"a navigator of the hospital", NAVIGATOR_OF_ALL, ONE(NURSE_NAVIGATOR),
         ONE(NURSE_NAVIGATOR), treats},
        {"a stranger", STRANGER, 0, 0, 0},
        {"a coordinator of other cases", STRANGER, ONE(COORDINATOR), 0, 0},
        {"a specialist of the hospital", STRANGER, ONE(SPECIALIST), 0, 0},
    };
    HOLD(CHANNEL_KIND_PATIENT_CASE, A_CASE, people);
}

static void everybody_on_a_case_for_which_no_consent_is_asked(void **unused) {
    (void)unused;
    a_case();
    hold_case(TREATS, FREE);
    world_stop(&world);
}

static void say_as_patient(uint8_t tag, const void *message) {
    uint32_t slot =
        world_attach(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE), world_person(PATIENT), 0);
    assert_int_equal(world_say(&world, slot, tag, message), REFUSAL_NONE);
    world_detach(&world, slot);
}

static void everybody_on_a_case_whose_patient_withdrew(void **unused) {
    (void)unused;
    a_case();
    struct withdraw_consent all = {.consent = {{0}}};
    say_as_patient(PATIENT_CASE_WITHDRAW_CONSENT, &all);
    hold_case(0, FREE);
    world_stop(&world);
}

static void everybody_on_a_case_whose_patient_keeps_their_name(void **unused) {
    (void)unused;
    struct sha256 hash = sha256_of((struct bytes){8, (const uint8_t *)"I agree."});
    a_case();
    struct give_consent consent = {
        .consent = {.id = uuid_of(70),
                    .clinical = true,
                    .how = TEXT("here"),
                    .wording = {.version = TEXT("3"),
                                .language = TEXT("en"),
                                .text = TEXT("I agree."),
                                .hash = {sizeof hash.bytes, hash.bytes}}}};
    say_as_patient(PATIENT_CASE_GIVE_CONSENT, &consent);
    hold_case(COVERED, FREE);
    world_stop(&world);
}

static void everybody_on_a_case_whose_use_is_restricted(void **unused) {
    (void)unused;
    a_case();
    struct restrict_use command = {.reason = TEXT("contested")};
    uint32_t slot = world_attach(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                                 world_person(COORDINATOR), 0);
    assert_int_equal(world_say(&world, slot, PATIENT_CASE_RESTRICT_USE, &command), REFUSAL_NONE);
    world_detach(&world, slot);
    hold_case(TREATS, 0);
    world_stop(&world);
}

static void everybody_on_a_case_that_is_not_there_yet(void **unused) {
    (void)unused;
    start();
    world_people(&world);
    struct somebody people[ROLE_COUNT];
    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        people[role] = (struct somebody){"somebody by a right", 940 + role, (uint16_t)(1u << role),
                                         (uint16_t)(1u << role), UNMADE};
    }
    HOLD(CHANNEL_KIND_PATIENT_CASE, A_CASE, people);
    HOLD(CHANNEL_KIND_SERIES, A_SERIES, people);
    HOLD(CHANNEL_KIND_BOARD, A_BOARD, people);
    HOLD(CHANNEL_KIND_ORGANISATION, 77, people);
    world_stop(&world);
}

static void who_broke_the_glass_sees_and_does_nothing_but_look(void **unused) {
    (void)unused;
    a_case();
    uint32_t on_duty = world_attach(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                                    world_person(STRANGER), ONE(SPECIALIST));
    struct break_glass command = {.name = TEXT("On Duty"), .reason = TEXT("unconscious")};
    assert_int_equal(world_serve(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                                 world_person(STRANGER), PATIENT_CASE_BREAK_GLASS, &command),
                     REFUSAL_NONE);
    world_detach(&world, on_duty);
    const struct somebody people[] = {
        {"who broke the glass", STRANGER, ONE(SPECIALIST), ONE(EMERGENCY), 0}};
    HOLD(CHANNEL_KIND_PATIENT_CASE, A_CASE, people);
    world_stop(&world);
}

/* Boards, series, people and organisations */

static void hold_board(uint8_t listed, uint8_t ahead) {
    const struct somebody people[] = {
        {"the chair", CHAIR, 0, ONE(CHAIR), ahead},
        {"the coordinator", COORDINATOR, 0, ONE(COORDINATOR), ahead},
        {"a member", MEMBER, 0, ONE(MEMBER), ahead},
        {"an observer", OBSERVER, 0, ONE(OBSERVER), ahead},
        {"a guest", PATIENT, 0, ONE(GUEST), (uint8_t)(listed | ahead)},
        {"a screen in the hall", SPECIALIST, 0, ONE(DISPLAY), ahead},
        {"an administrator", ROOT, ONE(ADMINISTRATOR), ONE(ADMINISTRATOR), ahead},
        {"a navigator of the hospital", NAVIGATOR_OF_ALL, ONE(NURSE_NAVIGATOR),
         ONE(NURSE_NAVIGATOR), ahead},
        {"a privacy officer", PRIVACY, ONE(PRIVACY_OFFICER), ONE(PRIVACY_OFFICER), ahead},
        {"a stranger", STRANGER, 0, 0, ahead},
        {"a coordinator of other boards", STRANGER, ONE(COORDINATOR), 0, ahead},
    };
    HOLD(CHANNEL_KIND_BOARD, A_BOARD, people);
}

static void add(uint32_t chair, uint32_t person, uint8_t role, uint32_t items, uint32_t *item) {
    struct add_member command = {.member = {.user = world_person(person),
                                            .role = role,
                                            .name = TEXT("Somebody"),
                                            .items = {items, item}}};
    assert_int_equal(world_say(&world, chair, BOARD_ADD_MEMBER, &command), REFUSAL_NONE);
}

static void everybody_at_a_board(void **unused) {
    (void)unused;
    start();
    uint32_t chair = world_meeting(&world, 2);
    uint32_t theirs = 2;
    add(chair, PATIENT, ROLE_GUEST, 1, &theirs);
    add(chair, SPECIALIST, ROLE_DISPLAY, 0, NULL);
    struct start_meeting begin = {0};
    assert_int_equal(world_say(&world, chair, BOARD_START_MEETING, &begin), REFUSAL_NONE);
    hold_board(0, BOARD_WHEN_AHEAD);
    struct open_item open = {.next = 2};
    assert_int_equal(world_say(&world, chair, BOARD_OPEN_ITEM, &open), REFUSAL_NONE);
    hold_board(BOARD_WHEN_LISTED, BOARD_WHEN_AHEAD);
    struct end_meeting end = {.item = 2};
    assert_int_equal(world_say(&world, chair, BOARD_END_MEETING, &end), REFUSAL_NONE);
    hold_board(0, 0);
    world_stop(&world);
}

static void everybody_at_a_series(void **unused) {
    (void)unused;
    start();
    world_people(&world);
    meeting_series(&world);
    const struct somebody people[] = {
        {"the chair", CHAIR, 0, ONE(CHAIR), 0},
        {"the coordinator", COORDINATOR, 0, ONE(COORDINATOR), 0},
        {"an administrator", ROOT, ONE(ADMINISTRATOR), ONE(ADMINISTRATOR), 0},
        {"a stranger", STRANGER, ONE(COORDINATOR), 0, 0},
    };
    HOLD(CHANNEL_KIND_SERIES, A_SERIES, people);
    world_stop(&world);
}

static void everybody_towards_a_person(void **unused) {
    (void)unused;
    start();
    world_people(&world);
    const struct somebody people[] = {
        {"themselves", MEMBER, 0, ONE(SELF), 0},
        {"an administrator", ROOT, ONE(ADMINISTRATOR), ONE(ADMINISTRATOR), 0},
        {"a colleague", CHAIR, 0, 0, 0},
    };
    hold(CHANNEL_KIND_USER, MEMBER, people, sizeof people / sizeof people[0]);
    world_stop(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everybody_on_a_case_for_which_no_consent_is_asked),
        cmocka_unit_test(everybody_on_a_case_whose_patient_withdrew),
        cmocka_unit_test(everybody_on_a_case_whose_patient_keeps_their_name),
        cmocka_unit_test(everybody_on_a_case_whose_use_is_restricted),
        cmocka_unit_test(everybody_on_a_case_that_is_not_there_yet),
        cmocka_unit_test(who_broke_the_glass_sees_and_does_nothing_but_look),
        cmocka_unit_test(everybody_at_a_board),
        cmocka_unit_test(everybody_at_a_series),
        cmocka_unit_test(everybody_towards_a_person),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
