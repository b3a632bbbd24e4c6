#include "server/export/routes_export.h"

#include "protocol/generated/policy.h"

static void on_case_grant(struct http_exchange *exchange, struct allowance allowed, void *data) {
    struct copy *copy = data;
    (void)exchange;
    if ((allowed.actions & PATIENT_CASE_MAY_EXPORT) == 0) {
        copy_refuse(copy);
    } else if (copy_is_proved(copy)) {
        copy_log(copy, case_copy_gather);
    }
}

static void on_case(struct http_exchange *exchange, void *data) {
    struct copy *copy = copy_begin(data, exchange);
    if (copy == NULL) {
        return;
    }
    if (!http_capture_uuid(exchange, 0, &copy->patient_case)) {
        copy_refuse(copy);
        return;
    }
    http_ask_case_grant(exchange, copy->patient_case, on_case_grant, copy);
}

static void on_own(struct http_exchange *exchange, void *data) {
    struct copy *copy = copy_begin(data, exchange);
    if (copy == NULL) {
        return;
    }
    if ((policy_of_user(1u << ROLE_SELF, 0).actions & USER_MAY_EXPORT) == 0) {
        copy_refuse(copy);
    } else if (copy_is_proved(copy)) {
        copy_log(copy, person_copy_gather);
    }
}

void routes_export_add(struct gateway *gateway, const struct export_desk *desk) {
    static struct export_desk given; /* one gateway in a process */
    static const struct http_route routes[] = {
        {"GET", "/api/cases/:case/export", 0, ROUTE_SIGNED_IN, on_case},
        {"GET", "/api/people/me/export", 0, ROUTE_SIGNED_IN, on_own},
    };
    given = *desk;
    http_add_routes(gateway, routes, sizeof routes / sizeof routes[0], &given);
}
