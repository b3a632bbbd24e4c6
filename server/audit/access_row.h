/* Row of `access_log`: who, what, whose, when, from where, with what result. */
#ifndef CONSILIUM_ACCESS_ROW_H
#define CONSILIUM_ACCESS_ROW_H

#include "server/store/seal.h"

enum access_action {
    ACCESS_SIGN_IN = 1,
    ACCESS_SIGN_OUT = 2,
    ACCESS_CASE = 3,     /* its clinical record */
    ACCESS_IMAGES = 4,   /* a list of what there is, a series' metadata or frames */
    ACCESS_DOCUMENT = 5, /* a report */
    ACCESS_UPLOAD = 6,
    ACCESS_LOG = 7,           /* this log itself; of one case, or all of it */
    ACCESS_FACTOR = 8,        /* a second factor, the recovery codes or the password were changed */
    ACCESS_STEP_UP = 9,       /* may sign for some hours */
    ACCESS_SIGNATURE = 10,    /* proved who they are for one signature */
    ACCESS_PASSKEY_COPY = 11, /* a passkey whose counter went back: there may be two of it */
    ACCESS_BREAK_GLASS = 12,  /* somebody asked for access in an emergency */
    ACCESS_DISPLAY = 13,      /* a screen in the hall: its code, or its secret */
    ACCESS_SIGNED_OTHER_OUT = 20, /* ended a sign-in of somebody they administer */
    ACCESS_KEYS = 24,             /* had the tenant's keys rotated */
    ACCESS_EXPORT = 25,           /* a copy of all that is kept of a case or of oneself */
    ACCESS_ARCHIVE_SEARCH = 26,   /* looked for its patient in another archive */
    ACCESS_ARCHIVE_FETCH = 27,    /* had a study fetched from another archive */
};

enum access_result {
    ACCESS_ALLOWED = 0,
    ACCESS_REFUSED = 1,
    ACCESS_EMERGENCY = 2, /* allowed by broken glass, and by nothing else */
};

enum { ACCESS_OBJECT_MAX = 64, ACCESS_ADDRESS_BYTES = 16 };

/* All zero where nothing is known: an unknown login has no user. Compared byte by byte: make it
 * with memset. */
struct access {
    struct uuid user;
    uint64_t sign_in; /* its number; 0 = none */
    struct uuid patient_case;
    uint8_t action, result;
    uint8_t address[ACCESS_ADDRESS_BYTES]; /* IPv6, or IPv4 mapped into it */
    /* UID of a series or document; of many refusals together how many, in digits; or empty. */
    char object[ACCESS_OBJECT_MAX + 1];
};

/* Only what a UID is made of is taken (PS3.5 9.1); of anything else nothing. */
void access_set_object(struct access *access, struct text uid);
/* What has no UID: by a word of this program or an id as text, of ACCESS_OBJECT_MAX at most. Never
 * by anything else that came from outside. */
void access_name_object(struct access *access, struct text name);

struct access_row {
    struct uuid tenant, writer; /* one chain for each life of a node */
    uint64_t number;            /* from 1, dense */
    int64_t at;
    struct uuid node;
    struct access access;
    uint8_t hash[DATABASE_HASH_BYTES];
};

/* What the hash is over, beside the object, which is the payload. */
struct seal_header access_row_header(const struct access_row *row);
struct bytes access_row_payload(const struct access_row *row); /* borrows */

#endif
