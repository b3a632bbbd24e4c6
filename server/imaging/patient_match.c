#include "server/imaging/patient_match.h"

#include "server/imaging/name_fold.h"

#include <stdio.h>
#include <string.h>

enum { FOLDED_MAX = 800, WORDS_MAX = 24, GROUPS = 3 };

/* Words of a name, folded; they lie in `space`. */
struct words {
    char space[FOLDED_MAX];
    struct text words[WORDS_MAX];
    unsigned count;
};

static bool is_word(struct text word, const char *const list[], size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (strlen(list[i]) == word.length && memcmp(list[i], word.bytes, word.length) == 0) {
            return true;
        }
    }
    return false;
}

/* As name_fold leaves them. */
static bool is_title(struct text word) {
    static const char *const titles[] = {"dr",  "prof", "professor", "med",      "dent",  "dipl",
                                         "ing", "phd",  "md",        "herr",     "frau",  "mr",
                                         "mrs", "ms",   "miss",      "mme",      "jr",    "sr",
                                         "geb", "nee",  "born",      "geborene", "geborn"};
    return is_word(word, titles, sizeof titles / sizeof titles[0]);
}

static bool is_particle(struct text word) {
    static const char *const particles[] = {"von", "van", "vom", "zu",  "zur", "zum", "de",  "der",
                                            "den", "del", "di",  "da",  "do",  "dos", "das", "du",
                                            "la",  "le",  "ter", "ten", "af",  "av",  "und", "y"};
    return is_word(word, particles, sizeof particles / sizeof particles[0]);
}

/* Bytes at `at` that part words (1), that are not heard (2), or neither (0); how many they are. */
static int kind_of(const char *at, size_t left, size_t *ret_size) {
    static const struct {
        const char *bytes;
        int kind;
    } longer[] = {{"\xC2\xA0", 1},     {"\xC2\xB4", 2},     {"\xE2\x80\x90", 1},
                  {"\xE2\x80\x91", 1}, {"\xE2\x80\x93", 1}, {"\xE2\x80\x98", 2},
                  {"\xE2\x80\x99", 2}, {"\xE3\x80\x80", 1}, {"\xEF\xBC\x9D", 1}};
    for (size_t i = 0; i < sizeof longer / sizeof longer[0]; i++) {
        size_t size = strlen(longer[i].bytes);
        if (size <= left && memcmp(at, longer[i].bytes, size) == 0) {
            *ret_size = size;
            return longer[i].kind;
        }
    }
    unsigned char c = (unsigned char)*at;
    bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80;
    *ret_size = 1;
    return letter ? 0 : c == '\'' || c == '`' ? 2 : 1;
}

static void add_words(struct words *words, size_t *used, struct text text) {
    char folded[FOLDED_MAX];
    size_t size = text.length == 0 ? 0 : name_fold(text.bytes, text.length, folded, FOLDED_MAX);
    size_t begin = *used, step;
    for (size_t at = 0; at <= size; at += step) {
        int kind = 1;
        step = 1;
        if (at < size) {
            kind = kind_of(folded + at, size - at, &step);
        }
        if (kind == 0 && *used < FOLDED_MAX) {
            words->space[(*used)++] = folded[at];
        } else if (kind == 1 && *used > begin && words->count < WORDS_MAX) {
            words->words[words->count++] =
                (struct text){(uint32_t)(*used - begin), words->space + begin};
            begin = *used;
        }
    }
}

typedef bool (*word_test)(struct text word);

/* Without those; if none is left they were the name. */
static void leave_out(struct words *words, word_test unwanted) {
    unsigned kept = 0;
    struct text all[WORDS_MAX];
    for (unsigned i = 0; i < words->count; i++) {
        if (!unwanted(words->words[i])) {
            all[kept++] = words->words[i];
        }
    }
    if (kept > 0) {
        memcpy(words->words, all, kept * sizeof all[0]);
        words->count = kept;
    }
}

struct person {
    struct words family, given; /* given: middle names, too */
};

/* A piece up to the next `mark`; `rest` goes behind it. */
static struct text next_piece(struct text *rest, char mark) {
    const char *found = rest->length == 0 ? NULL : memchr(rest->bytes, mark, rest->length);
    uint32_t length = found == NULL ? rest->length : (uint32_t)(found - rest->bytes);
    struct text piece = {length, rest->bytes};
    uint32_t step = found == NULL ? length : length + 1;
    *rest = (struct text){rest->length - step, rest->bytes == NULL ? NULL : rest->bytes + step};
    return piece;
}

static void read_person(struct text group, struct person *person) {
    size_t family_used = 0, given_used = 0;
    struct text family = next_piece(&group, '^');
    struct text given = next_piece(&group, '^');
    struct text middle = next_piece(&group, '^');
    person->family.count = person->given.count = 0;
    if (given.length == 0 && middle.length == 0) {
        given = family;
        family = next_piece(&given, ','); /* as it is written on paper */
    }
    add_words(&person->family, &family_used, family);
    add_words(&person->given, &given_used, given);
    add_words(&person->given, &given_used, middle);
    leave_out(&person->family, is_title);
    leave_out(&person->given, is_title);
}

/* Comparing words. */

static bool written_as_one(const struct words *a, const struct words *b) {
    size_t i = 0, j = 0;
    uint32_t x = 0, y = 0;
    while (i < a->count && j < b->count) {
        if (a->words[i].bytes[x++] != b->words[j].bytes[y++]) {
            return false;
        }
        if (x == a->words[i].length) {
            i++;
            x = 0;
        }
        if (y == b->words[j].length) {
            j++;
            y = 0;
        }
    }
    return i == a->count && j == b->count;
}

static bool is_initial(struct text a, struct text b) {
    return a.length == 1 && b.length > 0 && (unsigned char)a.bytes[0] < 0x80 &&
           a.bytes[0] == b.bytes[0];
}

/* Each word of `few` is one of `many`, none twice. */
static bool are_among(const struct words *few, const struct words *many, bool initials) {
    uint32_t taken = 0;
    for (unsigned i = 0; i < few->count; i++) {
        unsigned j = 0;
        for (; j < many->count; j++) {
            bool same = text_equal(few->words[i], many->words[j]) ||
                        (initials && (is_initial(few->words[i], many->words[j]) ||
                                      is_initial(many->words[j], few->words[i])));
            if (same && (taken & 1u << j) == 0) {
                break;
            }
        }
        if (j == many->count) {
            return false;
        }
        taken |= 1u << j;
    }
    return true;
}

static bool some_for_all(const struct words *a, const struct words *b, bool initials) {
    return a->count <= b->count ? are_among(a, b, initials) : are_among(b, a, initials);
}

static bool families_match(const struct words *a, const struct words *b, bool same_birth) {
    if (a->count == 0 || b->count == 0 || written_as_one(a, b)) {
        return true;
    }
    struct words x = *a, y = *b; // whose letters lie in those
    leave_out(&x, is_particle);
    leave_out(&y, is_particle);
    return some_for_all(&x, &y, false) && (x.count == y.count || same_birth);
}

static bool given_match(const struct words *a, const struct words *b) {
    return a->count == 0 || b->count == 0 || written_as_one(a, b) || some_for_all(a, b, true);
}

/* `all` has everything in one component. */
static bool lies_in_one(const struct person *all, const struct person *other, bool same_birth) {
    struct words both = {.count = 0};
    size_t used = 0;
    for (unsigned i = 0; i < other->family.count; i++) {
        add_words(&both, &used, other->family.words[i]);
    }
    for (unsigned i = 0; i < other->given.count; i++) {
        add_words(&both, &used, other->given.words[i]);
    }
    return all->given.count == 0 && other->given.count > 0 &&
           some_for_all(&all->family, &both, false) && all->family.count > 1 &&
           (all->family.count == both.count || same_birth);
}

static bool groups_match(struct text a, struct text b, bool same_birth) {
    struct person x, y;
    read_person(a, &x);
    read_person(b, &y);
    // Who has all in one component may have a given name where the other has a second family name.
    bool alike = (x.given.count == 0) == (y.given.count == 0);
    return (families_match(&x.family, &y.family, same_birth && alike) &&
            given_match(&x.given, &y.given)) ||
           lies_in_one(&x, &y, same_birth) || lies_in_one(&y, &x, same_birth);
}

/* Whether a group says anything. */
static bool says(struct text group) {
    struct person person;
    read_person(group, &person);
    return person.family.count + person.given.count > 0;
}

static unsigned split_groups(struct text name, struct text ret_groups[GROUPS]) {
    unsigned saying = 0;
    for (unsigned i = 0; i < GROUPS; i++) {
        ret_groups[i] = next_piece(&name, '=');
        saying += says(ret_groups[i]);
    }
    return saying;
}

/* One who writes one group. */
static bool matches_any(const struct text one[GROUPS], const struct text others[GROUPS],
                        bool same_birth) {
    for (unsigned i = 0; i < GROUPS; i++) {
        for (unsigned j = 0; says(one[i]) && j < GROUPS; j++) {
            if (says(others[j]) && groups_match(one[i], others[j], same_birth)) {
                return true;
            }
        }
    }
    return false;
}

static bool name_differs(struct text known, struct text said, bool same_birth) {
    static const unsigned order[GROUPS] = {1, 0, 2}; // ideographic, alphabetic, phonetic
    struct text a[GROUPS], b[GROUPS];
    unsigned a_count = split_groups(known, a), b_count = split_groups(said, b);
    if (a_count == 0 || b_count == 0) {
        return false;
    }
    if (a_count == 1 || b_count == 1) {
        return !matches_any(a, b, same_birth);
    }
    for (unsigned i = 0; i < GROUPS; i++) {
        if (says(a[order[i]]) && says(b[order[i]])) {
            return !groups_match(a[order[i]], b[order[i]], same_birth);
        }
    }
    return false; // they have no group in common
}

/* Dates, sexes, numbers. */

/* Digits as far as they are known: none, a year, a month or a day. */
static unsigned known_digits(struct text date, char ret[8]) {
    unsigned size = 0;
    for (uint32_t i = 0; i < date.length && size < 8; i++) {
        if (date.bytes[i] >= '0' && date.bytes[i] <= '9') {
            ret[size++] = date.bytes[i];
        }
    }
    size = size == 8 ? 8 : size >= 6 ? 6 : size >= 4 ? 4 : 0;
    if (size == 8 && memcmp(ret + 6, "00", 2) == 0) {
        size = 6;
    }
    if (size >= 6 && memcmp(ret + 4, "00", 2) == 0) {
        size = 4;
    }
    return size >= 4 && memcmp(ret, "0000", 4) != 0 ? size : 0;
}

static size_t fold_id(struct text id, char ret[FOLDED_MAX]) {
    size_t size = 0;
    for (uint32_t i = 0; i < id.length && size < FOLDED_MAX; i++) {
        char c = id.bytes[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
        if (letter || (c >= '1' && c <= '9') || (c == '0' && size > 0)) {
            ret[size++] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
        }
    }
    return size;
}

static bool id_differs(struct text known, struct text said) {
    char a[FOLDED_MAX], b[FOLDED_MAX];
    size_t a_size = fold_id(known, a);
    size_t b_size = fold_id(said, b);
    return a_size > 0 && b_size > 0 && (a_size != b_size || memcmp(a, b, a_size) != 0);
}

static char sex_of(struct text sex) {
    char c = sex.length > 0 ? sex.bytes[0] : 0;
    return c == 'M' || c == 'm' ? 'M' : c == 'F' || c == 'f' ? 'F' : 0;
}

unsigned patient_differs(const struct patient_words *known, const struct patient_words *said) {
    char a[8], b[8];
    unsigned a_size = known_digits(known->birth_date, a);
    unsigned b_size = known_digits(said->birth_date, b);
    unsigned shorter = a_size < b_size ? a_size : b_size;
    bool same_birth = memcmp(a, b, shorter) == 0;
    unsigned differs = 0;
    if (name_differs(known->name, said->name, shorter == 8 && same_birth)) {
        differs |= PATIENT_NAME_DIFFERS;
    }
    if (shorter > 0 && !same_birth) {
        differs |= PATIENT_BIRTH_DATE_DIFFERS;
    }
    char known_sex = sex_of(known->sex), said_sex = sex_of(said->sex);
    if (known_sex != 0 && said_sex != 0 && known_sex != said_sex) {
        differs |= PATIENT_SEX_DIFFERS;
    }
    if (id_differs(known->patient_id, said->patient_id)) {
        differs |= PATIENT_ID_DIFFERS;
    }
    return differs;
}

static struct text text_of(const char *text) {
    return (struct text){(uint32_t)strlen(text), text};
}

struct patient_words patient_said(const struct instance *instance) {
    return (struct patient_words){.name = text_of(instance->patient_name),
                                  .birth_date = text_of(instance->patient_birth_date),
                                  .sex = text_of(instance->patient_sex),
                                  .patient_id = text_of(instance->patient_id)};
}

bool patient_words_copy(const struct patient_words *from, char *space, size_t size,
                        struct patient_words *ret) {
    const struct text *const words[] = {&from->name, &from->birth_date, &from->sex,
                                        &from->patient_id};
    struct text *const copies[] = {&ret->name, &ret->birth_date, &ret->sex, &ret->patient_id};
    size_t used = 0;
    for (unsigned i = 0; i < 4; i++) {
        if (words[i]->length > size - used) {
            return false;
        }
        memcpy(space + used, words[i]->length > 0 ? words[i]->bytes : "", words[i]->length);
        *copies[i] = (struct text){words[i]->length, space + used};
        used += words[i]->length;
    }
    return true;
}

size_t patient_key(const struct patient_words *said, char ret[PATIENT_KEY_MAX]) {
    struct words name = {.count = 0};
    char date[8], id[FOLDED_MAX];
    size_t used = 0, size = 0;
    add_words(&name, &used, said->name);
    for (unsigned i = 0; i < name.count; i++) {
        memcpy(ret + size, name.words[i].bytes, name.words[i].length);
        size += name.words[i].length;
        ret[size++] = ' ';
    }
    unsigned digits = known_digits(said->birth_date, date);
    size_t id_size = fold_id(said->patient_id, id);
    int rest = snprintf(ret + size, PATIENT_KEY_MAX - size, "\\%.*s\\%c\\%.*s", (int)digits, date,
                        sex_of(said->sex) != 0 ? sex_of(said->sex) : '-', (int)id_size, id);
    return size + (size_t)rest;
}
