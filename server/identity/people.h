/*
 * Who there is: the rows of the `login` list, which the user actors write, held in memory but for
 * what proves who they are (account.h). Looked up by id, mostly. Another node may register people
 * too, so what is not found is looked for again in the store, at most once a second.
 */
#ifndef CONSILIUM_PEOPLE_H
#define CONSILIUM_PEOPLE_H

#include "protocol/arena.h"
#include "protocol/generated/user.h"
#include "server/store/store.h"

enum { PEOPLE_MAX = 50000, LOGIN_BYTES_MAX = 64, NAME_BYTES_MAX = 128, PEOPLE_RELOAD_US = 1000000 };

struct person {
    struct uuid id;
    struct text login;
    struct text name;
    struct membership_list memberships;
    bool closed; /* nobody signs in with it any more: here for its name alone */
};

struct people;
struct people *people_create(struct store *store, struct host_clock *clock);
void people_destroy(struct people *people);

typedef void (*people_loaded)(void *data, bool loaded);
/* Reads all rows; false = the database is away. What was known stays known meanwhile. */
void people_load(struct people *people, people_loaded done, void *data);
bool people_known(const struct people *people); /* loaded once */
uint32_t people_count(const struct people *people);
const struct person *people_at(const struct people *people, uint32_t index);

/* NULL = not here. Borrowed until the next load. */
const struct person *people_by_id(const struct people *people, struct uuid id);
const struct person *people_by_login(const struct people *people, struct text login);
/* Loads again unless that was done within the last second, then calls; possibly at once. */
void people_refresh(struct people *people, people_loaded done, void *data);

/* Logins are lower case; what a person types is brought to that (ASCII only). False = no login. */
bool login_of_text(struct text typed, char ret[LOGIN_BYTES_MAX + 1], struct text *ret_login);

#endif
