/*
 * Turns and sittings of resumable uploads, and their files. An upload does one thing at a time, on
 * a thread; resumable_go_on looks what that is.
 */
#include "server/blobs/sealed_value.h"
#include "server/imaging/imaging_resumable_state.h"
#include "server/log.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* Each block may end with a record that is not full, and each sitting with one more: of the largest
 * upload there may be as many as 200,000, of 80 KiB each. */
_Static_assert(GROWING_RECORDS_MAX >= RESUMABLE_SIZE_MAX / BLOB_CHUNK_SIZE +
                                          RESUMABLE_SIZE_MAX / RESUMABLE_BLOCK + 200000,
               "the largest upload fits its file");

#define SHA1_SIZE 20
#define SHA256_SIZE 32

size_t resumable_place(const char *column, struct uuid id, uint8_t place[RECORD_PLACE_MAX]) {
    return record_place(column, id, "", place);
}

/* Ids are random: they say nothing, and nobody needs a key to find what is to be deleted. */
void resumable_file_name(struct uuid id, uint8_t ret_name[BLOB_NAME_SIZE]) {
    memcpy(ret_name, id.bytes, sizeof id.bytes);
    memcpy(ret_name + sizeof id.bytes, id.bytes, sizeof id.bytes);
}

struct imaging_resumable *resumable_add(struct imaging_service *service, struct uuid id,
                                        struct uuid patient_case, struct uuid by, uint64_t size) {
    struct imaging_resumable *upload = calloc(1, sizeof *upload);
    if (!upload) {
        return NULL;
    }
    upload->service = service;
    upload->id = id;
    upload->patient_case = patient_case;
    upload->by = by;
    upload->size = size;
    upload->blob.file = -1;
    bounded_output_init(&upload->name, RESUMABLE_NAME_MAX + 64);
    bounded_output_init(&upload->outcome, RESUMABLE_OUTCOME_MAX + 64);
    upload->next = service->resumables;
    service->resumables = upload;
    return upload;
}

struct imaging_resumable *resumable_find(struct imaging_service *service, struct uuid id) {
    for (struct imaging_resumable *each = service->resumables; each; each = each->next) {
        if (uuid_equal(each->id, id) && !each->gone) {
            return each;
        }
    }
    return NULL;
}

static void free_buffers(struct imaging_resumable *upload) {
    if (upload->filling) {
        OPENSSL_cleanse(upload->filling, RESUMABLE_BUFFER);
        OPENSSL_cleanse(upload->writing, RESUMABLE_BUFFER);
    }
    free(upload->filling);
    free(upload->writing);
    EVP_MD_CTX_free(upload->digest);
    upload->filling = upload->writing = NULL;
    upload->digest = NULL;
    upload->filled = 0;
}

void resumable_turn_away(struct imaging_resumable *upload, enum resumable_result why) {
    while (upload->waiting) {
        struct resumable_turn *turn = upload->waiting;
        upload->waiting = turn->next;
        turn->upload = NULL;
        turn->why = why;
        if (turn->cut) {
            turn->cut(turn);
        }
    }
}

static void free_upload(struct imaging_resumable *upload) {
    struct imaging_service *service = upload->service;
    resumable_turn_away(upload, RESUMABLE_UNAVAILABLE);
    if (upload->turn) {
        upload->turn->upload = NULL; // whoever has it ends it later, and there is nothing to end
    }
    for (struct imaging_resumable **link = &service->resumables; *link; link = &(*link)->next) {
        if (*link == upload) {
            *link = upload->next;
            break;
        }
    }
    arrival_leave(&upload->part, NULL);
    free_buffers(upload);
    growing_blob_close(&upload->blob);
    bounded_output_finish(&upload->name);
    bounded_output_finish(&upload->outcome);
    OPENSSL_cleanse(upload, sizeof *upload);
    free(upload);
}

/* On a thread. */

static bool checksum_is_right(struct imaging_resumable *upload) {
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    size_t size = upload->sitting.checksum == RESUMABLE_SHA1 ? SHA1_SIZE : SHA256_SIZE;
    return EVP_DigestFinal_ex(upload->digest, digest, &length) == 1 && length == size &&
           CRYPTO_memcmp(digest, upload->sitting.expected, size) == 0;
}

static enum blob_result run_finish(struct imaging_resumable *upload) {
    if (!upload->digest) {
        return growing_blob_sync(&upload->blob);
    }
    bool whole = !upload->abandoned && upload->answer == RESUMABLE_OK;
    if (!whole || !checksum_is_right(upload)) {
        upload->answer = whole ? RESUMABLE_MISMATCH : upload->answer;
        return growing_blob_cut(&upload->blob, upload->began);
    }
    enum blob_result result = growing_blob_settle(&upload->blob);
    if (result != BLOB_OK) {
        growing_blob_cut(&upload->blob, upload->began); // as it would be after a crash
    }
    return result;
}

static void run_operation(struct work *work) {
    struct imaging_resumable *upload = (struct imaging_resumable *)work;
    uint8_t name[BLOB_NAME_SIZE];
    resumable_file_name(upload->id, name);
    switch (upload->operation) {
    case RESUMABLE_OPENING:
        upload->result =
            growing_blob_open(&upload->blob, &upload->service->files, upload->keys.blob, name);
        break;
    case RESUMABLE_WRITING:
        if (upload->digest) {
            EVP_DigestUpdate(upload->digest, upload->writing, upload->writing_size);
        }
        upload->result = growing_blob_add(&upload->blob, upload->writing, upload->writing_size);
        break;
    case RESUMABLE_FINISHING:
        upload->result = run_finish(upload);
        break;
    case RESUMABLE_DELETING:
        growing_blob_close(&upload->blob);
        upload->result = growing_blob_delete(&upload->service->files, name);
        break;
    }
}

/* On the loop again. */

static void finish_sitting(struct imaging_resumable *upload) {
    upload->offset = upload->blob.size;
    arrival_came(&upload->part, upload->offset);
    upload->sits = false;
    free_buffers(upload);
    if (upload->offset == upload->size && upload->answer == RESUMABLE_OK) {
        upload->answering = upload->sitting.done != NULL;
        return; // resumable_go_on has it read
    }
    if (upload->sitting.done) {
        upload->sitting.done(upload->sitting.data, upload->answer);
    }
}

static enum resumable_result result_of(enum blob_result result) {
    return result == BLOB_OK         ? RESUMABLE_OK
           : result == BLOB_NO_SPACE ? RESUMABLE_NO_SPACE
                                     : RESUMABLE_UNAVAILABLE;
}

/* What cannot be written ends the sitting: its sender is told at once. */
static void on_written(struct imaging_resumable *upload) {
    if (upload->result != BLOB_OK && upload->answer == RESUMABLE_OK) {
        log_error("imaging", "an upload cannot be written: %s", blob_result_text(upload->result));
        upload->answer = result_of(upload->result);
        upload->ending = true;
        upload->filled = 0;
    }
}

static void on_operation(struct work *work) {
    struct imaging_resumable *upload = (struct imaging_resumable *)work;
    struct imaging_service *service = upload->service;
    upload->busy = false;
    switch (upload->operation) {
    case RESUMABLE_OPENING:
        upload->opened = true;
        upload->damaged = upload->result != BLOB_OK;
        upload->offset = upload->damaged ? 0 : upload->blob.size;
        break;
    case RESUMABLE_WRITING:
        on_written(upload);
        break;
    case RESUMABLE_FINISHING:
        if (upload->result != BLOB_OK && upload->answer == RESUMABLE_OK) {
            upload->answer = result_of(upload->result);
        }
        finish_sitting(upload);
        break;
    case RESUMABLE_DELETING:
        upload->file_gone = true;
        if (upload->result != BLOB_OK && upload->result != BLOB_ABSENT) {
            log_error("imaging", "an upload's file cannot be deleted: %s",
                      blob_result_text(upload->result));
        }
        break;
    }
    resumable_go_on(upload);
    imaging_operation_ended(service);
}

static bool begin(struct imaging_resumable *upload, enum resumable_operation operation) {
    upload->operation = operation;
    upload->work.run = run_operation;
    upload->work.done = on_operation;
    imaging_operation_began(upload->service);
    upload->busy = work_submit(upload->service->writers, &upload->work);
    if (!upload->busy) {
        imaging_operation_ended(upload->service);
    }
    return upload->busy;
}

static void on_key(void *data, enum imaging_read_result result) {
    struct imaging_resumable *upload = data;
    struct imaging_service *service = upload->service;
    upload->busy = false;
    bool known = result == IMAGING_READ_OK &&
                 imaging_case_keys(service, upload->patient_case, &upload->keys);
    if (!known || upload->gone || !begin(upload, RESUMABLE_OPENING)) {
        upload->opened = upload->damaged = true; // until somebody asks again
        resumable_go_on(upload);
    }
    imaging_operation_ended(service);
}

static void open_file(struct imaging_resumable *upload) {
    upload->busy = true;
    imaging_operation_began(upload->service);
    imaging_need_case_key(upload->service, upload->patient_case, on_key, upload);
}

static void write_next(struct imaging_resumable *upload) {
    bool fine = upload->answer == RESUMABLE_OK;
    bool rest = upload->ending && upload->filled > 0;
    if (fine && (upload->filled >= RESUMABLE_BLOCK || rest)) {
        uint8_t *full = upload->filling;
        upload->filling = upload->writing;
        upload->writing = full;
        upload->writing_size = upload->filled;
        upload->filled = 0;
        if (!begin(upload, RESUMABLE_WRITING)) {
            upload->answer = RESUMABLE_UNAVAILABLE;
            upload->ending = true;
            finish_sitting(upload);
        } else if (upload->wants_space && !upload->ending) {
            upload->wants_space = false;
            upload->sitting.space(upload->sitting.data);
        }
    } else if (upload->ending && (upload->damaged || !begin(upload, RESUMABLE_FINISHING))) {
        upload->answer = RESUMABLE_UNAVAILABLE;
        finish_sitting(upload);
    }
}

static void grant_next(struct imaging_resumable *upload) {
    struct resumable_turn *turn = upload->waiting;
    upload->waiting = turn->next;
    upload->turn = turn;
    turn->is_granted = true;
    turn->granted(turn);
}

/* What is left of it when nobody is to find it any more. */
static void bury(struct imaging_resumable *upload) {
    if (upload->intake) {
        imaging_intake_cancel(upload->intake);
    } else if (!upload->file_gone && begin(upload, RESUMABLE_DELETING)) {
        return;
    } else if (!upload->turn && !upload->waiting) {
        free_upload(upload); // otherwise those were cut, and end
    }
}

void resumable_go_on(struct imaging_resumable *upload) {
    if (upload->busy) {
        return;
    }
    if (upload->sits) {
        write_next(upload);
        return;
    }
    if (upload->gone) {
        bury(upload);
        return;
    }
    bool known = upload->outcome.size > 0;
    if (!upload->opened && !known && !upload->service->closing) {
        open_file(upload);
        return;
    }
    bool complete = upload->opened && !upload->damaged && upload->offset == upload->size;
    bool readable = complete && !known && !upload->intake && !upload->resting;
    if (readable && !upload->service->closing) {
        arrival_is_whole(&upload->part);
        imaging_intake_begin(upload);
        return;
    }
    if (!upload->turn && upload->waiting) {
        grant_next(upload);
    }
}

/* Turns. */

int64_t imaging_resumable_expiry(struct imaging_service *service, struct uuid id) {
    const struct imaging_resumable *upload = resumable_find(service, id);
    return upload ? upload->expires_at : 0;
}

enum resumable_result imaging_resumable_take_turn(struct imaging_service *service,
                                                  struct uuid patient_case, struct uuid by,
                                                  struct uuid id, struct resumable_turn *turn) {
    if (service->closing || !service->resumables_loaded) {
        return RESUMABLE_UNAVAILABLE;
    }
    struct imaging_resumable *upload = resumable_find(service, id);
    if (!upload || !uuid_equal(upload->patient_case, patient_case) || !uuid_equal(upload->by, by)) {
        return RESUMABLE_ABSENT;
    }
    turn->upload = upload;
    turn->next = NULL;
    turn->is_granted = false;
    if (upload->damaged && upload->outcome.size == 0 && !upload->turn && !upload->busy) {
        growing_blob_close(&upload->blob);
        upload->opened = upload->damaged = false; // once more
    }
    struct resumable_turn **link = &upload->waiting;
    while (*link) {
        link = &(*link)->next;
    }
    *link = turn;
    if (upload->turn && upload->turn->cut) {
        upload->turn->cut(upload->turn); // which ends it, now or soon
    }
    resumable_go_on(upload);
    return RESUMABLE_OK;
}

void imaging_resumable_end_turn(struct resumable_turn *turn) {
    struct imaging_resumable *upload = turn->upload;
    if (!upload) {
        return;
    }
    turn->upload = NULL;
    if (!turn->is_granted) {
        for (struct resumable_turn **link = &upload->waiting; *link; link = &(*link)->next) {
            if (*link == turn) {
                *link = turn->next;
                break;
            }
        }
    } else {
        assert(upload->turn == turn);
        upload->turn = NULL;
        upload->sitting.done = NULL;
        upload->answering = false;
        if (upload->sits && !upload->ending) {
            upload->abandoned = upload->ending = true;
        }
    }
    resumable_go_on(upload);
}

struct resumable_facts imaging_resumable_facts(const struct resumable_turn *turn) {
    const struct imaging_resumable *upload = turn->upload;
    bool complete = upload->outcome.size > 0 || upload->offset == upload->size;
    return (struct resumable_facts){.offset = complete ? upload->size : upload->offset,
                                    .size = upload->size,
                                    .expires_at = upload->expires_at,
                                    .complete = complete,
                                    .unavailable = upload->damaged && !complete};
}

/* Sittings. */

void imaging_resumable_sit(struct resumable_turn *turn, const struct resumable_sitting *sitting) {
    struct imaging_resumable *upload = turn->upload;
    assert(upload->turn == turn && !upload->sits);
    upload->sitting = *sitting;
    upload->began = upload->offset;
    upload->answer = RESUMABLE_OK;
    upload->sits = true;
    arrival_join(upload->service->arrivals, &upload->part, upload->patient_case, upload->by,
                 &sitting->sending, upload->size);
    arrival_came(&upload->part, upload->offset);
    upload->ending = upload->abandoned = upload->wants_space = false;
    upload->filling = malloc(RESUMABLE_BUFFER);
    upload->writing = malloc(RESUMABLE_BUFFER);
    bool fine = upload->filling && upload->writing && upload->opened && !upload->damaged;
    if (fine && sitting->checksum != RESUMABLE_NO_CHECKSUM) {
        const EVP_MD *kind = sitting->checksum == RESUMABLE_SHA1 ? EVP_sha1() : EVP_sha256();
        upload->digest = EVP_MD_CTX_new();
        fine = upload->digest && EVP_DigestInit_ex(upload->digest, kind, NULL) == 1;
        growing_blob_try(&upload->blob);
    }
    if (!fine) {
        upload->answer = RESUMABLE_UNAVAILABLE; // said at the end
    }
}

bool imaging_resumable_bytes(struct resumable_turn *turn, struct bytes bytes) {
    struct imaging_resumable *upload = turn->upload;
    if (upload->answer != RESUMABLE_OK) {
        return true; // said at the end
    }
    if (bytes.length > RESUMABLE_BUFFER - upload->filled) {
        upload->answer = RESUMABLE_UNAVAILABLE; // somebody goes on although there is no space
        return true;
    }
    memcpy(upload->filling + upload->filled, bytes.bytes, bytes.length);
    upload->filled += bytes.length;
    arrival_came(&upload->part, upload->part.bytes + bytes.length);
    resumable_go_on(upload);
    upload->wants_space = upload->filled >= RESUMABLE_BLOCK;
    return !upload->wants_space;
}

void imaging_resumable_end_sitting(struct resumable_turn *turn) {
    turn->upload->ending = true;
    resumable_go_on(turn->upload);
}

/* The end. */

void resumable_is_archive(struct imaging_resumable *upload) {
    if (upload->answering) {
        upload->answering = false;
        upload->sitting.done(upload->sitting.data, RESUMABLE_OK);
    }
}

void resumable_was_read(struct imaging_resumable *upload, const struct bounded_output *outcome) {
    struct arrival_part *part = &upload->part;
    if (outcome) {
        imaging_intake_count(upload->intake, part);
        arrival_leave(part, &(struct arrival_counts){part->entries, part->images, part->kept});
    }
    upload->intake = NULL;
    upload->resting = !outcome;
    if (outcome && !upload->gone) {
        uint8_t place[RECORD_PLACE_MAX];
        size_t place_size = resumable_place("outcome", upload->id, place);
        uint8_t *space =
            bounded_output_extend(&upload->outcome, outcome->size + SEALED_VALUE_OVERHEAD);
        if (!space || !sealed_value_seal(upload->keys.blob, place, place_size, outcome->bytes,
                                         outcome->size, space)) {
            upload->outcome.size = 0;
        } else {
            resumable_keep_outcome(upload);
        }
    }
    if (upload->answering) {
        upload->answering = false;
        upload->sitting.done(upload->sitting.data, outcome ? RESUMABLE_OK : RESUMABLE_UNAVAILABLE);
    }
    struct imaging_service *service = upload->service;
    resumable_go_on(upload);
    resumables_forget_finished(service);
}

void resumable_remove(struct imaging_resumable *upload) {
    upload->gone = true;
    arrival_leave(&upload->part, NULL);
    resumable_turn_away(upload, RESUMABLE_ABSENT);
    if (upload->turn && upload->turn->cut) {
        upload->turn->cut(upload->turn);
    }
    resumable_go_on(upload);
}

void imaging_resumables_free(struct imaging_service *service) {
    while (service->resumables) {
        free_upload(service->resumables);
    }
}
