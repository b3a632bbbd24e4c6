/*
 * A DICOMDIR (PS3.10 8, PS3.3 F): the directory of a CD, which names the files on it. Taken as an
 * index only.
 */
#ifndef CONSILIUM_IMAGING_MEDIA_DIRECTORY_H
#define CONSILIUM_IMAGING_MEDIA_DIRECTORY_H

#include "protocol/values.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEDIA_DIRECTORY_MAX 20000u // files; of one that names more the first ones are known

/* The UIDs of the files it names (0004,1511), borrowed from the file. False when it is no DICOMDIR,
 * or damaged. */
bool media_directory_read(const uint8_t *bytes, size_t size,
                          struct text ret_uids[MEDIA_DIRECTORY_MAX], uint32_t *ret_count);

#endif
