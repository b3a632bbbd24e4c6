/*
 * Reads DICOM JSON (PS3.18 F) that we stored ourselves, in place: members of an object, values of
 * an attribute. It was written by a process that had foreign bytes in it, so nothing is believed:
 * what is no JSON as we write it ends the walk. No recursion, no memory of its own.
 */
#ifndef CONSILIUM_IMAGING_JSON_SCAN_H
#define CONSILIUM_IMAGING_JSON_SCAN_H

#include "protocol/values.h"

#include <stdbool.h>
#include <stddef.h>

#define JSON_SCAN_VALUE_MAX 1024 /* bytes of one decoded value; what is longer is cut */

struct json_members {
    const char *at, *end;
};

/* `object` from its { to its }. */
struct json_members json_members_of(struct text object);
/* False at the end, or where it is no JSON. Name without quotes, value as it stands; both borrow.
 */
bool json_members_next(struct json_members *members, struct text *ret_name, struct text *ret_value);

/* The objects or values of `[...]`; as above. */
struct json_members json_items_of(struct text list);
bool json_items_next(struct json_members *items, struct text *ret_item);

/* The tag that a name says: eight upper case hexadecimal digits. */
bool json_tag_of(struct text name, uint32_t *ret_tag);

/* The values of `{"vr":"..","Value":[...]}`: texts decoded, numbers as they stand, of a person's
 * name each component group; null and items of sequences are passed over. */
struct json_values {
    struct json_members items;
    struct json_members groups; /* of the name at hand */
};
struct json_values json_values_of(struct text attribute, char ret_vr[3]);
bool json_values_next(struct json_values *values, char value[JSON_SCAN_VALUE_MAX],
                      size_t *ret_length);

#endif
