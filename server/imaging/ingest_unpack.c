#include "server/imaging/ingest_unpack.h"

#include "protocol/frame.h"
#include "server/imaging/ingest_channel.h"
#include "server/imaging/ingest_sandbox.h"
#include "server/imaging/unpack_archive.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ARENA_SIZE ((size_t)64 << 10)

struct role {
    uint8_t *window; // two halves: towards us, from us
    uint64_t size;   // of the archive
    uint64_t held_offset;
    size_t held; // bytes from there on lie in the window
    struct arena arena;
    uint8_t frame[INGEST_REQUEST_MAX];
};

static bool say(struct role *role, struct encoded encoded) {
    struct writer writer;
    writer_init_arena(&writer, &role->arena, ARENA_SIZE);
    struct frame frame = {
        .form = FRAME_NUMBERED, .tag = encoded.tag, .seq = 1, .fields = encoded.fields};
    if (!encoded.fields.bytes) {
        return false;
    }
    frame_write(&writer, &frame);
    struct bytes bytes = writer_bytes(&writer);
    bool sent = bytes.bytes && ingest_send(INGEST_SOCKET, bytes.bytes, bytes.length);
    arena_reset(&role->arena);
    return sent;
}

/* Waits for what is said to us; NULL when it is another word, or nobody is there. Lives until the
 * arena is reset. */
static const void *hear(struct role *role, uint8_t tag, int *ret_file) {
    uint32_t length;
    int files[INGEST_DESCRIPTORS_MAX];
    if (!ingest_receive_any(INGEST_SOCKET, role->frame, &length, files)) {
        return NULL;
    }
    ingest_sandbox_renew_cpu();
    for (size_t i = ret_file ? 1 : 0; i < INGEST_DESCRIPTORS_MAX; i++) {
        if (files[i] >= 0) {
            close(files[i]);
        }
    }
    if (ret_file) {
        *ret_file = files[0];
    }
    struct frame frame;
    if (!frame_read((struct bytes){length, role->frame}, &frame) || frame.tag != tag) {
        return NULL;
    }
    struct reader reader = reader_of(frame.fields);
    return unpack_decode(frame.tag, &reader, &role->arena);
}

/* A window full from there on: entries come in the order in which they lie, so that what follows is
 * wanted next. */
static bool fetch(struct role *role, uint64_t offset) {
    uint64_t left = role->size - offset;
    size_t length = left < UNPACK_WINDOW_SIZE ? (size_t)left : UNPACK_WINDOW_SIZE;
    struct bytes_wanted wanted = {.offset = offset, .length = (uint32_t)length};
    role->held = 0;
    if (!say(role, bytes_wanted_encode(&role->arena, &wanted))) {
        return false;
    }
    const struct give_bytes *given = hear(role, UNPACK_GIVE_BYTES, NULL);
    bool there = given && given->length == length;
    if (there) {
        role->held_offset = offset;
        role->held = length;
    }
    arena_reset(&role->arena);
    return there;
}

static bool read_archive(void *data, uint64_t offset, size_t length, uint8_t *ret_bytes) {
    struct role *role = data;
    while (length > 0) {
        bool held = offset >= role->held_offset && offset - role->held_offset < role->held;
        if (!held && !fetch(role, offset)) {
            return false;
        }
        size_t skip = (size_t)(offset - role->held_offset);
        size_t step = length < role->held - skip ? length : role->held - skip;
        memcpy(ret_bytes, role->window + skip, step);
        ret_bytes += step;
        offset += step;
        length -= step;
    }
    return true;
}

static bool go_on(struct role *role) {
    bool heard = hear(role, UNPACK_GO_ON, NULL) != NULL;
    arena_reset(&role->arena);
    return heard;
}

static bool give_bytes_of_entry(void *data, const uint8_t *bytes, size_t length) {
    struct role *role = data;
    memcpy(role->window + UNPACK_WINDOW_SIZE, bytes, length);
    struct entry_bytes given = {.length = (uint32_t)length};
    return say(role, entry_bytes_encode(&role->arena, &given)) && go_on(role);
}

static struct text words(const char *text) {
    return (struct text){text ? (uint32_t)strlen(text) : 0, text};
}

static bool end_entry(struct role *role, struct bytes name, enum unpack_refusal refusal,
                      const char *reason) {
    struct entry_ended ended = {
        .name = name, .refusal = refusal, .reason = words(refusal ? reason : NULL)};
    return say(role, entry_ended_encode(&role->arena, &ended)) && go_on(role);
}

/* False when nobody listens any more. */
static bool unpack_one(struct role *role, struct unpack_archive *archive, uint32_t index) {
    struct bytes name = unpack_archive_name(archive, index);
    enum unpack_refusal refusal = unpack_archive_check(archive, index);
    if (refusal != UNPACK_REFUSAL_NONE) {
        return end_entry(role, name, refusal, archive->reason);
    }
    struct entry_begun begun = {.name = name, .size = archive->entries[index].size};
    if (!say(role, entry_begun_encode(&role->arena, &begun))) {
        return false;
    }
    const struct take_entry *take = hear(role, UNPACK_TAKE_ENTRY, NULL);
    bool heard = take != NULL;
    bool wanted = heard && take->take;
    arena_reset(&role->arena);
    if (!wanted) {
        return heard;
    }
    refusal = unpack_archive_entry(archive, index);
    return !archive->broken && end_entry(role, (struct bytes){0, NULL}, refusal, archive->reason);
}

static void unpack_all(struct role *role, const struct open_archive *request) {
    struct unpack_archive archive = {.read = read_archive,
                                     .give = give_bytes_of_entry,
                                     .data = role,
                                     .size = request->size,
                                     .entry_size_max = request->entry_size_max};
    arena_reset(&role->arena);
    enum unpack_refusal refusal = unpack_archive_open(&archive);
    if (!archive.broken && refusal == UNPACK_REFUSAL_NONE) {
        struct archive_opened opened = {.entries = archive.entry_count};
        bool heard = say(role, archive_opened_encode(&role->arena, &opened)) && go_on(role);
        for (uint32_t i = 0; heard && i < archive.entry_count; i++) {
            heard = unpack_one(role, &archive, i);
        }
        archive.broken = !heard;
    }
    if (!archive.broken) {
        struct archive_ended ended = {.refusal = refusal,
                                      .reason = words(refusal ? archive.reason : NULL)};
        say(role, archive_ended_encode(&role->arena, &ended));
        go_on(role); // until it is heard, so that our end is not taken for a failure
    }
    unpack_archive_finish(&archive);
}

void ingest_unpack(void) {
    static struct role role;
    int file = -1;
    arena_init(&role.arena, ARENA_SIZE);
    const struct open_archive *request = hear(&role, UNPACK_OPEN_ARCHIVE, &file);
    if (!request || file < 0) {
        return;
    }
    struct open_archive wanted = *request;
    void *window = mmap(NULL, 2 * UNPACK_WINDOW_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (window != MAP_FAILED) {
        role.window = window;
        role.size = wanted.size;
        unpack_all(&role, &wanted);
    }
    arena_finish(&role.arena);
}
