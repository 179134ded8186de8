# shellcheck shell=bash
# fleet-agent, inside a guest with `agent: true`: how the guest is, for its hypervisor, on a virtio-serial port. It answers
# one request of HTTP after the other, with a line of JSON of less than 4 KiB, and knows no others. What it says goes out as
# soon as the hypervisor connects: until then its write waits. So an answer is at most as old as the last look.
# seconds between two looks: the hypervisor asks every 15.
pause=${FLEET_AGENT_PAUSE:-10}
crlf=$(printf '\r')

# find_port: the device of fleet's port, also where no udev names it.
find_port() {
  for file in /sys/class/virtio-ports/*/name; do
    name=
    read -r name 2>/dev/null <"$file" || [ -n "$name" ] || continue
    if [ "$name" = fleet.agent.0 ]; then
      file=${file%/name}
      port=/dev/${file##*/}
      return 0
    fi
  done
  return 1
}

# whole NUMBER: itself, or null.
whole() { case $1 in '' | *[!0-9]*) printf null ;; *) printf '%s' "$1" ;; esac }

say_disks() {
  count=0 comma=
  df -Pk 2>/dev/null | while read -r device size _ free _ mount; do
    case $device in /dev/* | tmpfs) ;; *) continue ;; esac
    # tmpfs: only the root, which it is in a guest.
    [ "$device" != tmpfs ] || [ "$mount" = / ] || continue
    case $mount in /nix/* | *[!A-Za-z0-9/_.@+-]* | '') continue ;; esac
    count=$((count + 1))
    [ "$count" -le 16 ] || break
    printf '%s{"mount":"%s","size":%s,"free":%s}' "$comma" "$mount" "$((size * 1024))" "$((free * 1024))"
    comma=,
  done
}

say() {
  total='' free='' load='' up=''
  while read -r key value _; do
    case $key in MemTotal:) total=$value ;; MemAvailable:) free=$value ;; esac
  done </proc/meminfo
  read -r load _ </proc/loadavg || true
  read -r up _ </proc/uptime || true
  failed='' units='' comma=
  if command -v systemctl >/dev/null; then
    failed=0
    for unit in $(systemctl list-units --no-legend --plain --full --state=failed 2>/dev/null | sed 's/ .*//'); do
      failed=$((failed + 1))
      case $unit in *[!A-Za-z0-9:_.@-]*) continue ;; esac
      if [ "$failed" -gt 5 ] || [ "${#unit}" -gt 100 ]; then continue; fi
      units=$units$comma\"$unit\" comma=,
    done
  fi
  case $load in '' | *[!0-9.]*) load=null ;; esac
  printf '{"v":1,"uptime":%s,"load":%s,"memory":{"total":%s,"available":%s},"failed":%s,"units":[%s],"disks":[%s]}\n' \
    "$(whole "${up%.*}")" "$load" "$((total * 1024))" "$((free * 1024))" "$(whole "$failed")" "$units" "$(say_disks)"
}

tries=60
until find_port; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || {
    echo 'there is no port fleet.agent.0: the VMM of this guest does not have it yet; a restart of the guest brings it' >&2
    exit 1
  }
  sleep 1
done
exec 3<>"$port"
while :; do
  line=$(say)
  if printf 'HTTP/1.0 200 OK\r\nContent-Length: %s\r\n\r\n%s\n' "$((${#line} + 1))" "$line" >&3; then
    # What was asked, which is always the same.
    while IFS= read -r -t 1 asked <&3 && [ "$asked" != "$crlf" ]; do :; done
  fi
  sleep "$pause"
done
