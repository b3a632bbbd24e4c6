/*
 * A certificate is renewed every few weeks, and nobody is to be cut off for it. Two files that have
 * changed, or SIGHUP, load them into a context of their own; each new connection is given that
 * one's certificate in its handshake. Those that are there keep what they were shown. Files
 * that do not belong together, or are half written, are refused and the old ones stay.
 */
#include "server/gateway/gateway_state.h"

#include "server/log.h"

#include <assert.h>
#include <stdlib.h>

enum {
    LOOK_MS = 2000,   /* at the files */
    SETTLE_MS = 1000, /* the second of the two may be about to change, too */
};

struct tls_renewal {
    const char *certificate, *key; /* borrowed */
    uv_fs_poll_t polls[2];
    uv_timer_t timer;
    SSL_CTX *newest; /* NULL = what libwebsockets loaded at the start */
};

/* Not by another context: libwebsockets finds its vhost by the one it made. */
static int on_certificate(SSL *connection, void *data) {
    struct tls_renewal *renewal = data;
    SSL_CTX *newest = renewal->newest;
    STACK_OF(X509) *chain = NULL;
    if (newest == NULL) {
        return 1;
    }
    SSL_certs_clear(connection);
    return SSL_CTX_get0_chain_certs(newest, &chain) == 1 &&
           SSL_use_cert_and_key(connection, SSL_CTX_get0_certificate(newest),
                                SSL_CTX_get0_privatekey(newest), chain, 1) == 1;
}

void tls_renewal_serve(struct tls_renewal *renewal, SSL_CTX *base) {
    SSL_CTX_set_cert_cb(base, on_certificate, renewal);
}

static void tell(const SSL_CTX *context) {
    char until[32] = "";
    struct tm end;
    const X509 *certificate = SSL_CTX_get0_certificate(context);
    if (certificate != NULL && ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) == 1) {
        strftime(until, sizeof(until), "%Y-%m-%dT%H:%M:%SZ", &end);
    }
    log_info("gateway", "certificate renewed until=%s", until);
}

void tls_renewal_load(struct tls_renewal *renewal) {
    char why[128];
    SSL_CTX *loaded = tls_load(renewal->certificate, renewal->key, why, sizeof(why));
    if (loaded == NULL) {
        log_error("gateway", "the new certificate is not used, the old one stays: %s", why);
        return;
    }
    SSL_CTX_free(renewal->newest);
    renewal->newest = loaded;
    tell(loaded);
}

static void on_settled(uv_timer_t *timer) {
    tls_renewal_load(timer->data);
}

static void on_changed(uv_fs_poll_t *poll, int status, const uv_stat_t *before,
                       const uv_stat_t *now) {
    struct tls_renewal *renewal = poll->data;
    (void)before;
    (void)now;
    if (status == 0) { /* a file that is gone is about to come */
        uv_timer_start(&renewal->timer, on_settled, SETTLE_MS, 0);
    }
}

struct tls_renewal *tls_renewal_create(uv_loop_t *loop, const char *certificate, const char *key) {
    struct tls_renewal *renewal = calloc(1, sizeof(*renewal));
    assert(renewal != NULL);
    renewal->certificate = certificate;
    renewal->key = key;
    uv_timer_init(loop, &renewal->timer);
    renewal->timer.data = renewal;
    uv_unref((uv_handle_t *)&renewal->timer); /* none of these keeps the loop running */
    for (unsigned i = 0; i < 2; i++) {
        uv_fs_poll_init(loop, &renewal->polls[i]);
        renewal->polls[i].data = renewal;
        uv_fs_poll_start(&renewal->polls[i], on_changed, i == 0 ? certificate : key, LOOK_MS);
        uv_unref((uv_handle_t *)&renewal->polls[i]);
    }
    return renewal;
}

void tls_renewal_stop(struct tls_renewal *renewal) {
    if (renewal != NULL) {
        uv_close((uv_handle_t *)&renewal->timer, NULL);
        uv_close((uv_handle_t *)&renewal->polls[0], NULL);
        uv_close((uv_handle_t *)&renewal->polls[1], NULL);
    }
}

void tls_renewal_destroy(struct tls_renewal *renewal) {
    if (renewal != NULL) {
        SSL_CTX_free(renewal->newest);
        free(renewal);
    }
}
