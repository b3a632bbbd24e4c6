/*
 * The outside of a DICOM file (PS3.10 section 7): preamble, prefix, file meta information, and
 * where the data set begins and how it is encoded.
 *
 * Files without preamble, or without meta information at all, are taken when their first element
 * can only be the start of a data set; the encoding is then told from its bytes. A deflated data
 * set is inflated by part10_inflate into a buffer of the caller, under a cap.
 */
#ifndef CONSILIUM_IMAGING_PART10_H
#define CONSILIUM_IMAGING_PART10_H

#include "server/imaging/bounded_output.h"
#include "server/imaging/file_refusal.h"
#include "server/imaging/transfer_syntax.h"

#include <stddef.h>
#include <stdint.h>

struct part10 {
    const struct transfer_syntax *syntax; // static
    size_t dataset_offset;                // from the start of the file
};

/* Reads the outside of a whole file. On a refusal `ret_part10` is untouched. */
enum file_refusal_kind part10_open(const uint8_t *bytes, size_t size, struct part10 *ret_part10,
                                   struct file_refusal *refusal);

/* Inflates the data set of a file in Deflated Explicit VR Little Endian (PS3.5 A.5: a raw RFC 1951
 * stream) into `output`, whose limit is the cap. Beyond PART10_INFLATE_FREE bytes it may have
 * swollen `ratio_max` times at most, which images never come near; 0 = as it likes: it is one of
 * ours. */
#define PART10_INFLATE_FREE ((size_t)8 << 20)
enum file_refusal_kind part10_inflate(const uint8_t *bytes, size_t size,
                                      const struct part10 *part10, size_t ratio_max,
                                      struct bounded_output *output, struct file_refusal *refusal);

/* Turns what stopped a walk into a refusal. */
enum file_refusal_kind refuse_walk(struct file_refusal *refusal,
                                   const struct walk_failure *failure);

#endif
