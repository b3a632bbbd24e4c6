/* What people draw on images: what a drawing of each tool must be, as its value is frozen here and
 * believed for ever. */
#include "actors/growing_list.h"
#include "actors/patient_case.h"

#include <math.h>

/* A value that differs from the drawing's own points by more is not what was drawn. */
static const double share_tolerance = 0.005;
static const double length_tolerance_mm = 0.05;
static const double angle_tolerance_degrees = 0.2;
/* Two axes are at right angles when the cosine between them is no larger. */
static const double right_angle_tolerance = 0.02;
/* Beyond any modality's values and any body. */
static const double largest_value = 1e9;

static const double radian_degrees = 180 / 3.14159265358979323846;
static const double ellipse_share = 3.14159265358979323846 / 4; /* of the axes' rectangle */

static const uint32_t points_of_tool[] = {
    [ANNOTATION_TOOL_LENGTH] = 2,        [ANNOTATION_TOOL_ARROW] = 2,   [ANNOTATION_TOOL_ANGLE] = 3,
    [ANNOTATION_TOOL_BIDIRECTIONAL] = 4, [ANNOTATION_TOOL_ELLIPSE] = 4, [ANNOTATION_TOOL_PROBE] = 1,
};

const struct stored_annotation *case_annotation(const struct patient_case *the_case,
                                                struct uuid id) {
    for (uint32_t i = 0; i < the_case->annotations.count; i++) {
        if (uuid_equal(the_case->annotations.items[i].annotation.annotation, id)) {
            return &the_case->annotations.items[i];
        }
    }
    return NULL;
}

static struct point between(const struct point *from, const struct point *to) {
    return (struct point){.x = to->x - from->x, .y = to->y - from->y, .z = to->z - from->z};
}

static double along(struct point a, struct point b) {
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

static double distance(const struct point *from, const struct point *to) {
    struct point way = between(from, to);
    return sqrt(along(way, way));
}

static double cosine(struct point a, struct point b) {
    double sizes = sqrt(along(a, a)) * sqrt(along(b, b));
    return sizes > 0 ? fmax(-1, fmin(1, along(a, b) / sizes)) : 1;
}

static bool is_number(double value) {
    return isfinite(value) && fabs(value) <= largest_value;
}

static bool is_near(double value, double drawn, double tolerance) {
    return fabs(value - drawn) <= tolerance + share_tolerance * drawn;
}

/* In the patient's space angles are angles; pixels may be no squares. */
static bool is_in_space(const struct annotation *annotation) {
    return annotation->frame_of_reference_uid.length > 0 &&
           annotation->calibration == CALIBRATION_PATIENT;
}

/* Points are in the unit of the value, so that one can be held against the other. */
static bool is_comparable(const struct annotation *annotation) {
    return annotation->calibration == CALIBRATION_PIXELS || is_in_space(annotation);
}

static bool has_unit(const struct annotation *annotation, struct text mm, struct text px) {
    return text_equal(annotation->unit, annotation->calibration == CALIBRATION_PIXELS ? px : mm);
}

static bool is_length(const struct annotation *annotation) {
    const struct point *points = annotation->points.items;
    return has_unit(annotation, TEXT("mm"), TEXT("px")) && annotation->value >= 0 &&
           (!is_comparable(annotation) ||
            is_near(annotation->value, distance(&points[0], &points[1]), length_tolerance_mm));
}

static bool is_angle(const struct annotation *annotation) {
    const struct point *points = annotation->points.items;
    double drawn = acos(cosine(between(&points[1], &points[0]), between(&points[1], &points[2])));
    return text_equal(annotation->unit, TEXT("deg")) && annotation->value >= 0 &&
           annotation->value <= 180 &&
           (!is_in_space(annotation) ||
            fabs(annotation->value - drawn * radian_degrees) <= angle_tolerance_degrees);
}

static bool has_right_angle(const struct annotation *annotation) {
    const struct point *points = annotation->points.items;
    return !is_in_space(annotation) ||
           fabs(cosine(between(&points[0], &points[1]), between(&points[2], &points[3]))) <=
               right_angle_tolerance;
}

static bool is_bidirectional(const struct annotation *annotation) {
    const struct point *points = annotation->points.items;
    return is_length(annotation) && annotation->second >= 0 &&
           annotation->second <= annotation->value && has_right_angle(annotation) &&
           (!is_comparable(annotation) ||
            is_near(annotation->second, distance(&points[2], &points[3]), length_tolerance_mm));
}

static bool is_value_unit(struct text unit) {
    return unit.length == 0 || text_equal(unit, TEXT("HU"));
}

static bool is_statistics(const struct statistics *found) {
    return found->count > 0 && is_value_unit(found->unit) && is_number(found->mean) &&
           is_number(found->deviation) && is_number(found->minimum) && is_number(found->maximum) &&
           found->deviation >= 0 && found->minimum <= found->mean && found->mean <= found->maximum;
}

static bool is_ellipse(const struct annotation *annotation) {
    const struct point *points = annotation->points.items;
    double drawn =
        ellipse_share * distance(&points[0], &points[1]) * distance(&points[2], &points[3]);
    return has_unit(annotation, TEXT("mm2"), TEXT("px2")) && annotation->value >= 0 &&
           (!is_comparable(annotation) || (is_near(annotation->value, drawn, length_tolerance_mm) &&
                                           has_right_angle(annotation))) &&
           (!annotation->has_statistics || is_statistics(&annotation->statistics));
}

static bool has_tools_values(const struct annotation *annotation) {
    bool bidirectional = annotation->tool == ANNOTATION_TOOL_BIDIRECTIONAL;
    bool ellipse = annotation->tool == ANNOTATION_TOOL_ELLIPSE;
    if ((!bidirectional && annotation->second != 0) || (!ellipse && annotation->has_statistics)) {
        return false;
    }
    switch (annotation->tool) {
    case ANNOTATION_TOOL_LENGTH:
        return is_length(annotation);
    case ANNOTATION_TOOL_ARROW:
        return annotation->value == 0;
    case ANNOTATION_TOOL_ANGLE:
        return is_angle(annotation);
    case ANNOTATION_TOOL_BIDIRECTIONAL:
        return is_bidirectional(annotation);
    case ANNOTATION_TOOL_ELLIPSE:
        return is_ellipse(annotation);
    case ANNOTATION_TOOL_PROBE:
        return is_value_unit(annotation->unit);
    }
    return false;
}

static bool is_drawable(const struct annotation *annotation) {
    if (annotation->image.sop_instance_uid.length == 0 || annotation->image.frame == 0 ||
        annotation->points.count != points_of_tool[annotation->tool]) {
        return false;
    }
    for (uint32_t i = 0; i < annotation->points.count; i++) {
        const struct point *point = &annotation->points.items[i];
        if (!is_number(point->x) || !is_number(point->y) || !is_number(point->z)) {
            return false;
        }
    }
    return is_number(annotation->value) && is_number(annotation->second) &&
           has_tools_values(annotation);
}

void case_on_add_annotation(const struct patient_case *the_case, struct turn *turn,
                            const struct add_annotation *command) {
    const struct annotation *annotation = &command->annotation;
    if (uuid_is_zero(annotation->annotation)) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (case_display_set(the_case, annotation->display_set) == NULL) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (!is_drawable(annotation)) {
        turn_refuse(turn, REFUSAL_NOT_DRAWABLE);
    } else if (case_annotation(the_case, annotation->annotation) != NULL) {
        turn_refuse_subject(turn, REFUSAL_CONFLICT, annotation->annotation);
    } else if (the_case->annotations.count == CASE_ANNOTATIONS_MAX) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
    } else {
        struct annotation_added event = {.annotation = *annotation};
        turn_event(turn, annotation_added_encode(turn->arena, &event));
    }
}

/* Refuses what is not there or another's; else true. */
static bool is_own(const struct patient_case *the_case, struct turn *turn, struct uuid id) {
    const struct stored_annotation *stored = case_annotation(the_case, id);
    if (stored == NULL) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (!uuid_equal(stored->by, turn->sender.user)) {
        turn_refuse_subject(turn, REFUSAL_NOT_YOURS, stored->by);
    }
    return stored != NULL && uuid_equal(stored->by, turn->sender.user);
}

void case_on_remove_annotation(const struct patient_case *the_case, struct turn *turn,
                               const struct remove_annotation *command) {
    if (is_own(the_case, turn, command->annotation)) {
        struct annotation_removed event = {.annotation = command->annotation,
                                           .reason = command->reason};
        turn_event(turn, annotation_removed_encode(turn->arena, &event));
    }
}

void case_on_label_annotation(const struct patient_case *the_case, struct turn *turn,
                              const struct label_annotation *command) {
    if (is_own(the_case, turn, command->annotation)) {
        struct annotation_labelled event = {.annotation = command->annotation,
                                            .label = command->label};
        turn_event(turn, annotation_labelled_encode(turn->arena, &event));
    }
}

void case_apply_annotation_added(struct patient_case *the_case, const struct event_header *header,
                                 const struct annotation_added *event) {
    struct stored_annotation *stored =
        growing_list_add(the_case->actor.state, &the_case->annotations);
    stored->by = header->by;
    stored->at = header->at;
    annotation_copy(the_case->actor.state, &stored->annotation, &event->annotation);
}

void case_apply_annotation_removed(struct patient_case *the_case, const struct event_header *header,
                                   const struct annotation_removed *event) {
    (void)header;
    const struct stored_annotation *stored = case_annotation(the_case, event->annotation);
    if (stored != NULL) {
        uint32_t index = (uint32_t)(stored - the_case->annotations.items);
        growing_list_remove(&the_case->annotations, index);
    }
}

void case_apply_annotation_labelled(struct patient_case *the_case,
                                    const struct event_header *header,
                                    const struct annotation_labelled *event) {
    (void)header;
    struct stored_annotation *stored =
        (struct stored_annotation *)case_annotation(the_case, event->annotation);
    if (stored != NULL) {
        stored->annotation.label = arena_text(the_case->actor.state, event->label);
    }
}
