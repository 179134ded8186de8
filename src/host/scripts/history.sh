# history.sh: every deployment that this hypervisor remembers, the oldest first, each as lines: its
# folder's name, meta, journal, rows of before and after, result.
for folder in "$deployments"/*; do
	[ -f "$folder/meta" ] || continue
	printf 'deployment\t%s\n' "${folder##*/}"
	sed "s/^/meta$tab/" "$folder/meta"
	[ ! -f "$folder/before" ] || sed "s/^/before$tab/" "$folder/before"
	[ ! -f "$folder/after" ] || grep -v '^end$' "$folder/after" | sed "s/^/after$tab/"
	[ ! -f "$folder/journal" ] || sed "s/^/journal$tab/" "$folder/journal"
	[ ! -L "$folder/decided" ] || printf 'decided\t%s\n' "$(target "$folder/decided")"
	[ ! -f "$folder/result" ] || printf 'result\t%s\n' "$(cat "$folder/result")"
done
