# end.sh ID RESULT: the deployment is over, its lock is free.
id=$1 result=$2
deployment=$state/deployments/$id
printf '%s\tend\t%s\n' "$(date +%s)" "$result" >>"$deployment/journal"
printf '%s\n' "$result" | write "$deployment/result"
rm -rf "${roots:?}/$id" "$deployment/commit.bundle"
holder=
[ ! -f "$state/lock/info" ] || IFS=$tab read -r holder _ <"$state/lock/info"
# Only our own lock: another's is never taken away.
if [ "$holder" = "$id" ]; then
	mv "$state/lock" "$state/lock.$id"
	rm -rf "$state/lock.$id"
fi
