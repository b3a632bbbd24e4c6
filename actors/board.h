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

#include "actors/stage.h"
#include "protocol/generated/board_behaviour.h"

/* The bounds of board.schema. */
enum { BOARD_MEMBERS_MAX = 128, BOARD_ITEMS_MAX = 200, BOARD_PLANNED_SECONDS_MAX = 24 * 3600 };

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
    /* Partly committed */
    struct stage stage;
};

/* board_roster.c */
const struct member *board_member(const struct board *board, struct uuid user);
void board_on_create(const struct board *board, struct turn *turn,
                     const struct create_board *command);
void board_on_add_member(const struct board *board, struct turn *turn,
                         const struct add_member *command);
void board_on_remove_member(const struct board *board, struct turn *turn,
                            const struct remove_member *command);
/* Tells a case who sees it through this board. `changed` stands for the member with its user; one
 * with `removed` set is left out. Either may be NULL and zero. */
void board_list_case(const struct board *board, struct turn *turn, const struct agenda_item *item,
                     const struct member *changed, struct uuid removed, struct uuid by);
/* What every member's worklist says of this board from now on. */
void board_put_entries(const struct board *board, struct turn *turn, enum meeting_state state);

/* board_agenda.c */
struct agenda_item *board_item(const struct board *board, uint32_t number, uint32_t *ret_index);
void board_on_add_item(const struct board *board, struct turn *turn,
                       const struct add_item *command);
void board_on_move_item(const struct board *board, struct turn *turn,
                        const struct move_item *command);
void board_on_remove_item(const struct board *board, struct turn *turn,
                          const struct remove_item *command);
void board_on_item_refused(const struct board *board, struct turn *turn,
                           const struct item_refused *command);

/* board_meeting.c */
void board_on_open_item(const struct board *board, struct turn *turn,
                        const struct open_item *command);
void board_on_start_meeting(const struct board *board, struct turn *turn,
                            const struct start_meeting *command);
void board_on_end_meeting(const struct board *board, struct turn *turn,
                          const struct end_meeting *command);

/* board_state.c */
void board_apply_created(struct board *board, const struct event_header *header,
                         const struct board_created *event);
void board_apply_item_added(struct board *board, const struct event_header *header,
                            const struct item_added *event);
void board_apply_item_moved(struct board *board, const struct event_header *header,
                            const struct item_moved *event);
void board_apply_item_removed(struct board *board, const struct event_header *header,
                              const struct item_removed *event);
void board_apply_item_opened(struct board *board, const struct event_header *header,
                             const struct item_opened *event);
void board_apply_item_closed(struct board *board, const struct event_header *header,
                             const struct item_closed *event);
void board_apply_meeting_started(struct board *board, const struct event_header *header,
                                 const struct meeting_started *event);
void board_apply_meeting_ended(struct board *board, const struct event_header *header,
                               const struct meeting_ended *event);
void board_apply_member_added(struct board *board, const struct event_header *header,
                              const struct member_added *event);
void board_apply_member_removed(struct board *board, const struct event_header *header,
                                const struct member_removed *event);
void board_apply_attended(struct board *board, const struct event_header *header,
                          const struct attended *event);
bool board_has_attended(const struct board *board, struct uuid user);
struct encoded board_save(const struct actor *actor, struct arena *arena);
bool board_restore(struct actor *actor, struct encoded saved);
struct encoded board_show(const struct actor *actor, uint8_t audiences, struct arena *arena);

#endif
