#include "server/imaging/file_refusal.h"

#include <stdarg.h>
#include <stdio.h>

enum file_refusal_kind file_refuse(struct file_refusal *refusal, enum file_refusal_kind kind,
                                   size_t offset, const char *format, ...) {
    refusal->kind = kind;
    refusal->offset = offset;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(refusal->reason, sizeof refusal->reason, format, arguments);
    va_end(arguments);
    return kind;
}

const char *file_refusal_word(enum file_refusal_kind kind) {
    switch (kind) {
    case FILE_REFUSAL_NONE:
        return "none";
    case FILE_REFUSAL_NOT_DICOM:
        return "not_dicom";
    case FILE_REFUSAL_TRUNCATED:
        return "truncated";
    case FILE_REFUSAL_MALFORMED:
        return "malformed";
    case FILE_REFUSAL_OVER_LIMIT:
        return "over_limit";
    case FILE_REFUSAL_NO_IDENTITY:
        return "no_identity";
    case FILE_REFUSAL_UNSUPPORTED:
        return "unsupported";
    case FILE_REFUSAL_WORKER_FAILED:
        return "worker_failed";
    }
    return "unknown";
}
