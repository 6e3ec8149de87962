/* xid.c - the catalogue of XIDs. The meaning of the codes is that of NVIDIA's list of XID errors;
 * the advice is ours, and the driver's own verdict (algalon_gpu_recovery_action) goes before it. */
#include "device/nvidia/xid.h"

#define RESET "Drain the GPU and reset it (nvidia-smi --gpu-reset)."
#define JOB   "Look at the program that ran; restart it."
#define BOARD "Have the board replaced."

const struct xid xids[] = {
    {13, "graphics engine exception", XID_EITHER, JOB,
     "On one GPU with several programs: run the vendor's diagnostics. With one program on several "
     "GPUs: it is the program.",
     ""},
    {31, "page fault in GPU memory", XID_APPLICATION,
     "The program read or wrote where it has no memory. " JOB,
     "If many programs do it on one GPU only, run the vendor's diagnostics.", ""},
    {32, "corrupted stream of commands", XID_EITHER, JOB,
     "Check the PCI Express link: algalon_gpu_pcie_errors_total.", ""},
    {38, "firmware error in the driver", XID_DRIVER, RESET, "Update the driver.", ""},
    {43, "the GPU stopped to process a program", XID_APPLICATION, JOB, "", ""},
    {45, "clean-up after an earlier error, or a program that was ended", XID_NOTICE,
     "Nothing: look for the code before it.", "", "Any other XID of the same moment explains it."},
    {48, "uncorrectable memory error", XID_HARDWARE,
     "Its program is lost. Look for 63, 64, 94 or 95 that follow: they say what to do.",
     "Run the vendor's diagnostics.", "With 94 the damage is contained to one program."},
    {61, "warning of an internal controller", XID_DRIVER, RESET, "Update driver and VBIOS.", ""},
    {62, "halt of an internal controller", XID_HARDWARE, RESET,
     "Update driver and VBIOS; then have the board replaced.", ""},
    {63, "a row of memory is to be replaced, or a page retired", XID_HARDWARE,
     "The program may go on. Reset the GPU when it is free: the spare row is used from then on.",
     "Watch algalon_gpu_row_remap_banks: a bank without spare rows ends the life of the board.",
     "After the reset algalon_gpu_row_remap_pending is 0."},
    {64, "a row of memory could not be replaced, or a page not retired", XID_HARDWARE, RESET, BOARD,
     ""},
    {68, "exception in the video decoder", XID_EITHER, JOB, "Update the driver.", ""},
    {69, "graphics engine refused a command", XID_EITHER, JOB,
     "On one GPU only: run the vendor's diagnostics.", ""},
    {74, "NVLink error", XID_HARDWARE, "See algalon_gpu_nvlink_errors_total for the link. " RESET,
     "Reseat or replace what is at the two ends of the link.", ""},
    {79, "the GPU has fallen off the bus", XID_HARDWARE,
     "Drain the machine and reboot it; a power cycle if that does not help.",
     "Check seat, power and heat; then have the board replaced.", ""},
    {92, "many corrected memory errors", XID_HARDWARE, "Nothing now.",
     "Run the vendor's diagnostics at the next maintenance.", ""},
    {94, "uncorrectable memory error, contained", XID_HARDWARE,
     "Restart the program that had it; others go on. Reset the GPU when it is free.",
     "Watch algalon_gpu_remapped_rows_total.", ""},
    {95, "uncorrectable memory error, not contained", XID_HARDWARE,
     "All programs on the GPU are in doubt: end them. " RESET, BOARD, ""},
    {109, "time-out of a switch between programs", XID_EITHER, JOB, "Update the driver.", ""},
    {110, "security fault", XID_HARDWARE, "Drain the machine and reboot it.", BOARD, ""},
    {119, "no answer of the system processor (GSP)", XID_DRIVER, RESET " If that fails, reboot.",
     "Update driver and firmware.", ""},
    {120, "error of the system processor (GSP)", XID_DRIVER, RESET " If that fails, reboot.",
     "Update driver and firmware.", ""},
    {121, "corrected error of the link between the chips (C2C)", XID_NOTICE, "Nothing now.",
     "Reset the GPU at the next maintenance.", ""},
    {122, "InfoROM could not be read", XID_HARDWARE, "Nothing now: only records are affected.",
     BOARD, ""},
    {137, "access to a neighbour's memory over NVLink was refused", XID_APPLICATION, JOB,
     "Check the fabric: algalon_gpu_fabric_state and the fabric manager.", ""},
    {140, "uncorrectable memory error that the driver did not recover from", XID_HARDWARE, RESET,
     BOARD, ""},
    {143, "the GPU could not be initialised", XID_HARDWARE, RESET " If that fails, reboot.", BOARD,
     ""},
    {144, "NVLink of the fifth generation: SAW", XID_HARDWARE,
     "Follow the driver's verdict (algalon_gpu_recovery_action).", "Check both ends of the link.",
     ""},
    {145, "NVLink of the fifth generation: RLW", XID_HARDWARE,
     "Follow the driver's verdict (algalon_gpu_recovery_action).", "Check both ends of the link.",
     ""},
    {146, "NVLink of the fifth generation: TLW", XID_HARDWARE,
     "Follow the driver's verdict (algalon_gpu_recovery_action).", "Check both ends of the link.",
     ""},
    {147, "NVLink of the fifth generation: TREX", XID_HARDWARE,
     "Follow the driver's verdict (algalon_gpu_recovery_action).", "Check both ends of the link.",
     ""},
    {148, "NVLink of the fifth generation: link controller", XID_HARDWARE,
     "Follow the driver's verdict (algalon_gpu_recovery_action).", "Check both ends of the link.",
     ""},
    {149, "NVLink of the fifth generation: network interface", XID_HARDWARE,
     "Follow the driver's verdict (algalon_gpu_recovery_action).", "Check both ends of the link.",
     ""},
    {150, "NVLink of the fifth generation: management", XID_HARDWARE,
     "Follow the driver's verdict (algalon_gpu_recovery_action).", "Check both ends of the link.",
     ""},
    {151, "change of keys failed (confidential computing)", XID_DRIVER,
     "Restart the virtual machine.", "Update the driver.", ""},
    {154, "the driver's verdict changed", XID_NOTICE,
     "Do what algalon_gpu_recovery_action says: 0 nothing, 1 reset, 2 reboot, 3 drain its peers, "
     "4 drain and reset, 5 recover the IMEX domain.",
     "", "A later 154 with the verdict 0."},
    {156, "a part of the GPU was taken out of use", XID_HARDWARE,
     "Nothing now; reset when the GPU is free.", BOARD, ""},
    {157, "a part of the GPU could not be taken out of use", XID_HARDWARE, RESET, BOARD, ""},
    {158, "fatal time-out in the GPU", XID_HARDWARE, RESET, BOARD, ""},
    {160, "a memory channel was taken out of use", XID_HARDWARE, "Reset when the GPU is free.",
     BOARD, ""},
    {161, "a memory channel could not be taken out of use", XID_HARDWARE, RESET, BOARD, ""},
    {162, "power smoothing works again", XID_NOTICE, "Nothing.", "", "It ends a 163."},
    {163, "power smoothing does not work", XID_HARDWARE,
     "Nothing now: the GPU works, its power is not smoothed.", BOARD, "A later 162."},
    {167, "fatal time-out on PCI Express", XID_HARDWARE, "Drain the machine and reboot it.",
     "Check seat, riser and slot.", ""},
    {171, "which memory had the error that 48 tells of", XID_NOTICE, "See 48.", "", "48 counts."},
    {172, "which cache had the error that 48 tells of", XID_NOTICE, "See 48.", "", "48 counts."},
};
const size_t xids_len = ARRAY_LEN(xids);

const struct xid *xid_find(unsigned code)
{
    for (size_t i = 0; i < xids_len; i++)
        if (xids[i].code == code)
            return &xids[i];
    return NULL;
}

const char *xid_fault_text(enum xid_fault fault)
{
    static const char *const texts[] = {
        [XID_APPLICATION] = "application", [XID_EITHER] = "application or hardware",
        [XID_HARDWARE] = "hardware",       [XID_DRIVER] = "driver or firmware",
        [XID_NOTICE] = "nobody",
    };

    return texts[fault];
}

void xid_markdown(struct buf *to)
{
    buf_text(
        to,
        "# XIDs in plain words\n\n"
        "An XID is a code with which NVIDIA's driver reports an error. `algalon worker` counts "
        "them as they happen: `algalon_gpu_xid_errors_total{xid=\"79\"}`, with the time of the "
        "last in `algalon_gpu_xid_last_time_seconds`; `algalon_gpu_xid_events_total` counts all "
        "codes together and begins with 0. This page is made from the table in "
        "`src/device/nvidia/xid.c`; a test compares the two.\n\n"
        "They come from the driver's events. Where the kernel's log may be read (`algalon doctor` "
        "names the right) it is the second witness: it remembers what was before the worker "
        "started, with its time, and goes on to tell when the driver's library hangs, as after "
        "119. Of each code the higher of both counts is shown. Lines that a program wrote into the "
        "log do not count. `--disable-collectors=kmsg` switches it off.\n\n"
        "The driver's own verdict goes before this table where the board gives one: "
        "`algalon_gpu_recovery_action` (0 nothing, 1 reset, 2 reboot, 3 drain peers, 4 drain "
        "and reset, 5 recover the IMEX domain). A code that is not listed here is counted as "
        "well; NVIDIA's list of XID errors has it.\n\n"
        "| XID | what it is | whose fault | now | if it repeats | what makes it moot |\n"
        "|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < xids_len; i++) {
        const struct xid *x = &xids[i];
        buf_printf(to, "| %u | %s | %s | %s | %s | %s |\n", x->code, x->name,
                   xid_fault_text(x->fault), x->now, x->again[0] ? x->again : "the same",
                   x->moot[0] ? x->moot : "-");
    }
}
