# guest-file.sh NAME ADDRESS PORT USER SECONDS BYTES COMMAND: what a command inside a guest prints, no more than
# BYTES of it, in base64 and on one line; before it the exit status, after it the last lines on standard error. It may
# be a secret: it is in no file, nor in an argument, and the last thing done is to print it.
know_guest "$1" "$2" "$3" "$4" "$5"
bytes=$6 command=$7
: >"$folder/code"
content=$({ {
	{
		code=0
		in_guest "$command" 2>&3 || code=$?
		echo "$code" >"$folder/code"
	} | head -c "$bytes" | base64 | tr -d '\n' >&4
} 3>&1 | tail -c 2048 >"$folder/said"; } 4>&1)
# Whoever is cut off by head dies of it, and need not have said how.
read -r code <"$folder/code" || code=0
said=$(tail -n 3 "$folder/said" | cut -c -200)
printf '%s\n%s\n%s\n' "$code" "$content" "$said"
