/* links: server */
/* An Accept header: bounded, best first, and whatever is chosen of it is something that there is.
 * The first byte says what there is. */
#include "server/dicomweb/media_type.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(const struct accept *accept, struct text header) {
    for (uint32_t i = 0; i < accept->count; i++) {
        const struct accept_range *range = &accept->ranges[i];
        bool within = range->media_type.length <= header.length &&
                      range->transfer_syntax.length <= header.length;
        if (!within || range->quality == 0 || range->quality > 1000 ||
            (i > 0 && range->quality > accept->ranges[i - 1].quality)) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static const char *const stored[] = {"1.2.840.10008.1.2",      "1.2.840.10008.1.2.1",
                                         "1.2.840.10008.1.2.2",    "1.2.840.10008.1.2.4.80",
                                         "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.102",
                                         "1.2.840.10008.1.2.5",    ""};
    if (size == 0 || size > 70000) {
        return 0;
    }
    struct text header = {(uint32_t)(size - 1), (const char *)bytes + 1};
    struct media_offer offer = {stored[bytes[0] & 7], bytes[0] & 8, bytes[0] & 16,
                                bytes[0] & 32 ? 2 : 1};
    struct accept accept;
    struct media_choice choice;
    accept_parse(header, &accept);
    if (accept.count > ACCEPT_RANGES_MAX) {
        abort();
    }
    check(&accept, header);
    accept_takes_json(&accept);
    if (media_choose_frames(&accept, &offer, &choice) &&
        ((choice.form == MEDIA_COPY && !offer.copy) ||
         (choice.form == MEDIA_DECODED && !offer.decodes) ||
         (offer.parts > 1 && !choice.multipart) || !choice.media_type[0])) {
        abort();
    }
    return 0;
}
