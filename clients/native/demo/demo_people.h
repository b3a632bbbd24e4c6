#ifndef CONSILIUM_CLIENTS_NATIVE_DEMO_PEOPLE_H
#define CONSILIUM_CLIENTS_NATIVE_DEMO_PEOPLE_H

#include "clients/native/http.h"
#include "protocol/generated/session.h"

#include <stdbool.h>
#include <stddef.h>

// The people of the demonstration: who they are, and how they come to be able to sign in.

enum demo_part {
    DEMO_CHAIR,
    DEMO_COORDINATOR,
    DEMO_RADIOLOGIST,
    DEMO_ONCOLOGIST,
    DEMO_OBSERVER,
    DEMO_REFERRER, // of the cranium case; not on the board
    DEMO_PEOPLE_COUNT,
};

struct demo_person {
    const char *login;
    const char *name;
    const char *discipline; // as shown
    const char *role;       // in words, for those who choose whom to be
    enum role on_board;     // ROLE_REFERRER: not a member of the board
};

extern const struct demo_person demo_people[DEMO_PEOPLE_COUNT];

enum { DEMO_PASSWORD_LENGTH = 14 };

// The id of a person, derived from their login.
struct uuid demo_person_id(enum demo_part part);

// One password for all of them, derived from the administrator's: the same on every run for this
// server, unknown to everybody else.
void demo_password(char ret_password[DEMO_PASSWORD_LENGTH + 1], const char *administrator_password);

// Makes them on the server; `http` is signed in as administrator. Again makes nobody twice. False
// with the status the server answered (0: none).
bool demo_people_make(struct http_client *http, const char *password, unsigned *ret_status);

#endif
