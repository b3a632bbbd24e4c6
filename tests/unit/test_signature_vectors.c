/* links: actors */
/* SHA-256, and the canonical forms of what is signed: tests/support/signatures holds this program
 * and the browser to the same bytes. */
#include "actors/patient_case.h"
#include "protocol/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { LINE_MAX_BYTES = 4096, ARENA_BYTES = 1024 * 1024 };

struct vector {
    char kind[16];
    uint8_t bytes[LINE_MAX_BYTES];
    struct bytes form;
    uint8_t hash[SHA256_BYTES];
};

static size_t bytes_of_hex(const char *hex, uint8_t *ret) {
    size_t count = strlen(hex) / 2;
    for (size_t i = 0; i < count; i++) {
        unsigned byte;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        ret[i] = (uint8_t)byte;
    }
    return count;
}

static unsigned for_each_vector(void (*check)(const struct vector *vector)) {
    static char line[LINE_MAX_BYTES], form[LINE_MAX_BYTES], hash[LINE_MAX_BYTES];
    static struct vector vector;
    unsigned count = 0;
    FILE *file = fopen("tests/support/signatures/signed.vectors", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (line[0] == '#') {
            continue;
        }
        assert_int_equal(sscanf(line, "%15s %4000s %64s", vector.kind, form, hash), 3);
        vector.form = (struct bytes){(uint32_t)bytes_of_hex(form, vector.bytes), vector.bytes};
        assert_int_equal(bytes_of_hex(hash, vector.hash), SHA256_BYTES);
        check(&vector);
        count++;
    }
    fclose(file);
    return count;
}

static bool is_hash(const struct vector *vector, struct bytes hash) {
    return bytes_equal((struct bytes){SHA256_BYTES, vector->hash}, hash);
}

static void assert_sha256(const char *text, size_t length, const char *expected) {
    uint8_t bytes[SHA256_BYTES];
    struct sha256 hash = sha256_of((struct bytes){(uint32_t)length, (const uint8_t *)text});
    bytes_of_hex(expected, bytes);
    assert_memory_equal(hash.bytes, bytes, SHA256_BYTES);
}

/* FIPS 180-4's own examples (csrc.nist.gov, SHA256.pdf), and what ends just before and in a block.
 */
static void sha_256_is_that_of_the_standard(void **state) {
    (void)state;
    static char a_million[1000000];
    memset(a_million, 'a', sizeof a_million);
    assert_sha256("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_sha256("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    assert_sha256(a_million, sizeof a_million,
                  "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    assert_sha256(a_million, 55,
                  "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
    assert_sha256(a_million, 64,
                  "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
}

static void check_form(const struct vector *vector) {
    struct arena arena;
    struct reader reader = reader_of(vector->form);
    struct writer writer;
    struct decision_content decision;
    struct addendum_content addendum;
    struct signature_content signature;
    arena_init(&arena, ARENA_BYTES);
    writer_init_arena(&writer, &arena, LINE_MAX_BYTES);
    if (strcmp(vector->kind, "decision") == 0) {
        assert_true(decision_content_read(&reader, &arena, &decision));
        decision_content_write(&writer, &decision);
    } else if (strcmp(vector->kind, "addendum") == 0) {
        assert_true(addendum_content_read(&reader, &arena, &addendum));
        addendum_content_write(&writer, &addendum);
    } else {
        assert_string_equal(vector->kind, "signature");
        assert_true(signature_content_read(&reader, &arena, &signature));
        signature_content_write(&writer, &signature);
    }
    assert_false(writer.failed);
    assert_true(bytes_equal(writer_bytes(&writer), vector->form));
    struct sha256 hash = sha256_of(vector->form);
    assert_true(is_hash(vector, (struct bytes){SHA256_BYTES, hash.bytes}));
    arena_finish(&arena);
}

static void each_canonical_form_is_read_and_written_as_it_stands(void **state) {
    (void)state;
    assert_int_equal(for_each_vector(check_form), 5);
}

/* What a case would have to hold to be signed with these bytes. */
static void check_case(const struct vector *vector) {
    struct arena arena;
    struct reader reader = reader_of(vector->form);
    struct decision_content content;
    static struct patient_case the_case;
    if (strcmp(vector->kind, "decision") != 0) {
        return;
    }
    arena_init(&arena, ARENA_BYTES);
    assert_true(decision_content_read(&reader, &arena, &content));
    the_case = (struct patient_case){.actor = {.id = content.patient_case}};
    the_case.tasks.items = arena_alloc(&arena, 16 * sizeof *the_case.tasks.items);
    for (uint32_t i = 0; i < content.tasks.count; i++) {
        const struct task_content *task = &content.tasks.items[i];
        the_case.tasks.items[the_case.tasks.count++] =
            (struct task){.decision = {{1}}, .text = TEXT("of another decision")};
        the_case.tasks.items[the_case.tasks.count++] = (struct task){.task = task->task,
                                                                     .decision = content.decision,
                                                                     .text = task->text,
                                                                     .owner = task->owner,
                                                                     .owner_name = task->owner_name,
                                                                     .due_at = task->due_at,
                                                                     .state = TASK_STATE_DONE};
    }
    struct decision decision = {.decision = content.decision,
                                .board = content.board,
                                .item = content.item,
                                .revision = content.revision,
                                .template_version = content.template_version,
                                .fields = content.fields,
                                .side = content.side,
                                .standard = content.standard,
                                .by = content.by,
                                .at = content.at};
    assert_true(is_hash(vector, case_decision_content(&the_case, &decision, &arena)));
    arena_finish(&arena);
}

static void a_case_that_holds_the_same_is_signed_with_the_same_hash(void **state) {
    (void)state;
    for_each_vector(check_case);
}

/* Whatever can still be read has another hash; the rest cannot be taken for a decision at all. */
static void check_flips(const struct vector *vector) {
    struct arena arena;
    struct decision_content content;
    static uint8_t flipped[LINE_MAX_BYTES];
    if (strcmp(vector->kind, "decision") != 0) {
        return;
    }
    arena_init(&arena, ARENA_BYTES);
    for (uint32_t i = 0; i < vector->form.length * 8; i++) {
        struct writer writer;
        memcpy(flipped, vector->form.bytes, vector->form.length);
        flipped[i / 8] ^= (uint8_t)(1 << i % 8);
        struct reader reader = reader_of((struct bytes){vector->form.length, flipped});
        if (decision_content_read(&reader, &arena, &content)) {
            writer_init_arena(&writer, &arena, LINE_MAX_BYTES);
            decision_content_write(&writer, &content);
            struct sha256 hash = sha256_of(writer_bytes(&writer));
            assert_false(is_hash(vector, (struct bytes){SHA256_BYTES, hash.bytes}));
        }
        arena_reset(&arena);
    }
    arena_finish(&arena);
}

static void no_flipped_bit_of_a_decision_keeps_its_hash(void **state) {
    (void)state;
    for_each_vector(check_flips);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha_256_is_that_of_the_standard),
        cmocka_unit_test(each_canonical_form_is_read_and_written_as_it_stands),
        cmocka_unit_test(a_case_that_holds_the_same_is_signed_with_the_same_hash),
        cmocka_unit_test(no_flipped_bit_of_a_decision_keeps_its_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
