/* links: server */
/* What a browser says a passkey made or signed: client data that we read, and authenticator data
 * that libfido2 reads. The first byte says where the one ends and the other begins. */
#include "server/identity/webauthn.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    if (size == 0 || size > WEBAUTHN_AUTHENTICATOR_MAX) {
        return 0;
    }
    uint32_t rest = (uint32_t)size - 1;
    uint32_t split = bytes[0] < rest ? bytes[0] : rest;
    uint8_t *copy = malloc(size);
    char challenge[WEBAUTHN_CHALLENGE_MAX + 1];
    struct webauthn_site site = {TEXT("localhost:8080"), false};
    struct arena arena;
    struct factor factor = {.algorithm = -7, .secret = {64, (const uint8_t *)challenge}};
    uint32_t counter;
    memcpy(copy, bytes + 1, rest);
    memset(challenge, 1, sizeof challenge);
    struct webauthn_answer answer = {.client = {split, copy},
                                     .authenticator = {rest - split, copy + split},
                                     .signature = {split, copy}};
    arena_init(&arena, 64 * 1024);
    webauthn_signed(&site, &answer, &factor, true, &counter);
    webauthn_added(&site, &answer, &arena, &factor);
    webauthn_client_is_ours(&site, answer.client, "webauthn.get", challenge);
    arena_finish(&arena);
    free(copy);
    return 0;
}
