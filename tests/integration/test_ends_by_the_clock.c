/* links: server_process consilium; timeout: 120 */
/* What was given for a moment on a running server: when it is over whoever watches hears that and
 * then nothing, without anybody doing anything; also when the server was down at that moment. */
#include "actors/organisation.h"
#include "tests/support/organisation_site.h"
#include "tests/support/patience.h"

#include "protocol/generated/patient_case.h"
#include "protocol/generated/user.h"

#include <time.h>

enum { SHORT_MS = 1500, SILENT_MS = 1000, AFTER_MS = 1500, CHANNEL = 1, OWN = 2, TURN_MS = 20 };

static int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* A window of somebody who looks on */

struct onlooker {
    struct client_loop *loop;
    struct client *client;
    uint32_t open; /* channels */
    int64_t ended_at;
    enum channel_end reason;
    uint32_t after_end; /* frames of CHANNEL once it was over */
    bool entry_removed, membership_ended;
};

static void on_opened(void *context, const struct client_channel *channel,
                      const struct channel_opened *opened) {
    struct onlooker *onlooker = context;
    (void)channel;
    (void)opened;
    onlooker->open++;
}

static void on_ended(void *context, const struct client_channel *channel, enum channel_end reason) {
    struct onlooker *onlooker = context;
    if (channel->number == CHANNEL) {
        onlooker->ended_at = now_us();
        onlooker->reason = reason;
    }
}

static void on_message(void *context, const struct client_channel *channel,
                       const struct frame *frame) {
    struct onlooker *onlooker = context;
    onlooker->after_end += channel->number == CHANNEL && onlooker->ended_at != 0;
    onlooker->entry_removed |= channel->number == OWN && frame->tag == USER_ENTRY_REMOVED;
    onlooker->membership_ended |= channel->number == OWN && frame->tag == USER_MEMBERSHIP_ENDED;
}

static void on_lost(void *context, enum client_loss loss, uint32_t code, bool returns) {
    (void)context;
    (void)code;
    (void)returns;
    fail_msg("the line broke: %d", (int)loss);
}

static const struct client_handler handler = {
    .session = {.opened = on_opened, .ended = on_ended, .message = on_message}, .lost = on_lost};

static void turn_for(struct onlooker *onlooker, int64_t ms) {
    int64_t end = now_us() + ms * 1000;
    while (now_us() < end)
        client_loop_turn(onlooker->loop, TURN_MS);
}

/* Two channels: what is looked at, and the person's own. */
static void watch(struct onlooker *onlooker, const struct server_address *address,
                  const char *token, uint8_t kind, struct uuid id, struct uuid self) {
    *onlooker = (struct onlooker){.loop = client_loop_create()};
    const struct client_options options = {.address = address,
                                           .token = token,
                                           .program = "watching",
                                           .handler = &handler,
                                           .context = onlooker};
    onlooker->client = client_create(onlooker->loop, &options);
    assert_non_null(onlooker->client);
    struct client_session *session = client_session_of(onlooker->client);
    assert_true(client_session_open(session, CHANNEL, kind, id));
    assert_true(client_session_open(session, OWN, CHANNEL_KIND_USER, self));
    int64_t end = now_us() + (int64_t)READY_MS * 1000;
    while (onlooker->open < 2 && now_us() < end)
        client_loop_turn(onlooker->loop, TURN_MS);
    assert_int_equal(onlooker->open, 2);
}

/* Within a second of the moment, and not before it. */
static void hears_its_end(struct onlooker *onlooker, int64_t until) {
    turn_for(onlooker, (until - now_us()) / 1000 + SILENT_MS);
    assert_true(onlooker->ended_at >= until);
    assert_true(onlooker->ended_at <= until + SILENT_MS * 1000);
    assert_int_equal(onlooker->reason, CHANNEL_END_REVOKED);
    turn_for(onlooker, AFTER_MS);
    assert_int_equal(onlooker->after_end, 0);
}

static void leave(struct onlooker *onlooker) {
    client_destroy(onlooker->client);
    client_loop_destroy(onlooker->loop);
}

/* A case */

/* sha256sum says so of "I agree." */
static const uint8_t agreed[32] = {0x82, 0x6f, 0xf0, 0xda, 0xb6, 0x49, 0xa9, 0x7f, 0xfd, 0xd7, 0x77,
                                   0x9a, 0x33, 0x2a, 0xcc, 0xaf, 0xb3, 0x5c, 0xc1, 0x61, 0x01, 0x22,
                                   0x53, 0xa1, 0x93, 0x83, 0xdb, 0x19, 0x28, 0x9d, 0x6e, 0x02};

static struct conversation coordinator;
static struct arena arena;

static void meet(struct scene *scene) {
    arena_init(&arena, 64 * 1024);
    assert_true(conversation_begin(&coordinator, &scene->staff.address,
                                   scene->staff.people[0].token, "coordinator"));
    assert_true(
        conversation_open(&coordinator, CHANNEL, CHANNEL_KIND_PATIENT_CASE, staff_case_id(1)));
}

static void part(void) {
    conversation_end(&coordinator);
    arena_finish(&arena);
}

static uint64_t let_in(struct uuid person, int64_t until) {
    uint64_t version = 0;
    struct grant_access command = {
        .command_id = fresh_id(),
        .member = {.user = person, .role = ROLE_MEMBER, .name = TEXT("Somebody"), .until = until}};
    assert_int_equal(
        conversation_say(&coordinator, CHANNEL, grant_access_encode(&arena, &command), &version),
        REFUSAL_NONE);
    return version;
}

static void somebodys_time_at_a_case_ends_for_their_windows_and_their_worklist(void **state) {
    struct scene *scene = *state;
    const struct staff_person *member = &scene->staff.people[1];
    struct onlooker onlooker;
    meet(scene);
    int64_t until = now_us() + SHORT_MS * 1000;
    let_in(member->id, until);
    watch(&onlooker, &scene->staff.address, member->token, CHANNEL_KIND_PATIENT_CASE,
          staff_case_id(1), member->id);
    hears_its_end(&onlooker, until);
    assert_true(onlooker.entry_removed);
    leave(&onlooker);
    part();
}

static void a_consent_ends_for_everybody_it_let_in(void **state) {
    struct scene *scene = *state;
    const struct staff_person *member = &scene->staff.people[1];
    struct onlooker onlooker;
    meet(scene);
    let_in(member->id, 0);
    int64_t until = now_us() + SHORT_MS * 1000;
    struct give_consent command = {.command_id = fresh_id(),
                                   .consent = {.id = fresh_id(),
                                               .clinical = true,
                                               .identity = true,
                                               .until = until,
                                               .how = TEXT("on paper"),
                                               .wording = {.version = TEXT("3"),
                                                           .language = TEXT("en"),
                                                           .text = TEXT("I agree."),
                                                           .hash = {sizeof agreed, agreed}}}};
    assert_int_equal(
        conversation_say(&coordinator, CHANNEL, give_consent_encode(&arena, &command), NULL),
        REFUSAL_NONE);
    watch(&onlooker, &scene->staff.address, member->token, CHANNEL_KIND_PATIENT_CASE,
          staff_case_id(1), member->id);
    hears_its_end(&onlooker, until);
    assert_true(onlooker.entry_removed);
    leave(&onlooker);
    part();
}

static uint64_t version_held(void) {
    return client_session_channel(client_session_of(coordinator.client), CHANNEL)->version;
}

static void what_ended_while_the_server_was_down_has_ended_when_it_is_back(void **state) {
    struct scene *scene = *state;
    const struct staff_person *member = &scene->staff.people[2];
    meet(scene);
    int64_t until = now_us() + SHORT_MS * 1000;
    uint64_t version = let_in(member->id, until);
    part();
    server_process_kill(scene->server);
    while (now_us() <= until)
        nanosleep(&(struct timespec){.tv_nsec = TURN_MS * 1000000L}, NULL);
    assert_true(server_process_launch(scene->server));
    assert_true(server_process_wait_ready(scene->server, READY_MS));
    meet(scene);
    struct patience patience = patience_of(READY_MS);
    while (version_held() <= version && patience_lasts(&patience))
        client_loop_turn(coordinator.loop, TURN_MS);
    assert_int_equal(version_held(), version + 1); /* the end */
    struct revoke_access command = {.command_id = fresh_id(), .user = member->id};
    assert_int_equal(
        conversation_say(&coordinator, CHANNEL, revoke_access_encode(&arena, &command), NULL),
        REFUSAL_NOT_FOUND);
    part();
}

/* An organisation */

static void a_membership_ends_for_their_windows_and_in_what_they_are(void **state) {
    struct scene *scene = *state;
    char id[ID], cookie[COOKIE], body[128];
    struct uuid person, organisation;
    struct onlooker onlooker;
    char token[CLIENT_TOKEN_MAX + 1];
    a_member(scene, scene->child, "specialist", "for.a.moment", id, cookie);
    person = uuid_of_words(id);
    organisation = uuid_of_words(scene->child);
    token_of(scene, "for.a.moment", token);
    int64_t until = now_us() / 1000 + SHORT_MS;
    snprintf(body, sizeof body, "{\"roles\":\"administrator\",\"until\":%lld}", (long long)until);
    assert_int_equal(
        asks(scene, NULL, body, "/api/organisations/%s/people/%s/roles", scene->child, id), 204);
    watch(&onlooker, &scene->staff.address, token, CHANNEL_KIND_ORGANISATION, organisation, person);
    hears_its_end(&onlooker, until * 1000);
    assert_true(onlooker.membership_ended);
    leave(&onlooker);
    assert_int_equal(asks(scene, cookie, NULL, "/api/organisations/%s/people", scene->child), 404);
    assert_int_equal(asks(scene, NULL, NULL, "/api/organisations/%s/people", scene->child), 200);
    assert_false(body_says(scene, id));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(somebodys_time_at_a_case_ends_for_their_windows_and_their_worklist),
        cmocka_unit_test(a_consent_ends_for_everybody_it_let_in),
        cmocka_unit_test(a_membership_ends_for_their_windows_and_in_what_they_are),
        cmocka_unit_test(what_ended_while_the_server_was_down_has_ended_when_it_is_back),
    };
    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
