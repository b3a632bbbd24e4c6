/*
 * The words of a readable copy, in the person's language. They are here and not in the web client
 * because the file is read without it.
 */
#ifndef CONSILIUM_EXPORT_WORDS_H
#define CONSILIUM_EXPORT_WORDS_H

#include "protocol/values.h"

enum export_language { EXPORT_ENGLISH, EXPORT_GERMAN, EXPORT_LANGUAGES };

/* X(name, English, German) */
#define EXPORT_WORDS(X)                                                                             \
    X(case_title, "Copy of a case", "Kopie eines Falls")                                            \
    X(case_intro,                                                                                   \
      "Everything that Consilium keeps of this case (GDPR, articles 15 and 20). The file "          \
      "data.json beside this page holds the same for machines, and every earlier version: each "    \
      "entry of the record with who wrote it and when.",                                            \
      "Alles, was Consilium zu diesem Fall aufbewahrt (DSGVO, Artikel 15 und 20). Die Datei "       \
      "data.json neben dieser Seite enthält dasselbe für Maschinen und dazu jede frühere "       \
      "Fassung: jeden Eintrag der Akte mit Urheber und Zeit.")                                      \
    X(person_title, "Copy of your data", "Kopie Ihrer Daten")                                       \
    X(person_intro,                                                                                 \
      "Everything that Consilium keeps of you as somebody who signs in (GDPR, articles 15 and "     \
      "20). The file data.json beside this page holds the same for machines. What you wrote in "    \
      "cases and boards belongs to those and their patients, and is not repeated here.",            \
      "Alles, was Consilium über Sie als angemeldete Person aufbewahrt (DSGVO, Artikel 15 und "    \
      "20). Die Datei data.json neben dieser Seite enthält dasselbe für Maschinen. Was Sie in "   \
      "Fällen und Boards geschrieben haben, gehört zu diesen und ihren Patienten und steht hier " \
      "nicht noch einmal.")                                                                         \
    X(made_at, "Made on", "Erstellt am")                                                            \
    X(made_by, "Made by", "Erstellt von")                                                           \
    X(patient, "Patient", "Patient")                                                                \
    X(name, "Name", "Name")                                                                         \
    X(birth_date, "Born on", "Geboren am")                                                          \
    X(sex, "Sex", "Geschlecht")                                                                     \
    X(patient_id, "Patient number", "Patientennummer")                                              \
    X(question, "Question", "Fragestellung")                                                        \
    X(status, "Status", "Stand")                                                                    \
    X(restricted, "Use restricted since", "Verarbeitung eingeschränkt seit")                        \
    X(on_hold, "Must be kept since", "Aufzubewahren seit")                                          \
    X(reason, "Reason", "Grund")                                                                    \
    X(card, "Case card", "Fallkarte")                                                               \
    X(decisions, "Decisions", "Entscheidungen")                                                     \
    X(revision, "Revision", "Fassung")                                                              \
    X(recorded, "Recorded", "Festgehalten")                                                         \
    X(signature, "Signature", "Unterschrift")                                                       \
    X(unsigned_, "Not signed", "Nicht unterschrieben")                                              \
    X(signature_holds, "The signature holds: this is what was signed.",                             \
      "Die Unterschrift gilt: Das wurde unterschrieben.")                                           \
    X(signature_broken, "The signature does NOT fit what is written here.",                         \
      "Die Unterschrift passt NICHT zu dem, was hier steht.")                                       \
    X(signature_unbound, "Signed before signatures were bound to their text.",                      \
      "Unterschrieben, bevor Unterschriften an ihren Text gebunden waren.")                         \
    X(addendum, "Addendum", "Nachtrag")                                                             \
    X(votes, "Votes", "Stimmen")                                                                    \
    X(tasks, "Tasks", "Aufgaben")                                                                   \
    X(due, "Due", "Fällig")                                                                         \
    X(conversation, "Conversation", "Gespräch")                                                     \
    X(drawings, "Drawings and measurements", "Zeichnungen und Messungen")                           \
    X(saved_views, "Saved views", "Gespeicherte Ansichten")                                         \
    X(consents, "Consents", "Einwilligungen")                                                       \
    X(given, "Given", "Erteilt")                                                                    \
    X(until, "Until", "Bis")                                                                        \
    X(withdrawn, "Withdrawn", "Widerrufen")                                                         \
    X(how, "On whose word", "Auf wessen Wort")                                                      \
    X(wording, "Wording", "Wortlaut")                                                               \
    X(who_sees, "Who has access", "Wer Zugang hat")                                                 \
    X(through_board, "through a board", "über ein Board")                                           \
    X(emergencies, "Access in an emergency", "Zugriffe im Notfall")                                 \
    X(images, "Images and documents", "Bilder und Dokumente")                                       \
    X(in_this_file, "In this archive", "In diesem Archiv")                                          \
    X(left_out, "Too large for one archive; ask for these separately",                              \
      "Zu groß für ein Archiv; bitte gesondert anfordern")                                          \
    X(who_looked, "Who looked", "Wer hineingesehen hat")                                            \
    X(what_you_did, "What you looked at and your sign-ins",                                         \
      "Was Sie angesehen haben und Ihre Anmeldungen")                                               \
    X(only_newest, "Only the newest entries are listed here.",                                      \
      "Hier stehen nur die neuesten Einträge.")                                                     \
    X(history, "Record", "Akte")                                                                    \
    X(account, "Account", "Konto")                                                                  \
    X(login, "Login", "Anmeldename")                                                                \
    X(memberships, "Roles in organisations", "Rollen in Organisationen")                            \
    X(root, "the whole deployment", "die gesamte Einrichtung")                                      \
    X(factors, "Second factors", "Zweite Faktoren")                                                 \
    X(factor_code, "Authenticator app", "Authenticator-App")                                        \
    X(factor_passkey, "Passkey", "Passkey")                                                         \
    X(since, "Since", "Seit")                                                                       \
    X(recovery_codes, "Unused recovery codes", "Unbenutzte Wiederherstellungscodes")                \
    X(sign_ins, "Sign-ins that are open", "Offene Anmeldungen")                                     \
    X(preferences, "Preferences", "Einstellungen")                                                  \
    X(notes, "Private notes", "Private Notizen")                                                    \
    X(worklist, "Worklist", "Arbeitsliste")                                                         \
    X(invitations, "Invitations you made or came by",                                               \
      "Einladungen, die Sie gemacht haben oder durch die Sie gekommen sind")                        \
    X(when, "When", "Wann")                                                                         \
    X(who, "Who", "Wer")                                                                            \
    X(what, "What", "Was")                                                                          \
    X(from_where, "From", "Von wo")                                                                 \
    X(nothing, "Nothing.", "Nichts.")                                                               \
    X(somebody, "somebody", "jemand")                                                               \
    X(the_system, "the system", "das System")                                                       \
    X(refused, "refused", "abgelehnt")                                                              \
    X(emergency, "in an emergency", "im Notfall")

struct export_words {
#define EXPORT_WORD_MEMBER(name, english, german) const char *name;
    EXPORT_WORDS(EXPORT_WORD_MEMBER)
#undef EXPORT_WORD_MEMBER
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
