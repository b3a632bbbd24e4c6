#include "server/identity/account.h"

#include "actors/user.h"

#include <openssl/crypto.h>
#include <stdlib.h>

struct reading {
    struct account *account;
    void (*done)(void *data, bool read);
    void *data;
};

static void on_row(void *data, enum store_result result, struct uuid owner, struct bytes row) {
    struct reading *reading = data;
    struct account *account = reading->account;
    bool read = result == STORE_ABSENT;
    if (result == STORE_OK) {
        arena_init(&account->arena, 2 * (size_t)row.length + 4096);
        /* The row is borrowed; what was read borrows from the copy. */
        struct reader reader = reader_of(arena_bytes(&account->arena, row));
        read = user_record_read(&reader, &account->arena, &account->record);
        account->known = read;
        account->id = owner;
    }
    reading->done(reading->data, read);
    free(reading);
}

void account_read(struct store *store, struct account *account, struct text login,
                  void (*done)(void *data, bool read), void *data) {
    struct reading *reading = calloc(1, sizeof *reading);
    *account = (struct account){.known = false};
    if (reading == NULL) {
        done(data, false);
        return;
    }
    *reading = (struct reading){account, done, data};
    struct bytes key = {login.length, (const uint8_t *)login.bytes};
    store_list_get(store, USER_LOGIN_LIST, key, on_row, reading);
}

static void wipe(struct bytes bytes) {
    OPENSSL_cleanse((void *)(uintptr_t)bytes.bytes, bytes.length);
}

void account_finish(struct account *account) {
    if (account->known) {
        for (uint32_t i = 0; i < account->record.factors.count; i++) {
            wipe(account->record.factors.items[i].secret);
        }
        arena_finish(&account->arena);
    }
    *account = (struct account){.known = false};
}

unsigned account_factors(const struct account *account) {
    unsigned kinds = 0;
    for (uint32_t i = 0; i < account->record.factors.count; i++) {
        kinds |= 1u << account->record.factors.items[i].kind;
    }
    return kinds;
}

const struct factor *account_factor(const struct account *account, struct uuid id) {
    for (uint32_t i = 0; i < account->record.factors.count; i++) {
        if (uuid_equal(account->record.factors.items[i].id, id)) {
            return &account->record.factors.items[i];
        }
    }
    return NULL;
}

const struct factor *account_passkey(const struct account *account, struct bytes credential) {
    for (uint32_t i = 0; i < account->record.factors.count; i++) {
        const struct factor *factor = &account->record.factors.items[i];
        if (factor->kind == FACTOR_KIND_PASSKEY && bytes_equal(factor->credential, credential)) {
            return factor;
        }
    }
    return NULL;
}
