#define _GNU_SOURCE /* accept4, sched_setaffinity */
#include "bench/raw_fanout.h"

#include "bench/figure.h"
#include "bench/pace.h"
#include "bench/process_use.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_A_TURN = 256, PIECE = 64 * 1024, FRAME_BYTES_MAX = 4096 };

static int listen_somewhere(struct sockaddr_in *address) {
    socklen_t length = sizeof *address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    *address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    bool listens = bind(listener, (struct sockaddr *)address, sizeof *address) == 0 &&
                   listen(listener, SOMAXCONN) == 0 &&
                   getsockname(listener, (struct sockaddr *)address, &length) == 0;
    assert(listens);
    return listener;
}

/* The other process: connects and reads until it is ended. */
static void read_for_ever(const struct sockaddr_in *address, unsigned sockets) {
    static char piece[PIECE];
    struct epoll_event events[EVENTS_A_TURN];
    int epoll = epoll_create1(0);
    process_pin(0, 1);
    for (unsigned i = 0; i < sockets; i++) {
        int descriptor = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(descriptor, (const struct sockaddr *)address, sizeof *address) != 0)
            _exit(1);
        fcntl(descriptor, F_SETFL, O_NONBLOCK);
        struct epoll_event wanted = {.events = EPOLLIN, .data.fd = descriptor};
        epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &wanted);
    }
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS_A_TURN, -1);
        for (int i = 0; i < count; i++) {
            if (recv(events[i].data.fd, piece, sizeof piece, 0) == 0)
                _exit(0);
        }
    }
}

static void send_to(int descriptor, const char *bytes, size_t length) {
    for (size_t sent = 0; sent < length;) {
        ssize_t count = send(descriptor, bytes + sent, length - sent, MSG_NOSIGNAL);
        assert(count > 0 || errno == EAGAIN);
        if (count > 0)
            sent += (size_t)count;
        else
            sched_yield(); /* the reader is behind: it runs on the other processor */
    }
}

static double own_processor_seconds(void) {
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static double send_rounds(const struct raw_fanout *fanout, const int *descriptors) {
    char bytes[FRAME_BYTES_MAX];
    assert(fanout->bytes <= sizeof bytes);
    memset(bytes, 'x', sizeof bytes);
    uint64_t frames = 0;
    int64_t begin = monotonic_us(), end = begin + (int64_t)(fanout->seconds * 1e6);
    double used = own_processor_seconds();
    for (uint64_t round = 0; monotonic_us() < end; round++) {
        pace_wait(begin, round, fanout->rounds_a_second);
        for (unsigned i = 0; i < fanout->sockets; i++)
            send_to(descriptors[i], bytes, fanout->bytes);
        frames += fanout->sockets;
    }
    return (double)frames / (own_processor_seconds() - used);
}

double raw_fanout_measure(const struct raw_fanout *fanout) {
    cpu_set_t before;
    struct sockaddr_in address;
    int listener = listen_somewhere(&address), yes = 1;
    int *descriptors = calloc(fanout->sockets, sizeof *descriptors);
    assert(descriptors != NULL);
    pid_t reader = fork();
    if (reader == 0)
        read_for_ever(&address, fanout->sockets);
    sched_getaffinity(0, sizeof before, &before);
    process_pin(0, 0);
    for (unsigned i = 0; i < fanout->sockets; i++) {
        descriptors[i] = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        assert(descriptors[i] >= 0);
        setsockopt(descriptors[i], IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    }
    double frames_a_second = send_rounds(fanout, descriptors);
    kill(reader, SIGKILL);
    waitpid(reader, NULL, 0);
    for (unsigned i = 0; i < fanout->sockets; i++)
        close(descriptors[i]);
    close(listener);
    free(descriptors);
    sched_setaffinity(0, sizeof before, &before);
    return frames_a_second;
}
