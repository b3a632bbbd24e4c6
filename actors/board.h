/*
 * A tumor-board meeting: roster, agenda, clock, attendance and the stage. It holds ids, order and
 * times; what is said and drawn about a patient are events of the case. Other actors are told by
 * durable messages: cases that they are listed, opened and closed; users what their worklist says
 * of this board.
 *
 * Lives as long as its activation; everything its members point to lies in actor.state.
 */
#ifndef CONSILIUM_BOARD_H
#define CONSILIUM_BOARD_H

#include "actors/hanging.h"
#include "actors/stage.h"
#include "actors/template.h"
#include "protocol/generated/board_behaviour.h"

/* The bounds of board.schema. */
enum {
    BOARD_MEMBERS_MAX = 128,
    BOARD_ITEMS_MAX = 200,
    BOARD_IN_THE_ROOM_MAX = 128,
    BOARD_CALLED_BACK_MAX = 16,
    BOARD_PLANNED_SECONDS_MAX = 24 * 3600,
};
#define BOARD_UNDO_US (5 * INT64_C(1000000)) /* a step can be taken back this long */

struct board_status; /* of patient_case.schema */

struct board {
    struct actor actor;
    /* Committed */
    bool created;
    struct text title;
    int64_t starts_at;
    enum meeting_state state;
    struct member_list members;
    struct agenda_item_list items; /* in order; removed ones are taken out */
    uint32_t open_item;            /* 0 = none */
    struct uuid_list attended;
    uint32_t next_item;
    struct uuid series;
    struct uuid organisation; /* that owns it */
    bool has_template;        /* without one items simply close, and the meeting simply ends */
    struct template template;
    int64_t cut_off_at; /* 0 = never */
    bool published;
    struct in_the_room_list in_the_room;
    struct u32_list closing;        /* while closing: items whose cases have not answered */
    struct u32_list unsigned_items; /* found so since the closing began */
    uint32_t closings;              /* how often one began */
    int64_t stepped_at;             /* of the step that can be taken back; 0 = none */
    uint32_t stepped_from;          /* the item that it closed; 0 = none */
    uint32_t stepped_place;         /* where that one stood in the order */
    struct uuid_list called_back;   /* links whose guests were not admitted yet; the newest */
    struct hanging_list hangings;   /* one for each modality */
    /* Partly committed */
    struct stage stage;
};

/* board_roster.c: who belongs to it, and who sits there without a device */
const struct member *board_member(const struct board *board, struct uuid user);
bool board_is_guest_of(const struct member *member, uint32_t item);
bool board_may_present(const struct board *board, struct uuid user, uint32_t item);
const struct in_the_room *board_person_there(const struct board *board, struct uuid person);
void board_on_create(const struct board *board, struct turn *turn,
                     const struct create_board *command);
void board_on_add_member(const struct board *board, struct turn *turn,
                         const struct add_member *command);
void board_on_remove_member(const struct board *board, struct turn *turn,
                            const struct remove_member *command);
void board_on_tick_in(const struct board *board, struct turn *turn, const struct tick_in *command);
void board_on_tick_out(const struct board *board, struct turn *turn,
                       const struct tick_out *command);

/* board_guests.c: who came by a link */
bool board_member_is_over(const struct member *member, int64_t now);
bool board_came_by_link(const struct member *member);
void board_on_admit_guest(const struct board *board, struct turn *turn,
                          const struct admit_guest *command);
void board_on_dismiss_guest(const struct board *board, struct turn *turn,
                            const struct dismiss_guest *command);

/* board_agenda.c: which cases, in which order */
struct agenda_item *board_item(const struct board *board, uint32_t number, uint32_t *ret_index);
const struct agenda_item *board_item_of(const struct board *board, struct uuid patient_case);
/* Neither ended nor closing: its agenda may be changed. Otherwise refused, false. */
bool board_is_plannable(const struct board *board, struct turn *turn);
/* The item goes on the agenda and its case is told; `by` must have access to it. */
void board_add_item(const struct board *board, struct turn *turn, const struct item_added *item,
                    struct uuid by);
/* The item leaves the agenda and its case is told. */
void board_take_off(const struct board *board, struct turn *turn, const struct agenda_item *item);
void board_on_add_item(const struct board *board, struct turn *turn,
                       const struct add_item *command);
void board_on_move_item(const struct board *board, struct turn *turn,
                        const struct move_item *command);
void board_on_remove_item(const struct board *board, struct turn *turn,
                          const struct remove_item *command);
void board_on_set_item(const struct board *board, struct turn *turn,
                       const struct set_item *command);
void board_on_forget_case(const struct board *board, struct turn *turn,
                          const struct forget_case *command);
void board_on_item_refused(const struct board *board, struct turn *turn,
                           const struct item_refused *command);

/* board_handover.c: items that go from one meeting to another */
/* It was deferred here, and another meeting has taken it: it is discussed there. */
bool board_is_given(const struct agenda_item *item);
void board_on_move_to_meeting(const struct board *board, struct turn *turn,
                              const struct move_to_meeting *command);
void board_on_take_item(const struct board *board, struct turn *turn,
                        const struct take_item *command);
void board_on_item_taken(const struct board *board, struct turn *turn,
                         const struct item_taken *command);

/* board_meeting.c: moving everybody from case to case, and the clock */
struct leaving {
    enum item_outcome outcome;
    uint8_t reason;
};
/* How the open item may be left. False = refused: it has neither a decision nor a reason. */
bool board_may_leave(const struct board *board, struct turn *turn, enum item_outcome outcome,
                     uint8_t reason, struct leaving *ret);
void board_close_open_item(const struct board *board, struct turn *turn,
                           const struct leaving *leaving);
void board_start(const struct board *board, struct turn *turn);
/* Where an item stood before it was opened. */
enum item_state board_state_before(const struct agenda_item *item);
void board_on_open_item(const struct board *board, struct turn *turn,
                        const struct open_item *command);
void board_on_undo_step(const struct board *board, struct turn *turn,
                        const struct undo_step *command);
void board_on_start_meeting(const struct board *board, struct turn *turn,
                            const struct start_meeting *command);

/* board_closing.c: the end, which needs the cases' word, and what needs no discussion */
void board_on_confirm_standard(const struct board *board, struct turn *turn,
                               const struct confirm_standard *command);
void board_on_end_meeting(const struct board *board, struct turn *turn,
                          const struct end_meeting *command);
void board_on_item_sealed(const struct board *board, struct turn *turn,
                          const struct item_sealed *command);
/* While closing: `item` is waited for no longer, and it ends if that was the last. */
void board_wait_no_longer(const struct board *board, struct turn *turn, uint32_t item);
/* How an item that waits ends when the meeting does: one that was to come back had been open. */
enum item_outcome board_outcome_put_off(const struct agenda_item *item);
/* Whether this answer of its case keeps the meeting open. */
bool board_is_unsigned(const struct agenda_item *item, enum decision_state decision);
bool board_lists(const struct u32_list *list, uint32_t item);

/* board_hanging.c: how images are hung */
void board_on_remember_hanging(const struct board *board, struct turn *turn,
                               const struct remember_hanging *command);
void board_on_take_hanging(const struct board *board, struct turn *turn,
                           const struct take_hanging *command);

/* board_preparation.c: what cases lack, and who is expected to bring it */
struct board_expectations {
    uint16_t missing[BOARD_ITEMS_MAX]; /* masks of CardTopic by place; 0 once it was discussed */
    uint16_t nobodys;                  /* topics that come to the coordinators */
};
void board_expect(const struct board *board, struct board_expectations *ret);
uint16_t board_prepares(const struct board *board, const struct member *member);
uint16_t board_owes(const struct board *board, const struct board_expectations *expectations,
                    const struct member *member);
void board_set_timer(struct turn *turn, int64_t cut_off_at);
void board_on_set_cut_off(const struct board *board, struct turn *turn,
                          const struct set_cut_off *command);
void board_on_pass_cut_off(const struct board *board, struct turn *turn,
                           const struct pass_cut_off *command);
void board_on_report_readiness(const struct board *board, struct turn *turn,
                               const struct report_readiness *command);

/* board_telling.c: who is told what, by comparing the board before and after a command */
void board_tell_case(const struct board *board, struct turn *turn, const struct agenda_item *item,
                     const struct board_status *status);
void board_list_case(const struct board *board, struct turn *turn, const struct agenda_item *item,
                     struct uuid by);
struct u32_list board_order(const struct board *board, struct arena *arena);
void board_tell(const struct board *before, const struct board *after, struct turn *turn);

/* board_state.c: what events make of it. They touch no stage, so that a command can also look at
 * what its own events will make of the board. */
#define BOARD_APPLY(name, type)                                                                    \
    void name(struct board *board, const struct event_header *header, const struct type *event)
BOARD_APPLY(board_apply_created, board_created);
BOARD_APPLY(board_apply_item_added, item_added);
BOARD_APPLY(board_apply_item_moved, item_moved);
BOARD_APPLY(board_apply_item_removed, item_removed);
BOARD_APPLY(board_apply_item_set, item_set);
BOARD_APPLY(board_apply_item_gone, item_gone);
BOARD_APPLY(board_apply_item_leaving, item_leaving);
BOARD_APPLY(board_apply_item_stayed, item_stayed);
BOARD_APPLY(board_apply_member_added, member_added);
BOARD_APPLY(board_apply_member_removed, member_removed);
BOARD_APPLY(board_apply_attended, attended);
BOARD_APPLY(board_apply_ticked_in, ticked_in);
BOARD_APPLY(board_apply_ticked_out, ticked_out);
BOARD_APPLY(board_apply_cut_off_set, cut_off_set);
BOARD_APPLY(board_apply_cut_off_passed, cut_off_passed);
BOARD_APPLY(board_apply_item_reported, item_reported);
BOARD_APPLY(board_apply_link_called_back, link_called_back);     /* board_guests.c */
BOARD_APPLY(board_apply_hanging_remembered, hanging_remembered); /* board_hanging.c */
bool board_has_attended(const struct board *board, struct uuid user);
void board_put_member(struct board *board, const struct member *member);
void board_put_person(struct board *board, const struct in_the_room *person);

/* board_meeting_state.c: the same, of the meeting */
BOARD_APPLY(board_apply_item_opened, item_opened);
BOARD_APPLY(board_apply_item_closed, item_closed);
BOARD_APPLY(board_apply_unready_opened, unready_opened);
BOARD_APPLY(board_apply_step_undone, step_undone);
BOARD_APPLY(board_apply_standard_confirmed, standard_confirmed);
BOARD_APPLY(board_apply_rest_put_off, rest_put_off);
BOARD_APPLY(board_apply_meeting_started, meeting_started);
BOARD_APPLY(board_apply_meeting_closing, meeting_closing);
BOARD_APPLY(board_apply_closing_answered, closing_answered);
BOARD_APPLY(board_apply_closing_called_off, closing_called_off);
BOARD_APPLY(board_apply_meeting_ended, meeting_ended);
BOARD_APPLY(board_apply_guests_told, guests_told);
void board_strike(struct u32_list *list, uint32_t item);

/* board_encoding.c: how it is shown to each audience, and saved */
struct encoded board_save(const struct actor *actor, struct arena *arena);
bool board_restore(struct actor *actor, struct encoded saved);
struct encoded board_show(const struct actor *actor, uint8_t audiences, struct arena *arena);

#endif
