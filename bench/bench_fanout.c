/* links: load consilium */
/*
 * What it costs the server to tell many people one thing: frames sent per second of the server
 * process's own processor time, with 1,000 plain WebSockets on one case and frames of 120 bytes on
 * the wire. The frames are committed events, so that decoding, deciding, the record and the check
 * of every recipient's grant are in the price. The reference is a loop that only calls send().
 */
#include "bench/figure.h"
#include "bench/process_use.h"
#include "bench/raw_fanout.h"
#include "tests/support/bots.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum {
    SOCKETS = 1000,
    PEOPLE = 20,
    POSTS_A_SECOND = 40, /* 40,000 frames: all of a pinned reader's time would distort */
    FRAME_BYTES = 120,
    WEBSOCKET_HEADER = 2, /* RFC 6455 5.2: up to 125 bytes, not masked */
    RUNS = 5,
    SPEAKERS = 50, /* sessions take turns, each below the rate of its own */
    TEXT_BYTES = 200,
    CLIENT_PROCESSOR = 1,
    SERVER_PROCESSOR = 0,
};

static const double bar_ratio = 0.85;
static uint64_t received, received_bytes;
static uint32_t frame_bytes;

static unsigned person_of(const struct bots *bots, unsigned index) {
    (void)bots;
    return index % PEOPLE;
}

static struct uuid case_of(const struct bots *bots, unsigned index) {
    (void)bots;
    (void)index;
    return staff_case_id(0);
}

/* The size of a frame as it was on the wire, from its parts. */
static uint32_t framed_size(const struct frame *frame) {
    uint8_t head[FRAME_HEAD_SIZE_MAX];
    struct writer writer;
    writer_init_fixed(&writer, head, sizeof head);
    frame_write_head(&writer, frame);
    return writer_bytes(&writer).length + frame->fields.length + WEBSOCKET_HEADER;
}

static void on_message(struct bot *bot, const struct frame *frame) {
    (void)bot;
    if (frame->form != FRAME_EVENT)
        return;
    received++;
    frame_bytes = framed_size(frame);
    received_bytes += frame_bytes;
}

static void say(struct bots *bots, unsigned speaker, uint32_t length) {
    char text[TEXT_BYTES];
    memset(text, 'x', sizeof text);
    assert(length > 0 && length <= sizeof text);
    bot_post(&bots->list[speaker % SPEAKERS], fresh_id(), (struct text){length, text});
}

static void wait_for(struct bots *bots, uint64_t count) {
    for (int64_t end = monotonic_us() + 10000000; received < count && monotonic_us() < end;)
        bots_turn(bots, 10);
}

/* How long a text makes a frame of FRAME_BYTES: one is sent and measured. */
static uint32_t fitting_text(struct bots *bots) {
    enum { TRIAL = 32 };
    received = 0;
    say(bots, 0, TRIAL);
    wait_for(bots, SOCKETS);
    return (uint32_t)(TRIAL + FRAME_BYTES - (int)frame_bytes);
}

struct run {
    double frames_a_second; /* of the server's processor time */
    double bytes;           /* of a frame */
};

static struct run run(struct bots *bots, pid_t server, uint32_t text_length, double seconds) {
    received = received_bytes = 0;
    unsigned posted = 0;
    int64_t begin = monotonic_us();
    double used = process_seconds(server);
    for (int64_t now = begin; (double)(now - begin) < seconds * 1e6; now = monotonic_us()) {
        if ((double)(now - begin) * POSTS_A_SECOND / 1e6 >= posted)
            say(bots, posted++, text_length);
        bots_turn(bots, 1);
    }
    wait_for(bots, (uint64_t)posted * SOCKETS);
    used = process_seconds(server) - used;
    if (received != (uint64_t)posted * SOCKETS)
        fprintf(stderr, "%llu frames of %u came\n", (unsigned long long)received, posted * SOCKETS);
    return (struct run){(double)received / used, (double)received_bytes / (double)received};
}

static void measure(struct bots *bots, pid_t server) {
    double real[RUNS], raw[RUNS], bytes = 0, seconds = figure_is_quick() ? 1 : 5;
    char circumstances[128];
    uint32_t text_length = fitting_text(bots);
    struct raw_fanout fanout = {.sockets = SOCKETS,
                                .bytes = FRAME_BYTES,
                                .rounds_a_second = POSTS_A_SECOND,
                                .seconds = seconds};
    unsigned runs = figure_runs(RUNS);
    for (unsigned i = 0; i < runs; i++) {
        struct run result = run(bots, server, text_length, seconds);
        raw[i] = raw_fanout_measure(&fanout);
        real[i] = result.frames_a_second;
        bytes = result.bytes;
        fprintf(stderr, "server %.0f, send() %.0f frames a processor second\n", real[i], raw[i]);
        bots_run(bots, 200); /* heartbeats that waited meanwhile */
    }
    snprintf(circumstances, sizeof circumstances,
             "committed events, %d a second to %d sockets, %.0f bytes on the wire", POSTS_A_SECOND,
             SOCKETS, bytes);
    figure_print(&(struct figure){.name = "fan-out to 1,000 plain sockets, 120 bytes",
                                  .unit = "frames per processor second of the server",
                                  .value = median(real, runs),
                                  .reference = "send() in a loop, nothing else",
                                  .reference_value = median(raw, runs),
                                  .kind = BAR_RATIO_AT_LEAST,
                                  .bar = bar_ratio,
                                  .runs = runs,
                                  .circumstances = circumstances});
}

int main(int argc, char **argv) {
    struct staff staff;
    struct bots bots;
    figure_begin(argc, argv);
    process_pin(0, CLIENT_PROCESSOR);
    struct server_options options = {.program = CONSILIUM_PATH};
    struct server_process *server = server_process_start(&options);
    assert(server != NULL);
    process_pin(server_process_id(server), SERVER_PROCESSOR);
    bool ready = staff_hire(&staff, server, PEOPLE) && staff_make_cases(&staff, 0, 1);
    struct bots_plan plan = {.staff = &staff,
                             .count = SOCKETS,
                             .kind = CHANNEL_KIND_PATIENT_CASE,
                             .person = person_of,
                             .actor = case_of,
                             .message = on_message};
    ready = ready && bots_init(&bots, &plan) && bots_all_open(&bots, 60000);
    if (ready) {
        bots_run(&bots, 1000); /* everybody's arrival has been told to everybody */
        measure(&bots, server_process_id(server));
        bots_finish(&bots);
    }
    staff_finish(&staff);
    server_process_end(server);
    return ready ? 0 : 1;
}
