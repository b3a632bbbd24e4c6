/*
 * A frame as a picture, or as bare samples: read on a thread, decoded, windowed and made smaller by
 * the codec worker for whoever waits; nothing of it is kept.
 */
#include "server/imaging/imaging_frame_input.h"
#include "server/imaging/transfer_syntax.h"
#include "server/log.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RENDERS_MAX 64u                         // under way
#define PICTURE_SPACE_MAX ((uint64_t)256 << 20) // bytes
#define HEADER_MAX ((uint64_t)32 << 20)         // of frames' groups; a longer one is not read
#define QUALITY_DEFAULT 90u                     //
#define SPACE_BESIDE ((uint64_t)64 << 10)       // tables and headers

struct imaging_render {
    struct work work; // first, so that a work is its rendering
    /* Given. */
    struct imaging_service *service;
    struct render_wanted wanted; // its UID lies in the next
    char sop_instance_uid[65];
    render_done done; // NULL when nobody waits any more
    void *data;
    /* Owned. */
    struct imaging_locator *locator;
    struct case_keys keys;
    struct frame_input input;
    struct memory_claim claim;
    uint8_t *bytes;
    /* Derived. */
    uint64_t space, header_max; // bytes: of what is made, of what lies before the frame
    struct rendered rendered;
    enum imaging_read_result read;
};

static const char *const media_types[PICTURE_FORM_COUNT] = {[PICTURE_FORM_JPEG] = "image/jpeg",
                                                            [PICTURE_FORM_SAMPLES] =
                                                                "application/octet-stream",
                                                            [PICTURE_FORM_PNG] = "image/png"};

/* Neither kind takes the other's place. */
static unsigned *count_of(struct imaging_service *service, const struct render_wanted *wanted) {
    return wanted->in_a_row ? &service->rows_now : &service->renders_now;
}

static void finish(struct imaging_render *render, enum imaging_read_result result) {
    struct imaging_service *service = render->service;
    if (render->done) {
        service->giving = &render->claim;
        render->done(render->data, result, result == IMAGING_READ_OK ? &render->rendered : NULL);
        service->giving = NULL;
    }
    imaging_locator_unref(render->locator);
    frame_input_finish(&render->input);
    if (render->bytes) {
        OPENSSL_cleanse(render->bytes, render->rendered.bytes.length);
    }
    free(render->bytes);
    imaging_memory_return(&render->claim);
    (*count_of(service, &render->wanted))--;
    OPENSSL_cleanse(render, sizeof *render);
    free(render);
    imaging_operation_ended(service);
}

void imaging_render_cancel(struct imaging_render *render) {
    render->done = NULL;
    if (render->claim.waits) {
        finish(render, IMAGING_READ_UNAVAILABLE);
    }
}

static void on_rendered(void *data, const struct frame_rendered *rendered) {
    struct imaging_render *render = data;
    bool later = rendered && rendered->refusal == CODEC_REFUSAL_NO_MEMORY;
    if (!rendered || rendered->refusal != CODEC_REFUSAL_NONE) {
        finish(render, later ? IMAGING_READ_UNAVAILABLE : IMAGING_READ_ABSENT);
        return;
    }
    size_t size = (size_t)rendered->length;
    if (size == 0 || rendered->length > render->input.space) {
        finish(render, IMAGING_READ_ABSENT);
        return;
    }
    render->bytes = malloc(size);
    if (!render->bytes || pread(render->input.into, render->bytes, size, 0) != (ssize_t)size) {
        finish(render, IMAGING_READ_UNAVAILABLE);
        return;
    }
    render->rendered.bytes = (struct bytes){(uint32_t)size, render->bytes};
    render->rendered.media_type = media_types[render->wanted.form];
    render->rendered.rows = rendered->rows;
    render->rendered.columns = rendered->columns;
    render->rendered.digest = render->locator->digest;
    render->rendered.series_uid = render->locator->series_uid;
    finish(render, IMAGING_READ_OK);
}

static uint32_t frame_of(const struct imaging_render *render) {
    uint32_t count = render->locator->frames.frame_count;
    return render->wanted.frame ? render->wanted.frame : (count + 1) / 2;
}

static bool is_big_endian(const struct imaging_locator *locator) {
    return strcmp(locator->transfer_syntax_uid, TRANSFER_SYNTAX_EXPLICIT_BE) == 0;
}

static void run_read(struct work *work) {
    struct imaging_render *render = (struct imaging_render *)work;
    render->read = frame_input_make(&render->input, render->service, &render->keys, render->locator,
                                    frame_of(render) - 1, 1, render->header_max, render->space);
}

static void on_read(struct work *work) {
    struct imaging_render *render = (struct imaging_render *)work;
    const struct pixel_outline *pixels = &render->locator->pixels;
    const struct render_wanted *wanted = &render->wanted;
    OPENSSL_cleanse(&render->keys, sizeof render->keys);
    if (render->read != IMAGING_READ_OK || !render->done) {
        finish(render, render->read);
        return;
    }
    struct render_frame request = {.length = render->input.lengths[0],
                                   .rows_max = wanted->rows_max,
                                   .columns_max = wanted->columns_max,
                                   .window_center = wanted->window_center,
                                   .window_width = wanted->window_width,
                                   .window_function = wanted->window_function,
                                   .frame = frame_of(render),
                                   .form = wanted->form,
                                   .slope = pixels->rescale_slope,
                                   .intercept = pixels->rescale_intercept,
                                   .quality = wanted->quality >= 1 && wanted->quality <= 100
                                                  ? wanted->quality
                                                  : QUALITY_DEFAULT};
    struct codec_input input = frame_input_of(&render->input, render->locator);
    if (!codec_link_render(render->service->pictures, &input, &request, on_rendered, render)) {
        finish(render, IMAGING_READ_UNAVAILABLE);
    }
}

static struct text uid_of(const struct imaging_render *render) {
    return (struct text){(uint32_t)strlen(render->sop_instance_uid), render->sop_instance_uid};
}

static void read_frame(struct imaging_render *render) {
    struct imaging_service *service = render->service;
    render->work.run = run_read;
    render->work.done = on_read;
    if (!imaging_case_keys(service, render->wanted.patient_case, &render->keys) ||
        !work_submit(service->queue, &render->work)) {
        finish(render, IMAGING_READ_UNAVAILABLE);
    }
}

static void on_memory(struct memory_claim *claim, bool granted) {
    struct imaging_render *render =
        (struct imaging_render *)((char *)claim - offsetof(struct imaging_render, claim));
    if (granted) {
        read_frame(render);
    } else {
        finish(render, IMAGING_READ_UNAVAILABLE);
    }
}

static void measure(struct imaging_render *render) {
    struct pixel_shape shape = frame_input_shape(render->locator);
    // What cannot be made smaller becomes a little larger.
    uint64_t space = 3 * (uint64_t)shape.rows * shape.columns;
    space += space / 512 + SPACE_BESIDE;
    render->header_max = HEADER_MAX;
    if (render->wanted.form == PICTURE_FORM_SAMPLES) {
        // How the samples of a pixel lie is all that is wanted of the header.
        space = frame_decoded_size(render->locator);
        render->header_max = shape.samples > 1 || is_big_endian(render->locator) ? HEADER_MAX : 0;
    }
    render->space = space < PICTURE_SPACE_MAX ? space : PICTURE_SPACE_MAX;
}

/* The frame as it is stored, and what is made of it: samples twice, as they are written and as they
 * are given; a picture is not half as large as the space for it. */
static void need_memory(struct imaging_render *render) {
    measure(render);
    uint64_t made = render->wanted.form == PICTURE_FORM_SAMPLES ? 2 * render->space : render->space;
    uint64_t read = frame_input_size(render->locator, frame_of(render) - 1, render->header_max);
    render->claim.granted = on_memory;
    switch (imaging_memory_claim(render->service->memory, &render->claim, read + made, true)) {
    case MEMORY_GRANTED:
        read_frame(render);
        break;
    case MEMORY_WAITS:
        break;
    case MEMORY_BUSY:
        finish(render, IMAGING_READ_UNAVAILABLE);
        break;
    }
}

static void on_located(void *data, enum imaging_read_result result) {
    struct imaging_render *render = data;
    struct imaging_service *service = render->service;
    struct imaging_locator *found =
        imaging_locator_find(service, render->wanted.patient_case, uid_of(render));
    if (result != IMAGING_READ_OK || !found) {
        finish(render, result == IMAGING_READ_OK ? IMAGING_READ_ABSENT : result);
        return;
    }
    render->locator = imaging_locator_ref(found);
    uint32_t frames = found->frames.frame_count;
    if (frames == 0 || render->wanted.frame > frames ||
        (render->wanted.form == PICTURE_FORM_SAMPLES && frame_decoded_size(found) == 0)) {
        finish(render, IMAGING_READ_ABSENT);
        return;
    }
    if (render->wanted.masked && found->burned_in) {
        finish(render, IMAGING_READ_MASKED);
        return;
    }
    need_memory(render);
}

static void on_key(void *data, enum imaging_read_result result) {
    struct imaging_render *render = data;
    struct imaging_service *service = render->service;
    struct uuid patient_case = render->wanted.patient_case;
    if (result != IMAGING_READ_OK) {
        finish(render, result);
    } else if (imaging_locator_find(service, patient_case, uid_of(render))) {
        on_located(render, IMAGING_READ_OK);
    } else {
        imaging_locator_load(service, patient_case, uid_of(render), on_located, render);
    }
}

bool imaging_render(struct imaging_service *service, const struct render_wanted *wanted,
                    render_done done, void *data, struct imaging_render **ret_render) {
    unsigned *now = count_of(service, wanted);
    bool space = !service->closing && *now < (wanted->in_a_row ? IMAGING_ROWS_MAX : RENDERS_MAX);
    struct imaging_render *render = space ? calloc(1, sizeof *render) : NULL;
    if (!render) {
        return false;
    }
    render->service = service;
    render->wanted = *wanted;
    render->done = done;
    render->data = data;
    render->input.from = render->input.into = -1;
    if (wanted->sop_instance_uid.length > 0 &&
        wanted->sop_instance_uid.length < sizeof render->sop_instance_uid) {
        memcpy(render->sop_instance_uid, wanted->sop_instance_uid.bytes,
               wanted->sop_instance_uid.length);
    }
    (*now)++;
    imaging_operation_began(service);
    *ret_render = render;
    imaging_need_case_key(service, wanted->patient_case, on_key, render);
    return true;
}
