# Rendered by fleet from fleet.yaml: change it there.
# After lib.sh and dump.sh: what the VMM of a guest says. It has one connection, which its shutdown needs, so it is asked only
# when something is wrong, and shortly.

# vmm_status NAME: prints what QEMU says of a guest (running, paused, io-error, …); nothing if it does not answer, or if the
# guest has another VMM. The folder belongs to group kvm: it is asked as user microvm, who may do so anyway.
vmm_status() {
	socket=$(qmp_socket "$1") || return 1
	# shellcheck disable=SC2016
	in_vm "$1" timeout -k 1 2 sh -c 'printf "%s\n" "{\"execute\":\"qmp_capabilities\"}" "{\"execute\":\"query-status\"}" |
		socat -t 1 - "UNIX-CONNECT:$1"' fleet "$socket" 2>/dev/null | head -c 65536 |
		sed -n 's/.*"status": *"\([a-z-]*\)".*/\1/p' | head -n 1
}
