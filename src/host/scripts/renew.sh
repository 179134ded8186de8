# renew.sh ID: fleet is there. Says so when the hypervisor went back without it. What is confirmed
# stays open while fleet confirms the others: should one of them fail, all of them go back. What went back
# stays open while fleet looks at it, and is ended by what it saw.
[ -e "$deployments/$1/result" ] || extend "$1" "$(meta "$1" confirm)"
[ "$(target "$deployments/$1/decided")" = confirmed ] || refuse_decided "$1"
