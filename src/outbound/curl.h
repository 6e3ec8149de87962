/* curl.h - this room's door to libcurl, which is opened at run time and never linked. */
#ifndef ALGALON_OUTBOUND_CURL_H
#define ALGALON_OUTBOUND_CURL_H

#include "outbound/http_apply.h"

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

struct http_library {
    CURLcode (*global_init)(long);
    CURL *(*easy_init)(void);
    CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
    CURLcode (*easy_getinfo)(CURL *, CURLINFO, ...);
    CURLcode (*easy_perform)(CURL *);
    void (*easy_reset)(CURL *);
    void (*easy_cleanup)(CURL *);
    const char *(*easy_strerror)(CURLcode);
    struct curl_slist *(*slist_append)(struct curl_slist *, const char *);
    void (*slist_free_all)(struct curl_slist *);
};

#endif
