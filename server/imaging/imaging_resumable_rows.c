/*
 * The rows of resumable uploads: made, read at the start, taken away when their time is over, and
 * what is told of them.
 */
#include "server/blobs/sealed_value.h"
#include "server/imaging/imaging_resumable_state.h"
#include "server/log.h"
#include "server/store/postgres_binary.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

/* Making one. */

struct making {
    struct work work; // first, so that a work is its making
    struct imaging_service *service;
    struct uuid id, patient_case, by;
    uint64_t size;
    struct case_keys keys;
    char name[RESUMABLE_NAME_MAX];
    size_t name_size;
    uint8_t sealed[RESUMABLE_NAME_MAX + SEALED_VALUE_OVERHEAD];
    enum blob_result result;
    void (*done)(void *data, enum resumable_result result, const struct uuid *upload);
    void *data;
};

static void finish_making(struct making *making, enum resumable_result result) {
    struct imaging_service *service = making->service;
    service->resumables_making--;
    making->done(making->data, result, result == RESUMABLE_OK ? &making->id : NULL);
    OPENSSL_cleanse(making, sizeof *making);
    free(making);
    imaging_operation_ended(service);
}

static void on_inserted(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct making *making = data;
    struct imaging_resumable *upload = NULL;
    if (result == POSTGRES_OK && postgres_row_count(rows) == 1) {
        upload = resumable_add(making->service, making->id, making->patient_case, making->by,
                               making->size);
    }
    if (!upload) {
        // A file without a row is swept at the next start, a row without memory is read then.
        finish_making(making, RESUMABLE_UNAVAILABLE);
        return;
    }
    upload->expires_at = value_integer(postgres_value(rows, 0, 0));
    bounded_output_write(&upload->name, making->sealed, making->name_size + SEALED_VALUE_OVERHEAD);
    finish_making(making, RESUMABLE_OK);
}

static void insert(struct making *making) {
    struct binary_integer size = binary_integer((int64_t)making->size);
    struct binary_integer life =
        binary_integer((int64_t)1000000 * (making->service->config.resumable_life_s
                                               ? making->service->config.resumable_life_s
                                               : RESUMABLE_LIFE_S));
    struct postgres_parameter parameters[] = {
        parameter_uuid(&making->id),
        parameter_uuid(&making->service->config.tenant),
        parameter_uuid(&making->patient_case),
        parameter_uuid(&making->by),
        parameter_int8(&size),
        parameter_int8(&life),
        parameter_bytes(making->sealed, making->name_size + SEALED_VALUE_OVERHEAD),
    };
    postgres_query(making->service->config.postgres,
                   "INSERT INTO resumable_upload (upload_id, tenant_id, case_id, stored_by, size,"
                   " expires_at, file_name) VALUES ($1::uuid, $2::uuid, $3::uuid, $4::uuid,"
                   " $5::bigint, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint +"
                   " $6::bigint, $7::bytea) RETURNING expires_at",
                   parameters, 7, on_inserted, making);
}

static void run_create(struct work *work) {
    struct making *making = (struct making *)work;
    uint8_t name[BLOB_NAME_SIZE];
    struct growing_blob blob;
    resumable_file_name(making->id, name);
    making->result = growing_blob_create(&blob, &making->service->files, making->keys.blob, name);
    growing_blob_close(&blob);
}

static void on_created(struct work *work) {
    struct making *making = (struct making *)work;
    if (making->result == BLOB_OK) {
        insert(making);
        return;
    }
    log_error("imaging", "an upload cannot be begun: %s", blob_result_text(making->result));
    finish_making(making,
                  making->result == BLOB_NO_SPACE ? RESUMABLE_NO_SPACE : RESUMABLE_UNAVAILABLE);
}

static void on_making_key(void *data, enum imaging_read_result result) {
    struct making *making = data;
    uint8_t place[RECORD_PLACE_MAX];
    size_t place_size = resumable_place("file_name", making->id, place);
    making->work.run = run_create;
    making->work.done = on_created;
    bool begun = result == IMAGING_READ_OK &&
                 imaging_case_keys(making->service, making->patient_case, &making->keys) &&
                 sealed_value_seal(making->keys.blob, place, place_size, making->name,
                                   making->name_size, making->sealed) &&
                 work_submit(making->service->writers, &making->work);
    if (!begun) {
        finish_making(making, RESUMABLE_UNAVAILABLE);
    }
}

static bool is_finished(const struct imaging_resumable *upload) {
    return upload->outcome.size > 0;
}

/* One more would be too many that are not finished: of all, or of this person. */
static bool is_full(const struct imaging_service *service, struct uuid by) {
    unsigned max = service->config.resumables_max ? service->config.resumables_max : RESUMABLES_MAX;
    unsigned count = service->resumables_making, own = 0;
    for (const struct imaging_resumable *each = service->resumables; each; each = each->next) {
        bool counts = !each->gone && !is_finished(each);
        count += counts;
        own += counts && uuid_equal(each->by, by);
    }
    return count >= max || own >= RESUMABLES_OF_ONE_MAX;
}

void imaging_resumable_create(
    struct imaging_service *service, const struct resumable_wanted *wanted,
    void (*done)(void *data, enum resumable_result result, const struct uuid *upload), void *data) {
    if (service->closing || !service->resumables_loaded) {
        done(data, RESUMABLE_UNAVAILABLE, NULL);
        return;
    }
    if (is_full(service, wanted->by)) {
        done(data, RESUMABLE_TOO_MANY, NULL);
        return;
    }
    struct making *making = calloc(1, sizeof *making);
    if (!making || RAND_bytes(making->id.bytes, sizeof making->id.bytes) != 1) {
        free(making);
        done(data, RESUMABLE_UNAVAILABLE, NULL);
        return;
    }
    making->id.bytes[6] = (uint8_t)((making->id.bytes[6] & 0x0F) | 0x40); // RFC 4122 4.4
    making->id.bytes[8] = (uint8_t)((making->id.bytes[8] & 0x3F) | 0x80);
    making->service = service;
    making->patient_case = wanted->patient_case;
    making->by = wanted->by;
    making->size = wanted->size;
    making->name_size =
        wanted->name.length < RESUMABLE_NAME_MAX ? wanted->name.length : RESUMABLE_NAME_MAX;
    if (making->name_size > 0) {
        memcpy(making->name, wanted->name.bytes, making->name_size);
    }
    making->done = done;
    making->data = data;
    service->resumables_making++;
    imaging_operation_began(service);
    imaging_need_case_key(service, making->patient_case, on_making_key, making);
}

static unsigned finished_max(const struct imaging_service *service) {
    return service->config.resumables_max ? service->config.resumables_max
                                          : RESUMABLES_FINISHED_MAX;
}

/* At the start. */

static bool is_wanted(void *data, const uint8_t name[BLOB_NAME_SIZE]) {
    struct imaging_service *service = data;
    struct uuid id;
    memcpy(id.bytes, name, sizeof id.bytes);
    const struct imaging_resumable *upload = resumable_find(service, id);
    return upload && !is_finished(upload);
}

static void on_load_row(struct imaging_service *service, const struct postgres_rows *rows,
                        int row) {
    struct imaging_resumable *upload = resumable_add(
        service, value_uuid(postgres_value(rows, row, 0)), value_uuid(postgres_value(rows, row, 1)),
        value_uuid(postgres_value(rows, row, 2)),
        (uint64_t)value_integer(postgres_value(rows, row, 3)));
    if (!upload) {
        return;
    }
    upload->expires_at = value_integer(postgres_value(rows, row, 4));
    struct bytes name = value_bytes(postgres_value(rows, row, 5));
    struct postgres_parameter outcome = postgres_value(rows, row, 6);
    bounded_output_write(&upload->name, name.bytes, name.length);
    if (outcome.bytes && outcome.length > 0) {
        bounded_output_write(&upload->outcome, outcome.bytes, (size_t)outcome.length);
    }
}

static void on_loaded(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct imaging_service *service = data;
    if (result == POSTGRES_OK && !service->closing) {
        for (int row = 0; row < postgres_row_count(rows); row++) {
            on_load_row(service, rows, row);
        }
        service->resumables_loaded = true;
        growing_blob_sweep(&service->files, is_wanted, service);
        struct imaging_resumable *next;
        for (struct imaging_resumable *each = service->resumables; each; each = next) {
            next = each->next;
            resumable_go_on(each); // what was complete is read on
        }
    }
    imaging_operation_ended(service);
}

void imaging_resumables_load(struct imaging_service *service) {
    imaging_operation_began(service);
    struct binary_integer limit = binary_integer(RESUMABLES_MAX);
    struct binary_integer finished = binary_integer(finished_max(service));
    struct postgres_parameter parameters[] = {parameter_uuid(&service->config.tenant),
                                              parameter_int8(&limit), parameter_int8(&finished)};
    // The oldest first: the list has the newest in front. A file without a row here is swept.
    postgres_query(service->config.postgres,
                   "SELECT * FROM ((SELECT upload_id, case_id, stored_by, size, expires_at,"
                   " file_name, outcome FROM resumable_upload WHERE tenant_id = $1::uuid"
                   " AND outcome IS NULL ORDER BY expires_at DESC LIMIT $2::bigint) UNION ALL"
                   " (SELECT upload_id, case_id, stored_by, size, expires_at, file_name, outcome"
                   " FROM resumable_upload WHERE tenant_id = $1::uuid AND outcome IS NOT NULL"
                   " ORDER BY expires_at DESC LIMIT $3::bigint)) AS kept ORDER BY expires_at",
                   parameters, 3, on_loaded, service);
}

static void on_forgotten(void *data, enum postgres_result result,
                         const struct postgres_rows *rows) {
    (void)result; // what is left expires
    (void)rows;
    imaging_operation_ended(data);
}

/* What it sent is in the case; only what became of it can be asked for no more. */
static void forget(struct imaging_resumable *upload) {
    struct imaging_service *service = upload->service;
    struct postgres_parameter id = parameter_uuid(&upload->id);
    imaging_operation_began(service);
    postgres_query(service->config.postgres,
                   "DELETE FROM resumable_upload WHERE upload_id = $1::uuid", &id, 1, on_forgotten,
                   service);
    resumable_remove(upload);
}

void resumables_forget_finished(struct imaging_service *service) {
    unsigned count = 0;
    struct imaging_resumable *oldest = NULL;
    for (struct imaging_resumable *each = service->resumables; each; each = each->next) {
        count += is_finished(each) && !each->gone;
        bool is_free = !each->turn && !each->waiting && !each->busy && !each->gone;
        oldest = is_finished(each) && is_free ? each : oldest;
    }
    if (count > finished_max(service) && oldest && !service->closing) {
        forget(oldest);
    }
}

/* The end. */

static void on_expired(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct imaging_service *service = data;
    for (int row = 0; result == POSTGRES_OK && row < postgres_row_count(rows); row++) {
        struct imaging_resumable *upload =
            resumable_find(service, value_uuid(postgres_value(rows, row, 0)));
        if (upload) {
            resumable_remove(upload);
        }
    }
    imaging_operation_ended(service);
}

void imaging_resumables_expire(struct imaging_service *service) {
    if (service->closing) {
        return;
    }
    if (!service->resumables_loaded) {
        imaging_resumables_load(service); // the database was away
        return;
    }
    imaging_operation_began(service);
    struct postgres_parameter tenant = parameter_uuid(&service->config.tenant);
    postgres_query(service->config.postgres,
                   "DELETE FROM resumable_upload WHERE tenant_id = $1::uuid AND expires_at <"
                   " (extract(epoch FROM clock_timestamp()) * 1000000)::bigint RETURNING upload_id",
                   &tenant, 1, on_expired, service);
}

void imaging_resumables_look(struct imaging_service *service) {
    struct imaging_resumable *next;
    for (struct imaging_resumable *each = service->resumables; each; each = next) {
        next = each->next;
        if (each->resting) {
            each->resting = false;
            resumable_go_on(each);
        }
    }
    unsigned looks_an_hour = 60 * 60 * 1000 / RESUMABLES_LOOK_MS;
    unsigned life = service->config.resumable_life_s;
    unsigned every = life ? 1 : looks_an_hour;
    if (!service->resumables_loaded || ++service->resumables_looks % every == 0) {
        imaging_resumables_expire(service);
    }
}

struct deleting {
    struct imaging_service *service;
    struct uuid id;
    void (*done)(void *data, bool deleted);
    void *data;
};

static void on_row_deleted(void *data, enum postgres_result result,
                           const struct postgres_rows *rows) {
    struct deleting *deleting = data;
    struct imaging_service *service = deleting->service;
    (void)rows;
    struct imaging_resumable *upload = resumable_find(service, deleting->id);
    deleting->done(deleting->data, result == POSTGRES_OK);
    if (result == POSTGRES_OK && upload) {
        resumable_remove(upload);
    }
    free(deleting);
    imaging_operation_ended(service);
}

void imaging_resumable_delete(struct resumable_turn *turn, void (*done)(void *data, bool deleted),
                              void *data) {
    struct imaging_service *service = turn->upload->service;
    struct deleting *deleting = malloc(sizeof *deleting);
    if (!deleting) {
        done(data, false);
        return;
    }
    *deleting = (struct deleting){service, turn->upload->id, done, data};
    imaging_operation_began(service);
    struct postgres_parameter id = parameter_uuid(&deleting->id);
    postgres_query(service->config.postgres,
                   "DELETE FROM resumable_upload WHERE upload_id = $1::uuid", &id, 1,
                   on_row_deleted, deleting);
}

/* A file that was read is not needed any more: what it held lies where it belongs. */

static void run_drop_file(struct work *work) {
    struct making *dropping = (struct making *)work;
    uint8_t name[BLOB_NAME_SIZE];
    resumable_file_name(dropping->id, name);
    dropping->result = growing_blob_delete(&dropping->service->files, name);
}

static void on_file_dropped(struct work *work) {
    struct making *dropping = (struct making *)work;
    struct imaging_service *service = dropping->service;
    free(dropping);
    imaging_operation_ended(service);
}

static void on_outcome_kept(void *data, enum postgres_result result,
                            const struct postgres_rows *rows) {
    struct making *dropping = data;
    (void)rows;
    dropping->work.run = run_drop_file;
    dropping->work.done = on_file_dropped;
    if (result != POSTGRES_OK || !work_submit(dropping->service->writers, &dropping->work)) {
        on_file_dropped(&dropping->work); // read again at the next start
    }
}

void resumable_keep_outcome(struct imaging_resumable *upload) {
    struct making *dropping = calloc(1, sizeof *dropping);
    growing_blob_close(&upload->blob);
    if (!dropping) {
        return;
    }
    dropping->service = upload->service;
    dropping->id = upload->id;
    imaging_operation_began(upload->service);
    struct postgres_parameter parameters[] = {
        parameter_uuid(&dropping->id),
        parameter_bytes(upload->outcome.bytes, upload->outcome.size)};
    postgres_query(upload->service->config.postgres,
                   "UPDATE resumable_upload SET outcome = $2::bytea WHERE upload_id = $1::uuid",
                   parameters, 2, on_outcome_kept, dropping);
}

/* Telling. */

struct telling {
    struct imaging_service *service;
    struct uuid id;
    void (*told)(void *data, struct bytes json);
    void *data;
};

static void tell(struct telling *telling, const struct bounded_output *json) {
    bool fine = json && !json->failed;
    telling->told(telling->data, fine ? (struct bytes){(uint32_t)json->size, json->bytes}
                                      : (struct bytes){0, NULL});
}

static void tell_state(const struct imaging_resumable *upload, struct telling *telling) {
    struct bounded_output json;
    bounded_output_init(&json, RESUMABLE_OUTCOME_MAX);
    bounded_output_format(&json, "{\"state\":\"%s\",\"size\":%llu,\"offset\":%llu",
                          upload->intake ? "reading" : "receiving",
                          (unsigned long long)upload->size, (unsigned long long)upload->offset);
    if (upload->intake) {
        imaging_intake_tell(upload->intake, &json);
    }
    bounded_output_byte(&json, '}');
    tell(telling, &json);
    bounded_output_finish(&json);
}

static void on_telling_key(void *data, enum imaging_read_result result) {
    struct telling *telling = data;
    struct imaging_service *service = telling->service;
    struct imaging_resumable *upload = resumable_find(service, telling->id);
    struct bounded_output json;
    bounded_output_init(&json, RESUMABLE_OUTCOME_MAX);
    struct case_keys keys;
    uint8_t place[RECORD_PLACE_MAX];
    size_t place_size = resumable_place("outcome", telling->id, place);
    bool opened = false;
    if (result == IMAGING_READ_OK && upload && upload->outcome.size > SEALED_VALUE_OVERHEAD &&
        imaging_case_keys(service, upload->patient_case, &keys)) {
        uint8_t *space = bounded_output_extend(&json, upload->outcome.size - SEALED_VALUE_OVERHEAD);
        opened = space && sealed_value_open(keys.blob, place, place_size, upload->outcome.bytes,
                                            upload->outcome.size, space);
        OPENSSL_cleanse(&keys, sizeof keys);
    }
    tell(telling, opened ? &json : NULL);
    bounded_output_finish(&json);
    free(telling);
    imaging_operation_ended(service);
}

enum resumable_result
imaging_resumable_outcome(struct imaging_service *service, struct uuid patient_case, struct uuid by,
                          struct uuid id, void (*told)(void *data, struct bytes json), void *data) {
    if (service->closing || !service->resumables_loaded) {
        return RESUMABLE_UNAVAILABLE;
    }
    struct imaging_resumable *upload = resumable_find(service, id);
    if (!upload || !uuid_equal(upload->patient_case, patient_case) || !uuid_equal(upload->by, by)) {
        return RESUMABLE_ABSENT;
    }
    struct telling *telling = malloc(sizeof *telling);
    if (!telling) {
        return RESUMABLE_UNAVAILABLE;
    }
    *telling = (struct telling){service, id, told, data};
    if (upload->outcome.size == 0) {
        tell_state(upload, telling);
        free(telling);
        return RESUMABLE_OK;
    }
    imaging_operation_began(service);
    imaging_need_case_key(service, patient_case, on_telling_key, telling);
    return RESUMABLE_OK;
}

/* All of them. */

void imaging_resumables_stop(struct imaging_service *service) {
    struct imaging_resumable *next;
    for (struct imaging_resumable *each = service->resumables; each; each = next) {
        next = each->next;
        resumable_turn_away(each, RESUMABLE_UNAVAILABLE);
        if (each->intake) {
            imaging_intake_cancel(each->intake);
        }
        if (each->turn && each->turn->cut) {
            each->turn->cut(each->turn);
        }
    }
}

void imaging_resumables_erase(struct imaging_service *service, struct uuid patient_case) {
    struct imaging_resumable *next;
    for (struct imaging_resumable *each = service->resumables; each; each = next) {
        next = each->next;
        if (uuid_equal(each->patient_case, patient_case) && !each->gone) {
            resumable_remove(each);
        }
    }
}
