/*
 * Making a person: hash the password, command the user actor, wait until the directory shows them.
 * The actor cannot know of other people's logins, so a login is looked for in the directory first,
 * and one that is being registered is taken.
 */
#include "server/identity/identity_state.h"

#include "protocol/generated/user.h"

#include <stdlib.h>

struct registration {
    struct registration *next;
    struct identity *identity;
    struct new_person person;
    char password[PASSWORD_BYTES_MAX];
    uint32_t password_length;
    enum registration_result result;
    void (*done)(void *data, enum registration_result result);
    void *data;
};

static struct text text_of(const char *text) {
    return (struct text){(uint32_t)strlen(text), text};
}

bool login_being_registered(const struct identity *identity, struct text login) {
    for (struct registration *each = identity->registrations; each != NULL; each = each->next) {
        if (text_equal(text_of(each->person.login), login)) {
            return true;
        }
    }
    return false;
}

static void end(struct registration *registration, enum registration_result result) {
    struct registration **at = &registration->identity->registrations;
    while (*at != registration) {
        at = &(*at)->next;
    }
    *at = registration->next;
    registration->done(registration->data, result);
    free(registration);
}

static void on_shown(void *data, bool loaded) {
    struct registration *registration = data;
    (void)loaded; /* they are registered either way; a later look finds them */
    end(registration, registration->result);
}

static void on_answered(void *data, bool accepted, enum refusal why, uint64_t version) {
    (void)version;
    struct registration *registration = data;
    if (!accepted) {
        end(registration, why == REFUSAL_CONFLICT ? REGISTRATION_LOGIN_TAKEN : REGISTRATION_BUSY);
        return;
    }
    registration->result = REGISTRATION_MADE;
    people_load(registration->identity->people, on_shown, registration);
}

static void on_hashed(void *data, const char *verifier) {
    struct registration *registration = data;
    struct identity *identity = registration->identity;
    if (verifier == NULL || identity->stopping) {
        end(registration, REGISTRATION_BUSY);
        return;
    }
    struct new_person *person = &registration->person;
    struct register_user command = {
        .login = text_of(person->login),
        .name = text_of(person->name),
        .verifier = text_of(verifier),
        .administrator = (person->rights & RIGHT_ADMINISTRATOR) != 0,
        .coordinator = (person->rights & RIGHT_COORDINATOR) != 0,
        .specialist = person->specialist,
    };
    identity->config.clock->random(identity->config.clock, command.command_id.bytes,
                                   sizeof(command.command_id.bytes));
    struct arena arena;
    arena_init(&arena, 4096);
    struct encoded encoded = register_user_encode(&arena, &command);
    if (encoded.fields.bytes == NULL) {
        end(registration, REGISTRATION_BUSY);
    } else {
        node_command(identity->node, CHANNEL_KIND_USER, person->id, person->by, encoded,
                     on_answered, registration);
    }
    arena_finish(&arena);
}

/* The directory is fresh: is the login free? */
static void on_refreshed(void *data, bool loaded) {
    struct registration *registration = data;
    struct identity *identity = registration->identity;
    struct new_person *person = &registration->person;
    if (!loaded || identity->stopping) {
        end(registration, REGISTRATION_BUSY);
        return;
    }
    const struct person *there = people_by_login(identity->people, text_of(person->login));
    if (there != NULL) {
        end(registration,
            uuid_equal(there->id, person->id) ? REGISTRATION_THERE : REGISTRATION_LOGIN_TAKEN);
        return;
    }
    uint8_t salt[PASSWORD_SALT_BYTES];
    identity->config.clock->random(identity->config.clock, salt, sizeof(salt));
    struct text password = {registration->password_length, registration->password};
    bool taken = password_hash_later(identity->passwords, password, salt, on_hashed, registration);
    memset(registration->password, 0, sizeof(registration->password));
    if (!taken) {
        end(registration, REGISTRATION_BUSY);
    }
}

void register_person(struct identity *identity, const struct new_person *person,
                     struct text password,
                     void (*done)(void *data, enum registration_result result), void *data) {
    if (login_being_registered(identity, text_of(person->login))) {
        done(data, REGISTRATION_BUSY);
        return;
    }
    struct registration *registration = calloc(1, sizeof(*registration));
    if (registration == NULL || password.length > PASSWORD_BYTES_MAX) {
        free(registration);
        done(data, REGISTRATION_BUSY);
        return;
    }
    registration->identity = identity;
    registration->person = *person;
    registration->done = done;
    registration->data = data;
    memcpy(registration->password, password.bytes, password.length);
    registration->password_length = password.length;
    registration->next = identity->registrations;
    identity->registrations = registration;
    people_load(identity->people, on_refreshed, registration);
}
