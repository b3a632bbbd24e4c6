/*
 * One request about a case while it is answered: who asks, whether they may, and that it is written
 * down before the first byte leaves. The first member of what a folder's routes keep of a request.
 *
 * begun -> granted -> (logged -> granted again) -> answering -> ended. A client that goes away ends
 * it anywhere: what is under way is let go of, and the exchange is not touched any more.
 */
#ifndef CONSILIUM_GATEWAY_CASE_ASK_H
#define CONSILIUM_GATEWAY_CASE_ASK_H

#include "server/audit/access_log.h"
#include "server/gateway/http.h"
#include "server/imaging/imaging_service.h"

struct case_ask {
    /* Given. */
    struct http_exchange *exchange; // NULL once it is over
    struct access_log *access_log;
    struct uuid patient_case;
    enum access_action action;
    uint32_t actions; // PATIENT_CASE_MAY_..., any of which the asker needs; 0 = to see the clinical
    struct text object;                    // that a refusal names; empty = the case
    bool named;                            // `object` is a word of ours, no UID, and what is read
    void (*let_go)(struct case_ask *ask);  // of what is under way, and of all that is owned
    void (*granted)(struct case_ask *ask); // goes on; again when it had to wait for a record
    /* Derived. */
    bool masked; // the asker is not told who the patient is
    enum access_result result;
    bool logging;
    void (*logged)(struct case_ask *ask);
};

/* `ask` is the beginning of memory of malloc, which is ours from here on. False when it was
 * answered and freed: the path's first capture is no case. */
bool case_ask_begin(struct case_ask *ask);

/* Asks whether the asker may; `granted` if so, otherwise it is answered as what is not there. */
void case_ask_grant(struct case_ask *ask);

/* When the access to this UID stands written already, `covered` at once; otherwise it is written
 * first, and then `logged` goes on: with case_ask_grant, where the right may have ended meanwhile,
 * or with the same, where what is under way is cut then. */
void case_ask_log(struct case_ask *ask, struct text uid, void (*covered)(struct case_ask *ask),
                  void (*logged)(struct case_ask *ask));

/* Everything is said: the exchange goes on without us. Each of these frees the ask. */
void case_ask_end(struct case_ask *ask);
void case_ask_error(struct case_ask *ask, int status, const char *word, const char *message);
void case_ask_unread(struct case_ask *ask, enum imaging_read_result result);
void case_ask_abort(struct case_ask *ask);

#endif
