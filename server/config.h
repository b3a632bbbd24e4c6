/*
 * What the operator decides, from the command line and the environment (each option --some-name is
 * also CONSILIUM_SOME_NAME; the command line wins). Values borrow from argv and the environment.
 */
#ifndef CONSILIUM_CONFIG_H
#define CONSILIUM_CONFIG_H

#include "server/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CONFIG_MESSAGE_MAX = 512, CONFIG_ADDRESS_MAX = 256 };

struct config {
    const char *data;
    const char *listen;
    uint16_t port;
    const char *certificate; /* NULL = plain, on loopback only */
    const char *key;
    char admin_address[CONFIG_ADDRESS_MAX];
    uint16_t admin_port;
    const char *web;
    const char *database_url;       /* NULL = a private cluster under data */
    const char *database_owner_url; /* migrates; NULL = database_url does that too */
    const char *key_file;           /* key-encryption key; NULL = DATA/keys/key-encryption-key */
    const char *user;               /* to become, when started by root; NULL = stay */
    const char *anchor;             /* where checkpoints are told; NULL = DATA/checkpoints */
    const char *archives;           /* list of other archives; NULL = none may be asked */
    enum log_level log_level;
    uint32_t connections_per_address;
    uint32_t patience_s; /* with who is slow; see gateway.h */
    size_t frame_cache_bytes;
    uint64_t imaging_memory_bytes; /* of answers; 0 = as imaging_memory.h has it */
    uint32_t documents_after_ms;   /* of quiet */
    bool limit_loopback;
    bool second_factor_required;
};

enum config_result {
    CONFIG_RUN,
    CONFIG_CHECK, /* --check-config: say what it would do and end */
    CONFIG_SHOWN, /* --help or --version was printed: end */
    CONFIG_WRONG, /* message says what and what to do */
};
enum config_result config_read(struct config *ret, int argc, char **argv,
                               char message[CONFIG_MESSAGE_MAX]);
/* Prints what it amounts to, in words, without secrets. */
void config_print(const struct config *config);

#define CONSILIUM_VERSION "0.1.0"

struct gateway_config;
/* What of it the gateway is told; its texts are borrowed. */
void config_fill_gateway(const struct config *config, struct gateway_config *gateway);

#endif
