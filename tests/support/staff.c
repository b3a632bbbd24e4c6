#include "tests/support/staff.h"

#include "clients/native/json_text.h"
#include "protocol/generated/board.h"
#include "protocol/generated/patient_case.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum { BODY_BYTES = 512, COMMAND_BYTES = 64 * 1024, MADE_BY_ONE_SESSION = 10, TITLE_MAX = 32 };

static const char program[] = "test staff";

static struct uuid numbered(uint8_t kind, unsigned number) {
    return (struct uuid){{0xc0, kind, [6] = 0x40, [8] = 0x80, [13] = (uint8_t)(number >> 16),
                          [14] = (uint8_t)(number >> 8), [15] = (uint8_t)number}};
}

struct uuid staff_case_id(unsigned number) {
    return numbered(2, number);
}

struct uuid staff_board_id(unsigned number) {
    return numbered(1, number);
}

void staff_case_text(unsigned number, char ret[37]) {
    struct uuid id = staff_case_id(number);
    size_t at = 0;
    for (int i = 0; i < 16; i++) {
        bool dash = i == 4 || i == 6 || i == 8 || i == 10;
        at += (size_t)snprintf(ret + at, 37 - at, "%s%02x", dash ? "-" : "", id.bytes[i]);
    }
}

struct uuid fresh_id(void) {
    struct uuid id;
    ssize_t got = getrandom(id.bytes, sizeof id.bytes, 0);
    assert(got == (ssize_t)sizeof id.bytes);
    id.bytes[6] = (uint8_t)(0x40 | (id.bytes[6] & 0x0f)); /* RFC 4122 4.4 */
    id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3f));
    return id;
}

static bool make_person(struct http_client *http, unsigned number) {
    char body[BODY_BYTES];
    struct http_response response;
    struct uuid id = numbered(3, number);
    int length = snprintf(body, sizeof body,
                          "{\"id\":\"%02x%02x%02x%02x-0000-4000-8000-0000%02x%02x%02x%02x\","
                          "\"login\":\"person%u\",\"name\":\"Person %u\",\"password\":\"%s\","
                          "\"administrator\":false}",
                          id.bytes[0], id.bytes[1], id.bytes[2], id.bytes[3], id.bytes[12],
                          id.bytes[13], id.bytes[14], id.bytes[15], number, number, STAFF_PASSWORD);
    bool asked = http_client_request(http, "POST", "/api/people", "application/json", body,
                                     (size_t)length, &response);
    if (asked && (response.status == 200 || response.status == 201))
        return true;
    fprintf(stderr, "A person could not be made: %u %.*s\n", asked ? response.status : 0,
            asked ? (int)response.body_length : 0, asked ? (const char *)response.body : "");
    return false;
}

static bool sign_in(struct http_client *http, const char *login, const char *with,
                    char token[CLIENT_TOKEN_MAX + 1]) {
    unsigned status = conversation_sign_in(http, login, with, token);
    if (status != 200)
        fprintf(stderr, "%s could not sign in: %u\n", login, status);
    return status == 200;
}

static bool hire(struct staff *staff, struct http_client *http, const char *administrator_password,
                 unsigned count) {
    if (!sign_in(http, "administrator", administrator_password, staff->administrator))
        return false;
    http->bearer = staff->administrator;
    for (staff->count = 0; staff->count < count; staff->count++) {
        struct staff_person *person = &staff->people[staff->count];
        char login[32];
        person->id = numbered(3, staff->count);
        snprintf(login, sizeof login, "person%u", staff->count);
        if (!make_person(http, staff->count) ||
            !sign_in(http, login, STAFF_PASSWORD, person->token))
            return false;
    }
    return true;
}

bool staff_hire(struct staff *staff, const struct server_process *server, unsigned count) {
    const char *reason = "";
    assert(count <= STAFF_MAX);
    memset(staff, 0, sizeof *staff);
    if (!server_address_init(&staff->address, server_process_url(server), NULL, &reason)) {
        fprintf(stderr, "%s: %s\n", server_process_url(server), reason);
        return false;
    }
    if (staff->address.tls != NULL)
        server_address_trust_all(&staff->address);
    struct http_client http;
    http_client_init(&http, &staff->address);
    bool hired = hire(staff, &http, server_process_password(server), count);
    http_client_finish(&http);
    return hired;
}

void staff_finish(struct staff *staff) {
    server_address_finish(&staff->address);
}

static bool ask(const struct staff *staff, unsigned person, const char *path, const char *body,
                char ret_token[CLIENT_TOKEN_MAX + 1]) {
    struct http_client http;
    struct http_response response;
    http_client_init(&http, &staff->address);
    http.bearer = staff->people[person].token;
    bool done = http_client_request(&http, "POST", path, "application/json", body, strlen(body),
                                    &response) &&
                response.status == 200 &&
                (ret_token == NULL || json_find_text(response.body, response.body_length, "token",
                                                     ret_token, CLIENT_TOKEN_MAX + 1));
    if (!done)
        fprintf(stderr, "Person %u could not prove who they are: %s\n", person, path);
    http_client_finish(&http);
    return done;
}

bool staff_step_up(struct staff *staff, unsigned person, unsigned board) {
    char body[BODY_BYTES], token[CLIENT_TOKEN_MAX + 1];
    struct uuid id = staff_board_id(board);
    snprintf(body, sizeof body,
             "{\"password\":\"%s\",\"sign\":true,"
             "\"board\":\"%02x%02x%02x%02x-0000-4000-8000-0000%02x%02x%02x%02x\"}",
             STAFF_PASSWORD, id.bytes[0], id.bytes[1], id.bytes[2], id.bytes[3], id.bytes[12],
             id.bytes[13], id.bytes[14], id.bytes[15]);
    bool opened = ask(staff, person, "/api/step_up", body, token);
    if (opened)
        memcpy(staff->people[person].token, token, sizeof token);
    return opened;
}

bool staff_prove(const struct staff *staff, unsigned person) {
    return ask(staff, person, "/api/prove", "{\"password\":\"" STAFF_PASSWORD "\"}", NULL);
}

bool staff_prove_account(struct staff *staff, unsigned person) {
    char token[CLIENT_TOKEN_MAX + 1];
    bool proved =
        ask(staff, person, "/api/account/prove", "{\"password\":\"" STAFF_PASSWORD "\"}", token);
    if (proved)
        memcpy(staff->people[person].token, token, sizeof token);
    return proved;
}

/* One conversation that makes several things, numbered from `first`. */
struct making {
    struct conversation conversation;
    const struct staff *staff;
    const struct template *template; /* of boards; NULL = none */
    struct arena arena;
    uint16_t channel;
};

/* Whoever makes a case belongs to it, or would lose sight of it before the answer comes. */
static struct encoded create_case(struct making *making, unsigned number) {
    const struct staff *staff = making->staff;
    char title[TITLE_MAX];
    struct case_member members[STAFF_MAX + 1];
    for (unsigned i = 0; i <= staff->count; i++)
        members[i] = (struct case_member){.user = i < staff->count ? staff->people[i].id
                                                                   : making->conversation.user,
                                          .role = i == 0 ? ROLE_COORDINATOR : ROLE_MEMBER,
                                          .name = TEXT("A member")};
    int length = snprintf(title, sizeof title, "Question %u", number);
    struct create_case command = {
        .command_id = fresh_id(),
        .subject = {.name = staff->of_nobody ? TEXT("^") : TEXT("Example^Eva"),
                    .birth_date = staff->of_nobody ? TEXT("") : TEXT("1970-01-01"),
                    .sex = TEXT("O"),
                    .patient_id = TEXT("0")},
        .title = {(uint32_t)length, title},
        .members = {staff->count + 1, members}};
    return create_case_encode(&making->arena, &command);
}

static struct encoded create_board(struct making *making) {
    const struct staff *staff = making->staff;
    struct member members[STAFF_MAX];
    for (unsigned i = 0; i < staff->count; i++)
        members[i] = (struct member){.user = staff->people[i].id,
                                     .role = i == 0 ? ROLE_CHAIR : ROLE_MEMBER,
                                     .name = TEXT("A member"),
                                     .discipline = TEXT("Surgery")};
    struct create_board command = {.command_id = fresh_id(),
                                   .title = TEXT("A board"),
                                   .starts_at = 1000000,
                                   .members = {staff->count, members},
                                   .has_template = making->template != NULL};
    if (making->template != NULL)
        command.template = *making->template;
    return create_board_encode(&making->arena, &command);
}

static bool open_channel(struct making *making, enum channel_kind kind, struct uuid id) {
    return conversation_open(&making->conversation, ++making->channel, kind, id);
}

static bool say(struct making *making, struct encoded command) {
    enum refusal refusal = conversation_say(&making->conversation, making->channel, command, NULL);
    if (refusal != REFUSAL_NONE)
        fprintf(stderr, "Command %u was refused: %d\n", command.tag, refusal);
    return refusal == REFUSAL_NONE;
}

static bool make_case(struct making *making, unsigned number) {
    return open_channel(making, CHANNEL_KIND_PATIENT_CASE, staff_case_id(number)) &&
           say(making, create_case(making, number));
}

static bool make_board(struct making *making, unsigned number) {
    return open_channel(making, CHANNEL_KIND_BOARD, staff_board_id(number)) &&
           say(making, create_board(making));
}

static bool add_case(struct making *making, unsigned number) {
    struct add_item add = {.command_id = fresh_id(), .patient_case = staff_case_id(number)};
    return say(making, add_item_encode(&making->arena, &add));
}

/* As the chair: puts the case of the board's number on its agenda and on its stage. */
static bool begin_board(struct making *making, unsigned number) {
    struct open_item open = {.command_id = fresh_id(), .item = 0, .next = 1};
    return open_channel(making, CHANNEL_KIND_BOARD, staff_board_id(number)) &&
           add_case(making, number) && say(making, open_item_encode(&making->arena, &open));
}

/* A session may make a burst of them and then few a second, so many are made by several sessions.
 */
static bool make_all(const struct staff *staff, const char *token, unsigned first, unsigned count,
                     bool (*make)(struct making *making, unsigned number)) {
    bool made = true;
    for (unsigned done = 0; made && done < count;) {
        struct making making = {.staff = staff};
        if (!conversation_begin(&making.conversation, &staff->address, token, program))
            return false;
        for (unsigned i = 0; made && i < MADE_BY_ONE_SESSION && done < count; i++, done++) {
            arena_init(&making.arena, COMMAND_BYTES);
            made = make(&making, first + done);
            arena_finish(&making.arena);
        }
        conversation_end(&making.conversation);
    }
    if (!made)
        fprintf(stderr, "Not all cases or boards could be made\n");
    return made;
}

bool staff_make_cases(const struct staff *staff, unsigned first, unsigned count) {
    return make_all(staff, staff->administrator, first, count, make_case);
}

bool staff_make_boards(const struct staff *staff, unsigned first, unsigned count) {
    return staff_make_cases(staff, first, count) &&
           make_all(staff, staff->administrator, first, count, make_board) &&
           make_all(staff, staff->people[0].token, first, count, begin_board);
}

static bool make_meeting(const struct staff *staff, unsigned board,
                         const struct template *template) {
    struct making making = {.staff = staff, .template = template};
    arena_init(&making.arena, COMMAND_BYTES);
    bool made =
        conversation_begin(&making.conversation, &staff->address, staff->administrator, program) &&
        make_board(&making, board);
    arena_finish(&making.arena);
    conversation_end(&making.conversation);
    return made;
}

/* As the chair. */
static bool fill_agenda(const struct staff *staff, unsigned board, unsigned first, unsigned count) {
    struct making making = {.staff = staff};
    arena_init(&making.arena, COMMAND_BYTES);
    bool filled = conversation_begin(&making.conversation, &staff->address, staff->people[0].token,
                                     program) &&
                  open_channel(&making, CHANNEL_KIND_BOARD, staff_board_id(board));
    for (unsigned i = 0; filled && i < count; i++) {
        filled = add_case(&making, first + i);
        arena_reset(&making.arena);
    }
    arena_finish(&making.arena);
    conversation_end(&making.conversation);
    return filled;
}

bool staff_make_meeting(const struct staff *staff, unsigned board, const struct template *template,
                        unsigned first_case, unsigned count) {
    return staff_make_cases(staff, first_case, count) && make_meeting(staff, board, template) &&
           fill_agenda(staff, board, first_case, count);
}
