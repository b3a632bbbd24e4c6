/* Invitations to an organisation, for who administers it: a link for one person, shown once; those
 * that are out; one called back. */
#include "protocol/generated/policy.h"
#include "server/identity/inviting.h"

static void on_invite_body(struct http_exchange *exchange, struct bytes body, void *data) {
    struct identity *identity = data;
    char text[IDENTITY_BODY_MAX];
    struct json_fields fields;
    struct uuid organisation;
    struct invitation invitation = {.roles = 0};
    if (!administration_path(identity, exchange, ORGANISATION_MAY_ADMINISTER, &organisation) ||
        !errand_read(exchange, body, text, &fields)) {
        return;
    }
    if (!inviting_read(identity, &fields, &invitation) ||
        !administration_read_roles(json_field_text(&fields, "roles"), &invitation.roles) ||
        invitation.roles == 0 || invitation.name.length == 0) {
        http_answer_error(
            exchange, 400, "malformed",
            "Send {\"name\",\"roles\":\"specialist\",\"expiresInMs\"?,\"accessMs\"?}.");
        return;
    }
    struct inviting *inviting = inviting_begin(identity, exchange, &invitation);
    if (inviting != NULL) {
        inviting->link.organisation = organisation;
        inviting_go(inviting);
    }
}

static void on_invite(struct http_exchange *exchange, void *data) {
    http_read_whole(exchange, on_invite_body, data);
}

static void on_list(struct http_exchange *exchange, void *data) {
    struct identity *identity = data;
    struct uuid organisation;
    if (!administration_path(identity, exchange, ORGANISATION_MAY_ADMINISTER, &organisation)) {
        return;
    }
    struct inviting_list *listing = inviting_list_begin(
        identity, exchange, ORGANISATION_INVITATIONS, administration_actor(organisation));
    if (listing != NULL) {
        inviting_list_go(listing);
    }
}

static void on_withdraw(struct http_exchange *exchange, void *data) {
    struct identity *identity = data;
    struct uuid organisation, invitation;
    if (!administration_path(identity, exchange, ORGANISATION_MAY_ADMINISTER, &organisation)) {
        return;
    }
    struct uuid actor = administration_actor(organisation);
    if (!http_capture_uuid(exchange, 1, &invitation) ||
        organisations_find(identity->organisations, actor) == NULL) {
        administration_answer_absent(exchange);
        return;
    }
    struct errand *errand = errand_begin(identity, exchange, sizeof *errand);
    if (errand != NULL) {
        inviting_call_back(errand, actor, invitation);
    }
}

static const struct http_route routes[] = {
    {"GET", "/api/organisations/:organisation/invitations", 0, ROUTE_SIGNED_IN, on_list},
    {"POST", "/api/organisations/:organisation/invitations", INVITATION_BODY_MAX, ROUTE_SIGNED_IN,
     on_invite},
    {"POST", "/api/organisations/:organisation/invitations/:invitation/withdraw", 0,
     ROUTE_SIGNED_IN, on_withdraw},
};

void add_invitation_routes(struct identity *identity) {
    http_add_routes(identity->gateway, routes, sizeof routes / sizeof routes[0], identity);
}
