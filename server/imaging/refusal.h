/*
 * Why a file is not taken: a kind for programs, the byte where reading stopped, and words for the
 * person who sent it. The words never quote a value of the file, so they may be logged.
 */
#ifndef CONSILIUM_IMAGING_REFUSAL_H
#define CONSILIUM_IMAGING_REFUSAL_H

#include <stddef.h>

#define REFUSAL_REASON_MAX 200 // bytes

/* The numbers are those of IngestRefusal in protocol/schema/ingest.schema. */
enum refusal_kind {
    REFUSAL_NONE = 0,
    REFUSAL_NOT_DICOM = 1,
    REFUSAL_TRUNCATED = 2,
    REFUSAL_MALFORMED = 3,
    REFUSAL_OVER_LIMIT = 4,
    REFUSAL_NO_IDENTITY = 5,
    REFUSAL_UNSUPPORTED = 6,
    REFUSAL_WORKER_FAILED = 7,
};

struct refusal {
    enum refusal_kind kind;
    size_t offset; // byte of the file where reading stopped, 0 when it says nothing
    char reason[REFUSAL_REASON_MAX + 1];
};

/* Writes the refusal and returns its kind, so that `return refuse(...)` reads well. */
enum refusal_kind refuse(struct refusal *refusal, enum refusal_kind kind, size_t offset,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));

/* A kind as a word for programs: "not_dicom". */
const char *refusal_kind_text(enum refusal_kind kind);

#endif
