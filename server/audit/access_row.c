#include "server/audit/access_row.h"

#include <assert.h>
#include <string.h>

static uint8_t *put(uint8_t *at, const void *bytes, size_t length) {
    memcpy(at, bytes, length);
    return at + length;
}

static uint8_t *put_number(uint8_t *at, uint64_t value) {
    for (int i = 0; i < 8; i++) {
        *at++ = (uint8_t)(value >> (56 - 8 * i));
    }
    return at;
}

struct seal_header access_row_header(const struct access_row *row) {
    const struct access *access = &row->access;
    struct seal_header header;
    uint8_t *at = header.bytes;
    *at++ = SEAL_ACCESS;
    *at++ = access->action;
    *at++ = access->result;
    at = put(at, row->tenant.bytes, 16);
    at = put(at, row->writer.bytes, 16);
    at = put_number(at, row->number);
    at = put_number(at, (uint64_t)row->at);
    at = put(at, row->node.bytes, 16);
    at = put(at, access->user.bytes, 16);
    at = put_number(at, access->sign_in);
    at = put(at, access->patient_case.bytes, 16);
    at = put(at, access->address, sizeof access->address);
    header.length = (size_t)(at - header.bytes);
    return header;
}

void access_set_object(struct access *access, struct text uid) {
    memset(access->object, 0, sizeof access->object);
    if (uid.length > ACCESS_OBJECT_MAX) {
        return;
    }
    for (uint32_t i = 0; i < uid.length; i++) {
        if (uid.bytes[i] != '.' && (uid.bytes[i] < '0' || uid.bytes[i] > '9')) {
            return;
        }
    }
    if (uid.length > 0) {
        memcpy(access->object, uid.bytes, uid.length);
    }
}

void access_name_object(struct access *access, struct text name) {
    assert(name.length > 0 && name.length <= ACCESS_OBJECT_MAX);
    memset(access->object, 0, sizeof access->object);
    memcpy(access->object, name.bytes, name.length);
}

struct bytes access_row_payload(const struct access_row *row) {
    return (struct bytes){(uint32_t)strlen(row->access.object),
                          (const uint8_t *)row->access.object};
}
