/* Listing and exporting: what older copies of the database need once a rotation is done. */
#include "server/store/rotation_state.h"

#include <string.h>

static const char list_sql[] =
    "SELECT generation, wrapped FROM tenant_key WHERE tenant_id = $1::uuid ORDER BY generation";

static void on_listed(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct rotation *rotation = data;
    struct keys *keys = rotation->config.keys;
    if (rotation_came_back(rotation))
        return;
    const char *folder = keys_folder(keys);
    bool well = result == POSTGRES_OK && postgres_row_count(rows) <= GENERATIONS_MAX &&
                (!rotation->kek || keys_make_next_kek(keys)) && folder != NULL &&
                key_export_begin(&rotation->export, folder);
    rotation->tenant_count = 0;
    for (int row = 0; well && row < postgres_row_count(rows); row++) {
        struct tenant_key_row *tenant = &rotation->tenants[rotation->tenant_count++];
        tenant->tenant = rotation->config.tenant;
        tenant->generation = (uint32_t)value_integer(postgres_value(rows, row, 0));
        well = value_fixed(postgres_value(rows, row, 1), tenant->wrapped, WRAPPED_KEY_BYTES) &&
               (!rotation->kek ||
                keys_wrap_by_next_kek(keys, tenant->tenant, tenant->generation, tenant->wrapped));
        if (well && tenant->generation == rotation->fresh)
            key_export_tenant(&rotation->export, tenant);
    }
    if (!well && result == POSTGRES_OK) {
        rotation_report_once(rotation,
                             "the folder of keys cannot be written to: the older generations stay");
        key_export_abort(&rotation->export);
    }
    rotation->after = (struct uuid){{0}};
    if (well)
        rotation_go_on(rotation, ROTATION_EXPORTING);
    else
        rotation_try_again(rotation);
}

void rotation_list(struct rotation *rotation) {
    struct postgres_parameter tenant = parameter_uuid(&rotation->config.tenant);
    rotation_ask(rotation, list_sql, &tenant, 1, on_listed);
}

static void on_export_page(void *data, enum postgres_result result,
                           const struct postgres_rows *rows) {
    struct rotation *rotation = data;
    if (rotation_came_back(rotation))
        return;
    if (result != POSTGRES_OK) {
        rotation_try_again(rotation);
        return;
    }
    int count = postgres_row_count(rows);
    for (int row = 0; row < count; row++) {
        struct stream_key_row stream = {.tenant = rotation->config.tenant,
                                        .stream = value_uuid(postgres_value(rows, row, 0)),
                                        .generation =
                                            (uint32_t)value_integer(postgres_value(rows, row, 1))};
        if (value_fixed(postgres_value(rows, row, 2), stream.wrapped, sizeof stream.wrapped))
            key_export_stream(&rotation->export, &stream);
        rotation->after = stream.stream;
    }
    if (count > 0) {
        rotation_take_step(rotation);
    } else if (key_export_end(&rotation->export)) {
        rotation_go_on(rotation, rotation->kek ? ROTATION_EXCHANGING : ROTATION_DESTROYING);
    } else {
        rotation_report_once(rotation,
                             "the folder of keys cannot be written to: the older generations stay");
        rotation->step = ROTATION_LISTING;
        rotation_try_again(rotation);
    }
}

void rotation_export_page(struct rotation *rotation) {
    rotation_ask_page(rotation, INT32_MAX, on_export_page);
}
