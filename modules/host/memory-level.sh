# Rendered by fleet from fleet.yaml: change it there.
# shellcheck shell=sh disable=SC2154 # behind the libraries
# In front of sample.sh and memory.sh: how much memory there is.
# read_memory: total and available, in KiB; low, under which memory is short: a twentieth, at least 128 MiB and at most 1 GiB;
# stalled: percent of the last ten seconds in which every task waited for memory, where the kernel tells (PSI).
read_memory() {
  total=0 available=0 stalled=0
  while read -r key value _; do
    case $key in MemTotal:) total=$value ;; MemAvailable:) available=$value ;; esac
  done <"$R/proc/meminfo"
  low=$((total / 20))
  [ "$low" -ge 131072 ] || low=131072
  [ "$low" -le 1048576 ] || low=1048576
  low=${FLEET_MEMORY_LOW:-$low}
  while read -r key value _; do
    [ "$key" != full ] || stalled=${value#avg10=}
  done 2>/dev/null <"$R/proc/pressure/memory" || true
  stalled=${stalled%%.*}
}
is_short() { [ "$available" -lt "$low" ] || { [ "$available" -lt $((2 * low)) ] && [ "${stalled:-0}" -ge 10 ]; }; }
is_enough() { [ "$available" -ge $((2 * low)) ] && [ "${stalled:-0}" -lt 5 ]; }
