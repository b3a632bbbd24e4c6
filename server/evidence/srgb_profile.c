#include "server/evidence/srgb_profile.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum {
    TAG_COUNT = 9,
    TABLE_AT = 128, // behind the header
    DESCRIPTION_SIZE = 96,
    COPYRIGHT_SIZE = 16,
    XYZ_SIZE = 20,
    CURVE_SIZE = 12 + 2 * SRGB_CURVE_POINTS,
};

/* Seen under D50, which profiles are connected by. */
static const struct {
    const char *tag;
    double xyz[3];
} places[] = {{"wtpt", {0.9642, 1.0, 0.8249}},
              {"rXYZ", {0.43607, 0.22249, 0.01392}},
              {"gXYZ", {0.38515, 0.71687, 0.09708}},
              {"bXYZ", {0.14307, 0.06061, 0.71410}}};
enum { PLACE_COUNT = sizeof places / sizeof places[0] };

struct profile {
    uint8_t *bytes;
    uint32_t at;   // where the next tag's data go
    uint32_t tags; // in the table
};

static void put_number(uint8_t *bytes, uint32_t number, int size) {
    for (int i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(number >> 8 * (size - 1 - i));
    }
}

static void put_xyz(uint8_t *bytes, const double xyz[3]) {
    for (int i = 0; i < 3; i++) {
        put_number(bytes + 4 * (size_t)i, (uint32_t)lround(xyz[i] * 65536), 4);
    }
}

/* A line of the table for data that lie there. */
static void name(struct profile *profile, const char *tag, uint32_t at, uint32_t size) {
    uint8_t *line = profile->bytes + TABLE_AT + 4 + (size_t)12 * profile->tags++;
    memcpy(line, tag, 4);
    put_number(line + 4, at, 4);
    put_number(line + 8, size, 4);
}

/* Data of this type behind what is there; gives them behind their type. */
static uint8_t *add(struct profile *profile, const char *type, uint32_t size) {
    uint8_t *bytes = profile->bytes + profile->at;
    memcpy(bytes, type, 4);
    profile->at += size;
    return bytes + 8;
}

static void write_header(uint8_t *header) {
    static const double white[3] = {0.9642, 1.0, 0.8249};
    put_number(header, SRGB_PROFILE_SIZE, 4);
    put_number(header + 8, 0x02400000, 4); // 2.4
    memcpy(header + 12, "scnrRGB XYZ ", 12);
    put_number(header + 24, 2026, 2);
    put_number(header + 26, 1, 2);
    put_number(header + 28, 1, 2);
    memcpy(header + 36, "acsp", 4);
    put_xyz(header + 68, white);
    put_number(header + TABLE_AT, TAG_COUNT, 4);
}

static void write_curve(uint8_t *curve) {
    put_number(curve, SRGB_CURVE_POINTS, 4);
    for (uint32_t i = 0; i < SRGB_CURVE_POINTS; i++) {
        double value = (double)i / (SRGB_CURVE_POINTS - 1);
        double light = value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
        put_number(curve + 4 + (size_t)2 * i, (uint32_t)lround(light * 65535), 2);
    }
}

void srgb_profile_make(uint8_t ret_profile[SRGB_PROFILE_SIZE]) {
    static const char words[] = "sRGB";
    struct profile profile = {ret_profile, TABLE_AT + 4 + TAG_COUNT * 12, 0};
    memset(ret_profile, 0, SRGB_PROFILE_SIZE);
    write_header(ret_profile);
    name(&profile, "desc", profile.at, DESCRIPTION_SIZE);
    uint8_t *description = add(&profile, "desc", DESCRIPTION_SIZE);
    put_number(description, sizeof words, 4);
    memcpy(description + 4, words, sizeof words);
    name(&profile, "cprt", profile.at, COPYRIGHT_SIZE);
    memcpy(add(&profile, "text", COPYRIGHT_SIZE), "none", 5);
    for (int i = 0; i < PLACE_COUNT; i++) {
        name(&profile, places[i].tag, profile.at, XYZ_SIZE);
        put_xyz(add(&profile, "XYZ ", XYZ_SIZE), places[i].xyz);
    }
    name(&profile, "rTRC", profile.at, CURVE_SIZE);
    name(&profile, "gTRC", profile.at, CURVE_SIZE);
    name(&profile, "bTRC", profile.at, CURVE_SIZE);
    write_curve(add(&profile, "curv", CURVE_SIZE));
    assert(profile.at == SRGB_PROFILE_SIZE && profile.tags == TAG_COUNT);
}
