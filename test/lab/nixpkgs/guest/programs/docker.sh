#!/bin/sh
# In place of docker in a guest of the lab, as far as examples/kind goes: whether there is a node, and its start. What runs
# in it is no Kubernetes: a server that answers /readyz, with 503 in its first seconds.
node=/var/lib/docker/kind-control-plane
case $1 in
  inspect) [ -d "$node" ] ;;
  start)
    read -r port <"$node/port"
    read -r now _ </proc/uptime
    echo "${now%.*}" >"$node/started"
    nc -ll -p "$port" -e /bin/docker answer >/dev/null 2>&1 </dev/null &
    ;;
  answer)
    read -r _ path _
    while read -r line && [ "${line%?}" != '' ]; do :; done
    read -r started <"$node/started"
    read -r now _ </proc/uptime
    status='404 Not Found'
    [ "$path" != /readyz ] || status='200 OK'
    [ $((${now%.*} - started)) -ge 2 ] || status='503 Service Unavailable'
    printf 'HTTP/1.1 %s\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n' "$status"
    ;;
  *)
    echo "docker: the lab's cannot $1" >&2
    exit 1
    ;;
esac
