# hold.sh OPERATOR [NAME FROM TO]…: remembers what a person rolled back. hold.sh - NAME…: forgets.
operator=$1
shift
mkdir -p "$state/held"
if [ "$operator" = - ]; then
	for name; do rm -f "$state/held/$name"; done
	exit 0
fi
while [ $# -ge 3 ]; do
	printf '%s\t%s\t%s\t%s\n' "$2" "$3" "$operator" "$(date +%s)" | write "$state/held/$1"
	shift 3
done
