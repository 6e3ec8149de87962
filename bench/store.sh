#!/bin/sh
# What the store costs per sample (one thread, simulated rows: append, packing, blocks, reading back), then the store beside
# victoria-metrics and prometheus where they are installed. Sizes of the second part: BENCH_STORE="--nodes=4 --hours=6"; all of
# them: node bench/store.mjs --help
set -eu
cd "$(dirname "$0")/.."
script/build store_bench
build/bench/store_bench "$@"
# shellcheck disable=SC2086
exec node bench/store.mjs ${BENCH_STORE:-}
