/* steps.h - what is next for a request. Start at steps_next(). */
#ifndef ALGALON_HTTP_STEPS_H
#define ALGALON_HTTP_STEPS_H

#include "http/request.h"

enum step {
    STEP_WAIT,   /* for the body, or for a pool: the connection is suspended then */
    STEP_ANSWER, /* send r->response */
    STEP_CLOSE,  /* close the connection */
};

/** Takes the request one step on: asked when its head is there, with each piece of its body, at the
 * body's end (`n` is 0), and after each resumption. On the library's event loops. */
enum step steps_next(struct http_request *r, const char *method, const char *body, size_t n);

/** Answers 503: something is full. */
void steps_turn_away(struct http_request *r, const char *text);

/** Gives back what the request's body was counted for. */
void steps_uncharge(struct http_request *r);

#endif
