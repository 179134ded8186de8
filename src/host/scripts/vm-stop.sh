# vm-stop.sh ID NAME SECONDS: stops a guest; after SECONDS its processes are killed.
id=$1 name=$2 seconds=$3
# The way back starts what was stopped for a switch.
is_active "microvm@$name.service" && echo "$name" >>"$state/deployments/$id/stopped"
stop_guest "$name" "$seconds"
