/* What a person is in organisations, and the end of that when its time has come. */
#include "actors/growing_list.h"
#include "actors/user.h"

struct membership *user_membership(const struct user *user, struct uuid organisation) {
    for (uint32_t i = 0; i < user->memberships.count; i++) {
        if (uuid_equal(user->memberships.items[i].organisation, organisation)) {
            return &user->memberships.items[i];
        }
    }
    return NULL;
}

/* Events */

static void remove_membership(struct user *user, struct uuid organisation) {
    const struct membership *known = user_membership(user, organisation);
    if (known != NULL) {
        growing_list_remove(&user->memberships, (uint32_t)(known - user->memberships.items));
    }
}

void user_apply_membership_set(struct user *user, const struct event_header *header,
                               const struct membership_set *event) {
    (void)header;
    struct membership *known = user_membership(user, event->membership.organisation);
    if (event->membership.roles == 0) {
        remove_membership(user, event->membership.organisation);
    } else if (known != NULL) {
        *known = event->membership;
    } else {
        *growing_list_add(user->actor.state, &user->memberships) = event->membership;
    }
}

void user_apply_membership_ended(struct user *user, const struct event_header *header,
                                 const struct membership_ended *event) {
    (void)header;
    remove_membership(user, event->organisation);
}

/* Commands */

/* The row as it will be: without the membership `known` (NULL = all stay), and with `added`. */
static void write_row_with(const struct user *user, struct turn *turn,
                           const struct membership *known, const struct membership *added) {
    struct membership items[USER_MEMBERSHIPS_MAX];
    struct membership_list after = {.count = 0, .items = items};
    for (uint32_t i = 0; i < user->memberships.count; i++) {
        if (&user->memberships.items[i] != known) {
            items[after.count++] = user->memberships.items[i];
        }
    }
    if (added != NULL) {
        items[after.count++] = *added;
    }
    struct user_record row = user_row(user);
    row.shown.memberships = after;
    user_write_row(turn, &row);
}

/* Its moment comes as a command, after a restart as well. */
static void watch_end_of(struct turn *turn, const struct membership *membership) {
    if (membership->until != 0) {
        struct membership_due timer = {.command_id = turn_new_id(turn),
                                       .organisation = membership->organisation,
                                       .until = membership->until};
        turn_durable_timer(turn, membership->until, membership_due_encode(turn->arena, &timer));
    }
}

void user_on_set_membership(const struct user *user, struct turn *turn,
                            const struct set_membership *command) {
    const struct membership *wished = &command->membership;
    const struct membership *known = user_membership(user, wished->organisation);
    bool stays = wished->roles != 0;
    if (!user_is_open(user, turn)) {
        return;
    }
    if (known == NULL && stays && user->memberships.count == USER_MEMBERSHIPS_MAX) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
    } else if (known == NULL ? stays : !membership_equal(known, wished)) {
        struct membership_set event = {.membership = *wished};
        turn_event(turn, membership_set_encode(turn->arena, &event));
        write_row_with(user, turn, known, stays ? wished : NULL);
        if (stays) {
            watch_end_of(turn, wished);
        }
    }
}

void user_on_membership_due(const struct user *user, struct turn *turn,
                            const struct membership_due *command) {
    const struct membership *known = user_membership(user, command->organisation);
    if (known != NULL && known->until == command->until) {
        struct membership_ended event = {.organisation = command->organisation};
        turn_event(turn, membership_ended_encode(turn->arena, &event));
        write_row_with(user, turn, known, NULL);
    }
}
