#include "server/imaging/instance.h"

#include <assert.h>
#include <openssl/sha.h>
#include <string.h>

/* The encoding: a version byte, then for each field its number (u8), size (u16 little endian) and
 * bytes; numbers are little endian as in memory. Number 0 carries the ultrasound regions, 64 the
 * container: `present` has no bit more. */
#define ENCODING_VERSION 1
#define FIELD_REGIONS 0
#define FIELD_CONTAINER 64
#define FIELD_HEADER_SIZE 3

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "rows are stored little endian");

struct stored_field {
    uint8_t number;
    bool text;
    uint16_t offset; // in struct instance
    uint16_t size;   // of the member
};

#define STORED_IS_TEXT_CODE true
#define STORED_IS_TEXT_TEXT true
#define STORED_IS_TEXT_NAME true
#define STORED_IS_TEXT_U32 false
#define STORED_IS_TEXT_I32 false
#define STORED_IS_TEXT_U64 false
#define STORED_IS_TEXT_F64 false

static const struct stored_field stored_fields[] = {
#define XX(number, name, member, tag, kind, space)                                                 \
    {number, STORED_IS_TEXT_##kind, offsetof(struct instance, member),                             \
     sizeof(((struct instance *)0)->member)},
    INSTANCE_FIELD_MAP(XX)
#undef XX
};

#define STORED_FIELD_COUNT (sizeof stored_fields / sizeof stored_fields[0])

_Static_assert(sizeof(struct instance) < INSTANCE_ENCODED_MAX / 2, "an encoded row fits");

const char *instance_image_flavor(const struct instance *instance, size_t *ret_size) {
    const char *value = instance->image_type;
    for (int skipped = 0; skipped < 2; skipped++) {
        value = strchr(value, '\\');
        if (!value) {
            return NULL;
        }
        value++;
    }
    const char *end = strchr(value, '\\');
    *ret_size = end ? (size_t)(end - value) : strlen(value);
    return value;
}

static size_t put(uint8_t *bytes, uint8_t number, const void *value, size_t size) {
    bytes[0] = number;
    bytes[1] = (uint8_t)size;
    bytes[2] = (uint8_t)(size >> 8);
    memcpy(bytes + FIELD_HEADER_SIZE, value, size);
    return FIELD_HEADER_SIZE + size;
}

bool instance_is_slide(const struct instance *instance) {
    return strcmp(instance->sop_class_uid, "1.2.840.10008.5.1.4.1.1.77.1.6") == 0;
}

bool instance_flavor_is_label(const char *flavor, size_t size) {
    return (size == 5 && memcmp(flavor, "LABEL", 5) == 0) ||
           (size == 8 && memcmp(flavor, "OVERVIEW", 8) == 0);
}

bool instance_shows_label(const struct instance *instance) {
    size_t size;
    const char *flavor = instance_image_flavor(instance, &size);
    return instance_is_slide(instance) && flavor && instance_flavor_is_label(flavor, size);
}

void instance_set_container(struct instance *instance, const char *identifier, size_t size) {
    if (!instance_is_slide(instance) || size == 0) {
        return;
    }
    char key[sizeof instance->series_uid + INSTANCE_LONG_STRING_MAX];
    size_t space = sizeof key - sizeof instance->series_uid;
    size = size < space ? size : space;
    memcpy(key, instance->series_uid, sizeof instance->series_uid);
    memcpy(key + sizeof instance->series_uid, identifier, size);
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)key, sizeof instance->series_uid + size, digest);
    memcpy(&instance->container, digest, sizeof instance->container);
}

size_t instance_encode(const struct instance *instance, uint8_t *bytes) {
    size_t size = 0;
    bytes[size++] = ENCODING_VERSION;
    for (size_t i = 0; i < STORED_FIELD_COUNT; i++) {
        const struct stored_field *field = &stored_fields[i];
        if (!(instance->present >> field->number & 1)) {
            continue;
        }
        const char *member = (const char *)instance + field->offset;
        size_t length = field->text ? strlen(member) : field->size;
        size += put(bytes + size, field->number, member, length);
    }
    for (uint32_t i = 0; i < instance->region_count; i++) {
        size +=
            put(bytes + size, FIELD_REGIONS, &instance->regions[i], sizeof instance->regions[i]);
    }
    if (instance->container != 0) {
        size +=
            put(bytes + size, FIELD_CONTAINER, &instance->container, sizeof instance->container);
    }
    assert(size <= INSTANCE_ENCODED_MAX);
    return size;
}

static const struct stored_field *find_field(uint8_t number) {
    for (size_t i = 0; i < STORED_FIELD_COUNT; i++) {
        if (stored_fields[i].number == number) {
            return &stored_fields[i];
        }
    }
    return NULL;
}

static bool take_region(struct instance *instance, const uint8_t *value, size_t size) {
    if (size != sizeof instance->regions[0] || instance->region_count == INSTANCE_REGIONS_MAX) {
        return false;
    }
    memcpy(&instance->regions[instance->region_count++], value, size);
    return true;
}

static bool take_container(struct instance *instance, const uint8_t *value, size_t size) {
    if (size != sizeof instance->container) {
        return false;
    }
    memcpy(&instance->container, value, size);
    return true;
}

static bool take(struct instance *instance, uint8_t number, const uint8_t *value, size_t size) {
    if (number == FIELD_REGIONS) {
        return take_region(instance, value, size);
    }
    if (number == FIELD_CONTAINER) {
        return take_container(instance, value, size);
    }
    const struct stored_field *field = find_field(number);
    if (!field) {
        return true; // of a newer build
    }
    bool fits = field->text ? size < field->size && !memchr(value, 0, size) : size == field->size;
    if (!fits) {
        return false;
    }
    memcpy((char *)instance + field->offset, value, size);
    instance->present |= UINT64_C(1) << field->number;
    return true;
}

bool instance_decode(struct instance *ret_instance, const uint8_t *bytes, size_t size) {
    if (size < 1 || bytes[0] != ENCODING_VERSION) {
        return false;
    }
    struct instance instance;
    memset(&instance, 0, sizeof instance);
    size_t at = 1;
    while (at < size) {
        if (size - at < FIELD_HEADER_SIZE) {
            return false;
        }
        size_t length = (size_t)bytes[at + 1] | (size_t)bytes[at + 2] << 8;
        uint8_t number = bytes[at];
        at += FIELD_HEADER_SIZE;
        if (length > size - at) {
            return false;
        }
        if (!take(&instance, number, bytes + at, length)) {
            return false;
        }
        at += length;
    }
    *ret_instance = instance;
    return true;
}
