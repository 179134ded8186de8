# end.sh ID RESULT: the deployment is over, its lock is free.
id=$1 result=$2
# It never began here.
[ -d "$deployments/$id" ] || exit 0
if [ -e "$deployments/$id/result" ]; then
	# It ended by itself. Fleet has looked since: what it saw is what is remembered.
	if [ "$result" = rollback-failed ] && [ "$(cat "$deployments/$id/result")" = rolled-back ]; then
		echo "$result" | write "$deployments/$id/result"
	fi
	exit 0
fi
if [ "$result" = "done" ]; then
	finish "$id"
elif [ -e "$deployments/$id/changing" ] && [ ! -e "$deployments/$id/back.rc" ]; then
	# Its way back has not come to its end: that one ends it.
	exit 0
fi
end_deployment "$id" "$result"
