#include "bench/bare_server.h"

#include "bench/figure.h"
#include "bench/process_use.h"
#include "protocol/frame.h"
#include "protocol/generated/board.h"
#include "protocol/generated/session.h"

#include <assert.h>
#include <libwebsockets.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

enum {
    ANSWER_BYTES = 4096,
    FRAME_BYTES = 1024,
    POINTER_UP_HEAD = 4,                    /* array of 3, channel, tag, array of 4: a byte each */
    POINTER_BYTES = 16,                     /* handle and three float 32 */
    POINTER_DOWN_BYTES = 2 + POINTER_BYTES, /* array of 5 and participant before them */
    HANDLE = 1,
};

struct member_of_group {
    struct lws *wsi;
    unsigned group, place; /* from 0; counted when it binds its handle */
    bool placed;
};

static struct {
    struct member_of_group *members[BARE_GROUP];
    uint8_t slots[BARE_GROUP][POINTER_BYTES];
    unsigned count;
    bool changed;
} groups[BARE_GROUPS_MAX];

static unsigned group_count;
static uint32_t tick;

static void send_frame(struct lws *wsi, const struct frame *frame) {
    uint8_t bytes[LWS_PRE + ANSWER_BYTES];
    struct writer writer;
    writer_init_fixed(&writer, bytes + LWS_PRE, ANSWER_BYTES);
    frame_write(&writer, frame);
    assert(!writer.failed);
    lws_write(wsi, bytes + LWS_PRE, writer_bytes(&writer).length, LWS_WRITE_BINARY);
}

static void answer(struct lws *wsi, uint16_t channel, uint32_t seq, struct encoded encoded) {
    struct frame frame = {.form = FRAME_NUMBERED,
                          .channel = channel,
                          .tag = encoded.tag,
                          .seq = seq,
                          .fields = encoded.fields};
    send_frame(wsi, &frame);
}

static void let_in(struct lws *wsi, const struct frame *frame, struct arena *arena) {
    struct channel_opened opened = {.channel = 1,
                                    .audience = AUDIENCE_CLINICAL,
                                    .roles = 1u << ROLE_MEMBER,
                                    .resumption = RESUMPTION_SNAPSHOT,
                                    .version = 1};
    struct board_snapshot snapshot = {.title = TEXT("bare")};
    answer(wsi, 0, frame->seq, channel_opened_encode(arena, &opened));
    answer(wsi, 1, 0, board_snapshot_encode(arena, &snapshot));
}

static void place(struct member_of_group *member) {
    if (group_count == 0 || groups[group_count - 1].count == BARE_GROUP)
        group_count++;
    assert(group_count <= BARE_GROUPS_MAX);
    member->group = group_count - 1;
    member->place = groups[member->group].count++;
    member->placed = true;
    groups[member->group].members[member->place] = member;
}

/* What comes before pointing: rare, so it is read properly. */
static void converse(struct member_of_group *member, const struct frame *frame) {
    struct arena arena;
    arena_init(&arena, ANSWER_BYTES);
    if (frame->channel == 0 && frame->tag == SESSION_HELLO) {
        struct welcome welcome = {.heartbeat_ms = 600000, .revision = 1, .name = TEXT("bare")};
        answer(member->wsi, 0, frame->seq, welcome_encode(&arena, &welcome));
    } else if (frame->channel == 0 && frame->tag == SESSION_OPEN_CHANNEL) {
        let_in(member->wsi, frame, &arena);
    } else if (frame->tag == STAGE_BIND_HANDLE) {
        struct handle_bound bound = {.handle = HANDLE};
        place(member);
        answer(member->wsi, 1, frame->seq, handle_bound_encode(&arena, &bound));
    }
    arena_finish(&arena);
}

static void take(struct member_of_group *member, const uint8_t *bytes, size_t length) {
    struct frame frame;
    if (member->placed && length == POINTER_UP_HEAD + POINTER_BYTES) {
        memcpy(groups[member->group].slots[member->place], bytes + POINTER_UP_HEAD, POINTER_BYTES);
        groups[member->group].changed = true;
    } else if (frame_read((struct bytes){(uint32_t)length, bytes}, &frame)) {
        converse(member, &frame);
    }
}

/* [channel 1, tag, [tick, [[participant, handle, x, y, z], ...]]] */
static size_t write_pointers(unsigned group, uint8_t *bytes) {
    uint8_t head[] = {0x93,
                      1,
                      STAGE_EPHEMERA,
                      0x92,
                      0xce,
                      (uint8_t)(tick >> 24),
                      (uint8_t)(tick >> 16),
                      (uint8_t)(tick >> 8),
                      (uint8_t)tick,
                      0xdc,
                      0,
                      (uint8_t)groups[group].count};
    uint8_t *at = bytes + sizeof head;
    memcpy(bytes, head, sizeof head);
    for (unsigned i = 0; i < groups[group].count; i++) {
        *at++ = 0x95;
        *at++ = (uint8_t)(i + 1);
        memcpy(at, groups[group].slots[i], POINTER_BYTES);
        at += POINTER_BYTES;
    }
    return (size_t)(at - bytes);
}

static void send_pointers(unsigned group) {
    uint8_t bytes[LWS_PRE + FRAME_BYTES];
    _Static_assert(16 + BARE_GROUP * POINTER_DOWN_BYTES <= FRAME_BYTES, "a group fits a frame");
    size_t length = write_pointers(group, bytes + LWS_PRE);
    groups[group].changed = false;
    for (unsigned i = 0; i < groups[group].count; i++) {
        struct member_of_group *member = groups[group].members[i];
        if (member != NULL && !lws_partial_buffered(member->wsi))
            lws_write(member->wsi, bytes + LWS_PRE, length, LWS_WRITE_BINARY);
    }
}

static void on_tick(uv_timer_t *timer) {
    static int64_t due_us;
    int64_t now_us = monotonic_us();
    tick++;
    for (unsigned i = 0; i < group_count; i++) {
        if (groups[i].changed)
            send_pointers(i);
    }
    due_us = due_us + BARE_TICK_US > now_us ? due_us + BARE_TICK_US : now_us + BARE_TICK_US;
    uv_timer_start(timer, on_tick, (uint64_t)(due_us - now_us) / 1000, 0);
}

static int on_request(struct lws *wsi) {
    static const char body[] = "{\"ticket\":\"bare\",\"expiresInMs\":30000}";
    uint8_t head[LWS_PRE + 512], *at = head + LWS_PRE, *end = head + sizeof head - 1;
    if (lws_add_http_common_headers(wsi, HTTP_STATUS_OK, "application/json", sizeof body - 1, &at,
                                    end) != 0 ||
        lws_finalize_write_http_header(wsi, head + LWS_PRE, &at, end) != 0)
        return 1;
    uint8_t answer_bytes[LWS_PRE + sizeof body];
    memcpy(answer_bytes + LWS_PRE, body, sizeof body);
    lws_write(wsi, answer_bytes + LWS_PRE, sizeof body - 1, LWS_WRITE_HTTP_FINAL);
    return lws_http_transaction_completed(wsi);
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t length) {
    struct member_of_group *member = user;
    switch (reason) {
    case LWS_CALLBACK_HTTP:
        return on_request(wsi);
    case LWS_CALLBACK_ESTABLISHED:
        *member = (struct member_of_group){.wsi = wsi};
        return 0;
    case LWS_CALLBACK_RECEIVE:
        take(member, in, length);
        return 0;
    case LWS_CALLBACK_CLOSED:
        if (member->placed)
            groups[member->group].members[member->place] = NULL;
        return 0;
    default:
        return 0;
    }
}

static void serve(int port_pipe) {
    static const struct lws_protocols protocols[] = {
        {.name = "http", .callback = on_event},
        {.name = "consilium.1",
         .callback = on_event,
         .per_session_data_size = sizeof(struct member_of_group),
         .tx_packet_size = 64 * 1024},
        {0},
    };
    uv_loop_t *loop = uv_default_loop();
    void *foreign_loops[] = {loop};
    lws_set_log_level(LLL_ERR, NULL);
    struct lws_context_creation_info info = {.port = 0,
                                             .iface = "127.0.0.1",
                                             .protocols = protocols,
                                             .foreign_loops = foreign_loops,
                                             .options = LWS_SERVER_OPTION_LIBUV};
    struct lws_context *context = lws_create_context(&info);
    assert(context != NULL);
    struct lws_vhost *host = lws_get_vhost_by_name(context, "default");
    uint16_t port = (uint16_t)lws_get_vhost_listen_port(host);
    ssize_t told = write(port_pipe, &port, sizeof port);
    assert(told == sizeof port);
    uv_timer_t timer;
    uv_timer_init(loop, &timer);
    uv_timer_start(&timer, on_tick, 1, 0);
    uv_run(loop, UV_RUN_DEFAULT);
}

pid_t bare_server_start(int processor, uint16_t *ret_port) {
    int ends[2];
    int piped = pipe(ends);
    assert(piped == 0);
    pid_t process = fork();
    if (process == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        process_pin(0, processor);
        serve(ends[1]);
        _exit(0);
    }
    close(ends[1]);
    ssize_t got = read(ends[0], ret_port, sizeof *ret_port);
    assert(process > 0 && got == sizeof *ret_port);
    close(ends[0]);
    return process;
}

void bare_server_end(pid_t process) {
    kill(process, SIGKILL);
    waitpid(process, NULL, 0);
}
