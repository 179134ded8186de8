# vm-stop.sh NAME SECONDS: stops a guest; after SECONDS its processes are killed.
stop_guest "$1" "$2"
