#include "server/identity/enrolments.h"

#include <openssl/crypto.h>
#include <string.h>

struct enrolment *enrolments_of(struct enrolments *enrolments, struct uuid user, int64_t now) {
    struct enrolment *found = NULL;
    for (unsigned i = 0; i < ENROLMENTS_MAX; i++) {
        struct enrolment *each = &enrolments->list[i];
        if (each->until != 0 && each->until <= now) {
            enrolments_end(each);
        }
        if (each->until != 0 && uuid_equal(each->user, user)) {
            found = each;
        }
    }
    return found;
}

struct enrolment *enrolments_begin(struct enrolments *enrolments, struct uuid user,
                                   const uint8_t random[TOTP_SECRET_BYTES], int64_t now) {
    struct enrolment *place = enrolments_of(enrolments, user, now);
    for (unsigned i = 0; i < ENROLMENTS_MAX && place == NULL; i++) {
        place = enrolments->list[i].until == 0 ? &enrolments->list[i] : NULL;
    }
    if (place != NULL) {
        *place = (struct enrolment){.user = user, .until = now + (int64_t)ENROLMENT_S * 1000000};
        memcpy(place->secret, random, sizeof place->secret);
    }
    return place;
}

void enrolments_end(struct enrolment *enrolment) {
    OPENSSL_cleanse(enrolment, sizeof *enrolment);
}
