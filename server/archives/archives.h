/*
 * Other archives: which may be asked, searches in them, and studies on their way from them into
 * cases. A fetch is a row of the database until it is over, so it goes on after a restart; some run
 * at a time, the others wait in the order they were asked for. On the loop's thread only. Who may
 * do what is the caller's to check (routes_archives.c).
 */
#ifndef CONSILIUM_ARCHIVES_ARCHIVES_H
#define CONSILIUM_ARCHIVES_ARCHIVES_H

#include "server/archives/archive_search.h"
#include "server/imaging/imaging_service.h"

enum {
    FETCHES_RUNNING_MAX = 2,
    FETCHES_OPEN_MAX = 256,   /* that run or wait */
    FETCHES_OF_CASE_MAX = 32, /* the same of one case */
    FETCHES_OVER_MAX = 256,   /* told of, though they are over: the newest */
    SEARCHES_MAX = 8,         /* under way */
    FETCH_LIFE_S =
        24 * 60 * 60, /* from its beginning; when it is over it is forgotten after that */
};

struct archives;

struct archives_config {
    uv_loop_t *loop; /* borrowed, as all here */
    struct postgres *postgres;
    struct imaging_service *imaging;
    struct uuid tenant;
    const char *list_file; /* archive_list.h; NULL = none may be asked */
    bool (*is_erased)(void *data, struct uuid patient_case);
    void *data;
};

/* NULL with words in `message`. */
struct archives *archives_create(const struct archives_config *config,
                                 char message[ARCHIVE_MESSAGE_MAX]);
/* Goes on with what the last process left. Once, when the database is there. */
void archives_catch_up(struct archives *archives);
/* What runs is broken off and goes on at the next start; nothing is begun any more. NULL is fine,
 * and then `closed` comes at once. */
void archives_close(struct archives *archives, void (*closed)(void *data), void *data);
/* After it was closed, and nobody can ask any more. */
void archives_destroy(struct archives *archives);

const struct archive_list *archives_list(const struct archives *archives);

/* As archive_search_begin; NULL also when too many are under way: busy. */
struct archive_search *archives_search(struct archives *archives, const struct archive *archive,
                                       struct uuid patient_case, const struct archive_keys *keys,
                                       archive_search_done done, void *data);

enum archives_result {
    ARCHIVES_OK,
    ARCHIVES_ABSENT,
    ARCHIVES_TOO_MANY,
    ARCHIVES_UNAVAILABLE, /* the database is away, or the server is stopping */
};

/* Of a study that is on its way into the case already, that fetch. `done` may be called at once. */
struct fetch_wanted {
    const struct archive *archive;
    struct uuid patient_case, by;
    struct text study_uid;
};
void archives_fetch(struct archives *archives, const struct fetch_wanted *wanted,
                    void (*done)(void *data, enum archives_result result, struct uuid fetch),
                    void *data);

/* Appends what is known of it as JSON: {"id","archive","studyUid","state",...}. */
enum archives_result archives_tell(struct archives *archives, struct uuid patient_case,
                                   struct uuid fetch, struct bounded_output *json);
/* Of all of a case, newest first, parted by commas. */
void archives_tell_all(struct archives *archives, struct uuid patient_case,
                       struct bounded_output *json);

/* Ends it, or forgets it when it is over. What was stored stays. */
void archives_cancel(struct archives *archives, struct uuid patient_case, struct uuid fetch,
                     void (*done)(void *data, enum archives_result result), void *data);

/* The case is to be erased. */
void archives_forget_case(struct archives *archives, struct uuid patient_case);

#endif
