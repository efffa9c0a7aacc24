#!/usr/bin/env bash
# make_deb.sh BUILD_DIR: installs the build, which was configured for /usr, into a staging folder and packs
# BUILD_DIR/yardmaster_VERSION_ARCH.deb.
set -euo pipefail

build=$(realpath "$1")
version=$(sed -nE 's/^CMAKE_PROJECT_VERSION:STATIC=(.*)$/\1/p' "$build/CMakeCache.txt")
arch=$(dpkg --print-architecture)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root

DESTDIR=$root cmake --install "$build" --strip >/dev/null
install -d "$root/DEBIAN" "$root/etc/yardmaster"
install -m 644 "$(dirname "$0")/../conf/examples/minimal.yaml" "$root/etc/yardmaster/yard.yaml"
echo /etc/yardmaster/yard.yaml >"$root/DEBIAN/conffiles"

# The packages that hold the libraries which the programs are linked with. The C library's package still calls its
# files /lib/..., without the /usr that a merged system shows.
depends() {
    find "$root/usr" -type f -perm /111 -exec ldd {} + 2>/dev/null |
        sed -nE 's/.* => (\/[^ ]+) .*/\1/p' | xargs -r realpath | sort -u | sed 'p; s|^/usr||' |
        xargs -r dpkg-query -S 2>/dev/null | sed -E 's/:.*//' | sort -u | paste -sd, | sed 's/,/, /g'
}

cat >"$root/DEBIAN/control" <<END
Package: yardmaster
Version: $version
Architecture: $arch
Maintainer: The Yardmaster developers <yardmaster@localhost>
Section: admin
Priority: optional
Depends: $(depends)
Description: process supervisor
 Runs processes and keeps them running, as a system service, as the first
 process of a container, or for one user. The service is installed but not
 started: edit /etc/yardmaster/yard.yaml, then systemctl enable --now yardmaster.
END

deb=$build/yardmaster_${version}_${arch}.deb
dpkg-deb --root-owner-group --build "$root" "$deb" >/dev/null
echo "$deb"
