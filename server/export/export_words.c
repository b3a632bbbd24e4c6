#include "server/export/export_words.h"

#include "protocol/generated/patient_case.h"
#include "protocol/generated/session.h"
#include "server/audit/access_row.h"

#include <stddef.h>

static const struct export_words english = {
    .case_title = "Copy of a case",
    .case_intro = "Everything that Consilium keeps of this case (GDPR, articles 15 and 20). "
                  "The file data.json beside this page holds the same for machines, and every "
                  "earlier version: each entry of the record with who wrote it and when.",
    .person_title = "Copy of your data",
    .person_intro = "Everything that Consilium keeps of you as somebody who signs in (GDPR, "
                    "articles 15 and 20). The file data.json beside this page holds the same for "
                    "machines. What you wrote in cases and boards belongs to those and their "
                    "patients, and is not repeated here.",
    .made_at = "Made on",
    .made_by = "Made by",
    .patient = "Patient",
    .name = "Name",
    .birth_date = "Born on",
    .sex = "Sex",
    .patient_id = "Patient number",
    .question = "Question",
    .status = "Status",
    .restricted = "Use restricted since",
    .on_hold = "Must be kept since",
    .reason = "Reason",
    .card = "Case card",
    .decisions = "Decisions",
    .revision = "Revision",
    .recorded = "Recorded",
    .signature = "Signature",
    .unsigned_ = "Not signed",
    .signature_holds = "The signature holds: this is what was signed.",
    .signature_broken = "The signature does NOT fit what is written here.",
    .signature_unbound = "Signed before signatures were bound to their text.",
    .addendum = "Addendum",
    .votes = "Votes",
    .tasks = "Tasks",
    .due = "Due",
    .conversation = "Conversation",
    .drawings = "Drawings and measurements",
    .saved_views = "Saved views",
    .consents = "Consents",
    .given = "Given",
    .until = "Until",
    .withdrawn = "Withdrawn",
    .how = "On whose word",
    .wording = "Wording",
    .who_sees = "Who has access",
    .through_board = "through a board",
    .emergencies = "Access in an emergency",
    .images = "Images and documents",
    .other_files = "Other files",
    .unopened = "Neither images nor documents. Nobody opened them here.",
    .in_this_file = "In this archive",
    .how_many = "Files",
    .bytes = "Bytes",
    .left_out = "Too large for one archive; ask for these separately",
    .who_looked = "Who looked",
    .what_you_did = "What you looked at and your sign-ins",
    .only_newest = "Only the newest entries are listed here.",
    .history = "Record",
    .account = "Account",
    .login = "Login",
    .memberships = "Roles in organisations",
    .root = "the whole deployment",
    .factors = "Second factors",
    .factor_code = "Authenticator app",
    .factor_passkey = "Passkey",
    .since = "Since",
    .recovery_codes = "Unused recovery codes",
    .sign_ins = "Sign-ins that are open",
    .preferences = "Preferences",
    .notes = "Private notes",
    .worklist = "Worklist",
    .invitations = "Invitations you made or came by",
    .when = "When",
    .who = "Who",
    .what = "What",
    .from_where = "From",
    .nothing = "Nothing.",
    .somebody = "somebody",
    .the_system = "the system",
    .refused = "refused",
    .emergency = "in an emergency",
};

static const struct export_words german = {
    .case_title = "Kopie eines Falls",
    .case_intro = "Alles, was Consilium zu diesem Fall aufbewahrt (DSGVO, Artikel 15 und 20). "
                  "Die Datei data.json neben dieser Seite enthält dasselbe für Maschinen und "
                  "dazu jede frühere Fassung: jeden Eintrag der Akte mit Urheber und Zeit.",
    .person_title = "Kopie Ihrer Daten",
    .person_intro = "Alles, was Consilium über Sie als angemeldete Person aufbewahrt (DSGVO, "
                    "Artikel 15 und 20). Die Datei data.json neben dieser Seite enthält "
                    "dasselbe für Maschinen. Was Sie in Fällen und Boards geschrieben haben, "
                    "gehört zu diesen und ihren Patienten und steht hier nicht noch einmal.",
    .made_at = "Erstellt am",
    .made_by = "Erstellt von",
    .patient = "Patient",
    .name = "Name",
    .birth_date = "Geboren am",
    .sex = "Geschlecht",
    .patient_id = "Patientennummer",
    .question = "Fragestellung",
    .status = "Stand",
    .restricted = "Verarbeitung eingeschränkt seit",
    .on_hold = "Aufzubewahren seit",
    .reason = "Grund",
    .card = "Fallkarte",
    .decisions = "Entscheidungen",
    .revision = "Fassung",
    .recorded = "Festgehalten",
    .signature = "Unterschrift",
    .unsigned_ = "Nicht unterschrieben",
    .signature_holds = "Die Unterschrift gilt: Das wurde unterschrieben.",
    .signature_broken = "Die Unterschrift passt NICHT zu dem, was hier steht.",
    .signature_unbound = "Unterschrieben, bevor Unterschriften an ihren Text gebunden waren.",
    .addendum = "Nachtrag",
    .votes = "Stimmen",
    .tasks = "Aufgaben",
    .due = "Fällig",
    .conversation = "Gespräch",
    .drawings = "Zeichnungen und Messungen",
    .saved_views = "Gespeicherte Ansichten",
    .consents = "Einwilligungen",
    .given = "Erteilt",
    .until = "Bis",
    .withdrawn = "Widerrufen",
    .how = "Auf wessen Wort",
    .wording = "Wortlaut",
    .who_sees = "Wer Zugang hat",
    .through_board = "über ein Board",
    .emergencies = "Zugriffe im Notfall",
    .images = "Bilder und Dokumente",
    .other_files = "Andere Dateien",
    .unopened = "Weder Bilder noch Dokumente. Niemand hat sie hier geöffnet.",
    .in_this_file = "In diesem Archiv",
    .how_many = "Dateien",
    .bytes = "Byte",
    .left_out = "Zu groß für ein Archiv; bitte gesondert anfordern",
    .who_looked = "Wer hineingesehen hat",
    .what_you_did = "Was Sie angesehen haben und Ihre Anmeldungen",
    .only_newest = "Hier stehen nur die neuesten Einträge.",
    .history = "Akte",
    .account = "Konto",
    .login = "Anmeldename",
    .memberships = "Rollen in Organisationen",
    .root = "die gesamte Einrichtung",
    .factors = "Zweite Faktoren",
    .factor_code = "Authenticator-App",
    .factor_passkey = "Passkey",
    .since = "Seit",
    .recovery_codes = "Unbenutzte Wiederherstellungscodes",
    .sign_ins = "Offene Anmeldungen",
    .preferences = "Einstellungen",
    .notes = "Private Notizen",
    .worklist = "Arbeitsliste",
    .invitations = "Einladungen, die Sie gemacht haben oder durch die Sie gekommen sind",
    .when = "Wann",
    .who = "Wer",
    .what = "Was",
    .from_where = "Von wo",
    .nothing = "Nichts.",
    .somebody = "jemand",
    .the_system = "das System",
    .refused = "abgelehnt",
    .emergency = "im Notfall",
};

const struct export_words *export_words(enum export_language language) {
    return language == EXPORT_GERMAN ? &german : &english;
}

struct pair {
    const char *words[EXPORT_LANGUAGES];
};

static const char *word_of(const struct pair *pairs, size_t count, enum export_language language,
                           unsigned number) {
    const char *word = number < count ? pairs[number].words[language] : NULL;
    return word == NULL ? "" : word;
}
#define WORD(pairs, language, number)                                                              \
    word_of(pairs, sizeof pairs / sizeof pairs[0], language, number)

const char *export_status_word(enum export_language language, unsigned status) {
    static const struct pair pairs[] = {
        [CASE_STATUS_OPENED] = {{"opened", "angelegt"}},
        [CASE_STATUS_SCHEDULED] = {{"scheduled", "eingeplant"}},
        [CASE_STATUS_IN_DISCUSSION] = {{"in discussion", "wird besprochen"}},
        [CASE_STATUS_DISCUSSED] = {{"discussed", "besprochen"}},
        [CASE_STATUS_DEFERRED] = {{"deferred", "vertagt"}},
    };
    return WORD(pairs, language, status);
}

const char *export_topic_word(enum export_language language, unsigned topic) {
    static const struct pair pairs[] = {
        [CARD_TOPIC_QUESTION] = {{"Question", "Fragestellung"}},
        [CARD_TOPIC_DIAGNOSIS] = {{"Diagnosis", "Diagnose"}},
        [CARD_TOPIC_TUMOR_STAGE] = {{"Stage", "Stadium"}},
        [CARD_TOPIC_HISTORY] = {{"History", "Vorgeschichte"}},
        [CARD_TOPIC_PERFORMANCE_STATUS] = {{"Performance status", "Allgemeinzustand"}},
        [CARD_TOPIC_COMORBIDITIES] = {{"Comorbidities", "Begleiterkrankungen"}},
        [CARD_TOPIC_TREATMENT] = {{"Treatment so far", "Bisherige Behandlung"}},
        [CARD_TOPIC_PATHOLOGY] = {{"Pathology", "Pathologie"}},
        [CARD_TOPIC_RESULTS] = {{"Results", "Befunde"}},
        [CARD_TOPIC_PREFERENCE] = {{"What the patient wants", "Wunsch des Patienten"}},
        [CARD_TOPIC_GUIDELINE] = {{"Guideline", "Leitlinie"}},
        [CARD_TOPIC_IMAGES] = {{"Images", "Bilder"}},
    };
    return WORD(pairs, language, topic);
}

const char *export_role_word(enum export_language language, unsigned role) {
    static const struct pair pairs[] = {
        [ROLE_CHAIR] = {{"chair", "Leitung"}},
        [ROLE_COORDINATOR] = {{"coordinator", "Koordination"}},
        [ROLE_MEMBER] = {{"member", "Mitglied"}},
        [ROLE_OBSERVER] = {{"observer", "beobachtend"}},
        [ROLE_REFERRER] = {{"referrer", "zuweisend"}},
        [ROLE_ADMINISTRATOR] = {{"administrator", "Verwaltung"}},
        [ROLE_GUEST] = {{"guest", "Gast"}},
        [ROLE_DISPLAY] = {{"screen", "Bildschirm"}},
        [ROLE_PATIENT] = {{"patient", "Patient"}},
        [ROLE_PROXY] = {{"acts for the patient", "handelt für den Patienten"}},
        [ROLE_SPECIALIST] = {{"specialist", "Fachärztin, Facharzt"}},
        [ROLE_NURSE_NAVIGATOR] = {{"nurse navigator", "Pflegelotse"}},
        [ROLE_PRIVACY_OFFICER] = {{"privacy officer", "Datenschutz"}},
        [ROLE_EMERGENCY] = {{"in an emergency", "im Notfall"}},
    };
    return WORD(pairs, language, role);
}

const char *export_task_word(enum export_language language, unsigned state) {
    static const struct pair pairs[] = {
        [TASK_STATE_OPEN] = {{"open", "offen"}},
        [TASK_STATE_DONE] = {{"done", "erledigt"}},
        [TASK_STATE_REFUSED] = {{"will not be done", "wird nicht erledigt"}},
    };
    return WORD(pairs, language, state);
}

const char *export_vote_word(enum export_language language, unsigned choice) {
    static const struct pair pairs[] = {
        [VOTE_CHOICE_AGREE] = {{"agrees", "stimmt zu"}},
        [VOTE_CHOICE_DISSENT] = {{"dissents", "stimmt dagegen"}},
        [VOTE_CHOICE_ABSTAIN] = {{"abstains", "enthält sich"}},
    };
    return WORD(pairs, language, choice);
}

const char *export_action_word(enum export_language language, unsigned action) {
    static const struct pair pairs[] = {
        [ACCESS_SIGN_IN] = {{"signed in", "angemeldet"}},
        [ACCESS_SIGN_OUT] = {{"signed out", "abgemeldet"}},
        [ACCESS_CASE] = {{"the case", "der Fall"}},
        [ACCESS_IMAGES] = {{"images", "Bilder"}},
        [ACCESS_DOCUMENT] = {{"a document", "ein Dokument"}},
        [ACCESS_UPLOAD] = {{"an upload", "ein Hochladen"}},
        [ACCESS_LOG] = {{"the record of who looked", "das Protokoll der Zugriffe"}},
        [ACCESS_FACTOR] = {{"the account's factors", "Faktoren des Kontos"}},
        [ACCESS_STEP_UP] = {{"opened a signing window", "Unterschriftenfenster geöffnet"}},
        [ACCESS_SIGNATURE] = {{"proved who they are for a signature",
                               "für eine Unterschrift ausgewiesen"}},
        [ACCESS_PASSKEY_COPY] = {{"a passkey that may have been copied",
                                  "ein womöglich kopierter Passkey"}},
        [ACCESS_BREAK_GLASS] = {{"access in an emergency", "Zugriff im Notfall"}},
        [ACCESS_DISPLAY] = {{"a screen in the hall", "ein Bildschirm im Saal"}},
        [ACCESS_SIGNED_OTHER_OUT] = {{"ended somebody's sign-in", "Anmeldung anderer beendet"}},
        [ACCESS_KEYS] = {{"the keys", "die Schlüssel"}},
        [ACCESS_EXPORT] = {{"a copy of everything", "eine Kopie von allem"}},
        [ACCESS_ARCHIVE_SEARCH] = {{"a search in another archive",
                                    "eine Suche in einem anderen Archiv"}},
        [ACCESS_ARCHIVE_FETCH] = {{"a study fetched from another archive",
                                   "eine Studie aus einem anderen Archiv geholt"}},
    };
    return WORD(pairs, language, action);
}

const char *export_event_word(enum export_language language, uint8_t tag) {
    static const struct pair pairs[] = {
        [PATIENT_CASE_CASE_CREATED] = {{"case made", "Fall angelegt"}},
        [PATIENT_CASE_MESSAGE_POSTED] = {{"message", "Nachricht"}},
        [PATIENT_CASE_ANNOTATION_ADDED] = {{"drawing", "Zeichnung"}},
        [PATIENT_CASE_ANNOTATION_REMOVED] = {{"drawing removed", "Zeichnung entfernt"}},
        [PATIENT_CASE_ANNOTATION_LABELLED] = {{"drawing labelled", "Zeichnung beschriftet"}},
        [PATIENT_CASE_SERIES_LINKED] = {{"series linked", "Serien verknüpft"}},
        [PATIENT_CASE_SERIES_UNLINKED] = {{"series unlinked", "Verknüpfung von Serien gelöst"}},
        [PATIENT_CASE_VIEW_SAVED] = {{"view saved", "Ansicht gespeichert"}},
        [PATIENT_CASE_VIEW_REMOVED] = {{"view removed", "Ansicht entfernt"}},
        [PATIENT_CASE_VIEW_MOVED] = {{"view moved", "Ansicht verschoben"}},
        [PATIENT_CASE_ACCESS_GRANTED] = {{"access given", "Zugang gegeben"}},
        [PATIENT_CASE_ACCESS_REVOKED] = {{"access taken back", "Zugang entzogen"}},
        [PATIENT_CASE_LISTED_ON_BOARD] = {{"on a board's agenda", "auf der Liste eines Boards"}},
        [PATIENT_CASE_UNLISTED_FROM_BOARD] = {{"taken off a board's agenda",
                                               "von der Liste eines Boards genommen"}},
        [PATIENT_CASE_STATUS_CHANGED] = {{"status changed", "Stand geändert"}},
        [PATIENT_CASE_IMAGES_ADDED] = {{"images added", "Bilder hinzugefügt"}},
        [PATIENT_CASE_CARD_SET] = {{"card changed", "Fallkarte geändert"}},
        [PATIENT_CASE_KEY_IMAGE_MARKED] = {{"key image", "Schlüsselbild"}},
        [PATIENT_CASE_KEY_IMAGE_UNMARKED] = {{"key image removed", "Schlüsselbild entfernt"}},
        [PATIENT_CASE_DECISION_RECORDED] = {{"decision recorded", "Entscheidung festgehalten"}},
        [PATIENT_CASE_DECISION_SIGNED] = {{"decision signed", "Entscheidung unterschrieben"}},
        [PATIENT_CASE_VOTE_CAST] = {{"vote", "Stimme"}},
        [PATIENT_CASE_TASK_CLOSED] = {{"task changed", "Aufgabe geändert"}},
        [PATIENT_CASE_FOLLOWING_RECORDED] = {{"what became of it", "was daraus wurde"}},
        [PATIENT_CASE_SEALED_FOR_BOARD] = {{"meeting closed for this case",
                                            "Sitzung für diesen Fall geschlossen"}},
        [PATIENT_CASE_DISCUSSED] = {{"discussed", "besprochen"}},
        [PATIENT_CASE_TASK_CAME_DUE] = {{"task came due", "Aufgabe fällig"}},
        [PATIENT_CASE_OPENED_FOR_BOARD] = {{"opened by a board", "von einem Board geöffnet"}},
        [PATIENT_CASE_HOLD_PLACED] = {{"must be kept from now on", "ab jetzt aufzubewahren"}},
        [PATIENT_CASE_HOLD_LIFTED] = {{"need not be kept any more", "nicht mehr aufzubewahren"}},
        [PATIENT_CASE_CONSENT_GIVEN] = {{"consent given", "Einwilligung erteilt"}},
        [PATIENT_CASE_CONSENT_WITHDRAWN] = {{"consent withdrawn", "Einwilligung widerrufen"}},
        [PATIENT_CASE_GLASS_BROKEN] = {{"access in an emergency", "Zugriff im Notfall"}},
        [PATIENT_CASE_USE_RESTRICTED] = {{"use restricted", "Verarbeitung eingeschränkt"}},
        [PATIENT_CASE_RESTRICTION_LIFTED] = {{"restriction lifted", "Einschränkung aufgehoben"}},
        [PATIENT_CASE_ACCESS_ENDED] = {{"access ended", "Zugang abgelaufen"}},
        [PATIENT_CASE_CONSENT_ENDED] = {{"consent ended", "Einwilligung abgelaufen"}},
        [PATIENT_CASE_ADDENDUM_ADDED] = {{"addendum", "Nachtrag"}},
    };
    return WORD(pairs, language, tag);
}
