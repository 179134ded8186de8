# shellcheck shell=bash
# What a switch does to each active unit: fills the lists stop, start, restart, reload and skip.
# shellcheck disable=SC2034,SC2154 # sourced by switch-to-configuration.sh, which shares its variables

old=/etc/systemd/system
new=$toplevel/etc/systemd/system
stop=() start=() restart=() reload=() skip=()

# What follows is run for each of a hundred units, and starts no process: what it finds is in REPLY.

# The name under which a unit is described: its own, or its template's.
described_by() {
  REPLY=$1
  if [ ! -e "$old/$REPLY" ] && [ ! -e "$new/$REPLY" ] && [[ $REPLY == *@*.* ]]; then
    REPLY="${REPLY%%@*}@.${REPLY##*.}"
  fi
}

# All text that describes a unit in one of the two systems: its file, then what is added to it.
text_of() {
  local dir=$1 unit=$2 base=$3 file text all=
  for file in "$dir/$base" "$dir/$base".d/*.conf "$dir/$unit".d/*.conf; do
    [ -e "$file" ] || continue
    IFS= read -r -d '' text <"$file" || true
    all+=$text
  done
  REPLY=$all
}

# lines TEXT PATTERN [not]: those that match, or do not.
lines() {
  local line found=
  while IFS= read -r line; do
    if [[ $line =~ $2 ]]; then [ -n "${3:-}" ] || found+=$line$'\n'; else [ -z "${3:-}" ] || found+=$line$'\n'; fi
  done <<<"$1"
  REPLY=$found
}

# What of it counts when systems are compared.
essence() { lines "$1" '^(Description|Documentation|OnFailure|CollectMode|X-Reload-Triggers)=' not; }

reload_triggers() { lines "$1" '^X-Reload-Triggers='; }

# setting TEXT KEY: the last value of a key.
setting() {
  local line
  REPLY=
  while IFS= read -r line; do
    [[ $line != "$2="* ]] || REPLY=${line#*=}
  done <<<"$1"
}

is_true() { [[ $1 == true || $1 == yes || $1 == 1 || $1 == on ]]; }
is_false() { [[ $1 == false || $1 == no || $1 == 0 || $1 == off ]]; }

# has TEXT KEY true|false: whether the key has such a value.
has() {
  setting "$1" "$2"
  "is_$3" "$REPLY"
}

modified() {
  local unit=$1 text=$2
  case $unit in
    *.slice | *.path | *.socket | *.mount) return ;;
  esac
  if has "$text" X-ReloadIfChanged true; then
    reload+=("$unit")
  elif has "$text" X-RestartIfChanged false || has "$text" RefuseManualStop true || has "$text" X-OnlyManualStart true; then
    skip+=("$unit")
  elif has "$text" X-StopIfChanged false || [[ $unit != *.service ]]; then
    restart+=("$unit")
  else
    stop+=("$unit")
    start+=("$unit")
  fi
}

# Reads `systemctl list-units` lines.
compare_systems() {
  local unit state base before after essence_before triggers_before
  while read -r unit _ state _; do
    [ "$state" = active ] || [ "$state" = activating ] || continue
    described_by "$unit"
    base=$REPLY
    [ -e "$old/$base" ] || continue
    text_of "$old" "$unit" "$base"
    before=$REPLY
    if [ ! -e "$new/$base" ] || [ "$new/$base" -ef /dev/null ]; then
      has "$before" X-StopOnRemoval false || stop+=("$unit")
      continue
    fi
    text_of "$new" "$unit" "$base"
    after=$REPLY
    if [[ $unit == *.target ]]; then
      # Every active target is started again, and with it everything it wants that is not running.
      has "$after" RefuseManualStart true || start+=("$unit")
      continue
    fi
    [ "$before" != "$after" ] || continue
    essence "$before"
    essence_before=$REPLY
    reload_triggers "$before"
    triggers_before=$REPLY
    essence "$after"
    if [ "$essence_before" != "$REPLY" ]; then
      modified "$unit" "$after"
      continue
    fi
    reload_triggers "$after"
    [ "$triggers_before" = "$REPLY" ] || reload+=("$unit")
  done
}
