/* links: server_process consilium; timeout: 120 */
/*
 * Somebody who is signed in and belongs to no case tries ids: thousands that are none, and all that
 * are somebody else's, over HTTP and over a WebSocket. Every answer is the same to the byte, and
 * none takes so much longer or shorter that it tells.
 */
#include "protocol/frame.h"
#include "protocol/generated/reply.h"
#include "protocol/generated/session.h"
#include "tests/support/plain_http.h"
#include "tests/support/staff.h"

#include "clients/native/json_text.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    CASES = 20,
    STRANGER = 2,   /* hired when the cases were made */
    PROBES = 5000,  /* over HTTP, and as many over WebSockets */
    AHEAD = 25,     /* requests sent before their answers are read */
    OPENINGS = 190, /* of one session: fewer than its burst */
    TIMED = 300,
    ANSWER_MAX = 4096,
    PATIENCE_S = 10,
};

static struct server_process *server;
static struct staff staff, later;

static int begin(void **state) {
    (void)state;
    struct server_options options = {.program = CONSILIUM_PATH};
    server = server_process_start(&options);
    return server != NULL && staff_hire(&staff, server, 2) && staff_make_boards(&staff, 0, CASES) &&
                   staff_hire(&later, server, 3)
               ? 0
               : -1;
}

static int end(void **state) {
    (void)state;
    staff_finish(&staff);
    staff_finish(&later);
    server_process_end(server);
    return 0;
}

/* Over HTTP */

struct line {
    int fd;
    char bytes[64 * 1024];
    size_t length, at; /* what came, and how much of it was looked at */
};

static void call(struct line *line) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(server_process_port(server)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = PATIENCE_S};
    line->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    line->length = line->at = 0;
    setsockopt(line->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(line->fd, (struct sockaddr *)&address, sizeof address), 0);
}

static void uuid_write(struct uuid id, char ret[37]) {
    const uint8_t *b = id.bytes;
    snprintf(ret, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
             b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
             b[14], b[15]);
}

static const char *const ways[] = {
    "GET /api/cases/%s/display-sets HTTP/1.1\r\n%s\r\n",
    "GET /api/cases/%s/series/1.2.3/metadata HTTP/1.1\r\n%s\r\n",
    "GET /api/cases/%s/instances/1.2.3/frames/1 HTTP/1.1\r\n%s\r\n",
    "GET /api/cases/%s/documents/1.2.3 HTTP/1.1\r\n%s\r\n",
    "GET /api/cases/%s/accesses HTTP/1.1\r\n%s\r\n",
    "GET /api/cases/%s/invitations HTTP/1.1\r\n%s\r\n",
    "GET /api/boards/%s/invitations HTTP/1.1\r\n%s\r\n",
};
enum { WAYS = sizeof ways / sizeof ways[0] };

static void request(const struct line *line, unsigned way, struct uuid id) {
    char who[CLIENT_TOKEN_MAX + 64], text[CLIENT_TOKEN_MAX + 512], written[37];
    uuid_write(id, written);
    snprintf(who, sizeof who, "Host: localhost\r\nAuthorization: Bearer %s\r\n",
             later.people[STRANGER].token);
    int length = snprintf(text, sizeof text, ways[way], written, who);
    assert_int_equal(send(line->fd, text, (size_t)length, MSG_NOSIGNAL), length);
}

static void receive(struct line *line) {
    if (line->at > 0) {
        memmove(line->bytes, line->bytes + line->at, line->length - line->at);
        line->length -= line->at;
        line->at = 0;
    }
    ssize_t got =
        recv(line->fd, line->bytes + line->length, sizeof line->bytes - 1 - line->length, 0);
    assert_true(got > 0);
    line->length += (size_t)got;
    line->bytes[line->length] = 0;
}

/* The next answer, all but its date. */
static void answer(struct line *line, char ret[ANSWER_MAX]) {
    char *head_end, *said;
    line->bytes[line->length] = 0;
    while ((head_end = strstr(line->bytes + line->at, "\r\n\r\n")) == NULL)
        receive(line);
    said = strstr(line->bytes + line->at, "Content-Length: ");
    assert_true(said != NULL && said < head_end);
    size_t wanted = (size_t)(head_end + 4 - line->bytes) - line->at + strtoul(said + 16, NULL, 10);
    while (line->length - line->at < wanted)
        receive(line);
    assert_true(wanted < ANSWER_MAX);
    memcpy(ret, line->bytes + line->at, wanted);
    ret[wanted] = 0;
    line->at += wanted;
    char *date = strstr(ret, "Date: ");
    assert_non_null(date);
    memmove(date, strstr(date, "\r\n"), strlen(strstr(date, "\r\n")) + 1);
}

/* What everything is held to. */
static char nothing[WAYS][ANSWER_MAX];

static void ask_all(const struct uuid *ids, unsigned count) {
    static struct line line;
    char got[ANSWER_MAX];
    call(&line);
    for (unsigned done = 0; done < count; done += AHEAD) {
        unsigned now = count - done < AHEAD ? count - done : AHEAD;
        for (unsigned i = 0; i < now; i++)
            request(&line, (done + i) % WAYS, ids[done + i]);
        for (unsigned i = 0; i < now; i++) {
            answer(&line, got);
            char *wanted = nothing[(done + i) % WAYS];
            if (wanted[0] == 0)
                memcpy(wanted, got, sizeof got);
            if (strcmp(got, wanted) != 0)
                fail_msg("%s\nis not\n%s", got, wanted);
        }
    }
    close(line.fd);
}

static void ids_of_others_are_answered_as_ids_that_are_none(void **state) {
    (void)state;
    static struct uuid ids[PROBES];
    struct uuid real[3 * CASES * WAYS];
    for (unsigned i = 0; i < PROBES; i++)
        ids[i] = fresh_id();
    ask_all(ids, PROBES);
    for (unsigned way = 0; way < WAYS; way++) {
        assert_non_null(strstr(nothing[way], "HTTP/1.1 404 Not Found\r\n"));
        assert_non_null(strstr(nothing[way], "\"error\":\"not_found\""));
    }
    for (unsigned i = 0; i < CASES * WAYS; i++) {
        real[i] = staff_case_id(i / WAYS);
        real[CASES * WAYS + i] = staff_board_id(i / WAYS); /* there, and no case */
        real[2 * CASES * WAYS + i] = staff.people[i % 2].id;
    }
    ask_all(real, sizeof real / sizeof real[0]);
    /* The same ids are something to who belongs there. */
    static struct plain_answer given;
    char path[128], id[37];
    uuid_write(staff_case_id(0), id);
    snprintf(path, sizeof path, "/api/cases/%s/display-sets", id);
    plain_ask(&(struct plain_request){.port = server_process_port(server),
                                      .method = "GET",
                                      .path = path,
                                      .bearer = staff.people[1].token},
              &given);
    assert_int_equal(given.status, 200);
}

static void uploads_to_cases_of_others_are_answered_as_to_none(void **state) {
    (void)state;
    static struct plain_answer first, other;
    char path[128], id[37];
    for (unsigned i = 0; i < CASES; i++) {
        uuid_write(i % 2 == 0 ? fresh_id() : staff_case_id(i), id);
        snprintf(path, sizeof path, "/api/cases/%s/uploads", id);
        plain_ask(&(struct plain_request){.port = server_process_port(server),
                                          .method = "POST",
                                          .path = path,
                                          .bearer = later.people[STRANGER].token,
                                          .body = "%PDF-"},
                  &other);
        assert_int_equal(other.status, 404);
        if (i == 0)
            first = other;
        assert_string_equal(other.body, first.body);
    }
}

static void links_to_what_is_of_others_are_made_and_called_back_as_to_nothing(void **state) {
    (void)state;
    static const char body[] = "{\"name\":\"Me\",\"role\":\"member\",\"items\":\"1\","
                               "\"accessMs\":1000}";
    static struct plain_answer first, other;
    char path[192], id[37], invitation[37];
    uuid_write(fresh_id(), invitation);
    for (unsigned i = 0; i < 4 * CASES; i++) {
        bool to_case = i % 4 < 2;
        uuid_write(i % 2 == 0 ? fresh_id()
                   : to_case  ? staff_case_id(i / 4)
                              : staff_board_id(i / 4),
                   id);
        for (unsigned calls_back = 0; calls_back < 2; calls_back++) {
            snprintf(path, sizeof path, "/api/%s/%s/invitations%s%s%s",
                     to_case ? "cases" : "boards", id, calls_back ? "/" : "",
                     calls_back ? invitation : "", calls_back ? "/withdraw" : "");
            plain_ask(&(struct plain_request){.port = server_process_port(server),
                                              .method = "POST",
                                              .path = path,
                                              .bearer = later.people[STRANGER].token,
                                              .body = calls_back ? "" : body},
                      &other);
            assert_int_equal(other.status, 404);
            if (first.status == 0)
                first = other;
            assert_string_equal(other.body, first.body);
        }
    }
}

/* Over a WebSocket */

static int enter(void) {
    static struct plain_answer given;
    char ticket[128];
    unsigned status;
    plain_ask(&(struct plain_request){.port = server_process_port(server),
                                      .method = "POST",
                                      .path = "/api/tickets",
                                      .bearer = later.people[STRANGER].token},
              &given);
    assert_true(json_find_text((const uint8_t *)given.body, strlen(given.body), "ticket", ticket,
                               sizeof ticket));
    int fd = plain_websocket(server_process_port(server), ticket, NULL, &status);
    assert_int_equal(status, 101);
    return fd;
}

static void say(int fd, uint32_t seq, struct encoded message) {
    uint8_t bytes[6 + 120] = {0x82, 0x80}; /* masked with zeros (RFC 6455 5.3) */
    struct writer writer;
    struct frame frame = {
        .form = FRAME_NUMBERED, .tag = message.tag, .seq = seq, .fields = message.fields};
    writer_init_fixed(&writer, bytes + 6, sizeof bytes - 6);
    frame_write(&writer, &frame);
    assert_false(writer.failed);
    uint32_t length = writer_bytes(&writer).length;
    bytes[1] |= (uint8_t)length;
    assert_int_equal(send(fd, bytes, 6 + length, MSG_NOSIGNAL), 6 + length);
}

static void take(int fd, void *bytes, size_t length) {
    assert_int_equal(recv(fd, bytes, length, MSG_WAITALL), length);
}

/* The next frame that answers something. */
static struct frame hear(int fd, uint8_t payload[1024]) {
    for (;;) {
        uint8_t head[4];
        struct frame frame;
        take(fd, head, 2);
        size_t length = head[1];
        if (length == 126) {
            take(fd, head + 2, 2);
            length = (size_t)(head[2] << 8 | head[3]);
        }
        assert_true(length <= 1024);
        take(fd, payload, length);
        assert_true(frame_read((struct bytes){(uint32_t)length, payload}, &frame));
        if (frame.form == FRAME_NUMBERED && frame.seq > 1)
            return frame;
    }
}

static const enum channel_kind kinds[] = {CHANNEL_KIND_PATIENT_CASE, CHANNEL_KIND_BOARD,
                                          CHANNEL_KIND_SERIES, CHANNEL_KIND_USER,
                                          CHANNEL_KIND_ORGANISATION};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static void open_one(int fd, uint32_t seq, enum channel_kind kind, struct uuid id) {
    struct arena arena;
    arena_init(&arena, 4096);
    struct open_channel open = {.channel = (uint16_t)seq, .kind = kind, .id = id};
    say(fd, seq, open_channel_encode(&arena, &open));
    arena_finish(&arena);
}

static int greet(void) {
    int fd = enter();
    struct arena arena;
    arena_init(&arena, 4096);
    say(fd, 1, hello_encode(&arena, &(struct hello){.revision = 1, .client = TEXT("x")}));
    arena_finish(&arena);
    return fd;
}

static void must_be_nothing(int fd) {
    static uint8_t first[256];
    static uint32_t first_length;
    uint8_t payload[1024];
    struct frame frame = hear(fd, payload);
    assert_int_equal(frame.tag, REPLY_REFUSED);
    assert_int_equal(frame.channel, 0);
    if (first_length == 0) {
        struct refused refused;
        struct reader reader = reader_of(frame.fields);
        assert_true(refused_read(&reader, NULL, &refused));
        assert_int_equal(refused.reason, REFUSAL_NOT_FOUND);
        first_length = frame.fields.length;
        memcpy(first, frame.fields.bytes, first_length);
    }
    assert_int_equal(frame.fields.length, first_length);
    if (memcmp(frame.fields.bytes, first, first_length) != 0)
        fail_msg("opening %u is answered differently", frame.seq);
    assert_memory_equal(frame.fields.bytes, first, first_length);
}

static void channels_of_others_are_refused_as_of_nobody(void **state) {
    (void)state;
    uint32_t asked = 0;
    while (asked < PROBES) {
        int fd = greet();
        for (uint32_t i = 0; i < OPENINGS; i++)
            open_one(fd, 2 + i, kinds[i % KINDS], fresh_id());
        for (uint32_t i = 0; i < OPENINGS; i++)
            must_be_nothing(fd);
        asked += OPENINGS;
        close(fd);
    }
    int fd = greet();
    for (uint32_t i = 0; i < CASES; i++) {
        open_one(fd, 10 + 4 * i, CHANNEL_KIND_PATIENT_CASE, staff_case_id(i));
        open_one(fd, 11 + 4 * i, CHANNEL_KIND_BOARD, staff_board_id(i));
        open_one(fd, 12 + 4 * i, CHANNEL_KIND_BOARD, staff_case_id(i)); /* there as another kind */
        open_one(fd, 13 + 4 * i, CHANNEL_KIND_USER, staff.people[i % 2].id);
    }
    for (uint32_t i = 0; i < 4 * CASES; i++)
        must_be_nothing(fd);
    close(fd);
}

/* Time */

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int compare(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median(double *list, size_t count) {
    qsort(list, count, sizeof *list, compare);
    return list[count / 2];
}

static double timed_request(struct line *line, struct uuid id) {
    char got[ANSWER_MAX];
    double begun = now_ms();
    request(line, 0, id);
    answer(line, got);
    return now_ms() - begun;
}

static double timed_opening(int fd, uint32_t seq, struct uuid id) {
    double begun = now_ms();
    open_one(fd, seq, CHANNEL_KIND_PATIENT_CASE, id);
    must_be_nothing(fd);
    return now_ms() - begun;
}

/* Of ids in turn, so that whatever else the machine does is done to all. */
static void medians_are_alike(double *real, double *none, size_t count) {
    double of_real = median(real, count), of_none = median(none, count);
    print_message("median of a real id %.3f ms, of one that is none %.3f ms\n", of_real, of_none);
    assert_true(of_real < 2 * of_none + 0.5 && of_none < 2 * of_real + 0.5);
}

static void the_time_of_an_answer_does_not_tell(void **state) {
    (void)state;
    static struct line line;
    static double real[TIMED], none[TIMED];
    call(&line);
    for (unsigned i = 0; i < TIMED; i++) {
        real[i] = timed_request(&line, staff_case_id(i % CASES));
        none[i] = timed_request(&line, fresh_id());
    }
    close(line.fd);
    medians_are_alike(real, none, TIMED);
    int fd = greet();
    for (unsigned i = 0; i < OPENINGS / 2; i++) {
        real[i] = timed_opening(fd, 2 + 2 * i, staff_case_id(i % CASES));
        none[i] = timed_opening(fd, 3 + 2 * i, fresh_id());
    }
    close(fd);
    medians_are_alike(real, none, OPENINGS / 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_of_others_are_answered_as_ids_that_are_none),
        cmocka_unit_test(uploads_to_cases_of_others_are_answered_as_to_none),
        cmocka_unit_test(links_to_what_is_of_others_are_made_and_called_back_as_to_nothing),
        cmocka_unit_test(channels_of_others_are_refused_as_of_nobody),
        cmocka_unit_test(the_time_of_an_answer_does_not_tell),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
