#!/bin/sh
# What the pages cost in a real Chromium: the first chart, large charts, a thousand tiles, bytes of a refresh.
# Options for a shorter run: BENCH_PAGES="--loads=3 --seconds=20"; all of them: node bench/pages.mjs --help
# shellcheck disable=SC2086
set -eu
[ -d "$(dirname "$0")/../tests/browser/node_modules" ] || npm --prefix "$(dirname "$0")/../tests/browser" ci --silent
exec node "$(dirname "$0")/pages.mjs" ${BENCH_PAGES:-} "$@"
