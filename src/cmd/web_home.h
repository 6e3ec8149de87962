/* web_home.h - the pages with what is around them in this process: the data directory, and the
 * series it knows of. */
#ifndef ALGALON_CMD_WEB_HOME_H
#define ALGALON_CMD_WEB_HOME_H

#include "settings.h"

#include "api/api.h"
#include "web/web.h"

/** Opens the pages. `api` is borrowed for their life; it may be filled in later, before anybody
 * asks. Errors: those of web_open(). */
MUST_CHECK int web_home_open(struct settings *settings, struct api *api, struct web **ret,
                             struct error *err);

#endif
