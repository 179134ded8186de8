# vm-stop.sh NAME SECONDS: stops a guest; after SECONDS its processes are killed.
stop_guest "$1" "$2"
guest_set "$1" state=Terminated "why=a deployment stopped it" || true
