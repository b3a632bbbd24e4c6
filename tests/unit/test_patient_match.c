/* links: imaging_format */
/* Whether images are of the case's patient: what a coordinator sees on discs from everywhere. */
#include "server/imaging/patient_match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct text text(const char *words) {
    return (struct text){(uint32_t)strlen(words), words};
}

/* name, birth date, sex, id */
static struct patient_words person(const char *name, const char *date, const char *sex,
                                   const char *id) {
    return (struct patient_words){text(name), text(date), text(sex), text(id)};
}

static void assert_differs(struct patient_words a, struct patient_words b, unsigned expected) {
    unsigned found = patient_differs(&a, &b);
    unsigned back = patient_differs(&b, &a);
    if (found != expected || back != expected)
        fail_msg("'%s' '%s' and '%s' '%s': %u, the other way round %u, should be %u", a.name.bytes,
                 a.birth_date.bytes, b.name.bytes, b.birth_date.bytes, found, back, expected);
}

static void names(const char *a, const char *b, const char *date, unsigned expected) {
    assert_differs(person(a, date, "", ""), person(b, date, "", ""), expected);
}

static void one(const char *a, const char *b) {
    names(a, b, "1960-01-02", 0);
}

static void one_even_without_a_birth_date(const char *a, const char *b) {
    one(a, b);
    names(a, b, "", 0);
}

static void two(const char *a, const char *b) {
    names(a, b, "1960-01-02", PATIENT_NAME_DIFFERS);
    names(a, b, "", PATIENT_NAME_DIFFERS);
}

static void spellings_of_a_name_are_one_name(void **unused) {
    (void)unused;
    static const char *const same[][2] = {
        {"M\xc3\xbcller^J\xc3\xbcrgen", "MUELLER^JUERGEN"},
        {"M\xc3\xbcller^J\xc3\xbcrgen", "muller^jurgen"},
        {"Gro\xc3\x9f^\xc3\x84nne", "GROSS^AENNE"},
        {"N\xc3\xba\xc3\xb1"
         "ez^Jos\xc3\xa9",
         "NUNEZ^JOSE"},
        {"\xc5\x81ukasiewicz^Zofia", "LUKASIEWICZ^ZOFIA"},
        {"O'Brien^Anna", "OBRIEN^ANNA"},
        {"O\xe2\x80\x99"
         "Brien^Anna",
         "O'Brien^Anna"},
        {"Muster^Hans-Peter", "MUSTER^HANS PETER"},
        {"Muster^Hans-Peter", "Muster^HansPeter"},
        {"Muster^Eva^^Dr.^", "Muster^Eva"},
        {"Dr. med. Muster^Eva", "Muster^Frau Eva"},
        {"Muster^Eva^Maria", "Muster^Maria Eva"},
        {"Muster^Eva Maria", "Muster^Eva"},
        {"Muster^E.", "Muster^Eva"},
        {"Muster^Eva M.", "Muster^Eva Maria"},
        {"von der Heide^Karl", "Heide^Karl"},
        {"van den Berg^Jan", "Vandenberg^Jan"},
        {"Muster", "Muster^Eva"},
        {"^Eva", "Muster^Eva"},
        {"", "Muster^Eva"},
        {"^^", "Muster^Eva"},
        {"MUSTER EVA", "Muster^Eva"},
        {"Muster, Eva", "Muster^Eva"},
        {"\xce\xa0\xce\xb1\xcf\x80\xce\xb1\xce\xb4\xce\xac\xce\xba\xce\xb7\xcf\x82",
         "\xcf\x80\xce\xb1\xcf\x80\xce\xb1\xce\xb4\xce\xb1\xce\xba\xce\xb7\xcf\x83"},
    };
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        one_even_without_a_birth_date(same[i][0], same[i][1]);
}

static void other_names_are_others(void **unused) {
    (void)unused;
    static const char *const others[][2] = {
        {"Muster^Eva", "Muster^Max"},     {"Muster^Eva", "Beispiel^Eva"},
        {"Muster^Hans", "Muster^Hannes"}, {"Muster^Eva Maria", "Muster^Eva Johanna"},
        {"Muster^Eva", "Mustermann^Eva"}, {"Peter^Martin", "Martin^Peter"},
        {"Muster^E.", "Muster^Anna"},     {"M\xc3\xbcller^Eva", "Miller^Eva"},
        {"MUSTER EVA", "Muster^Max"},     {"Muster, Max", "Muster^Eva"},
        {"Muster^Eva", "ANONYMOUS"},      {"CompressedSamples^CT1", "Muster^Eva"},
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        two(others[i][0], others[i][1]);
}

static void a_maiden_name_is_enough_where_the_birth_date_is_the_same(void **unused) {
    (void)unused;
    static const char *const names_of_one[][2] = {
        {"M\xc3\xbcller-Schmidt^Anna", "M\xc3\xbcller^Anna"},
        {"Schmidt geb. M\xc3\xbcller^Anna", "Mueller^Anna"},
        {"Garc\xc3\xad"
         "a L\xc3\xb3pez^Ana",
         "GARCIA^ANA"},
        {"MUSTER EVA MARIA", "Muster^Eva"},
    };
    for (size_t i = 0; i < sizeof names_of_one / sizeof names_of_one[0]; i++) {
        one(names_of_one[i][0], names_of_one[i][1]);
        names(names_of_one[i][0], names_of_one[i][1], "", PATIENT_NAME_DIFFERS);
        names(names_of_one[i][0], names_of_one[i][1], "1960", PATIENT_NAME_DIFFERS);
    }
}

/* PS3.5 H.3: alphabetic=ideographic=phonetic. */
static void each_group_of_a_name_may_be_the_one_that_both_have(void **unused) {
    (void)unused;
    static const char yamada[] = "Yamada^Tarou=\xe5\xb1\xb1\xe7\x94\xb0^\xe5\xa4\xaa\xe9\x83\x8e="
                                 "\xe3\x82\x84\xe3\x81\xbe\xe3\x81\xa0^"
                                 "\xe3\x81\x9f\xe3\x82\x8d\xe3\x81\x86";
    one_even_without_a_birth_date(yamada, "Yamada^Tarou");
    one_even_without_a_birth_date(yamada, "\xe5\xb1\xb1\xe7\x94\xb0^\xe5\xa4\xaa\xe9\x83\x8e");
    one_even_without_a_birth_date(yamada,
                                  "Yamada^Taro=\xe5\xb1\xb1\xe7\x94\xb0^\xe5\xa4\xaa\xe9\x83\x8e");
    /* Read alike and written with other characters: somebody else. */
    two(yamada, "Yamada^Tarou=\xe5\xb1\xb1\xe7\x94\xb0^\xe5\xa4\xaa\xe6\x9c\x97");
    two(yamada, "Suzuki^Tarou");
}

static void dates_are_compared_as_far_as_both_are_known(void **unused) {
    (void)unused;
    static const struct {
        const char *a, *b;
        bool differ;
    } dates[] = {
        {"1960-01-02", "19600102", false},  {"1960-01-02", "1960.01.02", false},
        {"1960-01-02", "1960", false},      {"1960-01-02", "196001", false},
        {"1960-01-02", "19600100", false},  {"1960-01-02", "19600000", false},
        {"1960-01-02", "00000000", false},  {"1960-01-02", "", false},
        {"1960-01-02", "not known", false}, {"1960-01-02", "19600201", true},
        {"1960-01-02", "19610102", true},   {"1960-01-02", "1961", true},
        {"1960-01-02", "196002", true},
    };
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++)
        assert_differs(person("Muster^Eva", dates[i].a, "", ""),
                       person("Muster^Eva", dates[i].b, "", ""),
                       dates[i].differ ? PATIENT_BIRTH_DATE_DIFFERS : 0);
}

static void m_and_f_differ_and_nothing_else_does(void **unused) {
    (void)unused;
    static const char *const sexes[] = {"M", "F", "O", "", "U"};
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < 5; j++)
            assert_differs(person("", "", sexes[i], ""), person("", "", sexes[j], ""),
                           i < 2 && j < 2 && i != j ? PATIENT_SEX_DIFFERS : 0);
}

/* Discs from other hospitals have their own numbers. */
static void another_number_is_said_and_holds_nothing(void **unused) {
    (void)unused;
    struct patient_words here = person("Muster^Eva", "1960-01-02", "F", "0004711");
    assert_differs(here, person("Muster^Eva", "19600102", "F", "4711"), 0);
    assert_differs(here, person("Muster^Eva", "19600102", "F", "47-11"), 0);
    assert_differs(here, person("Muster^Eva", "19600102", "F", ""), 0);
    assert_differs(here, person("Muster^Eva", "19600102", "F", "KH2-99"), PATIENT_ID_DIFFERS);
    assert_int_equal(PATIENT_DIFFERENCES_THAT_HOLD & PATIENT_ID_DIFFERS, 0);
    struct patient_words other = person("Beispiel^Max", "19700101", "M", "1");
    assert_differs(here, other,
                   PATIENT_NAME_DIFFERS | PATIENT_BIRTH_DATE_DIFFERS | PATIENT_SEX_DIFFERS |
                       PATIENT_ID_DIFFERS);
}

static void assert_one_key(struct patient_words a, struct patient_words b, bool same) {
    static char first[PATIENT_KEY_MAX], second[PATIENT_KEY_MAX];
    size_t size = patient_key(&a, first);
    bool equal = patient_key(&b, second) == size && memcmp(first, second, size) == 0;
    assert_int_equal(equal, same);
}

static void who_says_the_same_has_one_key(void **unused) {
    (void)unused;
    struct patient_words a = person("M\xc3\xbcller^Eva", "19600102", "F", "P-1");
    assert_one_key(a, person("MUELLER^EVA^^", "1960.01.02", "F", "P 1"), true);
    assert_one_key(a, person("M\xc3\xbcller^Eva", "19600102", "F", "P-2"), false);
    assert_one_key(a, person("M\xc3\xbcller^Eva", "19600103", "F", "P-1"), false);
    assert_one_key(a, person("M\xc3\xbcller^Eva", "19600102", "M", "P-1"), false);
    assert_one_key(a, person("M\xc3\xbcller^Ida", "19600102", "F", "P-1"), false);
}

static void what_is_copied_says_the_same_or_does_not_fit(void **unused) {
    (void)unused;
    char space[16];
    static const struct patient_words nothing;
    struct patient_words copy, words = person("Muster^Eva", "1960", "", "7");
    assert_false(patient_words_copy(&words, space, 14, &copy));
    assert_true(patient_words_copy(&words, space, 15, &copy));
    assert_true(text_equal(copy.name, words.name) && copy.name.bytes == space);
    assert_true(text_equal(copy.birth_date, words.birth_date));
    assert_int_equal(copy.sex.length, 0);
    assert_true(text_equal(copy.patient_id, words.patient_id));
    assert_true(patient_words_copy(&nothing, space, 0, &copy));
}

/* As long as a header may make them, and what is no UTF-8. */
static void the_longest_and_strangest_names_are_compared(void **unused) {
    (void)unused;
    static const char units[] = {'x', '^', '=', ' ', '\xe2', '\xc3', '-', ',', 'a'};
    static struct instance long_one;
    for (size_t unit = 0; unit < sizeof units; unit++) {
        memset(long_one.patient_name, units[unit], INSTANCE_NAME_MAX);
        for (size_t gap = 2; gap < 9; gap++) {
            for (size_t i = 0; i < INSTANCE_NAME_MAX; i += gap)
                long_one.patient_name[i] = units[(unit + gap) % sizeof units];
            memset(long_one.patient_id, units[unit], INSTANCE_LONG_STRING_MAX);
            struct patient_words said = patient_said(&long_one);
            struct patient_words known = person("Muster^Eva", "1960-01-02", "F", "1");
            static char key[PATIENT_KEY_MAX];
            assert_int_equal(patient_differs(&said, &said), 0);
            assert_int_equal(patient_differs(&known, &said), patient_differs(&said, &known));
            assert_true(patient_key(&said, key) < PATIENT_KEY_MAX);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings_of_a_name_are_one_name),
        cmocka_unit_test(other_names_are_others),
        cmocka_unit_test(a_maiden_name_is_enough_where_the_birth_date_is_the_same),
        cmocka_unit_test(each_group_of_a_name_may_be_the_one_that_both_have),
        cmocka_unit_test(dates_are_compared_as_far_as_both_are_known),
        cmocka_unit_test(m_and_f_differ_and_nothing_else_does),
        cmocka_unit_test(another_number_is_said_and_holds_nothing),
        cmocka_unit_test(who_says_the_same_has_one_key),
        cmocka_unit_test(what_is_copied_says_the_same_or_does_not_fit),
        cmocka_unit_test(the_longest_and_strangest_names_are_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
