/* fields.h - what `algalon snapshot` shows of each kind of thing: one table per kind, from which
 * JSON objects and CSV rows are made. Units stand in the names of the keys. */
#ifndef ALGALON_WORKER_FIELDS_H
#define ALGALON_WORKER_FIELDS_H

#include "worker/snapshot.h"

enum field_kind {
    FIELD_TEXT,     /* a char array; "" is unknown */
    FIELD_NAME,     /* a const char pointer; NULL is unknown */
    FIELD_DOUBLE,   /* NAN is unknown */
    FIELD_SWITCH,   /* a double, 0 or 1, shown as a truth value */
    FIELD_COUNT,    /* a uint64_t; UNKNOWN_COUNT is unknown */
    FIELD_UNSIGNED, /* an unsigned; UINT_MAX is unknown */
    FIELD_POSITIVE, /* an unsigned; 0 is unknown */
    FIELD_INT,
    FIELD_BOOL,
    FIELD_LETTER, /* a char; 0 is unknown */
    FIELD_STATE,  /* an enum accelerator_state */
    FIELD_HOLDER, /* an enum holder_kind */
};

struct field {
    const char *key;
    enum field_kind kind;
    size_t offset;
    size_t size;       /* of a char array */
    double scale;      /* of a double, before it is rounded */
    unsigned decimals; /* of a double, at most */
};

struct field_table {
    const struct field *fields;
    size_t len;
};

extern const struct field_table fields_accelerator; /* struct merged_accelerator */
extern const struct field_table fields_instance;    /* struct merged_instance */
extern const struct field_table fields_xid;         /* struct merged_xid */
extern const struct field_table fields_platform;    /* struct platform_info */
extern const struct field_table fields_use;         /* struct merged_process: of one device */
extern const struct field_table fields_process;     /* struct process */
extern const struct field_table fields_owner;       /* struct process_owner */
extern const struct field_table fields_holder;      /* struct holder */
extern const struct field_table fields_cpu;         /* struct cpu */
extern const struct field_table fields_socket;      /* struct cpu_socket */
extern const struct field_table fields_core;        /* struct cpu_core */
extern const struct field_table fields_memory;      /* struct memory */
extern const struct field_table fields_filesystem;  /* struct filesystem */
extern const struct field_table fields_chassis;     /* struct chassis */
extern const struct field_table fields_board;       /* struct board */
extern const struct field_table fields_rail;        /* struct board_rail */
extern const struct field_table fields_zone;        /* struct board_zone */
extern const struct field_table fields_engine;      /* struct board_engine */
extern const struct field_table fields_collector;   /* struct collector_view */
extern const struct field_table fields_reject;      /* struct reading_reject */

enum field_form {
    FIELD_JSON, /* the unknown is null, texts are quoted */
    FIELD_CSV   /* the unknown is empty, texts are quoted where they must be */
};

/** Appends the value of one field of `thing`. */
void field_print(const struct field *field, const void *thing, enum field_form form,
                 struct buf *to);

/** Appends a text for CSV, quoted where RFC 4180 asks for it. */
void field_print_csv_text(struct str text, struct buf *to);

#endif
