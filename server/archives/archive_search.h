/*
 * Looks in another archive for a patient's studies (QIDO-RS, PS3.18 10.6), and says of each how
 * much of it is in the case. The search itself is a GET with the patient's data in its query, since
 * the standard has no other form: it travels encrypted, and what the other archive writes down of
 * it is that archive's affair.
 */
#ifndef CONSILIUM_ARCHIVES_ARCHIVE_SEARCH_H
#define CONSILIUM_ARCHIVES_ARCHIVE_SEARCH_H

#include "server/archives/archive_answer.h"
#include "server/archives/archive_client.h"
#include "server/imaging/bounded_output.h"
#include "server/store/postgres.h"

#define ARCHIVE_SEARCH_ANSWER_MAX ((size_t)4 << 20) // bytes of what the archive answers
enum {
    ARCHIVE_STUDIES_MAX = 100, /* told; that there are more is said */
    ARCHIVE_SEARCH_S = 30,
    ARCHIVE_KEY_MAX = 128, /* bytes of a value that is looked for */
    ARCHIVE_KEY_MIN = 2,   /* of them, beside wildcards */
};

/* What is looked for; empty = whatever it is. Borrowed for the call. */
struct archive_keys {
    struct text patient_id, patient_name; /* wildcards * and ? */
    struct text birth_date, study_date;   /* YYYYMMDD; of the study also a range: A-B, A-, -B */
    struct text accession_number, study_uid;
};
/* False with words when it is not to be asked: hardly anything but wildcards, or no dates. */
bool archive_keys_check(const struct archive_keys *keys, const char **ret_words);

/* The path of the search, percent-encoded. False when it is too long. Pure. */
bool archive_keys_path(const struct archive_keys *keys, char path[ARCHIVE_REQUEST_PATH_MAX]);

/* `json` is empty unless the failure is ARCHIVE_OK: {"studies":[...],"more"}. Borrowed for the
 * call. `away` = our own database does not answer. */
typedef void (*archive_search_done)(void *data, enum archive_failure failure, bool away,
                                    struct bytes json);
struct archive_search_config {
    struct archive_client *client; /* borrowed, as all here */
    struct postgres *postgres;
    const struct archive *archive;
    struct uuid patient_case;
    uint32_t *under_way;      /* counts this one while there is anything of it */
    archive_search_done done; /* not when it was cancelled */
    void *data;
};

struct archive_search;
/* NULL without memory, or when the keys are too long. */
struct archive_search *archive_search_begin(const struct archive_search_config *config,
                                            const struct archive_keys *keys);
/* Nobody waits any more. */
void archive_search_cancel(struct archive_search *search);

#endif
