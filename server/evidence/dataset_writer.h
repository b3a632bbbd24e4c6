/*
 * Writes a data set and the file around it: Explicit VR Little Endian (PS3.5 7.1, A.2) behind a
 * preamble and meta information (PS3.10 7.1). Text is given in UTF-8 and written in one repertoire.
 *
 * Elements are given in the order of their tags, which is asserted, as is that what was opened is
 * closed. What comes from outside is a value: text that is longer than its VR allows is cut
 * between characters, control characters become spaces (and so does a backslash where it would
 * divide values); a code, UID, date or number that breaks its VR writes nothing and fails the
 * whole, because cutting would make another of it. The output never passes its limit. After the
 * first failure the rest does nothing, and dataset_writer_take says so.
 */
#ifndef CONSILIUM_EVIDENCE_DATASET_WRITER_H
#define CONSILIUM_EVIDENCE_DATASET_WRITER_H

#include "protocol/values.h"
#include "server/imaging/bounded_output.h"

#define DATASET_WRITER_DEPTH_MAX 32 // sequences and items, one in the other

enum dataset_lengths {
    DATASET_LENGTHS_DEFINED,   // of sequences and items, written when they end
    DATASET_LENGTHS_UNDEFINED, // ended by delimiters
};

/* Specific Character Set (PS3.3 C.12.1.1.2). Every reader knows the first. */
enum dataset_repertoire {
    DATASET_LATIN, // ISO_IR 100
    DATASET_UTF8,  // ISO_IR 192
};

struct dataset_writer {
    /* Given. */
    enum dataset_lengths lengths;
    enum dataset_repertoire repertoire;
    /* Owned. */
    struct bounded_output output;
    /* Derived. */
    struct dataset_level {
        size_t length_at; // where its length stands
        uint32_t last;    // tag written last in this data set
        bool is_item;
    } levels[DATASET_WRITER_DEPTH_MAX + 1];
    unsigned depth; // 0 = the data set itself
    bool failed;    // a value that may not be written
    bool beyond;    // failed, and because of a character that Latin has not: write it as UTF-8
};

/* At most `limit` bytes. Finish it in every case. */
void dataset_writer_init(struct dataset_writer *writer, size_t limit, enum dataset_lengths lengths,
                         enum dataset_repertoire repertoire);
void dataset_writer_finish(struct dataset_writer *writer);

/* Preamble, prefix and meta information; the data set follows. */
void dataset_writer_file(struct dataset_writer *writer, const char *sop_class_uid,
                         const char *sop_instance_uid);

/* The whole file, owned by the caller; NULL when anything failed. */
uint8_t *dataset_writer_take(struct dataset_writer *writer, size_t *ret_size);

/* One value of a VR that is text (PS3.5 6.2): AE AS CS DA DS DT IS LO LT PN SH ST TM UC UI UT.
 * Empty text is an empty element. */
void dataset_writer_text(struct dataset_writer *writer, uint32_t tag, const char *vr,
                         struct text value);
void dataset_writer_string(struct dataset_writer *writer, uint32_t tag, const char *vr,
                           const char *value);
void dataset_writer_integer(struct dataset_writer *writer, uint32_t tag, int32_t value); // IS
void dataset_writer_integers(struct dataset_writer *writer, uint32_t tag, const int32_t *values,
                             size_t count); // IS
void dataset_writer_decimals(struct dataset_writer *writer, uint32_t tag, const double *values,
                             size_t count); // DS
void dataset_writer_u16(struct dataset_writer *writer, uint32_t tag, const uint16_t *values,
                        size_t count); // US
void dataset_writer_i32(struct dataset_writer *writer, uint32_t tag, const int32_t *values,
                        size_t count); // SL
void dataset_writer_u32(struct dataset_writer *writer, uint32_t tag, const uint32_t *values,
                        size_t count); // UL
void dataset_writer_floats(struct dataset_writer *writer, uint32_t tag, const double *values,
                           size_t count);                                              // FL
void dataset_writer_double(struct dataset_writer *writer, uint32_t tag, double value); // FD
void dataset_writer_bytes(struct dataset_writer *writer, uint32_t tag, const char *vr,
                          const void *bytes, size_t size); // OB, OW, UN

void dataset_writer_sequence_begin(struct dataset_writer *writer, uint32_t tag);
void dataset_writer_sequence_end(struct dataset_writer *writer);
void dataset_writer_item_begin(struct dataset_writer *writer);
void dataset_writer_item_end(struct dataset_writer *writer);
void dataset_writer_empty_sequence(struct dataset_writer *writer, uint32_t tag);

/* Bytes of the first `characters` characters of UTF-8. */
size_t dataset_text_cut(struct text text, size_t characters);

#endif
