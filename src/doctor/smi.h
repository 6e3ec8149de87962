/* smi.h - reads the table of `nvidia-smi --query-gpu --format=csv,noheader`. */
#ifndef ALGALON_DOCTOR_SMI_H
#define ALGALON_DOCTOR_SMI_H

#include "base/base.h"

#define SMI_CELLS_MAX 32
#define SMI_TEXT_MAX  80 /* of a cell; what is longer is no reading */

enum smi_kind {
    SMI_NUMBER,
    SMI_TEXT,
    SMI_MISSING /* "[N/A]", "N/A", "[Not Supported]" and all else in brackets; an empty cell */
};

struct smi_cell {
    enum smi_kind kind;
    double value;            /* of a number: bytes, watts, percent, MHz, seconds, or as it stands */
    char text[SMI_TEXT_MAX]; /* as it stands, without blanks around */
};

/**
 * Cuts one line into cells. Numbers lose their unit ("81559 MiB" becomes bytes); words that stand
 * for numbers become such ("P0", "Enabled", "Disabled"). Returns how many cells there are, or
 * -EBADMSG when there are more than `max` or one is longer than a reading can be.
 */
MUST_CHECK int smi_parse_line(struct str line, struct smi_cell *ret, size_t max);

#endif
