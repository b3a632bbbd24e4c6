#include "server/audit/checkpoint.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct checkpoint_key {
    EVP_PKEY *pair;
};

static void write_number(uint8_t *ret, uint64_t value) {
    for (int i = 0; i < 8; i++) {
        ret[i] = (uint8_t)(value >> (56 - 8 * i));
    }
}

static uint64_t read_number(const uint8_t *bytes) {
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

void chain_head_write(const struct chain_head *head, uint8_t ret[CHECKPOINT_HEAD_BYTES]) {
    memcpy(ret, head->stream.bytes, 16);
    write_number(ret + 16, head->version);
    memcpy(ret + 24, head->hash, sizeof head->hash);
}

struct chain_head chain_head_read(const uint8_t bytes[CHECKPOINT_HEAD_BYTES]) {
    struct chain_head head = {.version = read_number(bytes + 16)};
    memcpy(head.stream.bytes, bytes, 16);
    memcpy(head.hash, bytes + 24, sizeof head.hash);
    return head;
}

void checkpoint_hash(const struct checkpoint *checkpoint, const uint8_t before[DATABASE_HASH_BYTES],
                     uint8_t ret[DATABASE_HASH_BYTES]) {
    uint8_t header[32];
    memcpy(header, checkpoint->node.bytes, 16);
    write_number(header + 16, checkpoint->number);
    write_number(header + 24, (uint64_t)checkpoint->at);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned length = 0;
    bool hashed =
        context != NULL && EVP_DigestInit_ex(context, EVP_sha512_256(), NULL) == 1 &&
        EVP_DigestUpdate(context, before, DATABASE_HASH_BYTES) == 1 &&
        EVP_DigestUpdate(context, header, sizeof header) == 1 &&
        EVP_DigestUpdate(context, checkpoint->heads.bytes, checkpoint->heads.length) == 1 &&
        EVP_DigestFinal_ex(context, ret, &length) == 1;
    EVP_MD_CTX_free(context);
    assert(hashed && length == DATABASE_HASH_BYTES);
}

/* Its key */

bool checkpoint_key_path(const char *data_folder, const char *key_file,
                         char ret[CHECKPOINT_KEY_PATH_MAX]) {
    const char *slash = key_file == NULL ? NULL : strrchr(key_file, '/');
    int length;
    if (key_file == NULL) {
        length = snprintf(ret, CHECKPOINT_KEY_PATH_MAX, "%s/keys/checkpoint-key", data_folder);
    } else {
        length = snprintf(ret, CHECKPOINT_KEY_PATH_MAX, "%.*scheckpoint-key",
                          slash == NULL ? 0 : (int)(slash + 1 - key_file), key_file);
    }
    return length > 0 && length < CHECKPOINT_KEY_PATH_MAX;
}

static EVP_PKEY *read_pair(int fd) {
    FILE *file = fdopen(fd, "r");
    if (file == NULL) {
        close(fd);
        return NULL;
    }
    EVP_PKEY *pair = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    if (pair != NULL && EVP_PKEY_get_base_id(pair) != EVP_PKEY_ED25519) {
        EVP_PKEY_free(pair);
        return NULL;
    }
    return pair;
}

/* Under another name first: a key that lies there is whole. Of two nodes that make one at the same
 * time the first gives it its name. */
static bool make_pair(const char *path) {
    char fresh[4096];
    if (snprintf(fresh, sizeof fresh, "%s.%ld", path, (long)getpid()) >= (int)sizeof fresh) {
        return false;
    }
    EVP_PKEY *pair = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    bool made = pair != NULL && file != NULL &&
                PEM_write_PrivateKey(file, pair, NULL, NULL, 0, NULL, NULL) == 1 &&
                fflush(file) == 0 && fsync(fd) == 0;
    if (file != NULL) {
        made = fclose(file) == 0 && made;
    }
    EVP_PKEY_free(pair);
    made = made && (link(fresh, path) == 0 || errno == EEXIST);
    unlink(fresh);
    return made;
}

struct checkpoint_key *checkpoint_key_open(const char *path, bool make, const char **ret_message) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && make && make_pair(path)) {
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    if (fd < 0) {
        *ret_message = "the key that signs checkpoints cannot be read or made";
        return NULL;
    }
    struct checkpoint_key *key = malloc(sizeof *key);
    assert(key != NULL);
    key->pair = read_pair(fd);
    if (key->pair == NULL) {
        *ret_message = "the key that signs checkpoints is no Ed25519 key in PEM";
        free(key);
        return NULL;
    }
    return key;
}

void checkpoint_key_close(struct checkpoint_key *key) {
    if (key != NULL) {
        EVP_PKEY_free(key->pair);
        free(key);
    }
}

void checkpoint_key_sign(struct checkpoint_key *key, const uint8_t hash[DATABASE_HASH_BYTES],
                         uint8_t ret[CHECKPOINT_SIGNATURE_BYTES]) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t length = CHECKPOINT_SIGNATURE_BYTES;
    bool is_signed = context != NULL &&
                     EVP_DigestSignInit(context, NULL, NULL, NULL, key->pair) == 1 &&
                     EVP_DigestSign(context, ret, &length, hash, DATABASE_HASH_BYTES) == 1;
    EVP_MD_CTX_free(context);
    assert(is_signed && length == CHECKPOINT_SIGNATURE_BYTES);
}

bool checkpoint_key_holds(struct checkpoint_key *key, const uint8_t hash[DATABASE_HASH_BYTES],
                          const uint8_t signature[CHECKPOINT_SIGNATURE_BYTES]) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool holds = context != NULL &&
                 EVP_DigestVerifyInit(context, NULL, NULL, NULL, key->pair) == 1 &&
                 EVP_DigestVerify(context, signature, CHECKPOINT_SIGNATURE_BYTES, hash,
                                  DATABASE_HASH_BYTES) == 1;
    EVP_MD_CTX_free(context);
    return holds;
}

void checkpoint_sign(struct checkpoint_key *key, struct checkpoint *checkpoint) {
    checkpoint_key_sign(key, checkpoint->hash, checkpoint->signature);
}

bool checkpoint_is_signed(struct checkpoint_key *key, const struct checkpoint *checkpoint) {
    return checkpoint_key_holds(key, checkpoint->hash, checkpoint->signature);
}
