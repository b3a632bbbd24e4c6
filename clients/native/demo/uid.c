#include "clients/native/demo/uid.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stddef.h>
#include <string.h>

// Drawn at random once; changing it would make every demonstration image a new image.
static const uint8_t namespace_uuid[UUID_LENGTH] = {
    0x5a, 0x0d, 0x27, 0x91, 0x1f, 0x6c, 0x4b, 0x1e, 0x9c, 0x6d, 0xb2, 0x3e, 0x84, 0x70, 0x5f, 0x18,
};

void demo_uuid(uint8_t ret_uuid[UUID_LENGTH], const char *name) {
    uint8_t digest[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert(context != NULL);
    int done = EVP_DigestInit_ex(context, EVP_sha1(), NULL) &&
               EVP_DigestUpdate(context, namespace_uuid, sizeof(namespace_uuid)) &&
               EVP_DigestUpdate(context, name, strlen(name)) &&
               EVP_DigestFinal_ex(context, digest, NULL);
    EVP_MD_CTX_free(context);
    assert(done == 1);
    memcpy(ret_uuid, digest, UUID_LENGTH);
    ret_uuid[6] = (uint8_t)((ret_uuid[6] & 0x0f) | 0x50); // version 5
    ret_uuid[8] = (uint8_t)((ret_uuid[8] & 0x3f) | 0x80); // the variant of RFC 4122
}

// Divides a big-endian number by ten in place and returns the remainder.
static unsigned divide_by_ten(uint8_t number[UUID_LENGTH]) {
    unsigned remainder = 0;
    for (size_t i = 0; i < UUID_LENGTH; i++) {
        unsigned dividend = remainder * 256 + number[i];
        number[i] = (uint8_t)(dividend / 10);
        remainder = dividend % 10;
    }
    return remainder;
}

void demo_uid(char ret_uid[UID_TEXT_MAX + 1], const char *name) {
    static const uint8_t zero[UUID_LENGTH];
    uint8_t number[UUID_LENGTH];
    demo_uuid(number, name);
    char digits[40]; // 2^128 has 39 digits
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + divide_by_ten(number));
    } while (memcmp(number, zero, sizeof(zero)) != 0);
    memcpy(ret_uid, "2.25.", 5);
    for (size_t i = 0; i < count; i++)
        ret_uid[5 + i] = digits[count - 1 - i];
    ret_uid[5 + count] = '\0';
}
