/* http_config.c - see http_config.h. */
#include "outbound/http_config.h"

void http_config_init(struct http_config *h)
{
    *h = (struct http_config){.follow_redirects = true, .enable_http2 = true};
}
