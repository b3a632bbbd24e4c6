#ifndef CONSILIUM_TESTS_PLAIN_HTTP_H
#define CONSILIUM_TESTS_PLAIN_HTTP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * One HTTP/1.1 request over a socket of its own, with every header as the test wants it, from any
 * address of the loopback network: what a browser, an attacker or a proxy would send. Plain only.
 */

enum { PLAIN_ANSWER_MAX = 64 * 1024 };

struct plain_request {
    uint16_t port;
    const char *method, *path;
    const char *origin, *cookie, *bearer, *body; /* NULL = without */
    const char *from;                            /* address to call from; NULL = 127.0.0.1 */
    const char *accept;                          /* NULL = without */
    const char *metadata;                        /* Upload-Metadata; NULL = without */
};

struct plain_answer {
    unsigned status; /* 0 = none came */
    char head[4096];
    char body[PLAIN_ANSWER_MAX];
};

/* Waits for the whole answer, for a few seconds at most. */
void plain_ask(const struct plain_request *request, struct plain_answer *ret_answer);
/* A header's value, up to the line's end; false when there is none. */
bool plain_header(const struct plain_answer *answer, const char *name, char *ret_value,
                  unsigned size);

/* Upgrades to a WebSocket with a ticket and then says nothing; the descriptor, or -1 with the
 * status of the refusal. */
int plain_websocket(uint16_t port, const char *ticket, const char *origin, unsigned *ret_status);

#endif
