/*
 * The images of cases: takes files in, keeps them sealed, gives them out.
 *
 * On the loop's thread only; reading, sealing, fsync and inflating happen on threads of its own. An
 * upload lies in memory (never on disk in clear) until consilium-ingest has read it; then the
 * sealed file is durable before its row is, and the row before anybody is answered. Callbacks come
 * on a later turn of the loop, except where said. Who may do what is the caller's to check.
 */
#ifndef CONSILIUM_IMAGING_SERVICE_H
#define CONSILIUM_IMAGING_SERVICE_H

#include "protocol/generated/ingest.h"
#include "protocol/values.h"
#include "server/imaging/display_sets.h"
#include "server/imaging/file_refusal.h"
#include "server/imaging/instance.h"
#include "server/imaging/patient_match.h"
#include "server/store/keys.h"
#include "server/store/postgres.h"

#include <uv.h>

#define UPLOAD_SIZE_MAX ((uint64_t)4 << 30) // bytes of one file
#define UPLOADS_SIZE_MAX                                                                           \
    ((uint64_t)5 << 30)                 // bytes of all that are under way, in memory; less
                                        // on a machine with less than twice of that
#define UPLOAD_NAME_MAX 1024            // bytes of what its sender calls a file
#define UPLOADS_MAX 256                 // under way
#define READ_STEP_MAX ((size_t)1 << 20) // bytes read at once of what is not kept
#define SERIES_METADATA_MAX ((size_t)256 << 20)
#define DISPLAY_LIST_MAX ((size_t)64 << 20) // bytes of JSON

struct imaging_service;

/* A series as it is now, borrowed for the call. */
struct imaging_series {
    struct uuid patient_case;
    struct uuid by; // who sent the last file of it
    const char *study_uid;
    const char *series_uid;
    const struct display_sets *sets;
};

struct arrival; // protocol/generated/stage.h
/* What a case says of its patient, and what was decided of images that say otherwise. */
struct held_decision_list;
struct case_identity {
    struct patient_words patient;
    const struct held_decision_list *decisions; // of protocol/schema/patient_case.schema
};
typedef void (*imaging_identified)(void *data, const struct case_identity *identity);

#define HELD_KEPT_MAX 32u // told at once; others are told with the next look
struct held_count {
    struct uuid patient_case;
    uint64_t images, studies;     // studies: decisions that are needed
    uint64_t version;             // up to which decisions were carried out
    uint64_t kept[HELD_KEPT_MAX]; // decisions to remove, by which none was: more had come
    uint32_t kept_count;
};

struct imaging_service_config {
    uv_loop_t *loop;            // borrowed, as all pointers here
    struct postgres *postgres;  //
    struct keys *keys;          //
    struct uuid tenant;         //
    const char *blob_folder;    // made when absent
    const char *ingest_program; // path of consilium-ingest
    unsigned threads;           // 0 = 4
    size_t frame_cache_bytes;   // see frame_cache.h
    uint64_t memory_bytes;      // see imaging_memory.h; 0 = its default
    unsigned resumable_life_s;  // of resumable uploads; 0 = RESUMABLE_LIFE_S
    unsigned resumables_max;    // not finished, and finished; 0 = as imaging_resumable.h says
    unsigned quiet_ms;          // without a byte before a sender is waited for, and three times
                                // that until no more; 0 = as imaging_arrivals.h says
    /* Asks for what a case says of its patient; answers once, maybe at once, with what is borrowed
     * for the call, NULL = it cannot be had now. NULL here = nothing is known of any case. */
    void (*identify)(void *data, struct uuid patient_case, imaging_identified answer,
                     void *answer_data);
    /* So much of a case waits until somebody decides: tell its actor, and imaging_held_noted when
     * it has it. May be NULL. */
    void (*on_held)(void *data, const struct held_count *held);
    /* Images of a case have changed: tell its actor (sets of kind DISPLAY_NOTHING are not shown).
     * Files that come in quick succession are told together. Told again after a restart until
     * imaging_announced was called. */
    void (*on_series)(void *data, const struct imaging_series *series);
    /* Files are on their way into a case: tell who waits, at most twice a second for each arrival.
     * False = not now, it is told again. NULL = nobody wants to know. */
    bool (*on_arrival)(void *data, struct uuid patient_case, const struct arrival *arrival);
    void *data;
};

/* NULL with words in `ret_message`. */
struct imaging_service *imaging_service_create(const struct imaging_service_config *config,
                                               const char **ret_message);
void imaging_service_close(struct imaging_service *service, void (*closed)(void *data), void *data);

/* Tells again what was stored but not announced when the last process ended. Once, when the
 * database is there and actors can be told. */
void imaging_service_announce_missed(struct imaging_service *service);

/* The case's stream holds the series as told. */
void imaging_announced(struct imaging_service *service, struct uuid patient_case,
                       const char *series_uid);

/* Somebody decided of what is held in this case: it is carried out. */
void imaging_held_decided(struct imaging_service *service, struct uuid patient_case);
/* The case's stream holds it as told, or could not be told now. */
void imaging_held_noted(struct imaging_service *service, const struct held_count *held);
void imaging_held_not_noted(struct imaging_service *service, struct uuid patient_case);

/* Calls `changed` whenever rows of a case (zero: of any) were written or are about to go: what was
 * read of them before is out of date, and is forgotten. For one who wants to know. */
void imaging_tell_changes(struct imaging_service *service,
                          void (*changed)(void *data, struct uuid patient_case), void *data);

/* Cuts what is being sent of this case to this user (zero = everybody), and forgets where its files
 * lie; with everybody, its frames in memory too. */
void imaging_revoke(struct imaging_service *service, struct uuid patient_case, struct uuid user);

/* Cuts what is being sent of this case, forgets its frames and deletes its files, by the rows that
 * stand. `done` may be called at once; false = not all of it, try again. */
void imaging_erase_case(struct imaging_service *service, struct uuid patient_case,
                        void (*done)(void *data, bool erased), void *data);

/* What a sender says of all the files that they send together, with each of them; all zero = they
 * say nothing. */
struct sending {
    struct uuid id; // made by the sender
    uint32_t files; // of all
    uint64_t bytes;
    /* Before this file: through; and of those new images, and kept. */
    uint32_t done, images, kept;
    uint64_t bytes_done;
};
/* No more of it comes. */
void imaging_sending_ended(struct imaging_service *service, struct uuid patient_case,
                           struct uuid by, struct uuid sending);

/* Uploads. */
enum upload_outcome {
    UPLOAD_STORED,
    UPLOAD_ALREADY_THERE, // the same bytes
    UPLOAD_HELD,          // kept for a person to decide: see held_for
    UPLOAD_REFUSED,       // see refusal
    UPLOAD_KEPT,          // no image and no document: kept under its name, not opened
    UPLOAD_INDEX,         // a DICOMDIR: looked at, not stored
    UPLOAD_UNAVAILABLE,   // the database is away or the server is stopping; send it again
    UPLOAD_NO_SPACE,      // the disk is full; nothing was kept
};
enum held_for {   // image_instance.held_for
    HELD_NOT,     //
    HELD_PATIENT, // what it says of its patient is not what the case says
    HELD_CONTENT, // the same UID with other bytes is shown
};
const char *held_for_word(enum held_for held_for); // "patient", "content"
struct upload_answer {
    enum upload_outcome outcome;
    enum file_refusal_kind refusal;
    enum held_for held_for;
    struct text reason;                  // in words, when refused
    const char *sop_instance_uid;        // empty when it was not read
    const char *sop_class_uid;           // NULL when it was not read, as the next
    const char *study_uid, *series_uid;  //
    const struct imaging_series *series; // NULL unless stored and wanted
    uint32_t named, missing;             // of a DICOMDIR: files it names, not in the case
    struct bytes directory;              // for imaging_directory_look
};
typedef void (*upload_done)(void *data, const struct upload_answer *answer);

struct imaging_upload;

/* Bytes of the largest file that there is memory for here: at most UPLOAD_SIZE_MAX. */
uint64_t imaging_upload_size_max(const struct imaging_service *service);

/* NULL when too much is under way: say busy. `size` is at most UPLOAD_SIZE_MAX. */
struct imaging_upload *imaging_upload_begin(struct imaging_service *service,
                                            struct uuid patient_case, struct uuid by, uint64_t size,
                                            upload_done done, void *data);
/* As above, of a file whose size will be known at its end; one of another study than that, when it
 * is not empty, is refused (as FILE_REFUSAL_NONE). */
struct imaging_upload *imaging_upload_begin_open(struct imaging_service *service,
                                                 struct uuid patient_case, struct uuid by,
                                                 struct text study_uid, upload_done done,
                                                 void *data);
/* False when it is more than was said or memory is short: cancel then. */
bool imaging_upload_bytes(struct imaging_upload *upload, struct bytes bytes);
/* All bytes are there; `done` follows, at once when nothing can be done, and the upload is the
 * service's. */
void imaging_upload_end(struct imaging_upload *upload);
/* It is told of to who waits; `sending` may be all zero. */
void imaging_upload_sending(struct imaging_upload *upload, const struct sending *sending);
/* The answer tells of the series as it is then: all of it is looked at. */
void imaging_upload_want_series(struct imaging_upload *upload);
/* What its sender calls it: with a name, what is no image and no document is kept. */
void imaging_upload_name(struct imaging_upload *upload, struct text name);
/* Nobody waits any more. Before the end the file is dropped, after it the work goes on unanswered.
 */
void imaging_upload_cancel(struct imaging_upload *upload);

/* How many of the files that a DICOMDIR names are not in the case now. Copies. */
void imaging_directory_look(struct imaging_service *service, struct uuid patient_case,
                            struct bytes directory,
                            void (*done)(void *data, uint32_t named, uint32_t missing), void *data);

/* Reads of whole texts. `bytes` is borrowed; empty text and found = false when there is nothing. */
enum imaging_read_result {
    IMAGING_READ_OK,
    IMAGING_READ_ABSENT,
    IMAGING_READ_MASKED,      // it may say who the patient is, and this reader is not told
    IMAGING_READ_UNAVAILABLE, // the database is away, or too much is under way
    IMAGING_READ_DAMAGED,     // what is stored does not verify
};
typedef void (*imaging_text_done)(void *data, enum imaging_read_result result, struct bytes bytes);
struct imaging_request; // one such read; cancel it when nobody waits any more

/* Within a `done` that gives bytes: whoever copies them has them counted on (imaging_memory.h)
 * until imaging_memory_drop of this is called; once. NULL = they are not counted. */
struct memory_claim *imaging_keep(struct imaging_service *service, struct bytes bytes);

struct text_wanted {
    struct uuid patient_case;
    bool masked; // for who is not told who the patient is: without names, numbers, descriptions
};
/* False when too much is under way: say busy. `ret_request` is set before `done` can be called,
 * which may be at once; then it is over. */
bool imaging_list_display_sets(struct imaging_service *service, const struct text_wanted *wanted,
                               bool gzip, imaging_text_done done, void *data,
                               struct imaging_request **ret_request);
bool imaging_series_metadata(struct imaging_service *service, const struct text_wanted *wanted,
                             struct text series_uid, bool gzip, imaging_text_done done, void *data,
                             struct imaging_request **ret_request);
/* Metadata of whatever has these UIDs, empty = any; one at least is given. Empty `bulk_root`: the
 * addresses of bulk values are given as they are stored (metadata_json.h). */
struct metadata_scope {
    struct text study_uid, series_uid, sop_instance_uid;
    struct text bulk_root; // of the case's DICOMweb, without a slash at its end
};
bool imaging_metadata(struct imaging_service *service, const struct text_wanted *wanted,
                      const struct metadata_scope *scope, bool gzip, imaging_text_done done,
                      void *data, struct imaging_request **ret_request);
void imaging_request_cancel(struct imaging_request *request);

/* What is held, beside what the case says of its patient and beside what is shown under the same
 * UIDs, as server/gateway/HTTP.md has it. As with texts otherwise. */
#define HELD_LIST_MAX ((size_t)4 << 20) // bytes of JSON
struct imaging_held_list;
bool imaging_held_list(struct imaging_service *service, struct uuid patient_case,
                       imaging_text_done done, void *data, struct imaging_held_list **ret_list);
void imaging_held_list_cancel(struct imaging_held_list *list);

/* What the headers of these frames say, names included; those that are not there are left out, the
 * others come by study, series, UID and number. For the server's own use: the caller has the case's
 * right to it. Borrowed for the call, which may come at once when it cannot be had. */
#define DESCRIBE_MAX 4096
struct frame_name {
    struct text sop_instance_uid;
    uint32_t frame; // from 1; 0 = of the image as a whole
};
struct described_frame {
    struct instance instance; // fields of functional groups are those of the frame
    uint32_t frame;
};
typedef void (*imaging_described)(void *data, enum imaging_read_result result,
                                  const struct described_frame *frames, size_t count);
/* `wanted`, each once, in the order of UIDs and numbers. */
void imaging_describe(struct imaging_service *service, struct uuid patient_case,
                      const struct frame_name *wanted, size_t count, imaging_described done,
                      void *data);

/* Of each series of the server's own documents the one that stands, or none: all others of it are
 * not offered any more. Borrows for the call. */
struct own_document {
    struct text series_uid;
    struct text standing_uid; // empty = none
};
void imaging_supersede(struct imaging_service *service, struct uuid patient_case,
                       const struct own_document *documents, size_t count,
                       void (*done)(void *data, bool written), void *data);

/* Of every frame of a display set, in its order, the beginning of its lossless copy that one
 * reduced resolution needs: "CPRV", version 1, level (u16 each), number of frames (u32); for each
 * the UID (u8 length, text), the frame's number from 1, its bytes (u32 each; 0 = there is no copy,
 * or it is not for this reader); then the bytes, in the same order. Little endian.
 * IMAGING_READ_ABSENT when there is no copy of any. As with texts otherwise. */
struct imaging_preview;
struct preview_wanted {
    struct uuid patient_case;
    struct text display_set;
    unsigned level; // 1 to 5: both sides are halved so often
    bool masked;
};
bool imaging_preview_read(struct imaging_service *service, const struct preview_wanted *wanted,
                          imaging_text_done done, void *data, struct imaging_preview **ret_preview);
void imaging_preview_cancel(struct imaging_preview *preview);

/* A frame as a picture, windowed and made to fit; nothing of it is kept. IMAGING_READ_ABSENT: there
 * is no such frame, or its pixels are not decoded here. */
#define IMAGING_ROWS_MAX 64u // askers of a row of them, beside those of single ones
struct imaging_render;
struct render_wanted {
    struct uuid patient_case;
    struct text sop_instance_uid;
    uint32_t frame;                     // from 1; 0 = the middle one
    uint32_t rows_max, columns_max;     // it fits, never enlarged; 0 = as many as there are
    double window_center, window_width; // of rescaled values; width 0 = the frame's own
    enum window_function window_function;
    unsigned quality;       // 1 to 100, 0 = as we choose
    bool masked;            // no burned-in words
    bool in_a_row;          // one after the other, by an asker who bounds how many ask so
    enum picture_form form; // samples: no picture, the decoded values (PS3.5 8.1.1)
};
struct rendered {
    struct bytes bytes;     // borrowed for the call, as all here
    const char *media_type; // image/jpeg, image/png, or of samples application/octet-stream
    uint32_t rows, columns; // 0 = not known
    const uint8_t *digest;  // of the instance's file, BLOB_DIGEST_SIZE
    const char *series_uid;
};
typedef void (*render_done)(void *data, enum imaging_read_result result,
                            const struct rendered *rendered);
/* False when too much is under way. As with texts otherwise. */
bool imaging_render(struct imaging_service *service, const struct render_wanted *wanted,
                    render_done done, void *data, struct imaging_render **ret_render);
void imaging_render_cancel(struct imaging_render *render);

/* Of an instance its middle frame, of a display set its middle instance's, made once and kept. */
#define THUMBNAIL_SIDE_MAX 256u // pixels of the longer side
struct imaging_thumbnail;
struct thumbnail_wanted {
    struct uuid patient_case;
    struct text sop_instance_uid; // or
    struct text display_set;      //
    bool masked;
};
bool imaging_thumbnail_read(struct imaging_service *service, const struct thumbnail_wanted *wanted,
                            render_done done, void *data, struct imaging_thumbnail **ret_thumbnail);
void imaging_thumbnail_cancel(struct imaging_thumbnail *thumbnail);

/* Downloads: open, then read from front to back. */
struct imaging_download;
struct download_facts {
    uint64_t size;               // bytes of the frame or document
    const char *media_type;      // of a document, otherwise NULL
    const char *transfer_syntax; // of a frame, otherwise NULL
    const char *study_uid;       // it is of, as the next
    const char *series_uid;      //
    uint32_t frame_count;        // of its instance
    const uint32_t *prefixes;    // of a copy: bytes for reduction 1 to 5, borrowed; else NULL
    uint64_t decoded_size;       // of each frame as samples; 0 = it is none that is decoded here
    bool has_copy;               // there is a lossless copy of all its frames
    char etag[80];               // strong, with its quotes
};
struct download_wanted {
    struct uuid patient_case;
    struct uuid user;
    struct text sop_instance_uid;
    uint32_t frame; // from 1; 0 = the document, or one of those below
    bool masked;    // for who is not told who the patient is: no documents, no burned-in words
    uint64_t bulk_offset, bulk_length; // of DOWNLOAD_BULK
    bool copy;                         // of a frame: the lossless copy, when there is one
};
#define DOWNLOAD_FILE UINT32_MAX       // the file as it was stored
#define DOWNLOAD_BULK (UINT32_MAX - 1) // a value that lies there in it, or in its inflated data set
#define COPY_TRANSFER_SYNTAX "1.2.840.10008.1.2.4.202" // HTJ2K, lossless, RPCL
typedef void (*download_opened)(void *data, enum imaging_read_result result,
                                const struct download_facts *facts);
/* False when too much is under way. `ret_download` is set before `opened` can be called, which may
 * be at once; it is closed by the caller in every case. `cut` is called when it is revoked; then
 * only close is left. */
bool imaging_download_open(struct imaging_service *service, const struct download_wanted *wanted,
                           download_opened opened, void (*cut)(void *data), void *data,
                           struct imaging_download **ret_download);
/* Reads what is wanted or a first part of it: ask again for the rest. Whoever asks for the whole
 * at once gets a frame from the cache, or has it read into it. One read at a time; `done` may be
 * called at once. The bytes are borrowed until the next read or the close. */
typedef void (*download_read)(void *data, enum imaging_read_result result, struct bytes bytes);
void imaging_download_read(struct imaging_download *download, uint64_t offset, uint64_t length,
                           download_read done);
/* Another owner: `cut` and what is read from now on come with this data. Not while it is read. */
void imaging_download_hand_over(struct imaging_download *download, void (*cut)(void *data),
                                void *data);
/* Bytes of another frame of the same instance (of its copy, where that is open), 0 when there is
 * none; from `opened` on. */
uint64_t imaging_download_frame_size(const struct imaging_download *download, uint32_t frame);
void imaging_download_close(struct imaging_download *download);

struct imaging_counts {
    uint64_t stored, already_there, held, refused, kept, frames_read, bytes_read, damaged,
        ingest_restarts;
    uint64_t uploads_now, downloads_now;
    uint64_t cache_hits, cache_misses, cache_bytes, cache_bound;
    uint64_t copies_made, copies_refused, codec_restarts;
    uint64_t memory_bound, memory_bytes, memory_most, memory_waiting, memory_waited,
        memory_turned_away;
};
void imaging_count(const struct imaging_service *service, struct imaging_counts *ret_counts);

#endif
