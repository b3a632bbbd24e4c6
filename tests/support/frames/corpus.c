#include "tests/support/frames/corpus.h"

#include "protocol/frame.h"

#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define ARENA_SIZE_MAX ((size_t)16 << 20)
#define LINE_SIZE_MAX 16384
#define EVERY_CUT_SIZE_MAX 2048
#define BUDGETS_TRIED_MAX 50

enum verdict { SAME, READS, REFUSED };

struct sample {
    const struct frame_kind *kind;
    enum verdict verdict;
    char name[64];
    struct writer frame;    /* bytes of the frame */
    struct writer expected; /* what it is written as again; for READS only */
    const char *line;       /* for the message of a failure */
};

static unsigned hex_digit(char digit) {
    return (unsigned)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

static void append_byte(struct writer *writer, uint8_t byte) {
    writer_packed(writer, (struct bytes){1, &byte});
}

/* `9401 61*300 c0` */
static void parse_frame(char *text, struct writer *ret) {
    writer_init(ret, FRAME_SIZE_MAX);
    char *rest = NULL;
    for (char *word = strtok_r(text, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest)) {
        const char *star = strchr(word, '*');
        unsigned long times = star == NULL ? 1 : strtoul(star + 1, NULL, 10);
        size_t digits = star == NULL ? strlen(word) : (size_t)(star - word);
        for (unsigned long n = 0; n < times; n++) {
            for (size_t i = 0; i + 1 < digits; i += 2) {
                append_byte(ret, (uint8_t)(hex_digit(word[i]) << 4 | hex_digit(word[i + 1])));
            }
        }
    }
}

static bool parse_line(const struct frame_kind *kind, char *line, struct sample *ret) {
    static char shown[LINE_SIZE_MAX + 64];
    char verdict[8];
    int used;
    snprintf(shown, sizeof shown, "%s: %s", kind->name, line);
    *ret = (struct sample){.kind = kind, .line = shown};
    if (sscanf(line, "%7s %63s %n", verdict, ret->name, &used) != 2 || verdict[0] == '#') {
        return false;
    }
    ret->verdict = strcmp(verdict, "same") == 0    ? SAME
                   : strcmp(verdict, "reads") == 0 ? READS
                                                   : REFUSED;
    char *why = strstr(line, " ;");
    if (why != NULL) {
        *why = '\0';
    }
    char *then = strstr(line, " > ");
    if (then != NULL) {
        *then = '\0';
        parse_frame(then + 3, &ret->expected);
    }
    parse_frame(line + used, &ret->frame);
    return true;
}

/* Calls `check` with every frame of the kind's corpus. */
static void for_each_sample(const struct frame_kind *kind, void (*check)(const struct sample *)) {
    char path[256], line[LINE_SIZE_MAX];
    size_t count = 0;
    snprintf(path, sizeof path, "%s/%s.frames", kind->folder, kind->name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        struct sample sample;
        assert_non_null(strchr(line, '\n'));
        if (parse_line(kind, line, &sample)) {
            check(&sample);
            writer_finish(&sample.frame);
            writer_finish(&sample.expected);
            count++;
        }
    }
    fclose(file);
    assert_true(count > 50);
}

static const void *decode(const struct frame_kind *kind, struct bytes bytes, struct frame *ret,
                          struct arena *arena) {
    if (!frame_read(bytes, ret)) {
        return NULL;
    }
    struct reader reader = reader_of(ret->fields);
    return ret->tag < TAG_DOWN ? kind->decode(ret->tag, &reader, arena)
                               : kind->decode_down(ret->tag, &reader, arena);
}

/* Reads a frame and writes it again; false when it is refused. */
static bool rewrite(const struct frame_kind *kind, struct bytes bytes, struct writer *ret) {
    struct arena arena;
    struct frame frame;
    arena_init(&arena, ARENA_SIZE_MAX);
    const void *message = decode(kind, bytes, &frame, &arena);
    if (message != NULL) {
        frame_write_head(ret, &frame);
        assert_true(kind->encode(frame.tag, message, ret));
    }
    arena_finish(&arena);
    return message != NULL;
}

static void fail_at_difference(const struct sample *sample, struct bytes expected,
                               struct bytes written) {
    uint32_t at = 0;
    while (at < expected.length && at < written.length && expected.bytes[at] == written.bytes[at]) {
        at++;
    }
    fail_msg("written differently from byte %u on: %.500s", at, sample->line);
}

static void check_verdict(const struct sample *sample) {
    struct writer again;
    writer_init(&again, FRAME_SIZE_MAX);
    bool read = rewrite(sample->kind, writer_bytes(&sample->frame), &again);
    if (read != (sample->verdict != REFUSED)) {
        fail_msg("%s: %.500s", read ? "not refused" : "refused", sample->line);
    }
    struct bytes expected =
        writer_bytes(sample->verdict == SAME ? &sample->frame : &sample->expected);
    if (read && !bytes_equal(expected, writer_bytes(&again))) {
        fail_at_difference(sample, expected, writer_bytes(&again));
    }
    writer_finish(&again);
}

void frames_are_read_written_or_refused(const struct frame_kind *kind) {
    for_each_sample(kind, check_verdict);
}

static void check_cuts(const struct sample *sample) {
    struct bytes frame = writer_bytes(&sample->frame);
    if (sample->verdict == REFUSED || frame.length > EVERY_CUT_SIZE_MAX) {
        return;
    }
    for (uint32_t length = 0; length < frame.length; length++) {
        struct arena arena;
        struct frame cut;
        uint8_t *bytes = malloc(length + 1u);
        assert_non_null(bytes);
        memcpy(bytes, frame.bytes, length);
        arena_init(&arena, ARENA_SIZE_MAX);
        if (decode(sample->kind, (struct bytes){length, bytes}, &cut, &arena) != NULL) {
            fail_msg("read when cut after %u bytes: %s", length, sample->line);
        }
        arena_finish(&arena);
        free(bytes);
    }
}

void frames_are_refused_when_cut(const struct frame_kind *kind) {
    for_each_sample(kind, check_cuts);
}

static void check_against_msgpack_c(const struct sample *sample) {
    if (sample->verdict != SAME) {
        return;
    }
    struct bytes frame = writer_bytes(&sample->frame);
    msgpack_unpacked unpacked;
    size_t read = 0;
    msgpack_unpacked_init(&unpacked);
    int result = msgpack_unpack_next(&unpacked, (const char *)frame.bytes, frame.length, &read);
    if (result != MSGPACK_UNPACK_SUCCESS || read != frame.length) {
        fail_msg("msgpack-c cannot read: %s", sample->line);
    }
    msgpack_sbuffer packed;
    msgpack_packer packer;
    msgpack_sbuffer_init(&packed);
    msgpack_packer_init(&packer, &packed, msgpack_sbuffer_write);
    msgpack_pack_object(&packer, unpacked.data);
    if (packed.size != frame.length || memcmp(packed.data, frame.bytes, packed.size) != 0) {
        fail_msg("msgpack-c packs it differently: %s", sample->line);
    }
    msgpack_sbuffer_destroy(&packed);
    msgpack_unpacked_destroy(&unpacked);
}

void frames_agree_with_msgpack_c(const struct frame_kind *kind) {
    for_each_sample(kind, check_against_msgpack_c);
}

static void check_size(const struct sample *sample) {
    struct frame frame;
    if (sample->verdict == REFUSED || !frame_read(writer_bytes(&sample->frame), &frame)) {
        return;
    }
    const struct message_rule *rule = &sample->kind->rules[frame.tag];
    assert_string_equal(rule->name, sample->name);
    assert_int_equal(frame_form_of(rule->class), frame.form);
    assert_true(frame.fields.length <= rule->size_max);
}

void frames_keep_their_size(const struct frame_kind *kind) {
    for_each_sample(kind, check_size);
}

static void check_memory(const struct sample *sample) {
    struct bytes bytes = writer_bytes(&sample->frame);
    struct arena arena;
    struct frame frame;
    arena_init(&arena, ARENA_SIZE_MAX);
    if (decode(sample->kind, bytes, &frame, &arena) != NULL) {
        size_t needed = arena.allocated;
        size_t step = needed / BUDGETS_TRIED_MAX / ARENA_ALIGNMENT * ARENA_ALIGNMENT;
        for (size_t budget = 0; budget < needed; budget += step + ARENA_ALIGNMENT) {
            arena_finish(&arena);
            arena_init(&arena, budget);
            if (decode(sample->kind, bytes, &frame, &arena) != NULL) {
                fail_msg("read with %zu of %zu bytes: %.500s", budget, needed, sample->line);
            }
            assert_true(arena.failed);
        }
    }
    arena_finish(&arena);
}

void frames_are_refused_for_want_of_memory(const struct frame_kind *kind) {
    for_each_sample(kind, check_memory);
}

static uint32_t next_random(uint32_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* What is read from bytes that nobody wrote is still written as something that reads as the same.
 */
static void check_mutations(const struct sample *sample) {
    static uint32_t seed = 20261123;
    struct bytes frame = writer_bytes(&sample->frame);
    if (sample->verdict != SAME || frame.length > EVERY_CUT_SIZE_MAX) {
        return;
    }
    for (int round = 0; round < 40; round++) {
        struct writer mutated, once, twice;
        writer_init(&mutated, FRAME_SIZE_MAX);
        writer_init(&once, FRAME_SIZE_MAX);
        writer_init(&twice, FRAME_SIZE_MAX);
        writer_packed(&mutated, frame);
        for (uint32_t changes = next_random(&seed) % 3 + 1; changes > 0; changes--) {
            mutated.bytes[next_random(&seed) % frame.length] = (uint8_t)next_random(&seed);
        }
        if (rewrite(sample->kind, writer_bytes(&mutated), &once)) {
            assert_true(rewrite(sample->kind, writer_bytes(&once), &twice));
            if (!bytes_equal(writer_bytes(&once), writer_bytes(&twice))) {
                fail_msg("not stable after a mutation: %s", sample->line);
            }
        }
        writer_finish(&mutated);
        writer_finish(&once);
        writer_finish(&twice);
    }
}

void frames_survive_mutation(const struct frame_kind *kind) {
    for_each_sample(kind, check_mutations);
}
