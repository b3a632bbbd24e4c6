/*
 * What cases say of their patients, remembered: nothing changes who a case is about, so once it was
 * asked for it holds until the case is erased.
 */
#include "server/imaging/imaging_state.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

/* As long as a case may say it (Subject in protocol/schema/patient_case.schema), and more. */
struct known_patient {
    struct uuid patient_case; // zero = none
    char space[512];
    struct patient_words words; // which borrow the above
};

struct known_patient *imaging_patients_create(void) {
    return calloc(PATIENTS_KEPT, sizeof(struct known_patient));
}

void imaging_patients_destroy(struct known_patient *patients) {
    OPENSSL_cleanse(patients, PATIENTS_KEPT * sizeof *patients);
    free(patients);
}

struct patient_request {
    struct imaging_service *service;
    struct uuid patient_case;
    void (*done)(void *data, const struct patient_words *patient);
    void *data;
};

static struct known_patient *place_of(struct imaging_service *service, struct uuid patient_case) {
    return &service->patients[patient_case.bytes[15] % PATIENTS_KEPT];
}

static void remember(struct imaging_service *service, struct uuid patient_case,
                     const struct patient_words *from) {
    struct known_patient *place = place_of(service, patient_case);
    OPENSSL_cleanse(place, sizeof *place);
    if (patient_words_copy(from, place->space, sizeof place->space, &place->words)) {
        place->patient_case = patient_case;
    }
}

void imaging_forget_patient(struct imaging_service *service, struct uuid patient_case) {
    struct known_patient *place = place_of(service, patient_case);
    if (uuid_equal(place->patient_case, patient_case)) {
        OPENSSL_cleanse(place, sizeof *place);
    }
}

static void on_identified(void *data, const struct case_identity *identity) {
    struct patient_request *request = data;
    struct imaging_service *service = request->service;
    if (identity) {
        remember(service, request->patient_case, &identity->patient);
    }
    request->done(request->data, identity ? &identity->patient : NULL);
    free(request);
    imaging_operation_ended(service);
}

void imaging_need_patient(struct imaging_service *service, struct uuid patient_case,
                          void (*done)(void *data, const struct patient_words *patient),
                          void *data) {
    static const struct patient_words nothing;
    struct known_patient *place = place_of(service, patient_case);
    if (!service->config.identify) {
        done(data, &nothing);
        return;
    }
    if (uuid_equal(place->patient_case, patient_case)) {
        done(data, &place->words);
        return;
    }
    struct patient_request *request = malloc(sizeof *request);
    if (!request) {
        done(data, NULL);
        return;
    }
    *request = (struct patient_request){service, patient_case, done, data};
    imaging_operation_began(service);
    service->config.identify(service->config.data, patient_case, on_identified, request);
}

bool imaging_patient_hash(struct imaging_service *service, struct uuid patient_case,
                          const struct patient_words *said, uint8_t ret_hash[BLOB_NAME_SIZE]) {
    uint8_t what[RECORD_PLACE_MAX + PATIENT_KEY_MAX];
    struct case_keys keys;
    if (!imaging_case_keys(service, patient_case, &keys)) {
        return false;
    }
    size_t size = record_place("patient", patient_case, "", what);
    size += patient_key(said, (char *)what + size);
    blob_name(keys.name, what, size, ret_hash);
    OPENSSL_cleanse(what, sizeof what);
    OPENSSL_cleanse(&keys, sizeof keys);
    return true;
}
