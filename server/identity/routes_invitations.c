/* Invitations, for who administers an organisation or may share a case: a link for one person,
 * shown once; those that are out; one called back. */
#include "protocol/generated/policy.h"
#include "server/identity/invitations.h"
#include "server/utf8.h"
#include "server/uuid_text.h"

#include <openssl/crypto.h>
#include <stdlib.h>

enum {
    INVITATION_BODY_MAX = 2048,
    INVITATION_JSON_MAX = 512 + 6 * NAME_BYTES_MAX,
};
static const int64_t day_ms = INT64_C(24) * 60 * 60 * 1000;
enum { INVITATION_DAYS = 7 /* unless said otherwise */, ACCESS_DAYS_MAX = 3660 };

/* Inviting */

struct inviting {
    struct errand errand;
    struct invitation invitation;
    char name[NAME_BYTES_MAX];
    struct invitation_link link;
};

static void answer_link(struct inviting *inviting) {
    char words[INVITATION_TEXT_LENGTH + 1], text[512];
    struct json json;
    invitation_link_write(&inviting->link, words);
    json_begin(&json, text, sizeof text);
    json_open(&json, NULL);
    json_uuid(&json, "id", inviting->link.id);
    json_text(&json, "token", (struct text){INVITATION_TEXT_LENGTH, words});
    json_number(&json, "until", inviting->invitation.until / 1000);
    json_close(&json);
    http_answer_json(inviting->errand.exchange, 201, text, json_end(&json));
    OPENSSL_cleanse(text, sizeof text);
    OPENSSL_cleanse(words, sizeof words);
}

static void on_invited(void *data, bool accepted, enum refusal why, uint64_t version) {
    struct inviting *inviting = data;
    (void)version;
    if (inviting->errand.exchange != NULL && accepted) {
        answer_link(inviting);
    } else if (inviting->errand.exchange != NULL) {
        administration_answer_refused(inviting->errand.exchange, why);
    }
    OPENSSL_cleanse(inviting, sizeof *inviting);
    free(inviting);
}

static void command_invite(void *data, bool there) {
    struct inviting *inviting = data;
    struct identity *identity = inviting->errand.identity;
    if (!there) {
        on_invited(inviting, false, REFUSAL_BUSY, 0);
        return;
    }
    uint8_t hash[ORGANISATION_SECRET_HASH_BYTES];
    struct arena arena;
    arena_init(&arena, INVITATION_BODY_MAX);
    invitation_link_hash(&inviting->link, hash);
    struct invite command = {.command_id = identity_new_id(identity),
                             .invitation = inviting->invitation};
    command.invitation.secret_hash = (struct bytes){sizeof hash, hash};
    node_command(identity->node, CHANNEL_KIND_ORGANISATION,
                 administration_actor(inviting->link.organisation), inviting->errand.user,
                 invite_encode(&arena, &command), on_invited, inviting);
    arena_finish(&arena);
}

/* For whom, and two times, which are counted from now. */
static bool read_times(struct identity *identity, const struct json_fields *fields,
                       struct invitation *ret) {
    int64_t open_ms, access_ms;
    ret->name = json_field_text(fields, "name");
    if (ret->name.length == 0 || ret->name.length > NAME_BYTES_MAX || !text_is_utf8(ret->name) ||
        !administration_read_number(fields, "expiresInMs", &open_ms) ||
        !administration_read_number(fields, "accessMs", &access_ms) ||
        open_ms > ORGANISATION_INVITE_DAYS_MAX * day_ms || access_ms > ACCESS_DAYS_MAX * day_ms) {
        return false;
    }
    int64_t now = identity_now(identity);
    ret->until = now + (open_ms == 0 ? INVITATION_DAYS * day_ms : open_ms) * 1000;
    ret->access_until = access_ms == 0 ? 0 : now + access_ms * 1000;
    return true;
}

/* With a secret of its own; NULL = answered. */
static struct inviting *begin_inviting(struct identity *identity, struct http_exchange *exchange,
                                       const struct invitation *invitation) {
    struct inviting *inviting = errand_begin(identity, exchange, sizeof *inviting);
    if (inviting != NULL) {
        struct host_clock *clock = identity->config.clock;
        inviting->invitation = *invitation;
        memcpy(inviting->name, invitation->name.bytes, invitation->name.length);
        inviting->invitation.name.bytes = inviting->name;
        inviting->invitation.by = inviting->errand.user;
        inviting->invitation.id = identity_new_id(identity);
        inviting->link.id = inviting->invitation.id;
        clock->random(clock, inviting->link.secret, sizeof inviting->link.secret);
    }
    return inviting;
}

static void on_invite_body(struct http_exchange *exchange, struct bytes body, void *data) {
    struct identity *identity = data;
    char text[IDENTITY_BODY_MAX];
    struct json_fields fields;
    struct uuid organisation;
    struct invitation invitation = {.roles = 0};
    if (!administration_path(identity, exchange, ORGANISATION_MAY_ADMINISTER, &organisation) ||
        !errand_read(exchange, body, text, &fields)) {
        return;
    }
    if (!read_times(identity, &fields, &invitation) ||
        !administration_read_roles(json_field_text(&fields, "roles"), &invitation.roles) ||
        invitation.roles == 0) {
        http_answer_error(
            exchange, 400, "malformed",
            "Send {\"name\",\"roles\":\"specialist\",\"expiresInMs\"?,\"accessMs\"?}.");
        return;
    }
    struct inviting *inviting = begin_inviting(identity, exchange, &invitation);
    if (inviting != NULL) {
        inviting->link.organisation = organisation;
        administration_need_actor(identity, organisation, inviting->errand.user, command_invite,
                                  inviting);
    }
}

static void on_invite(struct http_exchange *exchange, void *data) {
    http_read_whole(exchange, on_invite_body, data);
}

/* To a case: for who may share it. The organisation they are of holds the invitation. */

static const struct {
    const char *word;
    enum role role;
} case_roles[] = {
    {"member", ROLE_MEMBER},
    {"observer", ROLE_OBSERVER},
    {"specialist", ROLE_SPECIALIST},
    {"patient", ROLE_PATIENT},
};

static bool read_case_role(struct text word, uint8_t *ret_role) {
    for (unsigned i = 0; i < sizeof case_roles / sizeof case_roles[0]; i++) {
        const char *each = case_roles[i].word;
        if (text_equal(word, (struct text){(uint32_t)strlen(each), each})) {
            *ret_role = (uint8_t)case_roles[i].role;
            return true;
        }
    }
    return false;
}

static void on_case_grant(void *data, struct grant grant) {
    struct inviting *inviting = data;
    struct identity *identity = inviting->errand.identity;
    if (identity->stopping || (grant.actions & PATIENT_CASE_MAY_SHARE) == 0) {
        on_invited(inviting, false, REFUSAL_NOT_FOUND, 0);
        return;
    }
    administration_need_actor(identity, inviting->link.organisation, inviting->errand.user,
                              command_invite, inviting);
}

static void on_case_body(struct http_exchange *exchange, struct bytes body, void *data) {
    struct identity *identity = data;
    char text[IDENTITY_BODY_MAX];
    struct json_fields fields;
    struct invitation invitation = {.roles = 0};
    if (!http_capture_uuid(exchange, 0, &invitation.patient_case)) {
        administration_answer_absent(exchange);
        return;
    }
    if (!errand_read(exchange, body, text, &fields)) {
        return;
    }
    bool read = read_times(identity, &fields, &invitation) &&
                read_case_role(json_field_text(&fields, "role"), &invitation.case_role);
    bool lasts = invitation.access_until == 0 && invitation.case_role != ROLE_PATIENT;
    if (!read || lasts) { /* a guest's access ends */
        http_answer_error(exchange, 400, "malformed",
                          "Send {\"name\",\"role\":\"observer\",\"accessMs\",\"expiresInMs\"?}.");
        return;
    }
    struct inviting *inviting = begin_inviting(identity, exchange, &invitation);
    if (inviting != NULL) {
        const struct person *person = people_by_id(identity->people, inviting->errand.user);
        bool is_of_one = person != NULL && person->memberships.count > 0;
        inviting->link.organisation =
            is_of_one ? person->memberships.items[0].organisation : organisation_root;
        node_ask_grant(identity->node, CHANNEL_KIND_PATIENT_CASE, invitation.patient_case,
                       inviting->errand.user, on_case_grant, inviting);
    }
}

static void on_case_invite(struct http_exchange *exchange, void *data) {
    http_read_whole(exchange, on_case_body, data);
}

/* Those that there are */

struct listing {
    struct errand errand;
    char list[ORGANISATION_LIST_NAME_MAX];
    struct json json;
    char text[128 + ORGANISATION_INVITATIONS_MAX * INVITATION_JSON_MAX];
};

static struct text state_word(const struct invitation *invitation, int64_t now) {
    switch (invitation->state) {
    case INVITATION_STATE_TAKEN:
        return TEXT("used");
    case INVITATION_STATE_WITHDRAWN:
        return TEXT("withdrawn");
    default:
        return invitation->until <= now ? TEXT("expired") : TEXT("open");
    }
}

static void on_row(void *data, struct uuid owner, struct bytes row) {
    struct listing *listing = data;
    struct json *json = &listing->json;
    struct invitation invitation;
    struct arena arena;
    (void)owner;
    arena_init(&arena, row.length + 1024);
    struct reader reader = reader_of(row);
    if (invitation_read(&reader, &arena, &invitation)) {
        json_open(json, NULL);
        json_uuid(json, "id", invitation.id);
        json_text(json, "name", invitation.name);
        administration_write_roles(json, invitation.roles);
        json_number(json, "until", invitation.until / 1000);
        json_text(json, "state", state_word(&invitation, identity_now(listing->errand.identity)));
        json_uuid(json, "by", invitation.by);
        json_close(json);
    }
    arena_finish(&arena);
}

static void on_listed(void *data, enum store_result result) {
    struct listing *listing = data;
    json_close_list(&listing->json);
    json_close(&listing->json);
    if (listing->errand.exchange != NULL && result == STORE_OK) {
        http_answer_json(listing->errand.exchange, 200, listing->text, json_end(&listing->json));
    } else if (listing->errand.exchange != NULL) {
        errand_answer_away(listing->errand.exchange);
    }
    free(listing);
}

static void on_list(struct http_exchange *exchange, void *data) {
    struct identity *identity = data;
    struct uuid organisation;
    if (!administration_path(identity, exchange, ORGANISATION_MAY_ADMINISTER, &organisation)) {
        return;
    }
    struct listing *listing = errand_begin(identity, exchange, sizeof *listing);
    if (listing != NULL) {
        json_begin(&listing->json, listing->text, sizeof listing->text);
        json_open(&listing->json, NULL);
        json_open_list(&listing->json, "invitations");
        organisation_list_name(ORGANISATION_INVITATIONS, administration_actor(organisation),
                               listing->list);
        store_list_all(identity->config.store, listing->list, on_row, on_listed, listing);
    }
}

/* One called back */

static void on_withdrawn(void *data, bool accepted, enum refusal why, uint64_t version) {
    struct errand *errand = data;
    (void)version;
    if (errand->exchange != NULL && accepted) {
        administration_answer_done(errand->exchange);
    } else if (errand->exchange != NULL && why == REFUSAL_BAD_STATE) {
        invitation_answer(errand->exchange, INVITATION_USED);
    } else if (errand->exchange != NULL) {
        administration_answer_refused(errand->exchange, why);
    }
    free(errand);
}

static void on_withdraw(struct http_exchange *exchange, void *data) {
    struct identity *identity = data;
    struct uuid organisation, invitation;
    if (!administration_path(identity, exchange, ORGANISATION_MAY_ADMINISTER, &organisation)) {
        return;
    }
    struct uuid actor = administration_actor(organisation);
    if (!http_capture_uuid(exchange, 1, &invitation) ||
        organisations_find(identity->organisations, actor) == NULL) {
        administration_answer_absent(exchange);
        return;
    }
    struct errand *errand = errand_begin(identity, exchange, sizeof *errand);
    if (errand == NULL) {
        return;
    }
    struct arena arena;
    arena_init(&arena, INVITATION_BODY_MAX);
    struct withdraw_invitation command = {.command_id = identity_new_id(identity),
                                          .invitation = invitation};
    node_command(identity->node, CHANNEL_KIND_ORGANISATION, actor, errand->user,
                 withdraw_invitation_encode(&arena, &command), on_withdrawn, errand);
    arena_finish(&arena);
}

static const struct http_route routes[] = {
    {"GET", "/api/organisations/:organisation/invitations", 0, ROUTE_SIGNED_IN, on_list},
    {"POST", "/api/organisations/:organisation/invitations", INVITATION_BODY_MAX, ROUTE_SIGNED_IN,
     on_invite},
    {"POST", "/api/cases/:case/invitations", INVITATION_BODY_MAX, ROUTE_SIGNED_IN, on_case_invite},
    {"POST", "/api/organisations/:organisation/invitations/:invitation/withdraw", 0,
     ROUTE_SIGNED_IN, on_withdraw},
};

void add_invitation_routes(struct identity *identity) {
    http_add_routes(identity->gateway, routes, sizeof routes / sizeof routes[0], identity);
}
