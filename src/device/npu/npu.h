/* npu.h - collectors of accelerators that are no GPUs, for table.c and their tests: a file each. */
#ifndef ALGALON_DEVICE_NPU_NPU_H
#define ALGALON_DEVICE_NPU_NPU_H

#include "device/device.h"

extern const struct collector tenstorrent_collector, gaudi_collector, rebellions_collector,
    furiosa_collector, tpu_collector;

#endif
