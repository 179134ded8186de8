# unlock.sh ID: ends a deployment that nobody works at any more: completes its records if it was confirmed, else rolls it
# back. Refuses while it is at work.
id=$1
folder=$deployments/$id
! at_work "$id" || die unlock.at-work "deployment $id is still running here: wait until it has ended (fleet history shows it)"
if [ -d "$folder" ] && [ ! -e "$folder/result" ]; then
	deployment_event unlocked "$id"
	end_dead "$id"
	[ -e "$folder/result" ] || die unlock.not-settled "deployment $id could not be finished or rolled back: see ${folder#"$R"}"
fi
[ "$(target "$state/lock")" != "deployments/$id" ] || rm -f "$state/lock"
[ ! -f "$folder/result" ] || printf 'result\t%s\n' "$(cat "$folder/result")"
