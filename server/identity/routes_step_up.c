/*
 * Signing (21 CFR 11.200): a window is opened for one board by everything the account has, which
 * may be that of its first signature, too; each one after that takes one thing. The window belongs
 * to this sign-in alone and ends with it.
 */
#include "server/identity/identity_state.h"
#include "server/identity/proof.h"
#include "server/uuid_text.h"

#include <openssl/crypto.h>
#include <stdlib.h>

enum { STEP_UP_S = 4 * 3600, SIGNATURE_S = 60, ANSWER_MAX = 256 };

struct stepping {
    struct errand errand;
    struct uuid board; /* zero = a case outside of any */
    int64_t until;
    bool signs;     /* the proof is also that of the first signature */
    uint8_t factor; /* enum proof_factor */
};

static void arm(const struct stepping *stepping, struct uuid board) {
    struct identity *identity = stepping->errand.identity;
    node_arm_signature(identity->node, stepping->errand.sign_in, board, stepping->factor,
                       identity_now(identity) + (int64_t)SIGNATURE_S * 1000000);
}

/* Opening the window */

static void write_window(struct errand *errand, struct json *json) {
    const struct stepping *stepping = (const struct stepping *)errand;
    if (stepping->signs) {
        errand_note(errand, ACCESS_SIGNATURE, ACCESS_ALLOWED);
        arm(stepping, stepping->board);
    }
    json_uuid(json, "board", stepping->board);
    json_number(json, "signsUntil", stepping->until / 1000);
}

static void answer_wrong(struct stepping *stepping, enum access_action action,
                         const struct proof *proof) {
    struct errand *errand = &stepping->errand;
    if (proof->outcome == PROOF_WRONG) {
        errand_note(errand, action, ACCESS_REFUSED);
    }
    if (errand->exchange != NULL && proof->outcome == PROOF_LACKS_FACTOR) {
        http_answer_error(errand->exchange, 403, "factor_needed", "Give a code or a passkey, too.");
    } else if (errand->exchange != NULL) {
        proof_answer(errand->exchange, proof, "wrong_proof", "That is not right.");
    }
    free(stepping);
}

static void on_stepped_up(void *data, const struct proof *proof) {
    struct stepping *stepping = data;
    struct errand *errand = &stepping->errand;
    struct identity *identity = errand->identity;
    const struct sign_in *sign_in = sign_ins_by_number(identity->sign_ins, errand->sign_in);
    if (proof->outcome != PROOF_RIGHT || sign_in == NULL) {
        answer_wrong(stepping, ACCESS_STEP_UP, proof);
        return;
    }
    errand_note(errand, ACCESS_STEP_UP, ACCESS_ALLOWED);
    struct sign_in changed = *sign_in;
    stepping->factor = proof->factor;
    stepping->until = identity_now(identity) + (int64_t)STEP_UP_S * 1000000;
    changed.board = stepping->board;
    changed.signs_until = stepping->until;
    sign_in_renew(errand, &changed, false, write_window, errand_free);
}

/* The fields wait for the board's word. */
struct asking {
    struct stepping *stepping;
    char text[IDENTITY_BODY_MAX];
    struct json_fields fields;
};

static void on_grant(void *data, struct grant grant) {
    struct asking *asking = data;
    struct stepping *stepping = asking->stepping;
    struct errand *errand = &stepping->errand;
    if (errand->exchange == NULL) {
        free(stepping);
    } else if (grant.audiences == 0) {
        http_answer_error(errand->exchange, 404, "not_found", "There is no such board.");
        free(stepping);
    } else {
        struct proof_wish wish = {.need = NEED_BOTH, .user = errand->user};
        prove(errand->identity, errand->exchange, &wish, &asking->fields, on_stepped_up, stepping);
    }
    OPENSSL_cleanse(asking, sizeof *asking);
    free(asking);
}

static void ask_board(struct asking *asking) {
    struct stepping *stepping = asking->stepping;
    struct text board = json_field_text(&asking->fields, "board");
    stepping->signs = json_field_true(&asking->fields, "sign");
    if (board.length > 0 && !uuid_of_text(board, &stepping->board)) {
        http_answer_error(stepping->errand.exchange, 400, "malformed", "Which board is that?");
        free(stepping);
        free(asking);
    } else if (uuid_is_zero(stepping->board)) {
        on_grant(asking, (struct grant){.audiences = AUDIENCE_CLINICAL});
    } else {
        node_ask_grant(stepping->errand.identity->node, CHANNEL_KIND_BOARD, stepping->board,
                       stepping->errand.user, on_grant, asking);
    }
}

static void on_step_up_body(struct http_exchange *exchange, struct bytes body, void *data) {
    struct asking *asking = calloc(1, sizeof *asking);
    if (asking == NULL) {
        http_answer_error(exchange, 503, "busy", "No memory just now: try again.");
        return;
    }
    if (!errand_read(exchange, body, asking->text, &asking->fields)) {
        free(asking);
        return;
    }
    asking->stepping = errand_begin(data, exchange, sizeof *asking->stepping);
    if (asking->stepping == NULL) {
        free(asking);
        return;
    }
    ask_board(asking);
}

/* One signature */

static void on_signer_proved(void *data, const struct proof *proof) {
    struct stepping *stepping = data;
    struct errand *errand = &stepping->errand;
    struct identity *identity = errand->identity;
    const struct sign_in *sign_in = sign_ins_by_number(identity->sign_ins, errand->sign_in);
    int64_t now = identity_now(identity);
    bool open = sign_in != NULL && sign_in->signs_until > now;
    if (proof->outcome != PROOF_RIGHT || !open) {
        answer_wrong(stepping, ACCESS_SIGNATURE, proof);
        return;
    }
    errand_note(errand, ACCESS_SIGNATURE, ACCESS_ALLOWED);
    stepping->factor = proof->factor;
    arm(stepping, sign_in->board);
    if (errand->exchange != NULL) {
        char text[ANSWER_MAX];
        struct json json;
        json_begin(&json, text, sizeof text);
        json_open(&json, NULL);
        json_uuid(&json, "board", sign_in->board);
        json_number(&json, "expiresInMs", (int64_t)SIGNATURE_S * 1000);
        json_close(&json);
        http_answer_json(errand->exchange, 200, text, json_end(&json));
    }
    free(stepping);
}

static void on_prove_body(struct http_exchange *exchange, struct bytes body, void *data) {
    struct identity *identity = data;
    char text[IDENTITY_BODY_MAX];
    struct json_fields fields;
    if (!errand_read(exchange, body, text, &fields)) {
        return;
    }
    const struct sign_in *sign_in =
        sign_ins_by_number(identity->sign_ins, http_who(exchange)->sign_in);
    if (sign_in == NULL || sign_in->signs_until <= identity_now(identity)) {
        http_answer_error(exchange, 403, "step_up_needed", "Open a window for signing first.");
        return;
    }
    struct stepping *stepping = errand_begin(identity, exchange, sizeof *stepping);
    if (stepping != NULL) {
        struct proof_wish wish = {.need = NEED_ONE, .user = stepping->errand.user};
        prove(identity, exchange, &wish, &fields, on_signer_proved, stepping);
    }
    OPENSSL_cleanse(text, sizeof text);
}

static void on_step_up(struct http_exchange *exchange, void *data) {
    http_read_whole(exchange, on_step_up_body, data);
}

static void on_prove(struct http_exchange *exchange, void *data) {
    http_read_whole(exchange, on_prove_body, data);
}

static const struct http_route routes[] = {
    {"POST", "/api/step_up", IDENTITY_BODY_MAX, ROUTE_SIGNED_IN, on_step_up},
    {"POST", "/api/prove", IDENTITY_BODY_MAX, ROUTE_SIGNED_IN, on_prove},
};

void add_step_up_routes(struct identity *identity) {
    http_add_routes(identity->gateway, routes, sizeof(routes) / sizeof(routes[0]), identity);
}
