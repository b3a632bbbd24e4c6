/*
 * A server with one case that writes its documents soon, and what tests of these ask and say.
 */
#ifndef CONSILIUM_TESTS_EVIDENCE_SITE_H
#define CONSILIUM_TESTS_EVIDENCE_SITE_H

#include "tests/support/patience.h"
#include "tests/support/planted_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PEOPLE = 3, MASKED = 2, SLICES = 3, WRITTEN_MS = 30000, READY_MS = 30000, CASE_CHANNEL = 1 };

static struct server_process *server;
static struct staff staff;
static struct conversation coordinator;

static inline long ask(const char *sql) {
    return planted_number(server, sql);
}

/* Documents of evidence: what nobody uploaded. */
#define DOCUMENTS "FROM image_instance WHERE stored_by = '00000000-0000-0000-0000-000000000000'"

static inline void wait_for_documents(const char *study, long count) {
    char sql[256];
    struct patience patience = patience_of(WRITTEN_MS);
    snprintf(sql, sizeof sql, "SELECT count(*) " DOCUMENTS " AND study_uid = '%s'", study);
    while (ask(sql) != count && patience_lasts(&patience)) {
    }
    assert_int_equal(ask(sql), count);
}

/* Everything that was committed was looked at. */
#define NOTED                                                                                      \
    "SELECT count(*) FROM evidence_mark m WHERE version = (SELECT max(version) FROM event e WHERE" \
    " e.stream_id = m.case_id AND type IN (74, 75, 76, 77, 86, 87, 89))"

static inline void wait_until_noted(void) {
    struct patience patience = patience_of(WRITTEN_MS);
    while (ask(NOTED) != 1 && patience_lasts(&patience)) {
    }
    assert_int_equal(ask(NOTED), 1);
}

static inline unsigned get(unsigned person, const char *path, struct http_client *http,
                           struct http_response *response) {
    http_client_init(http, &staff.address);
    http->bearer = staff.people[person].token;
    return http_client_request(http, "GET", path, NULL, NULL, 0, response) ? response->status : 0;
}

/* The metadata of a study's series of evidence of this modality as this person reads it; static. */
static inline const char *document_of(unsigned person, const char *study, const char *modality) {
    static char text[1 << 18];
    char sql[256], mark[64], what[128], path[256];
    snprintf(mark, sizeof mark, "\"00080060\":{\"vr\":\"CS\",\"Value\":[\"%s\"]}", modality);
    snprintf(sql, sizeof sql, "SELECT DISTINCT series_uid " DOCUMENTS " AND study_uid = '%s'",
             study);
    PGconn *connection = PQconnectdb(server_process_database(server));
    PGresult *result = PQexec(connection, sql);
    bool found = false;
    for (int row = 0; row < PQntuples(result) && !found; row++) {
        struct http_client http;
        struct http_response response;
        snprintf(what, sizeof what, "series/%s/metadata", PQgetvalue(result, row, 0));
        planted_path(what, path, sizeof path);
        assert_int_equal(get(person, path, &http, &response), 200);
        snprintf(text, sizeof text, "%.*s", (int)response.body_length, (const char *)response.body);
        http_client_finish(&http);
        found = strstr(text, mark) != NULL;
    }
    PQclear(result);
    PQfinish(connection);
    assert_true(found);
    return text;
}

/* The display sets of the case as the coordinator reads them; static. */
static inline const char *display_sets(void) {
    static char text[1 << 16];
    char path[160];
    struct http_client http;
    struct http_response response;
    planted_path("display-sets", path, sizeof path);
    assert_int_equal(get(0, path, &http, &response), 200);
    snprintf(text, sizeof text, "%.*s", (int)response.body_length, (const char *)response.body);
    http_client_finish(&http);
    return text;
}

/* That of the series of the space, which has one. */
static inline struct text display_set_of(const char *space) {
    static const char name[] = "{\"displaySet\":\"";
    const char *sets = display_sets();
    const char *at = strstr(sets, space);
    const char *begin = NULL;
    assert_non_null(at);
    for (const char *next = sets; (next = strstr(next, name)) != NULL && next < at;) {
        begin = next += sizeof name - 1;
    }
    assert_non_null(begin);
    return (struct text){(uint32_t)strcspn(begin, "\""), begin};
}

static inline unsigned count_of(const char *text, const char *piece) {
    unsigned count = 0;
    for (const char *at = text; (at = strstr(at, piece)) != NULL; at += strlen(piece)) {
        count++;
    }
    return count;
}

static inline struct viewport viewport_on(const char *image, const char *space) {
    return (struct viewport){
        .display_set = display_set_of(space),
        .has_image = true,
        .image = {.sop_instance_uid = {(uint32_t)strlen(image), image}, .frame = 1},
        .rotation = 90,
        .flip_h = true,
        .has_window = true,
        .window = {.center = 300, .width = 700, .unit = WINDOW_UNIT_STORED},
        .overlays = true,
        .aspect = 1};
}

static inline void say(struct encoded encoded) {
    assert_true(planted_say(&coordinator, CASE_CHANNEL, encoded));
}

static inline struct uuid mark(const char *image, const char *title) {
    struct arena arena;
    struct viewport viewport = viewport_on(image, "1.2.3.3");
    struct mark_key_image marking = {
        .command_id = fresh_id(),
        .key = fresh_id(),
        .title = {(uint32_t)strlen(title), title},
        .layout = {.rows = 1, .columns = 1, .viewports = {1, &viewport}}};
    arena_init(&arena, 1 << 16);
    say(mark_key_image_encode(&arena, &marking));
    arena_finish(&arena);
    return marking.key;
}

/* Slices of a study of this patient, answered with that status; includers define _GNU_SOURCE for
 * memmem. */
static inline bool upload_as(const char *uid_root, const char *name, const char *own_name,
                             unsigned status) {
    for (unsigned number = 1; number <= SLICES; number++) {
        static struct dicom_writer writer;
        dicom_writer_begin(&writer);
        dicom_writer_slice(&writer, number);
        uint8_t *at = writer.bytes;
        uint8_t *end = writer.bytes + writer.size;
        while ((at = memmem(at, (size_t)(end - at), "1.2.3.", 6)) != NULL) {
            memcpy(at, uid_root, 6);
            at += 6;
        }
        at = memmem(writer.bytes, writer.size, own_name, strlen(own_name));
        memcpy(at, name, strlen(own_name));
        if (planted_ask(&staff, 0, "POST", "uploads", writer.bytes, writer.size) != status) {
            return false;
        }
    }
    return true;
}

static inline bool upload(const char *uid_root, const char *name, const char *own_name) {
    return upload_as(uid_root, name, own_name, 201);
}

static inline bool evidence_open(void) {
    struct server_options options = {.program = CONSILIUM_PATH,
                                     .arguments = {"--documents-after", "500"}};
    server = server_process_start(&options);
    return server != NULL && staff_hire(&staff, server, PEOPLE) &&
           staff_make_cases(&staff, PLANTED_CASE, 1) &&
           conversation_begin(&coordinator, &staff.address, staff.people[0].token, "evidence") &&
           conversation_open(&coordinator, CASE_CHANNEL, CHANNEL_KIND_PATIENT_CASE,
                             staff_case_id(PLANTED_CASE));
}

static inline void evidence_close(void) {
    conversation_end(&coordinator);
    staff_finish(&staff);
    server_process_end(server);
}

#endif
