/*
 * The attributes a search may name: tag, keyword and level (PS3.18 tables 10.6.1-5, 10.6.3-3 to
 * 10.6.3-5, PS3.6 for the keywords). What is not in this list may be named by its tag alone, in
 * `includefield` of a search for instances.
 */
#ifndef CONSILIUM_DICOMWEB_ATTRIBUTES_H
#define CONSILIUM_DICOMWEB_ATTRIBUTES_H

#include "protocol/values.h"

#include <stdbool.h>
#include <stddef.h>

enum dicomweb_level { LEVEL_STUDY, LEVEL_SERIES, LEVEL_INSTANCE };

enum attribute_use {
    ATTRIBUTE_HELD,  /* in the index, given when it is asked for */
    ATTRIBUTE_GIVEN, /* in the index, given always */
    ATTRIBUTE_MADE,  /* computed, given always */
};

struct dicomweb_attribute {
    uint32_t tag;
    char vr[3];
    uint8_t level;
    uint8_t use;
    const char *keyword;
};

enum {
    TAG_SPECIFIC_CHARACTER_SET = 0x00080005,
    TAG_SOP_CLASS_UID = 0x00080016,
    TAG_SOP_INSTANCE_UID = 0x00080018,
    TAG_INSTANCE_AVAILABILITY = 0x00080056,
    TAG_MODALITY = 0x00080060,
    TAG_MODALITIES_IN_STUDY = 0x00080061,
    TAG_RETRIEVE_URL = 0x00081190,
    TAG_STUDY_INSTANCE_UID = 0x0020000D,
    TAG_SERIES_INSTANCE_UID = 0x0020000E,
    TAG_STUDY_SERIES = 0x00201206,
    TAG_STUDY_INSTANCES = 0x00201208,
    TAG_SERIES_INSTANCES = 0x00201209,
    ATTRIBUTES_HELD_MAX = 64, /* of one level */
};

/* NULL when it is none of ours. */
const struct dicomweb_attribute *attribute_of_tag(uint32_t tag);
/* A keyword, or eight hexadecimal digits (then the VR is the dictionary's when it is none of ours).
 * False when it names nothing. */
bool attribute_tag_of(struct text name, uint32_t *ret_tag);

#endif
