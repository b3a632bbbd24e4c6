/*
 * A person: how they sign in, what is on their worklist, their preferences, read marks and private
 * notes. Only they see it; the verifier of their password nobody sees. Boards and cases put and
 * remove worklist entries.
 */
#ifndef CONSILIUM_USER_H
#define CONSILIUM_USER_H

#include "actors/runtime/actor.h"
#include "protocol/generated/user_behaviour.h"

/* The bounds of user.schema. */
enum {
    USER_ENTRIES_MAX = 2000,
    USER_PREFERENCES_MAX = 200,
    USER_READ_MARKS_MAX = 2000,
    USER_NOTES_MAX = 1000,
    USER_MEMBERSHIPS_MAX = 16,
    USER_FACTORS_MAX = 10,
    USER_RECOVERY_CODES_MAX = 10,
};

/* The list that identity looks people up in: key = login, row = an encoded UserRecord without
 * lists. */
#define USER_LOGIN_LIST "login"

struct user {
    struct actor actor;
    /* Committed */
    bool registered;
    bool closed; /* login and name are all that is left */
    struct text login;
    struct text name;
    struct text verifier;
    struct worklist_entry_list entries; /* by id */
    struct preference_list preferences;
    struct read_mark_list read_marks;
    struct note_list notes; /* by case, for nobody else */
    struct membership_list memberships;
    struct factor_list factors;
    struct bytes_list recovery_codes; /* hashes of those not used yet */
};

/* user.c: the row of USER_LOGIN_LIST as it stands, without lists; borrows. And a row written. */
struct user_record user_row(const struct user *user);
void user_write_row(struct turn *turn, const struct user_record *record);

/* user_worklist.c: entries and notes. What is about a case is saved apart, and kept by the record
 * under a key that goes with the case; a person's own entries are those about none. */
struct worklist_entry_list user_own_entries(const struct user *user, struct arena *arena);
void user_take_over_entries(struct user *user, struct worklist_entry_list entries);
struct saved_part *user_save_parts(const struct actor *actor, struct arena *arena,
                                   uint32_t *ret_count);
bool user_restore_part(struct actor *actor, struct bytes part);
void user_apply_entry_put(struct user *user, const struct event_header *header,
                          const struct entry_put *event);
void user_apply_entry_removed(struct user *user, const struct event_header *header,
                              const struct entry_removed *event);
void user_apply_note_set(struct user *user, const struct event_header *header,
                         const struct note_set *event);
void user_apply_topic_forgotten(struct user *user, const struct event_header *header,
                                const struct topic_forgotten *event);
void user_on_put_entry(const struct user *user, struct turn *turn, const struct put_entry *command);
void user_on_remove_entry(const struct user *user, struct turn *turn,
                          const struct remove_entry *command);
void user_on_set_note(const struct user *user, struct turn *turn, const struct set_note *command);
void user_on_forget_topic(const struct user *user, struct turn *turn,
                          const struct forget_topic *command);

/* user_memberships.c: what they are in organisations. NULL = nothing there. */
struct membership *user_membership(const struct user *user, struct uuid organisation);
void user_apply_membership_set(struct user *user, const struct event_header *header,
                               const struct membership_set *event);
void user_apply_membership_ended(struct user *user, const struct event_header *header,
                                 const struct membership_ended *event);
void user_on_set_membership(const struct user *user, struct turn *turn,
                            const struct set_membership *command);
void user_on_membership_due(const struct user *user, struct turn *turn,
                            const struct membership_due *command);

/* user_closing.c */
bool user_is_open(const struct user *user, struct turn *turn); /* false = refused */
void user_on_close_account(const struct user *user, struct turn *turn,
                           const struct close_account *command);
void user_apply_account_closed(struct user *user, const struct event_header *header,
                               const struct account_closed *event);

/* user_factors.c: what they have beside the password. Of two that use the same code or counter at
 * the same time the actor accepts one. */
void user_take_over_factors(struct user *user, const struct user_record *saved);
void user_apply_factor_added(struct user *user, const struct event_header *header,
                             const struct factor_added *event);
void user_apply_factor_removed(struct user *user, const struct event_header *header,
                               const struct factor_removed *event);
void user_apply_recovery_codes_set(struct user *user, const struct event_header *header,
                                   const struct recovery_codes_set *event);
void user_apply_recovery_code_used(struct user *user, const struct event_header *header,
                                   const struct recovery_code_used *event);
void user_apply_factor_used(struct user *user, const struct event_header *header,
                            const struct factor_used *event);
void user_on_add_factor(const struct user *user, struct turn *turn,
                        const struct add_factor *command);
void user_on_remove_factor(const struct user *user, struct turn *turn,
                           const struct remove_factor *command);
void user_on_set_recovery_codes(const struct user *user, struct turn *turn,
                                const struct set_recovery_codes *command);
void user_on_use_recovery_code(const struct user *user, struct turn *turn,
                               const struct use_recovery_code *command);
void user_on_use_factor(const struct user *user, struct turn *turn,
                        const struct use_factor *command);

#endif
