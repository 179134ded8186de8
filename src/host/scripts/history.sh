# history.sh COUNT: prints the last COUNT deployments on this hypervisor, the oldest first, each as lines: its id, then
# the rows of meta, before, after, journal and failure, the decision and the result.
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
