# top.sh: what is reserved and used, as fleet-sample saw it last, and how the hour before was: one row with JSON. Looks only.
command -v jq >/dev/null || die preflight.missing-tools 'not on the PATH of this hypervisor: jq (its next deployment brings it)'
last=$state/metrics/last.json
[ -s "$last" ] || die top.no-samples 'it has no samples: see systemctl status fleet-sample.timer there; a hypervisor that this fleet has not deployed to yet has none'
# An hour is in two files at most, or in more small ones.
set --
for file in "$state"/samples/[0-9]*; do
	[ -f "$file" ] || continue
	set -- "$@" "$file"
	[ $# -le 4 ] || shift
done
[ $# -gt 0 ] || set -- /dev/null
# shellcheck disable=SC2016 # for jq
told=$(cat "$@" | jq -nRc --slurpfile last "$last" '
	def rate($a; $b; of): if $a == null or $b == null then null else ($a | of) as $x | ($b | of) as $y
		| if ($x | type) != "number" or ($y | type) != "number" or $y < $x or $b.at <= $a.at then null else ($y - $x) / ($b.at - $a.at) end end;
	$last[0] as $last | $last.at as $now
	| [inputs | fromjson? | select(type == "object" and (.at | type) == "number" and .at > $now - 3600 and .at <= $now)] as $ring
	| ($ring | last) as $b | ([$ring[] | select(.at <= $now - 45)] | last) as $a
	| [range(0; 20) | ($now - 3600 + . * 180) as $from | [$ring[] | select(.at > $from and .at <= $from + 180)] | last] as $points
	| {
		at: $now,
		hypervisor: ($last.hypervisor + { cpuRate: rate($a; $b; .h[2]), trend: {
			cpu: [range(0; 20) | rate((if . > 0 then $points[. - 1] else null end); $points[.]; .h[2])],
			memory: [$points[] | if . == null then null else (.h[0] - .h[1]) end] } }),
		vms: [$last.vms[] | .name as $n | . + {
			cpuRate: rate($a; $b; .v[$n][1]?), receiveRate: rate($a; $b; .v[$n][2]?), transmitRate: rate($a; $b; .v[$n][3]?),
			trend: {
				cpu: [range(0; 20) | rate((if . > 0 then $points[. - 1] else null end); $points[.]; .v[$n][1]?)],
				memory: [$points[] | if . == null then null else .v[$n][0]? end] } }]
	}') || die top.unreadable "${last#"$R"} cannot be read: see journalctl -u fleet-sample there; the next sample writes it again"
answer top "$told"
