#include "server/identity/guess_limit.h"

#include <openssl/hmac.h>
#include <stdlib.h>

enum bucket_kind { BUCKET_PAIR, BUCKET_ADDRESS, BUCKET_STRANGERS, BUCKET_KNOWN };

const struct guess_bounds password_guesses = {{10, 30}, {100, 3}, {50, 10}};
const struct guess_bounds code_guesses = {{5, 60}, {50, 10}, {10, 300}};

/* free_at: when the bucket will be full again (GCRA, ITU-T I.371); past = full. For BUCKET_KNOWN:
 * until when. */
struct entry {
    uint64_t key; /* 0 = free */
    int64_t free_at;
};

/* Sets of eight; in a full set the entry that is full again first gives way. */
enum { WAYS = 8, SETS = GUESS_ENTRIES_MAX / WAYS };

struct guess_limit {
    struct guess_bound bounds[BUCKET_KNOWN];
    uint8_t secret[32];
    struct entry entries[SETS][WAYS];
};

struct guess_limit *guess_limit_create(const struct guess_bounds *bounds,
                                       const uint8_t secret[32]) {
    struct guess_limit *limit = calloc(1, sizeof(*limit));
    if (limit != NULL) {
        memcpy(limit->secret, secret, sizeof(limit->secret));
        limit->bounds[BUCKET_PAIR] = bounds->pair;
        limit->bounds[BUCKET_ADDRESS] = bounds->address;
        limit->bounds[BUCKET_STRANGERS] = bounds->strangers;
    }
    return limit;
}

void guess_limit_destroy(struct guess_limit *limit) {
    free(limit);
}

static uint64_t key_of(const struct guess_limit *limit, enum bucket_kind kind, struct text login,
                       const uint8_t *address) {
    enum { LOGIN_HASHED_MAX = 128 };
    uint8_t text[1 + 16 + LOGIN_HASHED_MAX] = {(uint8_t)kind};
    size_t length = 1;
    if (address != NULL) {
        memcpy(text + length, address, 16);
        length += 16;
    }
    uint32_t hashed = login.length < LOGIN_HASHED_MAX ? login.length : LOGIN_HASHED_MAX;
    memcpy(text + length, login.bytes == NULL ? "" : login.bytes, hashed);
    length += hashed;
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned digest_length = 0;
    HMAC(EVP_sha256(), limit->secret, sizeof(limit->secret), text, length, digest, &digest_length);
    uint64_t key;
    memcpy(&key, digest, sizeof(key));
    return key | 1;
}

static struct entry *entry_of(struct guess_limit *limit, uint64_t key, bool make) {
    struct entry *set = limit->entries[key / 2 % SETS];
    struct entry *oldest = &set[0];
    for (unsigned i = 0; i < WAYS; i++) {
        if (set[i].key == key) {
            return &set[i];
        }
        if (set[i].free_at < oldest->free_at) {
            oldest = &set[i];
        }
    }
    if (!make) {
        return NULL;
    }
    *oldest = (struct entry){.key = key};
    return oldest;
}

/* Seconds to wait, 0 = there is one. */
static uint32_t wait_of(const struct guess_limit *limit, const struct entry *entry,
                        enum bucket_kind kind, int64_t now) {
    int64_t step = (int64_t)limit->bounds[kind].refill_s * 1000000;
    int64_t space = step * (limit->bounds[kind].guesses - 1);
    int64_t behind = entry->free_at - now - space;
    return behind <= 0 ? 0 : (uint32_t)((behind + 999999) / 1000000);
}

static void take_one(const struct guess_limit *limit, struct entry *entry, enum bucket_kind kind,
                     int64_t now) {
    int64_t from = entry->free_at > now ? entry->free_at : now;
    entry->free_at = from + (int64_t)limit->bounds[kind].refill_s * 1000000;
}

static bool is_known(struct guess_limit *limit, struct text login, const uint8_t *address,
                     int64_t now) {
    struct entry *known = entry_of(limit, key_of(limit, BUCKET_KNOWN, login, address), false);
    return known != NULL && known->free_at > now;
}

uint32_t guess_limit_take(struct guess_limit *limit, struct text login, const uint8_t address[16],
                          int64_t now) {
    struct text none = {0, NULL};
    uint64_t keys[] = {
        [BUCKET_PAIR] = key_of(limit, BUCKET_PAIR, login, address),
        [BUCKET_ADDRESS] = key_of(limit, BUCKET_ADDRESS, none, address),
        [BUCKET_STRANGERS] = key_of(limit, BUCKET_STRANGERS, login, NULL),
    };
    unsigned kinds = is_known(limit, login, address, now) ? BUCKET_STRANGERS : BUCKET_KNOWN;
    for (unsigned kind = 0; kind < kinds; kind++) {
        uint32_t wait =
            wait_of(limit, entry_of(limit, keys[kind], true), (enum bucket_kind)kind, now);
        if (wait > 0) {
            return wait;
        }
    }
    for (unsigned kind = 0; kind < kinds; kind++) {
        take_one(limit, entry_of(limit, keys[kind], true), (enum bucket_kind)kind, now);
    }
    return 0;
}

static void give_back(struct guess_limit *limit, uint64_t key, enum bucket_kind kind) {
    struct entry *entry = entry_of(limit, key, false);
    if (entry != NULL) {
        entry->free_at -= (int64_t)limit->bounds[kind].refill_s * 1000000;
    }
}

void guess_limit_right(struct guess_limit *limit, struct text login, const uint8_t address[16],
                       int64_t now) {
    struct text none = {0, NULL};
    struct entry *pair = entry_of(limit, key_of(limit, BUCKET_PAIR, login, address), false);
    if (pair != NULL) {
        pair->free_at = 0;
    }
    give_back(limit, key_of(limit, BUCKET_ADDRESS, none, address), BUCKET_ADDRESS);
    if (!is_known(limit, login, address, now)) {
        give_back(limit, key_of(limit, BUCKET_STRANGERS, login, NULL), BUCKET_STRANGERS);
    }
    entry_of(limit, key_of(limit, BUCKET_KNOWN, login, address), true)->free_at =
        now + (int64_t)KNOWN_ADDRESS_DAYS * 24 * 3600 * 1000000;
}
