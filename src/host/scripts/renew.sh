# renew.sh ID: fleet is there. Says so when the hypervisor has decided without it.
refuse_decided "$1"
extend "$1" "$(meta "$1" confirm)"
