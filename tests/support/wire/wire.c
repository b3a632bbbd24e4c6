// wire: a bad network between two network namespaces. It holds a TUN interface in each and carries
// packets between them with delay, jitter, loss, reordering, a rate and a queue, all from one seed,
// where the kernel has no netem to do so.

#include "tests/support/wire/tunnel.h"
#include "tests/support/wire/wire_path.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum { HELD_PACKETS_MAX = 16384, QUEUE_DEFAULT = 1000, BATCH = 64 };

struct side {
    const char *namespace;
    const char *address;
    int tunnel;
    struct wire_path path; // of what comes in on this side
};

static const char usage[] =
    "wire [OPTION]... NAMESPACE_A NAMESPACE_B\n"
    "Joins two network namespaces (names of ip-netns, or paths) by a bad network.\n"
    "  --seed N         what chance does (default 1)\n"
    "  --delay MS       each way\n"
    "  --jitter MS      up to this much more or less; keeps the order\n"
    "  --loss P         percent of packets\n"
    "  --reorder P      percent of packets that later ones overtake\n"
    "  --rate KBIT      1000 bits a second, each way (default: unlimited)\n"
    "  --queue N        packets that wait for the rate (default 1000)\n"
    "  --address-a A    default 10.77.0.1, of a /24\n"
    "  --address-b B    default 10.77.0.2\n"
    "Prints `ready` when it is, and what happened as one JSON line when it is told to end.\n";

static int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static bool number_of(const char *text, double *ret_number) {
    char *end;
    *ret_number = strtod(text, &end);
    return end != text && *end == '\0';
}

static bool read_options(int argc, char **argv, struct wire_conditions *conditions,
                         struct side sides[2]) {
    static const struct option known[] = {
        {"seed", required_argument, NULL, 's'},      {"delay", required_argument, NULL, 'd'},
        {"jitter", required_argument, NULL, 'j'},    {"loss", required_argument, NULL, 'l'},
        {"reorder", required_argument, NULL, 'o'},   {"rate", required_argument, NULL, 'r'},
        {"queue", required_argument, NULL, 'q'},     {"address-a", required_argument, NULL, 'a'},
        {"address-b", required_argument, NULL, 'b'}, {NULL, 0, NULL, 0}};
    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        double number = 0;
        if (option == '?' || (strchr("ab", option) == NULL && !number_of(optarg, &number)) ||
            number < 0)
            return false;
        if (option == 's')
            conditions->seed = (uint64_t)number;
        else if (option == 'd')
            conditions->delay_ms = number;
        else if (option == 'j')
            conditions->jitter_ms = number;
        else if (option == 'l')
            conditions->loss = number / 100;
        else if (option == 'o')
            conditions->reorder = number / 100;
        else if (option == 'r')
            conditions->rate_kbit = number;
        else if (option == 'q')
            conditions->queue_max = number <= WIRE_HELD_MAX ? (uint32_t)number : 0;
        else
            sides[option - 'a'].address = optarg;
    }
    if (optind != argc - 2)
        return false;
    sides[0].namespace = argv[optind];
    sides[1].namespace = argv[optind + 1];
    return true;
}

// Each direction has a sequence of its own, from the one seed.
static bool open_side(struct side *side, struct wire_conditions conditions, unsigned number) {
    const char *reason;
    conditions.seed = conditions.seed * 2 + number;
    if (!wire_path_init(&side->path, &conditions, HELD_PACKETS_MAX)) {
        fprintf(stderr, "wire: these conditions make no sense\n");
        return false;
    }
    side->tunnel = tunnel_open(side->namespace, side->address, &reason);
    if (side->tunnel < 0)
        fprintf(stderr, "wire: %s: %s: %s\n", side->namespace, reason, strerror(errno));
    return side->tunnel >= 0;
}

static void take_in(struct side *side) {
    uint8_t bytes[WIRE_PACKET_MAX];
    for (int i = 0; i < BATCH; i++) {
        ssize_t length = read(side->tunnel, bytes, sizeof(bytes));
        if (length <= 0)
            return;
        wire_path_put(&side->path, now_us(), bytes, (size_t)length);
    }
}

static void give_out(struct wire_path *path, int tunnel) {
    const struct held_packet *packet;
    while ((packet = wire_path_take(path, now_us())) != NULL) {
        // An interface that takes no more loses the packet, as any would.
        if (write(tunnel, packet->bytes, packet->length) < 0 && errno != EAGAIN && errno != EIO)
            return;
    }
}

static void wait_for(const struct side sides[2], int signals, struct pollfd ready[3]) {
    int64_t due_a_us = wire_path_due_us(&sides[0].path),
            due_b_us = wire_path_due_us(&sides[1].path);
    int64_t due_us = due_a_us < due_b_us ? due_a_us : due_b_us;
    struct timespec timeout = {0};
    if (due_us != INT64_MAX) {
        int64_t left_us = due_us - now_us();
        left_us = left_us > 0 ? left_us : 0;
        timeout.tv_sec = left_us / 1000000;
        timeout.tv_nsec = left_us % 1000000 * 1000;
    }
    ready[0] = (struct pollfd){.fd = sides[0].tunnel, .events = POLLIN};
    ready[1] = (struct pollfd){.fd = sides[1].tunnel, .events = POLLIN};
    ready[2] = (struct pollfd){.fd = signals, .events = POLLIN};
    ppoll(ready, 3, due_us == INT64_MAX ? NULL : &timeout, NULL);
}

static void carry(struct side sides[2], int signals) {
    struct pollfd ready[3] = {0};
    while ((ready[2].revents & POLLIN) == 0) {
        wait_for(sides, signals, ready);
        for (int i = 0; i < 2; i++) {
            if ((ready[i].revents & POLLIN) != 0)
                take_in(&sides[i]);
            give_out(&sides[i].path, sides[1 - i].tunnel);
        }
    }
}

static void print_counts(const char *name, const struct wire_counts *counts, const char *after) {
    printf("\"%s\":{\"in\":%" PRIu64 ",\"out\":%" PRIu64 ",\"lost\":%" PRIu64
           ",\"overflowed\":%" PRIu64 ",\"reordered\":%" PRIu64 "}%s",
           name, counts->in, counts->out, counts->lost, counts->overflowed, counts->reordered,
           after);
}

int main(int argc, char **argv) {
    struct wire_conditions conditions = {.seed = 1, .queue_max = QUEUE_DEFAULT};
    static struct side sides[2] = {{.address = "10.77.0.1", .tunnel = -1},
                                   {.address = "10.77.0.2", .tunnel = -1}};
    sigset_t ending;
    if (!read_options(argc, argv, &conditions, sides)) {
        fputs(usage, stderr);
        return 2;
    }
    if (!open_side(&sides[0], conditions, 0) || !open_side(&sides[1], conditions, 1))
        return EXIT_FAILURE;
    // Wake-ups within 50 us rather than the usual slack, which would show in every delay.
    prctl(PR_SET_TIMERSLACK, 1UL);
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    sigprocmask(SIG_BLOCK, &ending, NULL);
    int signals = signalfd(-1, &ending, SFD_CLOEXEC);
    if (signals < 0)
        return EXIT_FAILURE;
    puts("ready");
    fflush(stdout);
    carry(sides, signals);
    putchar('{');
    print_counts("a_to_b", &sides[0].path.counts, ",");
    print_counts("b_to_a", &sides[1].path.counts, "}\n");
    for (int i = 0; i < 2; i++) {
        close(sides[i].tunnel);
        wire_path_finish(&sides[i].path);
    }
    return EXIT_SUCCESS;
}
