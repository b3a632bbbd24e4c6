/* links: protocol */
/* A peer's frame, from its first byte to the message and back. The first byte chooses the kind of
 * actor. What is read must be written as bytes that are read as the same, and the memory of one
 * message never exceeds ARENA_SIZE_MAX (run with -malloc_limit_mb=16). */
#include "protocol/frame.h"
#include "protocol/generated/board.h"
#include "protocol/generated/ingest.h"
#include "protocol/generated/patient_case.h"
#include "protocol/generated/series.h"
#include "protocol/generated/session.h"
#include "protocol/generated/user.h"
#include "protocol/reader.h"

#include <assert.h>

#define ARENA_SIZE_MAX ((size_t)4 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct kind {
    const void *(*decode)(uint8_t, struct reader *, struct arena *);
    const void *(*decode_down)(uint8_t, struct reader *, struct arena *);
    bool (*encode)(uint8_t, const void *, struct writer *);
};

static const struct kind kinds[] = {
    {session_decode, session_decode_down, session_encode},
    {board_decode, board_decode_down, board_encode},
    {patient_case_decode, patient_case_decode_down, patient_case_encode},
    {user_decode, user_decode_down, user_encode},
    {ingest_decode, ingest_decode_down, ingest_encode},
    {series_decode, series_decode_down, series_encode},
};

/* Reads a frame and writes it to `ret`; false when it is refused. */
static bool rewrite(const struct kind *kind, struct bytes bytes, struct arena *arena,
                    struct writer *ret) {
    struct frame frame;
    if (!frame_read(bytes, &frame)) {
        return false;
    }
    struct reader reader = reader_of(frame.fields);
    const void *message = frame.tag < TAG_DOWN ? kind->decode(frame.tag, &reader, arena)
                                               : kind->decode_down(frame.tag, &reader, arena);
    if (message == NULL) {
        return false;
    }
    frame_write_head(ret, &frame);
    assert(kind->encode(frame.tag, message, ret));
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    if (size == 0 || size > FRAME_SIZE_MAX) {
        return 0;
    }
    const struct kind *kind = &kinds[bytes[0] % (sizeof kinds / sizeof kinds[0])];
    const struct bytes input = {(uint32_t)(size - 1), bytes + 1};
    struct arena arena;
    struct writer once, twice;
    arena_init(&arena, ARENA_SIZE_MAX);
    writer_init(&once, FRAME_SIZE_MAX);
    writer_init(&twice, FRAME_SIZE_MAX);
    if (rewrite(kind, input, &arena, &once)) {
        struct bytes first = writer_bytes(&once);
        assert(first.bytes != NULL);
        arena_reset(&arena);
        assert(rewrite(kind, first, &arena, &twice));
        assert(bytes_equal(first, writer_bytes(&twice)));
    }
    writer_finish(&once);
    writer_finish(&twice);
    arena_finish(&arena);
    return 0;
}
