#!/bin/sh
# rollback.sh - the way back from the new exporter to the old one. Nothing that was measured is touched: the data
# directory stays as it is, and the files that are taken out of use are kept. Works without a network.
#
#   rollback.sh save FILE...   before the move: keeps a copy of configuration files (scrape configuration, rules, dashboards)
#   rollback.sh worker         on a worker: stops the new exporter, starts the old one
#   rollback.sh host           on the host: puts the saved files back and has them read
#   rollback.sh status         what is kept, and when what was done
#
# Settings, from the environment or from rollback.env in $ROLLBACK_DIR:
#   ROLLBACK_DIR      where copies and the log lie [/var/lib/algalon-rollback]
#   ROLLBACK_STOP     command that stops the new exporter [systemctl disable --now algalon-worker]
#   ROLLBACK_START    command that starts the old exporter [systemctl enable --now dcgm-exporter]
#   ROLLBACK_RELOAD   command that has the host read its files [curl -fsS -X POST http://127.0.0.1:8428/-/reload]
#   ROLLBACK_VERIFY   command that succeeds once the old exporter answers [curl -fsS http://127.0.0.1:9400/metrics]
#   ROLLBACK_SEEN     command that succeeds once the host sees a target [asks http://127.0.0.1:8428 for count(up == 1)]
#   ROLLBACK_WAIT     seconds that each of both may take [60]
set -eu

dir=${ROLLBACK_DIR:-/var/lib/algalon-rollback}
[ ! -r "$dir/rollback.env" ] || . "$dir/rollback.env"
stop=${ROLLBACK_STOP:-systemctl disable --now algalon-worker}
start=${ROLLBACK_START:-systemctl enable --now dcgm-exporter}
reload=${ROLLBACK_RELOAD:-curl -fsS -X POST http://127.0.0.1:8428/-/reload}
verify=${ROLLBACK_VERIFY:-curl -fsS http://127.0.0.1:9400/metrics}
seen=${ROLLBACK_SEEN:-curl -fsSG http://127.0.0.1:8428/api/v1/query --data-urlencode "'query=count(up == 1)'" | grep "'\"value\"'"}
wait=${ROLLBACK_WAIT:-60}

usage() {
    sed -n '2,21s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
note() {
    mkdir -p "$dir"
    echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) $*" | tee -a "$dir/log"
}
fail() {
    note "failed: $*" >&2
    exit 1
}

save() {
    [ $# -gt 0 ] || usage
    mkdir -p "$dir/saved"
    for file; do
        [ -f "$file" ] || fail "$file is no file"
    done
    for file; do
        whole=$(cd "$(dirname "$file")" && pwd)/$(basename "$file")
        mkdir -p "$dir/saved$(dirname "$whole")"
        cp -p "$whole" "$dir/saved$whole"
        note "saved $whole"
    done
}

# until_within COMMAND: true once it succeeds, false when it has not after $wait seconds since $begun.
until_within() {
    until sh -c "$1" >/dev/null 2>&1; do
        [ $(($(date +%s) - begun)) -lt "$wait" ] || return 1
        sleep 1
    done
}

worker() {
    begun=$(date +%s)
    sh -c "$stop" || fail "the new exporter could not be stopped: $stop"
    sh -c "$start" || fail "the old exporter could not be started: $start"
    until_within "$verify" || fail "the old exporter does not answer: $verify"
    note "worker: the old exporter answers after $(($(date +%s) - begun)) s"
}

host() {
    begun=$(date +%s)
    [ -d "$dir/saved" ] || fail "nothing was saved: rollback.sh save FILE... comes before the move"
    kept=$dir/migrated-$(date -u +%Y%m%dT%H%M%SZ)
    (cd "$dir/saved" && find . -type f) | while IFS= read -r file; do
        file=${file#.}
        if [ -f "$file" ]; then
            mkdir -p "$kept$(dirname "$file")"
            cp -p "$file" "$kept$file"
        fi
        # A file is there as a whole or not at all, also for whoever reads it at this moment.
        cp -p "$dir/saved$file" "$file.rollback.$$"
        mv "$file.rollback.$$" "$file"
        note "host: put back $file"
    done
    sh -c "$reload" >/dev/null || fail "the files are back, but were not read: $reload"
    until_within "$seen" || fail "the files are back and were read, but no target is up: $seen"
    note "host: a target is up after $(($(date +%s) - begun)) s; what was in use lies in $kept; no data was touched"
}

status() {
    [ -d "$dir" ] || { echo "nothing was saved and nothing was done"; return; }
    [ ! -d "$dir/saved" ] || (cd "$dir/saved" && find . -type f | sed 's/^\./saved: /')
    [ ! -f "$dir/log" ] || cat "$dir/log"
}

[ $# -gt 0 ] || usage
what=$1
shift
case $what in
save) save "$@" ;;
worker | host | status) [ $# -eq 0 ] || usage; "$what" ;;
*) usage ;;
esac
