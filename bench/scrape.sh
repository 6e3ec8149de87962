#!/bin/sh
# What scraping and keeping costs `algalon host`, beside vmagent + victoria-metrics and prometheus where they are installed.
# Options for a shorter run: BENCH_SCRAPE="--targets=200 --seconds=20"; all of them: node bench/scrape.mjs --help
# shellcheck disable=SC2086
exec node "$(dirname "$0")/scrape.mjs" ${BENCH_SCRAPE:-} "$@"
