/* links: codecs imaging_format m; timeout: 120 */
/* Pictures of frames, as DCMTK makes them: whatever way their greys and colours are said. */
#include "server/codecs/picture.h"
#include "tests/support/frame_of_file.h"

#include <unistd.h>

static char folder[] = "/tmp/consilium-pictures-XXXXXX";

struct line {
    char name[64], oracle[64], how[64];
    unsigned frame, oracle_frame;
};

/* The bytes behind the head of a PGM or PPM, which DCMTK writes with comments. */
static const uint8_t *behind_head(const struct file *file, size_t wanted) {
    assert_true(file->size > wanted);
    return file->bytes + file->size - wanted;
}

static struct pixels picture_of(const struct line *line, struct character_sets *sets) {
    static struct shown_values values;
    static const struct picture_wanted whole;
    char path[160];
    struct frame frame;
    struct pixels pixels, picture;
    snprintf(path, sizeof path, "%s/%s.dcm", folder, line->name);
    read_frame(path, line->frame - 1, sets, &frame);
    shown_values_read(frame.head.bytes, frame.head.size, frame.encoding, line->frame, &values);
    assert_int_equal(frame_decode(&frame.coding, frame.bytes, frame.size, &pixels), CODEC_OK);
    assert_int_equal(picture_make(&pixels, &frame.header.palette, &values, &whole, &picture),
                     CODEC_OK);
    pixels_free(&pixels);
    drop_frame(&frame);
    return picture;
}

static int distance_to_dcmtk(const struct line *line, const struct pixels *picture) {
    char command[512], path[160];
    size_t size = pixels_size(&picture->form);
    snprintf(path, sizeof path, "%s/picture", folder);
    snprintf(command, sizeof command, "dcm2pnm -q -O +F %u %s %s/%s.dcm %s", line->oracle_frame,
             line->how, folder, line->oracle, path);
    if (system(command) != 0) {
        fail_msg("%s", command);
    }
    struct file file = read_file(path);
    const uint8_t *theirs = behind_head(&file, size);
    assert_memory_equal(file.bytes, picture->form.samples == 3 ? "P6" : "P5", 2);
    int most = 0;
    for (size_t i = 0; i < size; i++) {
        int difference = abs(picture->bytes[i] - theirs[i]);
        most = difference > most ? difference : most;
    }
    free(file.bytes);
    return most;
}

static void every_frame_is_shown_as_dcmtk_shows_it(void **state) {
    (void)state;
    struct character_sets *sets = character_sets_create();
    char command[256];
    struct line line;
    unsigned count = 0, wrong = 0;
    snprintf(command, sizeof command,
             "/usr/bin/python3 tests/integration/peers/pictures_of_every_kind.py %s", folder);
    FILE *lines = popen(command, "r");
    assert_non_null(lines);
    while (fscanf(lines, "%63s %u %63s %u %63[^\n]", line.name, &line.frame, line.oracle,
                  &line.oracle_frame, line.how) == 5) {
        struct pixels picture = picture_of(&line, sets);
        int distance = distance_to_dcmtk(&line, &picture);
        // DCMTK cuts where we round, and does so twice on the way from YBR.
        if (distance > (picture.form.samples == 3 ? 2 : 1)) {
            print_error("%s, frame %u: %d greys away\n", line.name, line.frame, distance);
            wrong++;
        }
        count++;
        pixels_free(&picture);
    }
    assert_int_equal(pclose(lines), 0);
    character_sets_destroy(sets);
    assert_true(count > 50);
    assert_int_equal(wrong, 0);
}

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state) {
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return getenv("KEEP") ? 0 : system(command);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_is_shown_as_dcmtk_shows_it),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
