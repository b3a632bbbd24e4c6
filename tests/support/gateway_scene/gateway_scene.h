/*
 * A real gateway on a thread of its own, with a node that echoes every frame, and raw clients for
 * it. It stands in for node.h, so a test of it links no other node.
 *
 * Frames with a meaning: "close" is answered with close code 4000; "flood" with FLOOD_FRAMES frames
 * of FLOOD_BYTES, each the same one, whose bytes are flood_byte's. Routes: GET /api/later is
 * answered after LATER_MS; POST /api/echo with its body; GET /api/zeros with ZEROS_BYTES; GET
 * /api/granted with as many, to whom the node grants a case.
 */
#ifndef CONSILIUM_TESTS_GATEWAY_SCENE_H
#define CONSILIUM_TESTS_GATEWAY_SCENE_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FLOOD_FRAMES = 64,
    FLOOD_BYTES = 256 * 1024,
    LATER_MS = 400,
    ZEROS_BYTES = 32 * 1024 * 1024
};

struct scene_options {
    bool tls;
    unsigned pause_every; /* frames; the peer is not read for 20 ms then; 0 = never */
};
struct scene;
struct scene *scene_start(const struct scene_options *options);
/* Closes everything and waits; false = the loop did not let go of all handles. */
bool scene_stop(struct scene *scene);
uint16_t scene_port(const struct scene *scene);
uint64_t scene_turns(const struct scene *scene);     /* of the loop */
unsigned scene_requests(const struct scene *scene);  /* that reached a handler */
unsigned scene_abandoned(const struct scene *scene); /* handlers told that the client is gone */

/* From now on the node grants no case to anybody. No channel tells of it. */
void scene_revoke(struct scene *scene);
/* Until a handler was told that its client is gone; false = not within `limit_ms`. */
bool scene_await_abandoned(struct scene *scene, unsigned limit_ms);

uint8_t flood_byte(uint32_t at);

/* A blocking client; each call gives up after a few seconds. */
struct raw_client {
    int fd;
    SSL_CTX *context;
    SSL *tls; /* NULL = plain */
};
bool raw_open(struct raw_client *ret, uint16_t port, bool tls);
void raw_close(struct raw_client *client);
bool raw_send(struct raw_client *client, const void *bytes, size_t length);
bool raw_say(struct raw_client *client, const char *text);
/* Exactly so many bytes; false = closed or nothing came. */
bool raw_read(struct raw_client *client, void *bytes, size_t length);
/* Head of an answer up to the empty line; false as above. */
bool raw_read_head(struct raw_client *client, char *text, size_t space);
bool raw_is_closed(struct raw_client *client); /* by the peer, within the patience */

bool raw_upgrade(struct raw_client *client, char *head, size_t space, const char *more_headers);
/* `first` = FIN, RSV and opcode; masked with a fixed key unless said. */
bool raw_send_frame(struct raw_client *client, uint8_t first, const void *payload, size_t length,
                    bool masked);
/* Returns the opcode, -1 = closed; at most `space` bytes of payload are kept. */
int raw_read_frame(struct raw_client *client, uint8_t *payload, size_t space, uint64_t *ret_length);

#endif
