/* pieces.h - answers that are made while they are sent: never more than one piece in memory. */
#ifndef ALGALON_HTTP_PIECES_H
#define ALGALON_HTTP_PIECES_H

#include "http/http.h"

#define PIECES_AT_ONCE 16 /* such answers of one listener; more are answered 503 */

#define PIECES_END    (-1) /* all is sent */
#define PIECES_BROKEN (-2) /* the rest cannot be made: the connection has to be broken off */

struct pieces;

/** Takes over `first` (emptied), `next` and `ctx`. NULL when there are too many: then `done` was
 * not called. */
struct pieces *pieces_new(struct http_request *r, struct buf *first, http_next_piece *next,
                          void (*done)(void *ctx), void *ctx);

/** Takes up to `max` bytes; 0: none now, the connection has been suspended and is resumed when the
 * next piece is there; or PIECES_END, PIECES_BROKEN. On the library's thread. */
ssize_t pieces_take(struct pieces *p, char *to, size_t max);

/** The library is finished with it: runs `done`. No piece is being made. */
void pieces_close(struct pieces *p);

#endif
