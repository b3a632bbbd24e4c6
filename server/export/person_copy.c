/* A copy of what is kept of somebody who signs in. */
#include "actors/organisation.h"
#include "protocol/generated/organisation_json.h"
#include "protocol/generated/user_json.h"
#include "server/export/copy.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static struct text text_of(const char *words) {
    return (struct text){(uint32_t)strlen(words), words};
}

static struct text organisation_name(const struct copy *copy, struct uuid organisation) {
    struct text name = identity_organisation_name(copy->desk->identity, organisation);
    bool root = uuid_is_zero(organisation) && name.length == 0;
    return root ? text_of(export_words(copy->language)->root) : name;
}

/* What proves who they are: names and dates, never a secret. */

static void write_factors(struct copy *copy, const struct user_record *record) {
    const struct export_words *words = export_words(copy->language);
    struct json_writer *json = &copy->json;
    page_section(&copy->page, words->factors);
    json_writer_open_list(json, "factors");
    for (uint32_t i = 0; i < record->factors.count; i++) {
        const struct factor *factor = &record->factors.items[i];
        json_writer_open(json, NULL);
        json_writer_uuid(json, "id", factor->id);
        json_writer_word(json, "kind", factor_kind_words[factor->kind]);
        json_writer_text(json, "name", factor->name);
        json_writer_time(json, "madeAt", factor->made_at);
        json_writer_close(json);
        page_fact(&copy->page,
                  factor->kind == FACTOR_KIND_CODE ? words->factor_code : words->factor_passkey,
                  factor->name.length > 0 ? factor->name : text_of("-"));
        page_fact_time(&copy->page, words->since, factor->made_at);
    }
    json_writer_close_list(json);
    json_writer_unsigned(json, "recoveryCodes", record->recovery_codes.count);
    char count[16];
    snprintf(count, sizeof count, "%u", (unsigned)record->recovery_codes.count);
    page_fact_word(&copy->page, words->recovery_codes, count);
}

static const char *address_words(const uint8_t address[16], char space[INET6_ADDRSTRLEN]) {
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}; /* RFC 4291 2.5.5.2 */
    bool is_v4 = memcmp(address, mapped, sizeof mapped) == 0;
    space[0] = '\0';
    inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? address + 12 : address, space, INET6_ADDRSTRLEN);
    return space;
}

static void write_sign_ins(struct copy *copy, const struct person_description *description) {
    const struct export_words *words = export_words(copy->language);
    const char *const heads[] = {words->since, words->what, words->from_where};
    struct json_writer *json = &copy->json;
    page_section(&copy->page, words->sign_ins);
    page_table(&copy->page, heads, 3);
    json_writer_open_list(json, "signIns");
    for (uint32_t i = 0; i < description->sign_in_count; i++) {
        const struct sign_in *sign_in = &description->sign_ins[i];
        struct text browser = browser_word(sign_in->browser), system = system_word(sign_in->system);
        char space[INET6_ADDRSTRLEN], device[80];
        const char *address = address_words(sign_in->address, space);
        json_writer_open(json, NULL);
        json_writer_time(json, "madeAt", sign_in->made_at);
        json_writer_time(json, "usedAt", sign_in->used_at);
        json_writer_text(json, "browser", browser);
        json_writer_text(json, "system", system);
        json_writer_word(json, "address", address);
        json_writer_close(json);
        snprintf(device, sizeof device, "%.*s %.*s", (int)browser.length, browser.bytes,
                 (int)system.length, system.bytes);
        page_row(&copy->page);
        page_cell_time(&copy->page, sign_in->made_at);
        page_cell(&copy->page, text_of(device));
        page_cell(&copy->page, text_of(address));
    }
    json_writer_close_list(json);
    page_table_end(&copy->page);
}

static void write_account(struct copy *copy, const struct user_record *record) {
    const struct export_words *words = export_words(copy->language);
    const struct membership_list *memberships = &record->shown.memberships;
    const char *const heads[] = {words->memberships, words->what, words->until};
    page_begin(&copy->page, copy->language, COPY_DATA_MAX, words->person_title,
               words->person_intro);
    page_fact_time(&copy->page, words->made_at, copy->now);
    page_section(&copy->page, words->account);
    page_fact(&copy->page, words->name, record->shown.name);
    page_fact(&copy->page, words->login, record->shown.login);
    page_table(&copy->page, heads, 3);
    for (uint32_t i = 0; i < memberships->count; i++) {
        char roles[256] = "";
        for (unsigned role = 0; role < ROLE_COUNT; role++) {
            if ((memberships->items[i].roles & 1u << role) != 0) {
                size_t at = strlen(roles);
                snprintf(roles + at, sizeof roles - at, "%s%s", at > 0 ? ", " : "",
                         export_role_word(copy->language, role));
            }
        }
        page_row(&copy->page);
        page_cell(&copy->page, organisation_name(copy, memberships->items[i].organisation));
        page_cell(&copy->page, text_of(roles));
        page_cell_time(&copy->page, memberships->items[i].until);
    }
    page_table_end(&copy->page);
}

static void write_own(struct copy *copy, const struct user_snapshot *own) {
    const struct export_words *words = export_words(copy->language);
    struct page *page = &copy->page;
    const char *const heads[] = {words->since, words->worklist, ""};
    page_section(page, words->worklist);
    page_table(page, heads, 3);
    for (uint32_t i = 0; i < own->entries.count; i++) {
        page_row(page);
        page_cell_time(page, own->entries.items[i].at);
        page_cell(page, own->entries.items[i].title);
        page_cell(page, own->entries.items[i].detail);
    }
    page_table_end(page);
    page_section(page, words->notes);
    for (uint32_t i = 0; i < own->notes.count; i++) {
        page_paragraph(page, own->notes.items[i].text);
    }
    page_section(page, words->preferences);
    for (uint32_t i = 0; i < own->preferences.count; i++) {
        char name[72];
        snprintf(name, sizeof name, "%.*s", (int)own->preferences.items[i].name.length,
                 own->preferences.items[i].name.bytes);
        page_fact(page, name, own->preferences.items[i].value);
    }
}

/* 4 */

static void finish(struct copy *copy) {
    copy_write_accesses(copy);
    copy_write_accesses_page(copy);
    copy_answer(copy, "consilium-my-data.zip");
}

/* 3: invitations of their organisations, those that they made or came by */

static void write_invitation(struct copy *copy, const struct invitation *invitation) {
    struct json_writer *json = &copy->json;
    json_writer_open(json, NULL);
    json_writer_uuid(json, "id", invitation->id);
    json_writer_text(json, "name", invitation->name);
    json_writer_unsigned(json, "roles", invitation->roles);
    json_writer_uuid(json, "case", invitation->patient_case);
    json_writer_time(json, "until", invitation->until);
    json_writer_word(json, "state", invitation_state_words[invitation->state]);
    json_writer_uuid(json, "by", invitation->by);
    json_writer_uuid(json, "takenBy", invitation->taken_by);
    json_writer_close(json);
    page_row(&copy->page);
    page_cell(&copy->page, invitation->name);
    page_cell(&copy->page, identity_name_of(copy->desk->identity, invitation->by));
    page_cell_time(&copy->page, invitation->until);
}

static void next_organisation(struct copy *copy);

static void on_organisation(void *data, struct grant grant) {
    struct copy *copy = data;
    (void)grant; /* what is of them is theirs to see */
    if (!copy_came_back(copy)) {
        return;
    }
    struct uuid organisation = copy->own->memberships.items[copy->organisation_at++].organisation;
    struct encoded shown =
        node_show(copy->desk->node, CHANNEL_KIND_ORGANISATION,
                  identity_organisation_actor(organisation), AUDIENCE_OWN, &copy->arena);
    struct reader reader = reader_of(shown.fields);
    struct organisation_snapshot state;
    if (shown.fields.bytes != NULL && organisation_snapshot_read(&reader, &copy->arena, &state)) {
        for (uint32_t i = 0; i < state.invitations.count; i++) {
            const struct invitation *invitation = &state.invitations.items[i];
            if (uuid_equal(invitation->by, copy->user) ||
                uuid_equal(invitation->taken_by, copy->user)) {
                write_invitation(copy, invitation);
            }
        }
    }
    next_organisation(copy);
}

static void next_organisation(struct copy *copy) {
    if (copy->organisation_at == copy->own->memberships.count) {
        json_writer_close_list(&copy->json);
        page_table_end(&copy->page);
        copy_read_accesses(copy, finish);
        return;
    }
    struct uuid organisation = copy->own->memberships.items[copy->organisation_at].organisation;
    copy_wait(copy);
    node_ask_grant(copy->desk->node, CHANNEL_KIND_ORGANISATION,
                   identity_organisation_actor(organisation), copy->user, on_organisation, copy);
}

static void begin_invitations(struct copy *copy) {
    const struct export_words *words = export_words(copy->language);
    const char *const heads[] = {words->name, words->made_by, words->until};
    page_section(&copy->page, words->invitations);
    page_table(&copy->page, heads, 3);
    json_writer_open_list(&copy->json, "invitations");
    next_organisation(copy);
}

/* 2: the account */

static void on_described(void *data, const struct person_description *description) {
    struct copy *copy = data;
    if (!copy_came_back(copy)) {
        return;
    }
    if (description == NULL) {
        copy_answer_away(copy);
        return;
    }
    copy_write_head(copy, "consilium person");
    json_writer_uuid(&copy->json, "person", copy->user);
    json_writer_open(&copy->json, "state");
    user_snapshot_json_fields(&copy->json, copy->own);
    json_writer_close(&copy->json);
    write_account(copy, description->record);
    write_factors(copy, description->record);
    write_sign_ins(copy, description);
    write_own(copy, copy->own);
    begin_invitations(copy);
}

/* 1: their own stream */

static void on_grant(void *data, struct grant grant) {
    struct copy *copy = data;
    if (!copy_came_back(copy)) {
        return;
    }
    if ((grant.audiences & AUDIENCE_OWN) == 0) {
        copy_refuse(copy);
        return;
    }
    struct encoded shown =
        node_show(copy->desk->node, CHANNEL_KIND_USER, copy->user, AUDIENCE_OWN, &copy->arena);
    struct reader reader = reader_of(shown.fields);
    copy->own = arena_alloc(&copy->arena, sizeof *copy->own);
    if (shown.fields.bytes == NULL || copy->own == NULL ||
        !user_snapshot_read(&reader, &copy->arena, copy->own)) {
        copy_answer_away(copy);
        return;
    }
    copy_wait(copy);
    identity_describe(copy->desk->identity, copy->user, on_described, copy);
}

void person_copy_gather(struct copy *copy) {
    copy_wait(copy);
    node_ask_grant(copy->desk->node, CHANNEL_KIND_USER, copy->user, copy->user, on_grant, copy);
}
