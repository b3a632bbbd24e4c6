/*
 * One copy of what is kept about somebody, from the request to its last byte (GDPR 15, 20): who
 * asks is looked up in the policy, must have proved who they are, and the copy stands in the access
 * log before its first byte leaves. Then everything is gathered, both files are written in memory
 * within bounds, and the archive is sent as its reader takes it; images and documents are read from
 * the disk piece by piece on the way.
 *
 * A copy ends with its exchange. While something asynchronous is under way (`waiting`) it outlives
 * it, and ends when that comes back.
 */
#ifndef CONSILIUM_COPY_H
#define CONSILIUM_COPY_H

#include "protocol/generated/patient_case.h"
#include "protocol/generated/user.h"
#include "protocol/json_writer.h"
#include "server/audit/access_log.h"
#include "server/export/page.h"
#include "server/export/zip_plan.h"
#include "server/gateway/http.h"
#include "server/identity/description.h"
#include "server/imaging/imaging_other.h"
#include "server/node/node.h"

enum {
    COPIES_MAX = 4,           /* at once; one more is asked to come again */
    COPY_ACCESSES_MAX = 5000, /* rows of the access log, the newest */
    COPY_FILES_MAX = 20000,   /* of images, documents and other files */
    COPY_DOCUMENTS_MAX = 500, /* given as what they are; more go as they were stored */
    COPY_READ_STEP = 64 * 1024,
};
#define COPY_DATA_MAX ((size_t)48 << 20) /* bytes of data.json, and of data.html */
#define COPY_ARENA_MAX ((size_t)64 << 20)

struct export_desk { /* borrows */
    struct node *node;
    struct identity *identity;
    struct postgres *postgres;
    struct access_log *access_log;
    struct imaging_service *imaging;
    struct host_clock *clock;
};

struct copy_access {
    int64_t at;
    struct uuid user, patient_case;
    uint8_t action, result;
    uint8_t address[16];
    char object[ACCESS_OBJECT_MAX + 1];
};

struct copy_file {
    char sop_instance_uid[65], series_uid[65], study_uid[65];
    uint64_t size; /* of what is in the archive */
    bool document; /* as what it is: a PDF, a photograph */
    bool left_out; /* it did not fit */
    /* Neither image nor document: its id, and no UIDs. Zero = one of those. */
    struct uuid other, by;
    int64_t at;
    struct text name; /* as its sender called it; in the arena */
    char path[ZIP_NAME_MAX + 1];
};

struct copy {
    const struct export_desk *desk;
    struct http_exchange *exchange; /* NULL = gone */
    struct uuid user;
    uint64_t sign_in;
    struct uuid patient_case; /* zero = of the person's own data */
    enum export_language language;
    int64_t now;
    bool waiting;                      /* something comes back to us */
    void (*gather)(struct copy *copy); /* once it is written down */
    /* What was gathered. Owned. */
    struct arena arena;
    struct case_snapshot *snapshot; /* in the arena */
    uint64_t version;               /* of the newest event in it */
    struct copy_access *accesses;
    uint32_t access_count;
    bool more_accesses;
    struct copy_file *files;
    uint32_t file_count, file_at, file_space;
    uint32_t others_from; /* the first that is no image and no document */
    bool more_files;
    struct user_snapshot *own; /* in the arena; of a person's copy */
    uint32_t organisation_at;  /* of `own->memberships` */
    struct json_writer json;
    struct page page;
    /* The archive. */
    struct zip_plan plan;
    enum { COPY_HEAD, COPY_DATA, COPY_TAIL, COPY_DIRECTORY, COPY_END } phase;
    uint32_t entry;
    uint64_t entry_done;
    struct imaging_download *download; /* of the entry that is sent, or */
    struct imaging_other *other;       /* this */
};

/* copy.c. NULL = answered that there is no room. */
struct copy *copy_begin(const struct export_desk *desk, struct http_exchange *exchange);
/* Everything is said, or nobody is there any more. */
void copy_end(struct copy *copy);
void copy_refuse(struct copy *copy);      /* 404, and written down */
void copy_answer_away(struct copy *copy); /* 503 */
/* 403 and the end of it, unless they have just proved who they are. */
bool copy_is_proved(struct copy *copy);
/* Writes it down, then `gather`. */
void copy_log(struct copy *copy, void (*gather)(struct copy *copy));
/* Marks that something comes back; copy_came_back says whether somebody still waits for it, and
 * ends the copy if not. */
void copy_wait(struct copy *copy);
bool copy_came_back(struct copy *copy);

/* copy_accesses.c: fills in `accesses` of the case or of the person, then `next`. */
void copy_read_accesses(struct copy *copy, void (*next)(struct copy *copy));
void copy_write_accesses(struct copy *copy);      /* into the JSON, as `accesses` */
void copy_write_accesses_page(struct copy *copy); /* as a section */

/* copy_stream.c. Says which files will fit; before anything is written about them. */
bool copy_plan_files(struct copy *copy);
/* Writes `files` and the end of both texts, and answers. */
void copy_answer(struct copy *copy, const char *file_name);
/* The head of data.json, which copy_answer closes. */
void copy_write_head(struct copy *copy, const char *format);

/* case_copy.c, case_copy_page.c, person_copy.c */
void case_copy_gather(struct copy *copy);
/* All but the record and who looked; ends in the open table of the record. */
void case_copy_write_page(struct copy *copy);
void case_copy_write_event(struct copy *copy, const struct event_header *header); /* one row */
void person_copy_gather(struct copy *copy);

#endif
