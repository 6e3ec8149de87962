#!/bin/sh
# gather.sh ROOT PROGRAM LIBRARY... - puts below ROOT what PROGRAM and libraries opened at run time need: every library that they
# link, the loader, authorities for TLS, descriptions of terminals, one user, the folders. Each package that gave a file has its licence
# and its entry in ROOT/var/lib/dpkg/status.d, where scanners look. Run by the Dockerfile.
set -eu
root=$1 program=$2
shift 2

mkdir -p "$root/etc/ssl/certs" "$root/usr/bin"
files=$(mktemp)
found=
for library; do
    path=$(ldconfig -p | sed -n "s|^[[:space:]]*$library (.* => \\(.*\\)|\\1|p" | head -n 1)
    [ -n "$path" ] || { echo "gather.sh: there is no $library" >&2; exit 1; }
    found="$found $path"
    echo "$path" >>"$files"
done
# shellcheck disable=SC2086
ldd "$program" $found | sed -n 's|.*=> \(/[^ ]*\) (.*|\1|p; s|^[[:space:]]*\(/[^ :]*\) (.*|\1|p' >>"$files"
echo /etc/ssl/certs/ca-certificates.crt >>"$files"
for terminal in d/dumb l/linux s/screen s/screen-256color t/tmux t/tmux-256color v/vt100 x/xterm x/xterm-256color; do
    [ ! -e "/lib/terminfo/$terminal" ] || echo "/lib/terminfo/$terminal" >>"$files"
done
sort -u "$files" | while read -r file; do
    # At the place where the loader looks, and the file itself in place of a link.
    mkdir -p "$root$(dirname "$file")"
    cp -L "$file" "$root$file"
    # dpkg knows a file of /lib by that name or by the one below /usr; the list of authorities is nobody's file.
    real=$(readlink -f "$file")
    for name in "$real" "${real#/usr}" "/usr$real"; do
        dpkg-query -S "$name" 2>/dev/null && break
    done | head -n 1 | cut -d: -f1
done | sort -u >"$files.packages"
echo ca-certificates >>"$files.packages"
mkdir -p "$root/var/lib/dpkg/status.d"
while read -r package; do
    dpkg-query -s "$package" >"$root/var/lib/dpkg/status.d/$package"
    [ ! -e "/usr/share/doc/$package/copyright" ] || install -D -m 0644 "/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/copyright"
done <"$files.packages"
# By these, NVIDIA's toolkit and scanners know whose libraries they are.
cp -L /etc/debian_version /etc/os-release "$root/etc/"

echo 'algalon:x:65532:65532::/var/lib/algalon:/nonexistent' >"$root/etc/passwd"
echo 'algalon:x:65532:' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
install -d -m 1777 "$root/tmp"
install -d -m 0755 "$root/etc/algalon" "$root/proc" "$root/sys" "$root/dev" "$root/run"
install -d -o 65532 -g 65532 -m 0750 "$root/var/lib/algalon"
