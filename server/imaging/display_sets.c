#include "server/imaging/display_sets.h"

#include <assert.h>
#include <math.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPLIT_KEY_MAX 512

const char *display_kind_word(enum display_kind kind) {
    switch (kind) {
    case DISPLAY_VOLUME:
        return "volume";
    case DISPLAY_STACK:
        return "stack";
    case DISPLAY_DOCUMENT:
        return "document";
    case DISPLAY_SLIDE:
        return "slide";
    case DISPLAY_LABEL:
        return "label";
    case DISPLAY_NOTHING:
        return "nothing";
    }
    return "unknown";
}

static void copy_text(char *to, size_t space, const char *from, size_t size) {
    size = size < space ? size : space - 1;
    memcpy(to, from, size);
    to[size] = 0;
}

void display_slice_of(const struct instance *instance, struct display_slice *ret_slice) {
    struct display_slice *slice = ret_slice;
    memset(slice, 0, sizeof *slice);
    memcpy(slice->sop_instance_uid, instance->sop_instance_uid, sizeof slice->sop_instance_uid);
    memcpy(slice->frame_of_reference_uid, instance->frame_of_reference_uid,
           sizeof slice->frame_of_reference_uid);
    size_t flavor_size;
    const char *flavor = instance_image_flavor(instance, &flavor_size);
    if (flavor) {
        copy_text(slice->image_flavor, sizeof slice->image_flavor, flavor, flavor_size);
    }
    slice->slide = instance_is_slide(instance);
    slice->container = instance->container;
    slice->present = instance->present;
    slice->frame_count = instance->frame_count;
    slice->rows = instance->rows;
    slice->columns = instance->columns;
    slice->bits_allocated = instance->bits_allocated;
    slice->samples_per_pixel = instance->samples_per_pixel;
    slice->instance_number = instance->instance_number;
    slice->acquisition_number = instance->acquisition_number;
    slice->temporal_position = instance->temporal_position;
    slice->echo_number = instance->echo_number;
    slice->diffusion_b_value = instance->diffusion_b_value[0];
    memcpy(slice->position_lps, instance->position_lps, sizeof slice->position_lps);
    memcpy(slice->orientation_lps, instance->orientation_lps, sizeof slice->orientation_lps);
    memcpy(slice->pixel_spacing, instance->pixel_spacing, sizeof slice->pixel_spacing);
    slice->frames_volume = instance->frames_volume;
    slice->frames_spacing = instance->frames_spacing[0];
}

static bool flavor_is_label(const char *flavor) {
    return instance_flavor_is_label(flavor, strlen(flavor));
}

static bool has(const struct display_slice *slice, enum instance_field field) {
    return slice->present >> field & 1;
}

static bool is_document(const struct display_slice *slice) {
    return has(slice, INSTANCE_DOCUMENT_SIZE);
}

/* Frames are tiles of a resolution; some writers leave Image Type out, and then it is one, too. */
static bool is_tiled(const struct display_slice *slice) {
    return slice->slide && slice->frame_count > 0 && !flavor_is_label(slice->image_flavor);
}

/* Stands alone: a document, a film, a label, or something that is not drawn. */
static bool stands_alone(const struct display_slice *slice) {
    return !is_tiled(slice) && (is_document(slice) || slice->slide || slice->frame_count != 1);
}

/* Some scanners number every slice as an acquisition of its own. The number then tells slices apart
 * rather than acquisitions, and splitting by it would leave a pile of one for each image. */
static bool numbers_slices(const struct display_slice *slices, size_t count) {
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (slices[i].acquisition_number == slices[j].acquisition_number) {
                return false; /* mostly at once: of the first two slices */
            }
        }
    }
    return count > 1;
}

static bool same_pile(const struct display_slice *left, const struct display_slice *right,
                      bool by_acquisition) {
    if (stands_alone(left) || stands_alone(right) || is_tiled(left) != is_tiled(right)) {
        return false;
    }
    if (is_tiled(left)) {
        return left->container == right->container &&
               strcmp(left->frame_of_reference_uid, right->frame_of_reference_uid) == 0;
    }
    bool same = left->rows == right->rows && left->columns == right->columns &&
                (!by_acquisition || left->acquisition_number == right->acquisition_number) &&
                left->temporal_position == right->temporal_position &&
                left->echo_number == right->echo_number &&
                left->diffusion_b_value == right->diffusion_b_value &&
                strcmp(left->image_flavor, right->image_flavor) == 0 &&
                strcmp(left->frame_of_reference_uid, right->frame_of_reference_uid) == 0;
    bool oriented = has(left, INSTANCE_ORIENTATION);
    if (!same || oriented != has(right, INSTANCE_ORIENTATION)) {
        return false;
    }
    return !oriented || volume_same_orientation(left->orientation_lps, right->orientation_lps);
}

/* One slice on its way into the order. */
struct placed {
    const struct display_slice *slice;
    size_t index; // in the caller's array
    size_t pile;
    double distance_mm; // along the pile's normal, 0 without one
};

static int by_uid(const void *left, const void *right) {
    const struct placed *first = left;
    const struct placed *second = right;
    return strcmp(first->slice->sop_instance_uid, second->slice->sop_instance_uid);
}

static int by_pile(const void *left, const void *right) {
    const struct placed *first = left;
    const struct placed *second = right;
    if (first->pile != second->pile) {
        return first->pile < second->pile ? -1 : 1;
    }
    if (first->distance_mm != second->distance_mm) {
        return first->distance_mm < second->distance_mm ? -1 : 1;
    }
    int32_t first_number = first->slice->instance_number;
    int32_t second_number = second->slice->instance_number;
    if (first_number != second_number) {
        return first_number < second_number ? -1 : 1;
    }
    return by_uid(left, right);
}

/* The id hashes what makes this pile differ from its siblings. The orientation is rounded to 0.01,
 * far coarser than two slices of one pile differ; `twin` counts piles that still look alike. */
static void name_set(struct display_pile *set, const char *series_uid,
                     const struct display_slice *slice, bool by_acquisition, size_t twin) {
    char key[SPLIT_KEY_MAX];
    int length;
    if (stands_alone(slice)) {
        length = snprintf(key, sizeof key, "%s|%s", series_uid, slice->sop_instance_uid);
    } else if (is_tiled(slice)) {
        length =
            snprintf(key, sizeof key, "%s|slide|%s", series_uid, slice->frame_of_reference_uid);
        if (slice->container != 0) { // slides that do not say their glass keep the name they had
            length += snprintf(key + length, sizeof key - (size_t)length, "|%016llx",
                               (unsigned long long)slice->container);
        }
    } else {
        const double *o = slice->orientation_lps;
        length = snprintf(
            key, sizeof key, "%s|%u|%u|%d|%d|%d|%.3f|%s|%s|%d|%.0f|%.0f|%.0f|%.0f|%.0f|%.0f|%zu",
            series_uid, slice->rows, slice->columns, by_acquisition ? slice->acquisition_number : 0,
            slice->temporal_position, slice->echo_number, slice->diffusion_b_value,
            slice->image_flavor, slice->frame_of_reference_uid, has(slice, INSTANCE_ORIENTATION),
            o[0] * 100, o[1] * 100, o[2] * 100, o[3] * 100, o[4] * 100, o[5] * 100, twin);
    }
    size_t size = length < 0 ? 0 : (size_t)length < sizeof key ? (size_t)length : sizeof key - 1;
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)key, size, digest);
    for (size_t i = 0; i < DISPLAY_SET_ID_SIZE / 2; i++) {
        snprintf(set->id + 2 * i, 3, "%02x", digest[i]);
    }
}

static void name_sets(struct display_sets *sets, const char *series_uid,
                      const struct display_slice *slices, bool by_acquisition) {
    for (size_t i = 0; i < sets->count; i++) {
        size_t twin = 0;
        bool taken = true;
        while (taken) {
            name_set(&sets->sets[i], series_uid, &slices[sets->order[sets->sets[i].first]],
                     by_acquisition, twin++);
            taken = false;
            for (size_t j = 0; j < i; j++) {
                taken = taken || strcmp(sets->sets[i].id, sets->sets[j].id) == 0;
            }
        }
    }
}

/* Gives every slice a pile; returns how many piles there are. The slices are in order of UID. */
static size_t make_piles(struct placed *placed, size_t count, bool by_acquisition,
                         size_t *ret_left_out) {
    size_t heads[DISPLAY_SETS_MAX]; // the first slice of each pile
    size_t piles = 0;
    for (size_t i = 0; i < count; i++) {
        size_t pile = 0;
        while (pile < piles &&
               !same_pile(placed[heads[pile]].slice, placed[i].slice, by_acquisition)) {
            pile++;
        }
        placed[i].pile = pile;
        if (pile == piles && piles < DISPLAY_SETS_MAX) {
            heads[piles++] = i;
        } else if (pile == piles) {
            placed[i].pile = DISPLAY_SETS_MAX; // sorts behind all piles
            ++*ret_left_out;
        }
    }
    for (size_t i = 0; i < count; i++) {
        double normal[3];
        const struct display_slice *slice = placed[i].slice;
        if (placed[i].pile == DISPLAY_SETS_MAX || !has(slice, INSTANCE_POSITION)) {
            continue;
        }
        const struct display_slice *head = placed[heads[placed[i].pile]].slice;
        if (has(head, INSTANCE_ORIENTATION) && volume_normal(head->orientation_lps, normal)) {
            placed[i].distance_mm = volume_distance_along(slice->position_lps, normal);
        }
    }
    return piles;
}

/* What every slice of a volume must have, and have alike. */
static enum volume_reason judge_slices(const struct placed *pile, size_t count) {
    const struct display_slice *head = pile[0].slice;
    if (head->frame_of_reference_uid[0] == 0) {
        return VOLUME_NO_FRAME_OF_REFERENCE;
    }
    for (size_t i = 0; i < count; i++) {
        const struct display_slice *slice = pile[i].slice;
        if (!has(slice, INSTANCE_POSITION) || !has(slice, INSTANCE_ORIENTATION)) {
            return VOLUME_NO_POSITION;
        }
        if (!has(slice, INSTANCE_PIXEL_SPACING)) {
            return VOLUME_NO_PIXEL_SPACING;
        }
        bool alike = fabs(slice->pixel_spacing[0] - head->pixel_spacing[0]) < 1e-4 &&
                     fabs(slice->pixel_spacing[1] - head->pixel_spacing[1]) < 1e-4 &&
                     slice->bits_allocated == head->bits_allocated &&
                     slice->samples_per_pixel == head->samples_per_pixel;
        if (!alike) {
            return VOLUME_MIXED_PIXELS;
        }
    }
    return VOLUME_IS_VOLUME;
}

static enum volume_reason judge_pile(const struct placed *pile, size_t count,
                                     struct display_pile *set) {
    enum volume_reason reason = judge_slices(pile, count);
    if (reason != VOLUME_IS_VOLUME) {
        return reason;
    }
    if (!volume_normal(pile[0].slice->orientation_lps, set->normal)) {
        return VOLUME_NO_POSITION;
    }
    double *positions_lps = malloc(count * 3 * sizeof(double));
    if (!positions_lps) {
        return VOLUME_NO_POSITION;
    }
    for (size_t i = 0; i < count; i++) {
        memcpy(positions_lps + 3 * i, pile[i].slice->position_lps, 3 * sizeof(double));
    }
    reason = volume_judge(positions_lps, count, set->normal, &set->spacing_mm);
    free(positions_lps);
    return reason;
}

static void describe(struct display_pile *set, const struct placed *pile, size_t count) {
    const struct display_slice *head = pile[0].slice;
    set->count = count;
    if (is_document(head)) {
        set->kind = DISPLAY_DOCUMENT;
        set->reason = VOLUME_NOT_IMAGES;
        return;
    }
    if (head->frame_count == 0) {
        set->kind = DISPLAY_NOTHING;
        set->reason = VOLUME_NOT_IMAGES;
        return;
    }
    if (head->slide) {
        set->kind = is_tiled(head) ? DISPLAY_SLIDE : DISPLAY_LABEL;
        set->reason = VOLUME_NO_POSITION;
        return;
    }
    if (head->frame_count > 1) {
        set->reason = (enum volume_reason)head->frames_volume;
        set->spacing_mm = head->frames_spacing;
        volume_normal(head->orientation_lps, set->normal);
    } else {
        set->reason = judge_pile(pile, count, set);
    }
    set->kind = set->reason == VOLUME_IS_VOLUME ? DISPLAY_VOLUME : DISPLAY_STACK;
}

static void fill(struct display_sets *sets, const struct placed *placed, size_t count) {
    for (size_t i = 0; i < count; i++) {
        sets->order[i] = placed[i].index;
    }
    size_t first = 0;
    for (size_t pile = 0; pile < sets->count; pile++) {
        size_t end = first;
        while (end < count && placed[end].pile == pile) {
            end++;
        }
        assert(end > first);
        sets->sets[pile].first = first;
        describe(&sets->sets[pile], placed + first, end - first);
        first = end;
    }
}

bool display_sets_split(const char *series_uid, const struct display_slice *slices, size_t count,
                        struct display_sets *ret_sets) {
    assert(count <= DISPLAY_SLICES_MAX);
    memset(ret_sets, 0, sizeof *ret_sets);
    if (count == 0) {
        return true;
    }
    struct placed *placed = calloc(count, sizeof *placed);
    ret_sets->order = calloc(count, sizeof *ret_sets->order);
    if (!placed || !ret_sets->order) {
        free(placed);
        display_sets_finish(ret_sets);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        placed[i] = (struct placed){.slice = &slices[i], .index = i};
    }
    qsort(placed, count, sizeof *placed, by_uid);
    bool by_acquisition = !numbers_slices(slices, count);
    ret_sets->count = make_piles(placed, count, by_acquisition, &ret_sets->left_out);
    qsort(placed, count, sizeof *placed, by_pile);
    fill(ret_sets, placed, count);
    name_sets(ret_sets, series_uid, slices, by_acquisition);
    free(placed);
    return true;
}

void display_sets_finish(struct display_sets *sets) {
    free(sets->order);
    memset(sets, 0, sizeof *sets);
}
