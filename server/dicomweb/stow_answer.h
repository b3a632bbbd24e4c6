/*
 * What became of each part that was to be stored, and the answer that says so (PS3.18 10.5.3 and
 * Annex I): Referenced, Failed and Other Failures Sequence.
 */
#ifndef CONSILIUM_DICOMWEB_STOW_ANSWER_H
#define CONSILIUM_DICOMWEB_STOW_ANSWER_H

#include "server/dicomweb/ask.h"

enum { STOW_PARTS_MAX = 20000 };

enum stow_failure { /* Failure Reason (0008,1197): PS3.18 table I.2-2, PS3.4 tables C.4.2 and B.2-1
                     */
                    STOW_STORED = 0,
                    STOW_PROCESSING_FAILURE = 0x0110,
                    STOW_DUPLICATE = 0x0111, /* the same UID with other bytes is there: kept for a
                                                person to decide */
                    STOW_OUT_OF_RESOURCES = 0xA700,
                    STOW_OTHER_STUDY = 0xA900,
                    STOW_CANNOT_UNDERSTAND = 0xC000,
                    STOW_SYNTAX_NOT_SUPPORTED = 0xC122,
};

/* Warning Reason (0008,1196); no code of PS3.18 table I.2-1 says it, so this one is ours, of the
 * class of warnings (PS3.7 C.4). */
enum { STOW_HELD_FOR_PATIENT = 0xB0C0 };

/* Of a part that failed, beside its code, because the standard has no place for names and words: a
 * private block (PS3.5 7.8.1) of this creator. */
#define STOW_BLOCK "CONSILIUM" /* (0099,0010) */
enum { STOW_LOCATION_MAX = 255, STOW_REASON_MAX = 255 };

struct stow_result {
    /* Owned, UTF-8 without control characters, or NULL. */
    char *location; /* the part's Content-Location; a name, so nobody's but its sender's */
    char *reason;   /* in words, when it failed */
    /* Derived. */
    char sop_class_uid[65], sop_instance_uid[65], study_uid[65], series_uid[65]; /* or empty */
    uint16_t failure, warning; /* of enum stow_failure; 0 = none */
};

struct stow_results {
    struct stow_result *all; /* owned */
    uint32_t count, capacity;
};

/* False when there are too many, or no memory. */
bool stow_results_add(struct stow_results *results, struct text location, uint32_t *ret_number);
void stow_results_fail(struct stow_results *results, uint32_t number, enum stow_failure why,
                       const char *words);
void stow_results_set(struct stow_results *results, uint32_t number,
                      const struct upload_answer *answer);
void stow_results_finish(struct stow_results *results);

/* Answers the ask and ends it: 200 when all were stored without a warning, 202 some, 409 none. */
void stow_answer(struct dicomweb_ask *ask, const struct stow_results *results);

#endif
