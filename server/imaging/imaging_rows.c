/*
 * Rows of files that are sealed, written down in groups: while one transaction is in flight the
 * next collects, so that many files share a commit. When a group fails each row goes by itself, and
 * the one that stands in the way stands in its own alone.
 */
#include "server/imaging/imaging_upload_state.h"
#include "server/store/postgres_binary.h"

#define GROUP_MAX 64                     // rows of a transaction
#define GROUP_SIZE_MAX ((size_t)4 << 20) // bytes of them; one alone may have more
#define COLUMNS 15

static const char insert_sql[] =
    "INSERT INTO image_instance (tenant_id, case_id, sop_instance_uid, series_uid,"
    " study_uid, digest, held_for, instance_number, file_size, outline, frames,"
    " identity, metadata, stored_by, patient, held)"
    " VALUES ($1::uuid, $2::uuid, $3::text, $4::text, $5::text, $6::bytea,"
    " $7::smallint, $8::integer, $9::bigint, $10::bytea, $11::bytea, $12::bytea,"
    " $13::bytea, $14::uuid, $15::bytea, $7::smallint <> 0)";

struct row {
    struct binary_integer number, size, held_for;
    struct postgres_parameter parameters[COLUMNS];
};

static void fill(struct row *row, const struct imaging_upload *upload) {
    row->number = binary_integer(upload->instance.instance_number);
    row->size = binary_integer((int64_t)upload->size);
    row->held_for = binary_integer(upload->held_for);
    size_t patient_size = upload->of_another_patient ? sizeof upload->patient : 0;
    const struct postgres_parameter parameters[COLUMNS] = {
        parameter_uuid(&upload->service->config.tenant),
        parameter_uuid(&upload->patient_case),
        parameter_text(upload->instance.sop_instance_uid),
        parameter_text(upload->instance.series_uid),
        parameter_text(upload->instance.study_uid),
        parameter_bytes(upload->digest, sizeof upload->digest),
        parameter_int2(&row->held_for),
        parameter_int4(&row->number),
        parameter_int8(&row->size),
        parameter_bytes(upload->outline.bytes, upload->outline.size),
        parameter_bytes(upload->frames, upload->frames_size),
        parameter_bytes(upload->identity.bytes, upload->identity.size),
        parameter_bytes(upload->metadata.bytes, upload->metadata.size),
        parameter_uuid(&upload->by),
        parameter_bytes(upload->patient, patient_size),
    };
    memcpy(row->parameters, parameters, sizeof parameters);
}

static size_t size_of(const struct imaging_upload *upload) {
    return upload->outline.size + upload->frames_size + upload->identity.size +
           upload->metadata.size;
}

/* The first of those that wait, as many as go together. */
static struct imaging_upload *take_group(struct imaging_rows *rows) {
    struct imaging_upload *first = rows->waiting, *last = first;
    size_t size = size_of(first);
    for (size_t count = 1; count < GROUP_MAX && !first->row_alone && last->next_row; count++) {
        size += size_of(last->next_row);
        if (last->next_row->row_alone || size > GROUP_SIZE_MAX) {
            break;
        }
        last = last->next_row;
    }
    rows->waiting = last->next_row;
    last->next_row = NULL;
    return first;
}

static void send_group(struct imaging_service *service);

/* Back to the front, one by one. */
static void part(struct imaging_rows *rows, struct imaging_upload *group) {
    struct imaging_upload *last = group;
    while (last->next_row) {
        last->row_alone = true;
        last = last->next_row;
    }
    last->row_alone = true;
    last->next_row = rows->waiting;
    rows->last = rows->waiting ? rows->last : last;
    rows->waiting = group;
}

static void on_written(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct imaging_service *service = data;
    struct imaging_upload *group = service->rows.flying;
    bool of_one = result == POSTGRES_FAILED && group->next_row;
    service->rows.flying = NULL;
    if (of_one) {
        part(&service->rows, group);
        group = NULL;
    }
    send_group(service);
    while (group) {
        struct imaging_upload *next = group->next_row;
        upload_row_written(group, result, rows);
        group = next;
    }
    imaging_operation_ended(service);
}

static void send_group(struct imaging_service *service) {
    struct imaging_rows *rows = &service->rows;
    static struct row filled[GROUP_MAX];
    struct postgres_statement statements[GROUP_MAX];
    size_t count = 0;
    if (rows->flying || !rows->waiting) {
        return;
    }
    rows->flying = take_group(rows);
    for (const struct imaging_upload *each = rows->flying; each; each = each->next_row) {
        fill(&filled[count], each);
        statements[count] =
            (struct postgres_statement){insert_sql, filled[count].parameters, COLUMNS};
        count++;
    }
    imaging_operation_began(service);
    postgres_transaction(service->config.postgres, statements, count, on_written, service);
}

void upload_write_row(struct imaging_upload *upload) {
    struct imaging_rows *rows = &upload->service->rows;
    upload->next_row = NULL;
    if (rows->waiting) {
        rows->last->next_row = upload;
    } else {
        rows->waiting = upload;
    }
    rows->last = upload;
    send_group(upload->service);
}
