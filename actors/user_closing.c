/*
 * Closing an account (GDPR 17). What was for its person alone is gone from their state, and what
 * proves who they are is worth nothing. Their name and login stay: whoever looked at a case, wrote
 * in it or signed is named there for as long as the record must be kept.
 */
#include "actors/user.h"

void user_on_close_account(const struct user *user, struct turn *turn,
                           const struct close_account *command) {
    (void)command;
    if (!user->registered) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (!user->closed) {
        struct account_closed event = {0};
        turn_event(turn, account_closed_encode(turn->arena, &event));
        struct user_record row = {
            .shown = {.name = user->name, .login = user->login, .closed = true}};
        user_write_row(turn, &row);
    }
}

void user_apply_account_closed(struct user *user, const struct event_header *header,
                               const struct account_closed *event) {
    (void)header;
    (void)event;
    *user = (struct user){.actor = user->actor,
                          .registered = true,
                          .closed = true,
                          .login = user->login,
                          .name = user->name};
}

bool user_is_open(const struct user *user, struct turn *turn) {
    if (!user->registered || user->closed) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    }
    return user->registered && !user->closed;
}
