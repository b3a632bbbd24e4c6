#include "server/identity/description.h"

#include "server/identity/administration.h"

#include <openssl/crypto.h>
#include <stdlib.h>

struct describing {
    struct account account;
    struct person_description description;
    void (*done)(void *data, const struct person_description *description);
    void *data;
};

static void conclude(struct describing *describing, bool read) {
    describing->description.record = &describing->account.record;
    describing->done(describing->data, read ? &describing->description : NULL);
    account_finish(&describing->account);
    OPENSSL_cleanse(describing, sizeof *describing);
    free(describing);
}

static void on_sign_in(void *data, const struct sign_in *sign_in) {
    struct person_description *description = &((struct describing *)data)->description;
    if (description->sign_in_count < SIGN_INS_LISTED_MAX) {
        description->sign_ins[description->sign_in_count++] = *sign_in;
    }
}

static void on_sign_ins(void *data, enum sign_in_answer answer, const struct sign_in *none) {
    (void)none;
    conclude(data, answer != SIGN_IN_AWAY);
}

struct account_step {
    struct identity *identity;
    struct uuid user;
    struct describing *describing;
};

static void on_account(void *data, bool read) {
    struct account_step step = *(struct account_step *)data;
    free(data);
    if (read && step.describing->account.known) {
        sign_ins_list(step.identity->sign_ins, step.user, on_sign_in, on_sign_ins, step.describing);
    } else {
        conclude(step.describing, false);
    }
}

void identity_describe(struct identity *identity, struct uuid user,
                       void (*done)(void *data, const struct person_description *description),
                       void *data) {
    const struct person *person = people_by_id(identity->people, user);
    struct describing *describing = calloc(1, sizeof *describing);
    struct account_step *step = calloc(1, sizeof *step);
    if (person == NULL || describing == NULL || step == NULL) {
        free(describing);
        free(step);
        done(data, NULL);
        return;
    }
    describing->done = done;
    describing->data = data;
    *step = (struct account_step){identity, user, describing};
    account_read(identity->config.store, &describing->account, person->login, on_account, step);
}

struct text identity_name_of(const struct identity *identity, struct uuid user) {
    const struct person *person = people_by_id(identity->people, user);
    return person == NULL ? TEXT("") : person->name;
}

struct text identity_organisation_name(const struct identity *identity, struct uuid organisation) {
    return administration_name(identity, organisation);
}

struct uuid identity_organisation_actor(struct uuid organisation) {
    return administration_actor(organisation);
}

bool identity_is_proved(const struct identity *identity, uint64_t number) {
    const struct sign_in *sign_in = sign_ins_by_number(identity->sign_ins, number);
    return sign_in != NULL &&
           sign_in->proved_until > identity->config.clock->now(identity->config.clock);
}
