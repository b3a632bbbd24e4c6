#include "server/service.h"

#include "actors/organisation.h"
#include "server/audit/audit_trail.h"
#include "server/audit/routes_audit.h"
#include "server/backup/backup_watch.h"
#include "server/case_images.h"
#include "server/erasure/keeping.h"
#include "server/export/routes_export.h"
#include "server/gateway/gateway.h"
#include "server/gateway/routes_health.h"
#include "server/identity/identity.h"
#include "server/imaging/imaging_service.h"
#include "server/quarantine.h"
#include "server/store/cluster.h"
#include "server/store/migrate.h"
#include "server/store/postgres.h"
#include "server/system_clock.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DRAIN_LOOK_MS = 50, READY_LOOK_MS = 50, PATH_SPACE = DATA_PATH_MAX + 64 };

enum stage {
    SERVICE_STARTING, /* ends when it listens, or fails */
    SERVICE_RUNNING,  /* ends with service_drain */
    SERVICE_DRAINING, /* ends when sessions and answers are gone, or after SERVICE_DRAIN_MS */
    SERVICE_STOPPING, /* ends with the loop */
};

struct service {
    /* Given */
    uv_loop_t *loop;
    const struct config *config;
    const struct data_folder *folder;
    /* Owned */
    enum stage stage;
    struct host_clock clock;
    struct cluster *cluster;
    struct postgres *postgres;
    struct keeping keeping;
    struct store *store;
    struct audit_trail *audit;
    struct quarantine *quarantine;
    struct backup_watch *backup;
    struct identity *identity;
    struct gateway *gateway;
    struct node *node;
    struct imaging_service *imaging;
    struct case_images case_images;
    struct health health;
    struct metrics metrics;
    char *database_url;
    uv_timer_t timer; /* ready, then drain, then the last resort */
    /* Derived */
    uint64_t drain_by_ms;
    unsigned failed_turns; /* of the loop since the start failed */
    bool ticks;            /* the gateway has the node and gives it its turns */
    int status;
};

/* Stopping, from wherever it stands */

static void on_cluster_stopped(void *data) {
    struct service *service = data;
    service->cluster = NULL;
    uv_close((uv_handle_t *)&service->timer, NULL);
}

static void stop_cluster(struct service *service) {
    if (service->cluster != NULL) {
        cluster_stop(service->cluster, on_cluster_stopped, service);
    } else {
        uv_close((uv_handle_t *)&service->timer, NULL);
    }
}

static void on_backup_stopped(void *data) {
    struct service *service = data;
    service->backup = NULL;
    stop_cluster(service);
}

static void stop_backup(struct service *service) {
    if (service->backup != NULL) {
        backup_watch_stop(service->backup, on_backup_stopped, service);
    } else {
        stop_cluster(service);
    }
}

static void on_postgres_closed(void *data) {
    struct service *service = data;
    service->postgres = NULL;
    stop_backup(service);
}

static void close_postgres(void *data) {
    struct service *service = data;
    service->audit = NULL;
    if (service->postgres != NULL) {
        postgres_close(service->postgres, on_postgres_closed, service);
    } else {
        stop_backup(service);
    }
}

static void on_last_resort(uv_timer_t *timer) {
    (void)timer;
    log_error("service", "not stopped in time: ending now");
    _exit(1);
}

static void close_database(struct service *service) {
    if (service->identity != NULL) {
        identity_stop(service->identity);
    }
    if (service->gateway != NULL) {
        gateway_close(service->gateway);
    }
    if (service->node != NULL) {
        node_destroy(service->node);
        service->node = NULL;
    }
    if (service->store != NULL) {
        store_destroy(service->store);
        service->store = NULL;
    }
    if (service->audit != NULL) {
        audit_trail_stop(service->audit, close_postgres, service);
    } else {
        close_postgres(service);
    }
}

static void on_imaging_closed(void *data) {
    struct service *service = data;
    service->imaging = NULL;
    close_database(service);
}

static void close_imaging(void *data) {
    struct service *service = data;
    case_images_close(&service->case_images, on_imaging_closed, service);
}

static void close_parts(void *data) {
    struct service *service = data;
    keeping_close(&service->keeping, close_imaging, service);
}

static void stop(struct service *service) {
    if (service->stage == SERVICE_STOPPING) {
        return;
    }
    service->stage = SERVICE_STOPPING;
    uv_timer_start(&service->timer, on_last_resort, SERVICE_STOP_MS, 0);
    // Who drains writes what is left, turn by turn of the node; before there are turns nothing is.
    if (service->ticks) {
        store_drain(service->store, close_parts, service);
    } else {
        close_parts(service);
    }
}

static void on_failed(uv_timer_t *timer) {
    if (((struct service *)timer->data)->failed_turns++ > 0) {
        stop(timer->data);
    }
}

/* Once the loop has polled, as it has when the timer is due again: libuv aborts of sockets that
 * libwebsockets opens and closes before. */
static void fail(struct service *service, const char *words) {
    log_error("service", "cannot start: %s", words);
    service->status = 1;
    uv_timer_start(&service->timer, on_failed, 0, 1);
}

/* Draining */

static void on_drain_look(uv_timer_t *timer) {
    struct service *service = timer->data;
    uint32_t busy = gateway_busy_count(service->gateway);
    if (busy > 0 && uv_now(service->loop) < service->drain_by_ms) {
        return;
    }
    if (busy > 0) {
        log_warning("service", "drained as far as time allowed left=%u", busy);
    }
    stop(service);
}

void service_drain(struct service *service) {
    if (service->stage == SERVICE_DRAINING || service->stage == SERVICE_STOPPING) {
        return;
    }
    log_info("service", "draining");
    if (service->stage == SERVICE_STARTING) {
        stop(service);
        return;
    }
    service->stage = SERVICE_DRAINING;
    service->drain_by_ms = uv_now(service->loop) + SERVICE_DRAIN_MS;
    gateway_stop_listening(service->gateway);
    node_drain(service->node, SERVICE_RECONNECT_SPREAD_MS);
    uv_timer_start(&service->timer, on_drain_look, DRAIN_LOOK_MS, DRAIN_LOOK_MS);
}

void service_reload(struct service *service) {
    if (service->gateway == NULL || !gateway_renew_certificate(service->gateway)) {
        service_drain(service); /* the terminal it was started from is gone */
    }
}

/* Starting */

static const char *not_ready(void *data) {
    struct service *service = data;
    if (!store_available(service->store)) {
        return "database";
    }
    return identity_ready(service->identity) ? NULL : "starting";
}

static void on_ready_look(uv_timer_t *timer) {
    struct service *service = timer->data;
    if (service->stage == SERVICE_RUNNING && not_ready(service) == NULL) {
        uv_timer_stop(timer);
        log_info("service", "ready port=%u", gateway_port(service->gateway));
        case_images_catch_up(&service->case_images);
    }
}

static bool start_gateway(struct service *service, const char **ret_message) {
    struct gateway_config gateway = {.loop = service->loop,
                                     .clock = &service->clock,
                                     .authority = identity_authority(service->identity),
                                     .metrics = &service->metrics};
    config_fill_gateway(service->config, &gateway);
    service->gateway = gateway_create(&gateway, ret_message);
    return service->gateway != NULL;
}

static enum quarantined quarantined(void *data, struct uuid stream) {
    return quarantine_holds(((struct service *)data)->quarantine, stream);
}

static bool is_erased(void *data, struct uuid patient_case) {
    return keeping_is_erased(&((struct service *)data)->keeping, patient_case);
}

static void on_erasure_ordered(void *data, struct uuid patient_case) {
    case_images_forget(&((struct service *)data)->case_images, patient_case);
    keeping_ordered(&((struct service *)data)->keeping, patient_case);
}

static void on_acted(void *data, uint64_t sign_in) {
    struct service *service = data;
    identity_used(service->identity, sign_in);
}

static void start_node(struct service *service) {
    struct node_config node = {
        .affiliations = identity_affiliations(service->identity),
        .clock = &service->clock,
        .store = service->store,
        .transport = gateway_transport(service->gateway),
        .witness = audit_trail_witness(service->audit),
        .crash_marker = quarantine_marker(service->quarantine),
        .quarantined = quarantined,
        .is_erased = is_erased,
        .erasure_ordered = on_erasure_ordered,
        .trace = log_enabled(LOG_LEVEL_DEBUG) ? log_trace : NULL,
        .acted = on_acted,
        .data = service,
    };
    service->node = node_create(&node);
    assert(service->node != NULL);
}

static bool start_imaging(struct service *service, const char **ret_message) {
    service->case_images = (struct case_images){.node = service->node,
                                                .clock = &service->clock,
                                                .config = service->config,
                                                .identity = service->identity,
                                                .keeping = &service->keeping};
    service->imaging = case_images_start(&service->case_images, service->loop, service->postgres,
                                         service->keeping.keys, ORGANISATION_TENANT,
                                         service->folder->path, ret_message);
    return service->imaging != NULL;
}

static void on_store_report(void *data, const char *words) {
    (void)data;
    log_warning("store", "%s", words);
}

static void on_audit_report(void *data, const char *words) {
    (void)data;
    log_error("audit", "%s", words);
}

static void on_stream_moved(void *data, const struct stream_head *head) {
    audit_trail_moved(((struct service *)data)->audit, head);
    case_images_moved(&((struct service *)data)->case_images, head);
}

static void on_shards_gained(void *data) {
    audit_trail_look_again(((struct service *)data)->audit);
}

static bool start_audit(struct service *service, const char **ret_message) {
    service->audit = audit_trail_start(
        &(struct audit_trail_config){
            .loop = service->loop,
            .clock = &service->clock,
            .postgres = service->postgres,
            .tenant = ORGANISATION_TENANT,
            .folder = service->folder,
            .key_file = service->config->key_file,
            .anchor = service->config->anchor,
            .report = on_audit_report,
        },
        ret_message);
    return service->audit != NULL;
}

/* What was erased is known: from now on it can be told from what is there. */
static void listen_at_last(void *data) {
    struct service *service = data;
    if (service->stage != SERVICE_STARTING) {
        return;
    }
    service->backup = backup_watch_start(
        &(struct backup_watch_config){.loop = service->loop,
                                      .data_folder = service->folder->path,
                                      .anchor = service->config->anchor,
                                      .key_file = service->config->key_file,
                                      .blobs_only = service->config->database_url != NULL});
    service->health = (struct health){.gateway = service->gateway,
                                      .sources = {&service->metrics, service->node, service->store,
                                                  service->imaging, service->backup},
                                      .not_ready = not_ready,
                                      .data = service};
    routes_health_add(&service->health);
    struct access_log *log = audit_trail_log(service->audit);
    struct affiliations *who = identity_affiliations(service->identity);
    case_images_add_routes(&service->case_images, service->gateway, log);
    routes_audit_add(service->gateway, service->postgres, log, who);
    routes_backup_add(service->gateway, service->backup, who);
    routes_export_add(service->gateway,
                      &(struct export_desk){service->node, service->identity, service->postgres,
                                            log, service->imaging, &service->clock});
    identity_start(service->identity, service->gateway, service->node);
    const char *words = "";
    service->ticks = true;
    if (!gateway_serve(service->gateway, service->node, &words)) {
        fail(service, words);
        return;
    }
    service->stage = SERVICE_RUNNING;
    uv_timer_start(&service->timer, on_ready_look, READY_LOOK_MS, READY_LOOK_MS);
}

static bool begin_keeping(struct service *service, const char **ret_message) {
    return keeping_begin(&service->keeping,
                         &(struct keeping_config){
                             .loop = service->loop,
                             .postgres = service->postgres,
                             .imaging = service->imaging,
                             .node = service->node,
                             .gateway = service->gateway,
                             .affiliations = identity_affiliations(service->identity),
                             .access_log = audit_trail_log(service->audit),
                             .data_folder = service->folder->path,
                             .key_file = service->config->key_file,
                             .tenant = ORGANISATION_TENANT,
                         },
                         listen_at_last, service, ret_message);
}

static void on_migrated(void *data, bool migrated, const char *message) {
    struct service *service = data;
    const char *words = message;
    if (service->stage != SERVICE_STARTING) {
        return;
    }
    if (!migrated || !keeping_open_keys(&service->keeping, service->folder->path,
                                        service->config->key_file, &words)) {
        fail(service, words);
        return;
    }
    service->postgres =
        postgres_create(service->loop, service->database_url, SERVICE_POSTGRES_POOL);
    if (!start_audit(service, &words)) {
        fail(service, words);
        return;
    }
    service->store = store_create(&(struct store_config){
        .database = postgres_database(service->postgres),
        .keys = service->keeping.keys,
        .clock = &service->clock,
        .node = service->folder->node,
        .tenant = ORGANISATION_TENANT,
        .report = on_store_report,
        .moved = on_stream_moved,
        .gained = on_shards_gained,
        .data = service,
    });
    service->identity = identity_create(&(struct identity_config){
        .loop = service->loop,
        .clock = &service->clock,
        .postgres = service->postgres,
        .store = service->store,
        .metrics = &service->metrics,
        .access_log = audit_trail_log(service->audit),
        .data_folder = service->folder->path,
        .version = CONSILIUM_VERSION,
        .second_factor_required = service->config->second_factor_required,
    });
    if (!start_gateway(service, &words)) {
        fail(service, words);
        return;
    }
    start_node(service);
    if (!start_imaging(service, &words) || !begin_keeping(service, &words)) {
        fail(service, words);
    }
}

/* As the owner; what serves afterwards is a role that may do less. */
static void migrate(struct service *service, const char *url, const char *owner_url) {
    service->database_url = strdup(url);
    assert(service->database_url != NULL);
    migrate_start(service->loop, owner_url != NULL ? owner_url : url, on_migrated, service);
}

static void on_cluster_progress(void *data, const char *words) {
    (void)data;
    log_info("database", "%s", words);
}

static void on_cluster_ready(void *data, const char *url) {
    struct service *service = data;
    char app[2 * CLUSTER_PATH_MAX + 128];
    if (service->stage == SERVICE_STARTING) {
        snprintf(app, sizeof(app), "%s" CLUSTER_APP, url);
        migrate(service, app, url);
    }
}

static void on_cluster_failed(void *data, const char *words) {
    fail(data, words);
}

struct service *service_start(uv_loop_t *loop, const struct config *config,
                              const struct data_folder *folder) {
    struct service *service = calloc(1, sizeof(*service));
    assert(service != NULL);
    service->loop = loop;
    service->config = config;
    service->folder = folder;
    service->clock = system_clock();
    uv_timer_init(loop, &service->timer);
    service->timer.data = service;
    char crashes[PATH_SPACE];
    snprintf(crashes, sizeof(crashes), "%s/crashes", folder->path);
    service->quarantine = quarantine_open(crashes);
    if (service->quarantine == NULL) {
        fail(service, "the record of crashes cannot be written to the data folder");
    } else if (config->database_url != NULL) {
        migrate(service, config->database_url, config->database_owner_url);
    } else {
        service->cluster = cluster_start(&(struct cluster_config){.loop = loop,
                                                                  .data_folder = folder->path,
                                                                  .progress = on_cluster_progress,
                                                                  .ready = on_cluster_ready,
                                                                  .failed = on_cluster_failed,
                                                                  .data = service});
    }
    return service;
}

int service_finish(struct service *service) {
    int status = service->status;
    case_images_finish(&service->case_images);
    identity_destroy(service->identity);
    gateway_destroy(service->gateway);
    keys_close(service->keeping.keys);
    quarantine_close(service->quarantine);
    free(service->database_url);
    free(service);
    return status;
}
