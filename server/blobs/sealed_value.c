#include "server/blobs/sealed_value.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#define NONCE_SIZE 12
#define TAG_SIZE 16

bool sealed_value_seal(const uint8_t key[SEALED_VALUE_KEY_SIZE], const void *place,
                       size_t place_size, const void *bytes, size_t size, uint8_t *ret_sealed) {
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    uint8_t *body = ret_sealed + NONCE_SIZE;
    int length = 0;
    bool sealed = cipher && size <= INT_MAX - SEALED_VALUE_OVERHEAD && place_size <= INT_MAX &&
                  RAND_bytes(ret_sealed, NONCE_SIZE) == 1 &&
                  EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, ret_sealed) == 1 &&
                  EVP_EncryptUpdate(cipher, NULL, &length, place, (int)place_size) == 1 &&
                  EVP_EncryptUpdate(cipher, body, &length, bytes, (int)size) == 1 &&
                  EVP_EncryptFinal_ex(cipher, body + length, &length) == 1 &&
                  EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, TAG_SIZE, body + size) == 1;
    EVP_CIPHER_CTX_free(cipher);
    return sealed;
}

bool sealed_value_open(const uint8_t key[SEALED_VALUE_KEY_SIZE], const void *place,
                       size_t place_size, const uint8_t *sealed, size_t size, uint8_t *ret_bytes) {
    if (size < SEALED_VALUE_OVERHEAD || size > INT_MAX || place_size > INT_MAX) {
        return false;
    }
    size_t plain_size = size - SEALED_VALUE_OVERHEAD;
    const uint8_t *body = sealed + NONCE_SIZE;
    uint8_t tag[TAG_SIZE];
    for (size_t i = 0; i < TAG_SIZE; i++) {
        tag[i] = body[plain_size + i];
    }
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    int length = 0;
    bool opened = cipher && EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, sealed) == 1 &&
                  EVP_DecryptUpdate(cipher, NULL, &length, place, (int)place_size) == 1 &&
                  EVP_DecryptUpdate(cipher, ret_bytes, &length, body, (int)plain_size) == 1 &&
                  EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, TAG_SIZE, tag) == 1 &&
                  EVP_DecryptFinal_ex(cipher, ret_bytes + length, &length) == 1;
    EVP_CIPHER_CTX_free(cipher);
    return opened;
}
