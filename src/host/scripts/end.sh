# end.sh ID RESULT: ends the deployment and releases its lock.
id=$1 result=$2
# If it never began here, there is nothing to do.
[ -d "$deployments/$id" ] || exit 0
if [ -e "$deployments/$id/result" ]; then
	# The hypervisor had ended it by itself. What fleet has seen since corrects the result.
	if [ "$result" = rollback-failed ] && [ "$(cat "$deployments/$id/result")" = rolled-back ]; then
		echo "$result" | write "$deployments/$id/result"
		deployment_event ended "$id" "result=$result"
	fi
	exit 0
fi
if [ "$result" = "done" ]; then
	finish "$id"
elif [ -e "$deployments/$id/changing" ] && [ ! -e "$deployments/$id/back.rc" ]; then
	# Its way back has not finished, and will end it.
	exit 0
fi
end_deployment "$id" "$result"
