#include "server/erasure/erasure_list.h"

#include "server/uuid_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_BYTES_MAX = 64 };

static struct erasure_entry *find(const struct erasure_list *list, struct uuid id) {
    for (size_t i = 0; i < list->count; i++)
        if (uuid_equal(list->entries[i].patient_case, id))
            return &list->entries[i];
    return NULL;
}

const struct erasure_entry *erasure_list_find(const struct erasure_list *list, struct uuid id) {
    return find(list, id);
}

static bool note(struct erasure_list *list, struct uuid id, bool gone) {
    struct erasure_entry *entry = find(list, id);
    if (entry == NULL) {
        if (list->count == list->capacity) {
            size_t capacity = list->capacity == 0 ? 16 : 2 * list->capacity;
            void *grown = realloc(list->entries, capacity * sizeof *list->entries);
            if (grown == NULL)
                return false;
            list->entries = grown;
            list->capacity = capacity;
        }
        entry = &list->entries[list->count++];
        *entry = (struct erasure_entry){.patient_case = id};
    }
    entry->gone |= gone;
    return true;
}

static bool take_line(struct erasure_list *list, const char *line) {
    char word[8];
    char id[UUID_TEXT_LENGTH + 1];
    struct uuid uuid;
    if (sscanf(line, "%7s %36s", word, id) != 2 || strlen(id) != UUID_TEXT_LENGTH ||
        !uuid_of_text((struct text){UUID_TEXT_LENGTH, id}, &uuid))
        return false;
    bool gone = strcmp(word, "gone") == 0;
    return (gone || strcmp(word, "erased") == 0) && note(list, uuid, gone);
}

/* The beginning of a line, as a disk that was full or a power cut leaves it. */
static bool is_torn(const char *line) {
    static const char *const words[] = {"erased ", "gone "};
    size_t length = strcspn(line, "\n");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t word = strlen(words[i]), begun = length < word ? length : word;
        if (strncmp(line, words[i], begun) == 0 && length < word + UUID_TEXT_LENGTH &&
            strspn(line + begun, "0123456789abcdef-") == length - begun)
            return true;
    }
    return false;
}

bool erasure_list_read(struct erasure_list *list, const char *data_folder) {
    char line[LINE_BYTES_MAX];
    *list = (struct erasure_list){.entries = NULL};
    if (snprintf(list->path, sizeof list->path, "%s/" ERASURE_LIST_NAME, data_folder) >=
        (int)sizeof list->path)
        return false;
    FILE *file = fopen(list->path, "re");
    if (file == NULL)
        return errno == ENOENT;
    bool read = true;
    while (read && fgets(line, sizeof line, file) != NULL)
        read = line[0] == '\n' || is_torn(line) ||
               (strchr(line, '\n') != NULL && take_line(list, line));
    fclose(file);
    return read;
}

void erasure_list_finish(struct erasure_list *list) {
    free(list->entries);
    *list = (struct erasure_list){.entries = NULL};
}

bool erasure_list_add(struct erasure_list *list, struct uuid id, bool gone) {
    const struct erasure_entry *known = find(list, id);
    if (known != NULL && (known->gone || !gone))
        return true;
    char text[UUID_TEXT_LENGTH + 1], line[LINE_BYTES_MAX];
    uuid_to_text(id, text);
    /* Begins with a line's end: one that was cut short before it must not swallow this one. */
    int length = snprintf(line, sizeof line, "\n%s %s\n", gone ? "gone" : "erased", text);
    int file = open(list->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return false;
    bool written = write(file, line, (size_t)length) == length && fsync(file) == 0;
    return close(file) == 0 && written && note(list, id, gone);
}
