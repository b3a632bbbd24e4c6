#include "server/codecs/htj2k.h"

#include "server/codecs/codestream_size.h"

#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <openjph/ojph_arch.h>
#include <openjph/ojph_codestream.h>
#include <openjph/ojph_file.h>
#include <openjph/ojph_mem.h>
#include <openjph/ojph_message.h>
#include <openjph/ojph_params.h>
#include <sys/types.h>

#define PIECE_PIXELS 256u // of a block or precinct, at least on average
#define PIECES_MIN 256u   // that are allowed to small images

namespace {

using ojph::si32;
using ojph::si64;
using ojph::ui32;

ssize_t discard(void *, const char *, size_t size) {
    return (ssize_t)size;
}

/* OpenJPH prints what it found, of a patient's image, before it throws; without a stream it
 * crashes. */
void be_quiet() {
    static FILE *nowhere = NULL;
    if (nowhere) {
        return;
    }
    cookie_io_functions_t functions = {NULL, discard, NULL, NULL};
    nowhere = fopencookie(NULL, "w", functions);
    if (!nowhere) {
        throw std::bad_alloc();
    }
    ojph::set_info_stream(nowhere);
    ojph::set_warning_stream(nowhere);
    ojph::set_error_stream(nowhere);
}

class bounded_out : public ojph::outfile_base {
  public:
    bounded_out(uint8_t *into, size_t into_size)
        : space(into), space_size(into_size), at(0), full(false) {
    }
    size_t write(const void *from, size_t count) override {
        if (full || count > space_size - at) {
            full = true;
            throw std::exception();
        }
        memcpy(space + at, from, count);
        at += count;
        return count;
    }
    si64 tell() override {
        return (si64)at;
    }
    size_t written() const {
        return at;
    }
    bool is_full() const {
        return full;
    }

  private:
    uint8_t *space;
    size_t space_size, at;
    bool full;
};

/* OpenJPH's own does not check where it is sent. */
class bounded_in : public ojph::infile_base {
  public:
    bounded_in(const uint8_t *from, size_t from_size) : bytes(from), size(from_size), at(0) {
    }
    size_t read(void *into, size_t count) override {
        size_t there = count < size - at ? count : size - at;
        memcpy(into, bytes + at, there);
        at += there;
        return there;
    }
    int seek(si64 offset, enum infile_base::seek origin) override {
        si64 from = origin == OJPH_SEEK_SET ? 0 : (si64)(origin == OJPH_SEEK_CUR ? at : size);
        // Offsets are those of marker segments and tile parts, below 2^33: no overflow.
        si64 to = from + offset;
        if (to < 0 || to > (si64)size) {
            return -1;
        }
        at = (size_t)to;
        return 0;
    }
    si64 tell() override {
        return (si64)at;
    }
    bool eof() override {
        return at >= size;
    }

  private:
    const uint8_t *bytes;
    size_t size, at;
};

/* Bits a sample is coded with: those stored, unless a value does not fit them. */
ui32 bits_needed(const struct pixels *pixels) {
    const struct pixel_form *form = &pixels->form;
    size_t count = (size_t)form->rows * form->columns * form->samples;
    ui32 stored = form->bits_stored;
    if (stored == form->bits_allocated) {
        return stored;
    }
    uint32_t over = 0; // bits outside, of all samples
    uint32_t half = form->is_signed ? 1u << (stored - 1) : 0;
    if (form->bits_allocated == 16) {
        for (size_t i = 0; i < count; i++) {
            int32_t value = form->is_signed ? ((const int16_t *)pixels->bytes)[i]
                                            : ((const uint16_t *)pixels->bytes)[i];
            over |= ((uint32_t)value + half) >> stored;
        }
    } else {
        for (size_t i = 0; i < count; i++) {
            int32_t value = form->is_signed ? ((const int8_t *)pixels->bytes)[i]
                                            : ((const uint8_t *)pixels->bytes)[i];
            over |= ((uint32_t)value + half) >> stored;
        }
    }
    return over ? form->bits_allocated : stored;
}

template <typename sample>
void take_line(const sample *from, size_t step, ui32 columns, si32 *into) {
    for (ui32 i = 0; i < columns; i++) {
        into[i] = from[i * step];
    }
}

void fill_line(const struct pixels *pixels, ui32 row, ui32 component, si32 *into) {
    const struct pixel_form *form = &pixels->form;
    size_t first = (size_t)row * form->columns * form->samples + component;
    if (form->bits_allocated == 16) {
        const uint8_t *from = pixels->bytes + 2 * first;
        if (form->is_signed) {
            take_line((const int16_t *)from, form->samples, form->columns, into);
        } else {
            take_line((const uint16_t *)from, form->samples, form->columns, into);
        }
    } else if (form->is_signed) {
        take_line((const int8_t *)pixels->bytes + first, form->samples, form->columns, into);
    } else {
        take_line(pixels->bytes + first, form->samples, form->columns, into);
    }
}

void encode(const struct pixels *pixels, bounded_out *out) {
    const struct pixel_form *form = &pixels->form;
    ojph::codestream stream;
    ojph::param_siz siz = stream.access_siz();
    ui32 bits = bits_needed(pixels);
    siz.set_image_extent(ojph::point(form->columns, form->rows));
    siz.set_num_components(form->samples);
    for (ui32 i = 0; i < form->samples; i++) {
        siz.set_component(i, ojph::point(1, 1), bits, form->is_signed);
    }
    ojph::param_cod cod = stream.access_cod();
    cod.set_num_decomposition(HTJ2K_DECOMPOSITIONS);
    cod.set_block_dims(64, 64);
    cod.set_progression_order("RPCL");
    cod.set_reversible(true);
    cod.set_color_transform(form->colour == COLOUR_RGB);
    stream.set_planar(false);
    stream.write_headers(out);
    ui32 component = 0;
    ojph::line_buf *line = stream.exchange(NULL, component);
    for (ui32 row = 0; row < form->rows; row++) {
        for (ui32 i = 0; i < form->samples; i++) {
            fill_line(pixels, row, component, line->i32);
            line = stream.exchange(line, component);
        }
    }
    stream.flush();
    stream.close();
}

si32 clamp(si32 value, si32 low, si32 high) {
    return value < low ? low : value > high ? high : value;
}

void keep_line(const si32 *from, ui32 row, ui32 component, ui32 bits, struct pixels *pixels) {
    const struct pixel_form *form = &pixels->form;
    si32 low = form->is_signed ? -(si32)(1u << (bits - 1)) : 0;
    si32 high = (si32)(form->is_signed ? (1u << (bits - 1)) - 1 : (1u << bits) - 1);
    size_t at = (size_t)row * form->columns * form->samples + component;
    for (ui32 i = 0; i < form->columns; i++, at += form->samples) {
        si32 value = clamp(from[i], low, high);
        if (form->bits_allocated == 16) {
            ((uint16_t *)pixels->bytes)[at] = (uint16_t)value;
        } else {
            pixels->bytes[at] = (uint8_t)value;
        }
    }
}

ui32 halved(ui32 length, unsigned times) {
    return (length + (1u << times) - 1) >> times;
}

/* Is the codestream what the index row says? */
bool agrees(ojph::codestream &stream, const struct pixel_form *expected) {
    ojph::param_siz siz = stream.access_siz();
    ojph::point offset = siz.get_image_offset();
    ojph::point extent = siz.get_image_extent();
    if (offset.x != 0 || offset.y != 0 || extent.x != expected->columns ||
        extent.y != expected->rows || siz.get_num_components() != expected->samples) {
        return false;
    }
    for (ui32 i = 0; i < expected->samples; i++) {
        ojph::point step = siz.get_downsampling(i);
        ui32 bits = siz.get_bit_depth(i);
        if (step.x != 1 || step.y != 1 || bits == 0 || bits > expected->bits_allocated ||
            bits != siz.get_bit_depth(0) || siz.is_signed(i) != expected->is_signed) {
            return false;
        }
    }
    return true;
}

/* EOC (A.4.4), behind which a frame may be filled to an even length (PS3.5 A.4). */
bool is_whole(const uint8_t *bytes, size_t size) {
    for (int filling = 0; filling < 2 && size > 0 && bytes[size - 1] == 0; filling++) {
        size--;
    }
    return size >= 2 && bytes[size - 2] == 0xFF && bytes[size - 1] == 0xD9;
}

/* Blocks and precincts cost memory whatever their size; these are far more than encoders make. */
bool is_sensible(ojph::codestream &stream, const struct pixel_form *form) {
    ojph::param_cod cod = stream.access_cod();
    ojph::size block = cod.get_log_block_dims();
    ui32 levels = cod.get_num_decompositions();
    if (block.w < 2 || block.w > 10 || block.h < 2 || block.h > 10 || block.w + block.h > 12 ||
        levels > 32) {
        return false;
    }
    uint64_t pieces =
        (((uint64_t)form->columns >> block.w) + 1) * (((uint64_t)form->rows >> block.h) + 1);
    for (ui32 level = 0; level <= levels; level++) {
        ojph::size precinct = cod.get_log_precinct_size(level);
        pieces += (((uint64_t)form->columns >> (levels - level) >> precinct.w) + 1) *
                  (((uint64_t)form->rows >> (levels - level) >> precinct.h) + 1);
    }
    return pieces <= PIECES_MIN + (uint64_t)form->rows * form->columns / PIECE_PIXELS;
}

enum codec_result decode(bounded_in *in, const struct pixel_form *expected, unsigned reduction,
                         struct pixels *ret_pixels) {
    ojph::codestream stream;
    if (reduction > 0) {
        stream.enable_resilience();
    }
    stream.read_headers(in);
    if (!agrees(stream, expected) || !is_sensible(stream, expected) ||
        reduction > stream.access_cod().get_num_decompositions()) {
        return CODEC_DAMAGED;
    }
    stream.restrict_input_resolution(reduction, reduction);
    stream.set_planar(false);
    stream.create();
    struct pixel_form form = *expected;
    form.rows = halved(expected->rows, reduction);
    form.columns = halved(expected->columns, reduction);
    ui32 bits = stream.access_siz().get_bit_depth(0);
    if (!pixels_allocate(ret_pixels, &form)) {
        return CODEC_NO_MEMORY;
    }
    for (ui32 row = 0; row < form.rows; row++) {
        for (ui32 i = 0; i < form.samples; i++) {
            ui32 component = 0;
            ojph::line_buf *line = stream.pull(component);
            if (!line || component >= form.samples || line->size < form.columns) {
                return CODEC_DAMAGED;
            }
            keep_line(line->i32, row, component, bits, ret_pixels);
        }
    }
    stream.close();
    return CODEC_OK;
}

} // namespace

enum codec_result htj2k_encode(const struct pixels *pixels, uint8_t *space, size_t space_size,
                               size_t *ret_size) {
    if (pixels->form.rows < HTJ2K_SIDE_MIN && pixels->form.columns < HTJ2K_SIDE_MIN) {
        return CODEC_UNSUPPORTED;
    }
    bounded_out out(space, space_size);
    try {
        be_quiet();
        encode(pixels, &out);
    } catch (const std::bad_alloc &) {
        return CODEC_NO_MEMORY;
    } catch (...) {
        return out.is_full() ? CODEC_OVER_LIMIT : CODEC_UNSUPPORTED;
    }
    *ret_size = out.written();
    return CODEC_OK;
}

enum codec_result htj2k_decode(const uint8_t *bytes, size_t size, const struct pixel_form *expected,
                               unsigned reduction, struct pixels *ret_pixels) {
    memset(ret_pixels, 0, sizeof *ret_pixels);
    enum codec_result result;
    if (!codestream_size_agrees(bytes, size, expected) ||
        (reduction == 0 && !is_whole(bytes, size))) {
        return CODEC_DAMAGED;
    }
    try {
        be_quiet();
        bounded_in in(bytes, size);
        result = decode(&in, expected, reduction, ret_pixels);
    } catch (const std::bad_alloc &) {
        result = CODEC_NO_MEMORY;
    } catch (...) {
        result = CODEC_DAMAGED;
    }
    if (result != CODEC_OK) {
        pixels_free(ret_pixels);
    }
    return result;
}
