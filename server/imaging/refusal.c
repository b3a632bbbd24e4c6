#include "server/imaging/refusal.h"

#include <stdarg.h>
#include <stdio.h>

enum refusal_kind refuse(struct refusal *refusal, enum refusal_kind kind, size_t offset,
                         const char *format, ...) {
    refusal->kind = kind;
    refusal->offset = offset;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(refusal->reason, sizeof refusal->reason, format, arguments);
    va_end(arguments);
    return kind;
}

const char *refusal_kind_text(enum refusal_kind kind) {
    switch (kind) {
    case REFUSAL_NONE:
        return "none";
    case REFUSAL_NOT_DICOM:
        return "not_dicom";
    case REFUSAL_TRUNCATED:
        return "truncated";
    case REFUSAL_MALFORMED:
        return "malformed";
    case REFUSAL_OVER_LIMIT:
        return "over_limit";
    case REFUSAL_NO_IDENTITY:
        return "no_identity";
    case REFUSAL_UNSUPPORTED:
        return "unsupported";
    case REFUSAL_WORKER_FAILED:
        return "worker_failed";
    }
    return "unknown";
}
