/*
 * Is this the patient of the case? Compared as far as both sides say something: names word by word,
 * birth dates, sex, patient ids. What one of them leaves open differs from nothing. Pure.
 *
 * Names (PS3.5 6.2.1): without case, accents, spellings of umlauts, punctuation, titles and the
 * particles of noble names; given and middle names in any order, and some of them, or an initial,
 * for all; a double name or a maiden name for one of its parts where both birth dates are known and
 * the same. Of the three groups the ideographic one decides where both have it, then the
 * alphabetic, then the phonetic; one who writes a single group may mean any of the other's.
 * Dates: as far as both are known, year first (zeros are not known). Sex: M and F alone, as O is
 * what many systems say when they do not know.
 */
#ifndef CONSILIUM_IMAGING_PATIENT_MATCH_H
#define CONSILIUM_IMAGING_PATIENT_MATCH_H

#include "protocol/values.h"
#include "server/imaging/instance.h"

enum patient_difference {
    PATIENT_NAME_DIFFERS = 1,
    PATIENT_BIRTH_DATE_DIFFERS = 2,
    PATIENT_SEX_DIFFERS = 4,
    PATIENT_ID_DIFFERS = 8,
};

/* Every hospital numbers its patients itself: another number says nothing of who it is. */
#define PATIENT_DIFFERENCES_THAT_HOLD                                                              \
    (PATIENT_NAME_DIFFERS | PATIENT_BIRTH_DATE_DIFFERS | PATIENT_SEX_DIFFERS)

/* Name as in DICOM; a date in digits with anything between, year first; sex M, F or O. Empty = not
 * known. Borrowed. */
struct patient_words {
    struct text name, birth_date, sex, patient_id;
};

/* A copy that borrows `space` instead, of `size` bytes; false when it does not fit. */
bool patient_words_copy(const struct patient_words *from, char *space, size_t size,
                        struct patient_words *ret);

/* What an image says; borrows from it. */
struct patient_words patient_said(const struct instance *instance);

/* Mask of what differs; 0 = nothing does. */
unsigned patient_differs(const struct patient_words *known, const struct patient_words *said);

/* The same for two that say the same in other spellings of case, accents and punctuation; its
 * length. To be hashed. */
#define PATIENT_KEY_MAX 2048
size_t patient_key(const struct patient_words *said, char ret[PATIENT_KEY_MAX]);

#endif
