/*
 * Why a file is not taken: a kind for programs, the byte where reading stopped, and words for the
 * person who sent it. The words never quote a value of the file, so they may be logged.
 */
#ifndef CONSILIUM_IMAGING_FILE_REFUSAL_H
#define CONSILIUM_IMAGING_FILE_REFUSAL_H

#include <stddef.h>

#define FILE_REFUSAL_REASON_MAX 200 // bytes

/* The numbers are those of IngestRefusal in protocol/schema/ingest.schema. */
enum file_refusal_kind {
    FILE_REFUSAL_NONE = 0,
    FILE_REFUSAL_NOT_DICOM = 1,
    FILE_REFUSAL_TRUNCATED = 2,
    FILE_REFUSAL_MALFORMED = 3,
    FILE_REFUSAL_OVER_LIMIT = 4,
    FILE_REFUSAL_NO_IDENTITY = 5,
    FILE_REFUSAL_UNSUPPORTED = 6,
    FILE_REFUSAL_WORKER_FAILED = 7,
};

struct file_refusal {
    enum file_refusal_kind kind;
    size_t offset; // byte of the file where reading stopped, 0 when it says nothing
    char reason[FILE_REFUSAL_REASON_MAX + 1];
};

/* Writes the refusal and returns its kind, so that `return file_refuse(...)` reads well. */
enum file_refusal_kind file_refuse(struct file_refusal *refusal, enum file_refusal_kind kind,
                                   size_t offset, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A kind as a word for programs: "not_dicom". */
const char *file_refusal_word(enum file_refusal_kind kind);

#endif
