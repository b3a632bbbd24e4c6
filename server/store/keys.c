/* The key-encryption key and the tenants' keys by generation; keys_streams.c holds those of
 * streams. */
#include "server/store/keys_state.h"

#include "server/store/generation_secret.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEXT ".next"

/* The key-encryption key's file */

static const char *read_kek(int file, uint8_t kek[KEY_BYTES]) {
    struct stat status;
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
        return "the key file is not a file";
    /* systemd hands a credential over as a file of root's and of the group root that we may read:
     * nobody else may. */
    bool credential = status.st_uid == 0 && status.st_gid == 0 && (status.st_mode & 0337) == 0;
    if ((status.st_mode & 077) != 0 && !credential)
        return "the key file can be read by others: its mode must be 0600";
    if (status.st_size != KEY_BYTES || read(file, kek, KEY_BYTES) != KEY_BYTES)
        return "the key file is damaged: it must hold 32 bytes";
    return NULL;
}

/* Written beside and linked into place, so that a half-written key never bears the name. */
static const char *make_kek(const char *path, uint8_t kek[KEY_BYTES]) {
    char fresh[KEYS_PATH_MAX + 8];
    if (snprintf(fresh, sizeof fresh, "%s.new", path) >= (int)sizeof fresh)
        return "the path of the key file is too long";
    (void)unlink(fresh);
    if (RAND_priv_bytes(kek, KEY_BYTES) != 1)
        return "the system gives no random numbers";
    int file = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return "the key file cannot be made";
    bool written = write(file, kek, KEY_BYTES) == KEY_BYTES && fsync(file) == 0;
    written = close(file) == 0 && written && link(fresh, path) == 0;
    (void)unlink(fresh);
    return written ? NULL : "the key file cannot be written";
}

static struct keys *create(const uint8_t kek[KEY_BYTES]) {
    struct keys *keys = calloc(1, sizeof *keys);
    uint64_t seed = 0;
    assert(keys != NULL);
    if (RAND_bytes((unsigned char *)&seed, sizeof seed) != 1)
        abort();
    uuid_table_init(&keys->streams, seed);
    key_pages_init(&keys->tenant_pages, sizeof(struct tenant_key));
    key_pages_init(&keys->stream_pages, sizeof(struct stream_key));
    keys->kek = key_pages_take(&keys->tenant_pages);
    memcpy(keys->kek, kek, KEY_BYTES);
    keys->seal = seal_create();
    keys->kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    assert(keys->kdf != NULL);
    return keys;
}

/* Of a rotation that has not come to its end. */
static void open_next_kek(struct keys *keys, const char *kek_path) {
    char path[KEYS_PATH_MAX + 8];
    uint8_t kek[KEY_BYTES];
    if ((size_t)snprintf(keys->kek_path, sizeof keys->kek_path, "%s", kek_path) >=
        sizeof keys->kek_path)
        keys->kek_path[0] = 0; /* it cannot be replaced then */
    snprintf(path, sizeof path, "%s" NEXT, kek_path);
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0)
        return;
    if (read_kek(file, kek) == NULL) {
        keys->next_kek = key_pages_take(&keys->tenant_pages);
        memcpy(keys->next_kek, kek, KEY_BYTES);
    }
    close(file);
    OPENSSL_cleanse(kek, sizeof kek);
}

struct keys *keys_open(const char *kek_path, bool create_it, const char **ret_message) {
    uint8_t kek[KEY_BYTES];
    const char *trouble = NULL;
    int file = open(kek_path, O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        trouble = read_kek(file, kek);
        close(file);
    } else if (errno == ENOENT && create_it) {
        trouble = make_kek(kek_path, kek);
    } else {
        trouble = errno == ENOENT ? "the key file is not there: without it nothing can be read"
                                  : "the key file cannot be opened";
    }
    struct keys *keys = trouble == NULL ? create(kek) : NULL;
    OPENSSL_cleanse(kek, sizeof kek);
    if (trouble != NULL)
        *ret_message = trouble;
    else
        open_next_kek(keys, kek_path);
    return keys;
}

struct keys *keys_for_test(const uint8_t kek[KEY_BYTES]) {
    return create(kek);
}

void keys_close(struct keys *keys) {
    if (keys == NULL)
        return;
    uuid_table_finish(&keys->streams);
    key_pages_finish(&keys->stream_pages);
    key_pages_finish(&keys->tenant_pages);
    seal_destroy(keys->seal);
    EVP_KDF_free(keys->kdf);
    free(keys);
}

/* Wrapping: the additional data says whose key it is, so that rows cannot be exchanged. */

struct seal_header keys_wrap_header(const char *what, struct uuid tenant, struct uuid stream,
                                    uint32_t generation) {
    struct seal_header header = {0};
    memcpy(header.bytes, what, 6);
    memcpy(header.bytes + 6, tenant.bytes, 16);
    memcpy(header.bytes + 22, stream.bytes, 16);
    for (int i = 0; i < 4; i++)
        header.bytes[38 + i] = (uint8_t)(generation >> (24 - 8 * i));
    header.length = 42;
    return header;
}

static struct seal_header tenant_header(struct uuid tenant, uint32_t generation) {
    return keys_wrap_header("tenant", tenant, (struct uuid){{0}}, generation);
}

bool keys_wrap(struct keys *keys, const uint8_t by[KEY_BYTES], const struct seal_header *header,
               const uint8_t key[KEY_BYTES], uint8_t ret[WRAPPED_KEY_BYTES]) {
    uint8_t nonce[SEAL_NONCE_BYTES];
    if (RAND_bytes(nonce, sizeof nonce) != 1)
        return false;
    seal_close(keys->seal, by, nonce, header, (struct bytes){KEY_BYTES, key}, ret);
    return true;
}

bool keys_unwrap(struct keys *keys, const uint8_t by[KEY_BYTES], const struct seal_header *header,
                 const uint8_t wrapped[WRAPPED_KEY_BYTES], uint8_t ret[KEY_BYTES]) {
    return seal_open(keys->seal, by, header, (struct bytes){WRAPPED_KEY_BYTES, wrapped}, ret);
}

/* Tenants */

struct tenant_key *keys_find_tenant(const struct keys *keys, struct uuid tenant,
                                    uint32_t generation) {
    for (struct tenant_key *key = keys->tenants; key != NULL; key = key->next)
        if (uuid_equal(key->tenant, tenant) && key->generation == generation)
            return key;
    return NULL;
}

struct tenant_key *keys_find_newest(const struct keys *keys, struct uuid tenant) {
    struct tenant_key *newest = NULL;
    for (struct tenant_key *key = keys->tenants; key != NULL; key = key->next)
        if (uuid_equal(key->tenant, tenant) &&
            (newest == NULL || key->generation > newest->generation))
            newest = key;
    return newest;
}

static struct tenant_key *take_tenant(struct keys *keys, struct uuid tenant, uint32_t generation) {
    struct tenant_key *key = keys_find_tenant(keys, tenant, generation);
    if (key != NULL)
        return key;
    key = key_pages_take(&keys->tenant_pages);
    key->tenant = tenant;
    key->generation = generation;
    key->next = keys->tenants;
    keys->tenants = key;
    return key;
}

/* What a generation is wrapped by. */
static bool generation_key(struct keys *keys, const uint8_t kek[KEY_BYTES], struct uuid tenant,
                           uint32_t generation, uint8_t ret[KEY_BYTES]) {
    uint8_t secret[KEY_BYTES];
    switch (generation_secret_read(keys->folder, generation, secret)) {
    case SECRET_ABSENT:
        memcpy(ret, kek, KEY_BYTES);
        return true;
    case SECRET_DAMAGED:
        return false;
    case SECRET_READ:
        break;
    }
    unsigned length = 0;
    uint8_t what[sizeof "consilium generation" + sizeof tenant.bytes + KEY_BYTES] =
        "consilium generation";
    memcpy(what + sizeof "consilium generation", tenant.bytes, sizeof tenant.bytes);
    memcpy(what + sizeof what - KEY_BYTES, secret, KEY_BYTES);
    bool mixed = HMAC(EVP_sha256(), kek, KEY_BYTES, what, sizeof what, ret, &length) != NULL &&
                 length == KEY_BYTES;
    OPENSSL_cleanse(secret, sizeof secret);
    OPENSSL_cleanse(what, sizeof what);
    return mixed;
}

static bool wrap_tenant(struct keys *keys, const uint8_t kek[KEY_BYTES], struct uuid tenant,
                        uint32_t generation, const uint8_t key[KEY_BYTES],
                        uint8_t ret_wrapped[WRAPPED_KEY_BYTES]) {
    struct seal_header header = tenant_header(tenant, generation);
    uint8_t by[KEY_BYTES];
    bool wrapped = generation_key(keys, kek, tenant, generation, by) &&
                   keys_wrap(keys, by, &header, key, ret_wrapped);
    OPENSSL_cleanse(by, sizeof by);
    return wrapped;
}

static bool unwrap_tenant(struct keys *keys, const uint8_t kek[KEY_BYTES], struct uuid tenant,
                          uint32_t generation, const uint8_t wrapped[WRAPPED_KEY_BYTES],
                          uint8_t ret[KEY_BYTES]) {
    struct seal_header header = tenant_header(tenant, generation);
    uint8_t by[KEY_BYTES];
    bool opened = generation_key(keys, kek, tenant, generation, by) &&
                  keys_unwrap(keys, by, &header, wrapped, ret);
    OPENSSL_cleanse(by, sizeof by);
    return opened;
}

bool keys_make_generation(struct keys *keys, struct uuid tenant, uint32_t generation,
                          uint8_t ret_wrapped[WRAPPED_KEY_BYTES]) {
    uint8_t fresh[KEY_BYTES];
    bool made = (keys->folder[0] == 0 || generation_secret_make(keys->folder, generation)) &&
                RAND_priv_bytes(fresh, sizeof fresh) == 1 &&
                wrap_tenant(keys, keys->kek, tenant, generation, fresh, ret_wrapped);
    OPENSSL_cleanse(fresh, sizeof fresh);
    return made;
}

bool keys_new_tenant(struct keys *keys, struct uuid tenant, uint32_t generation,
                     uint8_t ret_wrapped[WRAPPED_KEY_BYTES]) {
    return keys_find_tenant(keys, tenant, generation) == NULL &&
           keys_make_generation(keys, tenant, generation, ret_wrapped) &&
           keys_add_tenant(keys, tenant, generation, ret_wrapped);
}

bool keys_add_tenant(struct keys *keys, struct uuid tenant, uint32_t generation,
                     const uint8_t wrapped[WRAPPED_KEY_BYTES]) {
    uint8_t key[KEY_BYTES];
    bool opened = unwrap_tenant(keys, keys->kek, tenant, generation, wrapped, key);
    if (!opened && keys->next_kek != NULL &&
        unwrap_tenant(keys, keys->next_kek, tenant, generation, wrapped, key)) {
        /* All rows were wrapped anew in one transaction, and then the process ended. */
        opened = true;
        (void)keys_take_next_kek(keys);
    }
    if (opened)
        memcpy(take_tenant(keys, tenant, generation)->key, key, KEY_BYTES);
    OPENSSL_cleanse(key, sizeof key);
    return opened;
}

uint32_t keys_newest(const struct keys *keys, struct uuid tenant) {
    const struct tenant_key *newest = keys_find_newest(keys, tenant);
    return newest == NULL ? 0 : newest->generation;
}

void keys_forget_below(struct keys *keys, struct uuid tenant, uint32_t generation) {
    for (struct tenant_key **at = &keys->tenants; *at != NULL;) {
        struct tenant_key *key = *at;
        if (uuid_equal(key->tenant, tenant) && key->generation < generation) {
            *at = key->next;
            key_pages_give(&keys->tenant_pages, key);
        } else {
            at = &key->next;
        }
    }
}

bool keys_use_folder(struct keys *keys, const char *folder) {
    return (size_t)snprintf(keys->folder, sizeof keys->folder, "%s", folder) < sizeof keys->folder;
}

const char *keys_folder(const struct keys *keys) {
    return keys->folder[0] == 0 ? NULL : keys->folder;
}

bool keys_destroy_secrets_below(struct keys *keys, uint32_t generation) {
    return keys->folder[0] == 0 || generation_secrets_destroy(keys->folder, generation);
}

/* A new key-encryption key */

bool keys_make_next_kek(struct keys *keys) {
    char path[KEYS_PATH_MAX + 8];
    uint8_t kek[KEY_BYTES];
    if (keys->next_kek != NULL) /* of an earlier try, whose rows may still be written */
        return true;
    snprintf(path, sizeof path, "%s" NEXT, keys->kek_path);
    bool made = keys->kek_path[0] != 0 && make_kek(path, kek) == NULL;
    if (made) {
        keys->next_kek = key_pages_take(&keys->tenant_pages);
        memcpy(keys->next_kek, kek, KEY_BYTES);
    }
    OPENSSL_cleanse(kek, sizeof kek);
    return made;
}

bool keys_wrap_by_next_kek(struct keys *keys, struct uuid tenant, uint32_t generation,
                           uint8_t ret_wrapped[WRAPPED_KEY_BYTES]) {
    const struct tenant_key *key = keys_find_tenant(keys, tenant, generation);
    return key != NULL && keys->next_kek != NULL &&
           wrap_tenant(keys, keys->next_kek, tenant, generation, key->key, ret_wrapped);
}

bool keys_take_next_kek(struct keys *keys) {
    char path[KEYS_PATH_MAX + 8];
    if (keys->next_kek == NULL)
        return false;
    memcpy(keys->kek, keys->next_kek, KEY_BYTES);
    key_pages_give(&keys->tenant_pages, keys->next_kek);
    keys->next_kek = NULL;
    snprintf(path, sizeof path, "%s" NEXT, keys->kek_path);
    return generation_secret_replace(keys->kek_path, path);
}
