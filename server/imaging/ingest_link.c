#include "server/imaging/ingest_link.h"

#include "server/imaging/ingest_child.h"

#include <stdlib.h>

#define PARSE_FIELDS_MAX 128 // bytes

struct ingest_link {
    struct ingest_child *child; // owned
    unsigned file_ms_max;
    uint64_t refused;
    void (*closed)(void *data);
    void *closed_data;
};

/* What a job needs beside what the child keeps for it. */
struct parse_job {
    struct ingest_link *link;
    ingest_done done;
    void *data;
};

struct ingest_link *ingest_link_create(const struct ingest_link_config *config) {
    struct ingest_link *link = calloc(1, sizeof *link);
    struct ingest_child *child = ingest_child_create(config->loop, config->program, NULL);
    if (!link || !child) {
        free(link);
        if (child) {
            ingest_child_close(child, NULL, NULL);
        }
        return NULL;
    }
    link->child = child;
    link->file_ms_max = config->file_ms_max ? config->file_ms_max : INGEST_FILE_MS_MAX;
    return link;
}

struct ingest_link_counts ingest_link_count(const struct ingest_link *link) {
    struct ingest_child_counts counts = ingest_child_count(link->child);
    return (struct ingest_link_counts){counts.jobs, link->refused, counts.restarts};
}

int ingest_link_child(const struct ingest_link *link) {
    return ingest_child_process(link->child);
}

static void on_answered(const struct ingest_job *job, const void *answer, struct text reason) {
    struct parse_job *asked = job->data;
    struct parsed failed = parsed_default;
    failed.refusal = INGEST_REFUSAL_WORKER_FAILED;
    failed.reason = reason;
    const struct parsed *parsed = answer ? answer : &failed;
    asked->link->refused += parsed->refusal != INGEST_REFUSAL_NONE;
    asked->done(asked->data, parsed);
    free(asked);
}

bool ingest_link_parse(struct ingest_link *link, int file, uint64_t size,
                       const uint8_t digest[INGEST_DIGEST_SIZE], ingest_done done, void *data) {
    struct parse_job *asked = malloc(sizeof *asked);
    if (!asked) {
        return false;
    }
    *asked = (struct parse_job){link, done, data};
    struct ingest_job job = {.tag = INGEST_PARSE_FILE,
                             .answer_tag = INGEST_PARSED,
                             .number = ingest_child_number(link->child),
                             .files = {file},
                             .file_count = 1,
                             .ms_max = link->file_ms_max,
                             .answered = on_answered,
                             .data = asked};
    struct parse_file request = {
        .job = job.number, .length = size, .digest = {INGEST_DIGEST_SIZE, digest}};
    uint8_t bytes[PARSE_FIELDS_MAX];
    struct writer fields;
    writer_init_fixed(&fields, bytes, sizeof bytes);
    parse_file_write(&fields, &request);
    if (!ingest_child_submit(link->child, &job, writer_bytes(&fields))) {
        free(asked);
        return false;
    }
    return true;
}

static void on_child_closed(void *data) {
    struct ingest_link *link = data;
    if (link->closed) {
        link->closed(link->closed_data);
    }
    free(link);
}

void ingest_link_close(struct ingest_link *link, void (*closed)(void *data), void *data) {
    link->closed = closed;
    link->closed_data = data;
    ingest_child_close(link->child, on_child_closed, link);
}
