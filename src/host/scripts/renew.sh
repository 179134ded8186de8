# renew.sh ID: renews the lease; fails if the hypervisor has rolled back by itself. A confirmed deployment stays open while
# fleet confirms the others, because if one of them fails all roll back. One that rolled back stays open until fleet has
# checked it and recorded the result.
[ -e "$deployments/$1/result" ] || extend "$1" "$(meta "$1" confirm)"
[ "$(target "$deployments/$1/decided")" = confirmed ] || refuse_decided "$1"
