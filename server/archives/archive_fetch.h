/*
 * A study of another archive on its way into a case (QIDO-RS for what there is, WADO-RS for the
 * images, PS3.18 10.6 and 10.4): listed, compared with what the case has, then fetched as
 * fetch_plan.h says, each image the way of any upload. A line that breaks is taken up again after a
 * while with what is still missing.
 *
 *     listing -> comparing -> asking -> (asking | resting -> comparing) -> ended
 *
 * Bounded in memory: one piece of what comes, FETCH_UNDER_WAY_MAX of images that are being read,
 * one image that comes, and the list of UIDs.
 */
#ifndef CONSILIUM_ARCHIVES_ARCHIVE_FETCH_H
#define CONSILIUM_ARCHIVES_ARCHIVE_FETCH_H

#include "server/archives/archive_client.h"
#include "server/archives/fetch_plan.h"
#include "server/imaging/bounded_output.h"
#include "server/imaging/imaging_service.h"
#include "server/store/postgres.h"

#define FETCH_BYTES_MAX ((uint64_t)256 << 30)    // of one fetch, what is fetched again included
#define FETCH_UNDER_WAY_MAX ((uint64_t)64 << 20) // bytes; more is not taken from the line
#define FETCH_PAGE_BYTES_MAX ((size_t)16 << 20)  // bytes of a page of the list
#define FETCH_OUTCOME_MAX ((size_t)64 << 10)     // bytes of JSON
enum {
    FETCH_PAGE = 1000,     /* instances asked for at once */
    FETCH_TRIES_MAX = 8,   /* in a row in which nothing came */
    FETCH_FIRST_TRIES = 3, /* before the archive has answered at all: somebody waits for that */
    FETCH_REST_MS = 500,   /* doubled each time */
    FETCH_REST_MS_MAX = 30000,
    FETCH_PROBLEMS_MAX = 100, /* told by name; all are counted */
};

struct archive_fetch_config {
    uv_loop_t *loop; /* borrowed, as all here */
    struct archive_client *client;
    struct postgres *postgres;
    struct imaging_service *imaging;
    const struct archive *archive;
    struct uuid id, patient_case, by;
    char study_uid[ARCHIVE_UID_MAX + 1];
    bool resumed; /* begun by a process before */
    /* It is over, and waits to be closed. `why` is NULL when it came to its end, otherwise a word.
     */
    void (*ended)(void *data, const char *why);
    void *data;
};

struct archive_fetch;

/* NULL without memory. */
struct archive_fetch *archive_fetch_begin(const struct archive_fetch_config *config);
/* Ends it where it stands; what was stored stays. `closed` comes on a later turn of the loop. */
void archive_fetch_close(struct archive_fetch *fetch, void (*closed)(void *data), void *data);
/* Appends `,"bytes":N,"files":{...},"problems":[...]`, and why it rests. */
void archive_fetch_tell(const struct archive_fetch *fetch, struct bounded_output *json);
/* The same of one that never began. */
void archive_fetch_tell_unbegun(const char *why, struct bounded_output *json);
bool archive_fetch_rests(const struct archive_fetch *fetch);

#endif
