#include "actors/age.h"

enum { DATE_LENGTH = 10, AGE_LENGTH = 4, YEARS_TOLD_MAX = 90, MONTHS_TOLD_MAX = 24 };
#define DAY_US (INT64_C(24) * 3600 * 1000000)

struct date {
    int64_t year;
    int64_t month, day; /* from 1 */
};

/* YYYY-MM-DD */
static bool read_date(struct text text, struct date *ret) {
    int64_t numbers[3] = {0};
    unsigned part = 0;
    if (text.length != DATE_LENGTH) {
        return false;
    }
    for (uint32_t i = 0; i < DATE_LENGTH; i++) {
        char letter = text.bytes[i];
        if (i == 4 || i == 7) {
            if (letter != '-') {
                return false;
            }
            part++;
        } else if (letter >= '0' && letter <= '9') {
            numbers[part] = numbers[part] * 10 + (letter - '0');
        } else {
            return false;
        }
    }
    *ret = (struct date){numbers[0], numbers[1], numbers[2]};
    return ret->month >= 1 && ret->month <= 12 && ret->day >= 1 && ret->day <= 31;
}

/* The Gregorian calendar repeats itself every 400 years; counted from March a leap day is the last
 * of its year. */
static struct date date_of(int64_t at) {
    enum { DAYS_OF_400_YEARS = 146097, DAYS_TO_1970 = 719468 /* from 1 March of the year 0 */ };
    int64_t days = at / DAY_US - (at % DAY_US < 0) + DAYS_TO_1970;
    int64_t era = days / DAYS_OF_400_YEARS;
    int64_t day = days % DAYS_OF_400_YEARS;
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= 365 * year + year / 4 - year / 100;
    int64_t month = (5 * day + 2) / 153; /* 0 = March */
    return (struct date){.year = era * 400 + year + (month >= 10),
                         .month = month < 10 ? month + 3 : month - 9,
                         .day = day - (153 * month + 2) / 5 + 1};
}

struct text age_text(struct arena *arena, struct text birth_date, int64_t at) {
    struct date born;
    struct date now = date_of(at);
    if (!read_date(birth_date, &born)) {
        return TEXT("");
    }
    int64_t months =
        (now.year - born.year) * 12 + now.month - born.month - (now.day < born.day ? 1 : 0);
    char *age = months < 0 ? NULL : arena_alloc(arena, AGE_LENGTH);
    if (age == NULL) {
        return TEXT("");
    }
    int64_t years = months / 12 < YEARS_TOLD_MAX ? months / 12 : YEARS_TOLD_MAX;
    int64_t count = months < MONTHS_TOLD_MAX ? months : years;
    age[0] = '0';
    age[1] = (char)('0' + count / 10);
    age[2] = (char)('0' + count % 10);
    age[3] = months < MONTHS_TOLD_MAX ? 'M' : 'Y';
    return (struct text){AGE_LENGTH, age};
}
