#include "server/dicomweb/media_type.h"

#include "server/imaging/transfer_syntax.h"

#define OCTETS "application/octet-stream"
#define ROOT "1.2.840.10008.1.2"

const char *media_type_of_frame(const char *transfer_syntax_uid) {
    static const char *const types[][2] = {
        {ROOT ".4.50", "image/jpeg"},   {ROOT ".4.51", "image/jpeg"},
        {ROOT ".4.57", "image/jpeg"},   {ROOT ".4.70", "image/jpeg"},
        {ROOT ".4.80", "image/jls"},    {ROOT ".4.81", "image/jls"},
        {ROOT ".4.90", "image/jp2"},    {ROOT ".4.91", "image/jp2"},
        {ROOT ".4.201", "image/jphc"},  {ROOT ".4.202", "image/jphc"},
        {ROOT ".4.203", "image/jphc"},  {ROOT ".5", "image/dicom-rle"},
        {ROOT ".4.100", "video/mpeg2"}, {ROOT ".4.101", "video/mpeg2"},
        {ROOT ".4.102", "video/mp4"},   {ROOT ".4.103", "video/mp4"},
        {ROOT ".4.104", "video/mp4"},   {ROOT ".4.105", "video/mp4"},
        {ROOT ".4.106", "video/mp4"},   {ROOT ".4.107", "video/H265"},
        {ROOT ".4.108", "video/H265"},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i][0], transfer_syntax_uid) == 0) {
            return types[i][1];
        }
    }
    return OCTETS;
}

/* As the client calls it: programs ask by names of before these were registered. NULL = it does not
 * take it. */
static const char *called(const struct accept_range *range, const char *media_type) {
    static const char *const others[][2] = {{"image/jls", "image/x-jls"},
                                            {"image/jphc", "image/jhc"},
                                            {"image/dicom-rle", "image/x-dicom-rle"}};
    if (accept_covers(range, media_type)) {
        return media_type;
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(others[i][0], media_type) == 0 && accept_covers(range, others[i][1])) {
            return others[i][1];
        }
    }
    return NULL;
}

static bool names_syntax(const struct accept_range *range, const char *uid) {
    return range->transfer_syntax.length > 0 && accept_takes_syntax(range, uid) &&
           range->transfer_syntax.bytes[0] != '*';
}

/* The bytes of native frames are the same in every little endian syntax; implicit VR is none of
 * web services (PS3.18 8.7.3). */
static const char *syntax_told(const char *stored) {
    return strcmp(stored, TRANSFER_SYNTAX_IMPLICIT_LE) == 0 ? TRANSFER_SYNTAX_EXPLICIT_LE : stored;
}

static bool choose_stored(const struct accept_range *range, const struct media_offer *offer,
                          struct media_choice *choice) {
    const struct transfer_syntax *syntax = transfer_syntax_find(offer->stored);
    const char *own = called(range, media_type_of_frame(offer->stored));
    bool native = syntax && syntax->packing == PIXELS_NATIVE;
    bool named = names_syntax(range, offer->stored);
    bool taken = accept_covers(range, OCTETS);
    choice->media_type = OCTETS;
    if (native && syntax->encoding == DICOM_EXPLICIT_BE) {
        // None of web services either, unless it is asked for by name or all there is.
        taken = taken && (named || (!offer->decodes && range->transfer_syntax.length > 0 &&
                                    accept_takes_syntax(range, offer->stored)));
    } else if (native) {
        taken = taken && (accept_takes_syntax(range, offer->stored) ||
                          accept_takes_syntax(range, TRANSFER_SYNTAX_EXPLICIT_LE));
    } else if (own && strcmp(own, OCTETS) != 0 && accept_takes_syntax(range, offer->stored)) {
        choice->media_type = own;
        taken = true;
    } else {
        // Octets that name no syntax are not compressed; anything is as it is stored.
        taken = taken &&
                (range->media_type.length == 0 ||
                 (range->transfer_syntax.length > 0 && accept_takes_syntax(range, offer->stored)));
    }
    choice->form = MEDIA_STORED;
    choice->transfer_syntax = syntax_told(offer->stored);
    return taken;
}

/* What is coded with RPCL keeps to the two syntaxes that allow more as well (PS3.5 A.4.12). */
static bool choose_copy(const struct accept_range *range, struct media_choice *choice) {
    static const char *const uids[] = {ROOT ".4.202", ROOT ".4.201", ROOT ".4.203"};
    const char *own = called(range, "image/jphc");
    choice->form = MEDIA_COPY;
    choice->media_type = own ? own : OCTETS;
    for (size_t i = 0; i < sizeof uids / sizeof uids[0]; i++) {
        choice->transfer_syntax = uids[i];
        if (own ? accept_takes_syntax(range, uids[i])
                : accept_covers(range, OCTETS) && names_syntax(range, uids[i])) {
            return true;
        }
    }
    return false;
}

static bool choose_decoded(const struct accept_range *range, struct media_choice *choice) {
    choice->form = MEDIA_DECODED;
    choice->media_type = OCTETS;
    choice->transfer_syntax = TRANSFER_SYNTAX_EXPLICIT_LE;
    return accept_covers(range, OCTETS) && accept_takes_syntax(range, TRANSFER_SYNTAX_EXPLICIT_LE);
}

bool media_choose_frames(const struct accept *accept, const struct media_offer *offer,
                         struct media_choice *ret) {
    for (uint32_t i = 0; i < accept->count; i++) {
        const struct accept_range *range = &accept->ranges[i];
        // Parts are what anything means (PS3.18 8.7.3); one frame alone has to be asked for.
        bool anything = range->media_type.length == 0;
        if (!range->multipart && !anything && offer->parts > 1) {
            continue;
        }
        ret->multipart = range->multipart || anything;
        if (choose_stored(range, offer, ret) || (offer->copy && choose_copy(range, ret)) ||
            (offer->decodes && choose_decoded(range, ret))) {
            return true;
        }
    }
    return false;
}
