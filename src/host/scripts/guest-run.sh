# guest-run.sh NAME ADDRESS PORT USER SECONDS COMMAND: runs a command inside a guest. Prints its exit status, as in_guest
# does, and the last lines of its output. Only the end of the output is kept.
know_guest "$1" "$2" "$3" "$4" "$5"
{
	code=0
	in_guest "$6" || code=$?
	echo "$code" >"$folder/code"
} 2>&1 | tail -c 2048 >"$folder/output"
cat "$folder/code"
tail -n 3 "$folder/output" | cut -c -200
