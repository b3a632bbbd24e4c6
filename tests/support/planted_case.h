/*
 * A case whose patient has a name that nobody else has, and everything in which a name can hide:
 * worklists, chat, the card, a decision, an image, a board that has it open. And the search for
 * that name in every place where it must not be.
 */
#ifndef CONSILIUM_TESTS_PLANTED_CASE_H
#define CONSILIUM_TESTS_PLANTED_CASE_H

#include "protocol/generated/board.h"
#include "protocol/generated/patient_case.h"
#include "protocol/generated/session.h"
#include "tests/support/dicom_writer.h"
#include "tests/support/patience.h"
#include "tests/support/plain_http.h"
#include "tests/support/staff.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <time.h>

#define PLANTED_NAME "Qvzxmann"
#define PLANTED_PATIENT "Qvzxmann^Ed" /* as long as dicom_writer's own */
#define PLANTED_BROTHER "Qvzxmann^Al" /* as long, too */
#define PLANTED_HELD_UID "1.2.3.4.4"

enum {
    PLANTED_CASE = 71,
    PLANTED_BOARD = 72,
    PLANTED_HELD = 4,
    PLANTED_MS = 5000,
    PLANTED_ARENA = 256 * 1024
};

static struct template_field planted_fields[] = {
    {.key = {14, "recommendation"}, .label = {4, "Text"}, .kind = FIELD_KIND_TEXT}};

/* Says it until it is taken: boards and cases tell each other things in between. */
static bool planted_say(struct conversation *conversation, uint16_t channel,
                        struct encoded command) {
    enum refusal refusal;
    struct patience patience = patience_of(PLANTED_MS);
    while ((refusal = conversation_say(conversation, channel, command, NULL)) != REFUSAL_NONE &&
           patience_lasts(&patience)) {
    }
    if (refusal != REFUSAL_NONE)
        fprintf(stderr, "command %u was refused: %d\n", command.tag, (int)refusal);
    return refusal == REFUSAL_NONE;
}

static inline bool planted_make(const struct staff *staff) {
    struct conversation root;
    struct arena arena;
    /* Whoever makes a case belongs to it; root is put in once it is known. */
    struct case_member members[] = {
        {.user = staff->people[0].id, .role = ROLE_COORDINATOR, .name = TEXT("One")},
        {.user = staff->people[1].id, .role = ROLE_MEMBER, .name = TEXT("Two")},
        {.role = ROLE_MEMBER, .name = TEXT("Root")}};
    struct member roster[] = {{.user = staff->people[0].id,
                               .role = ROLE_CHAIR,
                               .name = TEXT("One"),
                               .discipline = TEXT("Surgery")},
                              {.user = staff->people[1].id,
                               .role = ROLE_MEMBER,
                               .name = TEXT("Two"),
                               .discipline = TEXT("Radiology")}};
    struct create_case make = {.command_id = fresh_id(),
                               .subject = {.name = TEXT(PLANTED_PATIENT),
                                           .birth_date = TEXT("1970-01-01"),
                                           .sex = TEXT("O"),
                                           .patient_id = TEXT(PLANTED_NAME "-7")},
                               .title = TEXT("What next for " PLANTED_NAME "?"),
                               .members = {3, members}};
    struct create_board board = {.command_id = fresh_id(),
                                 .title = TEXT("A board"),
                                 .starts_at = 1000000,
                                 .members = {2, roster},
                                 .has_template = true,
                                 .template = {.version = 1, .fields = {1, planted_fields}}};
    arena_init(&arena, PLANTED_ARENA);
    if (!conversation_begin(&root, &staff->address, staff->administrator, "planting"))
        return false;
    members[2].user = root.user;
    bool made =
        conversation_open(&root, 1, CHANNEL_KIND_PATIENT_CASE, staff_case_id(PLANTED_CASE)) &&
        planted_say(&root, 1, create_case_encode(&arena, &make)) &&
        conversation_open(&root, 2, CHANNEL_KIND_BOARD, staff_board_id(PLANTED_BOARD)) &&
        planted_say(&root, 2, create_board_encode(&arena, &board));
    conversation_end(&root);
    arena_finish(&arena);
    return made;
}

static inline bool planted_discuss(const struct staff *staff) {
    struct conversation one;
    struct arena arena;
    struct add_item add = {.command_id = fresh_id(), .patient_case = staff_case_id(PLANTED_CASE)};
    struct open_item open = {.command_id = fresh_id(), .next = 1};
    struct post_message chat = {.command_id = fresh_id(),
                                .text = TEXT("Has anybody seen " PLANTED_NAME " since?")};
    struct set_card card = {.command_id = fresh_id(),
                            .topic = CARD_TOPIC_QUESTION,
                            .text = TEXT("Mr " PLANTED_NAME " asks")};
    struct field_value value = {.key = TEXT("recommendation"),
                                .value = TEXT("Operate on " PLANTED_NAME)};
    struct record_decision decide = {.command_id = fresh_id(),
                                     .decision = fresh_id(),
                                     .board = staff_board_id(PLANTED_BOARD),
                                     .item = 1,
                                     .fields = {1, &value}};
    arena_init(&arena, PLANTED_ARENA);
    if (!conversation_begin(&one, &staff->address, staff->people[0].token, "planting"))
        return false;
    bool said =
        conversation_open(&one, 1, CHANNEL_KIND_BOARD, staff_board_id(PLANTED_BOARD)) &&
        planted_say(&one, 1, add_item_encode(&arena, &add)) &&
        planted_say(&one, 1, open_item_encode(&arena, &open)) &&
        conversation_open(&one, 2, CHANNEL_KIND_PATIENT_CASE, staff_case_id(PLANTED_CASE)) &&
        planted_say(&one, 2, post_message_encode(&arena, &chat)) &&
        planted_say(&one, 2, set_card_encode(&arena, &card)) &&
        planted_say(&one, 2, record_decision_encode(&arena, &decide));
    conversation_end(&one);
    arena_finish(&arena);
    return said;
}

static inline void planted_path(const char *what, char *ret, size_t space) {
    char id[37];
    staff_case_text(PLANTED_CASE, id);
    snprintf(ret, space, "/api/cases/%s/%s", id, what);
}

/* The status of one request about the case as a person of the staff. */
static inline unsigned planted_ask(const struct staff *staff, unsigned person, const char *method,
                                   const char *what, const void *body, size_t length) {
    char path[160];
    struct http_client http;
    struct http_response response;
    planted_path(what, path, sizeof path);
    http_client_init(&http, &staff->address);
    http.bearer = staff->people[person].token;
    bool asked = http_client_request(&http, method, path, body == NULL ? NULL : "application/dicom",
                                     body, length, &response);
    unsigned status = asked ? response.status : 0;
    http_client_finish(&http);
    return status;
}

static inline unsigned planted_slice(const struct staff *staff, unsigned number,
                                     const char *patient) {
    static struct dicom_writer writer;
    dicom_writer_begin(&writer);
    dicom_writer_slice(&writer, number);
    for (size_t i = 0; i + sizeof PLANTED_PATIENT - 1 <= writer.size; i++)
        if (memcmp(writer.bytes + i, "Example^Eva", sizeof PLANTED_PATIENT - 1) == 0)
            memcpy(writer.bytes + i, patient, sizeof PLANTED_PATIENT - 1);
    return planted_ask(staff, 0, "POST", "uploads", writer.bytes, writer.size);
}

/* And one more that says it is somebody else's, and is held. */
static inline bool planted_upload(const struct staff *staff) {
    for (unsigned number = 1; number < PLANTED_HELD; number++)
        if (planted_slice(staff, number, PLANTED_PATIENT) != 201)
            return false;
    return planted_slice(staff, PLANTED_HELD, PLANTED_BROTHER) == 202;
}

/* "letters/Qvzxmann", a mark that turns letters around, "gnp.exe" */
#define PLANTED_FILE "filename bGV0dGVycy9Rdnp4bWFubuKArmducC5leGU="
#define PLANTED_NOTE "A note on " PLANTED_NAME

static inline uint16_t planted_port(const struct staff *staff) {
    const char *colon = strrchr(staff->address.authority, ':');
    return (uint16_t)(colon == NULL ? 80 : strtol(colon + 1, NULL, 10));
}

/* Two that are no images, of one name. */
static inline bool planted_other_files(const struct staff *staff) {
    static const char *const contents[] = {PLANTED_NOTE, PLANTED_NOTE ", again"};
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        char path[160];
        planted_path("uploads", path, sizeof path);
        struct plain_request request = {.port = planted_port(staff),
                                        .method = "POST",
                                        .path = path,
                                        .bearer = staff->people[0].token,
                                        .body = contents[i],
                                        .metadata = PLANTED_FILE};
        struct plain_answer answer;
        plain_ask(&request, &answer);
        if (answer.status != 201 || strstr(answer.body, "kept") == NULL)
            return false;
    }
    return true;
}

static inline bool plant(const struct staff *staff) {
    return planted_make(staff) && planted_discuss(staff) && planted_upload(staff) &&
           planted_other_files(staff) &&
           planted_ask(staff, 0, "GET", "display-sets", NULL, 0) == 200 &&
           planted_ask(staff, 1, "GET", "series/1.2.3.2/metadata", NULL, 0) == 200 &&
           planted_ask(staff, 1, "GET", "instances/1.2.3.4.1/frames/1", NULL, 0) == 200;
}

/* How many places a shell command finds `what` in; 0 when grep finds none. Binary files count, and
 * so does hexadecimal, as PostgreSQL dumps bytes. */
static inline long planted_count(const char *where, const char *what) {
    char command[2048], hex[128] = "", answer[32] = "";
    for (size_t i = 0; what[i] != 0; i++)
        snprintf(hex + 2 * i, 3, "%02x", (unsigned char)what[i]);
    snprintf(command, sizeof command,
             "grep -r -a -i -o -e '%s' -e '%s' --no-messages --devices=skip %s | wc -l", what, hex,
             where);
    FILE *pipe = popen(command, "r");
    long count =
        pipe != NULL && fgets(answer, sizeof answer, pipe) != NULL ? strtol(answer, NULL, 10) : -1;
    if (pipe != NULL)
        pclose(pipe);
    return count;
}

/* The one number that a statement answers; -1 when it answers anything else, or fails. */
static inline long planted_number(const struct server_process *server, const char *sql) {
    PGconn *connection = PQconnectdb(server_process_database(server));
    PGresult *result = PQexec(connection, sql);
    long number = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1
                      ? strtol(PQgetvalue(result, 0, 0), NULL, 10)
                      : -1;
    PQclear(result);
    PQfinish(connection);
    return number;
}

/* A dump of the whole database into a file, in the clear as PostgreSQL has it. */
static inline bool planted_dump(const struct server_process *server, const char *path) {
    char command[2048];
    snprintf(command, sizeof command, "pg_dump --dbname=\"%s\" --file=%s 2>&1",
             server_process_database(server), path);
    return system(command) == 0;
}

#endif
