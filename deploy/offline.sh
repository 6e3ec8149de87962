#!/bin/sh
# offline.sh - on a site without a network: checks what script/bundle packed, and gives the images to the engine that is there.
#   sh deploy/offline.sh check     every file is as it was packed
#   sh deploy/offline.sh load      that, and then the images into docker, podman or buildah (or what ENGINE names)
# Run it where the bundle was unpacked. Nothing is asked of a network. docs/deployment.md says how it goes on.
set -eu
cd "$(dirname "$0")/.."

check() {
    [ -r SHA256SUMS ] || {
        echo "offline.sh: there is no SHA256SUMS here: is this an unpacked bundle?" >&2
        exit 1
    }
    sha256sum --check --quiet --strict SHA256SUMS || {
        echo "offline.sh: the files named above are not as they were packed: copy the bundle anew" >&2
        exit 1
    }
    echo "every file is as it was packed ($(grep -c . SHA256SUMS) files)"
}

load() {
    engine=${ENGINE:-$(command -v docker || command -v podman || command -v buildah || true)}
    [ -n "$engine" ] || {
        echo "offline.sh: no docker, podman or buildah here: name yours by ENGINE=..., or install the packages in packages/" >&2
        exit 1
    }
    for image in images/*.tar; do
        case $engine in
        *buildah*) $engine pull --quiet "docker-archive:$image" >/dev/null ;;
        *) $engine load --input "$image" >/dev/null ;;
        esac || {
            echo "offline.sh: $engine did not take $image" >&2
            exit 1
        }
        echo "loaded $image"
    done
}

case ${1:-} in
check) check ;;
load)
    check
    load
    ;;
*)
    sed -n '2,5s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
