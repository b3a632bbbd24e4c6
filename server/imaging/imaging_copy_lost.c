/*
 * A lossless copy that does not verify any more, or whose file is away: it is none, and made again.
 */
#include "server/imaging/imaging_copies.h"
#include "server/imaging/imaging_locator.h"
#include "server/log.h"
#include "server/store/postgres_binary.h"

#include <stdlib.h>
#include <string.h>

struct lost_copy {
    struct imaging_service *service;
    struct uuid patient_case;
    char sop_instance_uid[65];
    uint8_t digest[BLOB_DIGEST_SIZE];
    void (*done)(void *data); // NULL = nobody waits
    void *data;
};

static void on_unwritten(void *data, enum postgres_result result,
                         const struct postgres_rows *rows) {
    struct lost_copy *lost = data;
    struct imaging_service *service = lost->service;
    if (result == POSTGRES_OK && postgres_row_count(rows) > 0) {
        // Said once: who meets it after this finds no copy.
        log_error("imaging", "a stored copy does not verify and is made again instance=%s",
                  lost->sop_instance_uid);
        imaging_copies_wake(service->copies);
    }
    imaging_forget_locators(service, lost->patient_case);
    if (lost->done) {
        lost->done(lost->data);
    }
    free(lost);
    imaging_operation_ended(service);
}

void imaging_copy_lost(struct imaging_service *service, struct uuid patient_case,
                       const char *sop_instance_uid, const uint8_t digest[BLOB_DIGEST_SIZE],
                       void (*done)(void *data), void *data) {
    struct lost_copy *lost = calloc(1, sizeof *lost);
    if (!lost) {
        if (done) {
            done(data);
        }
        return;
    }
    *lost = (struct lost_copy){
        .service = service, .patient_case = patient_case, .done = done, .data = data};
    memcpy(lost->sop_instance_uid, sop_instance_uid, strlen(sop_instance_uid) + 1);
    memcpy(lost->digest, digest, sizeof lost->digest);
    imaging_operation_began(service);
    struct postgres_parameter parameters[] = {parameter_uuid(&lost->patient_case),
                                              parameter_text(lost->sop_instance_uid),
                                              parameter_bytes(lost->digest, sizeof lost->digest)};
    postgres_query(service->config.postgres,
                   "WITH gone AS (DELETE FROM image_copy WHERE case_id = $1::uuid"
                   " AND sop_instance_uid = $2::text AND digest = $3::bytea RETURNING case_id)"
                   " UPDATE image_instance SET copy_wanted = true WHERE case_id ="
                   " (SELECT case_id FROM gone) AND sop_instance_uid = $2::text"
                   " AND digest = $3::bytea RETURNING case_id",
                   parameters, 3, on_unwritten, lost);
}
