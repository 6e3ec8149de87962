#!/bin/sh
# What `algalon worker` costs on 8 and 16 simulated GPUs, beside prometheus-node-exporter when it is installed.
exec node "$(dirname "$0")/worker.mjs" "$@"
