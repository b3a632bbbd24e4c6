/*
 * Uploads that survive anything: a growing sealed file each, written in as many sittings as it
 * takes, then read like any other upload. What was acknowledged is durable: `offset` is of bytes
 * that are synced. On the loop's thread only.
 *
 * Whoever wants something of an upload takes a turn; the next one's wish cuts the turn before, so
 * that a client that comes back does not wait for a connection that nobody has noticed is dead.
 */
#ifndef CONSILIUM_IMAGING_RESUMABLE_H
#define CONSILIUM_IMAGING_RESUMABLE_H

#include "server/imaging/imaging_service.h"

#define RESUMABLE_SIZE_MAX ((uint64_t)16 << 30)   // bytes of one; an archive may hold many files
#define RESUMABLES_MAX 1024                       // not finished
#define RESUMABLES_FINISHED_MAX 2048              // whose outcome can be asked for; then the newest
#define RESUMABLES_OF_ONE_MAX 64                  // of one person
#define RESUMABLE_LIFE_S (7 * 24 * 60 * 60)       // from its creation; then it is removed
#define RESUMABLE_BLOCK ((size_t)1 << 20)         // bytes of a buffer; a sitting has two
#define RESUMABLE_NAME_MAX 1024                   // bytes of a file's name
#define RESUMABLE_OUTCOME_MAX ((size_t)256 << 10) // bytes of JSON

struct imaging_resumable;

enum resumable_result {
    RESUMABLE_OK,
    RESUMABLE_ABSENT,
    RESUMABLE_TOO_MANY,
    RESUMABLE_UNAVAILABLE, // the database is away or the server is stopping
    RESUMABLE_NO_SPACE,
    RESUMABLE_MISMATCH, // the checksum is another one: nothing of this sitting is kept
};

struct resumable_facts {
    uint64_t offset, size;
    int64_t expires_at; // microseconds since 1970
    bool complete;      // all bytes are there
    bool unavailable;   // how many cannot be said just now
};

struct resumable_wanted {
    struct uuid patient_case, by;
    uint64_t size;
    struct text name; // as the sender calls it; may be empty
};
/* `done` may be called at once; NULL unless it is made. Nobody can take it back: who does not want
 * it any more deletes it, or lets it expire. */
void imaging_resumable_create(
    struct imaging_service *service, const struct resumable_wanted *wanted,
    void (*done)(void *data, enum resumable_result result, const struct uuid *upload), void *data);

/* Microseconds since 1970; 0 = it is gone. */
int64_t imaging_resumable_expiry(struct imaging_service *service, struct uuid upload);

/* A wish for an upload, embedded in whoever has it. */
struct resumable_turn {
    /* Given. */
    void (*granted)(struct resumable_turn *turn); // may come at once; facts are known from here on
    void (*cut)(struct resumable_turn *turn);     // end it soon, another one waits, or it is gone
    /* Owned by the upload. */
    struct imaging_resumable *upload; // NULL in `cut`: it is over already, and `why` says
    enum resumable_result why;        // RESUMABLE_ABSENT, or _UNAVAILABLE: the server stops
    struct resumable_turn *next;
    bool is_granted;
};
/* RESUMABLE_ABSENT when there is none, or it is somebody else's. */
enum resumable_result imaging_resumable_take_turn(struct imaging_service *service,
                                                  struct uuid patient_case, struct uuid by,
                                                  struct uuid upload, struct resumable_turn *turn);
/* Also of a turn that was not granted yet. In the middle of a sitting what has come is kept, unless
 * a checksum was promised for it. */
void imaging_resumable_end_turn(struct resumable_turn *turn);
struct resumable_facts imaging_resumable_facts(const struct resumable_turn *turn);

/* A sitting: bytes that come now, in a turn that was granted. */
enum resumable_checksum { RESUMABLE_NO_CHECKSUM, RESUMABLE_SHA1, RESUMABLE_SHA256 };
struct resumable_sitting {
    enum resumable_checksum checksum;
    uint8_t expected[32];
    struct sending sending;    // it belongs to; all zero = nothing is said
    void (*space)(void *data); // there is space again
    /* All that came is durable, or why not. When it was the last and no archive, it has been read
     * as well. */
    void (*done)(void *data, enum resumable_result result);
    void *data;
};
void imaging_resumable_sit(struct resumable_turn *turn, const struct resumable_sitting *sitting);
/* False = no space for more until `space`; these were taken. */
bool imaging_resumable_bytes(struct resumable_turn *turn, struct bytes bytes);
void imaging_resumable_end_sitting(struct resumable_turn *turn);

/* Removes it; the turn ends with it. */
void imaging_resumable_delete(struct resumable_turn *turn, void (*done)(void *data, bool deleted),
                              void *data);

/* What is known of it as JSON, borrowed for the call. No turn: it may be asked at any time. */
enum resumable_result imaging_resumable_outcome(struct imaging_service *service,
                                                struct uuid patient_case, struct uuid by,
                                                struct uuid upload,
                                                void (*told)(void *data, struct bytes json),
                                                void *data);

#endif
