#include "server/dicomweb/wado_make.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

/* As it comes out of the worker, ours, and what it was made of. */
enum { TIMES_IN_MEMORY = 3 };

/* Space that is held, and for whom. */
struct wado_making {
    /* Given. */
    struct wado_made *made;
    struct wado_make *make; // NULL when nobody waits any more
    /* Derived. */
    uint64_t reserved;
    bool under_way;
};

static void free_making(struct wado_making *making) {
    making->made->reserved -= making->reserved;
    free(making);
}

bool wado_make_reserve(struct wado_make *make, struct wado_made *made,
                       const struct wado_part *part) {
    uint64_t wanted = 0;
    if (part->origin == ORIGIN_SAMPLES) {
        wanted = TIMES_IN_MEMORY * part->length;
        wanted = wanted > WADO_MADE_LEAST ? wanted : WADO_MADE_LEAST;
    } else if (part->origin == ORIGIN_PICTURE) {
        wanted = WADO_PICTURE_RESERVE;
    }
    if (wanted == 0) {
        return true;
    }
    make->making = wanted <= WADO_MADE_MAX - made->reserved ? malloc(sizeof *make->making) : NULL;
    if (make->making) {
        *make->making = (struct wado_making){.made = made, .make = make, .reserved = wanted};
        made->reserved += wanted;
    }
    return make->making != NULL;
}

static void on_rendered(void *data, enum imaging_read_result result,
                        const struct rendered *rendered) {
    struct wado_making *making = data;
    struct wado_make *make = making->make;
    making->under_way = false;
    if (!make) {
        free_making(making);
        return;
    }
    if (result == IMAGING_READ_OK) {
        make->bytes = malloc(rendered->bytes.length);
        make->size = make->bytes ? rendered->bytes.length : 0;
        result = make->bytes ? IMAGING_READ_OK : IMAGING_READ_UNAVAILABLE;
    }
    if (make->bytes) {
        memcpy(make->bytes, rendered->bytes.bytes, make->size);
    }
    make->done(make->data, result, (struct bytes){(uint32_t)make->size, make->bytes});
}

bool wado_make_begin(struct wado_make *make, struct dicomweb_ask *ask, const struct wado_part *part,
                     wado_part_made done, void *data) {
    const char *uid = part->sop_instance_uid;
    struct render_wanted wanted = {.patient_case = ask->about.patient_case,
                                   .sop_instance_uid = {(uint32_t)strlen(uid), uid},
                                   .frame = part->frame,
                                   .masked = ask->about.masked,
                                   .in_a_row = true};
    render_asked_apply(&ask->render, &wanted);
    if (part->origin == ORIGIN_SAMPLES) {
        wanted.form = PICTURE_FORM_SAMPLES;
    }
    make->done = done;
    make->data = data;
    struct wado_making *making = make->making;
    struct imaging_render *render; // it is waited for, whoever goes away
    making->under_way = true;
    if (imaging_render(ask->desk->service, &wanted, on_rendered, making, &render)) {
        return true;
    }
    making->under_way = false;
    return false;
}

void wado_make_drop(struct wado_make *make) {
    if (make->bytes) {
        OPENSSL_cleanse(make->bytes, make->size);
    }
    free(make->bytes);
    make->bytes = NULL;
    make->size = 0;
}

void wado_make_finish(struct wado_make *make) {
    wado_make_drop(make);
    if (make->making && make->making->under_way) {
        make->making->make = NULL;
    } else if (make->making) {
        free_making(make->making);
    }
    make->making = NULL;
}
