/*
 * Links to one case, for who may share it, and to named items of one board, for its chair and its
 * coordinator: made, listed, called back. What the asker may is the actor's own grant; to whoever
 * may not it looks as if there were no such case or board. An organisation of the asker's holds
 * the invitation, as it holds those to itself.
 */
#include "protocol/generated/policy.h"
#include "server/identity/inviting.h"

#include <stdlib.h>

struct place {
    const char *list;
    uint8_t kind;
    uint32_t action;
};
static const struct place a_case = {CASE_INVITATIONS, CHANNEL_KIND_PATIENT_CASE,
                                    PATIENT_CASE_MAY_SHARE};
static const struct place a_board = {BOARD_INVITATIONS, CHANNEL_KIND_BOARD, BOARD_MAY_INVITE};

static bool may(const struct errand *errand, const struct place *place, struct grant grant) {
    return !errand->identity->stopping && (grant.actions & place->action) != 0;
}

/* Making one */

static void go_if(struct inviting *inviting, const struct place *place, struct grant grant) {
    if (may(&inviting->errand, place, grant)) {
        inviting_go(inviting);
    } else {
        inviting_refuse(inviting, REFUSAL_NOT_FOUND);
    }
}

static void on_case_grant(void *data, struct grant grant) {
    go_if(data, &a_case, grant);
}

static void on_board_grant(void *data, struct grant grant) {
    go_if(data, &a_board, grant);
}

static void begin(struct identity *identity, struct http_exchange *exchange,
                  const struct invitation *invitation) {
    struct inviting *inviting = inviting_begin(identity, exchange, invitation);
    if (inviting == NULL) {
        return;
    }
    const struct person *person = people_by_id(identity->people, inviting->errand.user);
    bool is_of_one = person != NULL && person->memberships.count > 0;
    bool to_case = uuid_is_zero(invitation->board);
    inviting->link.organisation =
        is_of_one ? person->memberships.items[0].organisation : organisation_root;
    node_ask_grant(identity->node, to_case ? a_case.kind : a_board.kind,
                   to_case ? invitation->patient_case : invitation->board, inviting->errand.user,
                   to_case ? on_case_grant : on_board_grant, inviting);
}

static void on_case_body(struct http_exchange *exchange, struct bytes body, void *data) {
    struct identity *identity = data;
    char text[IDENTITY_BODY_MAX];
    struct json_fields fields;
    struct invitation invitation = {.roles = 0};
    if (!http_capture_uuid(exchange, 0, &invitation.patient_case)) {
        administration_answer_absent(exchange);
        return;
    }
    if (!errand_read(exchange, body, text, &fields)) {
        return;
    }
    bool read = inviting_read(identity, &fields, &invitation) &&
                inviting_read_case_role(json_field_text(&fields, "role"), &invitation.case_role);
    bool to_patient = invitation.case_role == ROLE_PATIENT;
    bool lacks = invitation.access_until == 0 || invitation.name.length == 0;
    if (!read || (lacks && !to_patient)) { /* a guest's access ends */
        http_answer_error(exchange, 400, "malformed",
                          "Send {\"name\",\"role\":\"observer\",\"accessMs\",\"expiresInMs\"?}.");
        return;
    }
    if (to_patient) {
        /* Who that is stands in the case, and goes with it. An organisation keeps no such name. */
        invitation.name = TEXT("");
    }
    begin(identity, exchange, &invitation);
}

static void on_case_invite(struct http_exchange *exchange, void *data) {
    http_read_whole(exchange, on_case_body, data);
}

/* "1 3": numbers of items, each above zero. */
static bool read_items(struct text text, uint32_t space[INVITATION_ITEMS_MAX],
                       struct u32_list *ret) {
    *ret = (struct u32_list){0, space};
    for (uint32_t at = 0; at < text.length; at++) {
        uint32_t number = 0, begin_at = at;
        for (; at < text.length && text.bytes[at] >= '0' && text.bytes[at] <= '9'; at++) {
            if (number > (UINT32_MAX - 9) / 10) {
                return false;
            }
            number = 10 * number + (uint32_t)(text.bytes[at] - '0');
        }
        bool ends = at == text.length || text.bytes[at] == ' ';
        if (!ends || at == begin_at || number == 0 || ret->count == INVITATION_ITEMS_MAX) {
            return false;
        }
        space[ret->count++] = number;
    }
    return ret->count > 0;
}

static void on_board_body(struct http_exchange *exchange, struct bytes body, void *data) {
    struct identity *identity = data;
    char text[IDENTITY_BODY_MAX];
    uint32_t items[INVITATION_ITEMS_MAX];
    struct json_fields fields;
    struct invitation invitation = {.roles = 0};
    if (!http_capture_uuid(exchange, 0, &invitation.board) || uuid_is_zero(invitation.board)) {
        administration_answer_absent(exchange);
        return;
    }
    if (!errand_read(exchange, body, text, &fields)) {
        return;
    }
    if (!inviting_read(identity, &fields, &invitation) || invitation.access_until == 0 ||
        invitation.name.length == 0 ||
        !read_items(json_field_text(&fields, "items"), items, &invitation.items)) {
        http_answer_error(exchange, 400, "malformed",
                          "Send {\"name\",\"items\":\"1 3\",\"accessMs\",\"expiresInMs\"?}.");
        return;
    }
    if (invitation.until > invitation.access_until) {
        invitation.until = invitation.access_until;
    }
    begin(identity, exchange, &invitation);
}

static void on_board_invite(struct http_exchange *exchange, void *data) {
    http_read_whole(exchange, on_board_body, data);
}

/* Those that there are */

static void list_if(struct inviting_list *listing, const struct place *place, struct grant grant) {
    if ((grant.actions & place->action) != 0) {
        inviting_list_go(listing);
    } else {
        inviting_list_refuse(listing);
    }
}

static void on_may_list_case(void *data, struct grant grant) {
    list_if(data, &a_case, grant);
}

static void on_may_list_board(void *data, struct grant grant) {
    list_if(data, &a_board, grant);
}

static void list(struct identity *identity, struct http_exchange *exchange,
                 const struct place *place) {
    struct uuid id, user = http_who(exchange)->user;
    if (!http_capture_uuid(exchange, 0, &id)) {
        administration_answer_absent(exchange);
        return;
    }
    struct inviting_list *listing = inviting_list_begin(identity, exchange, place->list, id);
    if (listing != NULL) {
        node_ask_grant(identity->node, place->kind, id, user,
                       place == &a_case ? on_may_list_case : on_may_list_board, listing);
    }
}

static void on_case_list(struct http_exchange *exchange, void *data) {
    list(data, exchange, &a_case);
}

static void on_board_list(struct http_exchange *exchange, void *data) {
    list(data, exchange, &a_board);
}

/* One called back */

struct calling_back {
    struct errand errand;
    const struct place *place;
    struct uuid invitation;
    char list[ORGANISATION_LIST_NAME_MAX];
};

static void refuse(struct calling_back *calling, enum invitation_standing standing) {
    if (calling->errand.exchange != NULL) {
        invitation_answer(calling->errand.exchange, standing);
    }
    free(calling);
}

/*
 * Whoever came to a case by a link has the access of its own that it gave, which ends as others do.
 * A guest of a board is one by the link, and is none without it.
 */
static void on_row(void *data, enum store_result result, struct uuid owner, struct bytes row) {
    struct calling_back *calling = data;
    struct reader reader = reader_of(row);
    struct invitation invitation;
    struct arena arena;
    if (result != STORE_OK && result != STORE_ABSENT) {
        if (calling->errand.exchange != NULL) {
            errand_answer_away(calling->errand.exchange);
        }
        free(calling);
        return;
    }
    arena_init(&arena, row.length + 1024);
    bool read = result == STORE_OK && invitation_read(&reader, &arena, &invitation);
    arena_finish(&arena);
    if (!read || calling->errand.identity->stopping) {
        refuse(calling, INVITATION_WRONG);
    } else {
        inviting_call_back(&calling->errand, owner, calling->invitation);
    }
}

static void on_may_call_back(void *data, struct grant grant) {
    struct calling_back *calling = data;
    if (!may(&calling->errand, calling->place, grant)) {
        refuse(calling, INVITATION_WRONG);
        return;
    }
    struct bytes key = {sizeof calling->invitation.bytes, calling->invitation.bytes};
    store_list_get(calling->errand.identity->config.store, calling->list, key, on_row, calling);
}

static void call_back(struct identity *identity, struct http_exchange *exchange,
                      const struct place *place) {
    struct uuid id, invitation;
    if (!http_capture_uuid(exchange, 0, &id) || !http_capture_uuid(exchange, 1, &invitation)) {
        administration_answer_absent(exchange);
        return;
    }
    struct calling_back *calling = errand_begin(identity, exchange, sizeof *calling);
    if (calling != NULL) {
        calling->place = place;
        calling->invitation = invitation;
        organisation_list_name(place->list, id, calling->list);
        node_ask_grant(identity->node, place->kind, id, calling->errand.user, on_may_call_back,
                       calling);
    }
}

static void on_case_withdraw(struct http_exchange *exchange, void *data) {
    call_back(data, exchange, &a_case);
}

static void on_board_withdraw(struct http_exchange *exchange, void *data) {
    call_back(data, exchange, &a_board);
}

static const struct http_route routes[] = {
    {"GET", "/api/cases/:case/invitations", 0, ROUTE_SIGNED_IN, on_case_list},
    {"POST", "/api/cases/:case/invitations", INVITATION_BODY_MAX, ROUTE_SIGNED_IN, on_case_invite},
    {"POST", "/api/cases/:case/invitations/:invitation/withdraw", 0, ROUTE_SIGNED_IN,
     on_case_withdraw},
    {"GET", "/api/boards/:board/invitations", 0, ROUTE_SIGNED_IN, on_board_list},
    {"POST", "/api/boards/:board/invitations", INVITATION_BODY_MAX, ROUTE_SIGNED_IN,
     on_board_invite},
    {"POST", "/api/boards/:board/invitations/:invitation/withdraw", 0, ROUTE_SIGNED_IN,
     on_board_withdraw},
};

void add_link_routes(struct identity *identity) {
    http_add_routes(identity->gateway, routes, sizeof routes / sizeof routes[0], identity);
}
