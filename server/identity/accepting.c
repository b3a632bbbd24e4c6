#include "server/identity/accepting.h"

#include "protocol/generated/board.h"
#include "protocol/generated/patient_case.h"
#include "protocol/generated/policy.h"

#include <openssl/crypto.h>
#include <stdlib.h>

void accepting_finish(struct accepting *accepting) {
    arena_finish(&accepting->arena);
    OPENSSL_cleanse(accepting, sizeof *accepting);
    free(accepting);
}

bool accepting_makes_person(const struct accepting *accepting) {
    return accepting->person.login[0] != 0;
}

void accepting_refuse(struct accepting *accepting, enum invitation_standing standing) {
    if (accepting->errand.exchange != NULL) {
        invitation_answer(accepting->errand.exchange, standing);
    }
    accepting_finish(accepting);
}

void accepting_give_up(struct accepting *accepting) {
    if (accepting->errand.exchange != NULL) {
        errand_answer_away(accepting->errand.exchange);
    }
    accepting_finish(accepting);
}

/* The end: they belong */

static void on_belongs(void *data, bool accepted, enum refusal why) {
    struct accepting *accepting = data;
    struct http_exchange *exchange = accepting->errand.exchange;
    if (exchange != NULL && !accepted) {
        administration_answer_refused(exchange, why);
    } else if (exchange != NULL && accepting_makes_person(accepting) && !accepting->made) {
        /* Done again, or by somebody else: who they are shows when they sign in. */
        invitation_answer(exchange, INVITATION_USED);
    } else if (exchange != NULL) {
        char text[160];
        struct json json;
        json_begin(&json, text, sizeof text);
        json_open(&json, NULL);
        json_uuid(&json, "id", accepting->person.id);
        if (!uuid_is_zero(accepting->invitation.board)) {
            json_uuid(&json, "board", accepting->invitation.board);
        }
        json_close(&json);
        http_answer_json(exchange, accepting_makes_person(accepting) ? 201 : 200, text,
                         json_end(&json));
    }
    accepting_finish(accepting);
}

/* A case, for as long as the invitation says. Who sees it already keeps what they are there. */
static void on_case_granted(void *data, bool accepted, enum refusal why, uint64_t version) {
    (void)version;
    on_belongs(data, accepted, why);
}

static void on_case_grant(void *data, struct grant grant) {
    struct accepting *accepting = data;
    struct identity *identity = accepting->errand.identity;
    const struct person *person = people_by_id(identity->people, accepting->person.id);
    if (identity->stopping || person == NULL) {
        on_belongs(accepting, false, REFUSAL_BUSY);
        return;
    }
    if ((grant.audiences & (AUDIENCE_CLINICAL | AUDIENCE_PATIENT)) != 0) {
        on_belongs(accepting, true, REFUSAL_BUSY);
        return;
    }
    struct arena arena;
    arena_init(&arena, ACCEPT_BODY_MAX);
    struct grant_access command = {
        .command_id = invitation_link_id(&accepting->link, "case"),
        .member = {.user = person->id,
                   .role = accepting->invitation.case_role,
                   .name = person->name,
                   .until = accepting->invitation.access_until},
    };
    node_command(identity->node, CHANNEL_KIND_PATIENT_CASE, accepting->invitation.patient_case,
                 accepting->invitation.by, grant_access_encode(&arena, &command), on_case_granted,
                 accepting);
    arena_finish(&arena);
}

/* A board's items. It may be over, or the link called back, since it was taken. */
static void on_admitted(void *data, bool accepted, enum refusal why, uint64_t version) {
    struct accepting *accepting = data;
    (void)version;
    if (!accepted && why == REFUSAL_BAD_STATE) {
        accepting_refuse(accepting, INVITATION_EXPIRED);
    } else if (!accepted && why == REFUSAL_NOT_FOUND) {
        accepting_refuse(accepting, INVITATION_CALLED_BACK);
    } else {
        on_belongs(accepting, accepted, why);
    }
}

static void admit(struct accepting *accepting) {
    struct identity *identity = accepting->errand.identity;
    const struct person *person = people_by_id(identity->people, accepting->person.id);
    if (identity->stopping || person == NULL) {
        on_belongs(accepting, false, REFUSAL_BUSY);
        return;
    }
    struct arena arena;
    arena_init(&arena, ACCEPT_BODY_MAX);
    struct admit_guest command = {
        .command_id = invitation_link_id(&accepting->link, "board"),
        .member = {.user = person->id,
                   .role = ROLE_GUEST,
                   .name = person->name,
                   .items = accepting->invitation.items,
                   .until = accepting->invitation.access_until,
                   .link = accepting->invitation.id},
    };
    node_command(identity->node, CHANNEL_KIND_BOARD, accepting->invitation.board,
                 accepting->invitation.by, admit_guest_encode(&arena, &command), on_admitted,
                 accepting);
    arena_finish(&arena);
}

static void on_member(void *data, bool accepted, enum refusal why) {
    struct accepting *accepting = data;
    if (accepted && !uuid_is_zero(accepting->invitation.board)) {
        admit(accepting);
    } else if (!accepted || uuid_is_zero(accepting->invitation.patient_case)) {
        on_belongs(accepting, accepted, why);
    } else {
        node_ask_grant(accepting->errand.identity->node, CHANNEL_KIND_PATIENT_CASE,
                       accepting->invitation.patient_case, accepting->person.id, on_case_grant,
                       accepting);
    }
}

static int64_t later(int64_t a, int64_t b) {
    return a == 0 || b == 0 ? 0 : (a > b ? a : b);
}

bool accepting_membership(const struct accepting *accepting, struct membership *ret) {
    struct identity *identity = accepting->errand.identity;
    const struct person *person = people_by_id(identity->people, accepting->person.id);
    const struct membership *known =
        person == NULL ? NULL
                       : administration_membership(identity, person, accepting->link.organisation);
    *ret = (struct membership){.organisation = accepting->link.organisation,
                               .roles = accepting->invitation.roles,
                               .until = accepting->invitation.access_until};
    if (known == NULL || ret->roles == 0) { /* of a case or a board: it changes none of theirs */
        return true;
    }
    bool beyond = (known->roles & ~ret->roles) != 0;
    bool same_end = known->until == ret->until;
    ret->roles |= known->roles;
    ret->until = later(ret->until, known->until);
    return !beyond || same_end;
}

static void join(struct accepting *accepting) {
    struct identity *identity = accepting->errand.identity;
    struct membership membership;
    if (accepting->invitation.roles == 0) {
        on_member(accepting, true, REFUSAL_BUSY);
        return;
    }
    if (!accepting_membership(accepting, &membership)) {
        on_member(accepting, false, REFUSAL_CONFLICT);
        return;
    }
    administration_set_membership(identity, accepting->person.id, accepting->invitation.by,
                                  invitation_link_id(&accepting->link, "membership"), &membership,
                                  on_member, accepting);
}

/* The person */

static void on_looked_again(void *data, bool loaded) {
    struct accepting *accepting = data;
    struct identity *identity = accepting->errand.identity;
    if (!loaded || identity->stopping) {
        accepting_give_up(accepting);
    } else if (people_by_id(identity->people, accepting->person.id) != NULL) {
        join(accepting); /* another one was faster, with this very link */
    } else {
        if (accepting->errand.exchange != NULL) {
            http_answer_error(accepting->errand.exchange, 409, "login_taken",
                              "Somebody has this login already.");
        }
        accepting_finish(accepting);
    }
}

static void on_registered(void *data, enum registration_result result) {
    struct accepting *accepting = data;
    accepting->made = result == REGISTRATION_MADE;
    OPENSSL_cleanse(accepting->password, sizeof accepting->password);
    if (accepting->errand.identity->stopping || result == REGISTRATION_BUSY) {
        accepting_give_up(accepting);
    } else if (result == REGISTRATION_LOGIN_TAKEN) {
        people_load(accepting->errand.identity->people, on_looked_again, accepting);
    } else {
        join(accepting);
    }
}

/* The invitation is given to one */

static void on_taken(void *data, bool accepted, enum refusal why, uint64_t version) {
    struct accepting *accepting = data;
    struct identity *identity = accepting->errand.identity;
    (void)version;
    if (!accepted && why == REFUSAL_BAD_STATE) {
        accepting_refuse(accepting, INVITATION_USED);
    } else if (!accepted && why == REFUSAL_NOT_FOUND) {
        accepting_refuse(accepting, INVITATION_WRONG);
    } else if (!accepted || identity->stopping) {
        accepting_give_up(accepting);
    } else if (accepting_makes_person(accepting)) {
        struct text password = {accepting->password_length, accepting->password};
        register_person(identity, &accepting->person, password, on_registered, accepting);
    } else {
        join(accepting);
    }
}

static void take(struct accepting *accepting) {
    struct identity *identity = accepting->errand.identity;
    uint8_t hash[ORGANISATION_SECRET_HASH_BYTES];
    struct arena arena;
    arena_init(&arena, ACCEPT_BODY_MAX);
    invitation_link_hash(&accepting->link, hash);
    struct take_invitation command = {.command_id = identity_new_id(identity),
                                      .invitation = accepting->link.id,
                                      .secret_hash = {sizeof hash, hash},
                                      .user = accepting->person.id};
    node_command(identity->node, CHANNEL_KIND_ORGANISATION,
                 administration_actor(accepting->link.organisation), accepting->person.id,
                 take_invitation_encode(&arena, &command), on_taken, accepting);
    arena_finish(&arena);
}

/* Who invited must still be one who may: what they could give they may have lost since. */

static void on_author(void *data, struct grant grant) {
    struct accepting *accepting = data;
    if (accepting->errand.identity->stopping) {
        accepting_give_up(accepting);
    } else if ((grant.actions & PATIENT_CASE_MAY_SHARE) == 0) {
        accepting_refuse(accepting, INVITATION_CALLED_BACK);
    } else {
        take(accepting);
    }
}

/* Who is on the roster stays what they are there, and leaves the link to another. */
static void on_roster(void *data, struct grant grant) {
    static const uint16_t roster = 1u << ROLE_CHAIR | 1u << ROLE_COORDINATOR | 1u << ROLE_MEMBER |
                                   1u << ROLE_OBSERVER | 1u << ROLE_GUEST | 1u << ROLE_DISPLAY;
    struct accepting *accepting = data;
    struct http_exchange *exchange = accepting->errand.exchange;
    bool again = accepting->invitation.state == INVITATION_STATE_TAKEN;
    if (accepting->errand.identity->stopping) {
        accepting_give_up(accepting);
    } else if ((grant.roles & roster) != 0 && !again) {
        if (exchange != NULL) {
            http_answer_error(exchange, 409, "on_roster", "You take part in this meeting already.");
        }
        accepting_finish(accepting);
    } else {
        take(accepting);
    }
}

/* The meeting may be over while who invited is its chair still. */
static void on_board_author(void *data, struct grant grant) {
    struct accepting *accepting = data;
    struct identity *identity = accepting->errand.identity;
    bool leads = (grant.roles & (1u << ROLE_CHAIR | 1u << ROLE_COORDINATOR)) != 0;
    if (identity->stopping) {
        accepting_give_up(accepting);
    } else if ((grant.actions & BOARD_MAY_INVITE) == 0) {
        accepting_refuse(accepting, leads ? INVITATION_EXPIRED : INVITATION_CALLED_BACK);
    } else {
        node_ask_grant(identity->node, CHANNEL_KIND_BOARD, accepting->invitation.board,
                       accepting->person.id, on_roster, accepting);
    }
}

void accepting_go(struct accepting *accepting) {
    struct identity *identity = accepting->errand.identity;
    const struct invitation *invitation = &accepting->invitation;
    const struct person *author = people_by_id(identity->people, invitation->by);
    uint32_t may = administration_may(identity, invitation->by, accepting->link.organisation);
    if (author == NULL || author->closed ||
        (invitation->roles != 0 && (may & ORGANISATION_MAY_ADMINISTER) == 0)) {
        accepting_refuse(accepting, INVITATION_CALLED_BACK);
    } else if (!uuid_is_zero(invitation->board)) {
        node_ask_grant(identity->node, CHANNEL_KIND_BOARD, invitation->board, invitation->by,
                       on_board_author, accepting);
    } else if (uuid_is_zero(invitation->patient_case)) {
        take(accepting);
    } else {
        node_ask_grant(identity->node, CHANNEL_KIND_PATIENT_CASE, invitation->patient_case,
                       invitation->by, on_author, accepting);
    }
}
