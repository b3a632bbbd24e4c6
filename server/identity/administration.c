#include "server/identity/administration.h"

#include "protocol/generated/policy.h"
#include "server/utf8.h"

#include <stdlib.h>

enum { COMMAND_BYTES_MAX = 4096 };

/* What may be given in an organisation. Other roles are those of a board or a case. */
static const struct {
    const char *word;
    uint16_t role;
} words[] = {
    {"administrator", 1u << ROLE_ADMINISTRATOR},
    {"coordinator", 1u << ROLE_COORDINATOR},
    {"nurse_navigator", 1u << ROLE_NURSE_NAVIGATOR},
    {"privacy_officer", 1u << ROLE_PRIVACY_OFFICER},
    {"specialist", 1u << ROLE_SPECIALIST},
    {"referrer", 1u << ROLE_REFERRER},
};
enum { WORDS = sizeof words / sizeof words[0] };

bool administration_knows(const struct identity *identity, struct uuid organisation) {
    bool is_actor = uuid_equal(organisation, ORGANISATION_ROOT);
    return uuid_is_zero(organisation) ||
           (!is_actor && organisations_find(identity->organisations, organisation) != NULL);
}

uint32_t administration_may(const struct identity *identity, struct uuid user,
                            struct uuid organisation) {
    if (!administration_knows(identity, organisation)) {
        return 0;
    }
    return policy_of_organisation(identity_rights(identity, user, &organisation), 0).actions;
}

struct uuid administration_actor(struct uuid organisation) {
    return uuid_is_zero(organisation) ? ORGANISATION_ROOT : organisation;
}

struct text administration_name(const struct identity *identity, struct uuid organisation) {
    const struct known_organisation *known =
        organisations_find(identity->organisations, administration_actor(organisation));
    return known == NULL ? TEXT("") : (struct text){(uint32_t)strlen(known->name), known->name};
}

bool administration_lasts(const struct identity *identity, const struct membership *membership) {
    struct host_clock *clock = identity->config.clock;
    return membership->until == 0 || membership->until > clock->now(clock);
}

const struct membership *administration_membership(const struct identity *identity,
                                                   const struct person *person,
                                                   struct uuid organisation) {
    for (uint32_t i = 0; i < person->memberships.count; i++) {
        const struct membership *each = &person->memberships.items[i];
        if (uuid_equal(each->organisation, organisation) && administration_lasts(identity, each)) {
            return each;
        }
    }
    return NULL;
}

/* How many they have now, and how many of these `counts`. */
struct tally {
    uint32_t all, counted;
};

static struct tally tally_of(const struct identity *identity, const struct person *person,
                             bool (*counts)(const struct identity *identity,
                                            struct uuid organisation, struct uuid by),
                             struct uuid by) {
    struct tally tally = {0, 0};
    for (uint32_t i = 0; i < person->memberships.count; i++) {
        const struct membership *each = &person->memberships.items[i];
        if (administration_lasts(identity, each)) {
            tally.all++;
            tally.counted += counts(identity, each->organisation, by);
        }
    }
    return tally;
}

static bool is_it(const struct identity *identity, struct uuid organisation, struct uuid by) {
    (void)identity;
    return uuid_equal(organisation, by);
}

static bool is_under(const struct identity *identity, struct uuid organisation, struct uuid by) {
    return organisations_is_below(identity->organisations, organisation, by);
}

static bool is_run_by(const struct identity *identity, struct uuid organisation, struct uuid by) {
    return (administration_may(identity, by, organisation) & ORGANISATION_MAY_ADMINISTER) != 0;
}

bool administration_belongs(const struct identity *identity, const struct person *person,
                            struct uuid organisation) {
    struct tally tally = tally_of(identity, person, is_it, organisation);
    bool lost = uuid_is_zero(organisation) && tally.all == 0 && !person->closed;
    return tally.counted > 0 || lost;
}

bool administration_is_below(const struct identity *identity, const struct person *person,
                             struct uuid organisation) {
    struct tally tally = tally_of(identity, person, is_under, organisation);
    return tally.counted > 0 || (uuid_is_zero(organisation) && tally.all == 0);
}

bool administration_is_home(const struct identity *identity, const struct person *person,
                            struct uuid organisation) {
    struct tally tally = tally_of(identity, person, is_under, organisation);
    return tally.counted == tally.all && (tally.all > 0 || uuid_is_zero(organisation));
}

uint32_t administration_may_about(const struct identity *identity, struct uuid user,
                                  struct uuid organisation, const struct person *person) {
    struct tally tally = tally_of(identity, person, is_run_by, user);
    bool in_reach =
        tally.all > 0 ? tally.counted == tally.all : is_run_by(identity, organisation_root, user);
    if (!administration_knows(identity, organisation)) {
        return 0;
    }
    return policy_of_organisation(identity_rights(identity, user, &organisation),
                                  in_reach ? ORGANISATION_WHEN_IN_REACH : 0)
        .actions;
}

/* Answers */

void administration_answer_absent(struct http_exchange *exchange) {
    http_answer_error(exchange, 404, "not_found", "There is nothing here.");
}

void administration_answer_done(struct http_exchange *exchange) {
    http_answer_bytes(exchange, 204, NULL, NULL, 0, (struct bytes){0, NULL});
}

void administration_answer_refused(struct http_exchange *exchange, enum refusal why) {
    switch (why) {
    case REFUSAL_NOT_FOUND:
        administration_answer_absent(exchange);
        break;
    case REFUSAL_TOO_MANY:
        http_answer_error(exchange, 409, "too_many", "There are too many of them already.");
        break;
    case REFUSAL_BAD_STATE:
    case REFUSAL_CONFLICT:
        http_answer_error(exchange, 409, "conflict", "It is not as it was: look again.");
        break;
    case REFUSAL_MALFORMED:
        http_answer_error(exchange, 422, "malformed", "That cannot be so.");
        break;
    default:
        errand_answer_away(exchange);
    }
}

bool administration_path(struct identity *identity, struct http_exchange *exchange, uint32_t action,
                         struct uuid *ret_organisation) {
    bool may =
        http_capture_uuid(exchange, 0, ret_organisation) &&
        (administration_may(identity, http_who(exchange)->user, *ret_organisation) & action) != 0;
    if (!may) {
        administration_answer_absent(exchange);
    }
    return may;
}

const struct person *administration_person(struct identity *identity,
                                           struct http_exchange *exchange,
                                           struct uuid *ret_organisation) {
    struct uuid id;
    if (!administration_path(identity, exchange, ORGANISATION_MAY_ADMINISTER, ret_organisation)) {
        return NULL;
    }
    const struct person *person =
        http_capture_uuid(exchange, 1, &id) ? people_by_id(identity->people, id) : NULL;
    bool theirs =
        person != NULL && administration_belongs(identity, person, *ret_organisation) &&
        (administration_may_about(identity, http_who(exchange)->user, *ret_organisation, person) &
         ORGANISATION_MAY_LOOK_AFTER) != 0;
    if (!theirs) {
        administration_answer_absent(exchange);
        return NULL;
    }
    return person;
}

/* Words */

void administration_write_roles(struct json *json, uint16_t roles) {
    json_open_list(json, "roles");
    for (unsigned i = 0; i < WORDS; i++) {
        if ((roles & words[i].role) != 0) {
            json_text(json, NULL, (struct text){(uint32_t)strlen(words[i].word), words[i].word});
        }
    }
    json_close_list(json);
}

static uint16_t role_of(struct text word) {
    for (unsigned i = 0; i < WORDS; i++) {
        if (text_equal(word, (struct text){(uint32_t)strlen(words[i].word), words[i].word})) {
            return words[i].role;
        }
    }
    return 0;
}

bool administration_read_roles(struct text text, uint16_t *ret_roles) {
    *ret_roles = 0;
    for (uint32_t at = 0; at < text.length;) {
        struct text word = {0, text.bytes + at};
        while (at + word.length < text.length && word.bytes[word.length] != ' ') {
            word.length++;
        }
        uint16_t role = role_of(word);
        if (word.length > 0 && role == 0) {
            return false;
        }
        *ret_roles |= role;
        at += word.length + 1;
    }
    return true;
}

bool administration_is_name(struct text name) {
    return name.length > 0 && name.length <= ORGANISATION_NAME_MAX && text_is_utf8(name);
}

bool administration_read_number(const struct json_fields *fields, const char *name,
                                int64_t *ret_number) {
    *ret_number = 0;
    for (uint32_t i = 0; i < fields->count; i++) {
        const struct json_field *field = &fields->all[i];
        if (!text_equal(field->name, (struct text){(uint32_t)strlen(name), name})) {
            continue;
        }
        if (field->kind != JSON_NUMBER || field->value.length == 0 || field->value.length > 15) {
            return false;
        }
        for (uint32_t j = 0; j < field->value.length; j++) {
            char digit = field->value.bytes[j];
            if (digit < '0' || digit > '9') {
                return false;
            }
            *ret_number = *ret_number * 10 + (digit - '0');
        }
    }
    return true;
}

/* A membership */

struct setting {
    struct identity *identity;
    struct uuid user;
    void (*done)(void *data, bool accepted, enum refusal why);
    void *data;
};

/* Done even when the directory could not be read: it will be, and the membership stands. */
static void on_directory(void *data, bool loaded) {
    struct setting *setting = data;
    (void)loaded;
    if (!setting->identity->stopping) {
        node_recheck(setting->identity->node, setting->user);
    }
    setting->done(setting->data, true, REFUSAL_BUSY);
    free(setting);
}

static void on_set(void *data, bool accepted, enum refusal why, uint64_t version) {
    struct setting *setting = data;
    (void)version;
    if (accepted && !setting->identity->stopping) {
        people_load(setting->identity->people, on_directory, setting);
        return;
    }
    setting->done(setting->data, accepted, why);
    free(setting);
}

void administration_set_membership(struct identity *identity, struct uuid user, struct uuid by,
                                   struct uuid command_id, const struct membership *membership,
                                   void (*done)(void *data, bool accepted, enum refusal why),
                                   void *data) {
    struct setting *setting = calloc(1, sizeof *setting);
    if (setting == NULL) {
        done(data, false, REFUSAL_BUSY);
        return;
    }
    *setting = (struct setting){.identity = identity, .user = user, .done = done, .data = data};
    struct arena arena;
    arena_init(&arena, COMMAND_BYTES_MAX);
    struct set_membership command = {.command_id = command_id, .membership = *membership};
    node_command(identity->node, CHANNEL_KIND_USER, user, by,
                 set_membership_encode(&arena, &command), on_set, setting);
    arena_finish(&arena);
}

/* The root's actor */

struct needing {
    struct identity *identity;
    void (*done)(void *data, bool there);
    void *data;
};

static void on_root_made(void *data, bool accepted, enum refusal why, uint64_t version) {
    struct needing *needing = data;
    (void)version;
    struct known_organisation root = {.id = ORGANISATION_ROOT, .name = "Consilium"};
    bool there = accepted || why == REFUSAL_CONFLICT;
    if (accepted) {
        organisations_put(needing->identity->organisations, &root);
    }
    needing->done(needing->data, there);
    free(needing);
}

void administration_need_actor(struct identity *identity, struct uuid organisation, struct uuid by,
                               void (*done)(void *data, bool there), void *data) {
    bool there =
        organisations_find(identity->organisations, administration_actor(organisation)) != NULL;
    struct needing *needing = there ? NULL : calloc(1, sizeof *needing);
    if (needing == NULL) {
        done(data, there);
        return;
    }
    *needing = (struct needing){identity, done, data};
    struct arena arena;
    arena_init(&arena, COMMAND_BYTES_MAX);
    struct create_organisation command = {.command_id = identity_new_id(identity),
                                          .name = TEXT("Consilium")};
    node_command(identity->node, CHANNEL_KIND_ORGANISATION, ORGANISATION_ROOT, by,
                 create_organisation_encode(&arena, &command), on_root_made, needing);
    arena_finish(&arena);
}
