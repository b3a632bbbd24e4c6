#include "actors/patient_case.h"

#include "actors/kinds.h"
#include "protocol/generated/session.h"

#include <assert.h>

static void finish(struct actor *actor) {
    stage_finish(&((struct patient_case *)actor)->stage);
}

/* The stage keeps its memory outside the state arena. */
static void carry_over(struct actor *fresh, struct actor *old) {
    struct stage stage = ((struct patient_case *)fresh)->stage;
    ((struct patient_case *)fresh)->stage = ((struct patient_case *)old)->stage;
    ((struct patient_case *)old)->stage = stage;
    ((struct patient_case *)fresh)->arrivals = ((struct patient_case *)old)->arrivals;
}

static uint16_t attach(struct actor *actor, struct turn *turn, const struct attachment *who) {
    return stage_attach(&((struct patient_case *)actor)->stage, turn, who);
}

static void detach(struct actor *actor, struct turn *turn, struct session_number session) {
    stage_detach(&((struct patient_case *)actor)->stage, turn, session);
}

static struct encoded ephemera(const struct actor *actor, uint8_t audiences, uint32_t since,
                               struct arena *arena, uint32_t *ret_tick) {
    const struct patient_case *the_case = (const struct patient_case *)actor;
    struct arrival_list arrivals = case_arrivals_told(the_case, &since, arena);
    return stage_ephemera(&the_case->stage, &arrivals, audiences, since, arena, ret_tick);
}

/* Who may make a case holds a channel to it before it is made. */
static bool the_case_exists(const struct patient_case *the_case, struct turn *turn) {
    if (!the_case->created) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    }
    return the_case->created;
}

#define STAGE_COMMAND(name, function, type)                                                        \
    static void name(const struct patient_case *the_case, struct turn *turn,                       \
                     const struct type *command) {                                                 \
        if (the_case_exists(the_case, turn)) {                                                     \
            function(&the_case->stage, turn, command);                                             \
        }                                                                                          \
    }
STAGE_COMMAND(on_request_floor, stage_request_floor, request_floor)
STAGE_COMMAND(on_grant_floor, stage_grant_floor, grant_floor)
STAGE_COMMAND(on_settle_stage, stage_settle, settle_stage)
STAGE_COMMAND(on_quiet_pointers, stage_quiet_pointers, quiet_pointers)
STAGE_COMMAND(on_release_floor, stage_release_floor, release_floor)

#define STAGE_SIGNAL(name, function, type)                                                         \
    static void name(struct patient_case *the_case, struct turn *turn,                             \
                     const struct type *message) {                                                 \
        function(&the_case->stage, turn, message);                                                 \
    }
STAGE_SIGNAL(on_move_pointer, stage_move_pointer, move_pointer)
STAGE_SIGNAL(on_set_viewport, stage_set_viewport, set_viewport)
STAGE_SIGNAL(on_set_layout, stage_set_layout, set_layout)
STAGE_SIGNAL(on_draft_annotation, stage_draft, draft_annotation)
STAGE_SIGNAL(on_report_painted, stage_report_painted, report_painted)
STAGE_SIGNAL(on_set_hand, stage_set_hand, set_hand)
STAGE_SIGNAL(on_set_pointing, stage_set_pointing, set_pointing)
STAGE_SIGNAL(on_bind_handle, stage_bind_handle, bind_handle)

#define STAGE_EVENT(name, function, type)                                                          \
    static void name(struct patient_case *the_case, const struct event_header *header,             \
                     const struct type *event) {                                                   \
        function(&the_case->stage, header, event);                                                 \
    }
STAGE_EVENT(apply_floor_changed, stage_apply_floor, floor_changed)
STAGE_EVENT(apply_stage_settled, stage_apply_settled, stage_settled)
STAGE_EVENT(apply_pointers_quieted, stage_apply_quiet, pointers_quieted)

static const struct patient_case_behaviour behaviour = {
    .create_case = case_on_create,
    .post_message = case_on_post_message,
    .add_annotation = case_on_add_annotation,
    .remove_annotation = case_on_remove_annotation,
    .label_annotation = case_on_label_annotation,
    .link_series = case_on_link_series,
    .unlink_series = case_on_unlink_series,
    .note_held = case_on_note_held,
    .join_held = case_on_join_held,
    .remove_held = case_on_remove_held,
    .hold_again = case_on_hold_again,
    .save_view = case_on_save_view,
    .remove_view = case_on_remove_view,
    .grant_access = case_on_grant_access,
    .revoke_access = case_on_revoke_access,
    .list_on_board = case_on_list,
    .unlist_from_board = case_on_unlist,
    .board_status = case_on_board_status,
    .add_images = case_on_add_images,
    .tell_arrival = case_on_tell_arrival,
    .case_created = case_apply_created,
    .message_posted = case_apply_message,
    .annotation_added = case_apply_annotation_added,
    .annotation_removed = case_apply_annotation_removed,
    .annotation_labelled = case_apply_annotation_labelled,
    .series_linked = case_apply_series_linked,
    .series_unlinked = case_apply_series_unlinked,
    .held_noted = case_apply_held_noted,
    .held_joined = case_apply_held_joined,
    .held_removed = case_apply_held_removed,
    .held_again = case_apply_held_again,
    .view_saved = case_apply_view_saved,
    .view_removed = case_apply_view_removed,
    .access_granted = case_apply_access_granted,
    .access_revoked = case_apply_access_revoked,
    .listed_on_board = case_apply_listed,
    .unlisted_from_board = case_apply_unlisted,
    .status_changed = case_apply_status,
    .images_added = case_apply_images,
    .request_floor = on_request_floor,
    .grant_floor = on_grant_floor,
    .release_floor = on_release_floor,
    .settle_stage = on_settle_stage,
    .quiet_pointers = on_quiet_pointers,
    .move_pointer = on_move_pointer,
    .set_viewport = on_set_viewport,
    .set_layout = on_set_layout,
    .draft_annotation = on_draft_annotation,
    .report_painted = on_report_painted,
    .set_hand = on_set_hand,
    .set_pointing = on_set_pointing,
    .bind_handle = on_bind_handle,
    .floor_changed = apply_floor_changed,
    .stage_settled = apply_stage_settled,
    .pointers_quieted = apply_pointers_quieted,
    .set_card = case_on_set_card,
    .move_view = case_on_move_view,
    .mark_key_image = case_on_mark_key_image,
    .unmark_key_image = case_on_unmark_key_image,
    .record_decision = case_on_record_decision,
    .sign_decision = case_on_sign_decision,
    .add_addendum = case_on_add_addendum,
    .cast_vote = case_on_cast_vote,
    .close_task = case_on_close_task,
    .record_following = case_on_record_following,
    .task_due = case_on_task_due,
    .seal_for_board = case_on_seal,
    .unseal_for_board = case_on_unseal,
    .confirm_standard_care = case_on_confirm_standard,
    .access_due = case_on_access_due,
    .consent_due = case_on_consent_due,
    .give_consent = case_on_give_consent,
    .withdraw_consent = case_on_withdraw_consent,
    .break_glass = case_on_break_glass,
    .place_hold = case_on_place_hold,
    .lift_hold = case_on_lift_hold,
    .order_erasure = case_on_order_erasure,
    .restrict_use = case_on_restrict_use,
    .lift_restriction = case_on_lift_restriction,
    .use_restricted = case_apply_use_restricted,
    .restriction_lifted = case_apply_restriction_lifted,
    .hold_placed = case_apply_hold_placed,
    .hold_lifted = case_apply_hold_lifted,
    .erasure_ordered = case_apply_erasure_ordered,
    .consent_given = case_apply_consent_given,
    .consent_withdrawn = case_apply_consent_withdrawn,
    .access_ended = case_apply_access_ended,
    .consent_ended = case_apply_consent_ended,
    .glass_broken = case_apply_glass_broken,
    .card_set = case_apply_card_set,
    .view_moved = case_apply_view_moved,
    .key_image_marked = case_apply_key_image_marked,
    .key_image_unmarked = case_apply_key_image_unmarked,
    .decision_recorded = case_apply_decision_recorded,
    .decision_signed = case_apply_decision_signed,
    .addendum_added = case_apply_addendum,
    .vote_cast = case_apply_vote,
    .task_closed = case_apply_task_closed,
    .following_recorded = case_apply_following,
    .sealed_for_board = case_apply_sealed,
    .opened_for_board = case_apply_opened,
    .discussed = case_apply_discussed,
    .task_came_due = case_apply_task_came_due,
};

static void start(struct actor *actor) {
    assert(patient_case_behaviour_complete(&behaviour));
    stage_start(&((struct patient_case *)actor)->stage);
}

static void handle(struct actor *actor, struct turn *turn, uint8_t tag, const void *message) {
    const struct patient_case *the_case = (const struct patient_case *)actor;
    if (the_case->erased && tag == PATIENT_CASE_LIST_ON_BOARD) {
        const struct list_on_board *listing = message;
        case_decline_listing(turn, listing->board, listing->item, REFUSAL_ERASED);
    } else if (the_case->erased) {
        turn_refuse(turn, REFUSAL_ERASED);
    } else {
        patient_case_dispatch(&behaviour, (struct patient_case *)actor, turn, tag, message);
    }
}

static bool apply(struct actor *actor, const struct event_header *header, struct bytes fields,
                  struct arena *arena) {
    return patient_case_apply(&behaviour, (struct patient_case *)actor, header, fields, arena);
}

const struct actor_kind patient_case_kind = {
    .name = "patient_case",
    .number = CHANNEL_KIND_PATIENT_CASE,
    .state_format = 2,
    .size = sizeof(struct patient_case),
    .rules = patient_case_rules,
    .start = start,
    .finish = finish,
    .decode = patient_case_decode,
    .command_id = patient_case_command_id,
    .handle = handle,
    .apply = apply,
    .owner = case_owner,
    .grant = case_grant,
    .attach = attach,
    .detach = detach,
    .snapshot = case_show,
    .save = case_save,
    .restore = case_restore,
    .carry_over = carry_over,
    .ephemera = ephemera,
};
