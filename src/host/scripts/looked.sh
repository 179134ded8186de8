# looked.sh [NAME RUNNER|-]…: how each guest looked, and on which runner.
while [ $# -gt 1 ]; do
	looked_well "$1" "$2"
	shift 2
done
