/* Channel 0: greeting, heartbeat, opening and closing of channels. */
#include "server/node/node_state.h"

enum { PROTOCOL_REVISION = 1, PROTOCOL_REVISION_OLDEST = 1, CONTROL_ARENA_MAX = 4096 };

static void on_hello(struct session *session, uint32_t seq, const struct hello *hello,
                     struct arena *arena) {
    if (hello->revision < PROTOCOL_REVISION_OLDEST) {
        session_doom(session, CLOSE_TOO_OLD);
        return;
    }
    if (session->greeted) {
        session_refuse(session, 0, seq, REFUSAL_BAD_STATE);
        return;
    }
    session->greeted = true;
    session->window = hello->window;
    int64_t until;
    uint16_t rights = node_rights(session->node, session->user, NULL, &until);
    struct welcome welcome = {
        .session = (uint64_t)session->number.generation << 20 | session->number.slot,
        .user = session->user,
        .name = session->name,
        .server_time = session->node->now,
        .heartbeat_ms = HEARTBEAT_MS,
        .revision = PROTOCOL_REVISION,
        .administrator = (rights & RIGHT_ADMINISTRATOR) != 0,
        .coordinator = (rights & RIGHT_COORDINATOR) != 0,
    };
    session_reply(session, 0, seq, welcome_encode(arena, &welcome));
    if (!session->node->available) {
        struct store_changed away = {.available = false};
        session_notice(session, 0, store_changed_encode(arena, &away));
    }
}

static void on_ping(struct session *session, uint32_t seq, const struct ping *ping,
                    struct arena *arena) {
    struct pong pong = {.sent_at = ping->sent_at, .server_time = session->node->now};
    session_reply(session, 0, seq, pong_encode(arena, &pong));
}

static void on_close(struct session *session, uint32_t seq, const struct close_channel *close,
                     struct arena *arena) {
    struct channel *channel = channel_find(session, close->channel);
    if (channel != NULL) {
        channel_close(channel);
    }
    session_reply(session, 0, seq, accepted_encode(arena, &(struct accepted){.version = 0}));
}

static void dispatch(struct session *session, const struct frame *frame, struct arena *arena) {
    struct reader reader = reader_of(frame->fields);
    const void *message = session_decode(frame->tag, &reader, arena);
    if (message == NULL) {
        session_refuse(session, 0, frame->seq, REFUSAL_MALFORMED);
        return;
    }
    switch (frame->tag) {
    case SESSION_HELLO:
        on_hello(session, frame->seq, message, arena);
        break;
    case SESSION_OPEN_CHANNEL:
        channel_open(session, frame->seq, message);
        break;
    case SESSION_CLOSE_CHANNEL:
        on_close(session, frame->seq, message, arena);
        break;
    case SESSION_PING:
        on_ping(session, frame->seq, message, arena);
        break;
    default:
        session_refuse(session, 0, frame->seq, REFUSAL_MALFORMED);
    }
}

void session_on_message(struct session *session, const struct frame *frame) {
    if (frame->form != FRAME_NUMBERED || (!session->greeted && frame->tag != SESSION_HELLO)) {
        session_doom(session, CLOSE_PROTOCOL);
        return;
    }
    enum refusal reason;
    enum gate_verdict verdict =
        gate_admit(&session->gate, CHANNEL_KIND_SESSION, session_rules, UINT32_MAX, frame->tag,
                   frame->fields.length, session->node->now, &reason);
    if (verdict == GATE_CUT) {
        session_doom(session, CLOSE_TOO_FAST);
        return;
    }
    if (verdict != GATE_ADMIT) {
        session_refuse(session, 0, frame->seq, reason);
        return;
    }
    struct arena arena;
    arena_init(&arena, CONTROL_ARENA_MAX);
    dispatch(session, frame, &arena);
    arena_finish(&arena);
}
