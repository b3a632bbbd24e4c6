/* Holds a codec to the corpus of frames that the generator prints beside this file: what each frame
 * must be read as, written as, or refused for. Every function fails the running test with the line
 * of the corpus that it could not keep. */
#ifndef TESTS_SUPPORT_FRAMES_CORPUS_H
#define TESTS_SUPPORT_FRAMES_CORPUS_H

#include "protocol/arena.h"
#include "protocol/reader.h"
#include "protocol/values.h"
#include "protocol/writer.h"

/* A kind of actor, by what is generated for it. */
struct frame_kind {
    const char *name;   /* of the corpus, NAME.frames */
    const char *folder; /* that it lies in, from the top of the tree */
    const void *(*decode)(uint8_t tag, struct reader *reader, struct arena *arena);
    const void *(*decode_down)(uint8_t tag, struct reader *reader, struct arena *arena);
    bool (*encode)(uint8_t tag, const void *message, struct writer *writer);
    const struct message_rule *rules;
};

/* Each as its line says, byte for byte. */
void frames_are_read_written_or_refused(const struct frame_kind *kind);

/* Each that is good, cut after every byte. */
void frames_are_refused_when_cut(const struct frame_kind *kind);

/* msgpack-c's own unpacker reads what is written, and packs it no shorter. */
void frames_agree_with_msgpack_c(const struct frame_kind *kind);

/* None is over the size that its rule lets through the gate. */
void frames_keep_their_size(const struct frame_kind *kind);

/* With any less memory than it needs, a frame is refused like one that is malformed. */
void frames_are_refused_for_want_of_memory(const struct frame_kind *kind);

/* What is read from bytes that nobody wrote is written as what is read as the same. */
void frames_survive_mutation(const struct frame_kind *kind);

#endif
