#include "actors/hanging.h"

#include "actors/growing_list.h"

static bool is_modality(struct text modality) {
    for (uint32_t i = 0; i < modality.length; i++) {
        char c = modality.bytes[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ' ')) {
            return false;
        }
    }
    return modality.length > 0;
}

bool hanging_is_whole(const struct hanging *hanging) {
    uint32_t cells = (uint32_t)hanging->rows * hanging->columns;
    bool shaped = hanging->rows <= HANGING_SIDE_MAX && hanging->columns <= HANGING_SIDE_MAX &&
                  (hanging->rows == 0) == (hanging->columns == 0) && hanging->panes.count == cells;
    for (uint32_t i = 0; shaped && i < hanging->panes.count; i++) {
        shaped = hanging->panes.items[i].preset <= HANGING_PRESET_MAX;
    }
    return shaped && is_modality(hanging->modality);
}

const struct hanging *hanging_of(const struct hanging_list *list, struct text modality) {
    for (uint32_t i = 0; i < list->count; i++) {
        if (text_equal(list->items[i].modality, modality)) {
            return &list->items[i];
        }
    }
    return NULL;
}

static bool says_the_same(const struct hanging *a, const struct hanging *b) {
    struct hanging moved = *a;
    moved.at = b->at;
    return hanging_equal(&moved, b);
}

bool hanging_is_news(const struct hanging_list *list, const struct hanging *hanging) {
    const struct hanging *known = hanging_of(list, hanging->modality);
    if (known == NULL) {
        return list->count < HANGINGS_MAX;
    }
    return known->at < hanging->at && !says_the_same(known, hanging);
}

void hanging_put(struct arena *arena, struct hanging_list *list, const struct hanging *hanging) {
    const struct hanging *known = hanging_of(list, hanging->modality);
    struct hanging copy;
    if (!hanging_is_news(list, hanging)) {
        return;
    }
    hanging_copy(arena, &copy, hanging);
    if (known != NULL) {
        list->items[known - list->items] = copy;
    } else {
        *growing_list_add(arena, list) = copy;
    }
}
