# vm-start.sh NAME
start_guest "$1"
