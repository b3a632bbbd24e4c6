#include "server/quarantine.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Bumped with the layout: an older file is begun anew rather than misread. */
static const uint64_t layout_mark = UINT64_C(0x434f4e5343520002);

struct crashed_command {
    struct uuid stream;
    struct uuid command_id;
    uint32_t crashes; /* 0 = free */
    uint32_t reading; /* of these, while it was read from the record */
};

struct crash_page {
    uint64_t mark;
    struct crash_marker marker;
    struct crashed_command commands[QUARANTINE_COMMANDS];
};

struct quarantine {
    struct crash_page *page; /* mapped */
};

static struct crashed_command *place_for(struct crash_page *page,
                                         const struct crash_marker *marker) {
    struct crashed_command *least = &page->commands[0];
    for (unsigned i = 0; i < QUARANTINE_COMMANDS; i++) {
        struct crashed_command *command = &page->commands[i];
        if (command->crashes > 0 && uuid_equal(command->stream, marker->stream) &&
            uuid_equal(command->command_id, marker->command_id)) {
            return command;
        }
        if (command->crashes < least->crashes) {
            least = command;
        }
    }
    *least = (struct crashed_command){.stream = marker->stream, .command_id = marker->command_id};
    return least;
}

static void count_last_death(struct crash_page *page) {
    if (page->mark != layout_mark) {
        memset(page, 0, sizeof *page);
        page->mark = layout_mark;
    }
    if (page->marker.active != 0) {
        struct crashed_command *command = place_for(page, &page->marker);
        command->crashes++;
        command->reading += page->marker.tag >= TAG_DOWN; /* an event or a snapshot */
        page->marker.active = 0;
    }
}

struct quarantine *quarantine_open(const char *path) {
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) {
        return NULL;
    }
    struct crash_page *page = MAP_FAILED;
    if (ftruncate(file, sizeof *page) == 0) {
        page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    }
    close(file);
    struct quarantine *quarantine = page == MAP_FAILED ? NULL : malloc(sizeof *quarantine);
    if (quarantine == NULL) {
        return NULL;
    }
    quarantine->page = page;
    count_last_death(page);
    return quarantine;
}

void quarantine_close(struct quarantine *quarantine) {
    if (quarantine != NULL) {
        quarantine->page->marker.active = 0;
        munmap(quarantine->page, sizeof *quarantine->page);
        free(quarantine);
    }
}

struct crash_marker *quarantine_marker(struct quarantine *quarantine) {
    return &quarantine->page->marker;
}

enum quarantined quarantine_holds(const struct quarantine *quarantine, struct uuid stream) {
    enum quarantined holds = QUARANTINED_NOT;
    for (unsigned i = 0; i < QUARANTINE_COMMANDS && holds != QUARANTINED_UNREAD; i++) {
        const struct crashed_command *command = &quarantine->page->commands[i];
        if (command->crashes >= QUARANTINE_CRASHES && uuid_equal(command->stream, stream)) {
            holds = command->reading > 0 ? QUARANTINED_UNREAD : QUARANTINED_READ;
        }
    }
    return holds;
}

unsigned quarantine_count(const struct quarantine *quarantine) {
    unsigned count = 0;
    for (unsigned i = 0; i < QUARANTINE_COMMANDS; i++) {
        count += quarantine->page->commands[i].crashes >= QUARANTINE_CRASHES;
    }
    return count;
}
