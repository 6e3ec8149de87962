#!/bin/sh
# What the store costs per sample: append, packing, blocks, reading back. One thread, simulated rows.
set -eu
cd "$(dirname "$0")/.."
script/build store_bench
exec build/bench/store_bench "$@"
