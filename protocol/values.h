/* What messages are made of, and what is known of a message without reading it.
 *
 * A text, bytes or list never owns what it points to: after reading it borrows from the frame that
 * was read (text, bytes) or from the arena (lists), so it lives as long as the shorter-lived of the
 * two. To keep a value longer, copy it with the generated `..._copy` into an arena of your own. */
#ifndef PROTOCOL_VALUES_H
#define PROTOCOL_VALUES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* `time` and `version` stay below this, so that a JavaScript number holds them exactly. */
#define WHOLE_NUMBER_LIMIT ((int64_t)1 << 53)

/* UTF-8 (RFC 3629) without U+0000, and without a terminating zero. */
struct text {
    uint32_t length; /* bytes */
    const char *bytes;
};

struct bytes {
    uint32_t length;
    const uint8_t *bytes;
};

/* RFC 4122. All zero means "nobody" or "none". */
struct uuid {
    uint8_t bytes[16];
};

/* One message apart from its frame: its tag, and its fields packed. Encoded once, framed for each
 * recipient. `fields.bytes` is NULL when it did not fit the arena or broke a bound of the schema.
 */
struct encoded {
    uint8_t tag;
    struct bytes fields;
};

/* What an event carries beside its fields. */
struct event_header {
    uint64_t version; /* in its stream, from 1 */
    int64_t at;       /* microseconds since 1970 */
    struct uuid by;   /* the user who caused it; zero = the system itself */
    uint8_t tag;
};

/* Who may be shown a message: one bit each, so that a grant is a mask. */
enum audience {
    AUDIENCE_CLINICAL = 1,
    AUDIENCE_WORKFLOW = 2,
    AUDIENCE_STATUS = 4,
    AUDIENCE_PATIENT = 8,
    AUDIENCE_OWN = 16,
    AUDIENCE_IDENTITY = 32, /* who the patient is; beside clinical or workflow */
};

enum message_class {
    MESSAGE_COMMAND = 1, /* up: durable when accepted, answered once, has a command id */
    MESSAGE_SIGNAL,      /* up: ephemeral, never answered, the latest wins */
    MESSAGE_REQUEST,     /* up: answered, not durable */
    MESSAGE_EVENT,       /* down: durable, has a version */
    MESSAGE_REPLY,       /* down: to the one who asked */
    MESSAGE_NOTICE,      /* down: ephemeral */
    MESSAGE_SNAPSHOT,    /* down: the whole state as an audience may see it */
};

/* The gate's view of a message. Tags below TAG_DOWN go up, the others down. */
#define TAG_DOWN 64
#define TAG_COUNT 128

struct message_rule {
    const char *name; /* as in the schema; NULL = no such message */
    enum message_class class;
    uint32_t actions;  /* of the kind's policy: who may do one of them may send it */
    bool by_system;    /* another actor, a timer or the server itself may. Neither: the session
                        * answers it */
    uint8_t audiences; /* mask of `enum audience`; 0: only the one it is addressed to, or nobody */
    uint16_t rate;     /* a second and session */
    uint16_t burst;    /* at once */
    uint32_t size_max; /* bytes of its fields array at the most, with space for newer fields */
    bool automatic;    /* a program sends it by itself: no sign that its person is there */
    bool proved;       /* takes the proof of identity that its sender has just given, if any */
};

/* Text of a string literal. */
#define TEXT(literal) ((struct text){sizeof(literal) - 1, (literal)})

static inline bool text_equal(struct text a, struct text b) {
    return a.length == b.length && (a.length == 0 || memcmp(a.bytes, b.bytes, a.length) == 0);
}

static inline bool bytes_equal(struct bytes a, struct bytes b) {
    return a.length == b.length && (a.length == 0 || memcmp(a.bytes, b.bytes, a.length) == 0);
}

static inline bool uuid_equal(struct uuid a, struct uuid b) {
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

static inline bool uuid_is_zero(struct uuid uuid) {
    return uuid_equal(uuid, (struct uuid){{0}});
}

#endif
