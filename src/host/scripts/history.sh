# history.sh COUNT: the youngest deployments that this hypervisor remembers, the oldest first, each as
# lines: its folder's name, meta, journal, rows of before and after, result.
count=$1
for folder in "$deployments"/*; do
	# One that was cut off before it had the lock has done nothing.
	[ -f "$folder/meta" ] || continue
	[ -e "$folder/begun" ] || [ -e "$folder/result" ] || continue
	set -- "$@" "$folder"
done
shift
while [ $# -gt "$count" ]; do shift; done
# A power cut leaves zeros where the end of a journal was still to be written; the next line follows them.
for folder; do
	printf 'deployment\t%s\n' "${folder##*/}"
	for part in meta before after journal failure; do
		[ ! -f "$folder/$part" ] || sed "/^end$/d;s/^/$part$tab/" "$folder/$part"
	done
	[ ! -L "$folder/decided" ] || printf 'decided\t%s\n' "$(target "$folder/decided")"
	[ ! -f "$folder/result" ] || printf 'result\t%s\n' "$(cat "$folder/result")"
done | tr -d '\000'
