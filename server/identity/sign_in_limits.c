/* How long a sign-in lasts. */
#include "server/identity/sign_ins.h"

/*
 * A desk that nobody sits at shows nothing for long: an hour for who reads images, where a meeting
 * is watched without a click; a quarter of one for who can change everybody's account. A screen in
 * the hall has nobody who could do anything: it ends with its day.
 */
const struct sign_in_limits sign_in_limits[SIGN_IN_KINDS] = {
    [SIGN_IN_PERSON] = {60 * 60, 12 * 3600},
    [SIGN_IN_ADMINISTRATOR] = {15 * 60, 8 * 3600},
    [SIGN_IN_DISPLAY] = {24 * 3600, 24 * 3600},
};

bool sign_in_is_over(const struct sign_in *sign_in, int64_t now) {
    const struct sign_in_limits *limits = &sign_in_limits[sign_in->kind];
    int64_t absolute_s = sign_in->enrolling ? SIGN_IN_ENROL_S : (int64_t)limits->absolute_s;
    return now - sign_in->used_at > (int64_t)limits->idle_s * 1000000 ||
           now - sign_in->made_at > absolute_s * 1000000;
}
