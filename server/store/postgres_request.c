#include "server/store/postgres_request.h"

#include <stdlib.h>
#include <string.h>

struct request *request_create(const struct postgres_statement *statements, size_t count,
                               postgres_done done, void *data) {
    size_t size = sizeof(struct request) + count * sizeof statements[0];
    size_t header = size;
    for (size_t i = 0; i < count; i++)
        size += (size_t)statements[i].count * sizeof(struct postgres_parameter);
    size_t bytes_from = size;
    for (size_t i = 0; i < count; i++) {
        size += strlen(statements[i].sql) + 1;
        for (int j = 0; j < statements[i].count; j++)
            size += (size_t)statements[i].parameters[j].length;
    }
    struct request *request = malloc(size);
    if (request == NULL)
        return NULL;
    *request = (struct request){.done = done, .data = data, .count = count};

    struct postgres_parameter *parameter = (void *)((char *)request + header);
    char *bytes = (char *)request + bytes_from;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(statements[i].sql) + 1;
        memcpy(bytes, statements[i].sql, length);
        request->statements[i] = (struct postgres_statement){
            .sql = bytes, .parameters = parameter, .count = statements[i].count};
        bytes += length;
        for (int j = 0; j < statements[i].count; j++, parameter++) {
            *parameter = statements[i].parameters[j];
            if (parameter->bytes == NULL)
                continue;
            if (parameter->length > 0)
                memcpy(bytes, parameter->bytes, (size_t)parameter->length);
            parameter->bytes = bytes;
            bytes += parameter->length;
        }
    }
    return request;
}

void request_finish(struct request *request, enum postgres_result result,
                    const struct postgres_rows *rows) {
    static const struct postgres_rows none;
    request->done(request->data, result, rows == NULL ? &none : rows);
    free(request);
}

void request_queue_push(struct request_queue *queue, struct request *request) {
    request->next = NULL;
    if (queue->last == NULL)
        queue->first = request;
    else
        queue->last->next = request;
    queue->last = request;
    queue->count++;
}

struct request *request_queue_pop(struct request_queue *queue) {
    struct request *request = queue->first;
    if (request == NULL)
        return NULL;
    queue->first = request->next;
    if (queue->first == NULL)
        queue->last = NULL;
    queue->count--;
    return request;
}

int postgres_row_count(const struct postgres_rows *rows) {
    return rows->result == NULL ? 0 : PQntuples(rows->result);
}

struct postgres_parameter postgres_value(const struct postgres_rows *rows, int row, int column) {
    if (rows->result == NULL || PQgetisnull(rows->result, row, column))
        return (struct postgres_parameter){NULL, 0};
    return (struct postgres_parameter){PQgetvalue(rows->result, row, column),
                                       PQgetlength(rows->result, row, column)};
}

const char *postgres_sqlstate(const struct postgres_rows *rows) {
    return rows->sqlstate;
}
