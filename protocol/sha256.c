#include "protocol/sha256.h"

#include <string.h>

enum { BLOCK = 64, ROUNDS = 64, LENGTH_BYTES = 8 };

static const uint32_t constants[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t turned(uint32_t word, unsigned by) {
    return word >> by | word << (32 - by);
}

static uint32_t word_at(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* 6.2.2 */
static void take_block(uint32_t state[8], const uint8_t block[BLOCK]) {
    uint32_t w[ROUNDS], s[8];
    for (unsigned i = 0; i < 16; i++) {
        w[i] = word_at(block + 4 * (size_t)i);
    }
    for (unsigned i = 16; i < ROUNDS; i++) {
        uint32_t early = turned(w[i - 15], 7) ^ turned(w[i - 15], 18) ^ w[i - 15] >> 3;
        uint32_t late = turned(w[i - 2], 17) ^ turned(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + early + w[i - 7] + late;
    }
    memcpy(s, state, sizeof s);
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
        uint32_t majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
        uint32_t first = s[7] + (turned(s[4], 6) ^ turned(s[4], 11) ^ turned(s[4], 25)) + choice +
                         constants[i] + w[i];
        uint32_t second = (turned(s[0], 2) ^ turned(s[0], 13) ^ turned(s[0], 22)) + majority;
        memmove(s + 1, s, 7 * sizeof s[0]);
        s[4] += first;
        s[0] = first + second;
    }
    for (unsigned i = 0; i < 8; i++) {
        state[i] += s[i];
    }
}

struct sha256 sha256_of(struct bytes bytes) {
    uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    size_t whole = bytes.length / BLOCK * BLOCK, rest = bytes.length - whole;
    for (size_t at = 0; at < whole; at += BLOCK) {
        take_block(state, bytes.bytes + at);
    }
    /* 5.1.1: a one bit, zeros, and the length in bits. */
    uint8_t last[2 * BLOCK] = {0};
    size_t size = rest < BLOCK - LENGTH_BYTES ? BLOCK : 2 * BLOCK;
    if (rest > 0) {
        memcpy(last, bytes.bytes + whole, rest);
    }
    last[rest] = 0x80;
    for (unsigned i = 0; i < LENGTH_BYTES; i++) {
        last[size - 1 - i] = (uint8_t)((uint64_t)bytes.length * 8 >> 8 * i);
    }
    for (size_t at = 0; at < size; at += BLOCK) {
        take_block(state, last + at);
    }
    struct sha256 hash;
    for (unsigned i = 0; i < SHA256_BYTES; i++) {
        hash.bytes[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
    }
    return hash;
}
