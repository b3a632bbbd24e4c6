#include "server/codecs/codec_link.h"

#include "server/codecs/codec_worker.h"
#include "server/imaging/ingest_child.h"

#include <stdlib.h>

struct codec_link {
    struct ingest_child *child; // owned
    unsigned job_ms;
    void (*closed)(void *data);
    void *closed_data;
};

struct codec_link *codec_link_create(uv_loop_t *loop, const char *program, bool background) {
    struct codec_link *link = calloc(1, sizeof *link);
    const char *role = background ? CODEC_ROLE_BACKGROUND : CODEC_ROLE;
    struct ingest_child *child = ingest_child_create(loop, program, role);
    if (!link || !child) {
        free(link);
        if (child) {
            ingest_child_close(child, NULL, NULL);
        }
        return NULL;
    }
    link->child = child;
    link->job_ms = background ? CODEC_BACKGROUND_MS : CODEC_PICTURE_MS;
    return link;
}

static void on_child_closed(void *data) {
    struct codec_link *link = data;
    if (link->closed) {
        link->closed(link->closed_data);
    }
    free(link);
}

void codec_link_close(struct codec_link *link, void (*closed)(void *data), void *data) {
    link->closed = closed;
    link->closed_data = data;
    ingest_child_close(link->child, on_child_closed, link);
}

uint64_t codec_link_restarts(const struct codec_link *link) {
    return ingest_child_count(link->child).restarts;
}

int codec_link_child(const struct codec_link *link) {
    return ingest_child_process(link->child);
}

uint64_t codec_frame_size(const struct pixel_shape *shape) {
    uint64_t sample = shape->bits_allocated / 8;
    bool sense = shape->rows <= UINT16_MAX && shape->columns <= UINT16_MAX && shape->samples <= 4 &&
                 sample <= 8;
    return sense ? (uint64_t)shape->rows * shape->columns * shape->samples * sample : 0;
}

static void on_copied(const struct ingest_job *job, const void *answer, struct text reason) {
    struct frames_copied later = frames_copied_default;
    later.refusal = CODEC_REFUSAL_NO_MEMORY;
    later.reason = reason;
    ((codec_copied)job->done)(job->data, !answer && !job->begun ? &later : answer);
}

static void on_rendered(const struct ingest_job *job, const void *answer, struct text reason) {
    struct frame_rendered later = frame_rendered_default;
    later.refusal = CODEC_REFUSAL_NO_MEMORY;
    later.reason = reason;
    ((codec_rendered)job->done)(job->data, !answer && !job->begun ? &later : answer);
}

static struct ingest_job job_of(struct codec_link *link, const struct codec_input *input,
                                uint64_t pixels) {
    return (struct ingest_job){.number = ingest_child_number(link->child),
                               .files = {input->from, input->into},
                               .file_count = 2,
                               .ms_max = link->job_ms + CODEC_MIB_MS * (unsigned)(pixels >> 20)};
}

bool codec_link_copy(struct codec_link *link, const struct codec_input *input,
                     const struct u64_list *lengths, codec_copied done, void *data) {
    uint64_t pixels = codec_frame_size(&input->shape) * lengths->count;
    struct ingest_job job = job_of(link, input, pixels);
    job.tag = INGEST_COPY_FRAMES;
    job.answer_tag = INGEST_FRAMES_COPIED;
    job.answered = on_copied;
    job.done = (void (*)(void))done;
    job.data = data;
    struct copy_frames request = {.job = job.number,
                                  .shape = input->shape,
                                  .header_length = input->header_length,
                                  .lengths = *lengths,
                                  .space = input->space};
    uint8_t bytes[INGEST_REQUEST_MAX];
    struct writer fields;
    writer_init_fixed(&fields, bytes, sizeof bytes);
    copy_frames_write(&fields, &request);
    return ingest_child_submit(link->child, &job, writer_bytes(&fields));
}

bool codec_link_render(struct codec_link *link, const struct codec_input *input,
                       const struct render_frame *wanted, codec_rendered done, void *data) {
    struct ingest_job job = job_of(link, input, codec_frame_size(&input->shape));
    job.tag = INGEST_RENDER_FRAME;
    job.answer_tag = INGEST_FRAME_RENDERED;
    job.answered = on_rendered;
    job.done = (void (*)(void))done;
    job.data = data;
    struct render_frame request = *wanted;
    request.job = job.number;
    request.shape = input->shape;
    request.header_length = input->header_length;
    request.space = input->space;
    uint8_t bytes[INGEST_REQUEST_MAX];
    struct writer fields;
    writer_init_fixed(&fields, bytes, sizeof bytes);
    render_frame_write(&fields, &request);
    return ingest_child_submit(link->child, &job, writer_bytes(&fields));
}
