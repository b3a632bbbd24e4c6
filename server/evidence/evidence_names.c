#include "server/evidence/evidence_names.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { DIGEST_SIZE = 32, SECOND_US = 1000000 };

void evidence_uid_of_uuid(struct uuid uuid, char ret_uid[EVIDENCE_UID_SIZE]) {
    /* 128 bits in decimal: long division by ten. */
    char digits[40];
    size_t count = 0;
    bool zero = false;
    while (!zero && count < sizeof digits) {
        unsigned remainder = 0;
        zero = true;
        for (size_t i = 0; i < sizeof uuid.bytes; i++) {
            unsigned value = remainder << 8 | uuid.bytes[i];
            uuid.bytes[i] = (uint8_t)(value / 10);
            remainder = value % 10;
            zero = zero && uuid.bytes[i] == 0;
        }
        digits[count++] = (char)('0' + remainder);
    }
    int at = snprintf(ret_uid, EVIDENCE_UID_SIZE, "2.25.");
    while (count > 0) {
        ret_uid[at++] = digits[--count];
    }
    ret_uid[at] = '\0';
}

void evidence_uid(const char *kind, const struct name_part *parts, size_t count,
                  char ret_uid[EVIDENCE_UID_SIZE]) {
    uint8_t digest[DIGEST_SIZE];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert(context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1);
    EVP_DigestUpdate(context, kind, strlen(kind) + 1);
    for (size_t i = 0; i < count; i++) {
        /* With its size, so that no two lists of parts run together to the same bytes. */
        uint8_t size[8];
        for (size_t j = 0; j < sizeof size; j++) {
            size[j] = (uint8_t)((uint64_t)parts[i].size >> 8 * j);
        }
        EVP_DigestUpdate(context, size, sizeof size);
        EVP_DigestUpdate(context, parts[i].bytes, parts[i].size);
    }
    EVP_DigestFinal_ex(context, digest, NULL);
    EVP_MD_CTX_free(context);
    struct uuid uuid;
    memcpy(uuid.bytes, digest, sizeof uuid.bytes);
    uuid.bytes[6] = (uint8_t)((uuid.bytes[6] & 0x0F) | 0x80);
    uuid.bytes[8] = (uint8_t)((uuid.bytes[8] & 0x3F) | 0x80);
    evidence_uid_of_uuid(uuid, ret_uid);
}

struct evidence_time evidence_time(int64_t at) {
    struct evidence_time text = {"", "", ""};
    time_t seconds = (time_t)(at / SECOND_US);
    struct tm parts;
    if (at < 0 || gmtime_r(&seconds, &parts) == NULL || parts.tm_year > 9999 - 1900) {
        return text;
    }
    unsigned fraction = (unsigned)(at % SECOND_US);
    strftime(text.date, sizeof text.date, "%Y%m%d", &parts);
    strftime(text.time, sizeof text.time, "%H%M%S", &parts);
    snprintf(text.time + 6, sizeof text.time - 6, ".%06u", fraction);
    snprintf(text.date_time, sizeof text.date_time, "%s%.6s+0000", text.date, text.time);
    return text;
}
