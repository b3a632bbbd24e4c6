#include "server/dicomweb/resource.h"

#include "server/imaging/element_value.h"

enum { PARTS_MAX = 9 };

/* More parts than there may be make PARTS_MAX + 1. */
static uint32_t split(struct text path, struct text parts[PARTS_MAX]) {
    uint32_t count = 0, at = 0;
    while (at <= path.length) {
        uint32_t end = at;
        while (end < path.length && path.bytes[end] != '/') {
            end++;
        }
        if (count == PARTS_MAX) {
            return PARTS_MAX + 1;
        }
        parts[count++] = (struct text){end - at, path.bytes + at};
        at = end + 1;
    }
    return count;
}

static bool take_view(struct text word, enum resource_view *ret) {
    static const char *const words[] = {
        [VIEW_METADATA] = "metadata", [VIEW_RENDERED] = "rendered", [VIEW_THUMBNAIL] = "thumbnail"};
    for (unsigned i = VIEW_METADATA; i <= VIEW_THUMBNAIL; i++) {
        if (text_equal((struct text){(uint32_t)strlen(words[i]), words[i]}, word)) {
            *ret = (enum resource_view)i;
            return true;
        }
    }
    return false;
}

/* What follows an instance. */
static bool take_in_instance(const struct text *parts, uint32_t count,
                             struct dicomweb_resource *ret) {
    ret->kind = RESOURCE_INSTANCE;
    if (count == 0) {
        return true;
    }
    if (count == 1 && text_equal(parts[0], TEXT("pixeldata"))) {
        ret->kind = RESOURCE_PIXELS;
        return true;
    }
    if (count == 1) {
        return take_view(parts[0], &ret->view);
    }
    ret->tail = parts[1];
    if (text_equal(parts[0], TEXT("bulkdata"))) {
        ret->kind = RESOURCE_BULK;
        return count == 2;
    }
    ret->kind = RESOURCE_FRAMES;
    return text_equal(parts[0], TEXT("frames")) &&
           (count == 2 ||
            (count == 3 && take_view(parts[2], &ret->view) && ret->view != VIEW_METADATA));
}

/* What follows a series. */
static bool take_in_series(const struct text *parts, uint32_t count,
                           struct dicomweb_resource *ret) {
    ret->kind = RESOURCE_SERIES;
    if (count == 0) {
        return true;
    }
    if (text_equal(parts[0], TEXT("instances"))) {
        ret->kind = RESOURCE_SERIES_INSTANCES;
        if (count == 1) {
            return true;
        }
        ret->instance = parts[1];
        return element_is_uid(parts[1]) && take_in_instance(parts + 2, count - 2, ret);
    }
    return count == 1 && take_view(parts[0], &ret->view);
}

/* What follows a study. */
static bool take_in_study(const struct text *parts, uint32_t count, struct dicomweb_resource *ret) {
    ret->kind = RESOURCE_STUDY;
    if (count == 0) {
        return true;
    }
    if (text_equal(parts[0], TEXT("series"))) {
        ret->kind = RESOURCE_STUDY_SERIES;
        if (count == 1) {
            return true;
        }
        ret->series = parts[1];
        return element_is_uid(parts[1]) && take_in_series(parts + 2, count - 2, ret);
    }
    if (count == 1 && text_equal(parts[0], TEXT("instances"))) {
        ret->kind = RESOURCE_STUDY_INSTANCES;
        return true;
    }
    return count == 1 && take_view(parts[0], &ret->view);
}

bool resource_parse(struct text path, struct dicomweb_resource *ret) {
    struct text parts[PARTS_MAX];
    uint32_t count = split(path, parts);
    *ret = (struct dicomweb_resource){.kind = RESOURCE_STUDIES};
    if (count == 0 || count > PARTS_MAX) {
        return false;
    }
    if (count == 1 && text_equal(parts[0], TEXT("series"))) {
        ret->kind = RESOURCE_ALL_SERIES;
        return true;
    }
    if (count == 1 && text_equal(parts[0], TEXT("instances"))) {
        ret->kind = RESOURCE_ALL_INSTANCES;
        return true;
    }
    if (!text_equal(parts[0], TEXT("studies"))) {
        return false;
    }
    if (count == 1) {
        return true;
    }
    ret->study = parts[1];
    return element_is_uid(parts[1]) && take_in_study(parts + 2, count - 2, ret);
}

uint32_t resource_frames(struct text list, uint32_t *frames, uint32_t max) {
    uint32_t count = 0, number = 0, digits = 0;
    for (uint32_t i = 0; i <= list.length; i++) {
        char byte = i < list.length ? list.bytes[i] : ',';
        if (byte >= '0' && byte <= '9' && digits < 7) {
            number = number * 10 + (uint32_t)(byte - '0');
            digits++;
        } else if (byte == ',' && number > 0 && count < max) {
            frames[count++] = number;
            number = digits = 0;
        } else {
            return 0;
        }
    }
    return count;
}
