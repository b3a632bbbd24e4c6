/* links: load consilium */
/*
 * From the call that takes a person's access to a case away until that person gets nothing more of
 * it: no word on the open socket, no byte of the document they are downloading all the while. The
 * reference of the same run is the acknowledgement of the command, which is its commit.
 */
#define _GNU_SOURCE /* memmem */
#include "bench/figure.h"
#include "bench/images.h"
#include "protocol/generated/patient_case.h"
#include "tests/support/bots.h"

#include <arpa/inet.h>
#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    TRIALS = 100,
    COORDINATOR = 0,
    LEAVES = 1, /* loses access, and gets it back */
    DOCUMENT_BYTES = 24 * 1024 * 1024,
    TURN_MS = 1,
    LIMIT_MS = 20000,
    PAUSE_MS = 200, /* a download is in full swing, and a next command is not too fast */
    UID_MAX = 65,
};

static const double p99_max_ms = 1000;

/* Between the two processes. */
struct downloads {
    int64_t last_byte_at; /* of the document, not of a refusal */
    uint64_t bytes;
    bool refused; /* the last question was answered 404 */
};

static int64_t answered_at, ended_at;
static bool accepted;

static unsigned person_of(const struct bots *bots, unsigned index) {
    (void)bots;
    return index;
}

static struct uuid case_of(const struct bots *bots, unsigned index) {
    (void)bots;
    (void)index;
    return staff_case_id(0);
}

static void on_answered(struct bot *bot, const struct frame *frame) {
    if (bot->index == COORDINATOR) {
        accepted = frame->tag == REPLY_ACCEPTED;
        answered_at = monotonic_us();
    }
}

/* A document that is no picture of anything: a header, noise, an end. */
static bool upload_document(const struct staff *staff, char ret_path[IMAGE_PATH_MAX]) {
    struct http_client http;
    struct http_response response = {0};
    char path[IMAGE_PATH_MAX], series[IMAGE_PATH_MAX];
    char *file = malloc(DOCUMENT_BYTES);
    assert(file != NULL);
    for (size_t i = 0; i < DOCUMENT_BYTES; i++)
        file[i] = (char)(i * 31);
    memcpy(file, "%PDF-1.4\n", 9);
    memcpy(file + DOCUMENT_BYTES - 6, "%%EOF\n", 6);
    image_path(path, 0, 1);
    snprintf(strstr(path, "instances/"), 16, "uploads");
    http_client_init(&http, &staff->address);
    http.bearer = staff->people[COORDINATOR].token;
    bool taken = http_client_request(&http, "POST", path, "application/pdf", file, DOCUMENT_BYTES,
                                     &response) &&
                 response.status == 201;
    snprintf(series, sizeof series, "%s", path);
    snprintf(strstr(series, "uploads"), 16, "display-sets");
    taken = taken && http_client_request(&http, "GET", series, NULL, NULL, 0, &response) &&
            response.status == 200;
    static const char key[] = "\"sopInstanceUid\":\"";
    const char *uid =
        taken ? memmem(response.body, response.body_length, key, sizeof key - 1) : NULL;
    if (uid != NULL)
        snprintf(ret_path, IMAGE_PATH_MAX, "%.*sdocuments/%.*s",
                 (int)(strstr(path, "uploads") - path), path,
                 (int)strcspn(uid + sizeof key - 1, "\""), uid + sizeof key - 1);
    http_client_finish(&http);
    free(file);
    return uid != NULL;
}

/* One question, read to its end or to where it was cut. */
static void download(const struct staff *staff, uint16_t port, const char *path,
                     volatile struct downloads *told) {
    static char bytes[256 * 1024];
    char request[1024];
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                          "Authorization: Bearer %s\r\n\r\n",
                          path, staff->people[LEAVES].token);
    bool given = false, first = true;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
        send(fd, request, (size_t)length, MSG_NOSIGNAL) == length) {
        for (ssize_t got; (got = recv(fd, bytes, sizeof bytes, 0)) > 0; first = false) {
            given = given || (first && memcmp(bytes, "HTTP/1.1 200", 12) == 0);
            if (given) {
                told->bytes += (uint64_t)got;
                told->last_byte_at = monotonic_us();
            }
        }
    }
    told->refused = !given;
    close(fd);
}

static pid_t begin_downloads(const struct staff *staff, uint16_t port, const char *path,
                             volatile struct downloads *told) {
    pid_t process = fork();
    if (process != 0)
        return process;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        download(staff, port, path, told);
        if (told->refused)
            usleep(1000);
    }
}

static void say(struct bots *bots, bool revoke) {
    struct arena arena;
    arena_init(&arena, 4096);
    struct revoke_access taken = {.command_id = fresh_id(),
                                  .user = bots->plan.staff->people[LEAVES].id};
    struct grant_access given = {.command_id = fresh_id(),
                                 .member = {.user = bots->plan.staff->people[LEAVES].id,
                                            .role = ROLE_MEMBER,
                                            .name = TEXT("A member")}};
    answered_at = 0;
    uint32_t seq = client_session_command(
        client_session_of(bots->list[COORDINATOR].client), BOT_CHANNEL,
        revoke ? revoke_access_encode(&arena, &taken) : grant_access_encode(&arena, &given));
    assert(seq != 0);
    arena_finish(&arena);
}

static bool until(struct bots *bots, bool (*done)(struct bots *bots, volatile struct downloads *),
                  volatile struct downloads *told) {
    for (int i = 0; i < LIMIT_MS; i++) {
        if (done(bots, told))
            return true;
        bots_turn(bots, TURN_MS);
    }
    return false;
}

static bool is_answered(struct bots *bots, volatile struct downloads *told) {
    (void)bots;
    (void)told;
    return answered_at != 0;
}

static bool is_silent(struct bots *bots, volatile struct downloads *told) {
    const struct client_session *session = client_session_of(bots->list[LEAVES].client);
    if (ended_at == 0 && client_session_channel(session, BOT_CHANNEL) == NULL)
        ended_at = monotonic_us();
    return answered_at != 0 && ended_at != 0 && told->refused;
}

static bool is_there_again(struct bots *bots, volatile struct downloads *told) {
    (void)bots;
    return !told->refused && told->bytes > DOCUMENT_BYTES / 64;
}

struct trials {
    double words[TRIALS], bytes[TRIALS], answers[TRIALS];
    unsigned count;
};

static bool try_once(struct bots *bots, volatile struct downloads *told, struct trials *trials) {
    struct client_session *session = client_session_of(bots->list[LEAVES].client);
    bots_run(bots, PAUSE_MS);
    int64_t begun = monotonic_us();
    ended_at = 0;
    say(bots, true);
    if (!until(bots, is_silent, told) || !accepted)
        return false;
    unsigned number = trials->count++;
    int64_t last = told->last_byte_at;
    trials->answers[number] = (double)(answered_at - begun) / 1000;
    trials->words[number] = (double)(ended_at - begun) / 1000;
    trials->bytes[number] = last > begun ? (double)(last - begun) / 1000 : 0;
    say(bots, false);
    if (!until(bots, is_answered, told) || !accepted)
        return false;
    told->bytes = 0;
    return client_session_open(session, BOT_CHANNEL, CHANNEL_KIND_PATIENT_CASE, staff_case_id(0)) &&
           until(bots, is_there_again, told);
}

static bool print(const char *name, double *list, const struct trials *trials) {
    static double answers[TRIALS];
    memcpy(answers, trials->answers, sizeof answers);
    double middle = median(list, trials->count);
    fprintf(stderr, "%s: p50 %.1f ms\n", name, middle);
    return figure_print(&(struct figure){
        .name = name,
        .unit = "ms",
        .value = percentile(list, trials->count, 0.99),
        .reference = "the command is acknowledged, median",
        .reference_value = median(answers, trials->count),
        .kind = BAR_AT_MOST,
        .bar = p99_max_ms,
        .runs = trials->count,
        .circumstances = "a document of 24 MiB downloaded again and again; p99 of all trials"});
}

int main(int argc, char **argv) {
    static struct trials trials;
    struct staff staff;
    struct bots bots;
    char path[IMAGE_PATH_MAX];
    figure_begin(argc, argv);
    volatile struct downloads *told =
        mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct server_options options = {.program = CONSILIUM_PATH};
    struct server_process *server = server_process_start(&options);
    assert(server != NULL && told != MAP_FAILED);
    struct bots_plan plan = {.staff = &staff,
                             .count = 2,
                             .kind = CHANNEL_KIND_PATIENT_CASE,
                             .person = person_of,
                             .actor = case_of,
                             .answered = on_answered};
    bool ready = staff_hire(&staff, server, 2) && staff_make_cases(&staff, 0, 1) &&
                 upload_document(&staff, path) && bots_init(&bots, &plan) &&
                 bots_all_open(&bots, 30000);
    pid_t process = ready ? begin_downloads(&staff, server_process_port(server), path, told) : 0;
    for (unsigned wanted = figure_is_quick() ? 10 : TRIALS; ready && trials.count < wanted;)
        ready = try_once(&bots, told, &trials);
    if (process > 0) {
        kill(process, SIGKILL);
        waitpid(process, NULL, 0);
    }
    bool holds = trials.count > 0 &&
                 print("revocation to silence on an open socket, p99", trials.words, &trials);
    holds = trials.count > 0 &&
            print("revocation to the last byte of a download, p99", trials.bytes, &trials) && holds;
    bots_finish(&bots);
    staff_finish(&staff);
    server_process_end(server);
    return ready && holds ? 0 : 1;
}
