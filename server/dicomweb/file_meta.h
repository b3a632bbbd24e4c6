/*
 * The outside of a file that was stored without one (PS3.10 7.1): preamble, prefix and file meta
 * information. Pure.
 */
#ifndef CONSILIUM_DICOMWEB_FILE_META_H
#define CONSILIUM_DICOMWEB_FILE_META_H

#include <stddef.h>
#include <stdint.h>

enum { FILE_META_MAX = 512, FILE_PREAMBLE_SIZE = 132 };

/* Returns the size: 132 for the preamble and prefix alone. UIDs are at most 64 bytes. */
size_t file_preamble_write(uint8_t bytes[FILE_META_MAX]);
size_t file_meta_write(uint8_t bytes[FILE_META_MAX], const char *sop_class_uid,
                       const char *sop_instance_uid, const char *transfer_syntax_uid);

#endif
