#include "clients/native/demo/demo_views.h"

#include "clients/native/demo/demo_identifiers.h"
#include "clients/native/demo/demo_upload.h"
#include "protocol/generated/patient_case.h"

#include <assert.h>
#include <stdio.h>

enum { VIEWPORTS_MAX = 3, COMMAND_BYTES_MAX = 32 * 1024 };

enum prepared_plane { PLANE_NONE, PLANE_AXIAL, PLANE_CORONAL, PLANE_SAGITTAL };

// One viewport of a prepared view, by the names that identifiers derive from.
struct prepared_viewport {
    const char *series;                 // "cranium/2026-11-16/ct"; NULL = the case's document
    unsigned instance;                  // of the series; of a document the page
    unsigned frame;                     // 1-based
    enum prepared_plane plane;          // instead of the instance: through `center`
    struct point center;                // patient mm, or px in image space
    double window_center, window_width; // 0: the image's own
    enum window_unit unit;
    bool linked;
};

struct prepared_view {
    const char *patient_case;
    const char *name;
    const char *title;
    const char *note; // what to say with it
    uint8_t columns;  // of one row
    const struct prepared_viewport *viewports;
};

#define CURRENT "cranium/2026-11-16/ct"
#define PRIOR "cranium/2026-05-04/ct"
// The middle of the defect in the current study, and the prior's slice that the known move
// (rigid_move.h) puts it on.
enum { DEFECT_INSTANCE = 73, DEFECT_INSTANCE_PRIOR = 75 };
// clang-format off
#define DEFECT {-31, -60, 108}
// clang-format on
#define BONE .window_center = 450, .window_width = 1800, .unit = WINDOW_UNIT_HOUNSFIELD

static const struct prepared_viewport defect_now_and_before[] = {
    {CURRENT, DEFECT_INSTANCE, 1, .center = {0, 0, 108}, BONE, .linked = true},
    {PRIOR, DEFECT_INSTANCE_PRIOR, 1, .center = {0, 0, 111}, BONE, .linked = true},
};
static const struct prepared_viewport defect_in_three_planes[] = {
    {CURRENT, .plane = PLANE_AXIAL, .center = DEFECT, BONE},
    {CURRENT, .plane = PLANE_CORONAL, .center = DEFECT, BONE},
    {CURRENT, .plane = PLANE_SAGITTAL, .center = DEFECT, BONE},
};
static const struct prepared_viewport radiograph_and_report[] = {
    {"cranium/2026-11-16/cr", 1, 1, .center = {255, 168, 0}},
    {.instance = 1},
};
static const struct prepared_viewport midbrain[] = {
    {"brain/2026-11-12/mr", 9, 1, .center = {-0.93, 22.67, -2.56}},
};
static const struct prepared_viewport filled_artery[] = {
    {"coronary/2026-11-13/xa", 1, 40, .center = {255.5, 255.5, 0}},
};

static const struct prepared_view prepared[] = {
    {"cranium", "compare", "Defect, now and half a year before", "Larger than in May?", 2,
     defect_now_and_before},
    {"cranium", "planes", "Defect in three planes", "Edge of the frontal sinus", 3,
     defect_in_three_planes},
    {"cranium", "report", "Radiograph and report", "", 2, radiograph_and_report},
    {"brain", "midbrain", "Level of the midbrain", "Aqueduct open?", 1, midbrain},
    {"coronary", "filled", "Right coronary artery filled", "", 1, filled_artery},
};

// What a viewport's texts point to while its command is made.
struct names {
    char display_set[DISPLAY_SET_ID_MAX + 1];
    char instance_uid[UID_TEXT_MAX + 1];
    char frame_uid[UID_TEXT_MAX + 1];
};

static struct plane_position plane_of(const struct prepared_viewport *from,
                                      const char *frame_of_reference) {
    // Away from the viewer, and up, in patient space: seen from the feet, the face and the left
    // side, as radiologists are used to.
    static const struct point normals[] = {
        [PLANE_AXIAL] = {0, 0, 1}, [PLANE_CORONAL] = {0, 1, 0}, [PLANE_SAGITTAL] = {-1, 0, 0}};
    static const struct point ups[] = {
        [PLANE_AXIAL] = {0, -1, 0}, [PLANE_CORONAL] = {0, 0, 1}, [PLANE_SAGITTAL] = {0, 0, 1}};
    return (struct plane_position){.frame_of_reference_uid = demo_text(frame_of_reference),
                                   .point = from->center,
                                   .normal = normals[from->plane],
                                   .up = ups[from->plane]};
}

// The frame of reference belongs to the study: "cranium/2026-11-16" of "cranium/2026-11-16/ct".
static void frame_of_reference_uid(char ret_uid[UID_TEXT_MAX + 1], const char *series) {
    char name[128];
    int study_length = (int)(strrchr(series, '/') - series);
    snprintf(name, sizeof(name), "%.*s/frame of reference", study_length, series);
    demo_uid(ret_uid, name);
}

static bool fill(struct http_client *http, const struct prepared_view *view,
                 const struct prepared_viewport *from, struct names *names,
                 struct viewport *ret_viewport) {
    char series_uid[UID_TEXT_MAX + 1], name[128];
    if (from->series != NULL)
        demo_uid(series_uid, from->series);
    if (!demo_find_display_set(http, view->patient_case, from->series ? series_uid : NULL,
                               names->display_set))
        return false;
    *ret_viewport = viewport_default;
    ret_viewport->display_set = demo_text(names->display_set);
    ret_viewport->center = from->center;
    ret_viewport->linked = from->linked;
    ret_viewport->has_window = from->window_width > 0;
    ret_viewport->window = (struct window){.center = from->window_center,
                                           .width = from->window_width,
                                           .function = VOI_FUNCTION_LINEAR,
                                           .unit = from->unit};
    if (from->series == NULL) {
        ret_viewport->page = from->instance;
    } else if (from->plane != PLANE_NONE) {
        frame_of_reference_uid(names->frame_uid, from->series);
        ret_viewport->has_plane = true;
        ret_viewport->plane = plane_of(from, names->frame_uid);
    } else {
        snprintf(name, sizeof(name), "%s/%u", from->series, from->instance);
        demo_uid(names->instance_uid, name);
        ret_viewport->has_image = true;
        ret_viewport->image = (struct image_position){
            .sop_instance_uid = demo_text(names->instance_uid), .frame = from->frame};
    }
    return true;
}

static enum refusal save(struct conversation *conversation, uint16_t channel,
                         const struct prepared_view *view, struct viewport *viewports) {
    char name[128];
    struct arena arena;
    snprintf(name, sizeof(name), "%s/%s", view->patient_case, view->name);
    struct save_view command = {
        .command_id = demo_id("command/save view", name),
        .view = demo_id("view", name),
        .title = demo_text(view->title),
        .note = demo_text(view->note),
        .layout = layout_default,
    };
    command.layout.rows = 1;
    command.layout.columns = view->columns;
    command.layout.viewports = (struct viewport_list){view->columns, viewports};
    arena_init(&arena, COMMAND_BYTES_MAX);
    enum refusal refusal =
        conversation_say(conversation, channel, save_view_encode(&arena, &command), NULL);
    arena_finish(&arena);
    return refusal;
}

bool demo_save_views(struct conversation *conversation, uint16_t channel, struct http_client *http,
                     const struct demo_case *patient_case, const char **ret_reason) {
    for (size_t i = 0; i < sizeof(prepared) / sizeof(prepared[0]); i++) {
        const struct prepared_view *view = &prepared[i];
        struct viewport viewports[VIEWPORTS_MAX];
        struct names names[VIEWPORTS_MAX];
        bool there = strcmp(view->patient_case, patient_case->name) == 0;
        for (int j = 0; there && j < view->columns; j++)
            there = fill(http, view, &view->viewports[j], &names[j], &viewports[j]);
        if (there && save(conversation, channel, view, viewports) != REFUSAL_NONE) {
            *ret_reason = "the server refused a saved view";
            return false;
        }
    }
    return true;
}
