/* links: load protocol m */
/*
 * What one moved pointer costs on the wire. Up: the whole WebSocket payload of a MovePointer. Down:
 * what one more pointer adds to a frame of moved pointers, envelope shared among them.
 */
#include "bench/figure.h"
#include "protocol/frame.h"
#include "protocol/generated/board.h"

#include <assert.h>

enum { FRAME_BYTES = 16 * 1024, HANDLE = 3, CHANNEL = 1, PARTICIPANTS = 30, TICK = 100000 };

/* The reference: the same numbers as a double each, under their names, in JSON. */
static const char json[] = "{\"type\":\"MovePointer\",\"handle\":3,\"x\":-123.456,\"y\":78.901,"
                           "\"z\":-1024.5}";

static uint32_t framed(uint8_t tag, struct bytes fields) {
    uint8_t bytes[FRAME_BYTES];
    struct writer writer;
    struct frame frame = {
        .form = FRAME_EPHEMERAL, .channel = CHANNEL, .tag = tag, .fields = fields};
    writer_init_fixed(&writer, bytes, sizeof bytes);
    frame_write(&writer, &frame);
    assert(!writer.failed);
    return writer_bytes(&writer).length;
}

static uint32_t down(struct arena *arena, uint32_t count) {
    struct pointer pointers[PARTICIPANTS];
    struct ephemera ephemera = {.tick = TICK, .pointers = {count, pointers}};
    for (uint32_t i = 0; i < count; i++)
        pointers[i] = (struct pointer){
            .participant = (uint16_t)(200 + i), .handle = HANDLE, .x = 1.5f, .y = -2.5f, .z = 3.5f};
    struct encoded encoded = ephemera_encode(arena, &ephemera);
    return framed(encoded.tag, encoded.fields);
}

int main(int argc, char **argv) {
    struct arena arena;
    figure_begin(argc, argv);
    arena_init(&arena, FRAME_BYTES);
    struct move_pointer move = {.handle = HANDLE, .x = -123.456f, .y = 78.901f, .z = -1024.5f};
    struct encoded encoded = move_pointer_encode(&arena, &move);
    struct figure figure = {.name = "bytes of one pointer update, up",
                            .unit = "bytes of WebSocket payload",
                            .value = framed(encoded.tag, encoded.fields),
                            .reference = "the same as JSON",
                            .reference_value = sizeof json - 1,
                            .kind = BAR_AT_MOST,
                            .bar = 24,
                            .runs = 1};
    figure_print(&figure);
    figure.name = "bytes of one pointer update, down, of 30 in a frame";
    figure.value = (double)down(&arena, PARTICIPANTS) / PARTICIPANTS;
    figure_print(&figure);
    figure.name = "bytes of one pointer update, down, alone in its frame";
    figure.value = down(&arena, 1);
    figure.kind = BAR_NONE; /* the envelope and the tick have nobody to share them with */
    figure_print(&figure);
    arena_finish(&arena);
    return 0;
}
