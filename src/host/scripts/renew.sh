# renew.sh ID [COMMIT BRANCH]: renews the lease, and records what is deployed where the checkout stays where it is; fails if
# the hypervisor has rolled back by itself. A confirmed deployment stays open while fleet confirms the others, because if
# one of them fails all roll back. One that rolled back stays open until fleet has checked it and recorded the result.
[ -e "$deployments/$1/result" ] || extend "$1" "$(meta "$1" confirm)"
[ "$(target "$deployments/$1/decided")" = confirmed ] || refuse_decided "$1"
[ -z "${2:-}" ] || printf 'deploys\t%s\nbranch\t%s\n' "$2" "$3" >>"$deployments/$1/meta"
