/* How old a patient is, for those who are not told when they were born. */
#ifndef CONSILIUM_AGE_H
#define CONSILIUM_AGE_H

#include "protocol/arena.h"
#include "protocol/values.h"

/*
 * As DICOM writes it (PS3.5 6.2, AS): whole years, below two of them whole months. Above 89 years
 * people are so few that their age would tell who they are: 090Y is said of all of them. Empty for
 * a birth date that is none, or after `at` (microseconds since 1970).
 */
struct text age_text(struct arena *arena, struct text birth_date, int64_t at);

#endif
