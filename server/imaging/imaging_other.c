/*
 * Files that are neither images nor documents: kept, listed, read.
 */
#include "server/imaging/imaging_other.h"

#include "server/blobs/sealed_value.h"
#include "server/imaging/imaging_upload_state.h"
#include "server/imaging/metadata_value.h"
#include "server/log.h"
#include "server/store/postgres_binary.h"
#include "server/uuid_text.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 1024
#define LIST_MAX ((size_t)4 << 20)

void imaging_other_blob_name(const struct case_keys *keys, struct uuid patient_case,
                             const uint8_t digest[BLOB_DIGEST_SIZE],
                             uint8_t ret_name[BLOB_NAME_SIZE]) {
    uint8_t what[RECORD_PLACE_MAX + BLOB_DIGEST_SIZE];
    size_t size = record_place("other file", patient_case, "", what);
    memcpy(what + size, digest, BLOB_DIGEST_SIZE);
    blob_name(keys->name, what, size + BLOB_DIGEST_SIZE, ret_name);
}

/* Keeping. */

static void run_forget(struct work *work) {
    struct imaging_upload *upload = (struct imaging_upload *)work;
    uint8_t name[BLOB_NAME_SIZE];
    imaging_other_blob_name(&upload->keys, upload->patient_case, upload->digest, name);
    blob_delete(&upload->service->files, name);
}

static void on_forgotten(struct work *work) {
    struct upload_answer answer = {.outcome = UPLOAD_REFUSED,
                                   .refusal = FILE_REFUSAL_OVER_LIMIT,
                                   .reason = TEXT("the case holds as many other files as it may")};
    upload_answer_and_free((struct imaging_upload *)work, &answer);
}

static void on_known(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct imaging_upload *upload = data;
    if (result != POSTGRES_OK || postgres_row_count(rows) > 0) {
        upload_finish(upload, result == POSTGRES_OK ? UPLOAD_KEPT : UPLOAD_UNAVAILABLE);
        return;
    }
    // A file without a row would be nobody's, and no erasure would find it.
    upload->work.run = run_forget;
    upload->work.done = on_forgotten;
    if (!work_submit(upload->service->writers, &upload->work)) {
        run_forget(&upload->work); // the queue is closing: here rather than never
        on_forgotten(&upload->work);
    }
}

static void on_inserted(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct imaging_upload *upload = data;
    if (result != POSTGRES_OK) {
        log_warning("imaging", "a file not written down sqlstate=%s",
                    rows ? postgres_sqlstate(rows) : "");
        upload_finish(upload, UPLOAD_UNAVAILABLE);
        return;
    }
    if (postgres_row_count(rows) > 0) {
        upload_finish(upload, UPLOAD_KEPT);
        return;
    }
    // Kept before, perhaps a moment ago, which only a statement of its own sees; or one too many.
    struct postgres_parameter parameters[] = {
        parameter_uuid(&upload->patient_case),
        parameter_bytes(upload->digest, sizeof upload->digest)};
    postgres_query(upload->service->config.postgres,
                   "SELECT file_id FROM other_file WHERE case_id = $1::uuid AND digest = $2::bytea",
                   parameters, 2, on_known, upload);
}

static void insert(struct imaging_upload *upload) {
    struct uuid id;
    uint8_t random[sizeof id.bytes];
    uint8_t place[RECORD_PLACE_MAX];
    uint8_t sealed[NAME_MAX_BYTES + SEALED_VALUE_OVERHEAD];
    size_t length = strnlen(upload->name, NAME_MAX_BYTES);
    if (RAND_bytes(random, sizeof random) != 1) {
        upload_finish(upload, UPLOAD_UNAVAILABLE);
        return;
    }
    id = uuid_of_random(random);
    size_t place_size = record_place("other_file.name", id, "", place);
    if (!sealed_value_seal(upload->keys.blob, place, place_size, upload->name, length, sealed)) {
        upload_finish(upload, UPLOAD_UNAVAILABLE);
        return;
    }
    struct binary_integer size = binary_integer((int64_t)upload->size);
    struct binary_integer limit = binary_integer(OTHER_FILES_MAX);
    struct postgres_parameter parameters[] = {
        parameter_uuid(&id),
        parameter_uuid(&upload->service->config.tenant),
        parameter_uuid(&upload->patient_case),
        parameter_bytes(upload->digest, sizeof upload->digest),
        parameter_int8(&size),
        parameter_bytes(sealed, length + SEALED_VALUE_OVERHEAD),
        parameter_uuid(&upload->by),
        parameter_int8(&limit),
    };
    postgres_query(upload->service->config.postgres,
                   "INSERT INTO other_file (file_id, tenant_id, case_id, digest, size, name,"
                   " stored_by) SELECT $1::uuid, $2::uuid, $3::uuid, $4::bytea, $5::bigint,"
                   " $6::bytea, $7::uuid WHERE (SELECT count(*) FROM other_file WHERE case_id ="
                   " $3::uuid) < $8::bigint ON CONFLICT (case_id, digest) DO NOTHING"
                   " RETURNING file_id",
                   parameters, sizeof parameters / sizeof parameters[0], on_inserted, upload);
}

static void run_seal(struct work *work) {
    struct imaging_upload *upload = (struct imaging_upload *)work;
    uint8_t name[BLOB_NAME_SIZE];
    imaging_other_blob_name(&upload->keys, upload->patient_case, upload->digest, name);
    upload->sealed = upload_seal_file(upload, name);
}

static void on_sealed(struct work *work) {
    struct imaging_upload *upload = (struct imaging_upload *)work;
    if (upload->sealed == BLOB_OK) {
        insert(upload);
        return;
    }
    log_error("imaging", "a file not stored: %s", blob_result_text(upload->sealed));
    upload_finish(upload, upload->sealed == BLOB_NO_SPACE ? UPLOAD_NO_SPACE : UPLOAD_UNAVAILABLE);
}

static void on_key(void *data, enum imaging_read_result result) {
    struct imaging_upload *upload = data;
    upload->work.run = run_seal;
    upload->work.done = on_sealed;
    if (result != IMAGING_READ_OK ||
        !imaging_case_keys(upload->service, upload->patient_case, &upload->keys) ||
        !work_submit(upload->service->writers, &upload->work)) {
        upload_finish(upload, UPLOAD_UNAVAILABLE);
    }
}

void upload_keep_other(struct imaging_upload *upload) {
    imaging_need_case_key(upload->service, upload->patient_case, on_key, upload);
}

/* Listing and reading. */

struct imaging_other {
    struct work work; // first, so that a work is its file
    struct imaging_service *service;
    struct uuid patient_case, id;
    void (*each)(void *data, const struct other_row *row);
    void (*listed)(void *data, enum imaging_read_result result);
    other_opened opened;
    void (*read)(void *data, enum imaging_read_result result, struct bytes bytes);
    void *data;
    struct case_keys keys;
    struct other_facts facts;
    uint8_t digest[BLOB_DIGEST_SIZE];
    uint8_t *buffer;
    uint64_t offset;
    size_t length;
    enum blob_result result;
    bool waiting, closed;
};

static void free_other(struct imaging_other *other) {
    struct imaging_service *service = other->service;
    if (other->buffer) {
        OPENSSL_cleanse(other->buffer, READ_STEP_MAX);
    }
    free(other->buffer);
    OPENSSL_cleanse(other, sizeof *other);
    free(other);
    imaging_operation_ended(service);
}

void imaging_other_close(struct imaging_other *other) {
    other->closed = true;
    if (!other->waiting) {
        free_other(other);
    }
}

static bool open_name(const struct imaging_other *other, struct uuid id, struct bytes sealed,
                      char ret_name[NAME_MAX_BYTES + 1]) {
    uint8_t place[RECORD_PLACE_MAX];
    size_t place_size = record_place("other_file.name", id, "", place);
    if (sealed.length < SEALED_VALUE_OVERHEAD ||
        sealed.length > NAME_MAX_BYTES + SEALED_VALUE_OVERHEAD ||
        !sealed_value_open(other->keys.blob, place, place_size, sealed.bytes, sealed.length,
                           (uint8_t *)ret_name)) {
        return false;
    }
    ret_name[sealed.length - SEALED_VALUE_OVERHEAD] = 0;
    return true;
}

static bool tell_rows(const struct imaging_other *other, const struct postgres_rows *rows) {
    for (int row = 0; row < postgres_row_count(rows); row++) {
        char name[NAME_MAX_BYTES + 1];
        struct other_row told = {
            .id = value_uuid(postgres_value(rows, row, 0)),
            .size = (uint64_t)value_integer(postgres_value(rows, row, 1)),
            .by = value_uuid(postgres_value(rows, row, 3)),
            .at = value_integer(postgres_value(rows, row, 4)),
        };
        if (!open_name(other, told.id, value_bytes(postgres_value(rows, row, 2)), name)) {
            return false;
        }
        told.name = (struct text){(uint32_t)strlen(name), name};
        other->each(other->data, &told);
    }
    return true;
}

static void on_list_rows(void *data, enum postgres_result result,
                         const struct postgres_rows *rows) {
    struct imaging_other *other = data;
    enum imaging_read_result read = IMAGING_READ_UNAVAILABLE;
    if (result == POSTGRES_OK) {
        read = tell_rows(other, rows) ? IMAGING_READ_OK : IMAGING_READ_DAMAGED;
    }
    other->listed(other->data, read);
    free_other(other);
}

static void on_open_row(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct imaging_other *other = data;
    other->waiting = false;
    if (other->closed) {
        free_other(other);
        return;
    }
    enum imaging_read_result read = IMAGING_READ_UNAVAILABLE;
    if (result == POSTGRES_OK && postgres_row_count(rows) == 0) {
        read = IMAGING_READ_ABSENT;
    } else if (result == POSTGRES_OK) {
        other->facts.size = (uint64_t)value_integer(postgres_value(rows, 0, 1));
        bool known =
            value_fixed(postgres_value(rows, 0, 0), other->digest, BLOB_DIGEST_SIZE) &&
            open_name(other, other->id, value_bytes(postgres_value(rows, 0, 2)), other->facts.name);
        read = known ? IMAGING_READ_OK : IMAGING_READ_DAMAGED;
    }
    other->opened(other->data, read, &other->facts);
}

static void on_other_key(void *data, enum imaging_read_result result) {
    struct imaging_other *other = data;
    bool known = result == IMAGING_READ_OK &&
                 imaging_case_keys(other->service, other->patient_case, &other->keys);
    struct postgres_parameter parameters[] = {parameter_uuid(&other->patient_case),
                                              parameter_uuid(&other->id)};
    enum imaging_read_result answer = result == IMAGING_READ_OK ? IMAGING_READ_UNAVAILABLE : result;
    if (known && other->listed) {
        postgres_query(other->service->config.postgres,
                       "SELECT file_id, size, name, stored_by,"
                       " (extract(epoch FROM stored_at) * 1000000)::bigint FROM other_file"
                       " WHERE case_id = $1::uuid ORDER BY stored_at, file_id",
                       parameters, 1, on_list_rows, other);
    } else if (known) {
        postgres_query(other->service->config.postgres,
                       "SELECT digest, size, name FROM other_file WHERE case_id = $1::uuid"
                       " AND file_id = $2::uuid",
                       parameters, 2, on_open_row, other);
    } else if (other->listed) {
        other->listed(other->data, answer);
        free_other(other);
    } else {
        other->waiting = false;
        if (other->closed) {
            free_other(other);
        } else {
            other->opened(other->data, answer, NULL);
        }
    }
}

static struct imaging_other *make(struct imaging_service *service, struct uuid patient_case,
                                  void *data) {
    struct imaging_other *other = calloc(1, sizeof *other);
    if (other) {
        other->service = service;
        other->patient_case = patient_case;
        other->data = data;
        imaging_operation_began(service);
    }
    return other;
}

void imaging_other_rows(struct imaging_service *service, struct uuid patient_case,
                        void (*each)(void *data, const struct other_row *row),
                        void (*done)(void *data, enum imaging_read_result result), void *data) {
    struct imaging_other *other = make(service, patient_case, data);
    if (!other) {
        done(data, IMAGING_READ_UNAVAILABLE);
        return;
    }
    other->each = each;
    other->listed = done;
    imaging_need_case_key(service, patient_case, on_other_key, other);
}

struct listing {
    struct bounded_output json;
    unsigned count;
    void (*done)(void *data, enum imaging_read_result result, struct bytes json);
    void *data;
};

static void on_listing_row(void *data, const struct other_row *row) {
    struct listing *listing = data;
    char id_text[UUID_TEXT_LENGTH + 1], by_text[UUID_TEXT_LENGTH + 1];
    uuid_to_text(row->id, id_text);
    uuid_to_text(row->by, by_text);
    bounded_output_format(&listing->json,
                          "%s{\"id\":\"%s\",\"size\":%llu,\"by\":\"%s\",\"at\":%lld",
                          listing->count++ ? "," : "", id_text, (unsigned long long)row->size,
                          by_text, (long long)(row->at / 1000));
    bounded_output_text(&listing->json, ",\"name\":");
    json_write_string(&listing->json, row->name.bytes, row->name.length);
    bounded_output_byte(&listing->json, '}');
}

static void on_listing_done(void *data, enum imaging_read_result result) {
    struct listing *listing = data;
    struct bounded_output *json = &listing->json;
    bounded_output_text(json, "]}");
    if (result == IMAGING_READ_OK && json->failed) {
        result = IMAGING_READ_DAMAGED;
    }
    listing->done(listing->data, result, (struct bytes){(uint32_t)json->size, json->bytes});
    bounded_output_finish(json);
    free(listing);
}

void imaging_other_list(struct imaging_service *service, struct uuid patient_case,
                        void (*done)(void *data, enum imaging_read_result result,
                                     struct bytes json),
                        void *data) {
    struct listing *listing = calloc(1, sizeof *listing);
    if (!listing) {
        done(data, IMAGING_READ_UNAVAILABLE, (struct bytes){0, NULL});
        return;
    }
    bounded_output_init(&listing->json, LIST_MAX);
    listing->done = done;
    listing->data = data;
    bounded_output_text(&listing->json, "{\"files\":[");
    imaging_other_rows(service, patient_case, on_listing_row, on_listing_done, listing);
}

bool imaging_other_open(struct imaging_service *service, struct uuid patient_case, struct uuid file,
                        other_opened opened, void *data, struct imaging_other **ret_other) {
    struct imaging_other *other = make(service, patient_case, data);
    if (!other) {
        return false;
    }
    other->buffer = malloc(READ_STEP_MAX);
    if (!other->buffer) {
        free_other(other);
        return false;
    }
    other->id = file;
    other->opened = opened;
    other->waiting = true;
    *ret_other = other;
    imaging_need_case_key(service, patient_case, on_other_key, other);
    return true;
}

static void run_read(struct work *work) {
    struct imaging_other *other = (struct imaging_other *)work;
    uint8_t name[BLOB_NAME_SIZE];
    imaging_other_blob_name(&other->keys, other->patient_case, other->digest, name);
    other->result = blob_read(&other->service->files, other->keys.blob, name, other->facts.size,
                              other->offset, other->length, other->buffer);
}

static void on_read(struct work *work) {
    struct imaging_other *other = (struct imaging_other *)work;
    other->waiting = false;
    if (other->closed) {
        free_other(other);
        return;
    }
    bool fine = other->result == BLOB_OK;
    other->read(other->data, fine ? IMAGING_READ_OK : IMAGING_READ_DAMAGED,
                (struct bytes){fine ? (uint32_t)other->length : 0, other->buffer});
}

void imaging_other_read(struct imaging_other *other, uint64_t offset, size_t length,
                        void (*read)(void *data, enum imaging_read_result result,
                                     struct bytes bytes)) {
    other->offset = offset;
    other->length = length < READ_STEP_MAX ? length : READ_STEP_MAX;
    other->read = read;
    other->work.run = run_read;
    other->work.done = on_read;
    other->waiting = work_submit(other->service->queue, &other->work);
    if (!other->waiting) {
        read(other->data, IMAGING_READ_UNAVAILABLE, (struct bytes){0, NULL});
    }
}
