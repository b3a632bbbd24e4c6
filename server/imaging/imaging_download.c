/*
 * Reading a frame or a document: found through its locator, read, opened and verified on a thread,
 * piece by piece as the receiver takes it. A frame that is wanted whole is read into the cache of
 * frames, once for all who ask meanwhile, and given from there.
 */
#include "server/imaging/imaging_copies.h"
#include "server/imaging/imaging_frame_input.h"
#include "server/imaging/imaging_stored.h"
#include "server/log.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOWNLOADS_MAX 4096 // open at once

struct imaging_download {
    struct work work; // first, so that a work is its download
    struct frame_waiter waiter;
    /* Given. */
    struct imaging_service *service;
    struct uuid patient_case;
    struct uuid user;
    char sop_instance_uid[65];
    uint32_t frame; // from 1; 0 = the document, or DOWNLOAD_FILE
    bool masked;
    uint64_t bulk_offset, bulk_length;
    bool copy; // the lossless copy instead of the original; what is asked for, then what is given
    download_opened opened;
    void (*cut)(void *data);
    void *data;
    /* Owned. */
    struct imaging_locator *locator;
    struct case_keys keys;   // while a read is under way
    struct kept_frame *kept; // held; NULL = read piece by piece into the buffer
    uint8_t *buffer;
    size_t buffer_size;
    struct memory_claim claim;             // of the buffer
    struct imaging_download *next, **link; // in the service's list
    /* Derived. */
    uint64_t size;
    uint64_t offset; // of the read under way, and what was asked for with it
    uint64_t wanted;
    download_read read; // NULL when none is under way
    uint64_t from;      // what the thread reads
    size_t length;
    uint8_t *into;
    enum imaging_read_result result;
    bool fills;      // it reads the kept frame
    bool asked_kept; // whether there is one is asked once
    bool waiting;    // something comes back to us
    bool closed;
};

static void let_go_of_kept(struct imaging_download *download) {
    if (download->kept) {
        frame_cache_release(download->service->frames, download->kept);
        download->kept = NULL;
    }
}

static void free_download(struct imaging_download *download) {
    struct imaging_service *service = download->service;
    *download->link = download->next;
    if (download->next) {
        download->next->link = download->link;
    }
    imaging_locator_unref(download->locator);
    let_go_of_kept(download);
    if (download->buffer) {
        OPENSSL_cleanse(download->buffer, download->buffer_size);
    }
    free(download->buffer);
    imaging_memory_return(&download->claim);
    OPENSSL_cleanse(download, sizeof *download);
    free(download);
    service->counts.downloads_now--;
    imaging_operation_ended(service);
}

void imaging_download_close(struct imaging_download *download) {
    download->closed = true;
    if (!download->waiting || download->claim.waits) {
        free_download(download);
    }
}

/* True when the download was closed meanwhile, and is gone now. */
static bool came_back(struct imaging_download *download) {
    download->waiting = false;
    if (download->closed) {
        free_download(download);
        return true;
    }
    return false;
}

static const struct frame_piece *pieces_of(const struct imaging_download *download,
                                           struct frame_piece *single, uint32_t *ret_count) {
    const struct imaging_locator *locator = download->locator;
    if (download->frame == DOWNLOAD_FILE) {
        *single = (struct frame_piece){0, locator->file_size};
        *ret_count = 1;
        return single;
    }
    if (download->frame == DOWNLOAD_BULK) {
        *single = (struct frame_piece){download->bulk_offset, download->bulk_length};
        *ret_count = 1;
        return single;
    }
    if (download->frame == 0) {
        *single = (struct frame_piece){locator->document_offset, locator->document_size};
        *ret_count = 1;
        return single;
    }
    if (download->copy) {
        const struct copied_frame *copied = &locator->copy.frames[download->frame - 1];
        *single = (struct frame_piece){copied->offset, copied->length};
        *ret_count = 1;
        return single;
    }
    return frame_table_pieces(&locator->frames, download->frame - 1, single, ret_count);
}

static void run_read(struct work *work) {
    struct imaging_download *download = (struct imaging_download *)work;
    struct frame_piece single;
    uint32_t count;
    const struct frame_piece *pieces = pieces_of(download, &single, &count);
    if (download->copy) {
        uint8_t name[BLOB_NAME_SIZE];
        record_copy_name(&download->keys, download->patient_case, download->sop_instance_uid,
                         download->locator->digest, name);
        enum blob_result result = blob_read(
            &download->service->files, download->keys.blob, name, download->locator->copy_size,
            single.offset + download->from, download->length, download->into);
        download->result = stored_result(result);
        return;
    }
    struct stored_file stored;
    download->result = stored_file_open(&stored, download->service, &download->keys,
                                        download->locator, download->frame == DOWNLOAD_FILE);
    if (download->result == IMAGING_READ_OK) {
        download->result = stored_file_read_pieces(&stored, pieces, count, download->from,
                                                   download->length, download->into);
    }
    stored_file_close(&stored);
}

/* What is wanted, or as much of it as one piece holds. */
static void give(struct imaging_download *download) {
    struct bytes bytes = {0, NULL};
    if (download->result == IMAGING_READ_OK && download->kept) {
        const uint8_t *from = kept_frame_bytes(download->kept) + download->offset;
        bytes = (struct bytes){(uint32_t)download->wanted, from};
    } else if (download->result == IMAGING_READ_OK) {
        bytes = (struct bytes){(uint32_t)download->length, download->buffer};
    }
    download->service->counts.bytes_read += bytes.length;
    download_read read = download->read;
    download->read = NULL;
    read(download->data, download->result, bytes);
}

/* The kept frame that this download reads is there, or is not to be had. */
static void end_fill(struct imaging_download *download, bool good) {
    if (!download->fills) {
        return;
    }
    download->fills = false;
    frame_cache_filled(download->service->frames, download->kept, good);
    if (!good) {
        let_go_of_kept(download);
    }
}

/* Of a copy nothing is lost: the original is there. */
static void say_damaged(struct imaging_download *download) {
    struct imaging_service *service = download->service;
    service->counts.damaged++;
    if (download->copy) {
        imaging_copy_lost(service, download->patient_case, download->sop_instance_uid,
                          download->locator->digest, NULL, NULL);
    } else {
        log_error("imaging", "a stored file does not verify");
    }
}

static void on_read(struct work *work) {
    struct imaging_download *download = (struct imaging_download *)work;
    bool good = download->result == IMAGING_READ_OK;
    OPENSSL_cleanse(&download->keys, sizeof download->keys);
    if (download->result == IMAGING_READ_DAMAGED) {
        say_damaged(download);
    }
    end_fill(download, good);
    if (!came_back(download)) {
        give(download);
    }
}

/* On a thread, into `into`. */
static void begin_read(struct imaging_download *download, uint64_t from, size_t length,
                       uint8_t *into) {
    struct imaging_service *service = download->service;
    download->from = from;
    download->length = length;
    download->into = into;
    download->work.run = run_read;
    download->work.done = on_read;
    download->waiting = into &&
                        imaging_case_keys(service, download->patient_case, &download->keys) &&
                        work_submit(service->queue, &download->work);
    if (download->waiting) {
        return;
    }
    end_fill(download, false);
    download->result = IMAGING_READ_UNAVAILABLE;
    give(download);
}

static void read_into_buffer(struct imaging_download *download) {
    size_t length = download->wanted < READ_STEP_MAX ? (size_t)download->wanted : READ_STEP_MAX;
    if (download->buffer_size < length) {
        if (download->buffer) {
            OPENSSL_cleanse(download->buffer, download->buffer_size);
        }
        free(download->buffer);
        download->buffer = malloc(length);
        download->buffer_size = download->buffer ? length : 0;
    }
    begin_read(download, download->offset, length, download->buffer);
}

static void on_memory(struct memory_claim *claim, bool granted) {
    struct imaging_download *download =
        (struct imaging_download *)((char *)claim - offsetof(struct imaging_download, claim));
    download->waiting = false;
    if (granted) {
        read_into_buffer(download);
    } else {
        download->result = IMAGING_READ_UNAVAILABLE;
        give(download);
    }
}

/* The buffer is claimed once, as large as it ever is. */
static void read_piece(struct imaging_download *download) {
    enum memory_answer answer = MEMORY_GRANTED;
    if (!download->claim.memory) {
        uint64_t size = download->size < READ_STEP_MAX ? download->size : READ_STEP_MAX;
        download->claim.granted = on_memory;
        answer = imaging_memory_claim(download->service->memory, &download->claim, size, false);
    }
    download->waiting = answer == MEMORY_WAITS;
    if (answer != MEMORY_WAITS) {
        on_memory(&download->claim, answer == MEMORY_GRANTED);
    }
}

static void on_frame_come(struct frame_waiter *waiter, bool good) {
    struct imaging_download *download =
        (struct imaging_download *)((char *)waiter - offsetof(struct imaging_download, waiter));
    if (came_back(download)) {
        return;
    }
    download->result = IMAGING_READ_OK;
    if (good) {
        give(download);
        return;
    }
    // Whoever read it could not: see for ourselves, and say what is wrong.
    let_go_of_kept(download);
    read_piece(download);
}

/* Of what is given: the copy and the original are never taken for each other. */
static const uint8_t *digest_of(const struct imaging_download *download) {
    return download->copy ? download->locator->copy_digest : download->locator->digest;
}

/* Only who wants a frame from its first byte to its last has it read for everybody: of a series
 * that is looked through by the beginnings of its frames, most would be read for nothing. */
static enum frame_found ask_kept(struct imaging_download *download) {
    struct frame_key key = {.patient_case = download->patient_case, .frame = download->frame};
    memcpy(key.digest, digest_of(download), sizeof key.digest);
    bool whole = download->offset == 0 && download->wanted == download->size;
    download->asked_kept = true;
    download->waiter.come = on_frame_come;
    return frame_cache_hold(download->service->frames, &key, (size_t)download->size, whole,
                            &download->waiter, &download->kept);
}

void imaging_download_read(struct imaging_download *download, uint64_t offset, uint64_t length,
                           download_read done) {
    assert(!download->waiting && !download->closed);
    assert(offset <= download->size && length <= download->size - offset);
    download->offset = offset;
    download->wanted = length < UINT32_MAX ? length : UINT32_MAX; // struct bytes
    download->read = done;
    download->result = IMAGING_READ_OK;
    enum frame_found found = download->kept ? FRAME_THERE : FRAME_NOT_KEPT;
    bool is_frame = download->frame > 0 && download->frame < DOWNLOAD_BULK;
    if (is_frame && !download->asked_kept) {
        found = ask_kept(download);
    }
    switch (found) {
    case FRAME_THERE:
        give(download);
        break;
    case FRAME_COMING:
        download->waiting = true;
        break;
    case FRAME_TO_READ:
        download->fills = true;
        begin_read(download, 0, (size_t)download->size, kept_frame_bytes(download->kept));
        break;
    case FRAME_NOT_KEPT:
        read_piece(download);
        break;
    }
}

void imaging_download_hand_over(struct imaging_download *download, void (*cut)(void *data),
                                void *data) {
    assert(!download->waiting);
    download->cut = cut;
    download->data = data;
}

uint64_t imaging_download_frame_size(const struct imaging_download *download, uint32_t frame) {
    struct frame_piece single;
    uint32_t count;
    uint64_t size = 0;
    if (frame == 0 || frame > download->locator->frames.frame_count) {
        return 0;
    }
    if (download->copy) {
        return download->locator->copy.frames[frame - 1].length;
    }
    const struct frame_piece *pieces =
        frame_table_pieces(&download->locator->frames, frame - 1, &single, &count);
    for (uint32_t i = 0; i < count; i++) {
        size += pieces[i].length;
    }
    return size;
}

static void write_etag(const struct imaging_download *download, char *etag, size_t space) {
    size_t at = (size_t)snprintf(etag, space, "\"");
    for (size_t i = 0; i < 16; i++) {
        at += (size_t)snprintf(etag + at, space - at, "%02x", digest_of(download)[i]);
    }
    snprintf(etag + at, space - at, "-%u\"", (unsigned)download->frame);
}

static void open_located(struct imaging_download *download) {
    const struct imaging_locator *locator = download->locator;
    bool there = download->frame == 0 ? locator->document_size > 0
                                      : download->frame <= locator->frames.frame_count;
    if (!there && download->frame < DOWNLOAD_BULK) {
        download->opened(download->data, IMAGING_READ_ABSENT, NULL);
        return;
    }
    bool whole = download->frame == 0 || download->frame == DOWNLOAD_FILE;
    if (download->masked && (whole || locator->burned_in)) {
        download->opened(download->data, IMAGING_READ_MASKED, NULL);
        return;
    }
    bool is_frame = download->frame > 0 && download->frame < DOWNLOAD_BULK;
    download->copy = download->copy && is_frame && download->frame <= locator->copy.count;
    struct frame_piece single;
    uint32_t count;
    const struct frame_piece *pieces = pieces_of(download, &single, &count);
    for (uint32_t i = 0; i < count; i++) {
        download->size += pieces[i].length;
    }
    struct download_facts facts = {.size = download->size,
                                   .study_uid = locator->study_uid,
                                   .series_uid = locator->series_uid,
                                   .frame_count = locator->frames.frame_count,
                                   .decoded_size = frame_decoded_size(locator),
                                   .has_copy = locator->copy.count > 0};
    if (download->frame == 0) {
        facts.media_type = locator->document_type;
    } else if (is_frame) {
        facts.transfer_syntax =
            download->copy ? COPY_TRANSFER_SYNTAX : stored_frame_syntax(locator);
        facts.prefixes = download->copy ? locator->copy.frames[download->frame - 1].prefixes : NULL;
        download->service->counts.frames_read++;
    }
    write_etag(download, facts.etag, sizeof facts.etag);
    download->opened(download->data, IMAGING_READ_OK, &facts);
}

static struct text wanted_uid(const struct imaging_download *download) {
    return (struct text){(uint32_t)strlen(download->sop_instance_uid), download->sop_instance_uid};
}

static void on_located(void *data, enum imaging_read_result result) {
    struct imaging_download *download = data;
    if (came_back(download)) {
        return;
    }
    struct imaging_locator *found =
        imaging_locator_find(download->service, download->patient_case, wanted_uid(download));
    if (result != IMAGING_READ_OK || !found) {
        enum imaging_read_result answer = result == IMAGING_READ_OK ? IMAGING_READ_ABSENT : result;
        download->opened(download->data, answer, NULL);
        return;
    }
    download->locator = imaging_locator_ref(found);
    open_located(download);
}

static void on_key(void *data, enum imaging_read_result result) {
    struct imaging_download *download = data;
    bool keyed = result == IMAGING_READ_OK;
    if (!keyed || download->closed) {
        on_located(download, keyed ? result : IMAGING_READ_UNAVAILABLE);
        return;
    }
    if (imaging_locator_find(download->service, download->patient_case, wanted_uid(download))) {
        on_located(download, IMAGING_READ_OK);
        return;
    }
    imaging_locator_load(download->service, download->patient_case, wanted_uid(download),
                         on_located, download);
}

bool imaging_download_open(struct imaging_service *service, const struct download_wanted *wanted,
                           download_opened opened, void (*cut)(void *data), void *data,
                           struct imaging_download **ret_download) {
    if (service->closing || service->counts.downloads_now == DOWNLOADS_MAX) {
        return false;
    }
    struct imaging_download *download = calloc(1, sizeof *download);
    if (!download) {
        return false;
    }
    download->service = service;
    download->patient_case = wanted->patient_case;
    download->user = wanted->user;
    download->frame = wanted->frame;
    download->masked = wanted->masked;
    download->bulk_offset = wanted->bulk_offset;
    download->bulk_length = wanted->bulk_length;
    download->copy = wanted->copy;
    download->opened = opened;
    download->cut = cut;
    download->data = data;
    if (wanted->sop_instance_uid.length < sizeof download->sop_instance_uid) {
        memcpy(download->sop_instance_uid, wanted->sop_instance_uid.bytes,
               wanted->sop_instance_uid.length);
    }
    download->link = &service->downloads;
    download->next = service->downloads;
    if (download->next) {
        download->next->link = &download->next;
    }
    service->downloads = download;
    service->counts.downloads_now++;
    imaging_operation_began(service);
    download->waiting = true;
    *ret_download = download;
    imaging_need_case_key(service, download->patient_case, on_key, download);
    return true;
}

void imaging_revoke(struct imaging_service *service, struct uuid patient_case, struct uuid user) {
    struct imaging_download *download = service->downloads;
    while (download) {
        struct imaging_download *next = download->next;
        bool meant =
            !download->closed &&
            (uuid_is_zero(patient_case) || uuid_equal(download->patient_case, patient_case)) &&
            (uuid_is_zero(user) || uuid_equal(download->user, user));
        if (meant) {
            download->cut(download->data);
        }
        download = next;
    }
    imaging_forget_locators(service, patient_case);
    if (uuid_is_zero(user)) {
        imaging_changed(service, patient_case);
        frame_cache_forget(service->frames, patient_case);
    }
}
