#include "server/identity/administration.h"

#include "protocol/generated/user.h"
#include "server/log.h"
#include "server/uuid_text.h"

#include <assert.h>
#include <fido.h>
#include <stdlib.h>

/* The authority */

struct identification {
    struct identity *identity;
    struct sign_in sign_in;
    void (*answer)(void *data, const struct http_identity *who);
    void *data;
};

static bool describe(struct identification *asked, const struct person *person) {
    if (person == NULL || person->closed) { /* also if a sign-in was under way when it was */
        return false;
    }
    struct http_identity who = {
        .signed_in = true,
        .enrolling = asked->sign_in.enrolling,
        .rights = identity_rights(asked->identity, person->id, NULL),
        .user = person->id,
        .sign_in = asked->sign_in.number,
    };
    asked->answer(asked->data, &who);
    free(asked);
    return true;
}

static void on_refreshed(void *data, bool loaded) {
    struct identification *asked = data;
    struct people *people = asked->identity->people;
    if (describe(asked, people_by_id(people, asked->sign_in.user))) {
        return;
    }
    struct http_identity nobody = {.signed_in = false};
    asked->answer(asked->data, loaded ? &nobody : NULL);
    free(asked);
}

static void on_found(void *data, enum sign_in_answer answer, const struct sign_in *sign_in) {
    struct identification *asked = data;
    if (answer != SIGN_IN_VALID) {
        struct http_identity nobody = {.signed_in = false};
        asked->answer(asked->data, answer == SIGN_IN_AWAY ? NULL : &nobody);
        free(asked);
        return;
    }
    asked->sign_in = *sign_in;
    if (!describe(asked, people_by_id(asked->identity->people, sign_in->user))) {
        people_refresh(asked->identity->people, on_refreshed, asked);
    }
}

/* Affiliations */

static uint16_t rights_until(const struct identity *identity, struct uuid user,
                             const struct uuid *organisation, int64_t *ret_until) {
    const struct person *person = people_by_id(identity->people, user);
    struct host_clock *clock = identity->config.clock;
    return person == NULL ? 0
                          : organisations_rights(identity->organisations, &person->memberships,
                                                 organisation, clock->now(clock), ret_until);
}

uint16_t identity_rights(const struct identity *identity, struct uuid user,
                         const struct uuid *organisation) {
    return rights_until(identity, user, organisation, NULL);
}

static uint16_t rights(struct affiliations *affiliations, struct uuid user,
                       const struct uuid *organisation, int64_t *ret_until) {
    const struct identity *identity =
        (struct identity *)((char *)affiliations - offsetof(struct identity, affiliations));
    return rights_until(identity, user, organisation, ret_until);
}

static void people_at_home(struct affiliations *affiliations, struct uuid organisation,
                           void (*each)(void *data, struct uuid person), void *data) {
    const struct identity *identity =
        (struct identity *)((char *)affiliations - offsetof(struct identity, affiliations));
    for (uint32_t i = 0; i < people_count(identity->people); i++) {
        const struct person *person = people_at(identity->people, i);
        if (administration_is_home(identity, person, organisation)) {
            each(data, person->id);
        }
    }
}

static void organisations_below(struct affiliations *affiliations, struct uuid organisation,
                                void (*each)(void *data, struct uuid organisation), void *data) {
    const struct identity *identity =
        (struct identity *)((char *)affiliations - offsetof(struct identity, affiliations));
    const struct organisations *all = identity->organisations;
    for (uint32_t i = 0; i < organisations_count(all); i++) {
        struct uuid id = organisations_at(all, i)->id;
        if (!uuid_equal(id, ORGANISATION_ROOT) && organisations_is_below(all, id, organisation)) {
            each(data, id);
        }
    }
}

static uint32_t holders(struct affiliations *affiliations, enum role role, struct uuid organisation,
                        struct uuid *ret, uint32_t max) {
    const struct identity *identity =
        (struct identity *)((char *)affiliations - offsetof(struct identity, affiliations));
    uint32_t found = 0;
    for (uint32_t i = 0; i < people_count(identity->people) && found < max; i++) {
        const struct person *person = people_at(identity->people, i);
        if (person->memberships.count > 0 &&
            (identity_rights(identity, person->id, &organisation) & 1u << role) != 0) {
            ret[found++] = person->id;
        }
    }
    return found;
}

struct affiliations *identity_affiliations(struct identity *identity) {
    return &identity->affiliations;
}

static struct identity *identity_of(struct authority *authority) {
    return (struct identity *)((char *)authority - offsetof(struct identity, authority));
}

static void identify(struct authority *authority, struct text token,
                     void (*answer)(void *data, const struct http_identity *who), void *data) {
    struct identity *identity = identity_of(authority);
    struct token_hash hash;
    if (!token_hash_of(token, &hash)) {
        struct http_identity nobody = {.signed_in = false};
        answer(data, &nobody);
        return;
    }
    struct identification *asked = calloc(1, sizeof(*asked));
    if (asked == NULL) {
        answer(data, NULL);
        return;
    }
    asked->identity = identity;
    asked->answer = answer;
    asked->data = data;
    sign_ins_find(identity->sign_ins, &hash, on_found, asked);
}

static bool redeem(struct authority *authority, struct text ticket, struct session_identity *ret) {
    struct identity *identity = identity_of(authority);
    int64_t now = identity->config.clock->now(identity->config.clock);
    struct ticket_holder holder;
    if (!tickets_redeem(identity->tickets, ticket, now, &holder)) {
        return false;
    }
    const struct person *person = people_by_id(identity->people, holder.user);
    if (person == NULL || person->closed) {
        return false;
    }
    *ret = (struct session_identity){
        .user = person->id,
        .name = person->name,
        .sign_in = holder.sign_in,
    };
    return true;
}

void identity_note(struct identity *identity, enum access_action action, enum access_result result,
                   struct uuid user, uint64_t sign_in, struct peer_address address) {
    if (identity->config.access_log == NULL) {
        return;
    }
    struct access access;
    memset(&access, 0, sizeof access);
    access.user = user;
    access.sign_in = sign_in;
    access.action = (uint8_t)action;
    access.result = (uint8_t)result;
    memcpy(access.address, address.bytes, sizeof access.address);
    access_log_write(identity->config.access_log, &access, NULL, NULL);
}

int64_t identity_now(struct identity *identity) {
    return identity->config.clock->now(identity->config.clock);
}

struct uuid identity_new_id(struct identity *identity) {
    uint8_t random[16];
    identity->config.clock->random(identity->config.clock, random, sizeof(random));
    return uuid_of_random(random);
}

void identity_over(struct identity *identity, uint64_t sign_in) {
    tickets_forget(identity->tickets, sign_in);
    gateway_end_sign_in(identity->gateway, sign_in);
}

void identity_used(struct identity *identity, uint64_t sign_in) {
    sign_ins_used(identity->sign_ins, sign_in);
}

static void acted(struct authority *authority, uint64_t sign_in) {
    identity_used(identity_of(authority), sign_in);
}

void identity_change_verifier(struct identity *identity, struct uuid user, const char *verifier,
                              void (*done)(void *data, bool accepted, enum refusal why,
                                           uint64_t version),
                              void *data) {
    struct arena arena;
    arena_init(&arena, 4096);
    struct change_verifier command = {.command_id = identity_new_id(identity),
                                      .verifier = {(uint32_t)strlen(verifier), verifier}};
    struct encoded encoded = change_verifier_encode(&arena, &command);
    if (encoded.fields.bytes != NULL && !identity->stopping) {
        node_command(identity->node, CHANNEL_KIND_USER, user, user, encoded, done, data);
    } else if (done != NULL) {
        done(data, false, REFUSAL_BUSY, 0);
    }
    arena_finish(&arena);
}

struct authority *identity_authority(struct identity *identity) {
    return &identity->authority;
}

/* Its life */

struct identity *identity_create(const struct identity_config *config) {
    struct identity *identity = calloc(1, sizeof(*identity));
    assert(identity != NULL);
    identity->config = *config;
    identity->authority =
        (struct authority){.identify = identify, .redeem = redeem, .acted = acted};
    uint8_t secret[32];
    config->clock->random(config->clock, secret, sizeof(secret));
    identity->guesses = guess_limit_create(&password_guesses, secret);
    identity->code_guesses = guess_limit_create(&code_guesses, secret);
    config->clock->random(config->clock, secret, sizeof(secret));
    identity->challenges = challenges_create(secret);
    fido_init(0);
    identity->tickets = tickets_create();
    identity->sign_ins = sign_ins_create(config->postgres, config->clock);
    identity->people = people_create(config->store, config->clock);
    identity->organisations = organisations_create(config->store);
    identity->affiliations = (struct affiliations){.rights = rights,
                                                   .holders = holders,
                                                   .people = people_at_home,
                                                   .organisations = organisations_below};
    identity->passwords = password_thread_start(config->loop);
    /* Stopped, it may never have been started: a start of the server can fail in between. */
    uv_timer_init(config->loop, &identity->sweep_timer);
    uv_timer_init(config->loop, &identity->retry_timer);
    identity->sweep_timer.data = identity->retry_timer.data = identity;
    /* A hash of something random, with today's parameters. */
    config->clock->random(config->clock, secret, sizeof(secret));
    bool hashed = password_hash((struct text){sizeof(secret), (const char *)secret}, secret,
                                identity->stranger);
    assert(hashed && identity->guesses != NULL && identity->tickets != NULL);
    assert(identity->organisations != NULL);
    assert(identity->code_guesses != NULL && identity->challenges != NULL);
    assert(identity->sign_ins != NULL && identity->people != NULL && identity->passwords != NULL);
    return identity;
}

static void on_over(void *data, uint64_t number) {
    identity_over(data, number);
}

static void on_sweep(uv_timer_t *timer) {
    struct identity *identity = timer->data;
    sign_ins_sweep(identity->sign_ins, on_over, identity);
}

static void on_people(void *data, bool loaded) {
    struct identity *identity = data;
    if (identity->stopping) {
        return;
    }
    if (!loaded) {
        bootstrap_retry(identity);
    } else if (people_count(identity->people) == 0) {
        bootstrap(identity);
    } else if (!identity->ready) {
        identity->ready = true;
        log_info("identity", "ready people=%u", people_count(identity->people));
    }
}

/* The tree first: people mean nothing without it. */
static void on_organisations(void *data, bool loaded) {
    struct identity *identity = data;
    if (!identity->stopping && loaded) {
        people_load(identity->people, on_people, identity);
    } else {
        bootstrap_retry(identity);
    }
}

static void on_retry(uv_timer_t *timer) {
    struct identity *identity = timer->data;
    organisations_load(identity->organisations, on_organisations, identity);
}

void bootstrap_retry(struct identity *identity) {
    if (!identity->stopping) {
        uv_timer_start(&identity->retry_timer, on_retry, IDENTITY_RETRY_MS, 0);
    }
}

void identity_start(struct identity *identity, struct gateway *gateway, struct node *node) {
    identity->gateway = gateway;
    identity->node = node;
    uv_timer_start(&identity->sweep_timer, on_sweep, IDENTITY_SWEEP_MS, IDENTITY_SWEEP_MS);
    add_sign_in_routes(identity);
    add_session_routes(identity);
    add_account_routes(identity);
    add_step_up_routes(identity);
    add_people_routes(identity);
    add_organisation_routes(identity);
    add_display_routes(identity);
    add_emergency_routes(identity);
    organisations_load(identity->organisations, on_organisations, identity);
}

bool identity_ready(const struct identity *identity) {
    return identity->ready;
}

void identity_stop(struct identity *identity) {
    identity->stopping = true;
    password_thread_stop(identity->passwords);
    identity->passwords = NULL;
    uv_close((uv_handle_t *)&identity->sweep_timer, NULL);
    uv_close((uv_handle_t *)&identity->retry_timer, NULL);
}

void identity_destroy(struct identity *identity) {
    if (identity == NULL) {
        return;
    }
    organisations_destroy(identity->organisations);
    people_destroy(identity->people);
    sign_ins_destroy(identity->sign_ins);
    tickets_destroy(identity->tickets);
    guess_limit_destroy(identity->guesses);
    guess_limit_destroy(identity->code_guesses);
    challenges_destroy(identity->challenges);
    free(identity);
}
