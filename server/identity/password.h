/*
 * Passwords and their verifiers: Argon2id (RFC 9106) as PHC strings, with the first parameters that
 * OWASP's Password Storage Cheat Sheet names: 19 MiB, two passes, one lane. RFC 9106 4 would have
 * 64 MiB and three passes where memory is scarce; we hash on one thread beside the loop, where that
 * is a fifth of a second each, and guesses are limited before they are hashed. Hashing takes tens
 * of milliseconds and 19 MiB, so it runs on a thread of its own with a bounded queue: neither the
 * loop nor libuv's pool, which reads files, waits for it.
 */
#ifndef CONSILIUM_PASSWORD_H
#define CONSILIUM_PASSWORD_H

#include "protocol/values.h"

#include <uv.h>

enum {
    PASSWORD_MEMORY_KIB = 19 * 1024,
    PASSWORD_PASSES = 2,
    PASSWORD_LANES = 1,
    PASSWORD_SALT_BYTES = 16,
    PASSWORD_HASH_BYTES = 32,
    PASSWORD_BYTES_MIN = 8,
    PASSWORD_BYTES_MAX = 256,
    VERIFIER_MAX = 256,
    PASSWORD_QUEUE_MAX = 64,
};

/* Blocking; for tests and the thread. False = no memory. */
bool password_hash(struct text password, const uint8_t salt[PASSWORD_SALT_BYTES],
                   char ret_verifier[VERIFIER_MAX]);
bool password_matches(const char *verifier, struct text password);
/* Made with today's parameters: otherwise it is made anew when its password is known next. */
bool password_is_current(const char *verifier);

struct password_thread;
struct password_thread *password_thread_start(uv_loop_t *loop);
/* Answers what waits with false, ends the thread, then frees once the loop has let go. */
void password_thread_stop(struct password_thread *thread);

/* Answers come on the loop. False = the queue is full, and nothing will come. Copies what it is
 * given. */
bool password_verify_later(struct password_thread *thread, const char *verifier,
                           struct text password, void (*done)(void *data, bool matches),
                           void *data);
bool password_hash_later(struct password_thread *thread, struct text password,
                         const uint8_t salt[PASSWORD_SALT_BYTES],
                         void (*done)(void *data, const char *verifier /* NULL = failed */),
                         void *data);

#endif
