#include "server/imaging/media_directory.h"

#include "server/imaging/element_value.h"

#include <string.h>

#define TAG_FIRST_RECORD DICOM_TAG(0x0004, 0x1200)
#define TAG_RECORDS DICOM_TAG(0x0004, 0x1220)
#define TAG_REFERENCED_UID DICOM_TAG(0x0004, 0x1511)
#define UID_MAX 64
#define DATASET_OFFSET 132 // behind preamble and prefix; the meta information is walked, too

bool media_directory_read(const uint8_t *bytes, size_t size,
                          struct text ret_uids[MEDIA_DIRECTORY_MAX], uint32_t *ret_count) {
    struct element_walker walker;
    struct dicom_element element;
    // Always explicit little endian, and never without its meta information (PS3.10 8.6).
    if (size < DATASET_OFFSET || memcmp(bytes + DATASET_OFFSET - 4, "DICM", 4) != 0) {
        return false;
    }
    bool is_directory = false;
    uint32_t count = 0;
    element_walker_init(&walker, bytes, size, DATASET_OFFSET, DICOM_EXPLICIT_LE);
    for (enum walk_event event = element_walker_next(&walker, &element); event != WALK_END;
         event = element_walker_next(&walker, &element)) {
        if (event == WALK_FAILED) {
            return false;
        }
        is_directory |= event == WALK_ELEMENT && element.tag == TAG_FIRST_RECORD;
        bool names = event == WALK_ELEMENT && element.tag == TAG_REFERENCED_UID &&
                     element.depth == 1 && element_walker_sequence(&walker) == TAG_RECORDS;
        if (names && count < MEDIA_DIRECTORY_MAX) {
            size_t length;
            const char *uid = element_trimmed(&element, &length);
            if (length > 0 && length <= UID_MAX) {
                ret_uids[count++] = (struct text){(uint32_t)length, uid};
            }
        }
    }
    *ret_count = count;
    return is_directory;
}
