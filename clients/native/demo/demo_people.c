#include "clients/native/demo/demo_people.h"

#include "clients/native/demo/demo_identifiers.h"
#include "clients/native/json_text.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

enum { BODY_MAX = 1024 };

const struct demo_person demo_people[DEMO_PEOPLE_COUNT] = {
    [DEMO_CHAIR] = {"anna", "Prof. Anna Berg", "Neurosurgery", "chair", ROLE_CHAIR},
    [DEMO_COORDINATOR] = {"clara", "Clara Neumann", "Coordination",
                          "coordinator, who may make series, meetings and cases", ROLE_COORDINATOR},
    [DEMO_RADIOLOGIST] = {"radu", "Dr. Radu Ionescu", "Radiology", "member", ROLE_MEMBER},
    [DEMO_ONCOLOGIST] = {"mei", "Dr. Mei Tanaka", "Oncology", "member", ROLE_MEMBER},
    [DEMO_OBSERVER] = {"omar", "Omar Haddad", "Medical student", "observer", ROLE_OBSERVER},
    [DEMO_REFERRER] = {"rosa", "Dr. Rosa Lind", "General practice", "referrer of the first case",
                       ROLE_REFERRER},
};

struct uuid demo_person_id(enum demo_part part) {
    return demo_id("person", demo_people[part].login);
}

void demo_password(char ret_password[DEMO_PASSWORD_LENGTH + 1],
                   const char *administrator_password) {
    // No letters that are taken for one another when they are read aloud or copied by hand.
    static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789";
    static const unsigned char purpose[] = "consilium demonstration people";
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    const unsigned char *made =
        HMAC(EVP_sha256(), administrator_password, (int)strlen(administrator_password), purpose,
             sizeof(purpose) - 1, digest, &length);
    assert(made != NULL && length >= DEMO_PASSWORD_LENGTH);
    for (size_t i = 0; i < DEMO_PASSWORD_LENGTH; i++)
        ret_password[i] = i % 5 == 4 ? '-' : letters[digest[i] % (sizeof(letters) - 1)];
    ret_password[DEMO_PASSWORD_LENGTH] = '\0';
}

bool demo_people_make(struct http_client *http, const char *password, unsigned *ret_status) {
    for (enum demo_part part = 0; part < DEMO_PEOPLE_COUNT; part++) {
        const struct demo_person *person = &demo_people[part];
        char id[UUID_TEXT_LENGTH + 1], name[256], body[BODY_MAX];
        struct http_response response = {0};
        demo_uuid_text(id, demo_person_id(part));
        bool quoted = json_quote(person->name, name, sizeof(name));
        assert(quoted);
        int length = snprintf(body, sizeof(body),
                              "{\"id\":\"%s\",\"login\":\"%s\",\"name\":%s,\"password\":\"%s\","
                              "\"coordinator\":%s}",
                              id, person->login, name, password,
                              part == DEMO_COORDINATOR ? "true" : "false");
        assert(length > 0 && length < BODY_MAX);
        bool asked = http_client_request(http, "POST", "/api/people", "application/json", body,
                                         (size_t)length, &response);
        *ret_status = asked ? response.status : 0;
        if (*ret_status != 200 && *ret_status != 201)
            return false;
    }
    return true;
}
