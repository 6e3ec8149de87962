/* http_apply.h - a struct http_config put into force on one of libcurl's easy handles, for
 * outbound.c and for scraping's client of many requests. */
#ifndef ALGALON_OUTBOUND_HTTP_APPLY_H
#define ALGALON_OUTBOUND_HTTP_APPLY_H

#include "outbound/http_config.h"

struct http_library; /* libcurl, opened at run time */
struct curl_slist;

/* Lists that an easy handle borrows until it is reset. Begins zeroed. */
struct http_lists {
    struct curl_slist *headers, *connect_to, *proxy_headers;
};

/** Opens libcurl. Errors: -ELIBACC it is not installed; `err` says which package has it. */
MUST_CHECK int http_library_open(struct http_library **ret, struct error *err);
/** libcurl itself stays: the libraries behind it leave handlers at exit. NULL is fine. */
void http_library_close(struct http_library *lib);

/**
 * Sets on `easy` (a CURL *, reset before): the URL, what may be spoken, redirections, TLS, proxies
 * and credentials. Headers go into `lists`; the caller hands them over when his own are in them.
 * Files are read anew. Errors: -ENOMEM, -EINVAL, those of reading the file of a secret.
 */
MUST_CHECK int http_apply(const struct http_library *lib, void *easy, struct str url,
                          const struct http_config *http, struct http_lists *lists,
                          struct error *err);

/** Adds the header "name: first second"; an empty `first` is left out with its blank. -ENOMEM. */
MUST_CHECK int http_lists_add(const struct http_library *lib, struct http_lists *lists,
                              struct str name, struct str first, struct str second);

/** Adds headers, those that stand in files too. Errors: -ENOMEM, those of reading a file. */
MUST_CHECK int http_lists_add_all(const struct http_library *lib, struct http_lists *lists,
                                  const struct http_header *headers, size_t len, struct error *err);

void http_lists_fini(const struct http_library *lib, struct http_lists *lists);

/** A secret, from the configuration or from its file, without the blanks around it. Terminated, the
 * caller's to free. Errors: -EINVAL it holds a line end, those of reading the file. */
MUST_CHECK int http_secret(struct str text, struct str file, char **ret, struct error *err);

#endif
