#define _GNU_SOURCE /* SOCK_CLOEXEC */
#include "server/archives/archive_client.h"

#include "server/gateway/address_count.h"
#include "server/log.h"

#include <assert.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { CONNECTIONS_KEPT_MAX = 4 };

struct archive_client {
    uv_loop_t *loop;
    CURLM *multi;
    uv_timer_t timer;  /* libcurl's */
    uv_timer_t kicker; /* what must not be done within a callback of libcurl's */
    struct archive_request *requests;
    int handles; /* of libuv, open */
    bool closing;
    void (*closed)(void *data);
    void *closed_data;
};

struct archive_request {
    /* Given. */
    struct archive_client *client;
    struct archive_wanted wanted;
    bool plain;
    /* Owned. */
    struct archive_request *next;
    CURL *easy;
    struct curl_slist *headers;
    char error[CURL_ERROR_SIZE];
    /* Derived. */
    uint64_t head, body; /* bytes that came */
    bool begun, refused, enough;
    bool paused, resuming, cancelled;
};

/* A socket of libcurl's, looked after by libuv. */
struct watch {
    uv_poll_t poll;
    struct archive_client *client;
    curl_socket_t socket;
};

const char *archive_failure_word(enum archive_failure failure) {
    static const char *const words[] = {
        [ARCHIVE_OK] = "ok",
        [ARCHIVE_AWAY] = "away",
        [ARCHIVE_SLOW] = "slow",
        [ARCHIVE_BROKEN] = "broken_line",
        [ARCHIVE_CERTIFICATE] = "certificate",
        [ARCHIVE_TOKEN] = "token",
        [ARCHIVE_NOT_FOUND] = "not_found",
        [ARCHIVE_ELSEWHERE] = "elsewhere",
        [ARCHIVE_BUSY] = "busy",
        [ARCHIVE_STATUS] = "status",
        [ARCHIVE_ANSWER] = "answer",
    };
    return words[failure];
}

/* The end of a request. */

static void free_request(struct archive_request *request) {
    struct archive_request **link = &request->client->requests;
    while (*link != request) {
        link = &(*link)->next;
    }
    *link = request->next;
    curl_multi_remove_handle(request->client->multi, request->easy);
    curl_easy_cleanup(request->easy);
    curl_slist_free_all(request->headers);
    free(request);
}

static enum archive_failure failure_of_status(long status) {
    switch (status) {
    case 200:
    case 204:
        return ARCHIVE_OK;
    case 401:
    case 403:
        return ARCHIVE_TOKEN;
    case 404:
    case 410:
        return ARCHIVE_NOT_FOUND;
    case 429:
    case 503:
        return ARCHIVE_BUSY;
    default:
        return status >= 300 && status < 400 ? ARCHIVE_ELSEWHERE : ARCHIVE_STATUS;
    }
}

static enum archive_failure failure_of_code(CURLcode code, long status) {
    switch (code) {
    case CURLE_OK:
        return failure_of_status(status);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
        return ARCHIVE_AWAY;
    case CURLE_OPERATION_TIMEDOUT:
        return ARCHIVE_SLOW;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
        return ARCHIVE_CERTIFICATE;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        return ARCHIVE_BROKEN;
    default:
        return ARCHIVE_ANSWER;
    }
}

static enum archive_failure failure_of(const struct archive_request *request, CURLcode code) {
    long status = 0;
    curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
    if (request->enough) {
        return ARCHIVE_OK;
    }
    if (request->refused) {
        return status >= 300 ? failure_of_status(status) : ARCHIVE_ANSWER;
    }
    return failure_of_code(code, status);
}

static void end_request(struct archive_request *request, CURLcode code) {
    struct archive_wanted wanted = request->wanted;
    enum archive_failure failure = failure_of(request, code);
    bool cancelled = request->cancelled;
    if (failure != ARCHIVE_OK && !cancelled) {
        log_info("archives", "asked in vain archive=%s why=%s libcurl=%d", wanted.archive->id,
                 archive_failure_word(failure), (int)code);
    }
    free_request(request);
    if (!cancelled) {
        wanted.done(wanted.data, failure);
    }
}

static void end_what_is_over(struct archive_client *client) {
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
        struct archive_request *request;
        if (message->msg == CURLMSG_DONE) {
            CURLcode code = message->data.result;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
            end_request(request, code);
        }
    }
}

/* The loop. */

static void on_kick(uv_timer_t *timer) {
    struct archive_client *client = timer->data;
    struct archive_request *next;
    for (struct archive_request *each = client->requests; each != NULL; each = next) {
        next = each->next;
        if (each->cancelled) {
            free_request(each);
        } else if (each->resuming) {
            each->resuming = each->paused = false;
            curl_easy_pause(each->easy, CURLPAUSE_CONT);
        }
    }
    end_what_is_over(client);
}

static void kick(struct archive_client *client) {
    if (!client->closing) {
        uv_timer_start(&client->kicker, on_kick, 0, 0);
    }
}

static void on_time(uv_timer_t *timer) {
    struct archive_client *client = timer->data;
    int running;
    curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    end_what_is_over(client);
}

static int on_timeout_wanted(CURLM *multi, long timeout_ms, void *data) {
    struct archive_client *client = data;
    (void)multi;
    if (client->closing) {
        return 0;
    }
    if (timeout_ms < 0) {
        uv_timer_stop(&client->timer);
    } else {
        uv_timer_start(&client->timer, on_time, (uint64_t)timeout_ms, 0);
    }
    return 0;
}

static void on_ready(uv_poll_t *poll, int status, int events) {
    struct watch *watch = poll->data;
    struct archive_client *client = watch->client;
    int flags = status < 0 ? CURL_CSELECT_ERR : 0;
    int running;
    flags |= (events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0;
    flags |= (events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0;
    curl_multi_socket_action(client->multi, watch->socket, flags, &running);
    end_what_is_over(client);
}

static void on_handle_closed(uv_handle_t *handle) {
    struct archive_client *client = handle->data;
    if (--client->handles == 0) {
        void (*closed)(void *data) = client->closed;
        void *data = client->closed_data;
        free(client);
        closed(data);
    }
}

static void on_watch_closed(uv_handle_t *handle) {
    struct watch *watch = handle->data;
    handle->data = watch->client;
    on_handle_closed(handle);
    free(watch);
}

static struct watch *watch_new(struct archive_client *client, curl_socket_t socket) {
    struct watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL || uv_poll_init_socket(client->loop, &watch->poll, socket) != 0) {
        free(watch);
        return NULL;
    }
    watch->client = client;
    watch->socket = socket;
    watch->poll.data = watch;
    client->handles++;
    curl_multi_assign(client->multi, socket, watch);
    return watch;
}

static int on_socket_wanted(CURL *easy, curl_socket_t socket, int what, void *data, void *own) {
    struct archive_client *client = data;
    struct watch *watch = own;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watch != NULL) {
            uv_poll_stop(&watch->poll);
            uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
            curl_multi_assign(client->multi, socket, NULL);
        }
        return 0;
    }
    if (watch == NULL && (watch = watch_new(client, socket)) == NULL) {
        return -1;
    }
    int events =
        (what != CURL_POLL_OUT ? UV_READABLE : 0) | (what != CURL_POLL_IN ? UV_WRITABLE : 0);
    uv_poll_start(&watch->poll, events, on_ready);
    return 0;
}

/* What comes. */

static size_t on_header(char *bytes, size_t one, size_t count, void *data) {
    struct archive_request *request = data;
    size_t length = one * count;
    (void)bytes;
    request->head += length;
    if (request->cancelled || request->head > ARCHIVE_HEAD_MAX) {
        request->refused = true;
        return 0;
    }
    return length;
}

/* Only of an answer that is what was asked for the body is looked at. */
static bool begin_body(struct archive_request *request) {
    long status = 0;
    char *type = NULL;
    request->begun = true;
    curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(request->easy, CURLINFO_CONTENT_TYPE, &type);
    struct text text = {type != NULL ? (uint32_t)strlen(type) : 0, type != NULL ? type : ""};
    return status == 200 && request->wanted.begun(request->wanted.data, text);
}

static size_t on_body(char *bytes, size_t one, size_t count, void *data) {
    struct archive_request *request = data;
    size_t length = one * count;
    if (request->paused) {
        return CURL_WRITEFUNC_PAUSE;
    }
    request->body += length;
    request->refused = request->cancelled || (!request->begun && !begin_body(request)) ||
                       request->body > request->wanted.body_max;
    if (request->refused) {
        return 0;
    }
    struct bytes piece = {(uint32_t)length, (const uint8_t *)bytes};
    switch (request->wanted.bytes(request->wanted.data, piece)) {
    case ARCHIVE_TAKEN:
        return length;
    case ARCHIVE_TAKEN_PAUSE:
        request->paused = true;
        return length;
    case ARCHIVE_ENOUGH:
        request->enough = true;
        return 0;
    case ARCHIVE_REFUSED:
        request->refused = true;
        return 0;
    }
    return 0;
}

/* Not handed down to children; in clear to nobody but this machine, whatever its name resolves to.
 */
static curl_socket_t on_open(void *data, curlsocktype purpose, struct curl_sockaddr *address) {
    const struct archive_request *request = data;
    (void)purpose;
    if (request->plain && !peer_address_is_loopback(peer_address_of(&address->addr))) {
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Asking. */

static bool add_header(struct archive_request *request, const char *name, const char *value) {
    static const size_t space = ARCHIVE_TOKEN_MAX + 64;
    char *line = malloc(space);
    bool fits = line != NULL && (size_t)snprintf(line, space, "%s: %s", name, value) < space;
    struct curl_slist *longer = fits ? curl_slist_append(request->headers, line) : NULL;
    free(line);
    if (longer != NULL) {
        request->headers = longer;
    }
    return longer != NULL;
}

static bool set_address(struct archive_request *request, const struct archive_wanted *wanted) {
    char url[ARCHIVE_URL_MAX + ARCHIVE_REQUEST_PATH_MAX];
    char bearer[ARCHIVE_TOKEN_MAX + 16];
    if ((size_t)snprintf(url, sizeof url, "%s%s", wanted->archive->url, wanted->path) >=
        sizeof url) {
        return false;
    }
    snprintf(bearer, sizeof bearer, "Bearer %s", wanted->archive->token);
    return curl_easy_setopt(request->easy, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(request->easy, CURLOPT_PROTOCOLS_STR,
                            request->plain ? "http" : "https") == CURLE_OK &&
           add_header(request, "Authorization", bearer) &&
           add_header(request, "Accept", wanted->accept) &&
           curl_easy_setopt(request->easy, CURLOPT_HTTPHEADER, request->headers) == CURLE_OK;
}

static bool set_tls(CURL *easy, const char *ca_file) {
    return curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           (ca_file[0] == 0 || (curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file) == CURLE_OK &&
                                curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK));
}

/* No proxy, no cookies, no .netrc, no redirects, no other protocol: nothing of this process's
 * environment decides where the token goes. Who gives up does not wait for the thread that still
 * asks a name server which does not answer: that wait would be the loop's (QUICK_EXIT). */
static bool set_bounds(CURL *easy, uint32_t seconds_max) {
    return curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)ARCHIVE_CONNECT_S) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)ARCHIVE_SLOW_S) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)ARCHIVE_SLOW_BYTES) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)seconds_max) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK;
}

static bool set_callbacks(struct archive_request *request) {
    CURL *easy = request->easy;
    return curl_easy_setopt(easy, CURLOPT_PRIVATE, request) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, request) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, request) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, request) == CURLE_OK;
}

struct archive_request *archive_request_begin(struct archive_client *client,
                                              const struct archive_wanted *wanted) {
    struct archive_request *request = client->closing ? NULL : calloc(1, sizeof *request);
    if (request == NULL) {
        return NULL;
    }
    request->client = client;
    request->wanted = *wanted;
    request->plain = wanted->archive->plain;
    request->easy = curl_easy_init();
    bool ready = request->easy != NULL && set_address(request, wanted) &&
                 set_tls(request->easy, wanted->archive->ca_file) &&
                 set_bounds(request->easy, wanted->seconds_max) && set_callbacks(request) &&
                 curl_multi_add_handle(client->multi, request->easy) == CURLM_OK;
    if (!ready) {
        curl_easy_cleanup(request->easy);
        curl_slist_free_all(request->headers);
        free(request);
        return NULL;
    }
    request->next = client->requests;
    client->requests = request;
    return request;
}

void archive_request_resume(struct archive_request *request) {
    request->resuming = true;
    kick(request->client);
}

void archive_request_cancel(struct archive_request *request) {
    if (request != NULL) {
        request->cancelled = true;
        kick(request->client);
    }
}

/* Its life. */

struct archive_client *archive_client_create(uv_loop_t *loop) {
    struct archive_client *client = calloc(1, sizeof *client);
    if (client == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
        (client->multi = curl_multi_init()) == NULL) {
        free(client);
        return NULL;
    }
    client->loop = loop;
    uv_timer_init(loop, &client->timer);
    uv_timer_init(loop, &client->kicker);
    client->timer.data = client->kicker.data = client;
    client->handles = 2;
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wanted);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timeout_wanted);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT_MAX);
    return client;
}

void archive_client_close(struct archive_client *client, void (*closed)(void *data), void *data) {
    client->closing = true;
    client->closed = closed;
    client->closed_data = data;
    while (client->requests != NULL) {
        end_request(client->requests, CURLE_RECV_ERROR);
    }
    curl_multi_cleanup(client->multi); /* tells of the sockets that it closes */
    uv_close((uv_handle_t *)&client->timer, on_handle_closed);
    uv_close((uv_handle_t *)&client->kicker, on_handle_closed);
}
