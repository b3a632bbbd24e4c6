/*
 * One patient's case: who the patient is, who may see it and through what, its images, drawings,
 * saved views, conversation and status, and the stage of a consult held on it. While a board
 * discusses the case, its own stage is closed. Users are told by durable messages what their
 * worklist says of it.
 *
 * Lives as long as its activation; everything its members point to lies in actor.state.
 */
#ifndef CONSILIUM_PATIENT_CASE_H
#define CONSILIUM_PATIENT_CASE_H

#include "actors/stage.h"
#include "protocol/generated/board.h"
#include "protocol/generated/patient_case_behaviour.h"

/* The bounds of patient_case.schema. */
enum {
    CASE_MEMBERS_MAX = 64,
    CASE_BOARDS_MAX = 16,
    CASE_DISPLAY_SETS_MAX = 1024,
    CASE_ANNOTATIONS_MAX = 1000,
    CASE_VIEWS_MAX = 64,
    CASE_LINKS_MAX = 32,
    CASE_HELD_DECISIONS_MAX = 256,
    CASE_SETS_TOLD = 64, /* of ImagesAdded */
    CASE_MESSAGES_MAX = 10000,
    CASE_WORDS_MAX = 8 * 1024 * 1024, /* bytes of all messages: a snapshot carries them all */
    CASE_TOPICS = CARD_TOPIC_IMAGES + 1,
    CASE_KEY_IMAGES_MAX = 64,
    CASE_DECISIONS_MAX = 64,
    CASE_VOTES_MAX = 128,
    CASE_TASKS_MAX = 200,
    CASE_DISCUSSIONS_MAX = 100,
    CASE_CONSENTS_MAX = 64,
    CASE_EMERGENCIES_MAX = 64,
    CASE_VIEWERS_MAX = 512,
    CASE_ARRIVALS_MAX = 16,
    CASE_RECORD_MAX = 3 * 1024 * 1024, /* bytes of card, decisions, votes, tasks, discussions */
};

/* List of cases whose erasure was ordered and is not done; the key is the case's id. */
#define CASE_ERASING_LIST "erasing"

/* Ephemeral, as all of the stage but what is settled; ticks are the stage's. */
struct case_arrivals {
    struct case_arrival {
        struct arrival shown;
        int64_t gone_at;
        uint32_t tick;
    } slots[CASE_ARRIVALS_MAX];
    uint32_t count;
};

struct patient_case {
    struct actor actor;
    /* Committed */
    bool created;
    struct uuid organisation; /* that owns it */
    struct subject subject;
    struct text title;
    enum case_status status;
    int64_t status_at;
    struct case_member_list members;
    struct board_link_list boards;
    struct display_set_list display_sets;
    struct stored_annotation_list annotations;
    struct saved_view_list views;
    struct stored_link_list links;
    uint32_t held_images, held_studies; /* that wait until somebody decides whose they are */
    struct uuid held_entry;             /* of worklists; zero = never was one */
    struct held_decision_list held_decisions;
    struct chat_message_list messages;
    size_t words; /* bytes in messages */
    struct card_entry_list card;
    struct key_image_list key_images;
    struct decision_list decisions;
    struct task_list tasks;
    struct discussion_list discussions;
    bool asks_consent; /* nobody but the treating team sees it without */
    struct consent_list consents;
    struct emergency_list emergencies; /* the newest */
    bool has_hold;
    struct legal_hold hold;
    bool is_restricted; /* kept and not used */
    struct restriction restriction;
    bool erased; /* and nothing else is left but who owned it */
    /* Partly committed */
    struct stage stage;
    /* Ephemeral */
    struct case_arrivals arrivals;
};

/* case_consent.c */
struct coverage {
    bool clinical;
    bool identity;
    int64_t until; /* when it may be less; 0 = not by itself */
};
bool case_treats(const struct case_member *member); /* of the case's own members: sees it by law */
/* By consent, through a board or (zero) as the case's own member. */
struct coverage case_coverage(const struct patient_case *the_case, struct uuid user,
                              struct uuid board, int64_t now);
/* NULL = has not broken the glass, or the time is over. */
const struct emergency *case_emergency(const struct patient_case *the_case, struct uuid user,
                                       int64_t now);
struct who_sees_list case_viewers(const struct patient_case *the_case, struct arena *arena);
void case_on_give_consent(const struct patient_case *the_case, struct turn *turn,
                          const struct give_consent *command);
void case_on_withdraw_consent(const struct patient_case *the_case, struct turn *turn,
                              const struct withdraw_consent *command);
void case_on_consent_due(const struct patient_case *the_case, struct turn *turn,
                         const struct consent_due *command);
void case_on_break_glass(const struct patient_case *the_case, struct turn *turn,
                         const struct break_glass *command);
void case_apply_consent_given(struct patient_case *the_case, const struct event_header *header,
                              const struct consent_given *event);
void case_apply_consent_withdrawn(struct patient_case *the_case, const struct event_header *header,
                                  const struct consent_withdrawn *event);
void case_apply_consent_ended(struct patient_case *the_case, const struct event_header *header,
                              const struct consent_ended *event);
void case_apply_glass_broken(struct patient_case *the_case, const struct event_header *header,
                             const struct glass_broken *event);

/* case_access.c */
/* What worklists say of it, by the consents of `after`, which lies on the caller's stack. */
void case_tell_coverage(const struct patient_case *after, struct turn *turn);
/* The same of everybody: its use was restricted, or is not any more. */
void case_tell_all(const struct patient_case *after, struct turn *turn);
const struct case_member *case_member_in(const struct case_member_list *members, struct uuid user);
const struct board_link *case_board(const struct patient_case *the_case, struct uuid board);
bool case_owner(const struct actor *actor, struct uuid *ret_organisation);
struct grant case_grant(const struct actor *actor, struct uuid user, uint16_t rights, int64_t now);
void case_on_create(const struct patient_case *the_case, struct turn *turn,
                    const struct create_case *command);
void case_on_grant_access(const struct patient_case *the_case, struct turn *turn,
                          const struct grant_access *command);
void case_on_revoke_access(const struct patient_case *the_case, struct turn *turn,
                           const struct revoke_access *command);
void case_on_access_due(const struct patient_case *the_case, struct turn *turn,
                        const struct access_due *command);
/* What every member's worklist says of this case from now on. */
void case_put_entries(const struct patient_case *the_case, struct turn *turn,
                      enum case_status status);

/* case_boards.c */
/* It is not on that agenda, and the board is told. */
void case_decline_listing(struct turn *turn, struct uuid board, uint32_t item, enum refusal reason);
void case_on_list(const struct patient_case *the_case, struct turn *turn,
                  const struct list_on_board *command);
void case_on_unlist(const struct patient_case *the_case, struct turn *turn,
                    const struct unlist_from_board *command);
void case_on_board_status(const struct patient_case *the_case, struct turn *turn,
                          const struct board_status *command);

/* What will stand on the card once this turn's events are applied. */
struct case_outlook {
    bool has[CASE_TOPICS];
};
struct case_outlook case_outlook_of(const struct patient_case *the_case);
/* Tells one board, or all of them, what the case lacks of their checks and how far the decision
 * is. The turn has an event. */
void case_report(struct turn *turn, const struct board_link *link,
                 const struct case_outlook *outlook, enum decision_state decision);
void case_report_to_all(const struct patient_case *the_case, struct turn *turn,
                        const struct case_outlook *outlook);
const struct discussion *case_discussion(const struct patient_case *the_case, struct uuid board,
                                         uint32_t item);
/* How a board's discussion ended; the status follows from it. */
void case_note_discussion(const struct patient_case *the_case, struct turn *turn,
                          const struct board_link *link, enum item_outcome outcome,
                          struct text reason);
void case_on_seal(const struct patient_case *the_case, struct turn *turn,
                  const struct seal_for_board *command);
void case_on_unseal(const struct patient_case *the_case, struct turn *turn,
                    const struct unseal_for_board *command);

/* case_held.c */
void case_on_note_held(const struct patient_case *the_case, struct turn *turn,
                       const struct note_held *command);
void case_on_join_held(const struct patient_case *the_case, struct turn *turn,
                       const struct join_held *command);
void case_on_remove_held(const struct patient_case *the_case, struct turn *turn,
                         const struct remove_held *command);
void case_on_hold_again(const struct patient_case *the_case, struct turn *turn,
                        const struct hold_again *command);
void case_apply_held_noted(struct patient_case *the_case, const struct event_header *header,
                           const struct held_noted *event);
void case_apply_held_joined(struct patient_case *the_case, const struct event_header *header,
                            const struct held_joined *event);
void case_apply_held_removed(struct patient_case *the_case, const struct event_header *header,
                             const struct held_removed *event);
void case_apply_held_again(struct patient_case *the_case, const struct event_header *header,
                           const struct held_again *event);

/* case_card.c */
const struct card_entry *case_card_entry(const struct patient_case *the_case,
                                         enum card_topic topic);
void case_on_set_card(const struct patient_case *the_case, struct turn *turn,
                      const struct set_card *command);
void case_on_mark_key_image(const struct patient_case *the_case, struct turn *turn,
                            const struct mark_key_image *command);
void case_on_unmark_key_image(const struct patient_case *the_case, struct turn *turn,
                              const struct unmark_key_image *command);
/* Bytes of all that people write beside the conversation. */
size_t case_record_bytes(const struct patient_case *the_case);

/* case_decision.c */
struct decision *case_decision(const struct patient_case *the_case, struct uuid decision);
const struct decision *case_decision_for(const struct patient_case *the_case, struct uuid board,
                                         uint32_t item);
enum decision_state case_decision_state(const struct patient_case *the_case, struct uuid board,
                                        uint32_t item);
void case_on_record_decision(const struct patient_case *the_case, struct turn *turn,
                             const struct record_decision *command);
void case_on_sign_decision(const struct patient_case *the_case, struct turn *turn,
                           const struct sign_decision *command);
void case_on_cast_vote(const struct patient_case *the_case, struct turn *turn,
                       const struct cast_vote *command);
void case_on_confirm_standard(const struct patient_case *the_case, struct turn *turn,
                              const struct confirm_standard_care *command);

/* case_signature.c */
/* SHA-256 of the canonical form of what is signed (patient_case.schema), in the arena; empty when
 * there is no space. A decision's tasks are taken from the case. */
struct bytes case_decision_content(const struct patient_case *the_case,
                                   const struct decision *decision, struct arena *arena);
struct bytes case_addendum_content(const struct patient_case *the_case,
                                   const struct decision *decision, struct uuid addendum,
                                   struct text text, struct arena *arena);
/* Fills in the seal, over all the rest of it. */
void case_seal(struct turn *turn, struct signature *signature);
/* Signed, and still what was signed. */
bool case_decision_is_sound(const struct patient_case *the_case, const struct decision *decision,
                            struct arena *arena);
bool case_addendum_is_sound(const struct patient_case *the_case, const struct decision *decision,
                            const struct addendum *addendum, struct arena *arena);
/* The sender has proved who they are, for this board and this message. */
bool case_is_proved(const struct turn *turn, struct uuid board);
void case_on_add_addendum(const struct patient_case *the_case, struct turn *turn,
                          const struct add_addendum *command);
void case_apply_addendum(struct patient_case *the_case, const struct event_header *header,
                         const struct addendum_added *event);

/* case_follow_up.c */
/* Open tasks name the patient to who may know. `after` as in case_tell_coverage. */
void case_tell_tasks(const struct patient_case *after, struct turn *turn);
/* The same, of one person whose access changed. */
void case_tell_tasks_of(const struct patient_case *after, struct turn *turn, struct uuid user);
struct task *case_task(const struct patient_case *the_case, struct uuid task);
/* A decision was signed: its tasks go to those who own them, and come back when they are due. */
void case_hand_out_tasks(const struct patient_case *the_case, struct turn *turn,
                         struct uuid decision);
void case_on_close_task(const struct patient_case *the_case, struct turn *turn,
                        const struct close_task *command);
void case_on_task_due(const struct patient_case *the_case, struct turn *turn,
                      const struct task_due *command);
void case_on_record_following(const struct patient_case *the_case, struct turn *turn,
                              const struct record_following *command);

/* case_drawing.c */
const struct stored_annotation *case_annotation(const struct patient_case *the_case,
                                                struct uuid id);
void case_on_add_annotation(const struct patient_case *the_case, struct turn *turn,
                            const struct add_annotation *command);
void case_on_remove_annotation(const struct patient_case *the_case, struct turn *turn,
                               const struct remove_annotation *command);
void case_on_label_annotation(const struct patient_case *the_case, struct turn *turn,
                              const struct label_annotation *command);
void case_apply_annotation_added(struct patient_case *the_case, const struct event_header *header,
                                 const struct annotation_added *event);
void case_apply_annotation_removed(struct patient_case *the_case, const struct event_header *header,
                                   const struct annotation_removed *event);
void case_apply_annotation_labelled(struct patient_case *the_case,
                                    const struct event_header *header,
                                    const struct annotation_labelled *event);

/* case_links.c */
void case_on_link_series(const struct patient_case *the_case, struct turn *turn,
                         const struct link_series *command);
void case_on_unlink_series(const struct patient_case *the_case, struct turn *turn,
                           const struct unlink_series *command);
void case_apply_series_linked(struct patient_case *the_case, const struct event_header *header,
                              const struct series_linked *event);
void case_apply_series_unlinked(struct patient_case *the_case, const struct event_header *header,
                                const struct series_unlinked *event);

/* case_arrivals.c; lists lie in the arena */
void case_on_tell_arrival(struct patient_case *the_case, struct turn *turn,
                          const struct tell_arrival *signal);
/* What was told after the tick `since`; NULL = what is on its way now. */
struct arrival_list case_arrivals_told(const struct patient_case *the_case, const uint32_t *since,
                                       struct arena *arena);

/* case_content.c */
void case_on_post_message(const struct patient_case *the_case, struct turn *turn,
                          const struct post_message *command);
void case_on_save_view(const struct patient_case *the_case, struct turn *turn,
                       const struct save_view *command);
void case_on_remove_view(const struct patient_case *the_case, struct turn *turn,
                         const struct remove_view *command);
void case_on_move_view(const struct patient_case *the_case, struct turn *turn,
                       const struct move_view *command);
void case_on_add_images(const struct patient_case *the_case, struct turn *turn,
                        const struct add_images *command);
const struct display_set *case_display_set(const struct patient_case *the_case, struct text id);
const struct saved_view *case_view(const struct patient_case *the_case, struct uuid id);

/* case_state.c */
void case_apply_created(struct patient_case *the_case, const struct event_header *header,
                        const struct case_created *event);
void case_apply_message(struct patient_case *the_case, const struct event_header *header,
                        const struct message_posted *event);
void case_apply_view_saved(struct patient_case *the_case, const struct event_header *header,
                           const struct view_saved *event);
void case_apply_view_moved(struct patient_case *the_case, const struct event_header *header,
                           const struct view_moved *event);
void case_apply_view_removed(struct patient_case *the_case, const struct event_header *header,
                             const struct view_removed *event);
void case_apply_access_granted(struct patient_case *the_case, const struct event_header *header,
                               const struct access_granted *event);
void case_apply_access_revoked(struct patient_case *the_case, const struct event_header *header,
                               const struct access_revoked *event);
void case_apply_access_ended(struct patient_case *the_case, const struct event_header *header,
                             const struct access_ended *event);
void case_apply_listed(struct patient_case *the_case, const struct event_header *header,
                       const struct listed_on_board *event);
void case_apply_unlisted(struct patient_case *the_case, const struct event_header *header,
                         const struct unlisted_from_board *event);
void case_apply_status(struct patient_case *the_case, const struct event_header *header,
                       const struct status_changed *event);
void case_apply_images(struct patient_case *the_case, const struct event_header *header,
                       const struct images_added *event);

/* case_meeting_state.c */
void case_apply_card_set(struct patient_case *the_case, const struct event_header *header,
                         const struct card_set *event);
void case_apply_key_image_marked(struct patient_case *the_case, const struct event_header *header,
                                 const struct key_image_marked *event);
void case_apply_key_image_unmarked(struct patient_case *the_case, const struct event_header *header,
                                   const struct key_image_unmarked *event);
void case_apply_decision_recorded(struct patient_case *the_case, const struct event_header *header,
                                  const struct decision_recorded *event);
void case_apply_decision_signed(struct patient_case *the_case, const struct event_header *header,
                                const struct decision_signed *event);
void case_apply_vote(struct patient_case *the_case, const struct event_header *header,
                     const struct vote_cast *event);
void case_apply_task_closed(struct patient_case *the_case, const struct event_header *header,
                            const struct task_closed *event);
void case_apply_task_came_due(struct patient_case *the_case, const struct event_header *header,
                              const struct task_came_due *event);
void case_apply_following(struct patient_case *the_case, const struct event_header *header,
                          const struct following_recorded *event);
void case_apply_opened(struct patient_case *the_case, const struct event_header *header,
                       const struct opened_for_board *event);
void case_apply_sealed(struct patient_case *the_case, const struct event_header *header,
                       const struct sealed_for_board *event);
void case_apply_discussed(struct patient_case *the_case, const struct event_header *header,
                          const struct discussed *event);
/* A decision with votes that can be added to, as the generated copy leaves no space for more. */
void case_put_decision(struct patient_case *the_case, const struct decision *decision);

/* case_restriction.c */
void case_on_restrict_use(const struct patient_case *the_case, struct turn *turn,
                          const struct restrict_use *command);
void case_on_lift_restriction(const struct patient_case *the_case, struct turn *turn,
                              const struct lift_restriction *command);
void case_apply_use_restricted(struct patient_case *the_case, const struct event_header *header,
                               const struct use_restricted *event);
void case_apply_restriction_lifted(struct patient_case *the_case, const struct event_header *header,
                                   const struct restriction_lifted *event);

/* case_keeping.c */
void case_on_place_hold(const struct patient_case *the_case, struct turn *turn,
                        const struct place_hold *command);
void case_on_lift_hold(const struct patient_case *the_case, struct turn *turn,
                       const struct lift_hold *command);
void case_on_order_erasure(const struct patient_case *the_case, struct turn *turn,
                           const struct order_erasure *command);
void case_apply_hold_placed(struct patient_case *the_case, const struct event_header *header,
                            const struct hold_placed *event);
void case_apply_hold_lifted(struct patient_case *the_case, const struct event_header *header,
                            const struct hold_lifted *event);
void case_apply_erasure_ordered(struct patient_case *the_case, const struct event_header *header,
                                const struct erasure_ordered *event);

/* case_encoding.c */
struct encoded case_show(const struct actor *actor, uint8_t audiences, struct arena *arena);
struct encoded case_save(const struct actor *actor, struct arena *arena);
bool case_restore(struct actor *actor, struct encoded saved);

#endif
