/*
 * Reads one DICOM file in one pass: index row, frame table and metadata JSON together.
 *
 * The file lies whole in memory and is borrowed for the call only. What comes back is owned by the
 * caller and freed by instance_reading_finish; after a refusal there is nothing to free and
 * `refusal` says why. Nothing is allocated in proportion to a length that the file merely declares.
 */
#ifndef CONSILIUM_IMAGING_INSTANCE_READER_H
#define CONSILIUM_IMAGING_INSTANCE_READER_H

#include "server/imaging/bounded_output.h"
#include "server/imaging/character_set.h"
#include "server/imaging/file_refusal.h"
#include "server/imaging/frame_table.h"
#include "server/imaging/instance.h"

#define INFLATED_SIZE_MAX ((size_t)1 << 30) // bytes of a data set after inflating
#define INFLATED_RATIO_MAX 250              // of them to the file's, see part10_inflate

struct instance_reading {
    struct instance instance;
    struct frame_table frames;
    struct bounded_output metadata;
};

/* Offsets in the answer count from the start of the file; those of a deflated file from the start
 * of its inflated data set (`dataset_offset` is then where the deflated bytes begin). */
enum file_refusal_kind instance_read(const uint8_t *bytes, size_t size, struct character_sets *sets,
                                     struct instance_reading *ret_reading,
                                     struct file_refusal *refusal);

void instance_reading_finish(struct instance_reading *reading);

#endif
