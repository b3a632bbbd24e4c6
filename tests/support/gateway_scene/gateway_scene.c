#include "tests/support/gateway_scene/gateway_scene.h"

#include "server/gateway/gateway.h"
#include "tests/support/certificate.h"

#include <assert.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { SESSIONS_MAX = 64, RESUME_US = 20000 };

struct node {
    struct transport *transport;
    unsigned pause_every;
    unsigned frames;
    void *connections[SESSIONS_MAX];
    bool paused[SESSIONS_MAX];
    unsigned flood_left[SESSIONS_MAX];
    struct shared_frame *flood_frame; /* one for all */
    atomic_bool revoked;
};

struct scene {
    uv_thread_t thread;
    uv_loop_t loop;
    uv_async_t stop;
    uv_timer_t later;
    struct http_exchange *waiting;
    struct gateway *gateway;
    struct node node;
    struct metrics metrics;
    struct host_clock clock;
    struct authority authority;
    char folder[64];
    char certificate[96];
    char key[96];
    atomic_uint requests;
    atomic_uint abandoned;
    sem_t abandonment; /* posted with each */
};

/* The node */

uint32_t node_session_open(struct node *node, void *connection,
                           const struct session_identity *who) {
    (void)who;
    for (uint32_t i = 0; i < SESSIONS_MAX; i++) {
        if (node->connections[i] == NULL) {
            node->connections[i] = connection;
            node->paused[i] = false;
            node->flood_left[i] = 0;
            return i + 1;
        }
    }
    return 0;
}

static struct shared_frame *new_frame(uint32_t length) {
    struct shared_frame *frame = malloc(sizeof(*frame) + FRAME_HEADROOM + length);
    assert(frame != NULL);
    frame->references = 1;
    frame->length = length;
    return frame;
}

static void send_copy(struct node *node, uint32_t session, const void *bytes, uint32_t length) {
    struct shared_frame *frame = new_frame(length);
    memcpy(shared_frame_payload(frame), bytes, length);
    node->transport->send(node->transport, node->connections[session - 1], frame);
    shared_frame_unref(frame);
}

uint8_t flood_byte(uint32_t at) {
    return (uint8_t)(at * 2654435761u >> 24); /* Knuth's multiplier: no piece looks like another */
}

static struct shared_frame *flood_frame(struct node *node) {
    if (node->flood_frame == NULL) {
        node->flood_frame = new_frame(FLOOD_BYTES);
        for (uint32_t i = 0; i < FLOOD_BYTES; i++) {
            shared_frame_payload(node->flood_frame)[i] = flood_byte(i);
        }
    }
    return node->flood_frame;
}

static void flood(struct node *node, uint32_t session) {
    while (node->flood_left[session - 1] > 0) {
        node->flood_left[session - 1]--;
        if (node->transport->send(node->transport, node->connections[session - 1],
                                  flood_frame(node)) != SEND_DONE) {
            return;
        }
    }
}

void node_session_frame(struct node *node, uint32_t session, struct bytes frame) {
    void *connection = node->connections[session - 1];
    if (frame.length == 5 && memcmp(frame.bytes, "close", 5) == 0) {
        node->transport->close(node->transport, connection, CLOSE_DRAINING);
        return;
    }
    if (frame.length == 5 && memcmp(frame.bytes, "flood", 5) == 0) {
        node->flood_left[session - 1] = FLOOD_FRAMES;
        flood(node, session);
        return;
    }
    send_copy(node, session, frame.bytes, frame.length);
    if (node->pause_every > 0 && ++node->frames % node->pause_every == 0) {
        node->paused[session - 1] = true;
        node->transport->pause(node->transport, connection, true);
    }
}

void node_session_writable(struct node *node, uint32_t session) {
    flood(node, session);
}

void node_session_closed(struct node *node, uint32_t session) {
    assert(node->connections[session - 1] != NULL);
    node->connections[session - 1] = NULL;
}

void node_end_sign_in(struct node *node, uint64_t sign_in) {
    (void)node;
    (void)sign_in;
}

int64_t node_tick(struct node *node, int64_t now, double busy) {
    (void)busy;
    static int64_t resume_at;
    if (now < resume_at) {
        return resume_at;
    }
    for (unsigned i = 0; i < SESSIONS_MAX; i++) {
        if (node->connections[i] != NULL && node->paused[i]) {
            node->paused[i] = false;
            node->transport->pause(node->transport, node->connections[i], false);
        }
    }
    resume_at = now + RESUME_US;
    return resume_at;
}

void node_ask_grant(struct node *node, uint8_t kind, struct uuid id, struct uuid user,
                    void (*answer)(void *data, struct grant grant), void *data) {
    (void)kind, (void)id, (void)user;
    answer(data, (struct grant){.audiences = node->revoked ? 0 : AUDIENCE_CLINICAL});
}

void node_on_revoked(struct node *node,
                     void (*revoked)(void *data, uint8_t kind, struct uuid id, struct uuid user),
                     void *data) {
    (void)node, (void)revoked, (void)data;
}

void node_count(const struct node *node, struct node_counts *ret) {
    (void)node;
    memset(ret, 0, sizeof(*ret));
}

/* Routes */

static void on_later_due(uv_timer_t *timer) {
    struct scene *scene = timer->data;
    http_answer_json(scene->waiting, 200, "{}", 2);
}

static void on_gone(struct http_exchange *exchange, void *data) {
    (void)exchange;
    struct scene *scene = data;
    uv_timer_stop(&scene->later);
    scene->abandoned++;
    sem_post(&scene->abandonment);
}

static void on_later(struct http_exchange *exchange, void *data) {
    struct scene *scene = data;
    scene->requests++;
    scene->waiting = exchange;
    http_on_closed(exchange, on_gone, scene);
    uv_timer_start(&scene->later, on_later_due, LATER_MS, 0);
}

static void on_body(struct http_exchange *exchange, struct bytes body, void *data) {
    (void)data;
    http_answer_bytes(exchange, 200, "application/octet-stream", NULL, 0, body);
}

static void on_echo(struct http_exchange *exchange, void *data) {
    struct scene *scene = data;
    scene->requests++;
    http_read_whole(exchange, on_body, data);
}

static void on_more_zeros(struct http_exchange *exchange, void *data) {
    (void)data;
    static const uint8_t zeros[HTTP_WRITE_MAX];
    http_write(exchange, (struct bytes){sizeof(zeros), zeros});
}

static void on_zeros(struct http_exchange *exchange, void *data) {
    struct scene *scene = data;
    scene->requests++;
    http_answer_begin(exchange, 200, "application/octet-stream", NULL, 0, ZEROS_BYTES,
                      on_more_zeros, NULL);
}

static void on_granted(struct http_exchange *exchange, struct allowance allowed, void *data) {
    assert(allowed.audiences != 0);
    http_on_closed(exchange, on_gone, data);
    http_answer_begin(exchange, 200, "application/octet-stream", NULL, 0, ZEROS_BYTES,
                      on_more_zeros, NULL);
}

static void on_ask_grant(struct http_exchange *exchange, void *data) {
    struct uuid patient_case = {{1}};
    http_ask_case_grant(exchange, patient_case, on_granted, data);
}

static const struct http_route routes[] = {
    {"GET", "/api/later", 0, ROUTE_OPEN, on_later},
    {"POST", "/api/echo", 65536, ROUTE_OPEN, on_echo},
    {"GET", "/api/zeros", 0, ROUTE_OPEN, on_zeros},
    {"GET", "/api/granted", 0, ROUTE_OPEN, on_ask_grant},
};
static const struct http_route admin_routes[] = {{"GET", "/metrics", 0, ROUTE_OPEN, on_later}};

/* The world */

static int64_t clock_now(struct host_clock *clock) {
    (void)clock;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void clock_random(struct host_clock *clock, void *bytes, size_t length) {
    (void)clock;
    assert(getrandom(bytes, length, 0) == (ssize_t)length);
}

static void identify(struct authority *authority, struct text token,
                     void (*answer)(void *data, const struct http_identity *who), void *data) {
    (void)authority, (void)token;
    answer(data, &(struct http_identity){.signed_in = false});
}

static bool redeem(struct authority *authority, struct text ticket, struct session_identity *ret) {
    (void)authority;
    *ret = (struct session_identity){.name = TEXT("Anna")};
    return text_equal(ticket, TEXT("good"));
}

static void on_stop(uv_async_t *async) {
    struct scene *scene = async->data;
    gateway_close(scene->gateway);
    uv_close((uv_handle_t *)&scene->later, NULL);
    uv_close((uv_handle_t *)&scene->stop, NULL);
}

static void run(void *data) {
    struct scene *scene = data;
    uv_run(&scene->loop, UV_RUN_DEFAULT);
}

static void make_certificate(struct scene *scene) {
    snprintf(scene->folder, sizeof(scene->folder), "/tmp/gateway-scene-XXXXXX");
    assert(mkdtemp(scene->folder) != NULL);
    snprintf(scene->certificate, sizeof(scene->certificate), "%s/certificate.pem", scene->folder);
    snprintf(scene->key, sizeof(scene->key), "%s/key.pem", scene->folder);
    assert(certificate_make(scene->certificate, scene->key));
}

struct scene *scene_start(const struct scene_options *options) {
    signal(SIGPIPE, SIG_IGN);
    struct scene *scene = calloc(1, sizeof(*scene));
    assert(scene != NULL);
    make_certificate(scene);
    scene->clock = (struct host_clock){clock_now, clock_random};
    scene->authority = (struct authority){identify, redeem, NULL};
    sem_init(&scene->abandonment, 0, 0);
    uv_loop_init(&scene->loop);
    uv_async_init(&scene->loop, &scene->stop, on_stop);
    uv_timer_init(&scene->loop, &scene->later);
    scene->stop.data = scene->later.data = scene;
    struct gateway_config config = {
        .loop = &scene->loop,
        .clock = &scene->clock,
        .authority = &scene->authority,
        .metrics = &scene->metrics,
        .address = "127.0.0.1",
        .certificate = options->tls ? scene->certificate : NULL,
        .key = options->tls ? scene->key : NULL,
        .admin_address = "127.0.0.1",
    };
    const char *message = "";
    scene->gateway = gateway_create(&config, &message);
    assert(scene->gateway != NULL);
    scene->node.transport = gateway_transport(scene->gateway);
    scene->node.pause_every = options->pause_every;
    http_add_routes(scene->gateway, routes, sizeof(routes) / sizeof(routes[0]), scene);
    gateway_add_admin_routes(scene->gateway, admin_routes, 1, scene);
    bool serving = gateway_serve(scene->gateway, &scene->node, &message);
    assert(serving);
    uv_thread_create(&scene->thread, run, scene);
    return scene;
}

bool scene_stop(struct scene *scene) {
    uv_async_send(&scene->stop);
    uv_thread_join(&scene->thread);
    gateway_destroy(scene->gateway);
    bool clean = uv_loop_close(&scene->loop) == 0;
    unlink(scene->certificate);
    unlink(scene->key);
    rmdir(scene->folder);
    shared_frame_unref(scene->node.flood_frame);
    sem_destroy(&scene->abandonment);
    free(scene);
    return clean;
}

uint16_t scene_port(const struct scene *scene) {
    return gateway_port(scene->gateway);
}

uint64_t scene_turns(const struct scene *scene) {
    return __atomic_load_n(&scene->metrics.loop_turns, __ATOMIC_RELAXED);
}

unsigned scene_requests(const struct scene *scene) {
    return scene->requests;
}

unsigned scene_abandoned(const struct scene *scene) {
    return scene->abandoned;
}

void scene_revoke(struct scene *scene) {
    scene->node.revoked = true;
}

bool scene_await_abandoned(struct scene *scene, unsigned limit_ms) {
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_nsec += (long)(limit_ms % 1000) * 1000000;
    end.tv_sec += limit_ms / 1000 + end.tv_nsec / 1000000000;
    end.tv_nsec %= 1000000000;
    return sem_timedwait(&scene->abandonment, &end) == 0;
}
