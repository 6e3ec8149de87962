/* rules_home.h - where the rules of this process ask and write, and whom they tell. */
#ifndef ALGALON_CMD_RULES_HOME_H
#define ALGALON_CMD_RULES_HOME_H

#include "forward/forward.h"
#include "rule_files.h"
#include "rules/rules.h"
#include "settings.h"
#include "store/store.h"
#include "upstream/upstream.h"

/* Borrowed for the life of the rules; it stays where it is. */
struct rules_home {
    struct upstream *upstream; /* is asked when there is one, else the store is */
    struct store *store;       /* keeps what rules give; NULL: it is only sent on */
    struct forward *forward;   /* sends it on; NULL: it is only kept */
};

/** Opens what tells of alerts; nobody is told yet. `hostname` stands in links when no
 * --external-url says better. */
MUST_CHECK int rules_home_notify(const struct settings *settings, const char *hostname,
                                 struct notify **ret, struct error *err);

/** From now on those are told whom settings and `alerts` (NULL: nothing) name. Errors: those of
 * notify_set(). */
MUST_CHECK int rules_home_tell(struct notify *notify, const struct settings *settings,
                               const struct scrape_alerts *alerts, struct error *err);

/** Opens the rules of `files`, borrowed for their life; `notify` may be NULL. `hostname` as
 * above, for templates. */
MUST_CHECK int rules_home_open(struct rules_home *home, const struct settings *settings,
                               const struct rule_files *files, const char *hostname,
                               struct notify *notify, struct rules **ret, struct error *err);

#endif
