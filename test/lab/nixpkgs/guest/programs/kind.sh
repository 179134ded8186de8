#!/bin/sh
# In place of kind in a guest of the lab: the cluster is what docker.sh starts, and plain HTTP. Its kubeconfig is as kind
# writes one, but for a token in the place of certificates.
set -e
node=/var/lib/docker/kind-control-plane
case "$1 $2" in
  'create cluster')
    [ "$3 $5" = '--config --kubeconfig' ]
    port=$(sed -n 's/.*"apiServerPort":\([0-9]*\).*/\1/p' "$4")
    address=$(sed -n 's/.*"apiServerAddress":"\([0-9.]*\)".*/\1/p' "$4")
    mkdir -p "$node"
    echo "$port" >"$node/port"
    cat >"$node/kubeconfig" <<END
apiVersion: v1
clusters:
- cluster:
    server: http://$address:$port
  name: kind-kind
contexts:
- context:
    cluster: kind-kind
    user: kind-kind
  name: kind-kind
current-context: kind-kind
kind: Config
preferences: {}
users:
- name: kind-kind
  user:
    token: $(cat /proc/sys/kernel/random/uuid)
END
    cp "$node/kubeconfig" "$6"
    docker start kind-control-plane
    ;;
  'get kubeconfig') cat "$node/kubeconfig" ;;
  'delete cluster') rm -rf "$node" ;;
  *)
    echo "kind: the lab's cannot $1 $2" >&2
    exit 1
    ;;
esac
