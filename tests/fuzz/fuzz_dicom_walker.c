/* links: imaging_format */
/* A foreign file, from its first byte to its index row, frame table and metadata. */
#include "server/imaging/instance_reader.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_frames(const struct frame_table *frames, size_t size) {
    for (uint32_t frame = 0; frame < frames->frame_count; frame++) {
        struct frame_piece single;
        uint32_t count;
        const struct frame_piece *pieces = frame_table_pieces(frames, frame, &single, &count);
        for (uint32_t i = 0; i < count; i++) {
            if (pieces[i].offset > size || pieces[i].length > size - pieces[i].offset) {
                abort(); // a frame outside its file
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static struct character_sets *sets;
    static uint8_t encoded[INSTANCE_ENCODED_MAX];
    if (!sets) {
        sets = character_sets_create();
    }
    struct instance_reading reading;
    struct file_refusal refusal;
    if (instance_read(bytes, size, sets, &reading, &refusal) != FILE_REFUSAL_NONE) {
        return 0;
    }
    bool deflated = reading.instance.transfer_syntax_uid[0] &&
                    transfer_syntax_find(reading.instance.transfer_syntax_uid)->deflated;
    check_frames(&reading.frames, deflated ? INFLATED_SIZE_MAX : size);
    struct instance decoded;
    if (!instance_decode(&decoded, encoded, instance_encode(&reading.instance, encoded))) {
        abort(); // a row that cannot be read back
    }
    instance_reading_finish(&reading);
    return 0;
}
