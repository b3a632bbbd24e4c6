/*
 * What is on a person's worklist, and their notes. Much of it says something of a case: a title, a
 * patient's name. The record keeps that under a key that is destroyed with the case, so a replay
 * may step over any of it; what is left must make sense without.
 *
 * Both lists are in the order of their ids, however they came about: from the events one by one, or
 * from what was saved of them case by case.
 */
#include "actors/growing_list.h"
#include "actors/user.h"

#include <stdlib.h>

static struct arena *state_of(struct user *user) {
    return user->actor.state;
}

static int compare(struct uuid a, struct uuid b) {
    return memcmp(a.bytes, b.bytes, sizeof a.bytes);
}

/* The first that does not come before it. */
static uint32_t entry_place(const struct user *user, struct uuid id) {
    uint32_t low = 0, high = user->entries.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compare(user->entries.items[middle].id, id) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static uint32_t note_place(const struct user *user, struct uuid patient_case) {
    uint32_t low = 0, high = user->notes.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compare(user->notes.items[middle].patient_case, patient_case) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct worklist_entry *entry_of(const struct user *user, struct uuid id) {
    uint32_t place = entry_place(user, id);
    bool found = place < user->entries.count && uuid_equal(user->entries.items[place].id, id);
    return found ? &user->entries.items[place] : NULL;
}

static struct note *note_of(const struct user *user, struct uuid patient_case) {
    uint32_t place = note_place(user, patient_case);
    bool found = place < user->notes.count &&
                 uuid_equal(user->notes.items[place].patient_case, patient_case);
    return found ? &user->notes.items[place] : NULL;
}

/* The case that an entry says something of; zero = none. */
static struct uuid about(const struct worklist_entry *entry) {
    switch ((enum entry_kind)entry->kind) {
    case ENTRY_KIND_PATIENT_CASE:
        return entry->id;
    case ENTRY_KIND_TASK:
    case ENTRY_KIND_EMERGENCY:
    case ENTRY_KIND_HELD:
        return entry->about;
    case ENTRY_KIND_BOARD:
    case ENTRY_KIND_SERIES:
        break;
    }
    return (struct uuid){{0}};
}

/* Events */

static void put(struct user *user, const struct worklist_entry *entry) {
    struct worklist_entry *known = entry_of(user, entry->id);
    if (known == NULL) {
        uint32_t place = entry_place(user, entry->id);
        (void)growing_list_add(state_of(user), &user->entries);
        known = &user->entries.items[place];
        memmove(known + 1, known, (user->entries.count - 1 - place) * sizeof *known);
    }
    worklist_entry_copy(state_of(user), known, entry);
}

void user_apply_entry_put(struct user *user, const struct event_header *header,
                          const struct entry_put *event) {
    (void)header;
    put(user, &event->entry);
}

void user_apply_entry_removed(struct user *user, const struct event_header *header,
                              const struct entry_removed *event) {
    (void)header;
    struct worklist_entry *entry = entry_of(user, event->id);
    if (entry != NULL) {
        growing_list_remove(&user->entries, (uint32_t)(entry - user->entries.items));
    }
}

static void set_note(struct user *user, struct uuid patient_case, struct text text) {
    struct note *note = note_of(user, patient_case);
    if (text.length == 0) {
        if (note != NULL) {
            growing_list_remove(&user->notes, (uint32_t)(note - user->notes.items));
        }
        return;
    }
    if (note == NULL) {
        uint32_t place = note_place(user, patient_case);
        (void)growing_list_add(state_of(user), &user->notes);
        note = &user->notes.items[place];
        memmove(note + 1, note, (user->notes.count - 1 - place) * sizeof *note);
        note->patient_case = patient_case;
    }
    note->text = arena_text(state_of(user), text);
}

void user_apply_note_set(struct user *user, const struct event_header *header,
                         const struct note_set *event) {
    (void)header;
    set_note(user, event->patient_case, event->text);
}

void user_apply_topic_forgotten(struct user *user, const struct event_header *header,
                                const struct topic_forgotten *event) {
    (void)header;
    for (uint32_t i = user->entries.count; i-- > 0;) {
        if (uuid_equal(about(&user->entries.items[i]), event->about)) {
            growing_list_remove(&user->entries, i);
        }
    }
    set_note(user, event->about, TEXT(""));
    for (uint32_t i = user->read_marks.count; i-- > 0;) {
        if (uuid_equal(user->read_marks.items[i].patient_case, event->about)) {
            growing_list_remove(&user->read_marks, i);
        }
    }
}

/* Commands */

void user_on_put_entry(const struct user *user, struct turn *turn,
                       const struct put_entry *command) {
    const struct worklist_entry *known = entry_of(user, command->entry.id);
    if (!user_is_open(user, turn)) {
        return; /* cases and boards go on saying what nobody reads */
    }
    if (known == NULL && user->entries.count == USER_ENTRIES_MAX) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
    } else if (known == NULL || !worklist_entry_equal(known, &command->entry)) {
        struct entry_put event = {.entry = command->entry};
        turn_event(turn, entry_put_encode(turn->arena, &event));
        turn_about(turn, about(&command->entry));
    }
}

void user_on_remove_entry(const struct user *user, struct turn *turn,
                          const struct remove_entry *command) {
    if (entry_of(user, command->id) != NULL) {
        struct entry_removed event = {.id = command->id};
        turn_event(turn, entry_removed_encode(turn->arena, &event));
    }
}

void user_on_set_note(const struct user *user, struct turn *turn, const struct set_note *command) {
    const struct note *known = note_of(user, command->patient_case);
    bool removes = command->text.length == 0;
    if (uuid_is_zero(command->patient_case)) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (!user->registered) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (known == NULL && !removes && user->notes.count == USER_NOTES_MAX) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
    } else if (known == NULL ? !removes : !text_equal(known->text, command->text)) {
        struct note_set event = {.patient_case = command->patient_case, .text = command->text};
        turn_event(turn, note_set_encode(turn->arena, &event));
        turn_about(turn, command->patient_case);
    }
}

/* Written also when nothing of it is left here: a page that was away may still show some. */
void user_on_forget_topic(const struct user *user, struct turn *turn,
                          const struct forget_topic *command) {
    if (!user->registered || uuid_is_zero(command->about)) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else {
        struct topic_forgotten event = {.about = command->about};
        turn_event(turn, topic_forgotten_encode(turn->arena, &event));
    }
}

/* Saving */

struct worklist_entry_list user_own_entries(const struct user *user, struct arena *arena) {
    struct worklist_entry_list list = {
        .items = arena_alloc(arena, (user->entries.count + 1) * sizeof *list.items)};
    for (uint32_t i = 0; i < user->entries.count && list.items != NULL; i++) {
        if (uuid_is_zero(about(&user->entries.items[i]))) {
            list.items[list.count++] = user->entries.items[i];
        }
    }
    return list;
}

void user_take_over_entries(struct user *user, struct worklist_entry_list entries) {
    for (uint32_t i = 0; i < entries.count; i++) {
        put(user, &entries.items[i]);
    }
}

static int compare_topics(const void *a, const void *b) {
    return compare(about(a), about(b));
}

/* The next case in order that anything is said of: its entries from `entry` on, and its note. */
static struct user_topic next_topic(const struct user *user, struct worklist_entry_list entries,
                                    uint32_t entry, uint32_t note) {
    bool has_entry = entry < entries.count, has_note = note < user->notes.count;
    struct uuid of_entry = has_entry ? about(&entries.items[entry]) : (struct uuid){{0}};
    struct uuid of_note = has_note ? user->notes.items[note].patient_case : (struct uuid){{0}};
    bool note_first = has_note && (!has_entry || compare(of_note, of_entry) <= 0);
    struct user_topic topic = {.about = note_first ? of_note : of_entry};
    if (note_first) {
        topic.note = user->notes.items[note].text;
    }
    topic.entries.items = has_entry ? &entries.items[entry] : NULL;
    while (entry + topic.entries.count < entries.count &&
           uuid_equal(about(&entries.items[entry + topic.entries.count]), topic.about)) {
        topic.entries.count++;
    }
    return topic;
}

struct saved_part *user_save_parts(const struct actor *actor, struct arena *arena,
                                   uint32_t *ret_count) {
    const struct user *user = (const struct user *)actor;
    uint32_t most = user->entries.count + user->notes.count;
    struct worklist_entry_list entries = {.count = user->entries.count};
    entries.items = arena_copy(arena, user->entries.items, entries.count * sizeof *entries.items);
    struct saved_part *parts = arena_alloc(arena, (most + 1) * sizeof *parts);
    *ret_count = 0;
    if (parts == NULL || (entries.count > 0 && entries.items == NULL)) {
        return NULL;
    }
    if (entries.count > 0) {
        qsort(entries.items, entries.count, sizeof *entries.items, compare_topics);
    }
    uint32_t entry = 0, note = 0;
    while (entry < entries.count && uuid_is_zero(about(&entries.items[entry]))) {
        entry++; /* of boards: saved with the rest */
    }
    while (entry < entries.count || note < user->notes.count) {
        struct user_topic topic = next_topic(user, entries, entry, note);
        parts[(*ret_count)++] = (struct saved_part){
            .about = topic.about, .bytes = user_topic_encode(arena, &topic).fields};
        entry += topic.entries.count;
        note += topic.note.length > 0;
    }
    return parts;
}

bool user_restore_part(struct actor *actor, struct bytes part) {
    struct user *user = (struct user *)actor;
    struct arena scratch;
    arena_init(&scratch, EFFECT_BYTES_MAX);
    struct reader reader = reader_of(part);
    struct user_topic topic;
    bool readable = user_topic_read(&reader, &scratch, &topic);
    if (readable) {
        user_take_over_entries(user, topic.entries);
        set_note(user, topic.about, topic.note);
    }
    arena_finish(&scratch);
    return readable;
}
