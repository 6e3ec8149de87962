/* refusal.h - what senders are told when the store cannot take samples now. */
#ifndef ALGALON_API_REFUSAL_H
#define ALGALON_API_REFUSAL_H

#include "api/api.h"

/** 503 with Retry-After where waiting may help (a full disk, memory), else 500. */
void refusal_of_store(struct http_request *r, const struct error *err);

#endif
