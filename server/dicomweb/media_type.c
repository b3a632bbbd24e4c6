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

/* Octets are little endian and not compressed unless the syntax is named, or any will do. */
static bool takes_octets(const struct accept_range *range, const char *uid) {
    const struct transfer_syntax *syntax = transfer_syntax_find(uid);
    bool plain =
        syntax && syntax->packing == PIXELS_NATIVE && syntax->encoding != DICOM_EXPLICIT_BE;
    return plain ? accept_takes_syntax(range, uid) ||
                       accept_takes_syntax(range, TRANSFER_SYNTAX_EXPLICIT_LE)
                 : range->transfer_syntax.length > 0 && accept_takes_syntax(range, uid);
}

bool media_choose_frames(const struct accept *accept, const char *transfer_syntax_uid,
                         uint32_t parts, struct media_choice *ret) {
    const char *own = media_type_of_frame(transfer_syntax_uid);
    for (uint32_t i = 0; i < accept->count; i++) {
        const struct accept_range *range = &accept->ranges[i];
        // Parts are what anything means (PS3.18 8.7.3); one frame alone has to be asked for.
        bool anything = range->media_type.length == 0;
        if (!range->multipart && !anything && parts > 1) {
            continue;
        }
        ret->multipart = range->multipart || anything;
        if (accept_covers(range, own) && strcmp(own, OCTETS) != 0 &&
            accept_takes_syntax(range, transfer_syntax_uid)) {
            ret->media_type = own;
            return true;
        }
        if (accept_covers(range, OCTETS) &&
            (anything || takes_octets(range, transfer_syntax_uid))) {
            ret->media_type = OCTETS;
            return true;
        }
    }
    return false;
}
