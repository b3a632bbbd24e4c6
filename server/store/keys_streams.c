/* Keys of streams and of their topics (topic.h), and what is derived from them. */
#include "server/store/keys_state.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

enum { PURPOSE_COUNT = KEY_RECORDING + 1 };

static struct seal_header stream_header(struct uuid tenant, struct uuid stream,
                                        uint32_t generation) {
    return keys_wrap_header("stream", tenant, stream, generation);
}

static struct stream_key *find_stream(const struct keys *keys, struct uuid stream) {
    const uint64_t *address = uuid_table_find(&keys->streams, stream);
    return address == NULL ? NULL : (struct stream_key *)(uintptr_t)*address;
}

static void put_stream(struct keys *keys, struct uuid tenant, struct uuid stream,
                       const uint8_t key[KEY_BYTES]) {
    keys_forget_stream(keys, stream);
    struct stream_key *entry = key_pages_take(&keys->stream_pages);
    entry->tenant = tenant;
    memcpy(entry->key, key, KEY_BYTES);
    uuid_table_set(&keys->streams, stream, (uint64_t)(uintptr_t)entry);
}

bool keys_new_stream(struct keys *keys, struct uuid tenant, struct uuid stream,
                     uint32_t *ret_generation, uint8_t ret_wrapped[WRAPPED_KEY_BYTES]) {
    const struct tenant_key *by = keys_find_newest(keys, tenant);
    if (by == NULL)
        return false;
    struct seal_header header = stream_header(tenant, stream, by->generation);
    uint8_t fresh[KEY_BYTES];
    bool made = RAND_priv_bytes(fresh, sizeof fresh) == 1 &&
                keys_wrap(keys, by->key, &header, fresh, ret_wrapped);
    if (made) {
        put_stream(keys, tenant, stream, fresh);
        *ret_generation = by->generation;
    }
    OPENSSL_cleanse(fresh, sizeof fresh);
    return made;
}

bool keys_add_stream(struct keys *keys, struct uuid tenant, struct uuid stream, uint32_t generation,
                     const uint8_t wrapped[WRAPPED_KEY_BYTES]) {
    const struct tenant_key *by = keys_find_tenant(keys, tenant, generation);
    if (by == NULL)
        return false;
    struct seal_header header = stream_header(tenant, stream, generation);
    uint8_t key[KEY_BYTES];
    bool opened = keys_unwrap(keys, by->key, &header, wrapped, key);
    if (opened)
        put_stream(keys, tenant, stream, key);
    OPENSSL_cleanse(key, sizeof key);
    return opened;
}

bool keys_rewrap_stream(struct keys *keys, struct uuid tenant, struct uuid stream,
                        uint32_t generation, const uint8_t wrapped[WRAPPED_KEY_BYTES],
                        uint8_t ret_wrapped[WRAPPED_KEY_BYTES]) {
    const struct tenant_key *from = keys_find_tenant(keys, tenant, generation);
    const struct tenant_key *to = keys_find_newest(keys, tenant);
    if (from == NULL || to == NULL)
        return false;
    struct seal_header before = stream_header(tenant, stream, generation);
    struct seal_header after = stream_header(tenant, stream, to->generation);
    uint8_t key[KEY_BYTES];
    bool wrapped_anew = keys_unwrap(keys, from->key, &before, wrapped, key) &&
                        keys_wrap(keys, to->key, &after, key, ret_wrapped);
    OPENSSL_cleanse(key, sizeof key);
    return wrapped_anew;
}

bool keys_has_stream(const struct keys *keys, struct uuid stream) {
    return find_stream(keys, stream) != NULL;
}

/* A topic's key is in the table under its own id. */
static struct uuid take_out(struct keys *keys, struct uuid id) {
    struct stream_key *entry = find_stream(keys, id);
    struct uuid next = {{0}};
    if (entry != NULL) {
        next = entry->next_topic;
        uuid_table_remove(&keys->streams, id);
        key_pages_give(&keys->stream_pages, entry);
    }
    return next;
}

void keys_forget_stream(struct keys *keys, struct uuid stream) {
    struct uuid next = take_out(keys, stream);
    while (!uuid_is_zero(next))
        next = take_out(keys, next);
}

static void link_topic(struct keys *keys, struct uuid stream, struct uuid topic) {
    struct stream_key *own = find_stream(keys, stream);
    find_stream(keys, topic)->next_topic = own->next_topic;
    own->next_topic = topic;
}

bool keys_new_topic(struct keys *keys, struct uuid tenant, struct uuid stream, struct uuid topic,
                    uint32_t *ret_generation, uint8_t ret_wrapped[WRAPPED_KEY_BYTES]) {
    assert(!keys_has_stream(keys, topic));
    if (!keys_has_stream(keys, stream) ||
        !keys_new_stream(keys, tenant, topic, ret_generation, ret_wrapped))
        return false;
    link_topic(keys, stream, topic);
    return true;
}

bool keys_add_topic(struct keys *keys, struct uuid tenant, struct uuid stream, struct uuid topic,
                    uint32_t generation, const uint8_t wrapped[WRAPPED_KEY_BYTES]) {
    if (keys_has_stream(keys, topic)) /* else there is no need to look through all */
        keys_forget_topic(keys, stream, topic);
    if (!keys_has_stream(keys, stream) ||
        !keys_add_stream(keys, tenant, topic, generation, wrapped))
        return false;
    link_topic(keys, stream, topic);
    return true;
}

void keys_forget_topic(struct keys *keys, struct uuid stream, struct uuid topic) {
    struct stream_key *before = find_stream(keys, stream);
    while (before != NULL && !uuid_equal(before->next_topic, topic))
        before = uuid_is_zero(before->next_topic) ? NULL : find_stream(keys, before->next_topic);
    if (before != NULL)
        before->next_topic = take_out(keys, topic);
}

/* HKDF (RFC 5869) without salt: the key is uniform already. The info names what the subkey is for,
 * and whose. */
static bool hkdf(struct keys *keys, const uint8_t from[KEY_BYTES], enum key_purpose purpose,
                 struct uuid tenant, struct uuid stream, uint8_t ret[KEY_BYTES]) {
    static const char *const names[PURPOSE_COUNT] = {"consilium event    ", "consilium blob     ",
                                                     "consilium list     ", "consilium name     ",
                                                     "consilium recording"};
    enum { NAME_BYTES = 19 };
    uint8_t info[NAME_BYTES + 32];
    memcpy(info, names[purpose], NAME_BYTES);
    memcpy(info + NAME_BYTES, tenant.bytes, 16);
    memcpy(info + NAME_BYTES + 16, stream.bytes, 16);
    char digest[] = "SHA256";
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)from, KEY_BYTES),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, sizeof info),
        OSSL_PARAM_construct_end(),
    };
    EVP_KDF_CTX *context = EVP_KDF_CTX_new(keys->kdf);
    bool derived = context != NULL && EVP_KDF_derive(context, ret, KEY_BYTES, parameters) == 1;
    EVP_KDF_CTX_free(context);
    return derived;
}

/* The tenant's own lasting key is that of a stream with the tenant's id: it survives new
 * generations. */
static const uint8_t *tenant_own_key(const struct keys *keys, struct uuid tenant) {
    const struct stream_key *lasting = find_stream(keys, tenant);
    if (lasting != NULL)
        return lasting->key;
    const struct tenant_key *newest = keys_find_newest(keys, tenant);
    return newest == NULL ? NULL : newest->key;
}

bool keys_derive(struct keys *keys, struct uuid tenant, struct uuid stream,
                 enum key_purpose purpose, uint8_t ret_key[KEY_BYTES]) {
    assert((unsigned)purpose < PURPOSE_COUNT);
    if (uuid_is_zero(stream)) {
        const uint8_t *from = tenant_own_key(keys, tenant);
        return from != NULL && hkdf(keys, from, purpose, tenant, stream, ret_key);
    }
    struct stream_key *entry = find_stream(keys, stream);
    if (entry == NULL || !uuid_equal(entry->tenant, tenant))
        return false;
    if (purpose != KEY_EVENT)
        return hkdf(keys, entry->key, purpose, tenant, stream, ret_key);
    if (!entry->event_key_known)
        entry->event_key_known =
            hkdf(keys, entry->key, KEY_EVENT, tenant, stream, entry->event_key);
    if (entry->event_key_known)
        memcpy(ret_key, entry->event_key, KEY_BYTES);
    return entry->event_key_known;
}
