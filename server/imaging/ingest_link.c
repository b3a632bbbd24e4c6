#include "server/imaging/ingest_link.h"

#include "protocol/frame.h"
#include "server/imaging/ingest_channel.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct waiting_file {
    int file;
    uint64_t size;
    ingest_done done;
    void *data;
};

enum link_state {
    LINK_IDLE,    // no child; ended by a file
    LINK_PAUSING, // no child; ended by the restart timer
    LINK_READY,   // a child without work; ended by a file or its death
    LINK_BUSY,    // a child with the first waiting file; ended by its answer or death
    LINK_CLOSING, // ended by the last handle's close
};

struct ingest_link {
    /* Given. */
    uv_loop_t *loop;
    unsigned file_ms_max;
    /* Owned. */
    char *program;
    uv_timer_t timer; // the file's time in LINK_BUSY, the pause in LINK_PAUSING
    uv_process_t *child;
    uv_poll_t *poll; // of the socket to the child
    int socket;
    uint8_t *answer; // bytes received of the answer, its length in front
    struct arena arena;
    /* Derived. */
    enum link_state state;
    struct waiting_file waiting[INGEST_WAITING_MAX];
    size_t first_waiting, waiting_count;
    uint64_t job;
    size_t received;
    size_t answer_capacity;
    unsigned failed_starts;
    struct ingest_link_counts counts;
    void (*closed)(void *data);
    void *closed_data;
};

static void start_next(struct ingest_link *link);

struct ingest_link_counts ingest_link_count(const struct ingest_link *link) {
    return link->counts;
}

int ingest_link_child(const struct ingest_link *link) {
    return link->child ? link->child->pid : 0;
}

static struct waiting_file pop_waiting(struct ingest_link *link) {
    assert(link->waiting_count > 0);
    struct waiting_file file = link->waiting[link->first_waiting];
    link->first_waiting = (link->first_waiting + 1) % INGEST_WAITING_MAX;
    link->waiting_count--;
    return file;
}

static void finish_first(struct ingest_link *link, const struct parsed *parsed) {
    struct waiting_file file = pop_waiting(link);
    link->counts.files++;
    link->counts.refused += parsed->refusal != INGEST_REFUSAL_NONE;
    file.done(file.data, parsed);
}

static void refuse_first(struct ingest_link *link, struct text reason) {
    struct parsed parsed = parsed_default;
    parsed.refusal = INGEST_REFUSAL_WORKER_FAILED;
    parsed.reason = reason;
    finish_first(link, &parsed);
}

static void free_handle(uv_handle_t *handle) {
    free(handle);
}

static void drop_socket(struct ingest_link *link) {
    if (link->poll) {
        uv_close((uv_handle_t *)link->poll, free_handle);
        link->poll = NULL;
    }
    if (link->socket >= 0) {
        close(link->socket);
        link->socket = -1;
    }
    link->received = 0;
}

/* The child is no longer ours to talk to; its exit is collected when it comes. */
static void drop_child(struct ingest_link *link) {
    drop_socket(link);
    if (link->child) {
        uv_process_kill(link->child, SIGKILL);
        link->child->data = NULL;
        link->child = NULL;
        link->counts.restarts++;
    }
}

static void on_pause_over(uv_timer_t *timer) {
    struct ingest_link *link = timer->data;
    link->state = LINK_IDLE;
    start_next(link);
}

static void pause_before_restart(struct ingest_link *link) {
    unsigned doublings = link->failed_starts < 10 ? link->failed_starts : 10;
    uint64_t pause_ms = (uint64_t)INGEST_RESTART_MS_FIRST << doublings;
    pause_ms = pause_ms < INGEST_RESTART_MS_MAX ? pause_ms : INGEST_RESTART_MS_MAX;
    link->state = LINK_PAUSING;
    uv_timer_start(&link->timer, on_pause_over, pause_ms, 0);
}

/* What went wrong is the fault of the file that was being read, if one was. */
static void child_failed(struct ingest_link *link, struct text reason) {
    bool busy = link->state == LINK_BUSY;
    drop_child(link);
    uv_timer_stop(&link->timer);
    link->state = LINK_IDLE;
    if (busy) {
        refuse_first(link, reason);
    }
    if (link->state == LINK_IDLE && link->failed_starts > 0) {
        pause_before_restart(link);
    } else {
        start_next(link);
    }
}

static void on_child_exit(uv_process_t *child, int64_t status, int signal) {
    (void)status;
    (void)signal;
    struct ingest_link *link = child->data;
    uv_close((uv_handle_t *)child, free_handle);
    if (link && link->child == child) {
        link->child = NULL;
        link->counts.restarts++;
        child_failed(link, TEXT("the program that reads files died on this one"));
    }
}

static void on_file_time_over(uv_timer_t *timer) {
    child_failed(timer->data, TEXT("reading this file took too long"));
}

/* Room for `needed` bytes of answer, grown as they arrive rather than as the length declares. */
static bool grow_answer(struct ingest_link *link, size_t needed) {
    if (needed <= link->answer_capacity) {
        return true;
    }
    size_t capacity = link->answer_capacity ? link->answer_capacity : (size_t)64 << 10;
    while (capacity < needed) {
        capacity *= 2;
    }
    uint8_t *bytes = realloc(link->answer, capacity);
    if (!bytes) {
        return false;
    }
    link->answer = bytes;
    link->answer_capacity = capacity;
    return true;
}

/* The child is no more trusted than what it read: its answer is checked like any peer's. */
static bool take_answer(struct ingest_link *link) {
    struct bytes bytes = {(uint32_t)(link->received - INGEST_LENGTH_SIZE),
                          link->answer + INGEST_LENGTH_SIZE};
    struct frame frame;
    if (!frame_read(bytes, &frame) || frame.tag != INGEST_PARSED) {
        return false;
    }
    struct reader reader = reader_of(frame.fields);
    const struct parsed *parsed = ingest_decode_down(frame.tag, &reader, &link->arena);
    if (!parsed || parsed->job != link->job) {
        return false;
    }
    uv_timer_stop(&link->timer);
    link->state = LINK_READY;
    link->failed_starts = 0;
    link->received = 0;
    finish_first(link, parsed);
    arena_reset(&link->arena);
    if (link->state == LINK_READY) {
        start_next(link);
    }
    return true;
}

/* Reads what is there; false when the child broke the rules or hung up. */
static bool receive(struct ingest_link *link) {
    while (link->state == LINK_BUSY) {
        size_t wanted = INGEST_LENGTH_SIZE;
        if (link->received >= INGEST_LENGTH_SIZE) {
            uint32_t length = ingest_get_length(link->answer);
            if (length == 0 || length > INGEST_ANSWER_MAX) {
                return false;
            }
            wanted += length;
        }
        size_t step = wanted - link->received;
        step = step < ((size_t)256 << 10) ? step : (size_t)256 << 10;
        if (!grow_answer(link, link->received + step)) {
            return false;
        }
        ssize_t got = recv(link->socket, link->answer + link->received, step, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            return true;
        }
        if (got <= 0) {
            return false;
        }
        link->received += (size_t)got;
        bool whole = link->received == wanted && wanted > INGEST_LENGTH_SIZE;
        if (whole) {
            return take_answer(link);
        }
    }
    // Nothing was asked, so anything it says, its end included, is wrong.
    return false;
}

static void on_readable(uv_poll_t *poll, int status, int events) {
    struct ingest_link *link = poll->data;
    (void)events;
    if (status < 0 || !receive(link)) {
        child_failed(link, TEXT("the program that reads files died on this one"));
    }
}

static bool spawn(struct ingest_link *link) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        return false;
    }
    link->child = calloc(1, sizeof *link->child);
    link->poll = calloc(1, sizeof *link->poll);
    if (!link->child || !link->poll) {
        free(link->child);
        free(link->poll);
        link->child = NULL;
        link->poll = NULL;
        close(pair[0]);
        close(pair[1]);
        return false;
    }
    uv_stdio_container_t stdio[INGEST_SOCKET + 1] = {
        {.flags = UV_IGNORE},
        {.flags = UV_IGNORE},
        {.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO},
        {.flags = UV_INHERIT_FD, .data.fd = pair[1]},
    };
    char *arguments[] = {link->program, NULL};
    char *environment[] = {NULL};
    uv_process_options_t options = {.exit_cb = on_child_exit,
                                    .file = link->program,
                                    .args = arguments,
                                    .env = environment,
                                    .stdio_count = INGEST_SOCKET + 1,
                                    .stdio = stdio};
    int spawned = uv_spawn(link->loop, link->child, &options);
    close(pair[1]);
    if (spawned != 0) {
        uv_close((uv_handle_t *)link->child, free_handle);
        free(link->poll);
        link->child = NULL;
        link->poll = NULL;
        close(pair[0]);
        return false;
    }
    link->child->data = link;
    link->socket = pair[0];
    fcntl(link->socket, F_SETFL, O_NONBLOCK);
    uv_poll_init(link->loop, link->poll, link->socket);
    link->poll->data = link;
    uv_poll_start(link->poll, UV_READABLE, on_readable);
    return true;
}

/* Requests are a few bytes on an empty socket: either all of one is taken or the child is broken.
 */
static bool send_request(struct ingest_link *link, const struct waiting_file *file) {
    uint8_t bytes[INGEST_REQUEST_MAX];
    struct parse_file request = {.job = ++link->job, .length = file->size};
    struct writer fields;
    struct writer writer;
    uint8_t field_bytes[64];
    writer_init_fixed(&fields, field_bytes, sizeof field_bytes);
    parse_file_write(&fields, &request);
    writer_init_fixed(&writer, bytes + INGEST_LENGTH_SIZE, sizeof bytes - INGEST_LENGTH_SIZE);
    struct frame frame = {.form = FRAME_NUMBERED,
                          .tag = INGEST_PARSE_FILE,
                          .seq = (uint32_t)request.job,
                          .fields = writer_bytes(&fields)};
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
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &file->file, sizeof(int));
    return sendmsg(link->socket, &message, MSG_NOSIGNAL) == (ssize_t)piece.iov_len;
}

static void start_next(struct ingest_link *link) {
    if (link->state == LINK_IDLE && link->failed_starts >= INGEST_FAILED_STARTS_MAX) {
        // The next file gets one more try.
        link->failed_starts = INGEST_FAILED_STARTS_MAX - 1;
        for (size_t waiting = link->waiting_count; waiting > 0; waiting--) {
            refuse_first(link, TEXT("the program that reads files cannot be started"));
        }
    }
    if (link->waiting_count == 0 || (link->state != LINK_IDLE && link->state != LINK_READY)) {
        return;
    }
    if (link->state == LINK_IDLE) {
        // Counted as failed until the first answer: a child that dies at once is no start.
        link->failed_starts++;
        if (!spawn(link)) {
            pause_before_restart(link);
            return;
        }
    }
    link->state = LINK_BUSY;
    uv_timer_start(&link->timer, on_file_time_over, link->file_ms_max, 0);
    if (!send_request(link, &link->waiting[link->first_waiting])) {
        // Seen as the child's end on the next turn: nobody is answered from inside his own call.
        shutdown(link->socket, SHUT_RDWR);
    }
}

struct ingest_link *ingest_link_create(const struct ingest_link_config *config) {
    struct ingest_link *link = calloc(1, sizeof *link);
    char *program = strdup(config->program);
    if (!link || !program) {
        free(link);
        free(program);
        return NULL;
    }
    link->loop = config->loop;
    link->program = program;
    link->file_ms_max = config->file_ms_max ? config->file_ms_max : INGEST_FILE_MS_MAX;
    link->socket = -1;
    arena_init(&link->arena, (size_t)2 * INGEST_ANSWER_MAX);
    uv_timer_init(link->loop, &link->timer);
    link->timer.data = link;
    return link;
}

bool ingest_link_parse(struct ingest_link *link, int file, uint64_t size, ingest_done done,
                       void *data) {
    if (link->state == LINK_CLOSING || link->waiting_count == INGEST_WAITING_MAX) {
        return false;
    }
    size_t place = (link->first_waiting + link->waiting_count++) % INGEST_WAITING_MAX;
    link->waiting[place] = (struct waiting_file){file, size, done, data};
    start_next(link);
    return true;
}

static void on_timer_closed(uv_handle_t *handle) {
    struct ingest_link *link = handle->data;
    while (link->waiting_count > 0) {
        refuse_first(link, TEXT("the server is stopping"));
    }
    arena_finish(&link->arena);
    free(link->answer);
    free(link->program);
    if (link->closed) {
        link->closed(link->closed_data);
    }
    free(link);
}

void ingest_link_close(struct ingest_link *link, void (*closed)(void *data), void *data) {
    link->state = LINK_CLOSING;
    link->closed = closed;
    link->closed_data = data;
    drop_child(link);
    uv_close((uv_handle_t *)&link->timer, on_timer_closed);
}
