/* redact.h - replaces what tells who and where a machine is, by words that are the same for the
 * same thing throughout one bundle. Start at redact_know(), then redact_learn() on all texts that
 * name things by field, then redact() on every text that is written.
 *
 * Found by its form, wherever it stands: UUIDs, runs of 32 or 64 hex digits (containers), MAC and
 * IP addresses, /home/NAME, (USER@HOST), SERVER:/path and ://SERVER, job_NUMBER. Found by the name
 * of its field before '=' or ':' (redact_match.c has the table): host names, users, serial numbers,
 * names of pods, namespaces, containers, jobs and virtual machines, command lines, and the
 * values of whatever is called a token, password, secret or key. What was found so is then also
 * found where it stands as a word of its own.
 *
 * Not replaced: loopback and unspecified addresses; accounts that distributions bring along (root,
 * nobody, ...). A word that is part of a monitor's own language ("gpu", "default") is replaced in
 * its field, and nowhere else: otherwise nothing could be read any more. */
#ifndef ALGALON_DOCTOR_REDACT_H
#define ALGALON_DOCTOR_REDACT_H

#include "base/base.h"

enum redact_kind {
    REDACT_HOST,
    REDACT_USER,
    REDACT_NAME,
    REDACT_SERIAL,
    REDACT_UUID,
    REDACT_ID,
    REDACT_IP,
    REDACT_MAC,
    REDACT_COMMAND,
    REDACT_SECRET,
    REDACT_KINDS
};

struct redact_word; /* a thing and its number */

#define REDACT_VERSIONS      64
#define REDACT_VERSION_BYTES 24

struct redactor {
    char versions[REDACT_VERSIONS][REDACT_VERSION_BYTES]; /* that look like addresses */
    size_t version_len;
    struct redact_word *words;
    size_t len, cap;
    unsigned literal_first[256];  /* index + 1 of the newest word that begins with this byte and is
                                     looked for everywhere; 0: none */
    unsigned count[REDACT_KINDS]; /* different things met */
    bool failed; /* no memory, or too many words: what was written is not to be used */
};

void redact_init(struct redactor *r);
void redact_fini(struct redactor *r);

/** Names a thing that is to be replaced wherever it stands as a word of its own. A host name with
 * dots is also known by its first part. */
void redact_know(struct redactor *r, enum redact_kind kind, struct str what);

/** Names a version: where it has the form of an address ("1.1.2.64") it stands for none. */
void redact_keep_version(struct redactor *r, struct str version);

/** Takes in what `text` names, without writing it. */
void redact_learn(struct redactor *r, struct str text);

/** Appends `text` with all that replaced. */
void redact(struct redactor *r, struct str text, struct buf *to);

/** Appends the word that stands for `what`, or `what` itself where it may be shown. */
void redact_word(struct redactor *r, enum redact_kind kind, struct str what, struct buf *to);

/** Overwrites what is known in bytes that are no text with as many 'x', so that what counts them
 * stays right. */
void redact_bytes(struct redactor *r, char *bytes, size_t len);

/** True for an account that a distribution brings along. */
bool redact_is_system_user(struct str name);

/** "host names", for lists. */
const char *redact_kind_text(enum redact_kind kind);

#endif
