/*
 * The tree of organisations, in memory: the rows of the `organisation` list, which the organisation
 * actors write. It is small (ORGANISATIONS_MAX) and asked for every grant, so what stands above an
 * organisation is found without asking anybody.
 */
#ifndef CONSILIUM_ORGANISATIONS_H
#define CONSILIUM_ORGANISATIONS_H

#include "protocol/generated/user.h"
#include "server/store/store.h"

enum {
    ORGANISATIONS_MAX = 1000,
    ORGANISATIONS_DEEP_MAX = 8, /* one above the other, the root included */
    ORGANISATION_NAME_MAX = 120,
};

struct known_organisation {
    struct uuid id;
    struct uuid parent; /* zero = the tenant's root */
    char name[ORGANISATION_NAME_MAX + 1];
};

struct organisations;
struct organisations *organisations_create(struct store *store);
void organisations_destroy(struct organisations *organisations);

/* Reads all rows; false = the database is away, and what was known stays known. */
void organisations_load(struct organisations *organisations, void (*done)(void *data, bool loaded),
                        void *data);
/* One that was made or renamed here. False = there are too many. */
bool organisations_put(struct organisations *organisations,
                       const struct known_organisation *organisation);
uint32_t organisations_count(const struct organisations *organisations);
const struct known_organisation *organisations_at(const struct organisations *organisations,
                                                  uint32_t index);
const struct known_organisation *organisations_find(const struct organisations *organisations,
                                                    struct uuid id); /* NULL = not known */
/* How many stand above it, the root included; ORGANISATIONS_DEEP_MAX = as many as may. */
uint32_t organisations_depth(const struct organisations *organisations, struct uuid id);

/* It is `top`, or stands somewhere under it. */
bool organisations_is_below(const struct organisations *organisations, struct uuid id,
                            struct uuid top);

/* What memberships give towards what `organisation` owns: those there and above it. NULL =
 * anywhere. `now` in microseconds since 1970: what has ended gives nothing. ret_until (NULL = not
 * asked): when the first of those that give something ends, 0 = none does by itself. */
uint16_t organisations_rights(const struct organisations *organisations,
                              const struct membership_list *memberships,
                              const struct uuid *organisation, int64_t now, int64_t *ret_until);

#endif
