/* Who looked, of a case, or what somebody looked at: rows of the access log in a copy. */
#include "server/export/copy.h"
#include "server/store/postgres_binary.h"

#include <arpa/inet.h>
#include <stdlib.h>

static const char by_case_sql[] =
    "SELECT at, user_id, action, result, case_id, object, address FROM access_log "
    "WHERE case_id = $1::uuid ORDER BY at DESC LIMIT $2::int";
static const char by_user_sql[] =
    "SELECT at, user_id, action, result, case_id, object, address FROM access_log "
    "WHERE user_id = $1::uuid ORDER BY at DESC LIMIT $2::int";

struct asking {
    struct copy *copy;
    void (*next)(struct copy *copy);
};

static void take_row(struct copy_access *access, const struct postgres_rows *rows, int row) {
    *access = (struct copy_access){
        .at = value_integer(postgres_value(rows, row, 0)),
        .user = value_uuid(postgres_value(rows, row, 1)),
        .action = (uint8_t)value_integer(postgres_value(rows, row, 2)),
        .result = (uint8_t)value_integer(postgres_value(rows, row, 3)),
        .patient_case = value_uuid(postgres_value(rows, row, 4)),
    };
    struct bytes object = value_bytes(postgres_value(rows, row, 5));
    if (object.length <= ACCESS_OBJECT_MAX && object.bytes != NULL) {
        memcpy(access->object, object.bytes, object.length);
    }
    value_fixed(postgres_value(rows, row, 6), access->address, sizeof access->address);
}

static void on_rows(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct asking asking = *(struct asking *)data;
    struct copy *copy = asking.copy;
    free(data);
    if (!copy_came_back(copy)) {
        return;
    }
    int count = result == POSTGRES_OK ? postgres_row_count(rows) : 0;
    copy->more_accesses = count > COPY_ACCESSES_MAX;
    copy->access_count = (uint32_t)(copy->more_accesses ? COPY_ACCESSES_MAX : count);
    copy->accesses = calloc(copy->access_count + 1, sizeof *copy->accesses);
    if (result != POSTGRES_OK || copy->accesses == NULL) {
        copy_answer_away(copy);
        return;
    }
    for (uint32_t i = 0; i < copy->access_count; i++) {
        take_row(&copy->accesses[i], rows, (int)i);
    }
    asking.next(copy);
}

void copy_read_accesses(struct copy *copy, void (*next)(struct copy *copy)) {
    struct asking *asking = malloc(sizeof *asking);
    if (asking == NULL) {
        copy_answer_away(copy);
        return;
    }
    *asking = (struct asking){copy, next};
    bool of_case = !uuid_is_zero(copy->patient_case);
    struct binary_integer limit = binary_integer(COPY_ACCESSES_MAX + 1);
    struct postgres_parameter parameters[] = {
        parameter_uuid(of_case ? &copy->patient_case : &copy->user),
        parameter_int4(&limit),
    };
    copy_wait(copy);
    postgres_query(copy->desk->postgres, of_case ? by_case_sql : by_user_sql, parameters, 2,
                   on_rows, asking);
}

static struct text address_text(const uint8_t address[16], char space[INET6_ADDRSTRLEN]) {
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}; /* RFC 4291 2.5.5.2 */
    bool is_v4 = memcmp(address, mapped, sizeof mapped) == 0;
    space[0] = '\0';
    inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? address + 12 : address, space, INET6_ADDRSTRLEN);
    return (struct text){(uint32_t)strlen(space), space};
}

static const char *result_word(uint8_t result) {
    return result == ACCESS_REFUSED     ? "refused"
           : result == ACCESS_EMERGENCY ? "emergency"
                                        : "allowed";
}

void copy_write_accesses(struct copy *copy) {
    struct json_writer *json = &copy->json;
    json_writer_open_list(json, "accesses");
    for (uint32_t i = 0; i < copy->access_count; i++) {
        const struct copy_access *access = &copy->accesses[i];
        char space[INET6_ADDRSTRLEN];
        json_writer_open(json, NULL);
        json_writer_time(json, "at", access->at);
        json_writer_uuid(json, "user", access->user);
        json_writer_text(json, "userName", identity_name_of(copy->desk->identity, access->user));
        json_writer_word(json, "action", export_action_word(EXPORT_ENGLISH, access->action));
        json_writer_word(json, "result", result_word(access->result));
        json_writer_uuid(json, "case", access->patient_case);
        json_writer_word(json, "object", access->object);
        json_writer_text(json, "address", address_text(access->address, space));
        json_writer_close(json);
    }
    json_writer_close_list(json);
    json_writer_bool(json, "moreAccesses", copy->more_accesses);
}

static void write_row(struct copy *copy, const struct copy_access *access, bool of_case) {
    const struct export_words *words = export_words(copy->language);
    struct page *page = &copy->page;
    char space[INET6_ADDRSTRLEN], what[160];
    const char *how = access->result == ACCESS_REFUSED     ? words->refused
                      : access->result == ACCESS_EMERGENCY ? words->emergency
                                                           : "";
    int length =
        snprintf(what, sizeof what, "%s%s%s", export_action_word(copy->language, access->action),
                 how[0] == '\0' ? "" : ", ", how);
    page_row(page);
    page_cell_time(page, access->at);
    if (of_case) {
        struct text name = identity_name_of(copy->desk->identity, access->user);
        page_cell(page, name.length > 0
                            ? name
                            : (struct text){(uint32_t)strlen(words->somebody), words->somebody});
    }
    page_cell(page, (struct text){(uint32_t)length, what});
    page_cell(page, address_text(access->address, space));
}

void copy_write_accesses_page(struct copy *copy) {
    const struct export_words *words = export_words(copy->language);
    bool of_case = !uuid_is_zero(copy->patient_case);
    const char *const heads_of_case[] = {words->when, words->who, words->what, words->from_where};
    const char *const heads_of_person[] = {words->when, words->what, words->from_where};
    page_section(&copy->page, of_case ? words->who_looked : words->what_you_did);
    if (copy->more_accesses) {
        page_words(&copy->page, words->only_newest);
    }
    page_table(&copy->page, of_case ? heads_of_case : heads_of_person, of_case ? 4 : 3);
    for (uint32_t i = 0; i < copy->access_count; i++) {
        write_row(copy, &copy->accesses[i], of_case);
    }
    page_table_end(&copy->page);
}
