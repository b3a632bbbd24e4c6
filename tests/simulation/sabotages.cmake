# Guards of the program, taken out one at a time. Each becomes a program: the simulator with a copy of
# one source file in which TEXT is replaced, and a scene that must end in a fault whose words hold
# NOTICED. A text that is not in its file exactly once stops the build: the guard has moved.
#
#   sabotage(NAME SCENE NOTICED FILE TEXT REPLACEMENT [FILE TEXT REPLACEMENT]...)
#
# SCENE is `people` (world_run, up to 200 seeds) or `crowd` (crowd_run).
function(sabotage NAME SCENE NOTICED)
    set(program simulation_sabotage_${NAME})
    set(sources sabotaged.c)
    math(EXPR last_argument "${ARGC} - 1")
    foreach(at RANGE 3 ${last_argument} 3) # by number, as C is full of semicolons
        math(EXPR text_at "${at} + 1")
        math(EXPR replacement_at "${at} + 2")
        set(file "${ARGV${at}}")
        set(text "${ARGV${text_at}}")
        set(replacement "${ARGV${replacement_at}}")
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${file})
        file(READ ${CMAKE_SOURCE_DIR}/${file} whole)
        string(FIND "${whole}" "${text}" first)
        string(FIND "${whole}" "${text}" last REVERSE)
        if(first EQUAL -1 OR NOT first EQUAL last)
            message(FATAL_ERROR "sabotage ${NAME}: not exactly once in ${file}: ${text}")
        endif()
        string(REPLACE "${text}" "${replacement}" whole "${whole}")
        get_filename_component(name ${file} NAME)
        set(copy ${CMAKE_CURRENT_BINARY_DIR}/sabotage/${NAME}/${name})
        file(CONFIGURE OUTPUT ${copy} CONTENT "${whole}" @ONLY)
        list(APPEND sources ${copy})
    endforeach()
    add_executable(${program} ${sources})
    # Stands before the libraries, so theirs is not looked for.
    target_link_libraries(${program} PRIVATE simulation_world)
    target_compile_definitions(${program} PRIVATE
        SABOTAGE_SCENE=${SCENE} "SABOTAGE_WORDS=\"${NOTICED}\"")
    add_test(NAME simulation.sabotage_${NAME} COMMAND ${program}
        WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    math(EXPR timeout "60 * ${CONSILIUM_TIMEOUT_FACTOR}")
    set_tests_properties(simulation.sabotage_${NAME} PROPERTIES LABELS simulation TIMEOUT ${timeout})
endfunction()

# Promise 1: nothing is shown or acknowledged before it is committed.
sabotage(answers_early people "was told yes before it was committed" actors/runtime/commit.c
    [[    host->append(host, &frame->append);]]
    [[    answer_accepted(activation, frame->letter, first_version);
    host->append(host, &frame->append);]])

# Promise 2: what is acknowledged stays; said again it gets the original answer.
sabotage(takes_unknown_for_yes people "before it was committed" server/store/journal.c
    [[    case DATABASE_AWAY:
        wait_for_return(journal);
        return;
    default:
        journal->alone = true;]]
    [[    case DATABASE_AWAY: {
        struct item_queue hoped = journal->flying;
        journal->flying = (struct item_queue){0};
        become_idle(journal);
        conclude_all(journal, &hoped, STORE_OK);
        return;
    }
    default:
        journal->alone = true;]])
sabotage(answers_a_retry_anew people "got another answer" actors/runtime/delivery.c
    [[    answer_accepted(activation, letter, version);]]
    [[    answer_accepted(activation, letter, activation->version + (version != activation->version));]])

# Promise 3: who comes back gets exactly what was missed.
sabotage(resumes_without_some people "a gap" server/node/resume.c
    [[    session_send(channel->session, made);]]
    [[    if (header->version % 5 == 0) {
        shared_frame_unref(made);
    } else {
        session_send(channel->session, made);
    }]])

# Promise 4: the policy is asked for each command and each recipient.
sabotage(forgets_the_recipient people "that the policy denies by now" server/node/fanout.c
    [[        channel_check_grant(channel);
]] "")
sabotage(forgets_the_role people "and may only look"
    server/gateway/gate.c
    [[(rule->actions & actions) == 0 && !of_session]] [[actions == 0 && of_session && false]]
    actors/runtime/turn.c
    [[return system ? rule->by_system : (rule->actions & sender->actions) != 0;]] [[return true;]])

sabotage(sends_what_waited_for_another_grant people "that the policy denies by now"
    server/node/channels.c
    [[    outbox_forget(&session->outbox, shows, channel->number);]]
    [[    (void)shows;]])

# Promise 7: everybody's stage is the same in the end.
sabotage(forgets_who_was_blocked people "at rest" server/node/sessions.c
    [[            fanout_mark(hub_of(node, channel->activation));]]
    [[            (void)channel->activation;]])

# Promise 10: one item is open, and everybody says which.
sabotage(opens_beside_the_open_one people "items are open at once" actors/board_meeting.c
    [[        board_close_open_item(board, turn, &leaving);
        open_item(]]
    [[        open_item(]])
sabotage(steps_from_wherever_it_is people "and meant for another" actors/board_meeting.c
    [[    if (command->item != board->open_item) {
        turn_refuse_item(turn, REFUSAL_WRONG_ITEM, board->open_item);
    } else if (command->next != 0]]
    [[    if (command->next != 0]])
sabotage(tells_no_guest people "for the open one" actors/board_telling.c
    [[        turn_event(turn, guests_told_encode(turn->arena, &event));]]
    [[        (void)event;]])

# Promise 11: a meeting ends with everything decided or said why not, and signed.
sabotage(ends_over_what_is_unsigned people "waits for its signature" actors/board_closing.c
    [[    return decision == DECISION_STATE_RECORDED || (]]
    [[    return decision != DECISION_STATE_RECORDED && (]])
sabotage(believes_who_says_decided people "is decided without a decision" actors/board_closing.c
    [[(decision == DECISION_STATE_NONE && was_said)]]
    [[(decision == DECISION_STATE_NONE && was_said && false)]])
sabotage(leaves_without_a_reason people "without a decision or a reason" actors/board_meeting.c
    [[    turn_refuse_item(turn, REFUSAL_UNDECIDED, item->item);
    return false;]]
    [[    return true;]])
sabotage(answers_and_seals_nothing people "from a case that is not sealed" actors/case_boards.c
    [[    set_sealed(turn, link, decision != DECISION_STATE_RECORDED);]]
    [[    set_sealed(turn, link, false);]])

# Promise 12: decisions, votes and signatures stand where and for what they were meant.
sabotage(decides_for_another_item people "that is not its" actors/case_decision.c
    [[    } else if (link->item != item) {]]
    [[    } else if (link->item != item && item == 0) {]])
sabotage(records_over_what_was_not_seen people "revision" actors/case_decision.c
    [[    } else if (command->based != (known == NULL ? 0 : known->revision)) {]]
    [[    } else if (command->based != (known == NULL ? 0 : known->revision) && known == NULL) {]])
sabotage(signs_what_was_not_read people "than its signer named" actors/case_decision.c
    [[    } else if (command->revision != decision->revision) {
        turn_refuse_subject(turn, REFUSAL_CHANGED, decision->by);
    } else if (!text_equal(]]
    [[    } else if (!text_equal(]])
sabotage(signs_what_was_misread people "who misread it" actors/case_decision.c
    [[               command->side != decision->side) {]]
    [[               command->side == SIDE_UNKNOWN) {]])
sabotage(counts_votes_twice people "voted twice" actors/case_meeting_state.c
    [[        if (uuid_equal(decision->votes.items[i].person, vote->person)) {]]
    [[        if (uuid_equal(decision->votes.items[i].person, vote->person) &&
            decision->votes.items[i].revision == vote->revision) {]])
sabotage(votes_on_what_was_not_read people "than was read" actors/case_decision.c
    [[    } else if (command->revision != decision->revision) {
        turn_refuse_subject(turn, REFUSAL_CHANGED, decision->by);
    } else if ((command->choice]]
    [[    } else if ((command->choice]])

# A signature takes a proof, and is bound to what its signer read.
sabotage(signs_without_a_proof people "did not prove who they are" actors/case_decision.c
    [[!case_is_proved(turn, decision->board)]] [[turn->version == 0]])
sabotage(signs_what_nobody_read people "is not what its signer read" actors/case_decision.c
    [[!bytes_equal(command->content, signature.content)]] [[command->content.length == 0]])

# Promise 13: boards, cases and worklists say the same.
sabotage(reports_no_decision people "for its board and" actors/case_decision.c
    [[    case_report(turn, link, &outlook, DECISION_STATE_RECORDED);]]
    [[    (void)outlook;]])
sabotage(reports_no_card people "than its board believes" actors/case_card.c
    [[            case_report_to_all(the_case, turn, &outlook);]] "")
sabotage(expects_what_is_over people "to prepare and" actors/board_preparation.c
    [[    return item->state != ITEM_STATE_DISCUSSED;]]
    [[    return item->state != ITEM_STATE_DISCUSSED || item->outcome == ITEM_OUTCOME_DECIDED;]])
sabotage(keeps_closed_tasks people "a task is on" actors/case_follow_up.c
    [[            take_task_away(turn, task, the_case->members.items[i].user);]] "")
sabotage(forgets_the_reason people "does not know how that ended" actors/case_boards.c
    [[                                             .reason = reason,]] "")
sabotage(forgets_to_unseal people "is sealed and its meeting goes on" actors/board_closing.c
    [[                  unseal_for_board_encode(turn->arena, &message));]]
    [[                  unlist_from_board_encode(
                      turn->arena, &(struct unlist_from_board){.command_id = message.command_id}));]])

# Promise 14: a guest takes part in their item alone.
sabotage(shows_guests_the_board people "an event that is not for them" actors/board.c
    [[is_listed = member != NULL && board_is_guest_of(member, board->open_item);]]
    [[is_listed = member != NULL && board->open_item != 0;]])
sabotage(shows_guests_all_cases people "was shown a stage" actors/board_telling.c
    [[(board_is_guest_of(member, item) && !over)]]
    [[(item != 0 && !over)]])

# Promise 16: an observer of a board that masks is not told who the patients are.
sabotage(masks_nobody people "was told who the patient is" actors/board_telling.c
    [[board->template.mask_observers && member->role == ROLE_OBSERVER]]
    [[board->template.mask_observers && member->role == ROLE_REFERRER]])
sabotage(shows_the_name_to_all people "was told who the patient is" actors/case_encoding.c
    [[    } else if (snapshot.masked) {]]
    [[    } else if (snapshot.masked && the_case->members.count == 0) {]])
sabotage(lets_all_read_along people "was told who the patient is"
    protocol/generated/patient_case_rules.c
    [[            .name = "MessagePosted",
            .class = MESSAGE_EVENT,
            .audiences = AUDIENCE_IDENTITY,]]
    [[            .name = "MessagePosted",
            .class = MESSAGE_EVENT,
            .audiences = AUDIENCE_CLINICAL,]])

# Promise 17: who hears of a hanging hangs images as it says.
sabotage(forgets_how_images_hang people "are hung as nobody said" actors/board_hanging.c
    [[    hanging_put(board->actor.state, &board->hangings, &event->hanging);]]
    [[    (void)board;
    (void)event;]])

# Promise 15: what is handed over is on one agenda.
sabotage(gives_before_it_is_taken people "is on no agenda" actors/board_handover.c
    [[        struct item_leaving event = {.item = item->item, .board = command->board};
        turn_event(turn, item_leaving_encode(turn->arena, &event));
        struct take_item]]
    [[        board_take_off(board, turn, item);
        struct take_item]])
sabotage(keeps_what_was_taken people "to come on" actors/board_handover.c
    [[            board_take_off(board, turn, item);
            return;]]
    [[        struct item_stayed stayed = {.item = item->item};
        turn_event(turn, item_stayed_encode(turn->arena, &stayed));
        return;]])
sabotage(opens_what_was_given people "and to come on the other" actors/board_meeting.c
    [[ || board_is_given(next))) {]] [[)) {]])
# Rare: the first seeds do not come to it.
set_tests_properties(simulation.sabotage_opens_what_was_given
    PROPERTIES ENVIRONMENT CONSILIUM_SEED=260)

# Promise 8: mailbox, lane, socket, frame, text, list, tries, memory.
sabotage(endless_mailbox crowd "messages in a mailbox" actors/runtime/mailbox.c
    [[mailbox->count >= RUNTIME_MAILBOX_MAX]] [[mailbox->count == UINT16_MAX]])
sabotage(endless_lane crowd "bytes in a lane" server/gateway/outbox.c
    [[*lane + frame->length > most]] [[*lane > most && most == 0]])
sabotage(writes_to_a_full_socket people "whose socket is full" server/gateway/outbox.c
    [[        outbox->blocked = true;]] "")
sabotage(endless_frame crowd "bytes was taken" server/node/node.c
    [[bytes.length > FRAME_IN_MAX || ]] "")
sabotage(endless_text people "bytes of a name" protocol/reader.c
    [[    if (length > length_max) {
        return false;
    }
]] [[    (void)length_max;
]])
sabotage(endless_list people "viewports of a layout" protocol/reader.c
    [[reader_fields(reader, ret_count) && *ret_count <= count_max]]
    [[reader_fields(reader, ret_count) && (*ret_count <= count_max || count_max > 0)]])
sabotage(tries_for_ever people "tries of a command" actors/runtime/commit.c
    [[        frame->letter->attempts++;]] [[        frame->letter->attempts = 0;]])
sabotage(keeps_what_was_resumed people "holds on an actor" server/node/resume.c
    [[    activation_hold(catch_up->activation);]]
    [[    activation_hold(catch_up->activation);
    activation_hold(catch_up->activation);]])

# Promise 9: nobody's words in a log, nor in the clear on a disk.
sabotage(logs_what_is_said people "a log line holds" server/node/node.c
    [[    node_trace(node, 3, incoming.trace, "decoded", incoming.message != NULL);]]
    [[    static char words[FRAME_IN_MAX];
    size_t count = 0;
    for (uint32_t i = 0; i < frame->fields.length && count < 200; i++) {
        if (frame->fields.bytes[i] >= ' ' && frame->fields.bytes[i] < 0x7f) {
            words[count++] = (char)frame->fields.bytes[i];
        }
    }
    words[count] = '\0';
    node_trace(node, 3, incoming.trace, words, incoming.message != NULL);]])
sabotage(reports_who_it_is_for people "a log line holds" server/store/pending.c
    [[        give_later(pending, pending->caught_up ? &pending->ready : &pending->held,
                   message->target_kind, message->target, message->command_id, message->command);]]
    [[        {
            const struct bytes *fields = &message->command.fields;
            char words[100] = {0};
            for (uint32_t j = 0, count = 0; j < fields->length && count < 99; j++) {
                if (fields->bytes[j] >= ' ' && fields->bytes[j] < 0x7f) {
                    words[count++] = (char)fields->bytes[j];
                }
            }
            store_report(pending->store, "given: %s", words);
            give_later(pending, pending->caught_up ? &pending->ready : &pending->held,
                       message->target_kind, message->target, message->command_id, message->command);
        }]])
