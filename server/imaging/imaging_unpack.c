/*
 * The supervisor of one consilium-ingest that unpacks. Every word of the child's is checked: it has
 * read a foreign archive.
 */
#define _GNU_SOURCE /* memfd_create */
#include "server/imaging/imaging_unpack.h"

#include "protocol/frame.h"
#include "server/imaging/ingest_channel.h"
#include "server/utf8.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MAX ((uint32_t)8 << 10)

enum unpack_state {
    UNPACK_HEARING,  // the child is to speak; ended by its word, its death or its silence
    UNPACK_READING,  // it wants bytes; ended by unpack_give
    UNPACK_OFFERING, // it offers an entry; ended by unpack_take or unpack_skip
    UNPACK_SAID,     // it has said something; ended by unpack_go_on
    UNPACK_OVER,     // ended by unpack_close
};

struct unpack {
    /* Given. */
    struct unpack_config config;
    /* Owned. */
    uv_process_t *child;
    uv_poll_t *poll;
    uv_timer_t *timer;
    int socket;
    uint8_t *window;
    struct arena arena;
    /* Derived. */
    enum unpack_state state;
    size_t wanted;
    uint8_t answer[INGEST_LENGTH_SIZE + ANSWER_MAX];
    size_t received;
    uint64_t entry_left;
    bool opened, in_entry;
    unsigned stack; // callbacks of ours that are running; freed by the last
    bool closed;
};

static void free_handle(uv_handle_t *handle) {
    free(handle);
}

static void let_go_of_child(struct unpack *unpack) {
    if (unpack->poll) {
        uv_close((uv_handle_t *)unpack->poll, free_handle);
        unpack->poll = NULL;
    }
    if (unpack->timer) {
        uv_close((uv_handle_t *)unpack->timer, free_handle);
        unpack->timer = NULL;
    }
    if (unpack->socket >= 0) {
        close(unpack->socket);
        unpack->socket = -1;
    }
    if (unpack->child) {
        uv_process_kill(unpack->child, SIGKILL);
        unpack->child->data = NULL; // its exit is collected when it comes
        unpack->child = NULL;
    }
}

static void free_unpack(struct unpack *unpack) {
    let_go_of_child(unpack);
    if (unpack->window) {
        OPENSSL_cleanse(unpack->window, 2 * UNPACK_WINDOW_SIZE);
        munmap(unpack->window, 2 * UNPACK_WINDOW_SIZE);
    }
    arena_finish(&unpack->arena);
    free(unpack);
}

void unpack_close(struct unpack *unpack) {
    unpack->closed = true;
    unpack->state = UNPACK_OVER;
    let_go_of_child(unpack);
    if (unpack->stack == 0) {
        free_unpack(unpack);
    }
}

static void enter(struct unpack *unpack) {
    unpack->stack++;
}

static void leave(struct unpack *unpack) {
    if (--unpack->stack == 0 && unpack->closed) {
        free_unpack(unpack);
    }
}

static void end(struct unpack *unpack, enum unpack_refusal refusal, struct text reason) {
    if (unpack->state == UNPACK_OVER) {
        return;
    }
    unpack->state = UNPACK_OVER;
    enter(unpack);
    let_go_of_child(unpack);
    unpack->config.ended(unpack->config.data, refusal, reason);
    leave(unpack);
}

static void fail(struct unpack *unpack) {
    end(unpack, UNPACK_REFUSAL_WORKER_FAILED, TEXT("the program that unpacks died on it"));
}

static void on_silence(uv_timer_t *timer) {
    end(timer->data, UNPACK_REFUSAL_WORKER_FAILED, TEXT("unpacking it took too long"));
}

static void on_child_exit(uv_process_t *child, int64_t status, int signal) {
    (void)status;
    (void)signal;
    struct unpack *unpack = child->data;
    uv_close((uv_handle_t *)child, free_handle);
    if (unpack) {
        unpack->child = NULL;
        fail(unpack);
    }
}

/* Speaking. */

static void on_readable(uv_poll_t *poll, int status, int events);

static bool send_bytes(struct unpack *unpack, struct encoded encoded, int file) {
    uint8_t bytes[INGEST_REQUEST_MAX];
    struct writer writer;
    writer_init_fixed(&writer, bytes + INGEST_LENGTH_SIZE, sizeof bytes - INGEST_LENGTH_SIZE);
    struct frame frame = {
        .form = FRAME_NUMBERED, .tag = encoded.tag, .seq = 1, .fields = encoded.fields};
    frame_write(&writer, &frame);
    struct bytes written = writer_bytes(&writer);
    assert(written.bytes);
    ingest_put_length(bytes, written.length);
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    memset(&control, 0, sizeof control);
    struct iovec piece = {bytes, INGEST_LENGTH_SIZE + written.length};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    if (file >= 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &file, sizeof(int));
    }
    return sendmsg(unpack->socket, &message, MSG_NOSIGNAL) == (ssize_t)piece.iov_len;
}

/* What cannot be sent is seen as the child's end on a later turn. */
static void say(struct unpack *unpack, struct encoded encoded) {
    if (unpack->state == UNPACK_OVER) {
        return;
    }
    unpack->state = UNPACK_HEARING;
    uv_poll_start(unpack->poll, UV_READABLE, on_readable);
    uv_timer_start(unpack->timer, on_silence, UNPACK_STALL_MS, 0);
    if (!encoded.fields.bytes || !send_bytes(unpack, encoded, -1)) {
        shutdown(unpack->socket, SHUT_RDWR);
    }
    arena_reset(&unpack->arena);
}

uint8_t *unpack_window(struct unpack *unpack) {
    return unpack->window;
}

void unpack_give(struct unpack *unpack, size_t length) {
    assert(unpack->state == UNPACK_READING && length == unpack->wanted);
    struct give_bytes given = {.length = (uint32_t)length};
    say(unpack, give_bytes_encode(&unpack->arena, &given));
}

void unpack_take(struct unpack *unpack) {
    assert(unpack->state == UNPACK_OFFERING);
    struct take_entry take = {.take = true};
    unpack->in_entry = true;
    say(unpack, take_entry_encode(&unpack->arena, &take));
}

void unpack_skip(struct unpack *unpack) {
    assert(unpack->state == UNPACK_OFFERING);
    struct take_entry take = {.take = false};
    say(unpack, take_entry_encode(&unpack->arena, &take));
}

void unpack_go_on(struct unpack *unpack) {
    assert(unpack->state == UNPACK_SAID);
    struct go_on go_on = {0};
    say(unpack, go_on_encode(&unpack->arena, &go_on));
}

/* Hearing. */

/* As it may be shown: UTF-8 without control characters, never empty. */
static struct text clean_name(struct unpack *unpack, struct bytes name) {
    char *text = arena_alloc(&unpack->arena, (size_t)name.length + 1);
    if (!text || name.length == 0) {
        return TEXT("?");
    }
    bool utf8 = text_is_utf8((struct text){name.length, (const char *)name.bytes});
    for (uint32_t i = 0; i < name.length; i++) {
        uint8_t byte = name.bytes[i];
        bool shown = byte >= 0x20 && byte != 0x7F && (utf8 || byte < 0x80);
        text[i] = shown ? (char)byte : '?';
    }
    return (struct text){name.length, text};
}

static bool on_wanted(struct unpack *unpack, const struct bytes_wanted *wanted) {
    bool fits = wanted->length > 0 && wanted->length <= UNPACK_WINDOW_SIZE &&
                wanted->offset < unpack->config.size &&
                wanted->length <= unpack->config.size - wanted->offset;
    if (fits) {
        unpack->state = UNPACK_READING;
        unpack->wanted = wanted->length;
        unpack->config.wanted(unpack->config.data, wanted->offset, wanted->length);
    }
    return fits;
}

static bool on_begun(struct unpack *unpack, const struct entry_begun *begun) {
    bool fits = unpack->opened && !unpack->in_entry && begun->size <= unpack->config.entry_size_max;
    if (fits) {
        unpack->state = UNPACK_OFFERING;
        unpack->entry_left = begun->size;
        unpack->config.entry(unpack->config.data, clean_name(unpack, begun->name), begun->size);
    }
    return fits;
}

static bool on_entry_bytes(struct unpack *unpack, const struct entry_bytes *bytes) {
    bool fits = unpack->in_entry && bytes->length > 0 && bytes->length <= UNPACK_WINDOW_SIZE &&
                bytes->length <= unpack->entry_left;
    if (fits) {
        unpack->state = UNPACK_SAID;
        unpack->entry_left -= bytes->length;
        unpack->config.bytes(unpack->config.data,
                             (struct bytes){bytes->length, unpack->window + UNPACK_WINDOW_SIZE});
    }
    return fits;
}

static bool on_entry_ended(struct unpack *unpack, const struct entry_ended *ended) {
    bool refused = ended->refusal != UNPACK_REFUSAL_NONE;
    // Whole is only what has begun and came to its last byte.
    bool fits = unpack->opened && (refused || (unpack->in_entry && unpack->entry_left == 0));
    if (fits) {
        unpack->state = UNPACK_SAID;
        unpack->in_entry = false;
        unpack->config.entry_ended(unpack->config.data, clean_name(unpack, ended->name),
                                   ended->refusal, ended->reason);
    }
    return fits;
}

/* False when it breaks the rules. */
static bool take_word(struct unpack *unpack, uint8_t tag, const void *word) {
    switch (tag) {
    case UNPACK_ARCHIVE_OPENED:
        if (unpack->opened) {
            return false;
        }
        unpack->opened = true;
        unpack->state = UNPACK_SAID;
        unpack->config.opened(unpack->config.data, ((const struct archive_opened *)word)->entries);
        return true;
    case UNPACK_BYTES_WANTED:
        return on_wanted(unpack, word);
    case UNPACK_ENTRY_BEGUN:
        return on_begun(unpack, word);
    case UNPACK_ENTRY_BYTES:
        return on_entry_bytes(unpack, word);
    case UNPACK_ENTRY_ENDED:
        return on_entry_ended(unpack, word);
    case UNPACK_ARCHIVE_ENDED: {
        const struct archive_ended *ended = word;
        end(unpack, ended->refusal, ended->reason);
        return true;
    }
    default:
        return false;
    }
}

static bool take_answer(struct unpack *unpack) {
    struct bytes bytes = {(uint32_t)(unpack->received - INGEST_LENGTH_SIZE),
                          unpack->answer + INGEST_LENGTH_SIZE};
    struct frame frame;
    unpack->received = 0;
    uv_timer_stop(unpack->timer);
    if (!frame_read(bytes, &frame)) {
        return false;
    }
    struct reader reader = reader_of(frame.fields);
    const void *word = unpack_decode_down(frame.tag, &reader, &unpack->arena);
    return word && take_word(unpack, frame.tag, word);
}

/* Reads what is there; false when the child broke the rules or hung up. */
static bool receive(struct unpack *unpack) {
    while (unpack->state == UNPACK_HEARING) {
        size_t wanted = INGEST_LENGTH_SIZE;
        if (unpack->received >= INGEST_LENGTH_SIZE) {
            uint32_t length = ingest_get_length(unpack->answer);
            if (length == 0 || length > ANSWER_MAX) {
                return false;
            }
            wanted += length;
        }
        ssize_t got =
            recv(unpack->socket, unpack->answer + unpack->received, wanted - unpack->received, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            return true;
        }
        if (got <= 0) {
            return false;
        }
        unpack->received += (size_t)got;
        if (unpack->received == wanted && wanted > INGEST_LENGTH_SIZE && !take_answer(unpack)) {
            return false;
        }
    }
    return true;
}

static void on_readable(uv_poll_t *poll, int status, int events) {
    struct unpack *unpack = poll->data;
    (void)events;
    if (unpack->state != UNPACK_HEARING) {
        // It speaks out of turn, or is gone: looked at when it is to speak.
        uv_poll_stop(poll);
        return;
    }
    enter(unpack);
    if (status < 0 || !receive(unpack)) {
        fail(unpack);
    }
    leave(unpack);
}

/* Starting. */

static bool spawn(struct unpack *unpack, int theirs) {
    uv_stdio_container_t stdio[INGEST_SOCKET + 1] = {
        {.flags = UV_IGNORE},
        {.flags = UV_IGNORE},
        {.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO},
        {.flags = UV_INHERIT_FD, .data.fd = theirs},
    };
    char role[] = "unpack";
    char *arguments[] = {(char *)(uintptr_t)unpack->config.program, role, NULL};
    char *environment[] = {NULL};
    uv_process_options_t options = {.exit_cb = on_child_exit,
                                    .file = unpack->config.program,
                                    .args = arguments,
                                    .env = environment,
                                    .stdio_count = INGEST_SOCKET + 1,
                                    .stdio = stdio};
    unpack->child = calloc(1, sizeof *unpack->child);
    if (!unpack->child || uv_spawn(unpack->config.loop, unpack->child, &options) != 0) {
        if (unpack->child) {
            uv_close((uv_handle_t *)unpack->child, free_handle);
        }
        unpack->child = NULL;
        return false;
    }
    unpack->child->data = unpack;
    return true;
}

/* Memory that both have; the descriptor, or -1. */
static int make_window(struct unpack *unpack) {
    int file = memfd_create("window", MFD_CLOEXEC);
    void *window = MAP_FAILED;
    if (file >= 0 && ftruncate(file, 2 * UNPACK_WINDOW_SIZE) == 0) {
        window = mmap(NULL, 2 * UNPACK_WINDOW_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    }
    unpack->window = window == MAP_FAILED ? NULL : window;
    return file;
}

static bool start(struct unpack *unpack) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        return false;
    }
    unpack->socket = pair[0];
    bool spawned = spawn(unpack, pair[1]);
    close(pair[1]);
    unpack->poll = calloc(1, sizeof *unpack->poll);
    unpack->timer = calloc(1, sizeof *unpack->timer);
    int window = make_window(unpack);
    bool made = spawned && unpack->poll && unpack->timer && unpack->window;
    if (made) {
        fcntl(unpack->socket, F_SETFL, O_NONBLOCK);
        uv_poll_init(unpack->config.loop, unpack->poll, unpack->socket);
        uv_timer_init(unpack->config.loop, unpack->timer);
        unpack->poll->data = unpack->timer->data = unpack;
        uv_poll_start(unpack->poll, UV_READABLE, on_readable);
        uv_timer_start(unpack->timer, on_silence, UNPACK_STALL_MS, 0);
        struct open_archive request = {.size = unpack->config.size,
                                       .entry_size_max = unpack->config.entry_size_max};
        made = send_bytes(unpack, open_archive_encode(&unpack->arena, &request), window);
        arena_reset(&unpack->arena);
    } else {
        free(unpack->poll);
        free(unpack->timer);
        unpack->poll = NULL;
        unpack->timer = NULL;
    }
    if (window >= 0) {
        close(window);
    }
    return made;
}

struct unpack *unpack_start(const struct unpack_config *config) {
    struct unpack *unpack = calloc(1, sizeof *unpack);
    if (!unpack) {
        return NULL;
    }
    unpack->config = *config;
    unpack->socket = -1;
    arena_init(&unpack->arena, (size_t)64 << 10);
    if (!start(unpack)) {
        free_unpack(unpack);
        return NULL;
    }
    return unpack;
}
