/* smi.c - fuzzes the reader of nvidia-smi's table. */
#include "doctor/smi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = str_make((const char *)data, size);
    struct smi_cell cells[SMI_CELLS_MAX];

    while (rest.ptr) {
        int n = smi_parse_line(str_cut(&rest, '\n'), cells, ARRAY_LEN(cells));
        for (int i = 0; i < n; i++)
            if (isnan(cells[i].value) == (cells[i].kind == SMI_NUMBER) ||
                strlen(cells[i].text) >= SMI_TEXT_MAX)
                __builtin_trap();
    }
    return 0;
}
