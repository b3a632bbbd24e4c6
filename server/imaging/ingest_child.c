#include "server/imaging/ingest_child.h"

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

#define DESCRIPTOR_SPACE (INGEST_DESCRIPTORS_MAX * sizeof(int))

enum child_state {
    CHILD_IDLE,    // no process; ended by a job
    CHILD_PAUSING, // no process; ended by the restart timer
    CHILD_READY,   // a process without work; ended by a job or its death
    CHILD_BUSY,    // a process with the first waiting job; ended by its answer or death
    CHILD_CLOSING, // ended by the last handle's close
};

struct ingest_child {
    /* Given. */
    uv_loop_t *loop;
    const char *role;
    /* Owned. */
    char *program;
    uv_timer_t timer; // the job's time in CHILD_BUSY, the pause in CHILD_PAUSING
    uv_process_t *process;
    uv_poll_t *poll; // of the socket to the child
    int socket;
    uint8_t *answer; // bytes received of the answer, its length in front
    struct arena arena;
    /* Derived. */
    enum child_state state;
    uint64_t last_number;
    struct ingest_job waiting[INGEST_WAITING_MAX];
    size_t first_waiting, waiting_count;
    size_t received;
    size_t answer_capacity;
    unsigned failed_starts;
    struct ingest_child_counts counts;
    void (*closed)(void *data);
    void *closed_data;
};

static void start_next(struct ingest_child *child);

struct ingest_child_counts ingest_child_count(const struct ingest_child *child) {
    return child->counts;
}

int ingest_child_process(const struct ingest_child *child) {
    return child->process ? child->process->pid : 0;
}

size_t ingest_child_waiting(const struct ingest_child *child) {
    return child->waiting_count;
}

static struct ingest_job pop_waiting(struct ingest_child *child) {
    assert(child->waiting_count > 0);
    struct ingest_job job = child->waiting[child->first_waiting];
    child->first_waiting = (child->first_waiting + 1) % INGEST_WAITING_MAX;
    child->waiting_count--;
    return job;
}

static void finish_first(struct ingest_child *child, const void *answer, struct text reason) {
    struct ingest_job job = pop_waiting(child);
    child->counts.jobs++;
    child->counts.failed += answer == NULL;
    free(job.request);
    job.answered(&job, answer, reason);
}

static void fail_first(struct ingest_child *child, struct text reason) {
    finish_first(child, NULL, reason);
}

static void free_handle(uv_handle_t *handle) {
    free(handle);
}

static void drop_socket(struct ingest_child *child) {
    if (child->poll) {
        uv_close((uv_handle_t *)child->poll, free_handle);
        child->poll = NULL;
    }
    if (child->socket >= 0) {
        close(child->socket);
        child->socket = -1;
    }
    child->received = 0;
}

/* The process is no longer ours to talk to; its exit is collected when it comes. */
static void drop_process(struct ingest_child *child) {
    drop_socket(child);
    if (child->process) {
        uv_process_kill(child->process, SIGKILL);
        child->process->data = NULL;
        child->process = NULL;
        child->counts.restarts++;
    }
}

static void on_pause_over(uv_timer_t *timer) {
    struct ingest_child *child = timer->data;
    child->state = CHILD_IDLE;
    start_next(child);
}

static void pause_before_restart(struct ingest_child *child) {
    unsigned doublings = child->failed_starts < 10 ? child->failed_starts : 10;
    uint64_t pause_ms = (uint64_t)INGEST_RESTART_MS_FIRST << doublings;
    pause_ms = pause_ms < INGEST_RESTART_MS_MAX ? pause_ms : INGEST_RESTART_MS_MAX;
    child->state = CHILD_PAUSING;
    uv_timer_start(&child->timer, on_pause_over, pause_ms, 0);
}

/* What went wrong is the fault of the file that was being read, if one was. */
static void child_failed(struct ingest_child *child, struct text reason) {
    bool busy = child->state == CHILD_BUSY;
    drop_process(child);
    uv_timer_stop(&child->timer);
    child->state = CHILD_IDLE;
    if (busy) {
        fail_first(child, reason);
    }
    if (child->state == CHILD_IDLE && child->failed_starts > 0) {
        pause_before_restart(child);
    } else {
        start_next(child);
    }
}

static void on_process_exit(uv_process_t *process, int64_t status, int signal) {
    (void)status;
    (void)signal;
    struct ingest_child *child = process->data;
    uv_close((uv_handle_t *)process, free_handle);
    if (child && child->process == process) {
        child->process = NULL;
        child->counts.restarts++;
        child_failed(child, TEXT("the program that reads files died on this one"));
    }
}

static void on_job_time_over(uv_timer_t *timer) {
    child_failed(timer->data, TEXT("reading this file took too long"));
}

/* Room for `needed` bytes of answer, grown as they arrive rather than as the length declares. */
static bool grow_answer(struct ingest_child *child, size_t needed) {
    if (needed <= child->answer_capacity) {
        return true;
    }
    size_t capacity = child->answer_capacity ? child->answer_capacity : (size_t)64 << 10;
    while (capacity < needed) {
        capacity *= 2;
    }
    uint8_t *bytes = realloc(child->answer, capacity);
    if (!bytes) {
        return false;
    }
    child->answer = bytes;
    child->answer_capacity = capacity;
    return true;
}

/* The child is no more trusted than what it read: its answer is checked like any peer's. */
static bool take_answer(struct ingest_child *child) {
    const struct ingest_job *job = &child->waiting[child->first_waiting];
    struct bytes bytes = {(uint32_t)(child->received - INGEST_LENGTH_SIZE),
                          child->answer + INGEST_LENGTH_SIZE};
    struct frame frame;
    if (!frame_read(bytes, &frame) || frame.tag != job->answer_tag ||
        frame.seq != (uint32_t)job->number) {
        return false;
    }
    struct reader reader = reader_of(frame.fields);
    const void *answer = ingest_decode_down(frame.tag, &reader, &child->arena);
    if (!answer) {
        return false;
    }
    uv_timer_stop(&child->timer);
    child->state = CHILD_READY;
    child->failed_starts = 0;
    child->received = 0;
    finish_first(child, answer, TEXT(""));
    arena_reset(&child->arena);
    if (child->state == CHILD_READY) {
        start_next(child);
    }
    return true;
}

/* Reads what is there; false when the child broke the rules or hung up. */
static bool receive(struct ingest_child *child) {
    while (child->state == CHILD_BUSY) {
        size_t wanted = INGEST_LENGTH_SIZE;
        if (child->received >= INGEST_LENGTH_SIZE) {
            uint32_t length = ingest_get_length(child->answer);
            if (length == 0 || length > INGEST_ANSWER_MAX) {
                return false;
            }
            wanted += length;
        }
        size_t step = wanted - child->received;
        step = step < ((size_t)256 << 10) ? step : (size_t)256 << 10;
        if (!grow_answer(child, child->received + step)) {
            return false;
        }
        ssize_t got = recv(child->socket, child->answer + child->received, step, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            return true;
        }
        if (got <= 0) {
            return false;
        }
        child->received += (size_t)got;
        bool whole = child->received == wanted && wanted > INGEST_LENGTH_SIZE;
        if (whole) {
            return take_answer(child);
        }
    }
    // Nothing was asked, so anything it says, its end included, is wrong.
    return false;
}

static void on_readable(uv_poll_t *poll, int status, int events) {
    struct ingest_child *child = poll->data;
    (void)events;
    if (status < 0 || !receive(child)) {
        child_failed(child, TEXT("the program that reads files died on this one"));
    }
}

static bool spawn(struct ingest_child *child) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        return false;
    }
    child->process = calloc(1, sizeof *child->process);
    child->poll = calloc(1, sizeof *child->poll);
    if (!child->process || !child->poll) {
        free(child->process);
        free(child->poll);
        child->process = NULL;
        child->poll = NULL;
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
    char *arguments[] = {child->program, (char *)(uintptr_t)child->role, NULL};
    char *environment[] = {NULL};
    uv_process_options_t options = {.exit_cb = on_process_exit,
                                    .file = child->program,
                                    .args = arguments,
                                    .env = environment,
                                    .stdio_count = INGEST_SOCKET + 1,
                                    .stdio = stdio};
    int spawned = uv_spawn(child->loop, child->process, &options);
    close(pair[1]);
    if (spawned != 0) {
        uv_close((uv_handle_t *)child->process, free_handle);
        free(child->poll);
        child->process = NULL;
        child->poll = NULL;
        close(pair[0]);
        return false;
    }
    child->process->data = child;
    child->socket = pair[0];
    fcntl(child->socket, F_SETFL, O_NONBLOCK);
    uv_poll_init(child->loop, child->poll, child->socket);
    child->poll->data = child;
    uv_poll_start(child->poll, UV_READABLE, on_readable);
    return true;
}

/* Descriptors beside the first byte of a frame. */
static bool send_with_files(int socket, struct iovec *piece, const int *files, size_t count) {
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(DESCRIPTOR_SPACE)];
    } control;
    memset(&control, 0, sizeof control);
    struct msghdr message = {.msg_iov = piece,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = CMSG_SPACE(count * sizeof(int))};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(header), files, count * sizeof(int));
    return sendmsg(socket, &message, MSG_NOSIGNAL) == (ssize_t)piece->iov_len;
}

/* Requests are a few KiB on an empty socket: either all of one is taken or the child is broken. */
static bool send_request(struct ingest_child *child, const struct ingest_job *job) {
    uint8_t bytes[INGEST_LENGTH_SIZE + INGEST_REQUEST_MAX];
    struct writer writer;
    writer_init_fixed(&writer, bytes + INGEST_LENGTH_SIZE, INGEST_REQUEST_MAX);
    struct frame frame = {.form = FRAME_NUMBERED,
                          .tag = job->tag,
                          .seq = (uint32_t)job->number,
                          .fields = {job->request_length, job->request}};
    frame_write(&writer, &frame);
    struct bytes written = writer_bytes(&writer);
    assert(written.bytes);
    ingest_put_length(bytes, written.length);
    struct iovec piece = {bytes, INGEST_LENGTH_SIZE + written.length};
    return send_with_files(child->socket, &piece, job->files, job->file_count);
}

static void start_next(struct ingest_child *child) {
    if (child->state == CHILD_IDLE && child->failed_starts >= INGEST_FAILED_STARTS_MAX) {
        // The next file gets one more try.
        child->failed_starts = INGEST_FAILED_STARTS_MAX - 1;
        for (size_t waiting = child->waiting_count; waiting > 0; waiting--) {
            fail_first(child, TEXT("the program that reads files cannot be started"));
        }
    }
    if (child->waiting_count == 0 || (child->state != CHILD_IDLE && child->state != CHILD_READY)) {
        return;
    }
    if (child->state == CHILD_IDLE) {
        // Counted as failed until the first answer: a child that dies at once is no start.
        child->failed_starts++;
        if (!spawn(child)) {
            pause_before_restart(child);
            return;
        }
    }
    struct ingest_job *job = &child->waiting[child->first_waiting];
    child->state = CHILD_BUSY;
    job->begun = true;
    uv_timer_start(&child->timer, on_job_time_over, job->ms_max, 0);
    if (!send_request(child, job)) {
        // Seen as the child's end on the next turn: nobody is answered from inside his own call.
        shutdown(child->socket, SHUT_RDWR);
    }
}

struct ingest_child *ingest_child_create(uv_loop_t *loop, const char *program, const char *role) {
    struct ingest_child *child = calloc(1, sizeof *child);
    char *copy = strdup(program);
    if (!child || !copy) {
        free(child);
        free(copy);
        return NULL;
    }
    child->loop = loop;
    child->program = copy;
    child->role = role;
    child->socket = -1;
    arena_init(&child->arena, (size_t)2 * INGEST_ANSWER_MAX);
    uv_timer_init(loop, &child->timer);
    child->timer.data = child;
    return child;
}

uint64_t ingest_child_number(struct ingest_child *child) {
    return ++child->last_number;
}

bool ingest_child_submit(struct ingest_child *child, const struct ingest_job *job,
                         struct bytes fields) {
    assert(job->file_count > 0 && job->file_count <= INGEST_DESCRIPTORS_MAX);
    if (child->state == CHILD_CLOSING || child->waiting_count == INGEST_WAITING_MAX ||
        !fields.bytes || fields.length > INGEST_REQUEST_MAX - FRAME_HEAD_SIZE_MAX) {
        return false;
    }
    uint8_t *request = malloc(fields.length);
    if (!request) {
        return false;
    }
    memcpy(request, fields.bytes, fields.length);
    size_t place = (child->first_waiting + child->waiting_count++) % INGEST_WAITING_MAX;
    child->waiting[place] = *job;
    child->waiting[place].request = request;
    child->waiting[place].request_length = fields.length;
    start_next(child);
    return true;
}

static void on_timer_closed(uv_handle_t *handle) {
    struct ingest_child *child = handle->data;
    while (child->waiting_count > 0) {
        fail_first(child, TEXT("the server is stopping"));
    }
    arena_finish(&child->arena);
    free(child->answer);
    free(child->program);
    if (child->closed) {
        child->closed(child->closed_data);
    }
    free(child);
}

void ingest_child_close(struct ingest_child *child, void (*closed)(void *data), void *data) {
    child->state = CHILD_CLOSING;
    child->closed = closed;
    child->closed_data = data;
    drop_process(child);
    uv_close((uv_handle_t *)&child->timer, on_timer_closed);
}
