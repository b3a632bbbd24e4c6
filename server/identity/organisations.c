#include "server/identity/organisations.h"

#include "actors/organisation.h"

#include <stdlib.h>
#include <string.h>

struct organisations {
    /* Given */
    struct store *store;
    /* Owned */
    struct known_organisation *known; /* sorted by id */
    uint32_t count;
    struct known_organisation *next; /* while loading */
    uint32_t next_count;
    /* Derived */
    bool loading;
    bool broken;
    void (*done)(void *data, bool loaded);
    void *data;
};

struct organisations *organisations_create(struct store *store) {
    struct organisations *organisations = calloc(1, sizeof *organisations);
    if (organisations != NULL) {
        organisations->store = store;
        organisations->known = calloc(ORGANISATIONS_MAX, sizeof *organisations->known);
        organisations->next = calloc(ORGANISATIONS_MAX, sizeof *organisations->next);
    }
    if (organisations == NULL || organisations->known == NULL || organisations->next == NULL) {
        organisations_destroy(organisations);
        return NULL;
    }
    return organisations;
}

void organisations_destroy(struct organisations *organisations) {
    if (organisations != NULL) {
        free(organisations->known);
        free(organisations->next);
        free(organisations);
    }
}

static int by_id(const void *a, const void *b) {
    const struct known_organisation *left = a;
    const struct known_organisation *right = b;
    return memcmp(left->id.bytes, right->id.bytes, sizeof left->id.bytes);
}

static void set_name(struct known_organisation *organisation, struct text name) {
    uint32_t length = name.length < ORGANISATION_NAME_MAX ? name.length : ORGANISATION_NAME_MAX;
    memcpy(organisation->name, name.bytes, length);
    organisation->name[length] = 0;
}

static void on_row(void *data, struct uuid owner, struct bytes row) {
    struct organisations *organisations = data;
    struct arena arena;
    arena_init(&arena, row.length + 4096);
    struct reader reader = reader_of(row);
    struct organisation_snapshot snapshot;
    if (organisations->next_count == ORGANISATIONS_MAX ||
        !organisation_snapshot_read(&reader, &arena, &snapshot)) {
        organisations->broken = true;
    } else {
        struct known_organisation *fresh = &organisations->next[organisations->next_count++];
        fresh->id = owner;
        fresh->parent = snapshot.parent;
        set_name(fresh, snapshot.name);
    }
    arena_finish(&arena);
}

static void on_loaded(void *data, enum store_result result) {
    struct organisations *organisations = data;
    bool loaded = result == STORE_OK && !organisations->broken;
    organisations->loading = false;
    if (loaded) {
        struct known_organisation *before = organisations->known;
        organisations->known = organisations->next;
        organisations->count = organisations->next_count;
        organisations->next = before;
        qsort(organisations->known, organisations->count, sizeof *organisations->known, by_id);
    }
    organisations->done(organisations->data, loaded);
}

void organisations_load(struct organisations *organisations, void (*done)(void *data, bool loaded),
                        void *data) {
    if (organisations->loading) {
        done(data, false);
        return;
    }
    organisations->loading = true;
    organisations->broken = false;
    organisations->next_count = 0;
    organisations->done = done;
    organisations->data = data;
    store_list_all(organisations->store, ORGANISATION_LIST, on_row, on_loaded, organisations);
}

bool organisations_put(struct organisations *organisations,
                       const struct known_organisation *organisation) {
    struct known_organisation *known =
        bsearch(organisation, organisations->known, organisations->count, sizeof *known, by_id);
    if (known == NULL && organisations->count == ORGANISATIONS_MAX) {
        return false;
    }
    if (known != NULL) {
        *known = *organisation;
        return true;
    }
    organisations->known[organisations->count++] = *organisation;
    qsort(organisations->known, organisations->count, sizeof *organisations->known, by_id);
    return true;
}

uint32_t organisations_count(const struct organisations *organisations) {
    return organisations->count;
}

const struct known_organisation *organisations_at(const struct organisations *organisations,
                                                  uint32_t index) {
    return &organisations->known[index];
}

const struct known_organisation *organisations_find(const struct organisations *organisations,
                                                    struct uuid id) {
    struct known_organisation wanted = {.id = id};
    return bsearch(&wanted, organisations->known, organisations->count, sizeof wanted, by_id);
}

/* Zero = the root, or what is not known: a stranger's tree gives nobody anything but the root. */
static struct uuid above(const struct organisations *organisations, struct uuid id) {
    const struct known_organisation *known = organisations_find(organisations, id);
    return known == NULL ? (struct uuid){{0}} : known->parent;
}

uint32_t organisations_depth(const struct organisations *organisations, struct uuid id) {
    uint32_t depth = 0;
    while (!uuid_is_zero(id) && depth < ORGANISATIONS_DEEP_MAX) {
        id = above(organisations, id);
        depth++;
    }
    return depth;
}

bool organisations_is_below(const struct organisations *organisations, struct uuid id,
                            struct uuid top) {
    for (unsigned i = 0; i < ORGANISATIONS_DEEP_MAX; i++) {
        if (uuid_equal(id, top)) {
            return true;
        }
        if (uuid_is_zero(id)) {
            return false;
        }
        id = above(organisations, id);
    }
    return false;
}

static uint16_t roles_in(const struct membership_list *memberships, const struct uuid *organisation,
                         int64_t now, int64_t *until) {
    uint16_t roles = 0;
    for (uint32_t i = 0; i < memberships->count; i++) {
        const struct membership *each = &memberships->items[i];
        bool there = organisation == NULL || uuid_equal(each->organisation, *organisation);
        if (!there || (each->until != 0 && each->until <= now)) {
            continue;
        }
        roles |= each->roles;
        bool first = each->until != 0 && (*until == 0 || each->until < *until);
        *until = first ? each->until : *until;
    }
    return roles;
}

uint16_t organisations_rights(const struct organisations *organisations,
                              const struct membership_list *memberships,
                              const struct uuid *organisation, int64_t now, int64_t *ret_until) {
    int64_t until = 0;
    uint16_t roles = roles_in(memberships, organisation, now, &until);
    struct uuid at = organisation == NULL ? (struct uuid){{0}} : *organisation;
    for (unsigned i = 0; i < ORGANISATIONS_DEEP_MAX && !uuid_is_zero(at); i++) {
        at = above(organisations, at);
        roles |= roles_in(memberships, &at, now, &until);
    }
    if (ret_until != NULL) {
        *ret_until = until;
    }
    return roles;
}
