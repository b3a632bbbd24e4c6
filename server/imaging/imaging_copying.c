#include "server/imaging/imaging_copying.h"

#include "server/imaging/imaging_copies.h"
#include "server/imaging/imaging_frame_input.h"
#include "server/imaging/imaging_preview_plan.h"
#include "server/imaging/transfer_syntax.h"
#include "server/log.h"
#include "server/store/postgres_binary.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HEADER_MAX ((uint64_t)1 << 20) // bytes, for every job; a longer one is not read

struct copying {
    struct work work; // first, so that a work is its copying
    /* Given. */
    struct copying_start start;
    /* Owned. */
    struct imaging_locator *locator;
    struct case_keys keys;
    struct frame_input input;
    struct blob_write write;
    struct copy_table table;
    /* Derived. */
    uint32_t first, count; // frames of the job under way, from 0
    uint64_t written;      // bytes that job made
    enum imaging_read_result read;
    enum blob_result sealed;
    uint8_t digest[BLOB_DIGEST_SIZE];
    bool writing;   // the blob is begun
    bool committed; // the blob is there under its name
    bool died;      // the worker, of the job under way
    bool doomed;
    enum copying_end end; // while the last step is under way
};

static void next_job(struct copying *copying);
static void mark_refused(struct copying *copying);

struct copying *copying_create(const struct copying_start *start) {
    struct copying *copying = calloc(1, sizeof *copying);
    if (copying) {
        copying->start = *start;
        copying->input.from = copying->input.into = -1;
        imaging_operation_began(start->service);
    }
    return copying;
}

void copying_doom(struct copying *copying) {
    copying->doomed = true;
}

struct uuid copying_case(const struct copying *copying) {
    return copying->start.patient_case;
}

static struct text uid_of(const struct copying *copying) {
    const char *uid = copying->start.sop_instance_uid;
    return (struct text){(uint32_t)strlen(uid), uid};
}

static void finish(struct copying *copying) {
    struct imaging_service *service = copying->start.service;
    imaging_locator_unref(copying->locator);
    copy_table_free(&copying->table);
    frame_input_finish(&copying->input);
    copying->start.over(copying->start.data, copying, copying->end);
    OPENSSL_cleanse(copying, sizeof *copying);
    free(copying);
    imaging_operation_ended(service);
}

/* On a thread: what was begun of the file goes. */
static void run_drop(struct work *work) {
    struct copying *copying = (struct copying *)work;
    if (copying->committed) {
        uint8_t name[BLOB_NAME_SIZE];
        record_copy_name(&copying->keys, copying->start.patient_case,
                         copying->start.sop_instance_uid, copying->locator->digest, name);
        blob_delete(&copying->start.service->files, name);
    } else {
        blob_write_abort(&copying->write);
    }
    copying->writing = copying->committed = false;
}

static void on_dropped(struct work *work) {
    struct copying *copying = (struct copying *)work;
    if (copying->end == COPYING_REFUSED && !copying->doomed) {
        mark_refused(copying);
    } else {
        finish(copying);
    }
}

static bool submit(struct copying *copying, void (*run)(struct work *work),
                   void (*done)(struct work *work)) {
    copying->work.run = run;
    copying->work.done = done;
    return work_submit(copying->start.queue, &copying->work);
}

/* Ends without a copy. */
static void give_up(struct copying *copying, enum copying_end end) {
    copying->end = copying->doomed ? COPYING_DROPPED : end;
    if (copying->writing || copying->committed) {
        if (submit(copying, run_drop, on_dropped)) {
            return;
        }
        run_drop(&copying->work); // the queue is closing: here rather than never
    }
    on_dropped(&copying->work);
}

/* The row. */

static void on_marked(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct copying *copying = data;
    (void)rows;
    copying->end = result == POSTGRES_OK ? COPYING_REFUSED : COPYING_LATER;
    finish(copying);
}

static void mark_refused(struct copying *copying) {
    struct postgres_parameter parameters[] = {parameter_uuid(&copying->start.patient_case),
                                              parameter_text(copying->start.sop_instance_uid)};
    postgres_query(copying->start.service->config.postgres,
                   "UPDATE image_instance SET copy_wanted = false"
                   " WHERE case_id = $1::uuid AND sop_instance_uid = $2::text AND NOT held",
                   parameters, 2, on_marked, copying);
}

static void on_row(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct copying *copying = data;
    struct imaging_service *service = copying->start.service;
    if (result == POSTGRES_OK) {
        imaging_locator_forget(service, copying->start.patient_case, uid_of(copying));
        preview_plans_forget(service, copying->start.patient_case);
        copying->end = COPYING_MADE;
        finish(copying);
        return;
    }
    // Of an image that is gone there is no row to belong to: the file goes, too.
    bool gone = rows && strcmp(postgres_sqlstate(rows), "23503") == 0;
    // Otherwise the row may stand all the same, its answer being lost: then the file must. When it
    // does not stand, the next try writes the file again under its name.
    copying->committed = gone || copying->doomed;
    give_up(copying, gone ? COPYING_DROPPED : COPYING_LATER);
}

static void write_row(struct copying *copying) {
    size_t frames_size;
    uint8_t *frames = copy_table_encode(&copying->table, &frames_size);
    if (!frames || copying->doomed) {
        free(frames);
        give_up(copying, COPYING_LATER);
        return;
    }
    struct imaging_service *service = copying->start.service;
    struct binary_integer size = binary_integer((int64_t)copy_table_size(&copying->table));
    struct postgres_parameter parameters[] = {
        parameter_uuid(&service->config.tenant),
        parameter_uuid(&copying->start.patient_case),
        parameter_text(copying->start.sop_instance_uid),
        parameter_bytes(copying->locator->digest, BLOB_DIGEST_SIZE),
        parameter_bytes(copying->digest, BLOB_DIGEST_SIZE),
        parameter_int8(&size),
        parameter_bytes(frames, frames_size),
    };
    postgres_query(service->config.postgres,
                   "WITH copy AS (INSERT INTO image_copy (tenant_id, case_id, sop_instance_uid,"
                   " digest, copy_digest, copy_size, frames) VALUES ($1::uuid, $2::uuid, $3::text,"
                   " $4::bytea, $5::bytea, $6::bigint, $7::bytea)"
                   " ON CONFLICT (case_id, sop_instance_uid, digest) DO UPDATE SET copy_digest ="
                   " EXCLUDED.copy_digest, copy_size = EXCLUDED.copy_size, frames ="
                   " EXCLUDED.frames RETURNING case_id)"
                   " UPDATE image_instance SET copy_wanted = false WHERE case_id ="
                   " (SELECT case_id FROM copy) AND sop_instance_uid = $3::text AND digest ="
                   " $4::bytea",
                   parameters, sizeof parameters / sizeof parameters[0], on_row, copying);
    free(frames);
}

/* Sealing, on a thread. */

static enum blob_result begin_blob(struct copying *copying) {
    uint8_t name[BLOB_NAME_SIZE];
    record_copy_name(&copying->keys, copying->start.patient_case, copying->start.sop_instance_uid,
                     copying->locator->digest, name);
    copying->writing = true;
    return blob_write_begin(&copying->write, &copying->start.service->files, copying->keys.blob,
                            name);
}

static void run_seal(struct work *work) {
    struct copying *copying = (struct copying *)work;
    size_t size = (size_t)copying->written;
    copying->sealed = copying->writing ? BLOB_OK : begin_blob(copying);
    void *made = mmap(NULL, size, PROT_READ, MAP_SHARED, copying->input.into, 0);
    if (made == MAP_FAILED) {
        copying->sealed = BLOB_IO_FAILED;
        return;
    }
    if (copying->sealed == BLOB_OK) {
        copying->sealed = blob_write_bytes(&copying->write, made, size);
    }
    munmap(made, size);
    frame_input_finish(&copying->input);
    bool last = copying->first + copying->count == copying->locator->frames.frame_count;
    if (copying->sealed == BLOB_OK && last) {
        copying->sealed = blob_write_commit(&copying->write, copying->digest);
        copying->committed = copying->sealed == BLOB_OK;
    }
}

static void on_sealed(struct work *work) {
    struct copying *copying = (struct copying *)work;
    if (copying->sealed != BLOB_OK) {
        log_error("imaging", "lossless copy not stored: %s", blob_result_text(copying->sealed));
        give_up(copying, COPYING_LATER);
    } else if (copying->committed) {
        write_row(copying);
    } else {
        copying->first += copying->count;
        copying->died = false;
        next_job(copying);
    }
}

/* Making. */

static void on_copied(void *data, const struct frames_copied *copied) {
    struct copying *copying = data;
    bool no_memory = copied && copied->refusal == CODEC_REFUSAL_NO_MEMORY;
    if (copying->doomed || copying->start.service->closing || no_memory) {
        give_up(copying, COPYING_LATER);
        return;
    }
    if (!copied && !copying->died) {
        // Of these pixels, or of something else: what dies of them twice is not tried again.
        copying->died = true;
        frame_input_finish(&copying->input);
        next_job(copying);
        return;
    }
    uint64_t before = copy_table_size(&copying->table);
    if (!copied || copied->refusal != CODEC_REFUSAL_NONE ||
        copied->frames.count != copying->count ||
        !copy_table_add(&copying->table, &copied->frames)) {
        give_up(copying, COPYING_REFUSED);
        return;
    }
    copying->written = copy_table_size(&copying->table) - before;
    if (copying->written > copying->input.space) {
        give_up(copying, COPYING_REFUSED);
    } else if (!submit(copying, run_seal, on_sealed)) {
        give_up(copying, COPYING_LATER);
    }
}

static void run_read(struct work *work) {
    struct copying *copying = (struct copying *)work;
    struct pixel_shape shape = frame_input_shape(copying->locator);
    // Noise does not become smaller; what is larger than this is not worth its copy.
    uint64_t space = (codec_frame_size(&shape) * 5 / 4 + (64u << 10)) * copying->count;
    copying->read =
        frame_input_make(&copying->input, copying->start.service, &copying->keys, copying->locator,
                         copying->first, copying->count, HEADER_MAX, space);
}

static void on_read(struct work *work) {
    struct copying *copying = (struct copying *)work;
    if (copying->read == IMAGING_READ_DAMAGED) {
        give_up(copying, COPYING_REFUSED);
        return;
    }
    struct codec_input input = frame_input_of(&copying->input, copying->locator);
    struct u64_list lengths = {copying->count, copying->input.lengths};
    if (copying->read != IMAGING_READ_OK || copying->doomed ||
        !codec_link_copy(copying->start.codec, &input, &lengths, on_copied, copying)) {
        give_up(copying, COPYING_LATER);
    }
}

static void next_job(struct copying *copying) {
    struct pixel_shape shape = frame_input_shape(copying->locator);
    uint64_t size = codec_frame_size(&shape);
    uint32_t left = copying->locator->frames.frame_count - copying->first;
    uint64_t fit = CODEC_JOB_SIZE / size;
    fit = fit ? fit : 1;
    fit = fit < CODEC_FRAMES_MAX ? fit : CODEC_FRAMES_MAX;
    copying->count = left < fit ? left : (uint32_t)fit;
    if (copying->doomed || !submit(copying, run_read, on_read)) {
        give_up(copying, COPYING_LATER);
    }
}

/* Is it an image that a copy is made of? */
static bool is_wanted(const struct imaging_locator *locator) {
    struct pixel_shape shape = frame_input_shape(locator);
    const struct transfer_syntax *syntax = transfer_syntax_find(locator->transfer_syntax_uid);
    uint64_t size = codec_frame_size(&shape);
    uint32_t frames = locator->frames.frame_count;
    return syntax && syntax->reversible && frames > 0 && size > 0 &&
           size <= COPIES_SIZE_MAX / frames;
}

static void on_located(void *data, enum imaging_read_result result) {
    struct copying *copying = data;
    struct imaging_service *service = copying->start.service;
    struct imaging_locator *found =
        imaging_locator_find(service, copying->start.patient_case, uid_of(copying));
    if (result == IMAGING_READ_UNAVAILABLE || copying->doomed || service->closing) {
        give_up(copying, COPYING_LATER);
        return;
    }
    if (!found || !imaging_case_keys(service, copying->start.patient_case, &copying->keys)) {
        give_up(copying, result == IMAGING_READ_DAMAGED ? COPYING_REFUSED : COPYING_DROPPED);
        return;
    }
    copying->locator = imaging_locator_ref(found);
    if (is_wanted(found)) {
        next_job(copying);
    } else {
        give_up(copying, COPYING_REFUSED);
    }
}

static void on_key(void *data, enum imaging_read_result result) {
    struct copying *copying = data;
    struct imaging_service *service = copying->start.service;
    struct uuid patient_case = copying->start.patient_case;
    if (result != IMAGING_READ_OK) {
        give_up(copying, result == IMAGING_READ_UNAVAILABLE ? COPYING_LATER : COPYING_DROPPED);
    } else if (imaging_locator_find(service, patient_case, uid_of(copying))) {
        on_located(copying, IMAGING_READ_OK);
    } else {
        imaging_locator_load(service, patient_case, uid_of(copying), on_located, copying);
    }
}

void copying_begin(struct copying *copying) {
    imaging_need_case_key(copying->start.service, copying->start.patient_case, on_key, copying);
}
