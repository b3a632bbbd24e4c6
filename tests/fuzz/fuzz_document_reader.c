/* links: imaging_format protocol */
/* A file that may be a document: known by its first and last bytes, and told of in JSON. */
#include "server/imaging/document_reader.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static uint8_t encoded[INSTANCE_ENCODED_MAX];
    uint8_t digest[DOCUMENT_DIGEST_SIZE] = {0};
    struct instance document, decoded;
    memcpy(digest, bytes, size < sizeof digest ? size : sizeof digest);
    if (!document_read(bytes, size, digest, &document)) {
        return 0;
    }
    if (document.document_offset + document.document_size != size ||
        !instance_decode(&decoded, encoded, instance_encode(&document, encoded)) ||
        strcmp(decoded.sop_instance_uid, document.sop_instance_uid) != 0) {
        abort(); // not the whole file, or a row that cannot be read back
    }
    struct bounded_output json;
    bounded_output_init(&json, 1 << 16);
    document_metadata(&document, &json);
    bounded_output_finish(&json);
    return 0;
}
