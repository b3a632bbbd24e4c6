/*
 * DATA/erasures: which cases were erased, outside of the database, so that an older copy of it that
 * is restored is held to the list. Lines are only ever added:
 *
 *   erased UUID     its erasure began: from here on nobody sees it
 *   gone UUID       it is done, and the keys that could have opened it are destroyed
 */
#ifndef CONSILIUM_ERASURE_LIST_H
#define CONSILIUM_ERASURE_LIST_H

#include "protocol/values.h"

#include <stdbool.h>
#include <stddef.h>

#define ERASURE_LIST_NAME "erasures"

struct erasure_entry {
    struct uuid patient_case;
    bool gone;
};

struct erasure_list {
    struct erasure_entry *entries; /* owned */
    size_t count, capacity;
    char path[4096 + 16];
};

/* False = it is there and cannot be read, or holds something else; an absent one is empty. A last
 * line that was cut short is passed over. */
bool erasure_list_read(struct erasure_list *list, const char *data_folder);
void erasure_list_finish(struct erasure_list *list);
const struct erasure_entry *erasure_list_find(const struct erasure_list *list, struct uuid id);
/* Durable when it returns true; what is there already is not written again. */
bool erasure_list_add(struct erasure_list *list, struct uuid id, bool gone);

#endif
