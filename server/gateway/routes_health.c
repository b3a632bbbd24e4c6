#include "server/gateway/routes_health.h"

#include <stdio.h>
#include <stdlib.h>

static void on_health(struct http_exchange *exchange, void *data) {
    (void)data;
    static const char json[] = "{\"alive\":true}";
    http_answer_json(exchange, 200, json, sizeof(json) - 1);
}

static void on_ready(struct http_exchange *exchange, void *data) {
    struct health *health = data;
    const char *reason =
        gateway_draining(health->gateway) ? "draining" : health->not_ready(health->data);
    char json[128];
    int length = reason == NULL ? snprintf(json, sizeof(json), "{\"ready\":true}")
                                : snprintf(json, sizeof(json), "{\"reason\":\"%s\"}", reason);
    http_answer_json(exchange, reason == NULL ? 200 : 503, json, (size_t)length);
}

static void on_metrics(struct http_exchange *exchange, void *data) {
    struct health *health = data;
    char *text = malloc(METRICS_TEXT_MAX);
    if (text == NULL) {
        http_answer_error(exchange, 503, "busy", "No memory just now: try again.");
        return;
    }
    size_t length = metrics_render(&health->sources, text, METRICS_TEXT_MAX);
    http_answer_bytes(exchange, 200, "text/plain; version=0.0.4; charset=utf-8", NULL, 0,
                      (struct bytes){(uint32_t)length, (const uint8_t *)text});
    free(text);
}

static void on_plain_websocket(struct http_exchange *exchange, void *data) {
    (void)data;
    http_answer_error(exchange, 426, "upgrade_required", "This is a WebSocket.");
}

static const struct http_route public_routes[] = {
    {"GET", "/healthz", 0, ROUTE_OPEN, on_health},
    {"GET", "/readyz", 0, ROUTE_OPEN, on_ready},
    {"GET", "/ws", 0, ROUTE_OPEN, on_plain_websocket},
};

static const struct http_route admin_routes[] = {
    {"GET", "/healthz", 0, ROUTE_OPEN, on_health},
    {"GET", "/readyz", 0, ROUTE_OPEN, on_ready},
    {"GET", "/metrics", 0, ROUTE_OPEN, on_metrics},
};

void routes_health_add(struct health *health) {
    http_add_routes(health->gateway, public_routes,
                    sizeof(public_routes) / sizeof(public_routes[0]), health);
    gateway_add_admin_routes(health->gateway, admin_routes,
                             sizeof(admin_routes) / sizeof(admin_routes[0]), health);
}
