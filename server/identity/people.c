#include "server/identity/people.h"

#include "actors/user.h"
#include "protocol/generated/user.h"
#include "protocol/reader.h"

#include <stdlib.h>

enum { PEOPLE_ARENA_MAX = 64 * 1024 * 1024, WAITERS_MAX = 256 };

struct directory {
    struct arena arena; /* holds the texts */
    struct person *people;
    uint32_t count;
    uint32_t capacity;
};

struct people {
    struct store *store;
    struct host_clock *clock;
    struct directory current;
    struct directory next; /* while loading */
    bool known;
    bool loading;
    bool broken; /* a row of this load could not be kept */
    int64_t loaded_at;
    struct {
        people_loaded done;
        void *data;
    } waiters[WAITERS_MAX];
    uint32_t waiter_count;
};

static void directory_finish(struct directory *directory) {
    arena_finish(&directory->arena);
    free(directory->people);
    *directory = (struct directory){.count = 0};
}

struct people *people_create(struct store *store, struct host_clock *clock) {
    struct people *people = calloc(1, sizeof(*people));
    if (people != NULL) {
        people->store = store;
        people->clock = clock;
    }
    return people;
}

void people_destroy(struct people *people) {
    if (people != NULL) {
        directory_finish(&people->current);
        directory_finish(&people->next);
        free(people);
    }
}

static bool keep(struct directory *directory, struct uuid owner, const struct user_record *record) {
    if (directory->count == PEOPLE_MAX) {
        return false;
    }
    if (directory->count == directory->capacity) {
        uint32_t capacity = directory->capacity == 0 ? 64 : directory->capacity * 2;
        struct person *grown = realloc(directory->people, capacity * sizeof(*grown));
        if (grown == NULL) {
            return false;
        }
        directory->people = grown;
        directory->capacity = capacity;
    }
    struct person *person = &directory->people[directory->count];
    *person = (struct person){.id = owner, .closed = record->shown.closed};
    uint32_t count = record->shown.memberships.count;
    if (count > 0) {
        person->memberships.count = count;
        person->memberships.items = arena_copy(&directory->arena, record->shown.memberships.items,
                                               count * sizeof *person->memberships.items);
    }
    person->login = arena_text(&directory->arena, record->shown.login);
    person->name = arena_text(&directory->arena, record->shown.name);
    if (directory->arena.failed) {
        return false;
    }
    directory->count++;
    return true;
}

static void on_row(void *data, struct uuid owner, struct bytes row) {
    struct people *people = data;
    struct arena arena;
    arena_init(&arena, row.length + 4096);
    struct reader reader = reader_of(row);
    struct user_record record;
    if (!user_record_read(&reader, &arena, &record) || !keep(&people->next, owner, &record)) {
        people->broken = true;
    }
    arena_finish(&arena);
}

static int by_id(const void *a, const void *b) {
    const struct person *left = a;
    const struct person *right = b;
    return memcmp(left->id.bytes, right->id.bytes, sizeof(left->id.bytes));
}

static void on_loaded(void *data, enum store_result result) {
    struct people *people = data;
    bool loaded = result == STORE_OK && !people->broken;
    people->loading = false;
    if (loaded) {
        directory_finish(&people->current);
        people->current = people->next;
        people->next = (struct directory){.count = 0};
        if (people->current.count > 0) {
            qsort(people->current.people, people->current.count, sizeof(struct person), by_id);
        }
        people->known = true;
        people->loaded_at = people->clock->now(people->clock);
    } else {
        directory_finish(&people->next);
    }
    uint32_t count = people->waiter_count;
    people->waiter_count = 0;
    /* A waiter may ask again, which fills the places that were emptied: call from a copy. */
    struct {
        people_loaded done;
        void *data;
    } waiters[WAITERS_MAX];
    memcpy(waiters, people->waiters, count * sizeof(waiters[0]));
    for (uint32_t i = 0; i < count; i++) {
        waiters[i].done(waiters[i].data, loaded);
    }
}

void people_load(struct people *people, people_loaded done, void *data) {
    if (people->waiter_count == WAITERS_MAX) {
        done(data, false);
        return;
    }
    people->waiters[people->waiter_count].done = done;
    people->waiters[people->waiter_count].data = data;
    people->waiter_count++;
    if (!people->loading) {
        people->loading = true;
        people->broken = false;
        arena_init(&people->next.arena, PEOPLE_ARENA_MAX);
        store_list_all(people->store, USER_LOGIN_LIST, on_row, on_loaded, people);
    }
}

void people_refresh(struct people *people, people_loaded done, void *data) {
    int64_t age = people->clock->now(people->clock) - people->loaded_at;
    if (people->known && age >= 0 && age < PEOPLE_RELOAD_US) {
        done(data, true);
    } else {
        people_load(people, done, data);
    }
}

bool people_known(const struct people *people) {
    return people->known;
}

uint32_t people_count(const struct people *people) {
    return people->current.count;
}

const struct person *people_at(const struct people *people, uint32_t index) {
    return &people->current.people[index];
}

const struct person *people_by_id(const struct people *people, struct uuid id) {
    struct person wanted = {.id = id};
    return people->current.count == 0 ? NULL
                                      : bsearch(&wanted, people->current.people,
                                                people->current.count, sizeof(wanted), by_id);
}

const struct person *people_by_login(const struct people *people, struct text login) {
    for (uint32_t i = 0; i < people->current.count; i++) {
        if (text_equal(people->current.people[i].login, login)) {
            return &people->current.people[i];
        }
    }
    return NULL;
}

bool login_of_text(struct text typed, char ret[LOGIN_BYTES_MAX + 1], struct text *ret_login) {
    if (typed.length == 0 || typed.length > LOGIN_BYTES_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < typed.length; i++) {
        char c = typed.bytes[i];
        if ((unsigned char)c <= ' ' || c == 0x7f) {
            return false;
        }
        ret[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    ret[typed.length] = 0;
    *ret_login = (struct text){typed.length, ret};
    return true;
}
