/* The readable copy of a case. */
#include "actors/patient_case.h"
#include "protocol/generated/stage_json.h"
#include "server/export/copy.h"

#include <stdio.h>
#include <string.h>

enum { LINE_MAX_BYTES = 512 };

static struct text text_of(const char *words) {
    return (struct text){(uint32_t)strlen(words), words};
}

/* Of members first: what they were called in this case. */
static struct text name_of(const struct copy *copy, struct uuid user) {
    const struct export_words *words = export_words(copy->language);
    if (uuid_is_zero(user)) {
        return text_of(words->the_system);
    }
    const struct case_member *member = case_member_in(&copy->snapshot->members, user);
    if (member != NULL && member->name.length > 0) {
        return member->name;
    }
    struct text name = identity_name_of(copy->desk->identity, user);
    return name.length > 0 ? name : text_of(words->somebody);
}

static void write_patient(struct copy *copy) {
    const struct export_words *words = export_words(copy->language);
    const struct case_snapshot *state = copy->snapshot;
    struct page *page = &copy->page;
    page_fact_time(page, words->made_at, copy->now);
    page_fact(page, words->made_by, name_of(copy, copy->user));
    page_section(page, words->patient);
    page_fact(page, words->name, state->subject.name);
    page_fact(page, words->birth_date, state->subject.birth_date);
    page_fact(page, words->sex, state->subject.sex);
    page_fact(page, words->patient_id, state->subject.patient_id);
    page_fact(page, words->question, state->title);
    page_fact_word(page, words->status, export_status_word(copy->language, state->status));
    page_fact_time(page, words->since, state->status_at);
    if (state->has_restriction) {
        page_fact_time(page, words->restricted, state->restriction.at);
        page_fact(page, words->reason, state->restriction.reason);
    }
    if (state->has_hold) {
        page_fact_time(page, words->on_hold, state->hold.at);
        page_fact(page, words->reason, state->hold.reason);
    }
}

static void write_card(struct copy *copy) {
    struct page *page = &copy->page;
    page_section(page, export_words(copy->language)->card);
    for (uint32_t i = 0; i < copy->snapshot->card.count; i++) {
        const struct card_entry *entry = &copy->snapshot->card.items[i];
        if (entry->text.length > 0) {
            page_heading(page, export_topic_word(copy->language, entry->topic));
            page_paragraph(page, entry->text);
        }
    }
}

static void write_task(struct copy *copy, const struct task *task) {
    page_row(&copy->page);
    page_cell(&copy->page, task->text);
    page_cell(&copy->page, task->owner_name);
    page_cell_time(&copy->page, task->due_at);
    page_cell(&copy->page, text_of(export_task_word(copy->language, task->state)));
    page_cell(&copy->page, task->reason);
}

static void write_signature(struct copy *copy, const struct patient_case *the_case,
                            const struct decision *decision) {
    const struct export_words *words = export_words(copy->language);
    struct page *page = &copy->page;
    if (decision->signed_at == 0) {
        page_fact_word(page, words->signature, words->unsigned_);
        return;
    }
    page_fact(page, words->signature, decision->signed_name);
    page_fact_time(page, words->when, decision->signed_at);
    page_words(page, !decision->has_signature ? words->signature_unbound
                     : case_decision_is_sound(the_case, decision, &copy->arena)
                         ? words->signature_holds
                         : words->signature_broken);
    for (uint32_t i = 0; i < decision->addenda.count; i++) {
        const struct addendum *addendum = &decision->addenda.items[i];
        page_fact(page, words->addendum, addendum->signature.name);
        page_fact_time(page, words->when, addendum->signature.at);
        page_paragraph(page, addendum->text);
        page_words(page, case_addendum_is_sound(the_case, decision, addendum, &copy->arena)
                             ? words->signature_holds
                             : words->signature_broken);
    }
}

static void write_decision(struct copy *copy, const struct patient_case *the_case,
                           const struct decision *decision) {
    const struct export_words *words = export_words(copy->language);
    struct page *page = &copy->page;
    char title[64];
    snprintf(title, sizeof title, "%s %u", words->revision, (unsigned)decision->revision);
    page_heading(page, title);
    page_fact(page, words->recorded, name_of(copy, decision->by));
    page_fact_time(page, words->when, decision->at);
    for (uint32_t i = 0; i < decision->fields.count; i++) {
        const struct field_value *field = &decision->fields.items[i];
        char label[80];
        snprintf(label, sizeof label, "%.*s", (int)field->key.length, field->key.bytes);
        page_fact(page, label, field->value);
    }
    write_signature(copy, the_case, decision);
    for (uint32_t i = 0; i < decision->votes.count; i++) {
        const struct vote *vote = &decision->votes.items[i];
        char line[LINE_MAX_BYTES];
        snprintf(line, sizeof line, "%.*s: %s", (int)vote->name.length, vote->name.bytes,
                 export_vote_word(copy->language, vote->choice));
        page_fact(page, words->votes, text_of(line));
        page_fact(page, words->reason, vote->reason);
    }
}

static void write_decisions(struct copy *copy) {
    const struct export_words *words = export_words(copy->language);
    struct patient_case the_case = {.actor = {.id = copy->patient_case},
                                    .created = true,
                                    .tasks = copy->snapshot->tasks,
                                    .decisions = copy->snapshot->decisions};
    page_section(&copy->page, words->decisions);
    if (the_case.decisions.count == 0) {
        page_words(&copy->page, words->nothing);
    }
    for (uint32_t i = 0; i < the_case.decisions.count; i++) {
        write_decision(copy, &the_case, &the_case.decisions.items[i]);
    }
    if (the_case.tasks.count == 0) {
        return;
    }
    const char *const heads[] = {words->what, words->who, words->due, words->status, words->reason};
    page_section(&copy->page, words->tasks);
    page_table(&copy->page, heads, 5);
    for (uint32_t i = 0; i < the_case.tasks.count; i++) {
        write_task(copy, &the_case.tasks.items[i]);
    }
    page_table_end(&copy->page);
}

static void write_row_said(struct copy *copy, int64_t at, struct uuid by, struct text what) {
    page_row(&copy->page);
    page_cell_time(&copy->page, at);
    page_cell(&copy->page, name_of(copy, by));
    page_cell(&copy->page, what);
}

/* The words of a drawing: tool, value or values, statistics, label. An arrow has no value. */
static void write_drawing(struct copy *copy, const struct stored_annotation *stored) {
    const struct annotation *drawn = &stored->annotation;
    const struct statistics *found = &drawn->statistics;
    char value[LINE_MAX_BYTES] = "";
    char statistics[LINE_MAX_BYTES] = "";
    char line[3 * LINE_MAX_BYTES];
    if (drawn->tool == ANNOTATION_TOOL_BIDIRECTIONAL) {
        snprintf(value, sizeof value, " %.1f x %.1f", drawn->value, drawn->second);
    } else if (drawn->tool != ANNOTATION_TOOL_ARROW) {
        snprintf(value, sizeof value, " %.1f", drawn->value);
    }
    if (drawn->has_statistics) {
        snprintf(statistics, sizeof statistics, ", %.1f +/- %.1f (%.1f to %.1f) %.*s", found->mean,
                 found->deviation, found->minimum, found->maximum, (int)found->unit.length,
                 found->unit.bytes);
    }
    bool has_unit = value[0] != '\0';
    snprintf(line, sizeof line, "%s%s %.*s%s %.*s", annotation_tool_words[drawn->tool], value,
             has_unit ? (int)drawn->unit.length : 0, drawn->unit.bytes, statistics,
             (int)drawn->label.length, drawn->label.bytes);
    write_row_said(copy, stored->at, stored->by, text_of(line));
}

static void write_said(struct copy *copy) {
    const struct export_words *words = export_words(copy->language);
    const struct case_snapshot *state = copy->snapshot;
    const char *const heads[] = {words->when, words->who, words->what};
    page_section(&copy->page, words->conversation);
    page_table(&copy->page, heads, 3);
    for (uint32_t i = 0; i < state->messages.count; i++) {
        const struct chat_message *message = &state->messages.items[i];
        write_row_said(copy, message->at, message->by, message->text);
    }
    page_table_end(&copy->page);
    page_section(&copy->page, words->drawings);
    page_table(&copy->page, heads, 3);
    for (uint32_t i = 0; i < state->annotations.count; i++) {
        write_drawing(copy, &state->annotations.items[i]);
    }
    page_table_end(&copy->page);
    page_section(&copy->page, words->saved_views);
    page_table(&copy->page, heads, 3);
    for (uint32_t i = 0; i < state->views.count; i++) {
        const struct saved_view *view = &state->views.items[i];
        write_row_said(copy, view->at, view->by, view->title);
        if (view->note.length > 0) {
            write_row_said(copy, view->at, view->by, view->note);
        }
    }
    page_table_end(&copy->page);
}

static void write_consents(struct copy *copy) {
    const struct export_words *words = export_words(copy->language);
    struct page *page = &copy->page;
    page_section(page, words->consents);
    if (copy->snapshot->consents.count == 0) {
        page_words(page, words->nothing);
    }
    for (uint32_t i = 0; i < copy->snapshot->consents.count; i++) {
        const struct consent *consent = &copy->snapshot->consents.items[i];
        page_heading(page, words->consents);
        page_fact_time(page, words->given, consent->given_at);
        page_fact(page, words->who, name_of(copy, consent->given_by));
        page_fact(page, words->how, consent->how);
        page_fact_time(page, words->until, consent->until);
        page_fact_time(page, words->withdrawn, consent->withdrawn_at);
        page_fact(page, words->wording, consent->wording.version);
        page_paragraph(page, consent->wording.text);
    }
}

static void write_members(struct copy *copy, const struct case_member_list *members,
                          const char *through) {
    for (uint32_t i = 0; i < members->count; i++) {
        const struct case_member *member = &members->items[i];
        page_row(&copy->page);
        page_cell(&copy->page, member->name);
        page_cell(&copy->page, text_of(export_role_word(copy->language, member->role)));
        page_cell(&copy->page, member->discipline);
        page_cell(&copy->page, text_of(through));
        page_cell_time(&copy->page, member->until);
    }
}

static void write_people(struct copy *copy) {
    const struct export_words *words = export_words(copy->language);
    const struct case_snapshot *state = copy->snapshot;
    const char *const heads[] = {words->who, words->what, "", "", words->until};
    page_section(&copy->page, words->who_sees);
    page_table(&copy->page, heads, 5);
    write_members(copy, &state->members, "");
    for (uint32_t i = 0; i < state->boards.count; i++) {
        write_members(copy, &state->boards.items[i].members, words->through_board);
    }
    page_table_end(&copy->page);
    if (state->emergencies.count == 0) {
        return;
    }
    const char *const broken[] = {words->when, words->who, words->reason};
    page_section(&copy->page, words->emergencies);
    page_table(&copy->page, broken, 3);
    for (uint32_t i = 0; i < state->emergencies.count; i++) {
        const struct emergency *emergency = &state->emergencies.items[i];
        page_row(&copy->page);
        page_cell_time(&copy->page, emergency->at);
        page_cell(&copy->page, emergency->name);
        page_cell(&copy->page, emergency->reason);
    }
    page_table_end(&copy->page);
}

/* A document, or all images of one series that are in the archive or are not. */
static uint32_t write_files_row(struct copy *copy, uint32_t from) {
    const struct export_words *words = export_words(copy->language);
    const struct copy_file *first = &copy->files[from];
    uint64_t size = 0;
    uint32_t at = from;
    while (at < copy->others_from && (at == from || !first->document) &&
           copy->files[at].left_out == first->left_out &&
           !copy->files[at].document == !first->document &&
           strcmp(copy->files[at].series_uid, first->series_uid) == 0) {
        size += copy->files[at++].size;
    }
    char where[ZIP_NAME_MAX + 1], count[16], bytes[32];
    snprintf(where, sizeof where, first->document ? "%s" : "images/%s/",
             first->document ? first->path : first->series_uid);
    snprintf(count, sizeof count, "%u", (unsigned)(at - from));
    snprintf(bytes, sizeof bytes, "%llu", (unsigned long long)size);
    page_row(&copy->page);
    page_cell(&copy->page, text_of(first->left_out ? words->left_out : where));
    page_cell(&copy->page, text_of(first->document ? first->sop_instance_uid : first->series_uid));
    page_cell(&copy->page, text_of(count));
    page_cell(&copy->page, text_of(bytes));
    return at;
}

static void write_files(struct copy *copy) {
    const struct export_words *words = export_words(copy->language);
    const char *const heads[] = {words->in_this_file, "UID", words->how_many, words->bytes};
    page_section(&copy->page, words->images);
    page_table(&copy->page, heads, 4);
    for (uint32_t at = 0; at < copy->others_from;) {
        at = write_files_row(copy, at);
    }
    page_table_end(&copy->page);
    if (copy->more_files) {
        page_words(&copy->page, words->left_out);
    }
}

static void write_other_files(struct copy *copy) {
    const struct export_words *words = export_words(copy->language);
    const char *const heads[] = {words->in_this_file, words->name, words->who, words->when,
                                 words->bytes};
    if (copy->others_from == copy->file_count) {
        return;
    }
    page_section(&copy->page, words->other_files);
    page_words(&copy->page, words->unopened);
    page_table(&copy->page, heads, 5);
    for (uint32_t i = copy->others_from; i < copy->file_count; i++) {
        const struct copy_file *file = &copy->files[i];
        char bytes[32];
        snprintf(bytes, sizeof bytes, "%llu", (unsigned long long)file->size);
        page_row(&copy->page);
        page_cell(&copy->page, text_of(file->left_out ? words->left_out : file->path));
        page_cell(&copy->page, file->name);
        page_cell(&copy->page, identity_name_of(copy->desk->identity, file->by));
        page_cell_time(&copy->page, file->at);
        page_cell(&copy->page, text_of(bytes));
    }
    page_table_end(&copy->page);
}

void case_copy_write_page(struct copy *copy) {
    const struct export_words *words = export_words(copy->language);
    page_begin(&copy->page, copy->language, COPY_DATA_MAX, words->case_title, words->case_intro);
    write_patient(copy);
    write_card(copy);
    write_decisions(copy);
    write_said(copy);
    write_consents(copy);
    write_people(copy);
    write_files(copy);
    write_other_files(copy);
    const char *const heads[] = {words->when, words->who, words->what};
    page_section(&copy->page, words->history);
    page_table(&copy->page, heads, 3);
}

void case_copy_write_event(struct copy *copy, const struct event_header *header) {
    const char *word = export_event_word(copy->language, header->tag);
    if (word[0] != '\0') {
        write_row_said(copy, header->at, header->by, text_of(word));
    }
}
