/* curl.h - this room's door to libcurl, which is opened at run time (client.c) and never linked.
 * client.c keeps many requests under way, fetch.c says what one asks for. */
#ifndef ALGALON_SCRAPE_CURL_H
#define ALGALON_SCRAPE_CURL_H

#include "scrape/client.h"

#include <sys/epoll.h>

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#define EVENTS_MAX 64

struct library {
    CURLcode (*global_init)(long);
    CURL *(*easy_init)(void);
    CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
    CURLcode (*easy_getinfo)(CURL *, CURLINFO, ...);
    void (*easy_reset)(CURL *);
    void (*easy_cleanup)(CURL *);
    const char *(*easy_strerror)(CURLcode);
    CURLM *(*multi_init)(void);
    CURLMcode (*multi_setopt)(CURLM *, CURLMoption, ...);
    CURLMcode (*multi_add_handle)(CURLM *, CURL *);
    CURLMcode (*multi_remove_handle)(CURLM *, CURL *);
    CURLMcode (*multi_socket_action)(CURLM *, curl_socket_t, int, int *);
    CURLMsg *(*multi_info_read)(CURLM *, int *);
    CURLMcode (*multi_cleanup)(CURLM *);
};

struct transfer {
    struct client *client;
    CURL *easy;
    struct http_lists lists;
    struct buf body;
    uint64_t body_max, counted; /* counted: bytes of it in client->body_bytes */
    size_t head_bytes;          /* of all heads of the answer */
    void *owner;
    bool (*on_data)(void *owner, struct str bytes); /* NULL: the body is kept */
    bool gzip, openmetrics, too_large, crowded, long_head, on_wire;
    CURLcode code;
    long status;
    char content_type[80];
    char reason[CURL_ERROR_SIZE];
    struct token *token;   /* that it has or waits for; NULL: none */
    struct token *fetches; /* that it fetches; NULL: none */
    bool waits;            /* for a token, until: */
    uint64_t wait_until_ns;
    struct transfer *next; /* in the list of free ones, of those that wait or that failed */
};

struct client {
    struct library lib;
    struct http_library *http; /* opened with `lib` */
    CURLM *multi;              /* NULL: libcurl is not open */
    char *user_agent;
    int epoll_fd, wake_fd;
    struct epoll_event events[EVENTS_MAX];
    int event_len;
    /* When libcurl wants to be called; 0: never. client_wait() reads it without the lock that its
     * users hold around everything else. */
    _Atomic uint64_t timer_ns;
    struct token *tokens;
    struct transfer *failed; /* without having been on the wire */
    struct transfer *free;
    size_t free_len, in_use;
    _Atomic uint64_t body_bytes; /* held by all transfers, also those being taken */
};

/** Sets all options of `t` for `q`. Errors: -ENOMEM, -EINVAL, those of reading a secret's file. */
MUST_CHECK int fetch_prepare(struct transfer *t, const struct client_request *q, struct error *err);

/** Takes a transfer and prepares it; client_begin() puts it on the wire. Errors: those of
 * client_start(). */
MUST_CHECK int client_prepare(struct client *c, const struct client_request *request,
                              struct transfer **ret, struct error *err);
MUST_CHECK int client_begin(struct client *c, struct transfer *t, struct error *err);

#endif
