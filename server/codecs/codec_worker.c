#include "server/codecs/codec_worker.h"

#include "protocol/frame.h"
#include "protocol/generated/ingest.h"
#include "server/codecs/frame_copy.h"
#include "server/codecs/jpeg_baseline.h"
#include "server/codecs/native.h"
#include "server/codecs/picture.h"
#include "server/codecs/png.h"
#include "server/imaging/ingest_channel.h"
#include "server/imaging/ingest_sandbox.h"
#include "server/imaging/transfer_syntax.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define ANSWER_MAX ((size_t)1 << 20)       // bytes of memory for one request and its answer
#define MEMORY_BESIDE ((uint64_t)64 << 20) // bytes a job may take beside what its pixels explain
#define MEMORY_A_BYTE 16                   // bytes a job may take for each byte of a frame

struct worker {
    struct arena arena;
    uint8_t request[INGEST_REQUEST_MAX];
    struct pixel_header header;
    struct shown_values values;
    uint64_t memory_at_start; // bytes of address space
    char transfer_syntax[65];
};

/* What a job reads and writes, mapped. */
struct job_memory {
    const uint8_t *from;
    uint8_t *into;
    size_t from_size, into_size;
};

static bool map_memory(struct job_memory *memory, const int files[INGEST_DESCRIPTORS_MAX]) {
    if (files[1] < 0 || memory->from_size == 0 || memory->into_size == 0) {
        return false;
    }
    void *from = mmap(NULL, memory->from_size, PROT_READ, MAP_PRIVATE, files[0], 0);
    void *into = mmap(NULL, memory->into_size, PROT_READ | PROT_WRITE, MAP_SHARED, files[1], 0);
    memory->from = from == MAP_FAILED ? NULL : from;
    memory->into = into == MAP_FAILED ? NULL : into;
    return memory->from && memory->into;
}

static void unmap_memory(struct job_memory *memory) {
    if (memory->from) {
        munmap((void *)(uintptr_t)memory->from, memory->from_size);
    }
    if (memory->into) {
        munmap(memory->into, memory->into_size);
    }
}

/* A library that is made to allocate without bounds is stopped by the system. */
static void limit_memory(const struct worker *worker, const struct job_memory *memory,
                         const struct pixel_form *form) {
    struct rlimit limit;
    if (worker->memory_at_start == 0 || getrlimit(RLIMIT_AS, &limit) != 0) {
        return;
    }
    uint64_t wanted = worker->memory_at_start + memory->from_size + memory->into_size +
                      MEMORY_BESIDE + (uint64_t)MEMORY_A_BYTE * pixels_size(form);
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    setrlimit(RLIMIT_AS, &limit);
}

static bool send_answer(struct worker *worker, struct encoded encoded, uint64_t job) {
    struct writer writer;
    writer_init_arena(&writer, &worker->arena, ANSWER_MAX);
    struct frame frame = {
        .form = FRAME_NUMBERED, .tag = encoded.tag, .seq = (uint32_t)job, .fields = encoded.fields};
    if (!encoded.fields.bytes) {
        return false;
    }
    frame_write(&writer, &frame);
    struct bytes bytes = writer_bytes(&writer);
    return bytes.bytes && ingest_send(INGEST_SOCKET, bytes.bytes, bytes.length);
}

static struct text reason_of(enum codec_result result) {
    const char *words = result == CODEC_OK ? "" : codec_result_text(result);
    return (struct text){(uint32_t)strlen(words), words};
}

/* Reads the shape and the header in front of the frames. */
static enum codec_result take_coding(struct worker *worker, const struct pixel_shape *shape,
                                     const uint8_t *header, size_t header_size,
                                     struct frame_coding *ret_coding) {
    char photometric[17] = "";
    memcpy(photometric, shape->photometric.bytes,
           shape->photometric.length < 16 ? shape->photometric.length : 16);
    memset(worker->transfer_syntax, 0, sizeof worker->transfer_syntax);
    memcpy(worker->transfer_syntax, shape->transfer_syntax.bytes, shape->transfer_syntax.length);
    const struct transfer_syntax *syntax = transfer_syntax_find(worker->transfer_syntax);
    if (!syntax) {
        return CODEC_UNSUPPORTED;
    }
    *ret_coding = (struct frame_coding){
        .transfer_syntax = worker->transfer_syntax,
        .form = {.rows = shape->rows,
                 .columns = shape->columns,
                 .samples = shape->samples,
                 .bits_allocated = shape->bits_allocated,
                 .bits_stored = shape->bits_stored,
                 .is_signed = shape->is_signed},
        .header = &worker->header,
    };
    pixel_header_read(header, header_size, syntax->encoding, &worker->header);
    bool known = frame_colour(photometric, worker->transfer_syntax, shape->samples,
                              &ret_coding->form.colour);
    return known && pixel_form_is_valid(&ret_coding->form) ? CODEC_OK : CODEC_UNSUPPORTED;
}

static enum codec_result copy_all(struct worker *worker, const struct copy_frames *request,
                                  const struct job_memory *memory, struct coded_frame *frames) {
    struct frame_coding coding;
    enum codec_result result =
        take_coding(worker, &request->shape, memory->from, (size_t)request->header_length, &coding);
    if (result != CODEC_OK) {
        return result;
    }
    limit_memory(worker, memory, &coding.form);
    const uint8_t *from = memory->from + request->header_length;
    size_t at = 0;
    for (uint32_t i = 0; i < request->lengths.count && result == CODEC_OK; i++) {
        struct frame_copy copy;
        result = frame_copy_make(&coding, from, (size_t)request->lengths.items[i],
                                 memory->into + at, memory->into_size - at, &copy);
        if (result == CODEC_OK) {
            frames[i] = (struct coded_frame){copy.size,        copy.prefixes[4], copy.prefixes[3],
                                             copy.prefixes[2], copy.prefixes[1], copy.prefixes[0]};
            at += copy.size;
            from += request->lengths.items[i];
        }
    }
    return result;
}

static bool answer_copy(struct worker *worker, const struct copy_frames *request,
                        const int files[INGEST_DESCRIPTORS_MAX]) {
    struct job_memory memory = {.from_size = (size_t)request->header_length,
                                .into_size = (size_t)request->space};
    for (uint32_t i = 0; i < request->lengths.count; i++) {
        memory.from_size += (size_t)request->lengths.items[i];
    }
    uint32_t count = request->lengths.count;
    struct coded_frame *frames = arena_alloc(&worker->arena, (count ? count : 1) * sizeof *frames);
    enum codec_result result = CODEC_NO_MEMORY;
    if (frames && map_memory(&memory, files)) {
        result = copy_all(worker, request, &memory, frames);
    }
    unmap_memory(&memory);
    struct frames_copied answer = frames_copied_default;
    answer.job = request->job;
    answer.refusal = (enum codec_refusal)result;
    answer.reason = reason_of(result);
    if (result == CODEC_OK) {
        answer.frames = (struct coded_frame_list){count, frames};
    }
    return send_answer(worker, frames_copied_encode(&worker->arena, &answer), request->job);
}

/* A header that was too long to be sent says nothing; the index row does, of the first frame. */
static void take_values(struct worker *worker, const struct render_frame *request,
                        const uint8_t *header) {
    const struct transfer_syntax *syntax = transfer_syntax_find(worker->transfer_syntax);
    shown_values_read(header, (size_t)request->header_length, syntax->encoding, request->frame,
                      &worker->values);
    if (request->header_length == 0 && request->slope != 0) {
        worker->values.slope = request->slope;
        worker->values.intercept = request->intercept;
    }
}

/* The values as they are decoded, in the order that the data set says of them. */
static enum codec_result give_samples(const struct pixels *pixels, bool planar,
                                      const struct job_memory *memory, size_t *ret_size) {
    size_t size = pixels_size(&pixels->form);
    if (size > memory->into_size) {
        return CODEC_OVER_LIMIT;
    }
    if (planar && pixels->form.samples > 1) {
        planes_part(pixels, memory->into);
    } else {
        memcpy(memory->into, pixels->bytes, size);
    }
    *ret_size = size;
    return CODEC_OK;
}

static enum codec_result give_picture(struct worker *worker, const struct render_frame *request,
                                      const struct job_memory *memory, const struct pixels *pixels,
                                      size_t *ret_size, struct pixel_form *ret_form) {
    struct picture_wanted wanted = {
        request->rows_max,
        request->columns_max,
        {request->window_center, request->window_width, request->window_function}};
    struct pixels picture = {0};
    take_values(worker, request, memory->from);
    enum codec_result result =
        picture_make(pixels, &worker->header.palette, &worker->values, &wanted, &picture);
    if (result == CODEC_OK && request->form == PICTURE_FORM_PNG) {
        result = png_encode(&picture, memory->into, memory->into_size, ret_size);
    } else if (result == CODEC_OK) {
        result = jpeg_baseline_encode(&picture, request->quality, memory->into, memory->into_size,
                                      ret_size);
    }
    *ret_form = picture.form;
    pixels_free(&picture);
    return result;
}

static enum codec_result render(struct worker *worker, const struct render_frame *request,
                                const struct job_memory *memory, struct frame_rendered *answer) {
    struct frame_coding coding;
    enum codec_result result =
        take_coding(worker, &request->shape, memory->from, (size_t)request->header_length, &coding);
    if (result != CODEC_OK) {
        return result;
    }
    limit_memory(worker, memory, &coding.form);
    struct pixels pixels;
    struct pixel_form form = coding.form;
    size_t size = 0;
    result = frame_decode(&coding, memory->from + request->header_length, (size_t)request->length,
                          &pixels);
    if (result == CODEC_OK && request->form == PICTURE_FORM_SAMPLES) {
        result = give_samples(&pixels, worker->header.planar, memory, &size);
    } else if (result == CODEC_OK) {
        result = give_picture(worker, request, memory, &pixels, &size, &form);
    }
    answer->length = size;
    answer->rows = form.rows;
    answer->columns = form.columns;
    pixels_free(&pixels);
    return result;
}

static bool answer_render(struct worker *worker, const struct render_frame *request,
                          const int files[INGEST_DESCRIPTORS_MAX]) {
    struct job_memory memory = {.from_size = (size_t)(request->header_length + request->length),
                                .into_size = (size_t)request->space};
    struct frame_rendered answer = frame_rendered_default;
    enum codec_result result = CODEC_NO_MEMORY;
    if (map_memory(&memory, files)) {
        result = render(worker, request, &memory, &answer);
    }
    unmap_memory(&memory);
    answer.job = request->job;
    answer.refusal = (enum codec_refusal)result;
    answer.reason = reason_of(result);
    return send_answer(worker, frame_rendered_encode(&worker->arena, &answer), request->job);
}

static bool serve_one(struct worker *worker) {
    uint32_t length;
    int files[INGEST_DESCRIPTORS_MAX];
    if (!ingest_receive(INGEST_SOCKET, worker->request, &length, files)) {
        return false;
    }
    ingest_sandbox_renew_cpu();
    struct frame frame;
    bool served = false;
    if (frame_read((struct bytes){length, worker->request}, &frame)) {
        struct reader reader = reader_of(frame.fields);
        const void *request = ingest_decode(frame.tag, &reader, &worker->arena);
        if (request && frame.tag == INGEST_COPY_FRAMES) {
            served = answer_copy(worker, request, files);
        } else if (request && frame.tag == INGEST_RENDER_FRAME) {
            served = answer_render(worker, request, files);
        }
    }
    for (size_t i = 0; i < INGEST_DESCRIPTORS_MAX; i++) {
        if (files[i] >= 0) {
            close(files[i]);
        }
    }
    arena_reset(&worker->arena);
    return served;
}

/* First number of statm: pages of address space. 0 when it cannot be told. */
static uint64_t address_space(void) {
    unsigned long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file) {
        if (fscanf(file, "%llu", &pages) != 1) {
            pages = 0;
        }
        fclose(file);
    }
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

int codec_worker_run(bool background) {
    static struct worker worker;
    arena_init(&worker.arena, ANSWER_MAX);
    _Static_assert((int)CODEC_NO_MEMORY == (int)CODEC_REFUSAL_NO_MEMORY &&
                       CODEC_REFUSAL_COUNT == CODEC_NO_MEMORY + 1,
                   "a result is a refusal");
    if (background) {
        setpriority(PRIO_PROCESS, 0, 19);
    }
    worker.memory_at_start = address_space();
    const char *step;
    if (!ingest_sandbox_enter(&step)) {
        fprintf(stderr, "consilium-ingest: cannot start: the system refuses %s\n", step);
        return 1;
    }
    while (serve_one(&worker)) {
    }
    // As in ingest_main: handlers would want system calls that are no longer allowed.
    _exit(0);
}
