/* links: wire; timeout: 60 */
#define _GNU_SOURCE // unshare, setns

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

// Datagrams through the real program: an echo in one network namespace, the test's socket in the
// other. Where namespaces or TUN interfaces cannot be made, the tests say so and are skipped.

enum { DATAGRAMS = 500, PORT = 7007, DEADLINE_MS = 20000 };

static const char *cannot; // why there is nothing to test with; NULL = there is

static int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void write_text(const char *path, const char *text) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file >= 0 && write(file, text, strlen(text)) < 0)
        cannot = "the user namespace cannot be mapped";
    if (file >= 0)
        close(file);
}

// Becomes root of a user namespace where it is not root already.
static int look_around(void **state) {
    (void)state;
    char map[64];
    unsigned user = geteuid(), group = getegid();
    if (user != 0) {
        if (unshare(CLONE_NEWUSER) != 0) {
            cannot = "user namespaces are not allowed";
        } else {
            write_text("/proc/self/setgroups", "deny");
            snprintf(map, sizeof(map), "0 %u 1", user);
            write_text("/proc/self/uid_map", map);
            snprintf(map, sizeof(map), "0 %u 1", group);
            write_text("/proc/self/gid_map", map);
        }
    }
    if (access("/dev/net/tun", R_OK | W_OK) != 0)
        cannot = "/dev/net/tun cannot be opened";
    return 0;
}

struct network {
    pid_t sides[2]; // processes that stand for the two namespaces
    pid_t wire;
    FILE *said; // by wire
};

// Starts a process in a network namespace of its own and waits until it is there.
static pid_t start_side(void (*run)(void)) {
    int ready[2];
    char answer = 'n';
    if (pipe2(ready, O_CLOEXEC) != 0)
        return -1;
    pid_t side = fork();
    if (side == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        answer = unshare(CLONE_NEWNET) == 0 ? 'y' : 'n';
        if (write(ready[1], &answer, 1) == 1 && answer == 'y')
            run();
        _exit(0);
    }
    close(ready[1]);
    bool there = read(ready[0], &answer, 1) == 1 && answer == 'y';
    close(ready[0]);
    if (!there)
        cannot = "network namespaces are not allowed";
    return side;
}

static int bound_socket(const char *address) {
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET, address, &local.sin_addr);
    if (descriptor >= 0 && bind(descriptor, (struct sockaddr *)&local, sizeof(local)) == 0)
        return descriptor;
    close(descriptor);
    return -1;
}

static void echo(void) {
    // Bound to any address: it may begin before the interface has one.
    int descriptor = bound_socket("0.0.0.0");
    uint8_t bytes[2048];
    for (;;) {
        struct sockaddr_in from;
        socklen_t from_length = sizeof(from);
        ssize_t length =
            recvfrom(descriptor, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &from_length);
        if (length > 0)
            sendto(descriptor, bytes, (size_t)length, 0, (struct sockaddr *)&from, from_length);
    }
}

static void stay(void) {
    for (;;)
        pause();
}

static void start_wire(struct network *network, const char *const *conditions) {
    char side_a[64], side_b[64], line[64] = "";
    const char *arguments[32] = {WIRE_PATH};
    int said[2];
    size_t count = 1;
    for (; *conditions != NULL; conditions++)
        arguments[count++] = *conditions;
    snprintf(side_a, sizeof(side_a), "/proc/%d/ns/net", network->sides[0]);
    snprintf(side_b, sizeof(side_b), "/proc/%d/ns/net", network->sides[1]);
    arguments[count++] = side_a;
    arguments[count++] = side_b;
    assert_int_equal(pipe2(said, O_CLOEXEC), 0);
    network->wire = fork();
    if (network->wire == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(said[1], STDOUT_FILENO);
        execv(WIRE_PATH, (char *const *)arguments);
        _exit(127);
    }
    close(said[1]);
    network->said = fdopen(said[0], "r");
    assert_non_null(network->said);
    if (fgets(line, sizeof(line), network->said) == NULL || strcmp(line, "ready\n") != 0)
        cannot = "TUN interfaces cannot be made in a network namespace";
}

static void end_process(pid_t process, int signal_number) {
    if (process > 0) {
        kill(process, signal_number);
        waitpid(process, NULL, 0);
    }
}

static void begin(struct network *network, const char *const *conditions) {
    *network = (struct network){.wire = -1};
    if (cannot == NULL)
        network->sides[0] = start_side(stay);
    if (cannot == NULL)
        network->sides[1] = start_side(echo);
    if (cannot == NULL)
        start_wire(network, conditions);
    if (cannot != NULL) {
        fprintf(stderr, "SKIPPED: %s\n", cannot);
        end_process(network->sides[0], SIGKILL);
        end_process(network->sides[1], SIGKILL);
        skip();
    }
}

// Ends everything; the counts that wire printed.
static void end(struct network *network, char counts[512]) {
    kill(network->wire, SIGTERM);
    char *said = fgets(counts, 512, network->said);
    int status = -1;
    waitpid(network->wire, &status, 0);
    fclose(network->said);
    end_process(network->sides[0], SIGKILL);
    end_process(network->sides[1], SIGKILL);
    assert_non_null(said);
    assert_int_equal(status, 0);
}

struct result {
    uint32_t returned;
    uint32_t overtaken; // came back after one that was sent later
    int64_t least_us, median_us;
};

static int by_time(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static void enter(pid_t side) {
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/ns/net", side);
    int namespace = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(namespace >= 0);
    assert_int_equal(setns(namespace, CLONE_NEWNET), 0);
    close(namespace);
}

struct datagram {
    uint32_t number;
    int64_t sent_us;
    uint8_t filling[100];
};

// Sends DATAGRAMS, `interval_us` apart, and collects what comes back.
static struct result talk(pid_t side, int64_t interval_us) {
    static int64_t ways_us[DATAGRAMS];
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    struct result result = {0};
    uint32_t sent = 0, newest = 0;
    inet_pton(AF_INET, "10.77.0.2", &peer.sin_addr);
    enter(side);
    int descriptor = bound_socket("10.77.0.1");
    assert_true(descriptor >= 0);
    int64_t began_us = now_us(), quiet_since_us = began_us;
    while (sent < DATAGRAMS || now_us() - quiet_since_us < 500000) {
        struct datagram datagram = {.number = sent, .sent_us = now_us()};
        if (sent < DATAGRAMS && now_us() >= began_us + sent * interval_us) {
            sendto(descriptor, &datagram, sizeof(datagram), 0, (struct sockaddr *)&peer,
                   sizeof(peer));
            sent++;
            quiet_since_us = now_us();
        }
        struct pollfd ready = {.fd = descriptor, .events = POLLIN};
        if (poll(&ready, 1, 1) == 1 &&
            recv(descriptor, &datagram, sizeof(datagram), 0) == sizeof(datagram)) {
            assert_true(result.returned < DATAGRAMS);
            ways_us[result.returned++] = now_us() - datagram.sent_us;
            result.overtaken += datagram.number < newest;
            newest = datagram.number > newest ? datagram.number : newest;
            quiet_since_us = now_us();
        }
        assert_true(now_us() - began_us < DEADLINE_MS * 1000);
    }
    close(descriptor);
    qsort(ways_us, result.returned, sizeof(ways_us[0]), by_time);
    result.least_us = result.returned > 0 ? ways_us[0] : 0;
    result.median_us = result.returned > 0 ? ways_us[result.returned / 2] : 0;
    return result;
}

static void loss_and_delay_are_as_asked_for(void **state) {
    (void)state;
    struct network network;
    const char *conditions[] = {"--seed", "7", "--delay", "20", "--loss", "10", NULL};
    char counts[512];
    begin(&network, conditions);
    struct result result = talk(network.sides[0], 2000);
    end(&network, counts);
    // 0.9 of 0.9 of 500, four standard deviations around it.
    assert_in_range(result.returned, 405 - 36, 405 + 36);
    assert_true(result.least_us >= 40000);
    assert_true(result.median_us < 60000);
    assert_int_equal(result.overtaken, 0);
    assert_non_null(strstr(counts, "\"overflowed\":0"));
}

static void some_datagrams_are_overtaken(void **state) {
    (void)state;
    struct network network;
    const char *conditions[] = {"--seed", "9", "--delay", "10", "--reorder", "10", NULL};
    char counts[512];
    begin(&network, conditions);
    struct result result = talk(network.sides[0], 2000);
    end(&network, counts);
    assert_int_equal(result.returned, DATAGRAMS);
    assert_in_range(result.overtaken, 40, 160);
}

static void what_the_rate_cannot_carry_overflows(void **state) {
    (void)state;
    struct network network;
    // 144 bytes each 2 ms are 576 kbit/s; half of that goes through, the rest meets a short queue.
    const char *conditions[] = {"--seed", "1", "--rate", "288", "--queue", "10", NULL};
    char counts[512];
    begin(&network, conditions);
    struct result result = talk(network.sides[0], 2000);
    end(&network, counts);
    assert_in_range(result.returned, DATAGRAMS * 40 / 100, DATAGRAMS * 62 / 100);
    assert_null(strstr(counts, "\"a_to_b\":{\"in\":500,\"out\":500"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_and_delay_are_as_asked_for),
        cmocka_unit_test(some_datagrams_are_overtaken),
        cmocka_unit_test(what_the_rate_cannot_carry_overflows),
    };
    return cmocka_run_group_tests(tests, look_around, NULL);
}
