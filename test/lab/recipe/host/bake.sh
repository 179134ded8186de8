#!/bin/bash
# Inside the root of a host to be: builds what every host needs, so that none of them has to.
set -euo pipefail
export PATH=/usr/sbin:/usr/bin:/sbin:/bin

/opt/lab/guest-source/pack.sh /opt/lab/guest-source /opt/lab/guest
rm -rf /opt/lab/guest-source

# What the base systems bring themselves.
rm -rf /etc/systemd/system /etc/systemd/network /etc/ssh /etc/nix /etc/sudoers /etc/hostname /etc/machine-id
mkdir -p /etc/nix /nix/var/nix/gcroots
cat > /etc/nix/nix.conf << EOF
experimental-features = nix-command flakes
sandbox = false
build-users-group =
substituters =
flake-registry =
EOF
ln -s /run/current-system /nix/var/nix/gcroots/current-system
ln -s /run/booted-system /nix/var/nix/gcroots/booted-system

mkdir -p /opt/lab/slots
for slot in $(seq "$SLOTS"); do
  nix build --quiet --out-link "/opt/lab/slots/$slot" "path:$INPUTS/base#\"$slot.nix\""
done
# Packages that tests ask for: no host shall spend its time on them.
nix build --quiet --no-link "path:$INPUTS/nixpkgs"#{vim,htop,curl,tmux,git,jq,nginx,postgresql_16,python3Packages.requests}

# Accounts are made here once; a boot then finds them.
/opt/lab/slots/1/activate
rm -rf /run/* /tmp/* /var/log/*.log /root/.cache
