/*
 * Slices that lossless copies are made of: large enough for the codec, each sample known.
 */
#ifndef CONSILIUM_TESTS_COPIED_SLICES_H
#define CONSILIUM_TESTS_COPIED_SLICES_H

#include "server/codecs/pixels.h"
#include "tests/support/imaging_site.h"

enum { SIDE = 48, WAIT_MS = 20000 };
static const struct pixel_form form = {SIDE, SIDE, 1, 16, 12, false, COLOUR_MONOCHROME2};

static inline uint16_t value_at(unsigned number, unsigned frame, size_t i) {
    return (uint16_t)((i * 7 + (i / SIDE) * 31 + number * 100 + frame * 900) % 4096);
}

/* Slice `number` of a series; with more frames an image of its own. */
static inline void write_slice(struct dicom_writer *writer, unsigned number, unsigned frames,
                               const char *burned_in) {
    char text[64];
    static uint8_t pixels[DICOM_WRITER_MAX];
    dicom_writer_begin(writer);
    dicom_writer_identity(writer, number);
    dicom_writer_text(writer, 0x0020000D, "UI", "1.2.3.1");
    dicom_writer_text(writer, 0x0020000E, "UI", frames > 1 ? "1.2.3.9" : "1.2.3.2");
    snprintf(text, sizeof text, "%u", number);
    dicom_writer_text(writer, 0x00200013, "IS", text);
    snprintf(text, sizeof text, "-8\\-8\\%u", 2 * number);
    dicom_writer_text(writer, 0x00200032, "DS", text);
    dicom_writer_text(writer, 0x00200037, "DS", "1\\0\\0\\0\\1\\0");
    dicom_writer_text(writer, 0x00200052, "UI", "1.2.3.3");
    dicom_writer_u16(writer, 0x00280002, 1);
    dicom_writer_text(writer, 0x00280004, "CS", "MONOCHROME2");
    if (frames > 1) {
        snprintf(text, sizeof text, "%u", frames);
        dicom_writer_text(writer, 0x00280008, "IS", text);
    }
    dicom_writer_u16(writer, 0x00280010, SIDE);
    dicom_writer_u16(writer, 0x00280011, SIDE);
    dicom_writer_text(writer, 0x00280030, "DS", "1\\1");
    dicom_writer_u16(writer, 0x00280100, 16);
    dicom_writer_u16(writer, 0x00280101, 12);
    dicom_writer_u16(writer, 0x00280103, 0);
    if (burned_in) {
        dicom_writer_text(writer, 0x00280301, "CS", burned_in);
    }
    size_t size = (size_t)SIDE * SIDE * 2;
    for (unsigned frame = 0; frame < frames; frame++) {
        for (size_t i = 0; i < size / 2; i++) {
            uint16_t value = value_at(number, frame, i);
            memcpy(pixels + frame * size + 2 * i, &value, 2);
        }
    }
    dicom_writer_element(writer, 0x7FE00010, "OW", pixels, frames * size);
}

static inline void upload_one(struct site *site, unsigned number, unsigned frames,
                              const char *burned_in) {
    static struct dicom_writer writer;
    write_slice(&writer, number, frames, burned_in);
    assert_int_equal(upload(site, writer.bytes, writer.size), UPLOAD_STORED);
}

static inline void on_tick(uv_timer_t *timer) {
    (void)timer;
}

/* Turns the loop until `count` copies were made or refused by this service. */
static inline void wait_for_copies(struct site *site, uint64_t count) {
    uint64_t until = uv_hrtime() + (uint64_t)WAIT_MS * 1000000;
    struct imaging_counts counts;
    uv_timer_t tick; // so that the loop turns
    uv_timer_init(&site->loop, &tick);
    uv_timer_start(&tick, on_tick, 5, 5);
    do {
        uv_run(&site->loop, UV_RUN_ONCE);
        imaging_count(site->service, &counts);
    } while (counts.copies_made + counts.copies_refused < count && uv_hrtime() < until);
    uv_close((uv_handle_t *)&tick, NULL);
    uv_run(&site->loop, UV_RUN_NOWAIT);
    assert_true(counts.copies_made + counts.copies_refused >= count);
}

#endif
