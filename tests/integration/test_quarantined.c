/* links: server_process consilium server; timeout: 120 */
/* A case at whose command the server died three times: to who belongs to it it is stopped, to
 * everybody else it is what an unknown one is, over HTTP and over a WebSocket. */
#include "server/quarantine.h"
#include "tests/support/organisation_site.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHANNEL = 1, TURN_MS = 20, THE_CASE = 1, NO_CASE = 4000 };

/* In the middle of the same command, as often as it takes. */
static void die_of(const char *file, struct uuid stream) {
    for (unsigned i = 0; i < QUARANTINE_CRASHES; i++) {
        pid_t child = fork();
        if (child == 0) {
            struct quarantine *quarantine = quarantine_open(file);
            struct crash_marker *marker = quarantine_marker(quarantine);
            *marker = (struct crash_marker){.stream = stream, .command_id = {{7}}, .tag = 1};
            marker->active = 1;
            kill(getpid(), SIGKILL);
        }
        int status;
        waitpid(child, &status, 0);
        assert_true(WIFSIGNALED(status));
    }
}

struct asking {
    bool over;
    enum channel_end end;
};

static void on_opened(void *context, const struct client_channel *channel,
                      const struct channel_opened *opened) {
    (void)context;
    (void)channel;
    (void)opened;
    fail_msg("it was opened");
}

static void on_ended(void *context, const struct client_channel *channel, enum channel_end reason) {
    struct asking *asking = context;
    (void)channel;
    asking->over = true;
    asking->end = reason;
}

static const struct client_handler handler = {.session = {.opened = on_opened, .ended = on_ended}};

static enum channel_end opens(const struct scene *scene, const char *token, struct uuid id) {
    struct asking asking = {.over = false};
    struct client_loop *loop = client_loop_create();
    const struct client_options options = {.address = &scene->staff.address,
                                           .token = token,
                                           .program = "asking",
                                           .handler = &handler,
                                           .context = &asking};
    struct client *client = client_create(loop, &options);
    assert_true(
        client_session_open(client_session_of(client), CHANNEL, CHANNEL_KIND_PATIENT_CASE, id));
    for (unsigned i = 0; i < READY_MS / TURN_MS && !asking.over; i++)
        client_loop_turn(loop, TURN_MS);
    assert_true(asking.over);
    client_destroy(client);
    client_loop_destroy(loop);
    return asking.end;
}

static void words_of(struct uuid id, char ret[ID]) {
    const uint8_t *b = id.bytes;
    snprintf(ret, ID, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
             b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
             b[14], b[15]);
}

static void a_case_that_is_put_aside_is_unknown_to_strangers(void **state) {
    static const char *const ways[] = {"/api/cases/%s/display-sets", "/api/cases/%s/accesses"};
    static struct plain_answer unknown;
    struct scene *scene = *state;
    char file[512], id[ID], none[ID], stranger[ID], cookie[COOKIE];
    char token[CLIENT_TOKEN_MAX + 1];
    a_member(scene, scene->child, "specialist", "passes.by", stranger, cookie);
    snprintf(file, sizeof file, "%s/crashes", server_process_data(scene->server));
    server_process_kill(scene->server);
    die_of(file, staff_case_id(THE_CASE));
    assert_true(server_process_launch(scene->server));
    assert_true(server_process_wait_ready(scene->server, READY_MS));
    token_of(scene, "passes.by", token);
    assert_int_equal(opens(scene, scene->staff.people[0].token, staff_case_id(THE_CASE)),
                     CHANNEL_END_QUARANTINED);
    assert_int_equal(opens(scene, token, staff_case_id(THE_CASE)), CHANNEL_END_NOT_FOUND);
    assert_int_equal(opens(scene, token, staff_case_id(NO_CASE)), CHANNEL_END_NOT_FOUND);
    words_of(staff_case_id(THE_CASE), id);
    words_of(staff_case_id(NO_CASE), none);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        assert_int_equal(asks(scene, cookie, NULL, ways[i], none), 404);
        unknown = scene->answer;
        assert_int_equal(asks(scene, cookie, NULL, ways[i], id), 404);
        assert_string_equal(scene->answer.body, unknown.body);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_that_is_put_aside_is_unknown_to_strangers),
    };
    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
