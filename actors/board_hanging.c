/* How images are hung: what somebody arranged for a modality stays for the next case with it, here
 * and at the other meetings of the series. */
#include "actors/board.h"
#include "protocol/generated/series.h"

static void remember(const struct board *board, struct turn *turn, const struct hanging *hanging) {
    if (hanging_is_news(&board->hangings, hanging)) {
        struct hanging_remembered event = {.hanging = *hanging};
        turn_event(turn, hanging_remembered_encode(turn->arena, &event));
    }
}

static void tell_series(const struct board *board, struct turn *turn,
                        const struct hanging *hanging) {
    if (uuid_is_zero(board->series)) {
        return;
    }
    struct keep_hanging command = {
        .command_id = turn_new_id(turn), .board = turn->self, .hanging = *hanging};
    turn_send(turn, CHANNEL_KIND_SERIES, board->series, keep_hanging_encode(turn->arena, &command));
}

void board_on_remember_hanging(const struct board *board, struct turn *turn,
                               const struct remember_hanging *command) {
    struct hanging hanging = command->hanging;
    bool chair = (turn->sender.roles & (1u << ROLE_CHAIR)) != 0;
    const struct hanging *known = hanging_of(&board->hangings, hanging.modality);
    /* Another member's clock is never looked at, but two words may come within one moment. */
    hanging.at = known != NULL && known->at >= turn->now ? known->at + 1 : turn->now;
    if (stage_refuses(&board->stage, turn, command->item)) {
        return;
    }
    if (!chair && !stage_holds_floor(&board->stage, turn->sender.user)) {
        turn_refuse_subject(turn, REFUSAL_CONFLICT, board->stage.holder);
    } else if (!hanging_is_whole(&hanging)) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (known == NULL && board->hangings.count == HANGINGS_MAX) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
    } else if (known == NULL && hanging.rows == 0) {
        return; /* it opens as it comes already */
    } else if (hanging_is_news(&board->hangings, &hanging)) {
        remember(board, turn, &hanging);
        tell_series(board, turn, &hanging);
    }
}

void board_on_take_hanging(const struct board *board, struct turn *turn,
                           const struct take_hanging *command) {
    if (!board->created) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (board->state == MEETING_STATE_ENDED) {
        turn_refuse(turn, REFUSAL_BAD_STATE);
    } else if (!hanging_is_whole(&command->hanging)) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else {
        remember(board, turn, &command->hanging);
    }
}

void board_apply_hanging_remembered(struct board *board, const struct event_header *header,
                                    const struct hanging_remembered *event) {
    (void)header;
    hanging_put(board->actor.state, &board->hangings, &event->hanging);
}
