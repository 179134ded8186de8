# history.sh COUNT: prints the last COUNT deployments on this hypervisor, the oldest first, each as lines: its id, then
# the rows of meta, before, after, journal and failure, the decision and the result. Then the operations: the rows of meta
# and of their answer, and the result.
count=$1
for folder in "$deployments"/*; do
	# One that was interrupted before it had the lock has done nothing.
	[ -f "$folder/meta" ] || continue
	[ -e "$folder/begun" ] || [ -e "$folder/result" ] || continue
	set -- "$@" "$folder"
done
shift
while [ $# -gt "$count" ]; do shift; done
# A power cut can leave zeros at the end of a journal; the next line follows them.
for folder; do
	printf 'deployment\t%s\n' "${folder##*/}"
	for part in meta before after journal failure; do
		[ ! -f "$folder/$part" ] || sed "/^end$/d;s/^/$part$tab/" "$folder/$part"
	done
	[ ! -L "$folder/decided" ] || printf 'decided\t%s\n' "$(target "$folder/decided")"
	[ ! -f "$folder/result" ] || printf 'result\t%s\n' "$(cat "$folder/result")"
done | tr -d '\000'

# A hundred of them: no process for each.
first_lines() { # WORD FILE
	left=20
	while [ "$left" -gt 0 ] && IFS= read -r line; do
		left=$((left - 1))
		case $line in fleet-vm-*) ;; *) printf '%s\t%s\n' "$1" "$line" ;; esac
	done <"$2"
}
for folder in "$state"/operations/*; do
	[ -f "$folder/meta" ] || continue
	printf 'operation\t%s\n' "${folder##*/}"
	first_lines meta "$folder/meta"
	[ ! -f "$folder/answer" ] || first_lines answer "$folder/answer"
	if [ -f "$folder/result" ] && read -r result <"$folder/result"; then printf 'result\t%s\n' "$result"; fi
done | tr -d '\000'
