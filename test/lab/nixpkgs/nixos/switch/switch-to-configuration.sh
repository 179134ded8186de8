#!/bin/bash
# Takes the running machine to this system: NixOS' order of steps, its lock and its exit codes.
#   0 done · 1 refused or no boot loader entry · 2 activation failed · 4 a unit failed · 100 reboot needed
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
toplevel=@toplevel@
# By this name people tell which boot loader a system has; what it does is below.
# shellcheck disable=SC2034
INSTALL_BOOTLOADER='/nix/store/00000000000000000000000000000000-install-systemd-boot.sh'
action=${1:-}
status=0

case $action in
  switch | boot | test | dry-activate) ;;
  *)
    echo "Usage: ${0##*/} [switch|boot|test|dry-activate]" >&2
    exit 1
    ;;
esac

if [ ! -e /etc/NIXOS ]; then
  echo 'This is not a NixOS installation!' >&2
  exit 1
fi

mkdir -p /run/nixos
exec 9>> /run/nixos/switch-to-configuration.lock
if ! flock --nonblock 9; then
  echo 'Could not acquire lock' >&2
  exit 1
fi

# Nothing that is started here may keep the lock when this script is gone.
unlocked() { "$@" 9>&-; }

# The boot loader knows the generations of the system profile; this system becomes the default if
# it is one of them.
install_boot_loader() {
  local entries=/boot/loader/entries link
  mkdir -p "$entries"
  rm -f "$entries"/nixos-generation-*.conf
  for link in /nix/var/nix/profiles/system-*-link; do
    [ -e "$link" ] || continue
    local number=${link##*/system-}
    number=${number%-link}
    readlink "$link" > "$entries/nixos-generation-$number.conf" || return 1
    if [ "$(readlink "$link")" = "$toplevel" ]; then
      echo "nixos-generation-$number.conf" > /boot/loader/default
    fi
  done
}

if [ "$action" = switch ] || [ "$action" = boot ]; then
  install_boot_loader || exit 1
  sync -f /boot
  [ "$action" = switch ] || exit 0
fi

if [ "$(cat /run/current-system/init-interface-version)" != "$(cat "$toplevel/init-interface-version")" ]; then
  echo "Warning: the new NixOS configuration has an 'init' that is incompatible with the current configuration." >&2
  echo 'The new configuration will not become active until the system is rebooted.' >&2
  exit 100
fi

active_units() { unlocked systemctl list-units --full --plain --no-legend --all | sed 's/^[● *]*//'; }

# shellcheck source-path=SCRIPTDIR source=unit-changes.sh
. "$toplevel/lib/unit-changes.sh"
compare_systems < <(active_units)

# Targets are started at every switch; naming them would only be noise.
named() { printf '%s\n' "$@" | grep -v '\.target$' | sort | paste -sd ' ' | sed 's/ /, /g'; }
say() {
  local what=$1 names
  shift
  names=$(named "$@")
  [ -z "$names" ] || echo "$what the following units: $names" >&2
}

if [ "$action" = dry-activate ]; then
  say 'would stop' "${stop[@]}"
  say 'would NOT restart' "${skip[@]}"
  say 'would reload' "${reload[@]}"
  say 'would restart' "${restart[@]}"
  say 'would start' "${start[@]}"
  exit 0
fi

before=$(active_units | awk '$3 != "inactive" { print $1 }' | sort)

if [ ${#stop[@]} -gt 0 ]; then
  say stopping "${stop[@]}"
  unlocked systemctl stop -- "${stop[@]}" || status=4
fi
[ ${#skip[@]} -eq 0 ] || echo "NOT restarting the following changed units: $(named "${skip[@]}")" >&2

echo 'activating the configuration...' >&2
unlocked "$toplevel/activate" || status=2

unlocked systemctl reset-failed
unlocked systemctl daemon-reload || status=3
unlocked systemd-tmpfiles --create --exclude-prefix=/dev > /dev/null 2>&1

if [ ${#reload[@]} -gt 0 ]; then
  say reloading "${reload[@]}"
  unlocked systemctl reload -- "${reload[@]}" || status=4
fi
if [ ${#restart[@]} -gt 0 ]; then
  say restarting "${restart[@]}"
  unlocked systemctl restart -- "${restart[@]}" || status=4
fi
if [ ${#start[@]} -gt 0 ]; then
  say starting "${start[@]}"
  unlocked systemctl start -- "${start[@]}" || status=4
fi

# A failed unit makes the switch fail, whether this switch touched it or not.
failed=()
while read -r unit _ state sub; do
  if [ "$state" = failed ]; then
    failed+=("$unit")
  elif [ "${sub%% *}" = auto-restart ] &&
    [ "$(unlocked systemctl show --value -p ExecMainStatus "$unit")" != 0 ]; then
    failed+=("$unit")
  fi
done < <(active_units)

appeared=$(comm -13 <(echo "$before") <(active_units | awk '$3 == "active" { print $1 }' | sort) | grep -v '\.scope$' | paste -sd ' ' | sed 's/ /, /g')
[ -z "$appeared" ] || echo "the following new units were started: $appeared" >&2

if [ ${#failed[@]} -gt 0 ]; then
  echo "warning: the following units failed: $(named "${failed[@]}")" >&2
  unlocked systemctl status --no-pager --full -- "${failed[@]}" >&2
  status=4
fi
exit $status
