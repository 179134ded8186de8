# shellcheck shell=bash
# What a switch does to each active unit: fills the lists stop, start, restart, reload and skip.
# shellcheck disable=SC2034,SC2154 # sourced by switch-to-configuration.sh, which shares its variables

old=/etc/systemd/system
new=$toplevel/etc/systemd/system
stop=() start=() restart=() reload=() skip=()

# The name under which a unit is described: its own, or its template's.
described_by() {
  local unit=$1
  if [ ! -e "$old/$unit" ] && [ ! -e "$new/$unit" ] && [[ $unit == *@*.* ]]; then
    unit="${unit%%@*}@.${unit##*.}"
  fi
  echo "$unit"
}

# All text that describes a unit in one of the two systems: its file, then what is added to it.
text_of() {
  local dir=$1 unit=$2 base=$3 file
  for file in "$dir/$base" "$dir/$base".d/*.conf "$dir/$unit".d/*.conf; do
    [ ! -e "$file" ] || cat "$file"
  done
}

# What of it counts when systems are compared.
essence() { text_of "$@" | grep -vE '^(Description|Documentation|OnFailure|CollectMode|X-Reload-Triggers)='; }

reload_triggers() { text_of "$@" | grep '^X-Reload-Triggers='; }

# setting DIR UNIT BASE KEY: the last value of a key.
setting() { text_of "$1" "$2" "$3" | sed -n "s/^$4=//p" | tail -n 1; }

is_true() { [[ $1 == true || $1 == yes || $1 == 1 || $1 == on ]]; }
is_false() { [[ $1 == false || $1 == no || $1 == 0 || $1 == off ]]; }

modified() {
  local unit=$1 base=$2
  case $unit in
    *.slice | *.path | *.socket | *.mount) return ;;
  esac
  if is_true "$(setting "$new" "$unit" "$base" X-ReloadIfChanged)"; then
    reload+=("$unit")
  elif is_false "$(setting "$new" "$unit" "$base" X-RestartIfChanged)" ||
    is_true "$(setting "$new" "$unit" "$base" RefuseManualStop)" ||
    is_true "$(setting "$new" "$unit" "$base" X-OnlyManualStart)"; then
    skip+=("$unit")
  elif is_false "$(setting "$new" "$unit" "$base" X-StopIfChanged)" || [[ $unit != *.service ]]; then
    restart+=("$unit")
  else
    stop+=("$unit")
    start+=("$unit")
  fi
}

# Reads `systemctl list-units` lines.
compare_systems() {
  local unit state base
  while read -r unit _ state _; do
    [ "$state" = active ] || [ "$state" = activating ] || continue
    base=$(described_by "$unit")
    [ -e "$old/$base" ] || continue
    if [ ! -e "$new/$base" ] || [ "$(readlink -f "$new/$base")" = /dev/null ]; then
      is_false "$(setting "$old" "$unit" "$base" X-StopOnRemoval)" || stop+=("$unit")
    elif [[ $unit == *.target ]]; then
      # Every active target is started again, and with it everything it wants that is not running.
      is_true "$(setting "$new" "$unit" "$base" RefuseManualStart)" || start+=("$unit")
    elif [ "$(essence "$old" "$unit" "$base")" != "$(essence "$new" "$unit" "$base")" ]; then
      modified "$unit" "$base"
    elif [ "$(reload_triggers "$old" "$unit" "$base")" != "$(reload_triggers "$new" "$unit" "$base")" ]; then
      reload+=("$unit")
    fi
  done
}
