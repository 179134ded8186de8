#!/bin/bash
# Builds everything that lab hosts share, once, and prints where it is:
#   debian/    Debian with systemd, sshd, Nix and QEMU: the bottom layer of a host's root
#   host/      the layer over it: Nix store, stand-in systems built, guest kernel
#   slots/N/   the layer over that: what makes it the machine with uplink address 10.250.N.2
#   inputs/    the flakes that stand in for nixpkgs and microvm.nix; hosts see them at the same path
#   key        the private ssh key that may log in
# A change of any file here is a new directory; old ones stay until somebody removes them.
# With FLEET_MICROVM (a checkout of microvm.nix) and FLEET_NIXPKGS_LIB (nixpkgs' folder lib) hosts run
# microvm.nix itself: its modules, units, command and runner, through nixpkgs' own module system.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${FLEET_LAB_CACHE:-/var/cache/fleet-lab}
slots=16

packages=ca-certificates,cpio,curl,dbus,dnsmasq-base,e2fsprogs,fping,git,iproute2,iputils-ping,jq,kmod
packages+=,linux-image-cloud-amd64,nftables,nix-bin,openssh-server,procps,qemu-system-x86,seabios
packages+=,libnss-myhostname,python3-minimal,socat,sudo,supervisor,systemd,systemd-sysv,busybox-static,virtiofsd
packages+=,xz-utils,zstd
suite=trixie
microvm=${FLEET_MICROVM:-} lib=${FLEET_NIXPKGS_LIB:-}
real=
if [ -n "$microvm" ] && [ -n "$lib" ]; then
  real=yes
fi

say() { echo "lab: $*" >&2; }

mkdir -p "$cache"
exec 9> "$cache/lock"
flock 9

debian=$cache/debian-$(echo "$suite $packages" | sha256sum | cut -c1-12)
sums() { (cd "$1" && shift && find "$@" -type f -print0 | sort -z | xargs -0 sha256sum); }
name=$({
  sums "$here" recipe.sh recipe microvm nixpkgs
  [ -z "$real" ] || { sums "$microvm" . && sums "$lib" .; }
  echo "$debian"
} | sha256sum | cut -c1-12)
target=$cache/$name

if [ ! -d "$debian" ]; then
  say "installing Debian $suite into $debian, about a minute"
  rm -rf "$debian.new"
  mmdebstrap --quiet --variant=minbase --include="$packages" \
    --aptopt='Acquire::Languages "none"' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    "$suite" "$debian.new" >&2
  mv "$debian.new" "$debian"
fi

if [ ! -d "$target" ]; then
  say "building the lab's hosts into $target"
  new=$target.new
  rm -rf "$new"
  mkdir -p "$new/host" "$new/slots" "$new/inputs"
  ln -s "$debian" "$new/debian"
  ssh-keygen -q -t ed25519 -N '' -C fleet-lab -f "$new/key"

  # Flake inputs are locked with the time of their newest file: a fixed one, so that a lock made
  # anywhere is right everywhere.
  cp -r "$here/nixpkgs" "$here/microvm" "$here/recipe/base" "$here/recipe/fleet" "$new/inputs/"
  if [ -n "$real" ]; then
    rm -r "$new/inputs/nixpkgs/lib" "$new/inputs/microvm"
    cp -rL "$lib" "$new/inputs/nixpkgs/lib"
    mkdir "$new/inputs/microvm"
    cp -r "$microvm/lib" "$microvm/nixos-modules" "$microvm/pkgs" "$new/inputs/microvm/"
    cp "$here/nixpkgs/real/microvm-flake.nix" "$new/inputs/microvm/flake.nix"
  fi
  sed -i "s|@inputs@|$target/inputs|" "$new/inputs/base/flake.nix"
  key=$(cut -d' ' -f1,2 "$new/key.pub")
  mkdir "$new/inputs/base/slots"
  for slot in $(seq $slots); do
    sed -e "s|@address@|10.250.$slot.2|; s|@gateway@|10.250.$slot.1|; s|@key@|$key|" \
      "$new/inputs/base/hardware-configuration.nix" > "$new/inputs/base/slots/$slot.nix"
  done
  find "$new/inputs" -exec touch --no-dereference -d @1700000000 {} +

  # In namespaces of its own: nothing to clean up, whatever happens.
  LAYERS="$new" DEBIAN="$debian" TARGET="$target" RECIPE="$here/recipe" SLOTS=$slots \
    unshare --mount --pid --fork --uts --net "$here/recipe/bake.sh" >&2
  rm -rf "$new/work"
  mv "$new" "$target"
fi
echo "$target"
