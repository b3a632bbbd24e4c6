/*
 * A person: how they sign in, what is on their worklist, their preferences, read marks and private
 * notes. Only they see it; the verifier of their password nobody sees. Boards and cases put and
 * remove worklist entries.
 */
#ifndef CONSILIUM_USER_H
#define CONSILIUM_USER_H

#include "actors/runtime/actor.h"
#include "protocol/generated/user_behaviour.h"

/* The bounds of user.schema. */
enum {
    USER_ENTRIES_MAX = 2000,
    USER_PREFERENCES_MAX = 200,
    USER_READ_MARKS_MAX = 2000,
    USER_NOTES_MAX = 1000,
    USER_MEMBERSHIPS_MAX = 16,
};

/* The list that identity looks people up in: key = login, row = an encoded UserRecord without
 * lists. */
#define USER_LOGIN_LIST "login"

struct user {
    struct actor actor;
    /* Committed */
    bool registered;
    struct text login;
    struct text name;
    struct text verifier;
    struct worklist_entry_list entries;
    struct preference_list preferences;
    struct read_mark_list read_marks;
    struct note_list notes; /* about cases, for nobody else */
    struct membership_list memberships;
};

#endif
