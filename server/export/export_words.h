/*
 * The words of a readable copy, in the person's language. They are here and not in the web client
 * because the file is read without it.
 */
#ifndef CONSILIUM_EXPORT_WORDS_H
#define CONSILIUM_EXPORT_WORDS_H

#include "protocol/values.h"

enum export_language { EXPORT_ENGLISH, EXPORT_GERMAN, EXPORT_LANGUAGES };

struct export_words {
    const char *case_title;
    const char *case_intro;
    const char *person_title;
    const char *person_intro;
    const char *made_at;
    const char *made_by;
    const char *patient;
    const char *name;
    const char *birth_date;
    const char *sex;
    const char *patient_id;
    const char *question;
    const char *status;
    const char *restricted;
    const char *on_hold;
    const char *reason;
    const char *card;
    const char *decisions;
    const char *revision;
    const char *recorded;
    const char *signature;
    const char *unsigned_;
    const char *signature_holds;
    const char *signature_broken;
    const char *signature_unbound;
    const char *addendum;
    const char *votes;
    const char *tasks;
    const char *due;
    const char *conversation;
    const char *drawings;
    const char *saved_views;
    const char *consents;
    const char *given;
    const char *until;
    const char *withdrawn;
    const char *how;
    const char *wording;
    const char *who_sees;
    const char *through_board;
    const char *emergencies;
    const char *images;
    const char *other_files;
    const char *unopened;
    const char *in_this_file;
    const char *how_many;
    const char *bytes;
    const char *left_out;
    const char *who_looked;
    const char *what_you_did;
    const char *only_newest;
    const char *history;
    const char *account;
    const char *login;
    const char *memberships;
    const char *root;
    const char *factors;
    const char *factor_code;
    const char *factor_passkey;
    const char *since;
    const char *recovery_codes;
    const char *sign_ins;
    const char *preferences;
    const char *notes;
    const char *worklist;
    const char *invitations;
    const char *when;
    const char *who;
    const char *what;
    const char *from_where;
    const char *nothing;
    const char *somebody;
    const char *the_system;
    const char *refused;
    const char *emergency;
};

const struct export_words *export_words(enum export_language language);

/* By number of the schema's enums; "" beyond them. */
const char *export_status_word(enum export_language language, unsigned status);
const char *export_topic_word(enum export_language language, unsigned topic);
const char *export_role_word(enum export_language language, unsigned role);
const char *export_task_word(enum export_language language, unsigned state);
const char *export_vote_word(enum export_language language, unsigned choice);
const char *export_action_word(enum export_language language, unsigned action); /* access_action */
/* What an event of a case says happened. */
const char *export_event_word(enum export_language language, uint8_t tag);

#endif
