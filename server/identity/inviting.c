#include "server/identity/inviting.h"

#include "server/utf8.h"
#include "server/uuid_text.h"

#include <openssl/crypto.h>
#include <stdlib.h>

enum { INVITATION_JSON_MAX = 800 + 6 * NAME_BYTES_MAX };
static const int64_t day_ms = INT64_C(24) * 60 * 60 * 1000;
enum { INVITATION_DAYS = 7 /* unless said otherwise */, ACCESS_DAYS_MAX = 3660 };

static const struct {
    const char *word;
    enum role role;
} case_roles[] = {
    {"member", ROLE_MEMBER},
    {"observer", ROLE_OBSERVER},
    {"specialist", ROLE_SPECIALIST},
    {"patient", ROLE_PATIENT},
};

bool inviting_read_case_role(struct text word, uint8_t *ret_role) {
    for (unsigned i = 0; i < sizeof case_roles / sizeof case_roles[0]; i++) {
        const char *each = case_roles[i].word;
        if (text_equal(word, (struct text){(uint32_t)strlen(each), each})) {
            *ret_role = (uint8_t)case_roles[i].role;
            return true;
        }
    }
    return false;
}

static struct text case_role_word(uint8_t role) {
    for (unsigned i = 0; i < sizeof case_roles / sizeof case_roles[0]; i++) {
        if (case_roles[i].role == role) {
            return (struct text){(uint32_t)strlen(case_roles[i].word), case_roles[i].word};
        }
    }
    return TEXT("");
}

/* Making one */

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

void inviting_go(struct inviting *inviting) {
    administration_need_actor(inviting->errand.identity, inviting->link.organisation,
                              inviting->errand.user, command_invite, inviting);
}

void inviting_refuse(struct inviting *inviting, enum refusal why) {
    on_invited(inviting, false, why, 0);
}

bool inviting_read(struct identity *identity, const struct json_fields *fields,
                   struct invitation *ret) {
    int64_t open_ms, access_ms;
    ret->name = json_field_text(fields, "name");
    if (ret->name.length > NAME_BYTES_MAX || !text_is_utf8(ret->name) ||
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

struct inviting *inviting_begin(struct identity *identity, struct http_exchange *exchange,
                                const struct invitation *invitation) {
    struct inviting *inviting = errand_begin(identity, exchange, sizeof *inviting);
    if (inviting != NULL) {
        struct host_clock *clock = identity->config.clock;
        inviting->invitation = *invitation;
        memcpy(inviting->name, invitation->name.bytes, invitation->name.length);
        inviting->invitation.name.bytes = inviting->name;
        for (uint32_t i = 0; i < invitation->items.count; i++) {
            inviting->items[i] = invitation->items.items[i];
        }
        inviting->invitation.items.items = inviting->items;
        inviting->invitation.by = inviting->errand.user;
        inviting->invitation.id = identity_new_id(identity);
        inviting->link.id = inviting->invitation.id;
        clock->random(clock, inviting->link.secret, sizeof inviting->link.secret);
    }
    return inviting;
}

/* Those that there are */

struct inviting_list {
    struct errand errand;
    uint32_t count;
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

static void write_invitation(struct json *json, const struct invitation *invitation, int64_t now) {
    json_open(json, NULL);
    json_uuid(json, "id", invitation->id);
    json_text(json, "name", invitation->name);
    administration_write_roles(json, invitation->roles);
    if (!uuid_is_zero(invitation->patient_case)) {
        json_text(json, "role", case_role_word(invitation->case_role));
    }
    if (!uuid_is_zero(invitation->board)) {
        json_open_list(json, "items");
        for (uint32_t i = 0; i < invitation->items.count; i++) {
            json_number(json, NULL, invitation->items.items[i]);
        }
        json_close_list(json);
    }
    json_number(json, "until", invitation->until / 1000);
    if (invitation->access_until != 0) {
        json_number(json, "accessUntil", invitation->access_until / 1000);
    }
    json_text(json, "state", state_word(invitation, now));
    json_uuid(json, "by", invitation->by);
    json_close(json);
}

static void on_row(void *data, struct uuid owner, struct bytes row) {
    struct inviting_list *listing = data;
    struct invitation invitation;
    struct arena arena;
    (void)owner;
    arena_init(&arena, row.length + 1024);
    struct reader reader = reader_of(row);
    /* Of one case or board several organisations may hold some. */
    if (listing->count < ORGANISATION_INVITATIONS_MAX &&
        invitation_read(&reader, &arena, &invitation)) {
        listing->count++;
        write_invitation(&listing->json, &invitation, identity_now(listing->errand.identity));
    }
    arena_finish(&arena);
}

static void on_listed(void *data, enum store_result result) {
    struct inviting_list *listing = data;
    json_close_list(&listing->json);
    json_close(&listing->json);
    if (listing->errand.exchange != NULL && result == STORE_OK) {
        http_answer_json(listing->errand.exchange, 200, listing->text, json_end(&listing->json));
    } else if (listing->errand.exchange != NULL) {
        errand_answer_away(listing->errand.exchange);
    }
    free(listing);
}

struct inviting_list *inviting_list_begin(struct identity *identity, struct http_exchange *exchange,
                                          const char *what, struct uuid of_what) {
    struct inviting_list *listing = errand_begin(identity, exchange, sizeof *listing);
    if (listing != NULL) {
        json_begin(&listing->json, listing->text, sizeof listing->text);
        json_open(&listing->json, NULL);
        json_open_list(&listing->json, "invitations");
        organisation_list_name(what, of_what, listing->list);
    }
    return listing;
}

void inviting_list_refuse(struct inviting_list *listing) {
    if (listing->errand.exchange != NULL) {
        administration_answer_absent(listing->errand.exchange);
    }
    free(listing);
}

void inviting_list_go(struct inviting_list *listing) {
    struct identity *identity = listing->errand.identity;
    if (identity->stopping) {
        inviting_list_refuse(listing);
    } else {
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

void inviting_call_back(struct errand *errand, struct uuid actor, struct uuid invitation) {
    struct identity *identity = errand->identity;
    struct arena arena;
    arena_init(&arena, INVITATION_BODY_MAX);
    struct withdraw_invitation command = {.command_id = identity_new_id(identity),
                                          .invitation = invitation};
    node_command(identity->node, CHANNEL_KIND_ORGANISATION, actor, errand->user,
                 withdraw_invitation_encode(&arena, &command), on_withdrawn, errand);
    arena_finish(&arena);
}
