# end.sh ID RESULT: the deployment is over, its lock is free.
id=$1 result=$2
deployment=$state/deployments/$id
# It never began here.
[ -d "$deployment" ] || exit 0
printf '%s\tend\t%s\n' "$(date +%s)" "$result" >>"$deployment/journal"
printf '%s\n' "$result" | write "$deployment/result"
# What was built and is not deployed may be collected.
rm -rf "${roots:?}/$id" "$deployment/roots" "$deployment/commit.bundle"
if [ "$result" = "done" ]; then
	# begin.sh saw that nothing of theirs is at work any more.
	for folder in "$state"/deployments/*; do
		if [ ! -d "$folder" ] || [ -f "$folder/result" ]; then continue; fi
		echo superseded >"$folder/result"
		rm -rf "${roots:?}/${folder##*/}" "$folder/roots" "$folder/commit.bundle"
	done
fi
holder=
[ ! -f "$state/lock/info" ] || IFS=$tab read -r holder _ <"$state/lock/info"
# Only our own lock: another's is never taken away.
if [ "$holder" = "$id" ]; then
	mv "$state/lock" "$state/lock.$id"
	rm -rf "$state/lock.$id"
fi
