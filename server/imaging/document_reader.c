#include "server/imaging/document_reader.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#define UID_SIZE 65       // with its terminator
#define UID_DIGITS_MAX 39 // of a 128-bit number

struct document_kind {
    const char *start;
    size_t start_size;
    const char *end; // somewhere in the last bytes, NULL when nothing tells a cut file
    const char *media_type;
};

#define DOCUMENT_TAIL_SIZE 1024

/* What a browser shows without running anything of the document's. */
static const struct document_kind kinds[] = {
    {"%PDF-", 5, "%%EOF", "application/pdf"},      // ISO 32000-1 section 7.5
    {"\377\330\377", 3, NULL, "image/jpeg"},       // ISO/IEC 10918-1
    {"\211PNG\r\n\032\n", 8, "IEND", "image/png"}, // ISO/IEC 15948
};

static bool ends_with(const uint8_t *bytes, size_t size, const char *end) {
    size_t length = strlen(end);
    size_t tail = size < DOCUMENT_TAIL_SIZE ? size : DOCUMENT_TAIL_SIZE;
    for (size_t at = size - tail; at + length <= size; at++) {
        if (memcmp(bytes + at, end, length) == 0) {
            return true;
        }
    }
    return false;
}

/* 2.25. and the digest's first 128 bits as a decimal number. */
static void make_uid(const char *label, const uint8_t digest[DOCUMENT_DIGEST_SIZE],
                     char uid[UID_SIZE]) {
    uint8_t seed[16 + DOCUMENT_DIGEST_SIZE] = {0};
    snprintf((char *)seed, 16, "%s", label);
    memcpy(seed + 16, digest, DOCUMENT_DIGEST_SIZE);
    uint8_t hash[SHA256_DIGEST_LENGTH];
    SHA256(seed, sizeof seed, hash);
    __extension__ unsigned __int128 number = 0;
    for (int i = 0; i < 16; i++) {
        number = number << 8 | hash[i];
    }
    char digits[UID_DIGITS_MAX + 1];
    char *first = digits + UID_DIGITS_MAX;
    *first = 0;
    do {
        *--first = (char)('0' + (int)(number % 10));
        number /= 10;
    } while (number > 0);
    snprintf(uid, UID_SIZE, "2.25.%s", first);
}

static void set_present(struct instance *instance, enum instance_field field) {
    instance->present |= UINT64_C(1) << field;
}

bool document_read(const uint8_t *bytes, size_t size, const uint8_t digest[DOCUMENT_DIGEST_SIZE],
                   struct instance *ret_instance) {
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const struct document_kind *kind = &kinds[i];
        if (size < kind->start_size || memcmp(bytes, kind->start, kind->start_size) != 0 ||
            (kind->end && !ends_with(bytes, size, kind->end))) {
            continue;
        }
        struct instance instance;
        memset(&instance, 0, sizeof instance);
        make_uid("instance", digest, instance.sop_instance_uid);
        make_uid("series", digest, instance.series_uid);
        make_uid("study", digest, instance.study_uid);
        memcpy(instance.modality, "DOC", sizeof "DOC");
        memcpy(instance.document_type, kind->media_type, strlen(kind->media_type));
        instance.file_size = size;
        instance.document_size = size;
        static const enum instance_field fields[] = {
            INSTANCE_SOP_INSTANCE_UID, INSTANCE_SERIES_UID,      INSTANCE_STUDY_UID,
            INSTANCE_MODALITY,         INSTANCE_DOCUMENT_TYPE,   INSTANCE_FILE_SIZE,
            INSTANCE_DOCUMENT_SIZE,    INSTANCE_DOCUMENT_OFFSET,
        };
        for (size_t field = 0; field < sizeof fields / sizeof fields[0]; field++) {
            set_present(&instance, fields[field]);
        }
        *ret_instance = instance;
        return true;
    }
    return false;
}

void document_metadata(const struct instance *document, struct bounded_output *output) {
    bounded_output_format(output, "{\"00080018\":{\"vr\":\"UI\",\"Value\":[\"%s\"]},",
                          document->sop_instance_uid);
    bounded_output_format(output, "\"00080060\":{\"vr\":\"CS\",\"Value\":[\"%s\"]},",
                          document->modality);
    bounded_output_format(output, "\"0020000D\":{\"vr\":\"UI\",\"Value\":[\"%s\"]},",
                          document->study_uid);
    bounded_output_format(output, "\"0020000E\":{\"vr\":\"UI\",\"Value\":[\"%s\"]},",
                          document->series_uid);
    bounded_output_format(output, "\"00420012\":{\"vr\":\"LO\",\"Value\":[\"%s\"]}}",
                          document->document_type);
}
