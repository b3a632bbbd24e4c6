/*
 * A bundle of beginnings: of every frame of a display set as many bytes of its lossless copy as one
 * resolution needs, in one answer. They are read, opened and verified side by side on threads, each
 * into its place.
 */
#include "server/imaging/imaging_copies.h"
#include "server/imaging/imaging_preview_plan.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define PREVIEW_SIZE_MAX ((uint64_t)64 << 20) // bytes of one bundle
#define READERS 4u                            // threads on one bundle
#define HEAD_SIZE 12u                         // "CPRV", version, level, number of frames

struct reader_part {
    struct work work; // first, so that a work is its part
    struct imaging_preview *preview;
    size_t first, end; // instances
    uint64_t at;       // where the first one's bytes go
};

struct imaging_preview {
    /* Given. */
    struct imaging_service *service;
    struct uuid patient_case;
    unsigned level;
    bool masked;
    imaging_text_done done; // NULL when nobody waits any more
    void *data;
    /* Owned. */
    struct preview_plan *plan;
    struct case_keys keys;
    struct memory_claim claim;
    uint8_t *bytes;
    char display_set[DISPLAY_SET_ID_SIZE + 1];
    /* Derived. */
    uint64_t size;
    struct reader_part parts[READERS];
    unsigned parts_left;
    bool busy; // not every part could be begun
    bool *bad; // of each instance: its copy does not verify; owned, each written by one thread
    unsigned bad_left; // not yet written down
    bool again;        // without those that were found bad
};

static void drop_read(struct imaging_preview *preview) {
    preview_plan_unref(preview->plan);
    preview->plan = NULL;
    if (preview->bytes) {
        OPENSSL_cleanse(preview->bytes, (size_t)preview->size);
    }
    free(preview->bytes);
    preview->bytes = NULL;
    free(preview->bad);
    preview->bad = NULL;
    imaging_memory_return(&preview->claim);
}

static void finish(struct imaging_preview *preview, enum imaging_read_result result) {
    struct imaging_service *service = preview->service;
    bool good = result == IMAGING_READ_OK;
    if (preview->done) {
        service->giving = &preview->claim;
        preview->done(
            preview->data, result,
            (struct bytes){good ? (uint32_t)preview->size : 0, good ? preview->bytes : NULL});
        service->giving = NULL;
    }
    if (good) {
        service->counts.bytes_read += preview->size;
    }
    drop_read(preview);
    OPENSSL_cleanse(preview, sizeof *preview);
    free(preview);
    imaging_operation_ended(service);
}

void imaging_preview_cancel(struct imaging_preview *preview) {
    preview->done = NULL;
    if (preview->claim.waits) {
        preview->size = 0;
        finish(preview, IMAGING_READ_UNAVAILABLE);
    }
}

/* Has the copy of this instance a part in the bundle? */
static bool is_given(const struct imaging_preview *preview,
                     const struct planned_instance *instance) {
    return instance->copy.count > 0 && !(preview->masked && instance->burned_in);
}

static uint64_t bytes_of(const struct imaging_preview *preview,
                         const struct planned_instance *instance) {
    uint64_t bytes = 0;
    for (uint32_t i = 0; is_given(preview, instance) && i < instance->copy.count; i++) {
        bytes += instance->copy.frames[i].prefixes[preview->level - 1];
    }
    return bytes;
}

/* False when one of its beginnings does not verify. */
static bool read_instance(const struct imaging_preview *preview,
                          const struct planned_instance *instance, uint8_t *into) {
    uint8_t name[BLOB_NAME_SIZE];
    record_copy_name(&preview->keys, preview->patient_case, instance->sop_instance_uid,
                     instance->digest, name);
    uint64_t size = copy_table_size(&instance->copy);
    bool good = true;
    for (uint32_t frame = 0; frame < instance->copy.count && good; frame++) {
        const struct copied_frame *copied = &instance->copy.frames[frame];
        uint32_t length = copied->prefixes[preview->level - 1];
        good = blob_read(&preview->service->files, preview->keys.blob, name, size, copied->offset,
                         length, into) == BLOB_OK;
        into += length;
    }
    return good;
}

static void run_part(struct work *work) {
    struct reader_part *part = (struct reader_part *)work;
    const struct imaging_preview *preview = part->preview;
    uint8_t *into = preview->bytes + part->at;
    for (size_t i = part->first; i < part->end; i++) {
        const struct planned_instance *instance = &preview->plan->instances[i];
        if (is_given(preview, instance)) {
            preview->bad[i] = !read_instance(preview, instance, into);
        }
        into += bytes_of(preview, instance);
    }
}

static void make_plan(struct imaging_preview *preview);

static void on_lost(void *data) {
    struct imaging_preview *preview = data;
    if (--preview->bad_left > 0) {
        return;
    }
    drop_read(preview);
    if (preview->again) {
        finish(preview, IMAGING_READ_ABSENT); // twice: there is none just now
        return;
    }
    preview->again = true;
    make_plan(preview);
}

/* The bundle is made once more, without the copies that are none. */
static void leave_out_bad(struct imaging_preview *preview) {
    const struct preview_plan *planned = preview->plan;
    unsigned count = preview->bad_left;
    for (size_t i = 0; count > 0; i++) {
        if (preview->bad[i]) {
            const struct planned_instance *instance = &planned->instances[i];
            bool last = --count == 0; // after it everything may be gone
            preview->service->counts.damaged++;
            imaging_copy_lost(preview->service, preview->patient_case, instance->sop_instance_uid,
                              instance->digest, on_lost, preview);
            if (last) {
                return;
            }
        }
    }
}

static void on_part(struct work *work) {
    struct imaging_preview *preview = ((struct reader_part *)work)->preview;
    if (--preview->parts_left > 0) {
        return;
    }
    if (preview->busy) {
        finish(preview, IMAGING_READ_UNAVAILABLE);
        return;
    }
    for (size_t i = 0; i < preview->plan->count; i++) {
        preview->bad_left += preview->bad[i];
    }
    if (preview->bad_left > 0) {
        leave_out_bad(preview);
    } else {
        finish(preview, IMAGING_READ_OK);
    }
}

static uint8_t *put(uint8_t *at, uint64_t number, int size) {
    for (int i = 0; i < size; i++) {
        *at++ = (uint8_t)(number >> 8 * i);
    }
    return at;
}

/* The list in front; gives where the frames' bytes begin. */
static uint8_t *write_head(const struct imaging_preview *preview) {
    const struct preview_plan *plan = preview->plan;
    uint8_t *at = preview->bytes;
    memcpy(at, "CPRV", 4);
    at = put(put(put(at + 4, 1, 2), preview->level, 2), plan->frame_count, 4);
    for (size_t i = 0; i < plan->count; i++) {
        const struct planned_instance *instance = &plan->instances[i];
        size_t uid_length = strlen(instance->sop_instance_uid);
        for (uint32_t frame = 0; frame < instance->frame_count; frame++) {
            at = put(at, uid_length, 1);
            memcpy(at, instance->sop_instance_uid, uid_length);
            uint32_t length = is_given(preview, instance)
                                  ? instance->copy.frames[frame].prefixes[preview->level - 1]
                                  : 0;
            at = put(put(at + uid_length, frame + 1, 4), length, 4);
        }
    }
    return at;
}

static bool submit_part(struct imaging_preview *preview, unsigned index) {
    struct reader_part *part = &preview->parts[index];
    part->work.run = run_part;
    part->work.done = on_part;
    return work_submit(preview->service->queue, &part->work);
}

/* Shares the instances out, by their bytes, so that all threads are done at about the same time. */
static void read_parts(struct imaging_preview *preview, uint64_t head_size) {
    const struct preview_plan *plan = preview->plan;
    uint64_t at = head_size;
    size_t next = 0;
    for (unsigned i = 0; i < READERS; i++) {
        uint64_t until = head_size + (preview->size - head_size) * (i + 1) / READERS;
        preview->parts[i] = (struct reader_part){.preview = preview, .first = next, .at = at};
        while (next < plan->count && (at < until || i == READERS - 1)) {
            at += bytes_of(preview, &plan->instances[next++]);
        }
        preview->parts[i].end = next;
    }
    assert(at == preview->size);
    preview->parts_left = READERS;
    for (unsigned i = 0; i < READERS; i++) {
        if (!submit_part(preview, i)) {
            // What was submitted comes back and ends it, unless nothing was.
            preview->parts_left -= READERS - i;
            preview->busy = true;
            if (preview->parts_left == 0) {
                finish(preview, IMAGING_READ_UNAVAILABLE);
            }
            return;
        }
    }
}

static void read_bundle(struct imaging_preview *preview) {
    const struct preview_plan *plan = preview->plan;
    preview->bytes = malloc((size_t)preview->size);
    preview->bad = calloc(plan->count, sizeof *preview->bad);
    if (!preview->bytes || !preview->bad ||
        !imaging_case_keys(preview->service, preview->patient_case, &preview->keys)) {
        finish(preview, IMAGING_READ_UNAVAILABLE);
        return;
    }
    uint8_t *end = write_head(preview);
    read_parts(preview, (uint64_t)(end - preview->bytes));
}

static void on_memory(struct memory_claim *claim, bool granted) {
    struct imaging_preview *preview =
        (struct imaging_preview *)((char *)claim - offsetof(struct imaging_preview, claim));
    if (granted) {
        read_bundle(preview);
    } else {
        finish(preview, IMAGING_READ_UNAVAILABLE);
    }
}

static void on_planned(void *data, enum imaging_read_result result, struct preview_plan *plan) {
    struct imaging_preview *preview = data;
    if (result != IMAGING_READ_OK || !preview->done) {
        finish(preview, preview->done ? result : IMAGING_READ_ABSENT);
        return;
    }
    preview->plan = preview_plan_ref(plan);
    uint64_t head = HEAD_SIZE;
    bool any = false, hidden = false;
    preview->size = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const struct planned_instance *instance = &plan->instances[i];
        head += (9 + strlen(instance->sop_instance_uid)) * (uint64_t)instance->frame_count;
        preview->size += bytes_of(preview, instance);
        any |= is_given(preview, instance);
        hidden |= instance->copy.count > 0 && !is_given(preview, instance);
    }
    preview->size += head;
    if (!any || preview->size > PREVIEW_SIZE_MAX) {
        preview->size = 0;
        finish(preview, !any && hidden ? IMAGING_READ_MASKED : IMAGING_READ_ABSENT);
        return;
    }
    preview->claim.granted = on_memory;
    switch (imaging_memory_claim(preview->service->memory, &preview->claim, preview->size, true)) {
    case MEMORY_GRANTED:
        read_bundle(preview);
        break;
    case MEMORY_WAITS:
        break;
    case MEMORY_BUSY:
        finish(preview, IMAGING_READ_UNAVAILABLE);
        break;
    }
}

static void make_plan(struct imaging_preview *preview) {
    struct text id = {(uint32_t)strlen(preview->display_set), preview->display_set};
    preview_plan_make(preview->service, preview->patient_case, id, on_planned, preview);
}

static void on_key(void *data, enum imaging_read_result result) {
    struct imaging_preview *preview = data;
    if (result != IMAGING_READ_OK) {
        finish(preview, result);
    } else {
        make_plan(preview);
    }
}

bool imaging_preview_read(struct imaging_service *service, const struct preview_wanted *wanted,
                          imaging_text_done done, void *data,
                          struct imaging_preview **ret_preview) {
    assert(wanted->level >= 1 && wanted->level <= COPY_LEVELS);
    struct imaging_preview *preview = service->closing ? NULL : calloc(1, sizeof *preview);
    if (!preview) {
        return false;
    }
    preview->service = service;
    preview->patient_case = wanted->patient_case;
    preview->level = wanted->level;
    preview->masked = wanted->masked;
    preview->done = done;
    preview->data = data;
    if (wanted->display_set.length == DISPLAY_SET_ID_SIZE) {
        memcpy(preview->display_set, wanted->display_set.bytes, DISPLAY_SET_ID_SIZE);
    }
    imaging_operation_began(service);
    *ret_preview = preview;
    imaging_need_case_key(service, preview->patient_case, on_key, preview);
    return true;
}
