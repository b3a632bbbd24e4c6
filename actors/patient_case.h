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
#include "protocol/generated/patient_case_behaviour.h"

/* The bounds of patient_case.schema. */
enum {
    CASE_MEMBERS_MAX = 64,
    CASE_BOARDS_MAX = 16,
    CASE_DISPLAY_SETS_MAX = 1024,
    CASE_ANNOTATIONS_MAX = 1000,
    CASE_VIEWS_MAX = 64,
    CASE_MESSAGES_MAX = 10000,
    CASE_WORDS_MAX = 8 * 1024 * 1024, /* bytes of all messages: a snapshot carries them all */
};

struct patient_case {
    struct actor actor;
    /* Committed */
    bool created;
    struct subject subject;
    struct text title;
    enum case_status status;
    int64_t status_at;
    struct case_member_list members;
    struct board_link_list boards;
    struct display_set_list display_sets;
    struct stored_annotation_list annotations;
    struct saved_view_list views;
    struct chat_message_list messages;
    size_t words; /* bytes in messages */
    /* Partly committed */
    struct stage stage;
};

/* case_access.c */
const struct case_member *case_member_in(const struct case_member_list *members, struct uuid user);
const struct board_link *case_board(const struct patient_case *the_case, struct uuid board);
struct grant case_grant(const struct actor *actor, struct uuid user, bool administrator,
                        int64_t now);
void case_on_create(const struct patient_case *the_case, struct turn *turn,
                    const struct create_case *command);
void case_on_grant_access(const struct patient_case *the_case, struct turn *turn,
                          const struct grant_access *command);
void case_on_revoke_access(const struct patient_case *the_case, struct turn *turn,
                           const struct revoke_access *command);
/* What every member's worklist says of this case from now on. */
void case_put_entries(const struct patient_case *the_case, struct turn *turn,
                      enum case_status status);

/* case_boards.c */
void case_on_list(const struct patient_case *the_case, struct turn *turn,
                  const struct list_on_board *command);
void case_on_unlist(const struct patient_case *the_case, struct turn *turn,
                    const struct unlist_from_board *command);
void case_on_board_status(const struct patient_case *the_case, struct turn *turn,
                          const struct board_status *command);

/* case_content.c */
void case_on_post_message(const struct patient_case *the_case, struct turn *turn,
                          const struct post_message *command);
void case_on_add_annotation(const struct patient_case *the_case, struct turn *turn,
                            const struct add_annotation *command);
void case_on_remove_annotation(const struct patient_case *the_case, struct turn *turn,
                               const struct remove_annotation *command);
void case_on_save_view(const struct patient_case *the_case, struct turn *turn,
                       const struct save_view *command);
void case_on_remove_view(const struct patient_case *the_case, struct turn *turn,
                         const struct remove_view *command);
void case_on_add_images(const struct patient_case *the_case, struct turn *turn,
                        const struct add_images *command);
const struct display_set *case_display_set(const struct patient_case *the_case, struct text id);
const struct stored_annotation *case_annotation(const struct patient_case *the_case,
                                                struct uuid id);
const struct saved_view *case_view(const struct patient_case *the_case, struct uuid id);

/* case_state.c */
void case_apply_created(struct patient_case *the_case, const struct event_header *header,
                        const struct case_created *event);
void case_apply_message(struct patient_case *the_case, const struct event_header *header,
                        const struct message_posted *event);
void case_apply_annotation_added(struct patient_case *the_case, const struct event_header *header,
                                 const struct annotation_added *event);
void case_apply_annotation_removed(struct patient_case *the_case, const struct event_header *header,
                                   const struct annotation_removed *event);
void case_apply_view_saved(struct patient_case *the_case, const struct event_header *header,
                           const struct view_saved *event);
void case_apply_view_removed(struct patient_case *the_case, const struct event_header *header,
                             const struct view_removed *event);
void case_apply_access_granted(struct patient_case *the_case, const struct event_header *header,
                               const struct access_granted *event);
void case_apply_access_revoked(struct patient_case *the_case, const struct event_header *header,
                               const struct access_revoked *event);
void case_apply_listed(struct patient_case *the_case, const struct event_header *header,
                       const struct listed_on_board *event);
void case_apply_unlisted(struct patient_case *the_case, const struct event_header *header,
                         const struct unlisted_from_board *event);
void case_apply_status(struct patient_case *the_case, const struct event_header *header,
                       const struct status_changed *event);
void case_apply_images(struct patient_case *the_case, const struct event_header *header,
                       const struct images_added *event);

/* case_encoding.c */
struct encoded case_show(const struct actor *actor, uint8_t audiences, struct arena *arena);
struct encoded case_save(const struct actor *actor, struct arena *arena);
bool case_restore(struct actor *actor, struct encoded saved);

#endif
