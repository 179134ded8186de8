# end.sh ID RESULT: the deployment is over, its lock is free.
id=$1 result=$2
deployment=$state/deployments/$id
# It never began here.
[ -d "$deployment" ] || exit 0
printf '%s\tend\t%s\n' "$(date +%s)" "$result" >>"$deployment/journal"
printf '%s\n' "$result" | write "$deployment/result"
# What was built and is not deployed may be collected.
rm -rf "${roots:?}/$id" "$deployment/roots" "$deployment/commit.bundle"
holder=
[ ! -f "$state/lock/info" ] || IFS=$tab read -r holder _ <"$state/lock/info"
# Only our own lock: another's is never taken away.
if [ "$holder" = "$id" ]; then
	mv "$state/lock" "$state/lock.$id"
	rm -rf "$state/lock.$id"
fi
